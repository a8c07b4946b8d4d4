"""The groups of writing on a page, line by line: what may be a number, and where.

Writing that stands closer together than about a digit's height is one group. The page is turned upright
first: its tilt, up to 10 degrees, is the one at which rows of ink and rows of paper differ most.

Letters: H, W size of the page; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Plane
from inkdigits.layout.groups import Group, group_writing
from inkdigits.paper.binarization import Ink, find_ink
from inkdigits.paper.pieces import Pieces

__all__ = ["Page", "find_groups"]

_STEEPEST_DEGREES = 10.0
_TILT_SIDE_PX = 400
_MOST_GROUPS = 400


@dataclass(frozen=True, eq=False)
class Page:
    """A page turned upright.

    Attributes:
        darkness: (H, W) grey levels; large where the ink is, be it dark or light.
        turn: (2, 3), the affine map from the page as it came to the upright one.
        groups: in reading order.
    """

    darkness: Plane
    turn: NDArray[np.float64]
    groups: tuple[Group, ...]


def find_groups(page: Grey) -> Page | None:
    """Find the groups of writing on a page (H, W) of any polarity and light; None where there is no ink."""
    ink = find_ink(page)
    if ink is None:
        return None
    mask = np.zeros(page.shape, np.uint8)
    height, width = ink.levels.shape
    here = np.s_[ink.top : ink.top + height, ink.left : ink.left + width]
    mask[here] = ink.pieces.labels > 0
    darkness, tilt_degrees = _darkness(page, ink), _tilt_degrees(mask)
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), tilt_degrees, 1.0)
    if tilt_degrees:
        size = page.shape[::-1]
        darkness = cv2.warpAffine(darkness, turn, size, borderMode=cv2.BORDER_REPLICATE)
        mask = (cv2.warpAffine(255 * mask, turn, size) > 127).astype(np.uint8)
    groups = group_writing(mask)[:_MOST_GROUPS]
    return Page(np.asarray(darkness, np.float32), np.asarray(turn, np.float64), groups)


def _darkness(page: Grey, ink: Ink) -> Plane:
    """(H, W) grey levels towards the ink."""
    height, width = ink.levels.shape
    part = page[ink.top : ink.top + height, ink.left : ink.left + width]
    written = ink.levels > 0.5
    is_light = bool(written.any()) and part[written].mean() > page.mean()
    levels = page if is_light else 255 - page
    return levels.astype(np.float32)


def _tilt_degrees(mask: Grey) -> float:
    """By how much the writing falls to the right, as far as the rows of ink tell."""
    shrink = min(1.0, _TILT_SIDE_PX / max(mask.shape))
    small = cv2.resize(255 * mask, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    centre = (small.shape[1] / 2, small.shape[0] / 2)

    def sharpness(degrees: float) -> float:
        turned = cv2.warpAffine(small, cv2.getRotationMatrix2D(centre, degrees, 1.0), small.shape[::-1])
        return float(np.square(np.diff(turned.sum(axis=1, dtype=np.float64))).sum())

    coarse = max(np.arange(-_STEEPEST_DEGREES, _STEEPEST_DEGREES + 1, 2.0), key=sharpness)
    best = float(max(np.arange(coarse - 1.5, coarse + 1.6, 0.5), key=sharpness))
    if best == 0.0 or sharpness(best) <= 1.15 * sharpness(0.0):
        return 0.0
    if mask.shape[1] < 1.5 * mask.shape[0] and Pieces.of(mask).stats.shape[0] < 6:
        return 0.0  # too little to tell a tilt from the slope of a stroke
    return best
