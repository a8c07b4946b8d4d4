"""Reads IDX, the format of MNIST itself: big-endian header, then unsigned bytes. Plain or gzip.

The header states the size, so no more than that is ever unpacked.
Format: http://yann.lecun.com/exdb/mnist/ (at the end). N pictures of H x W pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import AGAIN, open_content, read_at_most, refuse_larger
from inkdigits.datasets.formats.pixels import to_split
from inkdigits.datasets.roles import Part, to_dataset
from inkdigits.errors import DatasetError

__all__ = ["images_beside", "is_labels_name", "labels_beside", "parse_idx", "read_idx"]

_IMAGES_DIMENSIONS, _LABELS_DIMENSIONS = 3, 1
_QMNIST_COLUMNS = 8
# By the third and fourth byte: pictures, labels, and QMNIST's labels with what is known of each.
_KINDS: Mapping[tuple[int, int], np.dtype[Any]] = {
    (0x08, 3): np.dtype(np.uint8),
    (0x08, 1): np.dtype(np.uint8),
    (0x0C, 2): np.dtype(">i4"),
}


def read_idx(path: Path) -> Dataset:
    """The pictures of an IDX file, with the labels of the file beside it that is named alike.

    Either file of the pair may be given. Pictures without a labels file are taken as unlabelled.

    Raises:
        DatasetError: a file is malformed, the pair does not fit, or labels have no pictures.
    """
    array = _read_array(path)
    if array.ndim == _IMAGES_DIMENSIONS:
        images_path, labels_path = path, labels_beside(path)
    elif (found := images_beside(path)) is not None:
        images_path, labels_path = found, path
    else:
        raise DatasetError(
            path,
            expected="a file with the pictures beside these labels",
            found="none in the same folder",
            remedy=f"Put the images file, such as {_counterpart(path.name, to_labels=False)}, beside it.",
        )
    images = array if images_path == path else _of_kind(images_path, _IMAGES_DIMENSIONS)
    if labels_path is None:
        split, notes = to_split(images_path, images, None)
        notes = (*notes, f"no labels file beside {images_path.name}: unlabelled")
        return to_dataset(images_path, [Part(images_path.name, split, notes)])
    labels = array if labels_path == path else _of_kind(labels_path, _LABELS_DIMENSIONS)
    if len(labels) != len(images):
        raise DatasetError(
            labels_path,
            expected=f"{len(images):,} labels, one for each picture in {images_path.name}",
            found=f"{len(labels):,}",
            remedy="Put the images and the labels of the same part side by side.",
        )
    digits, writers = (labels, None) if labels.ndim == 1 else _of_qmnist(labels)
    split, notes = to_split(images_path, images, digits)
    return to_dataset(images_path, [Part(images_path.name, replace(split, writers=writers), notes)])


def _of_qmnist(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """The digits and the writers in QMNIST's labels (N, 8): digit, series, writer, and five more numbers.

    Source: Yadav and Bottou, Cold Case: The Lost MNIST Digits, 2019.
    """
    return rows[:, 0], np.array([f"{writer:04d}" for writer in rows[:, 2].tolist()])


def parse_idx(path: Path, content: bytes) -> NDArray[Any]:
    """The array (N, H, W), (N,) or, of QMNIST, (N, 8) in the whole content of an IDX file.

    Args:
        path: the file, for messages.
        content: unpacked.

    Raises:
        DatasetError: the header is not that of images or labels, or the length is not what it states.
    """
    shape, dtype = _layout(path, content)
    header = 4 + 4 * len(shape)
    n_bytes = header + prod(shape) * dtype.itemsize
    if len(content) != n_bytes:
        found = f"only {len(content):,}" if len(content) < n_bytes else "more"
        raise DatasetError(
            path, expected=f"{n_bytes:,} bytes, as its header states", found=found, remedy=AGAIN
        )
    array = np.frombuffer(content, dtype=dtype, offset=header).reshape(shape)
    return array.astype(np.uint8 if dtype == np.uint8 else np.int64)  # a copy, writable


def is_labels_name(name: str) -> bool:
    """Whether a file's name says that it holds labels."""
    return "labels" in name.lower()


def labels_beside(images_path: Path) -> Path | None:
    """The labels file that belongs to an images file, by its name; None if there is none."""
    name = _counterpart(images_path.name, to_labels=True)
    return _beside(images_path, name) or _beside(images_path, name.replace("idx1-ubyte", "idx2-int"))


def images_beside(labels_path: Path) -> Path | None:
    """The images file that belongs to a labels file, by its name; None if there is none."""
    return _beside(labels_path, _counterpart(labels_path.name, to_labels=False))


def _counterpart(name: str, *, to_labels: bool) -> str:
    if to_labels:
        return name.replace("images", "labels").replace("idx3", "idx1")
    return name.replace("labels", "images").replace("idx1", "idx3").replace("idx2-int", "idx3-ubyte")


def _beside(path: Path, name: str) -> Path | None:
    if name == path.name:
        return None
    bare = name.removesuffix(".gz")
    candidates = [path.with_name(candidate) for candidate in (name, bare, f"{bare}.gz")]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _of_kind(path: Path, dimensions: int) -> NDArray[Any]:
    array = _read_array(path)
    if (array.ndim == _IMAGES_DIMENSIONS) != (dimensions == _IMAGES_DIMENSIONS):
        raise DatasetError(
            path,
            expected="pictures" if dimensions == _IMAGES_DIMENSIONS else "labels",
            found=f"an array of {array.ndim} dimensions",
            remedy="Give each file its usual name: ...-images-idx3-ubyte and ...-labels-idx1-ubyte.",
        )
    return array


def _read_array(path: Path) -> NDArray[Any]:
    with open_content(path) as stream:
        header = read_at_most(stream, 4 + 4 * _IMAGES_DIMENSIONS)
        shape, dtype = _layout(path, header)
        n_bytes = 4 + 4 * len(shape) + prod(shape) * dtype.itemsize
        refuse_larger(path, n_bytes)
        # One byte more than stated tells a file that goes on from one that ends.
        content = header + read_at_most(stream, max(0, n_bytes + 1 - len(header)))
    return parse_idx(path, content)


def _layout(path: Path, header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type that the first bytes of an IDX file state."""
    expected = "an IDX file of unsigned bytes: magic number 0x803 for pictures, 0x801 for labels"
    if len(header) < 4:
        raise DatasetError(path, expected=expected, found=f"{len(header)} bytes", remedy=AGAIN)
    zero, kind, dimensions = struct.unpack(">HBB", header[:4])
    dtype: np.dtype[Any] | None = _KINDS.get((kind, dimensions))
    if zero != 0 or dtype is None:
        found = f"magic number 0x{int.from_bytes(header[:4], 'big'):08x}"
        raise DatasetError(path, expected=expected, found=found, remedy="Check that this is the right file.")
    if len(header) < 4 + 4 * dimensions:
        raise DatasetError(
            path,
            expected=f"a header of {4 + 4 * dimensions} bytes",
            found=f"only {len(header)}",
            remedy=AGAIN,
        )
    shape = struct.unpack(f">{dimensions}I", header[4 : 4 + 4 * dimensions])
    if dimensions == 2 and shape[1] != _QMNIST_COLUMNS:
        raise DatasetError(
            path,
            expected=f"{_QMNIST_COLUMNS} numbers a label, as QMNIST has",
            found=f"{shape[1]}",
            remedy="Save the labels as IDX of one dimension.",
        )
    return tuple(shape), dtype
