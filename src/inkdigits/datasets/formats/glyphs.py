"""Reads archives of NumPy with drawings or scans that are not in MNIST's form yet: digits, letters, signs.

images          (N, S, S) uint8, 0 paper to 255 ink
labels | char   what each picture shows
writer | font   whose hand it is; may be missing
digit_set_copy  true where a font repeats the picture of another; such are left out; may be missing
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError

__all__ = ["Glyphs", "read_glyphs"]


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Pictures of single characters.

    Attributes:
        images: (N, S, S) uint8, 0 paper to 255 ink.
        labels: (N,) strings, the character that each shows.
        writers: (N,) strings, whose hand it is; "" for an unknown writer.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.str_]
    writers: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)


def read_glyphs(path: Path) -> Glyphs:
    """Read the pictures of an archive of NumPy; other arrays in it are ignored.

    Raises:
        DatasetError: the file cannot be read, or its arrays are missing or do not fit each other.
    """
    wanted = {"images", "labels", "char", "writer", "font", "digit_set_copy"}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files if name in wanted}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise _malformed(path, str(error)) from error
    labels = found.get("labels", found.get("char"))
    images = found.get("images")
    if labels is None or images is None or images.ndim != 3 or images.dtype != np.uint8:
        raise _malformed(path, f"the arrays {', '.join(sorted(found)) or 'none'}")
    writers = found.get("writer", found.get("font", np.full(len(labels), "")))
    is_copy = found.get("digit_set_copy", np.zeros(len(labels), np.bool_)).astype(np.bool_)
    if len({len(images), len(labels), len(writers), len(is_copy)}) != 1:
        raise _malformed(path, f"{len(images)} images, and labels or writers for another number")
    return Glyphs(images[~is_copy], labels[~is_copy].astype(np.str_), writers[~is_copy].astype(np.str_))


def _malformed(path: Path, found: str) -> DatasetError:
    return DatasetError(
        path,
        expected="an archive of pictures: uint8 images (N, S, S) and labels",
        found=found,
        remedy="Copy or download the file again.",
    )
