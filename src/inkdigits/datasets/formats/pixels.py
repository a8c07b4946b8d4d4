"""From the numbers in a file to MNIST's form: uint8 pictures of 28x28 with 0 for paper, labels 0 to 9.

Every reader of tables, arrays and IDX files ends here, so the same faults are found in the same words.
It guesses little: where two readings of the numbers are possible it refuses.
N is the number of pictures, S the side of a square one.

The geometry is that of MNIST's makers (http://yann.lecun.com/exdb/mnist/): digits in a box of 20x20 pixels,
laid into 28x28 so that their centre of mass is in the middle.
"""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.dataset import Split
from inkdigits.datasets.formats.layout import on_dark_paper, upright
from inkdigits.errors import DatasetError
from inkdigits.ink import BOX_SIDE, DIGITS, SIDE
from inkdigits.normalizer.geometry import centre_by_mass, resized

__all__ = ["MIN_SIDE", "is_one_hot", "square_side", "to_images", "to_labels", "to_split"]

_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_ROUNDING = 1e-5  # 1.0000002 is 1
MIN_SIDE = 8  # scikit-learn's digits; below that no digit can be told from another


def to_split(
    source: Path, values: NDArray[Any], labels: NDArray[Any] | None
) -> tuple[Split, tuple[str, ...]]:
    """A split out of raw numbers, and notes about what was done to them.

    Args:
        source: the file, for messages; a name that says "mnist" promises pictures of 28x28.
        values: (N, S * S), (N, S, S) or (S, S, N), with one or three channels before or behind, numbers in
            0..255, 0..1, or 0..16 for pictures smaller than 28x28.
        labels: (N,) numbers or texts of one digit, (N, 10) one-hot, or None.

    Raises:
        DatasetError: the numbers are not pictures, or the labels are not digits, or their counts differ.
    """
    values, notes = _pictures_first(values, None if labels is None else len(labels))
    if labels is not None and len(labels) != len(values):
        raise DatasetError(
            source,
            expected=f"one label for each of the {len(values):,} pictures",
            found=f"{len(labels):,} labels",
            remedy="Use the images and the labels of the same part of the same dataset.",
        )
    if labels is not None and labels.ndim == 2 and labels.shape[1] == len(DIGITS):
        labels, notes = _of_one_hot(source, labels), (*notes, "took the largest of ten one-hot labels")
    checked = None if labels is None else to_labels(source, labels)
    levels, made = _to_bytes(source, _squares(source, values, _promised_side(source)))
    levels, paper = on_dark_paper(source, levels)
    images, fitting = _at_size(levels)
    images, turning = upright(source, images, checked)
    return Split(images, checked), (*notes, *made, *paper, *fitting, *turning)


