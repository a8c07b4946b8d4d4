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
from inkdigits.layout.cuts import Band
from inkdigits.paper.binarization import Ink, find_ink
from inkdigits.paper.pieces import Pieces

__all__ = ["Group", "Page", "find_groups"]

_STEEPEST_DEGREES = 10.0
_TILT_SIDE_PX = 400
_GAP_SHARE = 1.1  # of a digit's height: what stands closer belongs together
_MOST_GROUPS = 400
_LEAST_HEIGHT_PX = 7
_LINE_SHARE = 0.1  # of the page: level lines that are longer are rules, and no strokes
_LEAST_LINE_PX = 40
_LINE_GAP_PX = 5
_THICKEST_LINE_PX = 11
_RULE_ASPECT = 12.0  # longer and flatter pieces are rules


@dataclass(frozen=True)
class Group:
    """Writing that stands together.

    Attributes:
        band: where, in pixels of the upright page.
        line: which line it stands in, from 0.
    """

    band: Band
    line: int


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
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), _tilt_degrees(mask), 1.0)
    size = page.shape[::-1]
    darkness = cv2.warpAffine(_darkness(page, ink), turn, size, borderMode=cv2.BORDER_REPLICATE)
    mask = (cv2.warpAffine(255 * mask, turn, size) > 127).astype(np.uint8)
    return Page(np.asarray(darkness, np.float32), np.asarray(turn, np.float64), _groups(mask))


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

    if mask.shape[1] < 1.5 * mask.shape[0] and Pieces.of(mask).stats.shape[0] < 6:
        return 0.0  # too little to tell a tilt from the slope of a stroke
    coarse = max(np.arange(-_STEEPEST_DEGREES, _STEEPEST_DEGREES + 1, 2.0), key=sharpness)
    best = float(max(np.arange(coarse - 1.5, coarse + 1.6, 0.5), key=sharpness))
    return best if sharpness(best) > 1.15 * sharpness(0.0) else 0.0


def _groups(mask: Grey) -> tuple[Group, ...]:
    mask = _without_lines(_without_lines(mask).T).T
    pieces = Pieces.of(np.ascontiguousarray(mask))
    _, _, wide, high, area = pieces.stats.T
    is_writing = (wide < _RULE_ASPECT * high) & (high < _RULE_ASPECT * wide) & (high < 0.95 * mask.shape[0])
    is_writing[0] = False
    hollow = area < 0.06 * wide * high  # frames
    is_writing &= ~(hollow & (wide * high > 0.2 * mask.size))
    tall = is_writing & (high >= _LEAST_HEIGHT_PX)
    if not tall.any():
        return ()
    order = np.argsort(high[tall])
    weights = np.cumsum(area[tall][order])
    unit = float(high[tall][order][np.searchsorted(weights, weights[-1] / 2)])  # a digit's height
    kept = is_writing & (area > 0.002 * unit * unit)
    writing = kept[pieces.labels].astype(np.uint8)
    reach = max(round(_GAP_SHARE * unit), 3)
    joined = cv2.morphologyEx(
        cv2.copyMakeBorder(writing, 0, 0, reach, reach, cv2.BORDER_CONSTANT),
        cv2.MORPH_CLOSE,
        np.ones((1, reach), np.uint8),
    )[:, reach:-reach]
    blocks = Pieces.of(np.ascontiguousarray(joined)).stats[1:]
    bands = [
        Band(float(x), float(y), float(x + w), float(y + h))
        for x, y, w, h, _ in blocks
        if h >= max(0.45 * unit, _LEAST_HEIGHT_PX)
    ]
    return _in_order(bands[:_MOST_GROUPS], unit)


def _without_lines(mask: Grey) -> Grey:
    """(H, W) without long level lines, which need not run through the page; strokes across them stay."""
    mask = np.ascontiguousarray(mask)
    length = max(round(_LINE_SHARE * mask.shape[1]), _LEAST_LINE_PX)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, _LINE_GAP_PX), np.uint8))
    lines = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_THICKEST_LINE_PX, 1), np.uint8))
    return np.asarray(mask & ~(cv2.dilate(lines, np.ones((3, 1), np.uint8)) & ~tall), np.uint8)


def _in_order(bands: list[Band], unit: float) -> tuple[Group, ...]:
    """Lines from the top, groups from the left; bands that overlap by half of the lower one share a line."""
    lines: list[list[Band]] = []
    for band in sorted(bands, key=lambda band: band.top + band.bottom):
        for line in reversed(lines[-3:]):
            other = line[-1]
            overlap = min(band.bottom, other.bottom) - max(band.top, other.top)
            if overlap > 0.5 * min(band.bottom - band.top, other.bottom - other.top):
                line.append(band)
                break
        else:
            lines.append([band])
    return tuple(
        Group(Band(band.left - 0.3 * unit, band.top, band.right + 0.3 * unit, band.bottom), number)
        for number, line in enumerate(lines)
        for band in sorted(line, key=lambda band: band.left)
    )
