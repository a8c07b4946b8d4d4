"""Habits of writing that MNIST hardly has, drawn onto its digits: other shapes of the same digit.

    flagged    ones with a flag, short or long, half of them with a foot as well
    barred     sevens with a bar through the stem
    slashed    zeros with a stroke through them

In much of Europe the first two are how children learn to write; the third keeps a zero from being an O.
A pen like the digit's own draws them, and the result goes through the normaliser.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.ink import SIDE, Grey, to_bytes
from inkdigits.normalizer import normalize

__all__ = ["allographs"]

Points = NDArray[np.float64]  # (P, 2), x before y, y downwards

_MARGIN = 8
_STEEPEST_LEAN = 0.7  # columns a row, to the right: beyond, flag and stem would be one
_FINE = 4  # strokes are drawn so much larger, then shrunk: soft edges
_MOST_TRIES = 1000


def allographs(
    images: Grey, labels: NDArray[np.integer], n: int, generator: np.random.Generator
) -> tuple[Grey, NDArray[np.int64]]:
    """Make ones with a flag, sevens with a bar and zeros with a slash, in equal shares.

    Args:
        images: (N, 28, 28) digits as in MNIST, 0 paper to 255 ink.
        labels: (N,) what they show; ones, sevens and zeros must occur.
        n: how many pictures to make.
        generator: where the randomness comes from.

    Returns:
        (n, 28, 28) in the form of `images`, and (n,) their labels.

    Raises:
        DatasetError: there are no ones, sevens or zeros that could be drawn onto.
    """
    made = np.empty((n, SIDE, SIDE), np.uint8)
    made_labels = np.arange(n) % len(_HABITS)
    for i, number in enumerate(made_labels):
        digit, add = _HABITS[number]
        made[i] = _draw(images, np.flatnonzero(labels == digit), add, generator)
    return made, np.array([digit for digit, _ in _HABITS], np.int64)[made_labels]


def _draw(
    images: Grey,
    numbers: NDArray[np.intp],
    add: Callable[[Grey, np.random.Generator], list[Points] | None],
    generator: np.random.Generator,
) -> Grey:
    for _ in range(_MOST_TRIES if len(numbers) else 0):
        digit = images[numbers[generator.integers(len(numbers))]]
        strokes = add(digit, generator)
        if strokes is not None:
            return _with_strokes(digit, strokes, generator)
    raise DatasetError(
        "digits to draw onto",
        expected="ones, sevens and zeros as in MNIST",
        found="none that suits",
        remedy="Pass digits that are 0 on paper and up to 255 on ink, and labelled right.",
    )


def _with_strokes(digit: Grey, strokes: list[Points], generator: np.random.Generator) -> Grey:
    pen = _pen_width(digit) * generator.uniform(0.75, 1.1)
    page = np.pad(digit, _MARGIN)
    fine = np.zeros((_FINE * page.shape[0], _FINE * page.shape[1]), np.uint8)
    lines = [np.rint(_FINE * (stroke + _MARGIN + 0.5)).astype(np.int32) for stroke in strokes]
    cv2.polylines(fine, lines, False, 255, max(round(_FINE * pen), 1))
    drawn = cv2.resize(fine, page.shape, interpolation=cv2.INTER_AREA)
    return to_bytes(normalize(np.maximum(page, drawn)).ink)


def _pen_width(digit: Grey) -> float:
    """Pixels: the ink's area by the length of its middle line, which is where it is deepest."""
    depth = cv2.distanceTransform((digit > 127).astype(np.uint8), cv2.DIST_L2, 3)
    depth = np.minimum(depth, SIDE)  # without paper, it has no end
    deepest = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3)]
    return float(np.clip(2 * deepest.mean() - 0.5, 1.2, 8)) if len(deepest) else 2.0


