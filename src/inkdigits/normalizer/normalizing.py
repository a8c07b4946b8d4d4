"""Grey page -> 28x28 ink: what MNIST's makers did, for pictures that nobody prepared.

The one normaliser: training, command line, Python, page and notebooks all go through it. It looks for
ink, not for digits: what the ink says is the classifier's business, and so is whether it is a digit.

    grey page          any size, dark on light or light on dark, evenly lit or not
      -> page          the borders around it left out (`paper.borders`)
      -> ink           what stands out from the paper, ruled lines left out (`inkdigits.paper`)
      -> pieces        dirt, frames, shadows and strangers at the edge left out (`digit`, `paper.frames`)
      -> stroke        thin lines thickened to what MNIST's pens drew
      -> 20x20 box     aspect kept, then centred by mass in 28x28

The geometry is MNIST's (LeCun et al., http://yann.lecun.com/exdb/mnist/): "size normalized to fit in a
20x20 pixel box while preserving their aspect ratio ... centered in a 28x28 image by computing the center
of mass". A picture that has that geometry already comes back as it was, and one that might have it, as both.

Letters: H, W size of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from inkdigits.ink import BOX_SIDE, SIDE, Grey, Plane, to_ink
from inkdigits.normalizer.digit import find_digit
from inkdigits.normalizer.geometry import centre_by_mass, fit_into_box, thicken
from inkdigits.paper.borders import within_borders
from inkdigits.results import Box, brief

__all__ = ["NORMALIZER_VERSION", "Normalized", "normalize"]

NORMALIZER_VERSION = 1

_RIM_PX = 3
_LIGHTEST = 200  # grey levels; the ink of MNIST is as light as that somewhere
_LEAST_CONTRAST = 80  # grey levels between the darkest and the lightest hundredth; less is a blank page
_LIGHT_SIGMA_PX = 5.0  # what is as wide as that is light and shadow, and no contrast
_OFF_CENTRE_PX = 1.0  # MNIST's centres of mass lie so near the middle of the picture


@dataclass(frozen=True, eq=False)
class Normalized:
    """A page as the classifier sees it.

    Attributes:
        ink: (28, 28) float32, 0 paper to 1 ink; all 0 when the page is blank.
        box: where the ink was, in pixels of the page; None when the page is blank.
        others: how many pieces of ink outside the box look like further digits, by their height and stroke.
            Digits that stand nearer than 0.4 of their length are in the box together; three or more count.
        as_it_is: (28, 28) float32, the page itself, light on dark, where it has that size and is not as `ink`
            is. Such a page was mostly brought into MNIST's form by somebody, and dirt, fog or blur can hide
            that from those who look for ink: a classifier had better look at both.
    """

    ink: Plane
    box: Box | None
    others: int = 0
    as_it_is: Plane | None = None

    __repr__ = brief


def normalize(page: Grey) -> Normalized:
    """Find the ink on a page and bring it into MNIST's form.

    Args:
        page: (H, W) grey, 0 black to 255 white, upright; any size, any polarity.

    Returns:
        The ink and its box.
    """
    light = _light_on_dark(page) if page.shape == (SIDE, SIDE) else None
    if light is not None and _is_as_mnists(light):
        return _as_it_is(light)
    for sheet in reversed(within_borders(page)):
        normalized = _normalize_page(sheet.page)
        if normalized.box is not None:
            box = sheet.box_on_picture(normalized.box, page.shape)
            as_it_is = normalized.as_it_is if light is None else to_ink(light)
            return replace(normalized, box=box, as_it_is=as_it_is)
    return _normalize_page(page)


def _normalize_page(page: Grey) -> Normalized:
    """The same for a page without a border."""
    light = _light_on_dark(page) if page.shape == (SIDE, SIDE) else None
    if light is not None and _is_as_mnists(light):
        return _as_it_is(light)
    found = find_digit(page)
    if found is not None:
        ink = centre_by_mass(fit_into_box(thicken(found.crop)))
        if ink.any():
            return Normalized(ink, found.box, found.others, None if light is None else to_ink(light))
    nothing = np.zeros((SIDE, SIDE), np.float32)
    if light is None or _contrast(light) < _LEAST_CONTRAST:
        return Normalized(nothing, None)
    # Something is there, under fog or noise that hides it from those who look for ink.
    return Normalized(nothing, Box(0, 0, SIDE, SIDE), as_it_is=to_ink(light))


def _as_it_is(light: Grey) -> Normalized:
    """A page that has MNIST's form already, light on dark."""
    return Normalized(to_ink(light), Box(*cv2.boundingRect(light)))


def _contrast(page: Grey) -> float:
    values = page.astype(np.float32)
    dark, light = np.percentile(values - cv2.GaussianBlur(values, (0, 0), _LIGHT_SIGMA_PX), (1, 99))
    return float(light - dark)


def _is_as_mnists(light: Grey) -> bool:
    """Whether a page of 28x28, light on dark, has MNIST's form to the pixel, on clean paper."""
    _, _, width, height = cv2.boundingRect(light)
    if not 0.9 * BOX_SIDE <= max(width, height) <= BOX_SIDE or light.max() < _LIGHTEST:
        return False
    moments = cv2.moments(light)  # with pixel centres at whole numbers
    off_x, off_y = (moments[m] / moments["m00"] + 0.5 - SIDE / 2 for m in ("m10", "m01"))
    return bool(max(abs(off_x), abs(off_y)) <= _OFF_CENTRE_PX)


def _light_on_dark(page: Grey) -> Grey:
    """A page of 28x28, inverted if need be: above and below a digit in MNIST's form there is paper."""
    middle = np.s_[SIDE // 4 : -SIDE // 4]
    above, below = cv2.mean(page[:_RIM_PX, middle])[0], cv2.mean(page[-_RIM_PX:, middle])[0]
    return page if above + below < 255 else 255 - page
