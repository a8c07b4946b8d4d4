"""The pictures of a chunk, read by the worker that was given it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inkdigits.bulk.sources import Chunk, FilePicture, ParquetRows, TarMember, arrow_module
from inkdigits.errors import ImageError, MissingExtraError
from inkdigits.extras import require

__all__ = ["open_pictures"]

_MAX_BYTES = 20_000_000  # of a download; a file on disk has the recognizer's own limit


def open_pictures(chunk: Chunk) -> Iterator[tuple[str, Path | bytes | ImageError]]:
    """Name each picture of a chunk, in order, with what the recognizer takes, or why it cannot be had."""
    if isinstance(chunk.pictures, ParquetRows):
        yield from zip(chunk.pictures.names, _read_rows(chunk.pictures), strict=True)
        return
    for picture in chunk.pictures:
        if isinstance(picture, TarMember):
            yield picture.name, _read_member(picture)
        else:
            yield picture.name, _read_file(picture)


def _read_file(picture: FilePicture) -> Path | bytes | ImageError:
    if "://" not in picture.name:
        return Path(picture.name)
    try:
        with require("fsspec", extra="bulk", for_what="reading a URL").open(picture.name, "rb") as file:
            return bytes(file.read(_MAX_BYTES + 1))
    except MissingExtraError:
        raise
    except Exception as error:  # each protocol has exceptions of its own
        return _unreadable(picture.name, error)


def _read_member(member: TarMember) -> bytes | ImageError:
    try:
        with open(member.archive, "rb") as file:
            file.seek(member.offset)
            return file.read(member.size)
    except OSError as error:
        return _unreadable(member.name, error)


def _read_rows(rows: ParquetRows) -> list[bytes | ImageError]:
    parquet = arrow_module("pyarrow.parquet")
    try:
        with parquet.ParquetFile(rows.path) as file:
            column = file.read_row_group(rows.row_group, columns=[rows.column]).column(0)
        values: list[Any] = column.slice(rows.start, rows.stop - rows.start).to_pylist()
    except (OSError, ValueError) as error:
        return [_unreadable(name, error) for name in rows.names]
    return [_bytes_of(name, value) for name, value in zip(rows.names, values, strict=True)]


def _bytes_of(name: str, value: Any) -> bytes | ImageError:
    """The content of a cell: bytes, or the struct that the Hugging Face Hub keeps pictures in."""
    content = value.get("bytes") if isinstance(value, dict) else value
    if isinstance(content, bytes):
        return content
    return ImageError(
        name, expected="the bytes of a picture", found="an empty cell", remedy="Leave this row out."
    )


def _unreadable(name: str, error: Exception) -> ImageError:
    found = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ImageError(name, expected="a picture that can be read", found=found, remedy="Check the path.")
