"""Files: whole or not at all; their names in order, or nearly right; the system's errors as ours."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inkdigits.errors import InkdigitsError

__all__ = [
    "did_you_mean",
    "expand_home",
    "natural_order",
    "read_regular",
    "remove_leftovers",
    "system_errors_as",
    "temporary_beside",
    "write_whole",
]

_PREFIX = ".unfinished-"


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old one or the new one."""
    with temporary_beside(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file; a pipe or a device could make us wait, or go on, for ever.

    Raises:
        OSError: it cannot be read, is something else, or holds more than so many bytes.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        found = "a folder" if stat.S_ISDIR(status.st_mode) else "something that is no regular file"
        raise OSError(errno.EINVAL, found)
    with path.open("rb") as file:
        content = file.read(most_bytes + 1) if status.st_size <= most_bytes else b""
    if max(len(content), status.st_size) > most_bytes:
        raise OSError(errno.EFBIG, f"a file of {status.st_size:,} bytes")
    return content


def expand_home(name: str | Path) -> Path:
    """The path, with the home folder for a `~`; where there is no such home, the `~` is a name like any."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """Lend a file name in the same folder; what was written there becomes `path` at the end.

    The suffix is kept, for writers that go by it. When the block fails, the file is removed.
    """
    import tempfile  # which whoever only reads need not wait for

    handle, name = tempfile.mkstemp(prefix=f"{_PREFIX}{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _make_ordinary(temporary)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _make_ordinary(path: Path) -> None:
    """Flush to the disk before the rename, and allow what any new file allows (mkstemp allows less)."""
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed while writing left in a folder."""
    for leftover in folder.glob(f"{_PREFIX}*"):
        leftover.unlink(missing_ok=True)


def natural_order(name: str) -> tuple[list[str | int], str]:
    """A sort key that orders the numbers in names by their size: 2.png before 10.png, whatever the case."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


@contextmanager
def system_errors_as(
    kind: type[InkdigitsError], subject: str | Path, *, expected: str, remedy: str
) -> Iterator[None]:
    """Turn what the system says of a file, folder or address (OSError) into an error of ours about `subject`.

    Raises:
        InkdigitsError: of that kind; what was found is the system's own word for it.
    """
    try:
        yield
    except OSError as error:
        found = error.strerror or str(error)
        raise kind(subject, expected=expected, found=found, remedy=remedy) from error


def did_you_mean(name: str, known: Iterable[str], *, likeness: float = 0.5) -> str:
    """A remedy that names the known name nearest to one that is not known; empty where none is so like it.

    Args:
        name: what somebody wrote.
        known: what would have been right.
        likeness: from 0, anything, to 1, the same but for capitals.
    """
    from difflib import get_close_matches  # for mistakes alone

    by_lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=likeness)
    return f"Did you mean {by_lower[close[0]]}?" if close else ""
