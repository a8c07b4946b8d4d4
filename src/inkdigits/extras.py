"""Loads the packages of `inkdigits[train]` when a reader needs them, and says so where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from inkdigits.errors import MissingExtraError

__all__ = ["optional"]


def optional(module: str) -> Any:
    """The module of this name.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            "this dataset",
            expected=f"the package {module.partition('.')[0]}",
            found="that it is not installed",
            remedy="Install what training needs: pip install 'inkdigits[train]'.",
        ) from error
