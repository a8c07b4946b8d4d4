"""Reads NumPy archives: Keras's mnist.npz (x_train, y_train, x_test, y_test), or x and y. Never unpickles."""

from __future__ import annotations

import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.datasets.formats.content import refuse_larger
from inkdigits.datasets.formats.pixels import to_split
from inkdigits.datasets.roles import one_split
from inkdigits.errors import DatasetError

__all__ = ["read_npz"]

_EXPECTED = "arrays called x_train, y_train, x_test, y_test, or x and y"


def read_npz(path: Path) -> Dataset:
    """The parts of a NumPy archive; other arrays in it are left alone.

    Raises:
        DatasetError: the archive is damaged or too large, holds Python objects, or has no such arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = _Arrays(path, archive)
            train = arrays.split("x_train", "y_train")
            test = arrays.split("x_test", "y_test")
            only = arrays.split("x", "y")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DatasetError(
            path,
            expected="a whole archive, as numpy.savez writes it",
            found=f"one that cannot be read ({error})",
            remedy="Copy or download the file again.",
        ) from error
    if train is None and test is None:
        if only is not None:
            return one_split(path, *only)
        found = ", ".join(arrays.names()) or "no arrays"
        raise DatasetError(path, expected=_EXPECTED, found=found, remedy="Save the arrays under these names.")
    return Dataset(
        path.name,
        None if train is None else train[0],
        None if test is None else test[0],
        notes=tuple(dict.fromkeys(note for part in (train, test) if part is not None for note in part[1])),
    )


class _Arrays:
    """The arrays of an open archive, each checked against its stated size before it is unpacked."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        refuse_larger(path, sum(member.file_size for member in self._members.values()))

    def names(self) -> list[str]:
        return list(self._members)

    def split(self, x: str, y: str) -> tuple[Split, tuple[str, ...]] | None:
        if x not in self._members:
            return None
        labels = self._read(y) if y in self._members else None
        return to_split(self._path, self._read(x), labels)

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
                remedy="Copy or download the file again.",
            )
        with self._archive.open(member) as stream:
            array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        return array
