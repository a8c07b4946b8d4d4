"""Reads one file of whatever format: its first bytes, not its suffix, choose the reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import AGAIN, read_content, read_head, utf8
from inkdigits.datasets.formats.idx import read_idx
from inkdigits.datasets.formats.npz import has_pictures, read_npz
from inkdigits.datasets.formats.parquet import read_parquet
from inkdigits.datasets.formats.pixels import MIN_SIDE
from inkdigits.datasets.formats.text import read_arff, read_csv, read_libsvm
from inkdigits.errors import DatasetError
from inkdigits.pictures.formats import PICTURES, FileFormat, format_of

__all__ = ["FORMATS", "holds_pictures", "read_file"]

#: What is read, in words for messages.
FORMATS = "IDX, NPZ, CSV, Parquet, ARFF, libsvm, or folders of pictures named 0 to 9"

_HEAD_BYTES = 4096

_READERS: Mapping[str, Callable[[Path], Dataset]] = {
    "idx": read_idx,
    "npz": read_npz,
    "csv": read_csv,
    "parquet": read_parquet,
    "arff": read_arff,
    "libsvm": read_libsvm,
}

_RESAVE = "Save the arrays with numpy.savez(FILE, x_train=..., y_train=..., x_test=..., y_test=...) instead."
_NOT_UNPICKLED = f"It is not read, because unpickling runs whatever its author wrote into it. {_RESAVE}"
_NAME_THE_FOLDER = "Name the folder that holds folders 0 to 9 with such pictures."

# What to do about formats that are refused, by their names in `inkdigits.pictures.formats`.
_REMEDIES: Mapping[str, str] = {
    "markup": "Download the file itself: on GitHub, by the button 'Download raw file'.",
    **dict.fromkeys(("pickle", "torch"), _NOT_UNPICKLED),
    **dict.fromkeys(("hdf5", "npy", "matlab"), _RESAVE),
    **dict.fromkeys((picture.name for picture in PICTURES), _NAME_THE_FOLDER),
}

_LIBSVM_LINE = re.compile(rb"[-+]?[\d.]+(?:[ \t]+\d+:[-+\d.eE]+)+\s*")


def read_file(path: Path) -> Dataset:
    """The dataset in one file.

    Raises:
        DatasetError: the file cannot be read, is of a format that is not accepted, or is malformed.
    """
    head = read_head(path, _HEAD_BYTES)
    known = format_of(head)
    reader = _READERS.get(_reader_name(path, head, known))
    if reader is not None:
        return reader(path)
    if not head:
        found, remedy = "an empty file", AGAIN
    elif known is not None:
        found, remedy = known.words, _REMEDIES.get(known.name, "Convert it to one of these formats.")
    else:
        found, remedy = "something else", "Convert it to one of these formats."
    raise DatasetError(path, expected=f"a dataset as {FORMATS}", found=found, remedy=remedy)


def holds_pictures(path: Path) -> bool:
    """Whether a file can hold pictures: a CSV of a few columns, as a sample submission, cannot."""
    head = read_head(path, _HEAD_BYTES)
    name = _reader_name(path, head, format_of(head))
    if name == "npz":
        return has_pictures(path)
    if name != "csv":
        return True
    first = head.partition(b"\n")[0]
    return max(map(first.count, (b",", b";", b"\t"))) >= MIN_SIDE**2 - 1


def _reader_name(path: Path, head: bytes, known: FileFormat | None) -> str:
    """The name of the reader for a file; one that is in no list where none reads it."""
    if known is not None and known.name == "zip":
        return _of_text(read_content(path)[:_HEAD_BYTES])  # of the one file in it
    if known is not None:
        return known.name
    if head and re.search(r"idx[13]|ubyte", path.name):
        return "idx"
    return _of_text(head)


def _of_text(head: bytes) -> str:
    head = utf8(head)
    if b"\0" in head:
        return "unknown"
    if re.search(rb"^\s*@relation\b", head, re.IGNORECASE | re.MULTILINE) or head.startswith(b"%"):
        return "arff"
    first = head.partition(b"\n")[0]
    # A line may be longer than what was looked at: drop the piece that may be cut.
    whole = first if b"\n" in head else first.rpartition(b" ")[0] or first
    if _LIBSVM_LINE.fullmatch(whole):
        return "libsvm"
    return "csv" if any(separator in first for separator in (b",", b";", b"\t")) else "unknown"
