"""Grey page -> 28x28 ink: what MNIST's makers did, for pictures that nobody prepared.

The one normaliser: training, command line, Python, page and notebooks all go through it. It looks for
ink, not for digits: what the ink says is the classifier's business, and so is whether it is a digit.

    grey page          any size, dark on light or light on dark, evenly lit or not
      -> ink           what stands out from the paper, ruled lines left out (inkdigits.paper)
      -> pieces        dirt, frames, shadows and strangers at the edge left out
      -> stroke        thin lines thickened to what MNIST's pens drew
      -> 20x20 box     aspect kept, then centred by mass in 28x28

The geometry is MNIST's (LeCun et al., http://yann.lecun.com/exdb/mnist/): "size normalized to fit in a
20x20 pixel box while preserving their aspect ratio ... centered in a 28x28 image by computing the center
of mass". A picture that has that geometry already comes back as it was.

Letters: H, W size of the page; h, w size of the crop; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.paper import Grey, Mask, Pieces, Plane, find_ink, percentile
from inkdigits.records import Box

__all__ = ["NORMALIZER_VERSION", "Normalized", "normalize"]

NORMALIZER_VERSION = 1

_SIDE = 28
_BOX_SIDE = 20
_OFF_CENTRE_PX = 1.0  # MNIST's centres of mass lie so near the middle of the picture
_WORKING_SIDE = 400  # pages are shrunk to this: a digit of a quarter of the page keeps five times the box
_CLOSER_LOOK_PX = 100  # a digit shorter than this on a shrunk page is looked at again, unshrunk
_SHORTEST_DIGIT_SHARE = 0.02  # of the page's longer side; shorter things are specks
_MOST_PIECES = 200  # where there are more, the rest is dust
_REACH = 0.4  # lengths of the main piece; so far from it a long piece may lie, a five's bar for one
_REACH_AT_EDGE = 0.1  # the same for pieces that touch the edge of the page: often shadows and strangers
_FRAME_SHARE = 0.1  # of its width and height; the lines of a box around a digit lie so near its outside
_OTHER_DIGIT_SHARE = 0.4  # lengths of the main piece; what stands apart and is as tall may be a digit
_OTHER_PEN = 4.0  # times as thick or as thin as the main piece: no digit, but a shadow or a line
_THINNEST_STROKE_PX = 2.0  # in the 28x28 picture; MNIST's pens drew 2 to 4
_FINE_SCALE = 4  # small crops are enlarged by this, to grow a line by less than a pixel


@dataclass(frozen=True, eq=False)
class Normalized:
    """A page as the classifier sees it.

    Attributes:
        ink: (28, 28) float32, 0 paper to 1 ink; all 0 when the page is blank.
        box: where the ink was, in pixels of the page; None when the page is blank.
        others: how many pieces of ink outside the box look like further digits, by their height and stroke.
            Digits that stand nearer than 0.4 of their length are in the box together and are not counted.
    """

    ink: Plane
    box: Box | None
    others: int = 0


@dataclass(frozen=True, eq=False)
class _Found:
    crop: Plane  # (h, w) ink
    box: Box  # of the crop, on the page
    others: int


def normalize(page: Grey) -> Normalized:
    """Find the ink on a page and bring it into MNIST's form.

    Args:
        page: (H, W) grey, 0 black to 255 white, upright; any size, any polarity.

    Returns:
        The ink and its box.
    """
    ready = _as_it_was(page)
    if ready is not None:
        return ready
    found = _find_digit(page)
    if found is not None:
        ink = _centre_by_mass(_fit_into_box(_thicken(found.crop)))
        if ink.any():
            return Normalized(ink, found.box, found.others)
    return Normalized(np.zeros((_SIDE, _SIDE), np.float32), None)


def _as_it_was(page: Grey) -> Normalized | None:
    """A picture that is in MNIST's form already, on clean black or clean white; else None."""
    if page.shape != (_SIDE, _SIDE):
        return None
    light = page if page[0, 0] < 128 else 255 - page
    left, top, width, height = cv2.boundingRect(light)
    if not 0.9 * _BOX_SIDE <= max(width, height) <= _BOX_SIDE or light.max() < 200:
        return None
    moments = cv2.moments(light)  # with pixel centres at whole numbers
    off_x, off_y = (moments[m] / moments["m00"] + 0.5 - _SIDE / 2 for m in ("m10", "m01"))
    if max(abs(off_x), abs(off_y)) > _OFF_CENTRE_PX:
        return None
    return Normalized(light.astype(np.float32) / np.float32(255), Box(left, top, width, height))


