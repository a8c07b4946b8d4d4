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
from inkdigits.normalizer.paper import Grey, Plane
from inkdigits.records import Box

__all__ = ["NORMALIZER_VERSION", "Normalized", "normalize"]

NORMALIZER_VERSION = 1

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
    """A picture that is in MNIST's form already, on clean black or clean white; else None."""
    if page.shape != (SIDE, SIDE):
        return None
    light = page if page[0, 0] < 128 else 255 - page
    left, top, width, height = cv2.boundingRect(light)
    if not 0.9 * BOX_SIDE <= max(width, height) <= BOX_SIDE or light.max() < 200:
        return None
    moments = cv2.moments(light)  # with pixel centres at whole numbers
    off_x, off_y = (moments[m] / moments["m00"] + 0.5 - SIDE / 2 for m in ("m10", "m01"))
    if max(abs(off_x), abs(off_y)) > _OFF_CENTRE_PX:
        return None
    return Normalized(light.astype(np.float32) / np.float32(255), Box(left, top, width, height))
