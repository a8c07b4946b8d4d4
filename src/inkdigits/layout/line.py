"""The line contract: one line of writing, 32 pixels high, as the line model takes it.

A line is float32 (32, W): about 0 on paper and about 1 on ink. The levels are stretched once for the whole
line and not cleaned: the model has seen security print, rules and grain, and what a threshold takes away it
cannot read.

Letters: H, W size of a field; T, number of the model's frames, one for every two columns.
"""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.ink import Grey, Plane

__all__ = ["FRAME_PX", "LINE_HEIGHT", "MARKS", "OTHER_MARK", "line_of_darkness", "scaled_line"]

LINE_HEIGHT = 32
"""Rows of a line."""

FRAME_PX = 2
"""Columns of a line for each frame that the model gives."""

MARKS: tuple[str, ...] = tuple("0123456789.,-'/:")
"""What the model reads; the output before them is CTC's blank, and the one after them is `OTHER_MARK`."""

OTHER_MARK = "x"
"""A mark, or a run of marks, that is not to be read: letters, signs, end marks."""

_PAPER_PERCENT = 45.0  # rules and ink together seldom cover more than half of a line
_INK_PERCENT = 97.5
_LEAST_SPREAD = 10.0  # grey levels between paper and ink; less is noise


def line_of_darkness(darkness: Plane) -> Plane:
    """Stretch the darkness (32, W) of a line, in grey levels, so that paper is about 0 and ink about 1."""
    flat = darkness.ravel()
    n = flat.size
    low, high = int((n - 1) * _PAPER_PERCENT / 100), int((n - 1) * _INK_PERCENT / 100)
    ordered = np.partition(flat, (low, high))
    paper, ink = float(ordered[low]), float(ordered[high])
    line: Plane = (darkness - np.float32(paper)) * np.float32(1 / max(ink - paper, _LEAST_SPREAD))
    return np.clip(line, -0.5, 1.5, out=line)


def scaled_line(field: Grey) -> Plane:
    """Scale a field (H, W) of dark ink on light paper to a line (32, W * 32 / H)."""
    height, width = field.shape
    size = (max(round(width * LINE_HEIGHT / height), 8), LINE_HEIGHT)
    method = cv2.INTER_AREA if height > LINE_HEIGHT else cv2.INTER_LINEAR
    scaled = cv2.resize(field, size, interpolation=method).astype(np.float32)
    return line_of_darkness(255 - scaled)