# From the page to the digit's own ink.


def _find_digit(page: Grey) -> _Found | None:
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


def _find_at_working_size(page: Grey) -> _Found | None:
    """The digit as it is on the page at the working size."""
    shrink = min(1.0, _WORKING_SIDE / max(page.shape))
    size = [max(1, round(side * shrink)) for side in page.shape[::-1]]
    working = page if shrink == 1.0 else cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    ink = find_ink(working)
    kept = None if ink is None else _keep_digit_pieces(ink.pieces, max(size))
    if ink is None or kept is None:
        return None
    strokes, others = kept
    # The soft edge belongs to the stroke: two pixels around it, where there is ink at all.
    soft = cv2.dilate(strokes.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    levels = np.where(soft, ink.levels, np.float32(0))
    left, top, width, height = cv2.boundingRect((levels > 0).astype(np.uint8))
    here = np.s_[top : top + height, left : left + width]
    # MNIST's makers shrank black and white pictures: where there are pixels to spare, so do we.
    spare = max(width, height) // (2 * _BOX_SIDE)
    crop = _filled(strokes[here], spare) if spare else levels[here]
    box = _box_on_page((ink.left + left, ink.top + top, width, height), shrink, page.shape)
    return _Found(crop, box, others)


def _filled(strokes: Mask, gap_px: int) -> Plane:
    """Strokes as one plane of ink, the gaps that a rough paper leaves in a pencil's line filled."""
    kernel = np.ones((gap_px | 1, gap_px | 1), np.uint8)
    filled: Plane = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, kernel).astype(np.float32)
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
    order = 1 + np.argsort(-pieces.stats[1:, cv2.CC_STAT_AREA], kind="stable")[:_MOST_PIECES]
    order = order[~_is_frame(pieces, order)]
    left, top, width, height = pieces.stats[order, :4].T  # (n,) each
    length = np.hypot(width, height)
    shortest = max(2, _SHORTEST_DIGIT_SHARE * page_side)
    if not length.size or np.maximum(width, height).max() < shortest:
        return None
    if len(order) == 1:
        return np.asarray(pieces.labels == order[0], np.bool_), 0
    page_height, page_width = (
        pieces.labels.shape
    )  # or of its part: ink that ends has paper around it there too
    at_edge = (left == 0) | (top == 0) | (left + width == page_width) | (top + height == page_height)
    main = int(np.argmax(length * np.where(at_edge, 0.3, 1.0)))
    counts = (height >= _OTHER_DIGIT_SHARE * length[main]) & ~at_edge
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
    return np.asarray(is_kept.take(pieces.labels), dtype=np.bool_), others


def _gaps(
    left: NDArray[np.int32], right: NDArray[np.int32], top: NDArray[np.int32], bottom: NDArray[np.int32]
) -> NDArray[np.int32]:
    """(n, n) pixels between boxes: the larger of the distance across and the distance down."""
    across = np.maximum(left[:, None] - right, left - right[:, None])
    down = np.maximum(top[:, None] - bottom, top - bottom[:, None])
    gaps: NDArray[np.int32] = np.maximum(np.maximum(across, down), 0)
    return gaps


def _is_frame(pieces: Pieces, order: NDArray[np.intp]) -> Mask:
    """(n,) Which pieces are boxes drawn around a digit: all outline, with something inside."""
    is_frame = np.zeros(len(order), np.bool_)
    for i, number in enumerate(order[:3] if len(order) > 1 else ()):
        inside = _inside(pieces, number)
        if _is_outline(inside, pieces, number):
            others = pieces.stats[order[np.isin(order, inside) & (order != number)]]
            height = pieces.stats[number, cv2.CC_STAT_HEIGHT]
            is_frame[i] = bool((others[:, cv2.CC_STAT_HEIGHT] > 0.25 * height).any())
    return is_frame


