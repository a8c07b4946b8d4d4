"""The boxes that forms have around their digits: found, and where the digit touches one, cut off.

Letters: h, w size of the part of the page that holds ink; n, number of pieces.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Mask
from inkdigits.paper.pieces import Pieces, padded

__all__ = ["is_frame", "is_outline", "without_frame"]

_RIM_SHARE = 0.1  # of its width and height; the lines of a frame lie so near its outside
_SMALLEST_PX = 12  # of a frame, on a page at its working size
_MOST_FRAMES = 3  # that are looked for, among the largest pieces
_DIGIT_SHARE = 0.25  # of a frame's height; what is lower is no digit, and the frame may be one itself
_RECTANGLE_SHARE = 0.93  # of the rectangle around it; an ellipse has 0.79, and the loops of an eight 0.9
_MOST_ASLANT_DEGREES = 8.0  # of a frame; pages lie askew in scanners and before cameras
_DRAWN_SHARE = 0.95  # of a frame's outline; the loops of an eight leave its waist free
_EDGE_PX = 2  # so far the edges of a frame's lines are rough
_GAP_SHARE = 0.08  # of the longer side of all ink; gaps in a frame's lines that are shorter are bridged
_PIECE_SHARE = 0.35  # of the box of frame and digit together, which may stick out


def is_frame(pieces: Pieces, order: NDArray[np.intp]) -> Mask:
    """Which pieces are boxes drawn around a digit: all outline, with something inside.

    Args:
        pieces: of the ink.
        order: (n,) their numbers, the largest first.

    Returns:
        (n,), in that order.
    """
    found = np.zeros(len(order), np.bool_)
    for i, number in enumerate(order[:_MOST_FRAMES] if len(order) > 1 else ()):
        if is_outline(pieces, number):
            others = pieces.stats[order[np.isin(order, _inside(pieces, number)) & (order != number)]]
            height = pieces.stats[number, cv2.CC_STAT_HEIGHT]
            found[i] = bool((others[:, cv2.CC_STAT_HEIGHT] > _DIGIT_SHARE * height).any())
    return found


def is_outline(pieces: Pieces, number: np.intp) -> bool:
    """Whether a piece is a rectangle's outline, and large enough for a digit."""
    _, _, width, height, area = pieces.stats[number]
    inside = _inside(pieces, number)
    return bool(
        inside.size and min(width, height) >= _SMALLEST_PX and (inside == number).sum() <= 0.05 * area
    )


def _inside(pieces: Pieces, number: np.intp) -> NDArray[np.int32]:
    """The labels within the box of a piece, but for a rim where the lines of a frame would be."""
    left, top, width, height, _ = pieces.stats[number]
    rim_x, rim_y = math.ceil(_RIM_SHARE * width), math.ceil(_RIM_SHARE * height)
    return pieces.labels[top + rim_y : top + height - rim_y, left + rim_x : left + width - rim_x]


def without_frame(pieces: Pieces) -> Pieces:
    """Take away the frame around a digit, whether the digit touches or crosses it or not.

    What a frame encloses is a rectangle, but for what the digit covers, and the convex hull of the rest does
    not see that. A digit's own loops are round, or have nothing in them. A frame whose lines have gaps
    encloses nothing until these are bridged.
    """
    strokes = (pieces.labels > 0).astype(np.uint8)
    rest = _inside_frame(strokes, pieces)
    if rest is None and len(pieces.stats) > 2:
        rest = _inside_frame(strokes, Pieces.of(_bridged(strokes)))
    return pieces if rest is None else Pieces.of(rest)


def _bridged(strokes: Grey) -> Grey:
    """(h, w) 0 or 1, the gaps between strokes filled, across and down, where they are short."""
    side = max(3, round(_GAP_SHARE * max(strokes.shape)))
    beyond = padded(strokes, side)
    across, down = (
        cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, np.ones(size, np.uint8)) for size in ((1, side), (side, 1))
    )
    return np.ascontiguousarray((across | down)[side:-side, side:-side])


def _inside_frame(strokes: Grey, pieces: Pieces) -> Grey | None:
    """(h, w) 0 or 1, the strokes without the first of the pieces that is a frame; None if none is."""
    lines = (pieces.labels > 0).astype(np.uint8)
    contours, hierarchy = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = np.empty(0, np.int32) if hierarchy is None else hierarchy[0, :, 3]  # -1 of what is not enclosed
    # `np.unique` would load `numpy.ma`, a tenth of the time that one picture takes in a new process.
    for parent in sorted({*parents[parents >= 0].tolist()}):
        holes = np.concatenate([hole for hole, of in zip(contours, parents, strict=True) if of == parent])
        left, top, width, height = cv2.boundingRect(contours[parent])
        if not _is_rectangle(holes, _PIECE_SHARE * width * height):
            continue
        here = np.s_[top : top + height, left : left + width]
        x, y = contours[parent][0, 0]
        piece = (pieces.labels[here] == pieces.labels[y, x]).astype(np.uint8)
        enclosed = cv2.fillConvexPoly(np.zeros_like(piece), cv2.convexHull(holes) - np.array([left, top]), 1)
        outline = enclosed & ~_grown(enclosed, -1)
        if cv2.countNonZero(piece & outline) < _DRAWN_SHARE * cv2.countNonZero(outline):
            continue
        inside = strokes[here] & _grown(enclosed, -_EDGE_PX)
        if Pieces.of(inside).stats[1:, cv2.CC_STAT_HEIGHT].max(initial=0) >= _DIGIT_SHARE * height:
            line_px = cv2.countNonZero(piece & ~enclosed) / cv2.countNonZero(outline)
            drawn = piece & strokes[here]
            sticking_out = _sticking_out(drawn, enclosed, inside, math.ceil(1.5 * line_px) + 1)
            rest = strokes.copy()
            rest[here] = inside | (strokes[here] & ~piece) | sticking_out
            return rest
    return None


def _is_rectangle(points: NDArray[np.int32], least_area: float) -> bool:
    """Whether the convex hull of (k, 1, 2) points, x before y, is one, and hardly aslant."""
    _, (width, height), degrees = cv2.minAreaRect(points)
    if min(width, height) < _SMALLEST_PX or width * height < least_area:
        return False
    if abs((degrees + 45) % 90 - 45) > _MOST_ASLANT_DEGREES:
        return False
    area = cv2.contourArea(cv2.convexHull(points))
    return bool(area >= _RECTANGLE_SHARE * width * height)


def _sticking_out(piece: Grey, enclosed: Grey, inside: Grey, line_px: int) -> Grey:
    """What a digit has outside of its frame, and across the frame's lines; all (h, w) 0 or 1."""
    outside = piece & ~_grown(enclosed, line_px)
    reach = line_px + _EDGE_PX
    return np.asarray(outside | (piece & _grown(_grown(inside | outside, reach), -reach)), np.uint8)


def _grown(mask: Grey, by_px: int) -> Grey:
    """(h, w) 0 or 1, grown by a square's half side, or shrunk where that is negative."""
    kernel = np.ones((2 * abs(by_px) + 1,) * 2, np.uint8)
    change = cv2.dilate if by_px > 0 else cv2.erode
    # Beyond the picture there is nothing.
    return np.asarray(change(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0), np.uint8)
