"""The page within a picture: what lies inside of scanners' edges, margins, window frames and figures' axes.

A border is what leads from a side of the picture to a straight edge, in one shade of its own but for small
things (tick labels, a window's title), and what it leaves is a rectangle of another shade. Borders within
borders are taken off one after another. A box that is drawn around a digit has paper on both sides of its
lines and is no border (`frames` knows it), and neither is a stroke that lies along a side: ink inside joins
it.

This module knows nothing about digits, nor which of two shades is ink: whoever finds nothing on a page had
better look at the whole picture.

Letters: H, W size of the picture; h, w size of the page; K, number of places where an edge is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey
from inkdigits.paper.contrast import percentile
from inkdigits.paper.pieces import Pieces
from inkdigits.paper.sheet import Sheet

__all__ = ["within_borders"]

_MOST_BORDERS = 5  # one within another
_LOOK_SIDE_PX = 128  # borders are looked for on a copy of this size; one of 1% is a pixel wide there
_SAMPLE_SIDE_PX = 512
_DEEPEST_SHARE = 0.45  # of the picture; borders are no wider
_MIDDLE_SHARE = 0.4  # of a side, in its middle: the page is there, however wide the other borders are
_LEAST_PAPER_SHARE = 0.7  # of that middle; ink may have the border's own shade
_MARGIN_SHARE = 0.06  # of the picture; the page's margin is as wide, but for strokes here and there
_LEAST_STEP = 8.0  # grey levels from border to page; what differs less does not hide ink
_SMALLEST_PX = 10  # of a page's shorter side
_SMALLEST_SHARE = 0.12  # of the picture's longer side
_LONGEST = 5.0  # times as long as it is wide
_RECTANGLE_SHARE = (
    0.96  # of the rectangle around the page's convex hull; round corners cost 1%, a drawn 8 more
)
_MOST_ASLANT = 0.09  # slope of an edge: 5 degrees
_PART_SHARE = 0.04  # of its largest part; smaller ones are labels
_FILLED_SHARE = 0.5  # of the rectangle; a drawn box has less, and no page so much ink
_EDGE_SHARE = 0.75  # of an edge, where the page's shade begins; the rest is ink
_CLEAN_EDGE_SHARE = 0.97  # the same where no ink joins the border
_CORNER_SHARE = 0.12  # of an edge; corners are round to here
_STROKES_WIDE = (0.4, 2.5)  # strokes that join a border as wide as they are make it a stroke, too
_EVEN_SHARE = 0.75  # of a border; the rest is labels
_LABEL_SHARE = 0.12  # of the page's longer side; labels are less high or less wide
_SOFT_SHARE = 0.08  # of the page; edges are no softer
_SOFT_LEVELS = 5.0  # grey levels from the page's own shade, where an edge ends
_SOFT_STEP_SHARE = 0.05  # the same, of the step from border to page


@dataclass(frozen=True)
class _Border:
    """What a side of the picture seems to begin with: its shade, and how far the page's shade is from it."""

    shade: float
    step: float

    def is_like(self, other: _Border) -> bool:
        """Whether what the one would find, the other would."""
        return abs(self.shade - other.shade) < other.step / 3 and self.step > 0.7 * other.step


@dataclass(frozen=True)
class _Rectangle:
    """A page as seen on the small copy; which of its sides, in the order of `_SIDES`, have a border."""

    left: int
    top: int
    right: int
    bottom: int
    bordered: tuple[bool, bool, bool, bool]


# How often to turn the picture by a quarter, so that a side is on top: top, right, bottom, left.
_SIDES = range(4)


def within_borders(picture: Grey) -> list[Sheet]:
    """The pages within a picture, each within the one before; empty where it has no border.

    Args:
        picture: (H, W) grey, upright.
    """
    sheets = [Sheet(picture, np.eye(3))]
    while len(sheets) <= _MOST_BORDERS and (inner := _inside_border(sheets[-1])):
        sheets.append(inner)
    return sheets[1:]