def _pictures_first(values: NDArray[Any], n_labels: int | None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Pictures (N, ...), where they may have come on the last axis: (H, W, N)."""
    shape = values.shape
    is_last = len(shape) == 3 and shape[0] == shape[1] != shape[2]
    if is_last and shape[0] != n_labels and (n_labels in (None, shape[2])):
        return np.moveaxis(values, -1, 0), ("the pictures are on the last axis: moved them to the first",)
    return values, ()


def _of_one_hot(source: Path, labels: NDArray[Any]) -> NDArray[np.int64]:
    if not is_one_hot(labels):
        raise DatasetError(
            source,
            expected="one label for each picture, or ten numbers of which one is 1",
            found=f"labels of shape {labels.shape}, other numbers in them",
            remedy="If they are probabilities, store argmax(labels, axis=1) instead.",
        )
    return np.asarray(labels.argmax(axis=1), np.int64)


def is_one_hot(columns: NDArray[Any]) -> bool:
    """Whether each row (N, C) holds a single 1 among zeros."""
    return bool(np.isin(columns, (0, 1)).all() and (columns.sum(axis=1) == 1).all())


def _promised_side(source: Path) -> int | None:
    """The side that the name of a file promises: 28 where it says "mnist"; None where it says nothing."""
    return SIDE if "mnist" in source.name.lower() else None


def square_side(n_pixels: int) -> int | None:
    """The side of a square picture with so many pixels; None if there is no such, or it is below 8."""
    side = isqrt(max(n_pixels, 0))
    return side if side * side == n_pixels and side >= MIN_SIDE else None


def to_images(
    source: str | Path, values: NDArray[Any], *, full_ink: int | None = None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """uint8 pictures (N, 28, 28) with 0 for paper, and notes about what was done.

    Args:
        source: what the numbers come from, for messages.
        values: as `to_split` takes them.
        full_ink: the value of full ink, where the caller knows it; else it is told from the largest value.

    Raises:
        DatasetError: the numbers are not pictures.
    """
    values = _squares(source, values)  # (N, S, S)
    if full_ink is None:
        images, notes = _to_bytes(source, values)
    else:
        images, notes = _scaled(values, full_ink), ()
    fitted, fitting = _at_size(images)
    return fitted, (*notes, *fitting)


def _at_size(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures (N, S, S) -> (N, 28, 28), and a note where they had another size."""
    side = images.shape[1]
    if side == SIDE:
        return images, ()
    if side < SIDE:
        how = f"fitted {side}x{side} pictures into {BOX_SIDE}x{BOX_SIDE}, centred by mass in {SIDE}x{SIDE}"
        return np.stack([_fitted(image) for image in images]), (how,)
    how = f"shrank {side}x{side} pictures to {SIDE}x{SIDE}"
    return np.stack([resized(image, SIDE, SIDE) for image in images]), (how,)


def to_labels(source: Path, values: NDArray[Any]) -> NDArray[np.int64]:
    """Labels (N,), each 0 to 9, out of numbers or of texts of one digit.

    Raises:
        DatasetError: a label is missing, a word, a fraction, or outside 0 to 9.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DatasetError(
            source,
            expected="one label for each picture",
            found=f"labels of shape {values.shape}",
            remedy="If they are one-hot, store argmax(labels, axis=1) instead.",
        )
    numbers = values if values.dtype.kind in "uif" else _numbers_of_texts(source, values)
    good = np.isfinite(numbers) & (numbers >= 0) & (numbers <= 9) & (numbers == np.floor(numbers))
    if not good.all():
        row = int(np.argmin(good))
        raise DatasetError(
            source,
            expected="labels that are whole numbers from 0 to 9",
            found=f"{numbers[row]:g} for picture {row + 1:,}",
            remedy="Correct or leave out this picture; inkdigits reads ten digits and nothing else.",
        )
    return numbers.astype(np.int64)


def _numbers_of_texts(source: Path, values: NDArray[Any]) -> NDArray[np.float64]:
    numbers = []
    for value in values:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        try:
            numbers.append(float(text))
        except ValueError:
            raise DatasetError(
                source,
                expected="labels that are digits, 0 to 9",
                found=f"the word {text!r}",
                remedy="Replace the words by digits first.",
            ) from None
    return np.array(numbers, np.float64)


def _squares(source: str | Path, values: NDArray[Any], promised_side: int | None = None) -> NDArray[Any]:
    if values.ndim == 2 and (side := square_side(values.shape[1])) is not None:
        values = values.reshape(len(values), side, side)
    if values.ndim == 4:
        values = _one_channel(values)
    is_square = values.ndim == 3 and values.shape[1] == values.shape[2] >= MIN_SIDE
    if not is_square or promised_side not in (None, values.shape[1]):
        raise DatasetError(
            source,
            expected="784 pixels (28x28) a picture" + ("" if promised_side else ", or another square"),
            found=_size_found(values),
            remedy="This is not MNIST: rename the file to say what it is."
            if is_square
            else "Check that each row holds the pixels of one picture, and no other columns.",
        )
    if len(values) == 0:
        raise DatasetError(
            source,
            expected="at least one picture",
            found="none",
            remedy="Check that the file was written to the end.",
        )
    return values


def _one_channel(values: NDArray[Any]) -> NDArray[Any]:
    """Pictures (N, H, W) out of (N, H, W, C) or (N, C, H, W): one channel as it is, three as luminance."""
    if values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
        values = np.moveaxis(values, 1, -1)
    if values.shape[3] == 1:
        return values[..., 0]
    if values.shape[3] != 3 or values.dtype.kind not in "uif":
        return values
    if (values == values[..., :1]).all():
        return values[..., 0]  # grey, stored three times
    luminance: NDArray[Any] = values @ np.array(_LUMINANCE)  # (N, H, W)
    return np.rint(luminance).astype(values.dtype) if values.dtype.kind in "ui" else luminance


def _size_found(values: NDArray[Any]) -> str:
    if values.ndim == 2:
        return f"{values.shape[1]:,} pixels"
    if values.ndim == 3:
        return f"{values.shape[1]}x{values.shape[2]} = {values.shape[1] * values.shape[2]:,} pixels"
    return f"an array of shape {values.shape}"


def _to_bytes(source: str | Path, values: NDArray[Any]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    if values.dtype.kind not in "buif":
        raise _bad_pixels(source, f"pixels of type {values.dtype}")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    low, high = float(values.min()), float(values.max())  # NaN if there is one
    if not np.isfinite([low, high]).all():
        raise _bad_pixels(source, "a missing or infinite value")
    if low < 0 or high > 255:
        raise _bad_pixels(source, f"values from {low:g} to {high:g}")
    is_whole = values.dtype.kind in "ui" or bool((values == np.rint(values)).all())
    is_small, is_eight = values.shape[1] < SIDE, values.shape[1] == 8
    if 0 < high <= 1 + _ROUNDING:
        top = 1
    elif 1 < high <= 16 and (is_eight or (is_small and is_whole and high > 14)):
        top = 15 if high == 15 and not is_eight else 16  # UCI's digits count the ink in blocks of 4x4
    elif is_whole:
        faint = () if high == 0 or high > 64 else (f"no pixel is above {high:g} of 255: very faint",)
        return np.ascontiguousarray(values, dtype=np.uint8), faint
    elif high > 16:
        return np.rint(values).astype(np.uint8), ("rounded fractional pixels to whole ones",)
    else:
        raise _bad_pixels(source, f"fractions up to {high:g}, a range that is neither 0..1 nor 0..255")
    return _scaled(values, top), (f"scaled pixels from 0..{top} to 0..255",)


def _scaled(values: NDArray[Any], full_ink: int) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(values.astype(np.float32) * (255 / full_ink)).astype(np.uint8)
    return levels


def _bad_pixels(source: str | Path, found: str) -> DatasetError:
    return DatasetError(
        source,
        expected="pixels from 0 (paper) to 255 (ink), or from 0 to 1",
        found=found,
        remedy="Write the pixels as whole numbers from 0 to 255, without gaps.",
    )


def _fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of S x S below 28x28 as MNIST's makers laid theirs: 20x20, centred by mass in 28x28."""
    box = resized(image, BOX_SIDE, BOX_SIDE).astype(np.float32)
    return centre_by_mass(box, middle_px=(SIDE - 1) / 2).astype(np.uint8)
