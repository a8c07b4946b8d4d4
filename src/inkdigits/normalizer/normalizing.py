"""Grey page -> 28x28 ink: what MNIST's makers did, for pictures that nobody prepared.

The one normaliser: training, command line, Python, page and notebooks all go through it. It looks for
ink, not for digits: what the ink says is the classifier's business, and so is whether it is a digit.

    grey page          any size, dark on light or light on dark, evenly lit or not
      -> ink           what stands out from the paper, ruled lines left out (`paper`)
      -> pieces        dirt, frames, shadows and strangers at the edge left out (`finding`, `frames`)
      -> stroke        thin lines thickened to what MNIST's pens drew
      -> 20x20 box     aspect kept, then centred by mass in 28x28

The geometry is MNIST's (LeCun et al., http://yann.lecun.com/exdb/mnist/): "size normalized to fit in a
20x20 pixel box while preserving their aspect ratio ... centered in a 28x28 image by computing the center
of mass". A picture that has that geometry already comes back as it was.

Letters: H, W size of the page.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inkdigits.normalizer.finding import find_digit
from inkdigits.normalizer.fitting import BOX_SIDE, SIDE, centre_by_mass, fit_into_box, thicken
from inkdigits.normalizer.paper import Grey, Pieces, Plane
from inkdigits.records import Box

__all__ = ["NORMALIZER_VERSION", "Normalized", "normalize"]

NORMALIZER_VERSION = 1

_LIGHTEST = 200  # grey levels; the ink of MNIST is as light as that somewhere
_RIM_PX = 3
_DARKEST_PAPER = 16  # grey levels from black or white, where a picture in MNIST's form is dirty
_DIRT_SHARE = 0.02  # of all that is light; less is no dirt
_SLACK_PX = 2.5  # so far size and place may be off where dirt hides them
_OFF_CENTRE_PX = 1.0  # MNIST's centres of mass lie so near the middle of the picture


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
    found = find_digit(page)
    if found is not None:
        ink = centre_by_mass(fit_into_box(thicken(found.crop)))
        if ink.any():
            return Normalized(ink, found.box, found.others)
    return Normalized(np.zeros((SIDE, SIDE), np.float32), None)


def _as_it_was(page: Grey) -> Normalized | None:
    """A picture that is in MNIST's form already, black or white where there is no ink; else None.

    One with dirt all over, or with lines across, has lost the place and size of its digit to those who look
    for ink: where the digit is as in MNIST without them, they are the classifier's business.
    """
    if page.shape != (SIDE, SIDE):
        return None
    light = digit = page if page[0, 0] < 128 else 255 - page
    if not _is_as_mnists(digit, slack_px=0):
        paper = np.median(np.concatenate([page[:_RIM_PX].ravel(), page[-_RIM_PX:].ravel()]))
        light = page if paper < 128 else 255 - page
        digit = _main_piece(light)
        is_dirty = digit.sum() < (1 - _DIRT_SHARE) * light.sum()
        is_clean_paper = min(paper, 255 - paper) <= _DARKEST_PAPER
        if not (is_dirty and is_clean_paper and _is_as_mnists(digit, slack_px=_SLACK_PX)):
            return None
    return Normalized(light.astype(np.float32) / np.float32(255), Box(*cv2.boundingRect(digit)))


def _is_as_mnists(light: Grey, slack_px: float) -> bool:
    """Whether light ink on black has MNIST's size and place."""
    _, _, width, height = cv2.boundingRect(light)
    longest = max(width, height)
    if not 0.9 * BOX_SIDE - slack_px <= longest <= BOX_SIDE + slack_px or light.max() < _LIGHTEST:
        return False
    moments = cv2.moments(light)  # with pixel centres at whole numbers
    off_x, off_y = (moments[m] / moments["m00"] + 0.5 - SIDE / 2 for m in ("m10", "m01"))
    return bool(max(abs(off_x), abs(off_y)) <= _OFF_CENTRE_PX + slack_px / 2)


def _main_piece(light: Grey) -> Grey:
    """The largest piece of light ink, without specks and lines that are one pixel thin."""
    clean = cv2.medianBlur(light, 3)
    pieces = Pieces.of((clean > 0.4 * clean.max()).astype(np.uint8))
    if len(pieces.stats) == 1:
        return np.zeros_like(light)
    main = 1 + int(np.argmax(pieces.stats[1:, cv2.CC_STAT_AREA]))
    soft = cv2.dilate((pieces.labels == main).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(light * soft, np.uint8)