def _inside_border(sheet: Sheet) -> Sheet | None:
    """The page within the outermost border, or None."""
    shrink = min(1.0, _LOOK_SIDE_PX / max(sheet.page.shape))
    # A line that is thinner than a pixel of the small copy would only change the shade beside it.
    lines = [_n_line(_turned(sheet.page, side), math.ceil(1 / shrink)) for side in _SIDES]
    within = sheet.cropped(lines) if any(lines) else sheet
    small = within.page
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in small.shape[::-1]]
        step = max(1, max(small.shape) // _SAMPLE_SIDE_PX)  # of a large picture a sample tells enough
        small = cv2.resize(small[::step, ::step], size, interpolation=cv2.INTER_AREA)
    if min(small.shape) < _SMALLEST_PX:
        return None
    tried: list[_Border] = []
    for side in _SIDES:
        for border in _borders_on_top(_turned(small, side)):
            if any(border.is_like(other) for other in tried):
                continue
            tried.append(border)
            rectangle = _find_rectangle(small, border)
            if rectangle is not None:
                return _cut_out(within, rectangle, border, shrink)
    return within if any(lines) else None


def _turned(picture: Grey, n_quarters: int) -> Grey:
    """A view of the picture, turned to the left by quarters; `np.rot90` takes longer than a look at it."""
    return (picture, picture.T[::-1], picture[::-1, ::-1], picture.T[:, ::-1])[n_quarters]


def _n_line(picture: Grey, most_px: int) -> int:
    """How many rows on top are one thin even line, of another shade than what follows; 0 if there is none."""
    rows = picture[: most_px + 1, :: max(1, picture.shape[1] // 100)]
    if most_px < 2 or len(picture) <= 4 * most_px or np.ptp(rows) < _LEAST_STEP:
        return 0
    shades = np.array([percentile(row, 50) for row in rows])
    if np.mean(np.abs(rows[0] - shades[0]) <= _LEAST_STEP) < _CLEAN_EDGE_SHARE:
        return 0
    return int(np.argmax(np.abs(shades - shades[0]) >= _LEAST_STEP))


def _borders_on_top(picture: Grey) -> list[_Border]:
    """What the picture may begin with, if most of what follows in the middle is of another shade.

    The second of two is for a page that is lit unevenly, and further in less unlike the border.
    """
    height, width = picture.shape
    n_middle = max(4, round(_MIDDLE_SHARE * width))
    start = (width - n_middle) // 2
    deep = picture[: max(2, round(_DEEPEST_SHARE * height)), start : start + n_middle]
    shade = percentile(picture[0], 50)
    off = np.abs(deep - np.float32(shade))  # (rows, columns)
    at = round((1 - _LEAST_PAPER_SHARE) * (n_middle - 1))
    steps = np.partition(off, at, axis=1)[:, at]
    first = int(np.argmax(steps >= _LEAST_STEP))  # row of the page: its own margin follows
    if steps[first] < _LEAST_STEP:
        return []
    n_margin = max(3, round(_MARGIN_SHARE * height))
    step = percentile(steps[first : first + n_margin], 50)
    further = percentile(steps[first:], 25)
    return [_Border(shade, each) for each in (step, min(step, further)) if each >= _LEAST_STEP]


def _find_rectangle(small: Grey, border: _Border) -> _Rectangle | None:
    """The rectangle that is not of the border's shade; None if it is no page."""
    differs = (np.abs(small - np.float32(border.shade)) > border.step / 2).astype(np.uint8)
    solid = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # without ticks
    _, _, width, height = cv2.boundingRect(solid)
    if cv2.countNonZero(solid) < _FILLED_SHARE / 2 * width * height:
        return None  # ordinary writing, mostly: no need to take it apart
    page = _large_pieces(solid)
    left, top, width, height = cv2.boundingRect(page)
    right, bottom = left + width, top + height
    smallest = max(_SMALLEST_PX - 2, _SMALLEST_SHARE * max(small.shape))
    if min(width, height) < smallest or max(width, height) > _LONGEST * min(width, height):
        return None
    bordered = (top > 0, right < small.shape[1], bottom < small.shape[0], left > 0)
    if not any(bordered) or np.mean(differs[top:bottom, left:right]) < _FILLED_SHARE:
        return None
    hull = cv2.convexHull(cv2.findNonZero(page))
    if not _is_upright_rectangle(hull) or not _is_even(differs, hull, max(width, height)):
        return None
    rectangle = _Rectangle(left, top, right, bottom, bordered)
    return rectangle if _has_edges(differs, rectangle) else None


def _large_pieces(solid: Grey) -> Grey:
    """(H, W) 0 or 1, without pieces much smaller than the largest: ink can part a page, labels are small."""
    pieces = Pieces.of(solid)
    area = pieces.stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    is_large = np.asarray(area >= max(1, _PART_SHARE * area.max()), np.bool_)
    return np.asarray(is_large.take(pieces.labels), np.uint8)


def _is_upright_rectangle(hull: NDArray[np.int32]) -> bool:
    """Whether a convex hull, (k, 1, 2) points, x before y, is a rectangle, and hardly aslant."""
    _, (width, height), degrees = cv2.minAreaRect(hull)
    aslant = abs((degrees + 45) % 90 - 45)
    return bool(
        cv2.contourArea(hull) >= _RECTANGLE_SHARE * width * height
        and np.tan(np.deg2rad(aslant)) <= _MOST_ASLANT
    )


def _is_even(differs: Grey, hull: NDArray[np.int32], page_side: int) -> bool:
    """Whether outside of the page's hull there is the border's shade, and but small things."""
    inside = cv2.fillConvexPoly(np.zeros_like(differs), hull, 1)
    n_outside = inside.size - cv2.countNonZero(inside)
    # An edge that is soft belongs to neither.
    outside = differs & (1 - cv2.dilate(inside, np.ones((3, 3), np.uint8)))
    if cv2.countNonZero(outside) > (1 - _EVEN_SHARE) * n_outside:
        return False
    _, _, width, height, _ = Pieces.of(outside).stats[1:].T
    return not (np.minimum(width, height) > max(3, _LABEL_SHARE * page_side)).any()


def _has_edges(differs: Grey, rectangle: _Rectangle) -> bool:
    """Whether the page's shade begins all along its edges, and no stroke joins a border as wide as it is."""
    inner: Grey = differs[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right]
    height, width = differs.shape
    thick = (rectangle.top, width - rectangle.right, height - rectangle.bottom, rectangle.left)
    n_strokes = 0
    for side in _SIDES:
        if not rectangle.bordered[side]:
            continue
        turned = _turned(inner, side)
        corner = round(_CORNER_SHARE * turned.shape[1])
        n_rim = 2 + round(_MOST_ASLANT / 2 * turned.shape[1])  # an edge aslant begins later at one end
        begins = np.any(turned[:n_rim, corner : turned.shape[1] - corner], axis=0)
        share = float(begins.mean())
        if share < _EDGE_SHARE:
            return False
        joined_px = (1 - share) * len(begins)
        is_stroke = _STROKES_WIDE[0] <= joined_px / thick[side] <= _STROKES_WIDE[1]
        n_strokes += share < _CLEAN_EDGE_SHARE and is_stroke
    return n_strokes <= (1 if all(rectangle.bordered) else 0)


def _cut_out(whole: Sheet, rectangle: _Rectangle, border: _Border, shrink: float) -> Sheet | None:
    """The page, from the picture in its own size; None where its edges turn out not to be straight."""
    picture = whole.page
    height, width = picture.shape
    corners = (rectangle.left, rectangle.top, rectangle.right, rectangle.bottom)
    left, top, right, bottom = (
        min(round(each / shrink), most) for each, most in zip(corners, (width, height) * 2, strict=True)
    )
    slack = 1 + round(2 / shrink)
    spans = ((left, right), (top, bottom), (left, right), (top, bottom))
    places = (top, width - right, height - bottom, left)
    lines: list[tuple[float, float]] = []  # of each side: where its edge is at the two ends of its span
    for side, is_bordered, span, place in zip(_SIDES, rectangle.bordered, spans, places, strict=True):
        if not is_bordered:
            lines.append((0.0, 0.0))
            continue
        turned = _turned(picture, side)
        start, end = span if side in (0, 1) else (turned.shape[1] - span[1], turned.shape[1] - span[0])
        found = _edge(turned, place, (start, end), border, slack)
        if found is None or min(found) - place > slack:  # ink reaches across: the light changes here
            return None
        lines.append(found if side in (0, 1) else found[::-1])
    if max(abs(one - other) for one, other in lines) < 1.5:
        sheet = whole.cropped([int(np.ceil(max(line))) for line in lines])
    else:
        sheet = whole.straightened(_corners(lines, left, top, right, bottom, picture.shape))
    soft = [_n_soft(_turned(sheet.page, side), border) if rectangle.bordered[side] else 0 for side in _SIDES]
    sheet = sheet.cropped(soft)
    ends = (_turned(sheet.page, side) for side, n in zip(_SIDES, soft, strict=True) if n > 1)
    if not all(rectangle.bordered) and any(_is_crossed(end, border) for end in ends):
        return None
    if min(sheet.page.shape) < _SMALLEST_PX:
        return None
    return replace(sheet, page=_without_corners(sheet.page, rectangle.bordered, border))


def _edge(
    picture: Grey, place: int, span: tuple[int, int], border: _Border, slack_px: int
) -> tuple[float, float] | None:
    """Where the border on top ends, at the left and at the right end of a span of columns.

    The line is Tukey's resistant one, through the medians of thirds: ink and labels do not count.
    """
    start, end = span
    tilt_px = round(_MOST_ASLANT * (end - start) / 2)
    low, high = max(0, place - slack_px - 1), min(len(picture), place + slack_px + 2 * tilt_px)
    inset = round(0.06 * (end - start))
    columns = np.unique(np.linspace(start + inset, end - 1 - inset, 150).astype(int))  # (K,)
    window = picture[low:high, columns]
    is_page = np.asarray(np.abs(window - np.float32(border.shade)) > border.step / 2)  # (rows, K)
    found = is_page.any(axis=0)
    if found.mean() < _EDGE_SHARE / 2:
        return None
    columns, depths = columns[found], low + np.argmax(is_page[:, found], axis=0)
    third = max(1, len(columns) // 3)
    left_x, left_y = np.median(columns[:third]), np.median(depths[:third])
    right_x, right_y = np.median(columns[-third:]), np.median(depths[-third:])
    slope = (right_y - left_y) / max(right_x - left_x, 1)
    if abs(slope) * (end - start) < 1.5:
        middle = float(np.median(depths))
        return middle, middle
    return float(left_y + slope * (start - left_x)), float(left_y + slope * (end - left_x))


def _corners(
    lines: list[tuple[float, float]], left: int, top: int, right: int, bottom: int, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """(4, 2) where the lines of the four sides meet, x before y, clockwise from the left on top."""
    height, width = shape

    def at(line: tuple[float, float], low: int, high: int, where: float) -> float:
        return line[0] + (line[1] - line[0]) * (where - low) / max(high - low, 1)

    corners = []
    for x, y, is_right, is_bottom in (
        (left, top, 0, 0),
        (right, top, 1, 0),
        (right, bottom, 1, 1),
        (left, bottom, 0, 1),
    ):
        across, down = float(x), float(y)
        for _ in range(3):
            across = width - at(lines[1], top, bottom, down) if is_right else at(lines[3], top, bottom, down)
            down = (
                height - at(lines[2], left, right, across) if is_bottom else at(lines[0], left, right, across)
            )
        corners.append((across, down))
    return np.array(corners, np.float32)


def _n_soft(page: Grey, border: _Border) -> int:
    """How many rows on top are still on their way from the border's shade to the page's."""
    height, width = page.shape
    most = round(_SOFT_SHARE * height)
    inset = width // 10
    rows = np.median(page[: 2 * most + 2, inset : width - inset], axis=1)
    away = np.sign(rows[0] - border.shade)  # ink comes back from there
    further = away * (rows[most // 2 + 1 :] - rows[: len(rows) - most // 2 - 1])[: most + 1]
    is_page = further <= max(_SOFT_LEVELS, _SOFT_STEP_SHARE * border.step)
    return int(np.argmax(is_page)) if is_page.any() else most


def _is_crossed(page: Grey, border: _Border) -> bool:
    """Whether ink begins at the very edge on top: a soft edge is a shadow's then, and the ink goes on."""
    corner = round(_CORNER_SHARE * page.shape[1])
    row = page[0, corner : page.shape[1] - corner]
    off = np.abs(row - np.float32(percentile(row, 50)))
    return bool(np.mean(off > border.step / 2) > 1 - _CLEAN_EDGE_SHARE)


def _without_corners(page: Grey, bordered: tuple[bool, ...], border: _Border) -> Grey:
    """The page with the border's shade painted over where its corners are round."""
    page = page.copy()
    px = max(2, round(_CORNER_SHARE * min(page.shape)))
    for side in _SIDES:
        if not (bordered[side] and bordered[side - 1]):
            continue
        corner = _turned(page, side)[:px, :px]  # between this side and the one on its left
        beyond = (np.abs(corner - np.float32(border.shade)) <= border.step / 2).astype(np.uint8)
        if beyond[0, 0] and not beyond.all():
            pieces = Pieces.of(beyond)
            beyond = pieces.labels == pieces.labels[0, 0]
            beyond = cv2.dilate(beyond.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            paper = corner[~beyond]
            corner[beyond] = np.median(paper) if paper.size else border.shade
    return page
