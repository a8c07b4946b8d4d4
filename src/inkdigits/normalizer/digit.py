"""Page -> the digit's own ink: the main piece and what belongs to it, without what stands around.

Letters: H, W size of the page; h, w size of the part that holds ink, or of the crop; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import BOX_SIDE, Grey, Mask, Plane
from inkdigits.paper.binarization import find_ink
from inkdigits.paper.frames import is_frame, is_outline, without_frame
from inkdigits.paper.pieces import Pieces, padded
from inkdigits.results import Box

__all__ = ["Found", "find_digit"]

_WORKING_SIDE = 400  # pages are shrunk to this: a digit of a quarter of the page keeps five times the box
_CLOSER_LOOK_PX = 100  # a digit shorter than this on a shrunk page is looked at again, unshrunk
_SHORTEST_DIGIT_SHARE = 0.02  # of the page's longer side; shorter things are specks
_MOST_PIECES = 200  # where there are more, the rest is dust
_REACH = 0.4  # lengths of the main piece; so far from it a long piece may lie, a five's bar for one
_REACH_AT_EDGE = 0.1  # the same for pieces that touch the edge of the page: often shadows and strangers
_OTHER_DIGIT_SHARE = 0.4  # lengths of the main piece; what stands apart and is as tall may be a digit
_WHOLE_SHARE = 0.8  # of the main piece's height; a piece at the edge that is as tall may be a digit
_CONTACT_SHARE = 0.3  # of its height; so much of the edge it may touch
_ROW_SHARE = 0.6  # of the height of all that was kept; digits in a row are as tall
_FEWEST_IN_ROW = 3
_OTHER_PEN = 4.0  # times as thick or as thin as the main piece: no digit, but a shadow or a line


@dataclass(frozen=True, eq=False)
class Found:
    """A digit on a page.

    Attributes:
        crop: (h, w) its ink, 0 to 1.
        box: of the crop, in pixels of the page.
        others: how many further digits the page seems to hold.
    """

    crop: Plane
    box: Box
    others: int


def find_digit(page: Grey) -> Found | None:
    """The digit; a small one on a large page is looked at again from near."""
    found = _find_at_working_size(page)
    if found is None or max(page.shape) <= _WORKING_SIDE:
        return found
    box = found.box
    longest = max(box.width, box.height)
    if longest * _WORKING_SIDE > _CLOSER_LOOK_PX * max(page.shape):
        return found
    around = max(longest // 2, 8)
    left, top = max(0, box.left - around), max(0, box.top - around)
    near = page[top : box.top + box.height + around, left : box.left + box.width + around]
    closer = _find_at_working_size(near)
    if closer is None:
        return found
    box = replace(closer.box, left=closer.box.left + left, top=closer.box.top + top)
    return replace(closer, box=box, others=found.others)


def _find_at_working_size(page: Grey) -> Found | None:
    """The digit as it is on the page at the working size."""
    shrink = min(1.0, _WORKING_SIDE / max(page.shape))
    size = [max(1, round(side * shrink)) for side in page.shape[::-1]]
    working = page if shrink == 1.0 else cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    ink = find_ink(working)
    if ink is None:
        return None
    kept = _keep_digit_pieces(ink.pieces, max(size))
    if kept is None:
        return None
    strokes, others = kept
    # The soft edge belongs to the stroke: two pixels around it, where there is ink at all.
    soft = cv2.dilate(strokes.view(np.uint8), np.ones((5, 5), np.uint8))
    levels = cv2.bitwise_and(ink.levels, ink.levels, mask=soft)
    left, top, width, height = cv2.boundingRect((levels > 0).view(np.uint8))
    here = np.s_[top : top + height, left : left + width]
    # MNIST's makers shrank black and white pictures: where there are pixels to spare, so do we.
    spare = max(width, height) // (2 * BOX_SIDE)
    crop = _filled(strokes[here], spare) if spare else levels[here]
    box = _box_on_page((ink.left + left, ink.top + top, width, height), shrink, page.shape)
    return Found(crop, box, others)


def _filled(strokes: Mask, gap_px: int) -> Plane:
    """Strokes as one plane of ink, the gaps that a rough paper leaves in a pencil's line filled."""
    kernel = np.ones((gap_px | 1, gap_px | 1), np.uint8)
    filled: Plane = cv2.morphologyEx(strokes.view(np.uint8), cv2.MORPH_CLOSE, kernel).astype(np.float32)
    return filled


def _box_on_page(box: tuple[int, ...], shrink: float, shape: tuple[int, ...]) -> Box:
    """The same box in pixels of the page before it was shrunk."""
    height, width = shape
    left, top = min(width - 1, int(box[0] / shrink)), min(height - 1, int(box[1] / shrink))
    right = min(width, max(left + 1, round((box[0] + box[2]) / shrink)))
    bottom = min(height, max(top + 1, round((box[1] + box[3]) / shrink)))
    return Box(left, top, right - left, bottom - top)


