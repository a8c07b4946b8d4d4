"""Optional packages: the one way to load them, and to say which extra brings one that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from inkdigits.errors import MissingExtraError

__all__ = ["missing", "needing", "require"]


def require(package: str, *, extra: str, for_what: str) -> Any:
    """Import a package, or a module in it, that an extra brings.

    Args:
        package: its name in an import statement, such as `sklearn.datasets`.
        extra: the extra of inkdigits that installs it, such as `train`.
        for_what: what it is needed for, as the subject of the message.

    Raises:
        MissingExtraError: it cannot be imported; the message holds the command that installs it.
    """
    with needing(extra, for_what=for_what):
        return import_module(package)


@contextmanager
def needing(extra: str, *, for_what: str) -> Iterator[None]:
    """The same for import statements: what they do not find becomes a `MissingExtraError`.

    Raises:
        MissingExtraError: a package cannot be imported. A missing module of inkdigits itself is a fault of
            ours and stays what it is.
    """
    try:
        yield
    except MissingExtraError:
        raise
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "inkdigits":
            raise
        raise missing(error, extra, for_what=for_what) from error


def missing(error: ImportError, extra: str, *, for_what: str) -> MissingExtraError:
    """The message for a failed import: the package, why it failed, and the command that installs it."""
    package = (error.name or "").partition(".")[0]
    command = f"pip install 'inkdigits[{extra}]', or in a checkout: pip install -e '.[{extra}]'"
    return MissingExtraError(
        for_what,
        expected=f"the package {package}" if package else f"the packages of inkdigits[{extra}]",
        found="that it is not installed" if isinstance(error, ModuleNotFoundError) else str(error),
        remedy=f"Install it: {command}.",
    )