def _flag(digit: Grey, generator: np.random.Generator) -> list[Points] | None:
    """A flag from the top of a straight one, down to the left; for half of them a foot."""
    stem = _stem(digit)
    if stem is None:
        return None
    top, bottom = stem
    height = float(np.hypot(*(bottom - top)))
    length = height * generator.uniform(0.15, 0.55)
    lean = max(float(np.arctan2(top[0] - bottom[0], bottom[1] - top[1])), 0.0)
    # From the page's vertical, or from a stem that leans to the right. A long flag that is nearly level
    # makes a seven.
    flattest = 58 - 60 * max(length / height - 0.25, 0)
    angle = min(lean + np.radians(generator.uniform(20, flattest)), np.radians(70))
    tip = top + length * np.array([-np.sin(angle), np.cos(angle)])
    bend = (top + tip) / 2 + length * generator.normal(0, 0.06, 2)
    strokes = [np.stack([top, bend, tip])]
    if generator.random() < 0.5:
        left, right = generator.uniform(0.1, 0.35, 2) * height
        tilt = generator.normal(0, 0.07)
        strokes.append(bottom + np.array([[-left, tilt * left], [right, -tilt * right]]))
    return strokes


def _stem(digit: Grey) -> tuple[Points, Points] | None:
    """The ends of the middle line of a one that is a single straight stroke; None for any other."""
    rows, columns = np.nonzero(digit > 127)
    if len(rows) < 20 or np.ptp(rows) < 12:
        return None
    slope, start = np.polyfit(rows, columns, 1)
    if slope < -_STEEPEST_LEAN:
        return None
    spread = np.abs(columns - (slope * rows + start)).max()
    if spread > 0.5 * _pen_width(digit) * np.hypot(1, slope) + 1.2:
        return None
    ends = np.array([rows.min() + 0.5, rows.max() - 0.5])
    (top, bottom) = np.stack([slope * ends + start, ends], axis=1)
    return top, bottom


def _bar(digit: Grey, generator: np.random.Generator) -> list[Points] | None:
    """A level bar across the stem of a seven, where that is a single stroke."""
    rows, columns = np.nonzero(digit > 127)
    if len(rows) < 20 or np.ptp(rows) < 12 or np.ptp(columns) < 8:
        return None
    y = rows.min() + generator.uniform(0.42, 0.62) * np.ptp(rows)
    near = np.abs(rows - y) < 2.5
    if not near.any() or np.ptp(columns[near]) > _pen_width(digit) + 5:  # it has a bar already
        return None
    x = columns[near].mean()
    left, right = generator.uniform(2.5, 6, 2)
    tilt = generator.normal(-0.05, 0.12)
    return [np.array([[x - left, y - tilt * left], [x + right, y + tilt * right]])]


def _slash(digit: Grey, generator: np.random.Generator) -> list[Points] | None:
    """A stroke through a zero, most from the lower left to the upper right and beyond its ends."""
    rows, columns = np.nonzero(digit > 127)
    if len(rows) < 20 or min(np.ptp(rows), np.ptp(columns)) < 4.5 * _pen_width(
        digit
    ):  # a slash would fill it
        return None
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2 + generator.normal(
        0, 0.8, 2
    )
    angle = np.radians(generator.uniform(12, 62)) * (1 if generator.random() < 0.9 else -1)
    upwards = np.array([np.sin(angle), -np.cos(angle)])
    # To the rim of the ellipse in the box, and beyond.
    rim = 0.5 / np.hypot(upwards[0] / np.ptp(columns), upwards[1] / np.ptp(rows))
    lower, upper = rim * generator.uniform(0.85, 1.5, 2)
    bend = middle + generator.normal(0, 0.5, 2)
    return [np.stack([middle - lower * upwards, bend, middle + upper * upwards])]


_HABITS: tuple[tuple[int, Callable[[Grey, np.random.Generator], list[Points] | None]], ...] = (
    (1, _flag),
    (7, _bar),
    (0, _slash),
)
