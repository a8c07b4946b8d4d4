"""Where a number, and each of its characters, stands on the page as it came.

Letters: H, W size of a picture; T frames, C outputs of the line model.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Plane
from inkdigits.layout.cuts import Cut, cut_line, line_map
from inkdigits.layout.line import FRAME_PX, LINE_HEIGHT
from inkdigits.reading.numbers.beam import align
from inkdigits.reading.numbers.hypotheses import Candidate
from inkdigits.reading.numbers.line_model import OUTPUTS
from inkdigits.results import Box, Character

__all__ = ["box_around", "characters_of"]


def box_around(inverse: NDArray[np.float64], left: float, top: float, right: float, bottom: float) -> Box:
    """The upright rectangle around a rectangle of the turned page, in pixels of the page as it came."""
    corners = np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
    xs, ys = inverse @ corners
    x, y = max(round(float(xs.min())), 0), max(round(float(ys.min())), 0)
    return Box(x, y, max(round(float(xs.max())) - x, 1), max(round(float(ys.max())) - y, 1))


def characters_of(
    best: Candidate, frames: NDArray[np.float32], darkness: Plane, cut: Cut, inverse: NDArray[np.float64]
) -> tuple[Character, ...]:
    """Each character of the number with its own probability and box."""
    matrix, width = line_map(cut)
    line = cut_line(darkness, cut)
    back = cv2.invertAffineTransform(matrix)
    spans = align(frames, best.written)
    first = best.written.find(best.text)
    middles = [FRAME_PX * (start + end + 1) / 2 for start, end in spans]
    characters = []
    for number in range(first, first + len(best.text)):
        start, end = spans[number]
        middle = middles[number]
        left = (middles[number - 1] + middle) / 2 if number else middle - 0.5 * LINE_HEIGHT
        right = (
            (middle + middles[number + 1]) / 2 if number + 1 < len(middles) else middle + 0.5 * LINE_HEIGHT
        )
        sides = _tightened(line, max(left, 0.0), min(right, float(width)))
        corners = back @ np.array([[sides[0], sides[2]], [sides[1], sides[3]], [1.0, 1.0]])
        (x0, x1), (y0, y1) = corners
        code = OUTPUTS.index(best.written[number])
        sure = float(np.exp(frames[start : end + 1, code].max()))
        characters.append(Character(best.written[number], sure, box_around(inverse, x0, y0, x1, y1)))
    return tuple(characters)


def _tightened(line: Plane, left: float, right: float) -> tuple[float, float, float, float]:
    """The columns from left to right without the paper at their ends, and the rows of their ink."""
    start, end = int(left), max(math.ceil(right), int(left) + 1)
    ink = line[:, start:end] > 0.5
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(columns):
        return left, 0.0, right, float(LINE_HEIGHT)
    return start + float(columns[0]), float(rows[0]), start + float(columns[-1]) + 1, float(rows[-1]) + 1
