"""Grey page -> ink: the pieces that stand out from the paper, without its ruling.

This module knows nothing about digits: specks, frames and the edges of shadows are ink here.

Letters: H, W size of the page; h, w size of the part of it that holds ink.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from inkdigits.ink import Grey, Mask, Plane
from inkdigits.paper.contrast import above, find_contrast, otsu, percentile, separability, standing_out
from inkdigits.paper.pieces import Pieces
from inkdigits.paper.ruling import without_ruling

__all__ = ["Ink", "find_ink"]

_SMALL_SIDE_PX = 40  # smaller pictures were mostly prepared by somebody: no ruled lines, and hardly a shadow
_LEAST_CONTRAST = 14.0  # grey levels between paper and ink; fainter pencil than this is not seen either
_LEAST_CONTRAST_PER_GRAIN = 6.0  # of a page of mere noise, hardly a pixel gets that far
_SEPARATE_CLASSES = 0.88  # separability of paper and ink; noise of any distribution stays below 0.85
_CERTAIN_INK = 0.5  # of the usual ink: every stroke holds such pixels
_FAINT_INK = 0.25  # of the usual ink: faint parts of a stroke hang on to its certain ones


@dataclass(frozen=True, eq=False)
class Ink:
    """What stands out on a page: the part of the page that holds it, and two pixels around if there are.

    Attributes:
        levels: (h, w) float32, 0 paper to 1 the usual ink of this page.
        pieces: of the ink that is certain, or fainter but hangs on to such.
        left, top: of that part on the page, in pixels.
    """

    levels: Plane
    pieces: Pieces
    left: int
    top: int


def find_ink(page: Grey) -> Ink | None:
    """Tell ink from paper.

    Args:
        page: (H, W) grey, 0 black to 255 white, of any polarity and light.

    Returns:
        The ink, or None when nothing stands out from the paper.
    """
    contrast = find_contrast(page)
    is_all_grain = contrast.levels.max() < _LEAST_CONTRAST_PER_GRAIN * contrast.grain
    if is_all_grain and separability(contrast.levels) >= _SEPARATE_CLASSES:
        contrast = replace(contrast, grain=0.0)  # Half of a tight crop is ink, which then passes for grain.
    clear = standing_out(contrast)
    if not clear.size:
        return None
    usual = percentile(clear[clear >= otsu(clear)], 75)
    if usual < max(_LEAST_CONTRAST, _LEAST_CONTRAST_PER_GRAIN * contrast.grain):
        return None
    floor = 2.5 * contrast.grain
    faint = above(contrast.levels, floor + _FAINT_INK * (usual - floor))
    if max(page.shape) > _SMALL_SIDE_PX:
        faint = without_ruling(faint)
    here = _surroundings(faint)
    levels: Plane = (contrast.levels[here].astype(np.float32) - np.float32(floor)) / np.float32(usual - floor)
    np.clip(levels, 0, 1, out=levels)
    return Ink(levels, _hysteresis(faint[here], levels), here[1].start, here[0].start)


def _surroundings(faint: Grey) -> tuple[slice, slice]:
    """Rows and columns of all ink, two pixels more on each side: what looks only there is quick."""
    left, top, width, height = cv2.boundingRect(faint)
    return np.s_[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]


def _hysteresis(faint: Grey, levels: Plane) -> Pieces:
    """The pieces of faint ink that hold certain ink; of one that is mostly faint, its certain part.

    A smear or a faint grid that a stroke touches is mostly faint. Source: the hysteresis of Canny (A
    computational approach to edge detection, 1986), here per piece.
    """
    certain: Mask = (levels > _CERTAIN_INK) & (faint > 0)
    pieces = Pieces.of(faint)
    n_certain = np.bincount(pieces.labels[certain], minlength=len(pieces.stats))
    whole = n_certain > pieces.stats[:, cv2.CC_STAT_AREA] / 3
    if whole[1:].all():
        return pieces
    whole[0] = False
    strokes: Mask = whole.take(pieces.labels) | certain
    return Pieces.of(strokes.view(np.uint8))
