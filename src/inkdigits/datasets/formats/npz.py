"""Reads NumPy archives: Keras's mnist.npz (x_train, y_train, x_test, y_test), or x and y. Never unpickles.

Arrays are found by the words in their names: pictures are called x, images or data, labels y, labels or
target, with train, val or test before or after it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import AGAIN, ZIP_FAULTS, faults_as, refuse_larger
from inkdigits.datasets.formats.pixels import to_split
from inkdigits.datasets.roles import Part, role_of, to_dataset
from inkdigits.errors import DatasetError

__all__ = ["has_pictures", "read_npz"]

_EXPECTED = "arrays called x_train, y_train, x_test, y_test, or x and y"
_PICTURES = frozenset({"x", "images", "image", "data"})
_WRITERS = frozenset({"writer", "writers"})
_LABELS = frozenset({"y", "labels", "label", "target", "targets"})


def read_npz(path: Path) -> Dataset:
    """The parts of a NumPy archive; other arrays in it are left alone.

    Raises:
        DatasetError: the archive is damaged or too large, holds Python objects, or has no such arrays.
    """
    expected, found = "a whole archive, as numpy.savez writes it", "one that cannot be read"
    unreadable = faults_as(path, *ZIP_FAULTS, ValueError, expected=expected, found=found)
    with unreadable, zipfile.ZipFile(path) as archive:
        arrays = _Arrays(path, archive)
        pairs = _pairs(arrays.names())
        parts = [arrays.part(pictures, labels, arrays.writers(pairs)) for pictures, labels in pairs]
    if not parts:
        found = ", ".join(arrays.names()) or "no arrays"
        raise DatasetError(path, expected=_EXPECTED, found=found, remedy="Save the arrays under these names.")
    used = {arrays.writers(pairs), *(name for pair in pairs for name in pair)}
    left_out = [name for name in arrays.names() if name not in used]
    dataset = to_dataset(path, parts)
    if not left_out:
        return dataset
    return replace(dataset, notes=(*dataset.notes, f"left out the arrays {', '.join(left_out)}"))


def has_pictures(path: Path) -> bool:
    """Whether an archive has an array that is called as pictures are; True where it cannot be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(_pairs([name.removesuffix(".npy") for name in archive.namelist()]))
    except (zipfile.BadZipFile, OSError):
        return True  # reading it says what is wrong


def _pairs(names: Sequence[str]) -> list[tuple[str, str | None]]:
    """The arrays of pictures, each with its labels; x is left out where x_train or the like is there."""
    pictures = {rest: name for name in names if (rest := _without(name, _PICTURES)) is not None}
    labels = {rest: name for name in names if (rest := _without(name, _LABELS)) is not None}
    if len(pictures) > 1:
        pictures.pop("", None)
    return [(name, labels.get(rest)) for rest, name in pictures.items()]


def _without(name: str, words: frozenset[str]) -> str | None:
    """What the name of an array says beside one of the words (train, for x_train); None without any."""
    said = name.lower().split("_")
    rest = [word for word in said if word not in words]
    if len(rest) == len(said) or (rest and role_of("_".join(rest)) is None):
        return None
    return "_".join(rest)


class _Arrays:
    """The arrays of an open archive, each checked against its stated size before it is unpacked."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        refuse_larger(path, sum(member.file_size for member in self._members.values()))

    def names(self) -> list[str]:
        return list(self._members)

    def writers(self, pairs: Sequence[tuple[str, str | None]]) -> str | None:
        """The array that says whose hand each picture is, where there is one array of pictures."""
        found = [name for name in self._members if name.lower() in _WRITERS]
        return found[0] if len(found) == len(pairs) == 1 else None

    def part(self, pictures: str, labels: str | None, writers: str | None) -> Part:
        name = pictures if role_of(pictures) else self._path.name
        read = None if labels is None else self._read(labels)
        split, notes = to_split(self._path, self._read(pictures), read)
        hands = None if writers is None else self._read(writers).astype(np.str_)
        if hands is not None and hands.shape != (len(split),):
            hands, notes = None, (*notes, f"left out the array {writers}, which is not one writer a picture")
        return Part(name, replace(split, writers=hands), notes)

    def _read(self, name: str) -> NDArray[Any]:
        member = self._members[name]
        with self._archive.open(member) as stream:
            version = npy.read_magic(stream)
            read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read_header(stream)
            header_bytes = stream.tell()
        if dtype.hasobject:
            raise DatasetError(
                self._path,
                expected="arrays of numbers",
                found=f"Python objects in {name}, which only unpickling could read",
                remedy="Save plain arrays: unpickling a file runs whatever its author wrote into it.",
            )
        if header_bytes + prod(shape) * dtype.itemsize != member.file_size:
            raise DatasetError(
                self._path,
                expected=f"an array {name} of shape {shape}, as its header states",
                found=f"{member.file_size - header_bytes:,} bytes",
                remedy=AGAIN,
            )
        with self._archive.open(member) as stream:
            array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        return array
