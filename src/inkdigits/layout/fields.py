"""A field that somebody cut out: which part of it is the number, and which is rules, frames and neighbours.

The number is the writing around the middle of the picture, inside the sides of its cell where it has some.
What comes out is a band of the picture that holds the number and little else, and the cuts to read it by.

Letters: H, W size of the picture; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Plane
from inkdigits.layout.cuts import Band, Cut, cuts_of_band, cuts_of_close_crop
from inkdigits.paper.contrast import otsu, percentile
from inkdigits.paper.pieces import Pieces

__all__ = ["Field", "find_field"]

_LAYOUT_HEIGHT_PX = 128  # enough to see where the number is
_WIDEST_STROKE_SHARE = 0.3  # of the height: wider things are no strokes but shades of the paper
_LEAST_CONTRAST = 9.0  # grey levels between ink and paper
_SIDE_SHARE = 0.55  # of the height: a side of a cell is at least so long
_SIDE_THROUGH = 0.85  # of the height that a side covers
_SIDE_AT_EDGE = 0.8  # the same near the edge of the picture, where no digit stands
_EDGE_SHARE = 0.06  # of the width
_SIDE_LEAN_PX = 2
_THICKEST_SIDE_SHARE = 0.08  # of the height
_RULE_SHARE = 0.5  # of the cell's width: a rule is at least so long, its gaps included
_RULE_GAP_SHARE = 0.05  # of the width: gaps between the dots of a rule
_THICKEST_RULE_SHARE = 0.05  # of the height
_RULE_EDGE_SHARE = 0.035  # of the height: how far the soft edge of a side reaches
_OVER_A_RULE_SHARE = 0.3  # of the distance between rules: so far a number may reach over one
_MIDDLE_SHARE = 0.1  # of the picture around its middle, where no rule bounds the number
_LEAST_CELL_SHARE = 0.2  # of the picture: what is smaller is no cell
_SPECK_SHARE = 0.2  # of the band's height: smaller pieces do not stretch it
_STRIP_ASPECT = 1.5
_MIDDLE_ROW = (0.28, 0.72)  # of the height of a cell whose rows cannot be told apart
_CLOSE_SHARE = 0.5  # of the picture: a number that fills more was cut out closely


@dataclass(frozen=True, eq=False)
class Field:
    """A picture with writing on it.

    Attributes:
        darkness: (H, W) grey levels; large where the ink is, be it dark or light.
        cuts: of its number, best first; empty where nothing is written.
    """

    darkness: Plane
    cuts: tuple[Cut, ...]


def find_field(page: Grey) -> Field:
    """Find the number in the middle of a picture (H, W)."""
    shrink = min(1.0, _LAYOUT_HEIGHT_PX / page.shape[0])
    small = cv2.resize(page, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else page
    relief, is_light = _relief(np.asarray(small, np.uint8))
    darkness = (page if is_light else 255 - page).astype(np.float32)
    found = _find_band(relief)
    if found is None:
        return Field(darkness, ())
    small_band, is_cell = found
    back = page.shape[0] / relief.shape[0]
    sides = (small_band.left, small_band.top, small_band.right, small_band.bottom)
    band = Band(*(back * side for side in sides))
    height, width = page.shape
    whole = Band(-0.12 * height, 0.0, width + 0.12 * height, float(height))
    fills_it = band.height > _CLOSE_SHARE * height and band.right - band.left > _CLOSE_SHARE * width
    # A strip has no room for neighbours below each other: what seems to be a side is a tall 1.
    is_close = fills_it and (not is_cell or width > _STRIP_ASPECT * height)
    if is_close:
        return Field(darkness, cuts_of_close_crop(whole, band))
    if is_cell and band.height > _CLOSE_SHARE * height:  # several rows that touch
        top, bottom = _MIDDLE_ROW[0] * height, _MIDDLE_ROW[1] * height
        band = replace(band, top=max(band.top, top), bottom=min(band.bottom, bottom))
    return Field(darkness, cuts_of_band(band))


def _relief(page: Grey) -> tuple[Grey, bool]:
    """How far each pixel stands out from its surroundings towards the ink, and whether the ink is light."""
    height = page.shape[0]
    soft = cv2.GaussianBlur(page, (0, 0), max(0.6, height / 110))
    kernel = np.ones((max(5, round(_WIDEST_STROKE_SHARE * height)) | 1,) * 2, np.uint8)
    # Ink covers less than half of a field, so that the middle level is the paper's.
    darkest, paper, lightest = (percentile(page, percent) for percent in (2, 50, 98))
    is_light = lightest - paper > 1.3 * (paper - darkest)
    operation = cv2.MORPH_TOPHAT if is_light else cv2.MORPH_BLACKHAT
    return np.asarray(cv2.morphologyEx(soft, operation, kernel), np.uint8), is_light


def _find_band(relief: Grey) -> tuple[Band, bool] | None:
    """The band of the number, and whether it stands in a cell that is larger."""
    mask = _written(relief, relief)
    if mask is None:
        return None
    left, right = _cell_sides(mask)
    upper, lower, rules = _cell_rules(mask, left, right)
    is_bare = cv2.dilate(rules, np.ones((3, 3), np.uint8)) == 0
    is_bare[:, :left] = is_bare[:, right:] = False
    inside = relief[is_bare]
    again = _written(relief, inside) if inside.size else None  # faint ink beside strong rules
    if again is None:
        return None
    writing = again & is_bare.view(np.uint8)
    reach = _OVER_A_RULE_SHARE * (lower - upper)
    writing[: max(int(upper - reach), 0)] = writing[int(lower + reach) :] = 0
    pieces = Pieces.of(writing)
    chosen = _in_the_cell(pieces, relief.shape, upper, lower)
    if not chosen.any():
        return None
    is_cell = (left, right) != (0, relief.shape[1])
    return _around(pieces.stats[chosen], (left, right), relief.shape), is_cell


def _written(relief: Grey, sample: Grey) -> Grey | None:
    """(H, W) 1 on ink; the threshold is that of the sample. None where nothing stands out."""
    threshold = otsu(sample)
    above = sample > threshold
    if not above.any() or sample[above].mean() - sample[~above].mean() < _LEAST_CONTRAST:
        return None
    return (relief > threshold).astype(np.uint8)


def _cell_sides(mask: Grey) -> tuple[int, int]:
    """First and last column (exclusive) between the long upright lines nearest to the middle."""
    height, width = mask.shape
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((max(3, height // 24), 1), np.uint8))
    length = max(int(_SIDE_SHARE * height), 8)
    upright = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    reach, edge = _MIDDLE_SHARE * width, max(2, round(_RULE_EDGE_SHARE * height))
    left, right = 0, width
    for first, last in _side_runs(upright):
        if last < width / 2 - reach:
            left = max(left, last + edge)
        elif first > width / 2 + reach:
            right = min(right, first + 1 - edge)
    return (left, right) if right - left >= _LEAST_CELL_SHARE * width else (0, width)


def _side_runs(upright: Grey) -> list[tuple[int, int]]:
    """First and last columns of the upright lines that run through the picture.

    A stroke of a tall digit is as long as part of a side, and so are digits in rows below each other, but
    neither runs through the whole height. A line may lean by some columns.
    """
    height, width = upright.shape
    leaned = cv2.dilate(upright, np.ones((1, 2 * _SIDE_LEAN_PX + 1), np.uint8))
    shares = leaned.mean(axis=0)
    columns = np.arange(width)
    at_edge = np.minimum(columns, width - 1 - columns) < _EDGE_SHARE * width
    is_side = upright.any(axis=0) & (shares > np.where(at_edge, _SIDE_AT_EDGE, _SIDE_THROUGH))
    starts = np.flatnonzero(np.diff(is_side.astype(np.int8), prepend=0) > 0)
    ends = np.flatnonzero(np.diff(is_side.astype(np.int8), append=0) < 0)
    widest = max(4, _THICKEST_SIDE_SHARE * height)
    runs = zip(starts.tolist(), ends.tolist(), strict=True)
    return [(first, last) for first, last in runs if last - first < widest]


def _cell_rules(mask: Grey, left: int, right: int) -> tuple[float, float, Grey]:
    """The nearest rules above and below the middle, solid or dotted, and all rules as a mask (H, W)."""
    height = mask.shape[0]
    cell = np.ascontiguousarray(mask[:, left:right])
    columns = cell.shape[1]
    gap = max(3, round(_RULE_GAP_SHARE * columns))
    thickest = max(3, round(_THICKEST_RULE_SHARE * height))
    tall = cv2.morphologyEx(cell, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    closed = cv2.morphologyEx(cell & ~tall, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    long = cv2.morphologyEx(
        closed, cv2.MORPH_OPEN, np.ones((1, max(int(_RULE_SHARE * columns), 8)), np.uint8)
    )
    rules = np.zeros_like(mask)
    rules[:, left:right] = cv2.dilate(long, np.ones((3, 1), np.uint8)) & ~tall
    rows = np.flatnonzero(long.any(axis=1))
    reach = _MIDDLE_SHARE * height
    above, below = rows[rows < height / 2 - reach], rows[rows > height / 2 + reach]
    upper = float(above.max()) if len(above) else 0.0
    lower = float(below.min()) if len(below) else float(height)
    return upper, lower, rules


def _in_the_cell(pieces: Pieces, shape: tuple[int, ...], upper: float, lower: float) -> NDArray[np.bool_]:
    """(1 + n,) which pieces are the number's: those whose middle is between the rules, and no specks."""
    _, top, wide, high, _ = pieces.stats.T
    middle = top + high / 2
    reach = 0.1 * (lower - upper)
    inside = (middle > upper - reach) & (middle < lower + reach)
    inside[0] = False
    # Rows of ink far from the middle are the neighbours' where the picture has several rows.
    core = inside & (high > 0.12 * (lower - upper)) & ~((high < 0.15 * wide) & (wide > 0.5 * shape[1]))
    if not core.any():
        return np.asarray(inside & (wide * high > 3), np.bool_)
    return _one_row(pieces, core, inside, shape[0] / 2)


