"""Folders that a verb is asked to write into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inkdigits.errors import ConfigError

__all__ = ["writing_into"]


@contextmanager
def writing_into(folder: Path, option: str) -> Iterator[None]:
    """Make the folder, and turn what the system says while it is written into an error about the option.

    Raises:
        ConfigError: the folder cannot be made, or not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ConfigError(
            f"{option} {folder}",
            expected="a folder that can be written",
            found="a file" if folder.is_file() else error.strerror or str(error),
            remedy="Name another folder, or make room in this one.",
        ) from error
