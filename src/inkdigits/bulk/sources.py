"""Where many pictures come from: files, folders, globs, lists, Parquet tables, tar shards and URLs.

    sources as given  ->  pictures in order  ->  chunks of work

Nothing is held: the pictures are named one by one, folder by folder, so a hundred million of them need no
more memory than the largest single folder. A chunk names its pictures and travels to a worker, which reads
them itself (`inkdigits.bulk.pictures`).

| a source | stands for |
| --- | --- |
| `scan.png` | itself, even where nothing is there: the row says so |
| `scans/` | every picture below it, in natural order; hidden files and links are left out |
| `scans/*/page?.png` | what matches, in natural order |
| `@list.txt` | a source a line |
| `digits.parquet` | a row a picture: a column of image bytes, or of structs that hold `bytes` |
| `shard-000.tar` | every picture in it, in the order of the archive (WebDataset) |
| `https://...`, `s3://...` | one file, by fsspec and the package that knows the protocol |
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import iglob
from pathlib import Path
from typing import Any

from inkdigits.errors import ConfigError
from inkdigits.extras import require
from inkdigits.files import natural_order
from inkdigits.pictures.decoders import optional_suffixes
from inkdigits.pictures.formats import picture_suffixes
from inkdigits.pictures.walking import Skipped, walk

__all__ = [
    "Chunk",
    "FilePicture",
    "Grain",
    "Inventory",
    "ParquetRows",
    "TarMember",
    "arrow_module",
    "chunks_of",
    "take_inventory",
]

_IMAGE_COLUMNS = ("image", "picture", "bytes", "img")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True)
class Grain:
    """How sources are cut into chunks: some tenths of a second of work, so that a kill costs little.

    Attributes:
        n_pictures: at most in a chunk.
        n_rows: of Parquet, whose pictures are mostly small, and where a row group is read as a whole.
        also: suffixes of files in folders that are read beside pictures.
    """

    n_pictures: int = 256
    n_rows: int = 2_048
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilePicture:
    """A picture in a file of its own, by path or URL; `stamp` is its size and time, empty where unknown."""

    name: str
    stamp: str


@dataclass(frozen=True, slots=True)
class TarMember:
    """A picture in a tar archive: its content is `size` bytes from `offset` on."""

    name: str
    archive: str
    offset: int
    size: int
    stamp: str


@dataclass(frozen=True, slots=True)
class ParquetRows:
    """Pictures in consecutive rows of one row group of a Parquet file: `start` and `stop` count within it."""

    path: str
    column: str
    row_group: int
    start: int
    stop: int
    first_row: int
    stamp: str

    def __len__(self) -> int:
        """How many pictures."""
        return self.stop - self.start

    @property
    def names(self) -> list[str]:
        """The pictures' names: the file's and the row's, from 0."""
        return [f"{self.path}#{self.first_row + i}" for i in range(len(self))]


_Part = FilePicture | TarMember | ParquetRows | Skipped


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a worker is given at a time: some pictures, and where in the order they stand."""

    number: int
    pictures: tuple[FilePicture | TarMember, ...] | ParquetRows

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.pictures)


@dataclass(frozen=True)
class Inventory:
    """What the sources hold: how many pictures in how many chunks, and a hash of names, sizes and times.

    `skipped` names what folders hold beside pictures.
    """

    n_pictures: int
    n_chunks: int
    fingerprint: str
    skipped: tuple[Skipped, ...]


def arrow_module(name: str) -> Any:
    """Import pyarrow, or a module of it.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require(name, extra="bulk", for_what="a Parquet table")


def take_inventory(sources: Iterable[str], grain: Grain) -> Inventory:
    """Go through the sources once, without reading a picture.

    Raises:
        ConfigError: a list, a Parquet file or an archive cannot be read, or a glob matches nothing.
    """
    digest, n_pictures, n_chunks = hashlib.sha256(), 0, 0
    skipped: list[Skipped] = []
    for group in _groups(_parts(sources, grain), grain):
        if isinstance(group, Skipped):
            skipped.append(group)
            continue
        digest.update(repr(group).encode())
        n_pictures += len(group)
        n_chunks += 1
    return Inventory(n_pictures, n_chunks, digest.hexdigest(), tuple(skipped))


def chunks_of(sources: Iterable[str], grain: Grain) -> Iterator[Chunk]:
    """The same chunks in the same order for the same sources.

    Raises:
        ConfigError: as `take_inventory`.
    """
    groups = (group for group in _groups(_parts(sources, grain), grain) if not isinstance(group, Skipped))
    for number, pictures in enumerate(groups):
        yield Chunk(number, pictures)