def _one_row(
    pieces: Pieces, core: NDArray[np.bool_], inside: NDArray[np.bool_], centre: float
) -> NDArray[np.bool_]:
    """The row of writing nearest to the centre: pieces that overlap its tall ones."""
    _, top, _, high, _ = pieces.stats.T
    numbers = np.flatnonzero(core)
    distance = np.abs(top[numbers] + high[numbers] / 2 - centre)
    tall = high[numbers] >= 0.5 * np.percentile(high[numbers], 80)
    seed = numbers[np.where(tall, distance, np.inf).argmin()]
    first, last = float(top[seed]), float(top[seed] + high[seed])
    for _ in range(2):
        overlap = np.minimum(top + high, last) - np.maximum(top, first)
        row = inside & (overlap > 0.4 * np.minimum(high, last - first))
        tall_ones = row & (high > 0.5 * (last - first)) & (high < 1.8 * (last - first))
        if tall_ones.any():
            first, last = float(top[tall_ones].min()), float((top + high)[tall_ones].max())
    return np.asarray(row, np.bool_)


def _around(stats: NDArray[np.int32], sides: tuple[int, int], shape: tuple[int, ...]) -> Band:
    """The rectangle around the pieces; small ones widen it, but do not make it higher."""
    left, top, wide, high, _ = stats.T
    tall = high >= _SPECK_SHARE * high.max()
    first, last = float(top[tall].min()), float((top + high)[tall].max())
    unit = last - first
    near = tall | (wide * high > 0.004 * unit * unit)
    # Between the sides of a cell stands nothing but the number: what touches a side is not lost.
    start = float(sides[0]) if sides[0] else max(float(left[near].min()) - 0.3 * unit, 0.0)
    is_open = sides[1] == shape[1]
    end = min(float((left + wide)[near].max()) + 0.3 * unit, float(shape[1])) if is_open else float(sides[1])
    return Band(start, max(first, 0.0), end, min(last, float(shape[0])))
