"""Opens a file for reading, unpacked if it is gzip, and never reads more than a bound.

Compressed files may unfold to a thousand times their size, so everything that is unpacked goes through here.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from inkdigits.errors import DatasetError
from inkdigits.files import system_errors_as
from inkdigits.pictures.formats import HEAD_BYTES, format_of

__all__ = [
    "AGAIN",
    "MAX_BYTES",
    "ZIP_FAULTS",
    "as_text",
    "faults_as",
    "open_content",
    "read_at_most",
    "read_content",
    "read_head",
    "refuse_larger",
    "utf8",
]

#: No dataset file may unfold to more than this: MNIST as CSV is a tenth of it.
MAX_BYTES = 1 << 30

#: What to do about a damaged file.
AGAIN = "Copy or download the file again."
#: What zipfile raises over an archive that it cannot unpack.
ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

_CHUNK_BYTES = 1 << 20
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_content(path: Path) -> Iterator[BinaryIO]:
    """The file's content as a stream, unpacked if it begins as gzip does, whatever its name.

    Raises:
        DatasetError: the file cannot be read, or breaks off or is damaged while it is being unpacked.
    """
    with system_errors_as(
        DatasetError,
        path,
        expected="a file that can be read",
        remedy="Check the path and the permissions.",
    ):
        faults = (EOFError, zlib.error, gzip.BadGzipFile)
        with (
            faults_as(path, *faults, expected="a whole gzip file", found="one that is cut short or damaged"),
            path.open("rb") as raw,
        ):
            known = format_of(raw.read(HEAD_BYTES))
            raw.seek(0)
            if known is not None and known.name == "gzip":
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                yield raw


@contextmanager
def faults_as(
    path: Path, *faults: type[Exception], expected: str, found: str, remedy: str = AGAIN
) -> Iterator[None]:
    """Turn what a parser raises over a broken file into a DatasetError that ends in the parser's words."""
    try:
        yield
    except faults as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise DatasetError(
            path, expected=expected, found=f"{found} ({lines[0][:200]})", remedy=remedy
        ) from error


def read_at_most(stream: BinaryIO, n_bytes: int) -> bytes:
    """Up to `n_bytes` from the stream; memory grows with what is there, not with what was asked for."""
    content = bytearray()
    while len(content) < n_bytes:
        chunk = stream.read(min(_CHUNK_BYTES, n_bytes - len(content)))
        if not chunk:
            break
        content += chunk
    return bytes(content)


def read_head(path: Path, n_bytes: int) -> bytes:
    """The first bytes of the unpacked content."""
    with open_content(path) as stream:
        return read_at_most(stream, n_bytes)


def read_content(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The whole content, unpacked if it is gzip, or the only member if it is a zip.

    Raises:
        DatasetError: it cannot be read, or unfolds to more than `max_bytes`.
    """
    with open_content(path) as stream:
        content = read_at_most(stream, max_bytes + 1)
    refuse_larger(path, len(content), max_bytes)
    if content.startswith(b"PK\x03\x04"):
        return _only_member(path, max_bytes)
    return content


def refuse_larger(path: Path, n_bytes: int, max_bytes: int = MAX_BYTES) -> None:
    """Raises a DatasetError where a content of `n_bytes` is too large."""
    if n_bytes > max_bytes:
        raise DatasetError(
            path,
            expected=f"a content of at most {max_bytes:,} bytes",
            found=f"at least {n_bytes:,} bytes once unpacked",
            remedy="If the file is really that large, split it into smaller ones.",
        )


def as_text(content: bytes) -> str:
    """A text in UTF-8, or in UTF-16 where it begins with its mark, as Excel saves it.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    return content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8-sig")


def utf8(content: bytes) -> bytes:
    """A text in UTF-8, whether it came in that or in UTF-16; what cannot be decoded stays as it is."""
    if not content.startswith(_UTF_16_MARKS):
        return content
    whole = content[: len(content) // 2 * 2]
    return whole.decode("utf-16", "replace").encode("utf-8", "replace")


def _only_member(path: Path, max_bytes: int) -> bytes:
    unreadable = faults_as(
        path,
        *ZIP_FAULTS,
        expected="a whole zip file without a password",
        found="one that cannot be unpacked",
        remedy="Copy or download the file again, or unpack it yourself.",
    )
    with unreadable, zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not _is_clutter(member)]
        if len(members) != 1:
            raise DatasetError(
                path,
                expected="a zip that holds one file",
                found=f"{len(members)} files in it",
                remedy="Unpack it and name the file, or the folder that holds the pictures.",
            )
        refuse_larger(path, members[0].file_size, max_bytes)
        # ZipFile never reads beyond the size that the directory states, so the check above holds.
        return archive.read(members[0])


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    return member.is_dir() or member.filename.startswith("__MACOSX/")