def _groups(
    parts: Iterator[_Part], grain: Grain
) -> Iterator[tuple[FilePicture | TarMember, ...] | ParquetRows | Skipped]:
    """Single pictures by the hundred; rows of a table are a group already, and what is skipped passes."""
    waiting: list[FilePicture | TarMember] = []
    for part in parts:
        if isinstance(part, Skipped):
            yield part
            continue
        is_table = isinstance(part, ParquetRows)
        if waiting and (is_table or len(waiting) == grain.n_pictures):
            yield tuple(waiting)
            waiting = []
        if isinstance(part, ParquetRows):
            yield part
        else:
            waiting.append(part)
    if waiting:
        yield tuple(waiting)


def _parts(sources: Iterable[str], grain: Grain) -> Iterator[_Part]:
    for source in sources:
        if source.startswith("@"):
            yield from _parts(_lines_of(Path(source[1:])), grain)
        elif _URL.match(source):
            yield FilePicture(source, "")
        elif _is_glob(source):
            yield from _matches(source, grain)
        else:
            yield from _parts_at(Path(source), grain)


def _parts_at(path: Path, grain: Grain) -> Iterator[_Part]:
    """A file, an archive, a table or a folder."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if path.is_dir():
        for entry in walk(path, (*grain.also, *optional_suffixes())):
            yield entry if isinstance(entry, Skipped) else FilePicture(str(entry), _stamp(entry))
    elif suffixes[-1:] == [".parquet"]:
        yield from _row_groups(path, grain.n_rows)
    elif suffixes[-1:] == [".tar"]:
        yield from _members(path)
    elif suffixes[-2:] == [".tar", ".gz"] or suffixes[-1:] == [".tgz"]:
        raise ConfigError(
            path,
            expected="a tar archive that is not compressed",
            found=f"{path.suffix}",
            remedy="Unpack it with gunzip: a worker cannot begin in the middle of a compressed archive.",
        )
    else:
        yield FilePicture(str(path), _stamp(path))


def _is_glob(source: str) -> bool:
    return any(mark in source for mark in "*?[") and not Path(source).exists()


def _matches(pattern: str, grain: Grain) -> Iterator[_Part]:
    matches = sorted(iglob(pattern, recursive=True), key=natural_order)
    if not matches:
        raise ConfigError(
            pattern,
            expected="a pattern that matches files",
            found="no file that it matches",
            remedy="Check the path; quote the pattern, so that the shell does not take it apart.",
        )
    for match in matches:
        yield from _parts_at(Path(match), grain)


def _lines_of(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from (line.strip() for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, "a list of sources in UTF-8, one a line", error) from error


def _members(path: Path) -> Iterator[TarMember]:
    stamp, suffixes = _stamp(path), picture_suffixes()
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if member.isfile() and Path(member.name).suffix.lower() in suffixes:
                    name = f"{path}/{member.name}"
                    yield TarMember(name, str(path), member.offset_data, member.size, stamp)
                archive.members.clear()  # type: ignore[attr-defined]  # or the headers fill the memory
    except (OSError, tarfile.TarError) as error:
        raise _unreadable(path, "a tar archive", error) from error


def _row_groups(path: Path, most: int) -> Iterator[ParquetRows]:
    parquet, stamp, first_row = arrow_module("pyarrow.parquet"), _stamp(path), 0
    try:
        with parquet.ParquetFile(path) as file:
            column = _image_column(path, file.schema_arrow)
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    except (OSError, ValueError) as error:
        raise _unreadable(path, "a Parquet file", error) from error
    for row_group, n_rows in enumerate(sizes):
        for start in range(0, n_rows, most):
            stop = min(start + most, n_rows)
            yield ParquetRows(str(path), column, row_group, start, stop, first_row + start, stamp)
        first_row += n_rows


def _image_column(path: Path, schema: Any) -> str:
    """The column that holds encoded pictures: by its usual name, or because it is the only one of bytes."""
    fitting = [field.name for field in schema if _holds_bytes(field.type)]
    named = [name for name in _IMAGE_COLUMNS if name in fitting]
    if named or len(fitting) == 1:
        return (named or fitting)[0]
    raise ConfigError(
        path,
        expected="one column of image bytes, such as image, or of structs that hold bytes",
        found=", ".join(schema.names) or "no column",
        remedy="Rename the column that holds the pictures to image.",
    )


def _holds_bytes(kind: Any) -> bool:
    types = arrow_module("pyarrow").types
    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_bytes(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _stamp(path: Path) -> str:
    """Size and time of a file, which tell whether it is still the same."""
    try:
        status = os.stat(path)
    except OSError:
        return "missing"
    return f"{status.st_size}:{status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else "no file"


def _unreadable(path: Path, expected: str, error: Exception) -> ConfigError:
    found = getattr(error, "strerror", None) or str(error)
    return ConfigError(path, expected=expected, found=found, remedy="Check the path and the file.")
