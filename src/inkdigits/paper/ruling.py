"""Ruled and squared paper: thin lines that run straight across the page, told apart from strokes.

This module knows nothing about light: it takes a page that is black and white already.

Letters: H, W size of the page.
"""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.ink import Grey
from inkdigits.paper.pieces import Pieces

__all__ = ["without_ruling"]

_THICKEST_LINE_SHARE = 0.02  # of the page: a ruled line; the strokes of a digit worth reading are thicker
_LEAST_OF_LINE = 0.93  # of its length must have ink: pens skip, and so do scanners


def without_ruling(written: Grey) -> Grey:
    """Take away thin lines that run straight across the page, but not where strokes cross them.

    A single line on an otherwise empty page stays: it may be a one.
    """
    _, _, width, height = cv2.boundingRect(written)
    if width < _LEAST_OF_LINE * written.shape[1] and height < _LEAST_OF_LINE * written.shape[0]:
        return written
    found_across, found_down = _lines_across(written), _lines_across(cv2.transpose(written))
    if found_across is None and found_down is None:
        return written
    nothing = np.zeros_like(written)
    across, bar = found_across or (nothing, nothing)
    down, post = (np.ascontiguousarray(each.T) for each in found_down or (nothing.T, nothing.T))
    rest = written & ~(across | down | (bar & post))
    is_squared = bool(bar.any() and post.any())
    if not rest.any() and not is_squared and cv2.connectedComponents(written)[0] == 2:
        return written
    through = _thickest_line(written.shape[0]), _thickest_line(written.shape[1])
    bridged = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((through[0], 1), np.uint8)) & bar
    bridged |= cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((1, through[1]), np.uint8)) & post
    return np.asarray(rest | bridged & written, dtype=np.uint8)


def _lines_across(written: Grey) -> tuple[Grey, Grey] | None:
    """Thin straight lines from the left edge to the right, as pixels 0 or 1; None when there are none.

    Returns:
        Of (H, W) each: what is the lines' alone, and all of their way, strokes that cross them included.
    """
    height, width = written.shape
    if cv2.countNonZero(cv2.reduce(written, 0, cv2.REDUCE_MAX)) < _LEAST_OF_LINE * width:
        return None
    thick = cv2.morphologyEx(written, cv2.MORPH_OPEN, np.ones((_thickest_line(height) + 1, 1), np.uint8))
    run = np.ones((1, max(3, width // 16)), np.uint8)  # a line a little aslant is a stair of such runs
    runs = cv2.morphologyEx(written - thick, cv2.MORPH_OPEN, run)
    if np.count_nonzero(cv2.reduce(runs, 0, cv2.REDUCE_MAX)) < 0.3 * width:
        return None
    # Strokes that run along a line hide it for as long as a digit is wide.
    way = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, round(0.6 * width)), np.uint8))
    ways = Pieces.of(way)
    is_line = np.zeros(len(ways.stats), np.bool_)
    for number, (_, top, wide, high, _) in enumerate(ways.stats[1:], start=1):
        if wide >= 0.95 * width and high <= max(2, 0.05 * height):
            on_way = (ways.labels[top : top + high] == number) & (written[top : top + high] > 0)
            is_line[number] = np.count_nonzero(on_way.any(axis=0)) >= _LEAST_OF_LINE * width
    if not is_line.any():
        return None
    way = is_line[ways.labels].astype(np.uint8)
    return way & (written - thick), way


def _thickest_line(side: int) -> int:
    """Of a ruled line on a page with that side, in pixels."""
    return max(3, round(_THICKEST_LINE_SHARE * side))