def _inside(pieces: Pieces, number: np.intp) -> NDArray[np.int32]:
    """The labels within the box of a piece, but for a rim where the lines of a frame would be."""
    left, top, width, height, _ = pieces.stats[number]
    inner_x, inner_y = int(np.ceil(_FRAME_SHARE * width)), int(np.ceil(_FRAME_SHARE * height))
    return pieces.labels[top + inner_y : top + height - inner_y, left + inner_x : left + width - inner_x]


def _is_outline(inside: NDArray[np.int32], pieces: Pieces, number: np.intp) -> bool:
    """Whether a piece is a rectangle's outline, and large enough for a digit."""
    _, _, width, height, area = pieces.stats[number]
    return bool(inside.size and min(width, height) >= 12 and (inside == number).sum() <= 0.05 * area)


def _count_digits(pieces: Pieces, main: np.intp, candidates: NDArray[np.intp]) -> int:
    """How many pieces are drawn with such a pen as the main one, and are not empty boxes."""
    n_digits = 0
    for number in candidates:
        ratio = _thickest(pieces, number) / _thickest(pieces, main)
        is_box = _is_outline(_inside(pieces, number), pieces, number)
        n_digits += not is_box and 1 / _OTHER_PEN <= ratio <= _OTHER_PEN
    return n_digits


def _thickest(pieces: Pieces, number: np.intp) -> float:
    """How far it is from the inmost pixel of a piece to its outside, in pixels."""
    left, top, width, height, _ = pieces.stats[number]
    piece = pieces.labels[top : top + height, left : left + width] == number
    return float(cv2.distanceTransform(_padded(piece, 1), cv2.DIST_L2, 3).max())


# From the ink to 28x28.


def _thicken(crop: Plane) -> Plane:
    """Grow strokes that would be thinner in the 28x28 picture than any pen of MNIST's."""
    scale = _BOX_SIDE / max(crop.shape)
    if scale > 0.5:
        fine = cv2.resize(crop, None, fx=_FINE_SCALE, fy=_FINE_SCALE, interpolation=cv2.INTER_LINEAR)
        scale /= _FINE_SCALE
    else:
        fine = crop
    mask = _padded(fine > 0.5, 1)
    stroke = _stroke_width(mask)
    if stroke * scale >= _THINNEST_STROKE_PX:
        return crop
    grow = (_THINNEST_STROKE_PX / scale - stroke) / 2
    mask = _padded(fine > 0.5, int(np.ceil(grow)))
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    grown: Plane = np.clip(grow + 0.5 - distance, 0, 1).astype(np.float32)
    return grown


def _padded(mask: Mask, margin_px: int) -> Grey:
    sides = (margin_px, margin_px, margin_px, margin_px)
    return np.asarray(cv2.copyMakeBorder(mask.astype(np.uint8), *sides, cv2.BORDER_CONSTANT), dtype=np.uint8)


def _stroke_width(mask: Grey) -> float:
    """Mean width of the strokes in pixels: twice the usual distance from their middle to the edge."""
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (mask > 0)
    return 2 * float(np.mean(distance[ridge])) - 1 if ridge.any() else 1.0


def _fit_into_box(crop: Plane) -> Plane:
    """Scale the longer side to 20 pixels; within 5% of that the crop is left alone."""
    height, width = crop.shape
    scale = _BOX_SIDE / max(height, width)
    if 0.95 <= scale <= 1.06:
        return crop
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fitted: Plane = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    inked = fitted[fitted > 0.1]
    peak = percentile(inked, 90) if inked.size else 1.0
    # Enlarging blurs the edges: make them as steep again as they were.
    steep: Plane = 0.5 + (fitted / max(peak, 0.2) - 0.5) * max(scale, 1.0)
    return np.clip(steep, 0, 1)


def _centre_by_mass(crop: Plane) -> Plane:
    """Put the crop into 28x28 so that its centre of mass is in the middle, and all of it inside."""
    height, width = crop.shape
    ink = np.zeros((_SIDE, _SIDE), np.float32)
    mass = max(float(crop.sum()), 1e-6)
    centre_y = float(crop.sum(axis=1) @ np.arange(height)) / mass
    centre_x = float(crop.sum(axis=0) @ np.arange(width)) / mass
    top = int(np.clip(round(_SIDE / 2 - centre_y), 0, _SIDE - height))
    left = int(np.clip(round(_SIDE / 2 - centre_x), 0, _SIDE - width))
    ink[top : top + height, left : left + width] = crop
    return ink
