"""A field that somebody cut out: which part of it is the number, and which is rules, frames and neighbours.

The number is the writing around the middle of the picture, inside the sides of its cell where it has some.
What comes out is a band of the picture that holds the number and little else, and the cuts to read it by.

Letters: H, W size of the picture; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Plane
from inkdigits.layout.cuts import (
    Band,
    Cut,
    cuts_of_band,
    cuts_of_close_crop,
    cuts_of_doubtful_cell,
    cuts_of_single_digit,
    cuts_of_tight_crop,
)
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
_LEVEL_SHARE = 0.4  # of the width: rules that sides end at are at least so long
_END_SHARE = 0.025  # of the height: what ends so near to an edge goes on beyond it
_BEND_SHARE = 0.005  # of the height: the median distance of a side from a straight line is less
_LEAST_BEND_PX = 0.3
_STEEPEST_SIDE = 0.04  # columns a row
_THICKEST_SIDE_SHARE = 0.08  # of the height
_RULE_SHARE = 0.5  # of the cell's width: a rule is at least so long, its gaps included
_RULE_THROUGH = 0.9  # the same in a narrow cell, where strokes span half of it as well
_LONGEST_STROKE_SHARE = 0.8  # of the height: no stroke is longer across
_RULE_GAP_SHARE = 0.05  # of the width: gaps between the dots of a rule
_THICKEST_RULE_SHARE = 0.05  # of the height
_RULE_EDGE_SHARE = 0.035  # of the height: how far the soft edge of a side reaches
_OVER_A_RULE_SHARE = 0.3  # of the distance between rules: so far a number may reach over one
_MIDDLE_SHARE = 0.1  # of the picture around its middle, where no rule bounds the number
_LEAST_CELL_SHARE = 0.2  # of the picture: what is smaller is no cell
_SPECK_SHARE = 0.2  # of the band's height: smaller pieces do not stretch it
_ALIKE_THICKNESS, _ALIKE_DARKNESS = (0.8, 1.8), (0.92, 1.2)  # of a stroke by that of another
_NARROW_SHARE = 0.7  # of the height: what is narrower is one digit, cut out
_BEYOND_SHARE = 0.12  # of the height: paper that a line has before and after a number that fills its picture
_TIGHT_SHARE = 0.85  # of the height: a number that has more all but touches the edges
_CLOSE_SHARE = 0.5  # of the picture: a number that fills more was cut out closely


@dataclass(frozen=True, eq=False)
class Field:
    """A picture with writing on it.

    Attributes:
        darkness: (H, W) grey levels; large where the ink is, be it dark or light.
        cuts: of its number, best first; empty where nothing is written.
        band: where its number is, for a reader with margins of its own; None where nothing is written.
    """

    darkness: Plane
    cuts: tuple[Cut, ...]
    band: Band | None


def find_field(page: Grey) -> Field:
    """Find the number in the middle of a picture (H, W)."""
    shrink = min(1.0, _LAYOUT_HEIGHT_PX / page.shape[0])
    small = cv2.resize(page, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else page
    relief, is_light = _relief(np.asarray(small, np.uint8))
    darkness = (page if is_light else 255 - page).astype(np.float32)
    mask = _written(relief, relief)
    layout = None if mask is None else _lay_out(relief, mask, page.shape)
    if layout is None:
        return Field(darkness, (), None)
    cuts, band = layout
    return Field(darkness, cuts, band)


def _lay_out(relief: Grey, mask: Grey, shape: tuple[int, ...]) -> tuple[tuple[Cut, ...], Band] | None:
    """The cuts and the band of the number in a picture of a shape (H, W); the relief may be smaller."""
    height, width = shape
    back = height / relief.shape[0]
    edges = (0, relief.shape[1])
    sides = _cell_sides(mask)
    band = _find_band(relief, mask, sides, back)
    if band is None and sides != edges:  # nothing stands between them: they are strokes, as in an 11
        sides = edges
        band = _find_band(relief, mask, sides, back)
    if band is None:
        return None
    picture = Band(0.0, 0.0, float(width), float(height))
    whole = Band(-_BEYOND_SHARE * height, 0.0, width + _BEYOND_SHARE * height, float(height))
    is_tall = band.height > _CLOSE_SHARE * height
    if sides == edges:
        if width < _NARROW_SHARE * height:
            return cuts_of_single_digit(whole, band), picture
        if band.height > _TIGHT_SHARE * height:
            return cuts_of_tight_crop(whole, band), band
        is_close = is_tall and band.right - band.left > _CLOSE_SHARE * width
        return cuts_of_close_crop(whole, band) if is_close else cuts_of_band(band), band
    if not is_tall:
        return cuts_of_band(band), band
    if (sides[0] > 0 and sides[1] < edges[1]) or not _is_like_strokes(relief, mask, sides):
        return (*cuts_of_band(band), Cut(whole, 0.0)), band
    bare = _find_band(relief, mask, edges, back) or band
    return cuts_of_doubtful_cell(whole, band, bare), picture


def _is_like_strokes(relief: Grey, mask: Grey, sides: tuple[int, int]) -> bool:
    """Whether the only side of a picture is as thick and as dark as the writing, so that it may be a 1."""
    left, right = sides
    inside, side = np.s_[:, left:right], (np.s_[:, :left] if left else np.s_[:, right:])
    if not mask[inside].any() or not mask[side].any():  # ink that is much fainter
        return False
    thickness: float = _thickness(mask[side]) / _thickness(mask[inside])
    darkness = float(relief[side][mask[side] > 0].mean() / relief[inside][mask[inside] > 0].mean())
    is_as_thick = _ALIKE_THICKNESS[0] < thickness < _ALIKE_THICKNESS[1]
    return is_as_thick and _ALIKE_DARKNESS[0] < darkness < _ALIKE_DARKNESS[1]


def _thickness(mask: Grey) -> float:
    """The mean width of strokes in a mask (h, w): twice their area by the length of their outline."""
    core = cv2.erode(np.ascontiguousarray(mask), np.ones((3, 3), np.uint8))
    return 2 * float(mask.sum()) / max(float((mask & ~core).sum()), 1.0)


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


def _find_band(relief: Grey, mask: Grey, sides: tuple[int, int], back: float) -> Band | None:
    """The band of the number between the sides of its cell, `back` times as large as in the relief."""
    left, right = sides
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
    band = _around(pieces.stats[chosen], sides, relief.shape)
    return Band(back * band.left, back * band.top, back * band.right, back * band.bottom)


def _written(relief: Grey, sample: Grey) -> Grey | None:
    """(H, W) 1 on ink; the threshold is that of the sample. None where nothing stands out."""
    threshold = otsu(sample)
    above = sample > threshold
    if not above.any() or sample[above].mean() - sample[~above].mean() < _LEAST_CONTRAST:
        return None
    return (relief > threshold).astype(np.uint8)


def _cell_sides(mask: Grey) -> tuple[int, int]:
    """First and last column (exclusive) between the sides nearest to the middle."""
    height, width = mask.shape
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((max(3, height // 24), 1), np.uint8))
    length = max(int(_SIDE_SHARE * height), 8)
    upright = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    runs = _side_runs(upright)
    if not runs:
        return 0, width
    level = _level_lines(mask, _LEVEL_SHARE * width)
    reach, edge = _MIDDLE_SHARE * width, max(2, round(_RULE_EDGE_SHARE * height))
    left, right = 0, width
    for first, last in runs:
        if not _is_side(mask, level, first, last):
            continue
        if last < width / 2 - reach:
            left = max(left, last + edge)
        elif first > width / 2 + reach:
            right = min(right, first + 1 - edge)
    return (left, right) if right - left >= _LEAST_CELL_SHARE * width else (0, width)


def _is_side(mask: Grey, level: Grey, first: int, last: int) -> bool:
    """Whether an upright line is straight and ends only at edges and rules; a tall 1 bends, or ends."""
    height = mask.shape[0]
    start, end = max(first - _SIDE_LEAN_PX, 0), last + _SIDE_LEAN_PX + 1
    strip = mask[:, start:end]
    inked = strip.sum(axis=1, dtype=np.int64)  # (H,)
    rows = np.flatnonzero(inked)
    near = _END_SHARE * height + 1
    for row, distance in ((rows[0], rows[0]), (rows[-1], height - 1 - rows[-1])):
        around = level[max(int(row - near), 0) : int(row + near) + 1, max(start - 2, 0) : end + 2]
        if distance > near and not around.any():
            return False
    bare = np.flatnonzero((inked > 0) & (inked <= 1.5 * np.median(inked[rows])))  # where no other ink joins
    if len(bare) < 0.3 * height:
        return True
    middles = strip[bare] @ np.arange(strip.shape[1]) / inked[bare]
    slope, offset = np.polyfit(bare, middles, 1)
    bend = float(np.median(np.abs(middles - slope * bare - offset)))
    return bool(bend <= max(_BEND_SHARE * height, _LEAST_BEND_PX) and abs(slope) <= _STEEPEST_SIDE)


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


def _level_lines(mask: Grey, length: float) -> Grey:
    """(H, W) 1 on level lines, solid or dotted, of at least so many columns."""
    gap = max(3, round(_RULE_GAP_SHARE * mask.shape[1]))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    return np.asarray(
        cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, max(int(length), 8)), np.uint8)), np.uint8
    )


def _cell_rules(mask: Grey, left: int, right: int) -> tuple[float, float, Grey]:
    """The nearest rules above and below the middle, solid or dotted, and all rules as a mask (H, W)."""
    height = mask.shape[0]
    cell = np.ascontiguousarray(mask[:, left:right])
    columns = cell.shape[1]
    thickest = max(3, round(_THICKEST_RULE_SHARE * height))
    tall = cv2.morphologyEx(cell, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    # In a narrow cell a stroke of a digit spans half of it as well: a rule goes all the way.
    length = max(_RULE_SHARE * columns, min(_RULE_THROUGH * columns, _LONGEST_STROKE_SHARE * height))
    long = _level_lines(cell & ~tall, length)
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