def _keep_digit_pieces(pieces: Pieces, page_side: int) -> tuple[Mask, int] | None:
    """Keep the main piece and what may belong to it, and count further digits; None of mere specks.

    The dashes of one line lie no further apart than they are long, while dust lies anywhere: the longer a
    piece, the further from the others it may be.
    """
    pieces = without_frame(pieces)
    order = 1 + np.argsort(-pieces.stats[1:, cv2.CC_STAT_AREA], kind="stable")[:_MOST_PIECES]
    order = order[~is_frame(pieces, order)]
    left, top, width, height = pieces.stats[order, :4].T  # (n,) each
    length = np.hypot(width, height)
    shortest = max(2, _SHORTEST_DIGIT_SHARE * page_side)
    if not length.size or np.maximum(width, height).max() < shortest:
        return None
    if len(order) == 1:
        return np.asarray(pieces.labels == order[0], np.bool_), 0
    # Of the page, or of the part that holds ink: ink that ends has paper around it there too.
    at_edge = pieces.at_edge()[order]
    main = int(np.argmax(length * np.where(at_edge, 0.3, 1.0)))
    counts = (height >= _OTHER_DIGIT_SHARE * length[main]) & (~at_edge | _is_whole(pieces, order, main))
    at_edge &= not at_edge[main]  # A crop that cuts the main piece cuts its other pieces too.
    reach = np.minimum(length, np.where(at_edge, _REACH_AT_EDGE, _REACH) * length[main])
    gaps = _gaps(left, left + width, top, top + height)
    kept = np.arange(len(order)) == main
    for _ in range(len(order)):
        grown = kept | (gaps[:, kept].min(axis=1) <= reach)
        if (grown == kept).all():
            break
        kept = grown
    is_kept = np.zeros(len(pieces.stats), np.bool_)
    is_kept[order[kept]] = True
    others = _count_digits(pieces, order[main], order[counts & ~kept])
    others = max(others, _n_beside(pieces.stats[order[kept]]) - 1)
    return np.asarray(is_kept.take(pieces.labels), dtype=np.bool_), others


def _gaps(
    left: NDArray[np.int32], right: NDArray[np.int32], top: NDArray[np.int32], bottom: NDArray[np.int32]
) -> NDArray[np.int32]:
    """(n, n) pixels between boxes: the larger of the distance across and the distance down."""
    across = np.maximum(left[:, None] - right, left - right[:, None])
    down = np.maximum(top[:, None] - bottom, top - bottom[:, None])
    gaps: NDArray[np.int32] = np.maximum(np.maximum(across, down), 0)
    return gaps


def _is_whole(pieces: Pieces, order: NDArray[np.intp], main: int) -> Mask:
    """(n,) which pieces are as tall as the main one, and touch the edge of the page just here and there.

    Tight crops cut nothing off their digits; what a crop has of its neighbours is cut along the edge.
    """
    heights = pieces.stats[order, cv2.CC_STAT_HEIGHT]
    whole = np.zeros(len(order), np.bool_)
    for i in np.flatnonzero((heights >= _WHOLE_SHARE * heights[main]) & (order != order[main])):
        rims = (pieces.labels[:, 0], pieces.labels[:, -1], pieces.labels[0], pieces.labels[-1])
        contact_px = max(np.count_nonzero(rim == order[i]) for rim in rims)
        whole[i] = contact_px <= _CONTACT_SHARE * heights[i]
    return whole


def _n_beside(stats: NDArray[np.int32]) -> int:
    """How many of the kept pieces stand in a row as digits do; 0 where that may be one digit in parts.

    A digit falls into two parts beside each other, an open four, but hardly into three as high as itself.
    """
    left, top, width, height = stats[:, :4].T
    box_height = (top + height).max() - top.min()
    is_tall = (height >= _ROW_SHARE * box_height) & (height > width)
    rows = sorted(zip(left[is_tall], (left + width)[is_tall], strict=True))
    n, end = 0, -1
    for start, stop in rows:
        if start >= end:
            n, end = n + 1, stop
    return n if n >= _FEWEST_IN_ROW else 0


def _count_digits(pieces: Pieces, main: np.intp, candidates: NDArray[np.intp]) -> int:
    """How many pieces are drawn with such a pen as the main one, and are not empty boxes."""
    n_digits = 0
    for number in candidates:
        ratio = _thickest(pieces, number) / _thickest(pieces, main)
        n_digits += not is_outline(pieces, number) and 1 / _OTHER_PEN <= ratio <= _OTHER_PEN
    return n_digits


def _thickest(pieces: Pieces, number: np.intp) -> float:
    """How far it is from the inmost pixel of a piece to its outside, in pixels."""
    left, top, width, height, _ = pieces.stats[number]
    piece = pieces.labels[top : top + height, left : left + width] == number
    return float(cv2.distanceTransform(padded(piece, 1), cv2.DIST_L2, 3).max())
