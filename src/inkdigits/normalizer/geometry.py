"""The digit's ink -> MNIST's geometry: strokes no thinner than its pens', a 20x20 box, centred by mass.

Letters: h, w size of the crop.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import BOX_SIDE, SIDE, Grey, Plane
from inkdigits.paper.contrast import percentile
from inkdigits.paper.pieces import padded

__all__ = ["centre_by_mass", "fit_into_box", "resized", "thicken"]

_THINNEST_STROKE_PX = 2.0  # in the 28x28 picture; MNIST's pens drew 2 to 4
_FINE_SCALE = 4  # small crops are enlarged by this, to grow a line by less than a pixel


def thicken(crop: Plane) -> Plane:
    """Grow strokes that would be thinner in the 28x28 picture than any pen of MNIST's."""
    scale = BOX_SIDE / max(crop.shape)
    if scale > 0.5:
        fine = cv2.resize(crop, None, fx=_FINE_SCALE, fy=_FINE_SCALE, interpolation=cv2.INTER_LINEAR)
        scale /= _FINE_SCALE
    else:
        fine = crop
    mask = padded(fine > 0.5, 1)
    stroke = _stroke_width(mask)
    if stroke * scale >= _THINNEST_STROKE_PX:
        return crop
    grow = (_THINNEST_STROKE_PX / scale - stroke) / 2
    mask = padded(fine > 0.5, int(np.ceil(grow)))
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    grown: Plane = np.clip(grow + 0.5 - distance, 0, 1).astype(np.float32)
    return grown


def _stroke_width(mask: Grey) -> float:
    """Mean width of the strokes in pixels: twice the usual distance from their middle to the edge."""
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (mask > 0)
    return 2 * float(np.mean(distance[ridge])) - 1 if ridge.any() else 1.0


def fit_into_box(crop: Plane) -> Plane:
    """Scale the longer side to 20 pixels; within 5% of that the crop is left alone."""
    height, width = crop.shape
    scale = BOX_SIDE / max(height, width)
    if 0.95 <= scale <= 1.06:
        return crop
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fitted: Plane = resized(crop, *size)
    inked = fitted[fitted > 0.1]
    peak = percentile(inked, 90) if inked.size else 1.0
    # Enlarging blurs the edges: make them as steep again as they were.
    steep: Plane = 0.5 + (fitted / max(peak, 0.2) - 0.5) * max(scale, 1.0)
    return np.clip(steep, 0, 1)


def resized(image: NDArray[Any], width_px: int, height_px: int) -> NDArray[Any]:
    """An image (h, w) at another size: shrunk by the mean of areas, enlarged by cubic interpolation."""
    shrinks = max(width_px, height_px) < max(image.shape)
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=method))


def centre_by_mass(crop: Plane, middle_px: float = SIDE / 2) -> Plane:
    """Put the crop into 28x28 with its centre of mass in the middle, as far as all of it stays inside.

    Args:
        crop: (h, w) ink of any scale.
        middle_px: where the centre of mass goes, across and down, with pixel centres at whole numbers.
            Pages go to 14, and prepared pictures of datasets to 13.5: here and there a pixel apart.
    """
    height, width = crop.shape
    ink = np.zeros((SIDE, SIDE), np.float32)
    mass = max(float(crop.sum()), 1e-6)
    centre_y = float(crop.sum(axis=1) @ np.arange(height)) / mass
    centre_x = float(crop.sum(axis=0) @ np.arange(width)) / mass
    top = min(max(0, round(middle_px - centre_y)), SIDE - height)
    left = min(max(0, round(middle_px - centre_x)), SIDE - width)
    ink[top : top + height, left : left + width] = crop
    return ink
