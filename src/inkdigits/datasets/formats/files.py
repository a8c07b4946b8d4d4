"""Reads one file of whatever format: its first bytes, not its suffix, choose the reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import read_content, read_head
from inkdigits.datasets.formats.idx import read_idx
from inkdigits.datasets.formats.npz import read_npz
from inkdigits.datasets.formats.parquet import read_parquet
from inkdigits.datasets.formats.text import read_arff, read_csv, read_libsvm
from inkdigits.errors import DatasetError

__all__ = ["FORMATS", "read_file"]

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

# Formats that are refused: what to call them, and what to do.
_REFUSED: Mapping[str, tuple[str, str]] = {
    "empty": ("an empty file", "Copy or download the file again."),
    "html": ("a web page", "Download the file itself: on GitHub, by the button 'Download raw file'."),
    "hdf5": ("an HDF5 file", _RESAVE),
    "pickle": (
        "a Python pickle",
        f"It is not read, because unpickling runs whatever its author wrote into it. {_RESAVE}",
    ),
    "npy": ("a single NumPy array", _RESAVE),
    "matlab": ("a MATLAB file", _RESAVE),
    "picture": ("a single picture", "Name the folder that holds folders 0 to 9 with such pictures."),
    "unknown": ("something else", "Convert it to one of these formats."),
}

_LIBSVM_LINE = re.compile(rb"[-+]?[\d.]+(?:[ \t]+\d+:[-+\d.eE]+)+\s*")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"\x89HDF\r\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"MATLAB", "matlab"),
    *((magic, "picture") for magic in _PICTURES),
)


def read_file(path: Path) -> Dataset:
    """The dataset in one file.

    Raises:
        DatasetError: the file cannot be read, is of a format that is not accepted, or is malformed.
    """
    kind = _kind_of(path, read_head(path, _HEAD_BYTES))
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(path)
    found, remedy = _REFUSED[kind]
    raise DatasetError(path, expected=f"a dataset as {FORMATS}", found=found, remedy=remedy)


def _kind_of(path: Path, head: bytes) -> str:
    if not head:
        return "empty"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "html"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path, head)
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "pickle"
    if head.startswith(b"\0\0") or re.search(r"idx[13]|ubyte", path.name):
        return "idx"
    magic = next((kind for start, kind in _MAGIC if head.startswith(start)), None)
    return magic or _kind_of_text(head)


def _kind_of_text(head: bytes) -> str:
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


def _kind_of_zip(path: Path, head: bytes) -> str:
    """NPZ, or a zip with one file, or one of the formats that hide in zips."""
    if b".npy" in head[:512]:
        return "npz"
    if b"data.pkl" in head:
        return "pickle"
    return _kind_of_text(read_content(path)[:_HEAD_BYTES])
