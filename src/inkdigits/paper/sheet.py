"""A page cut out of a picture, and the way back: where on the picture a part of it is.

Letters: H, W size of the picture; h, w size of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey
from inkdigits.results import Box

__all__ = ["Sheet"]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page within a picture.

    Attributes:
        page: (h, w) grey, upright.
        to_picture: (3, 3) projective map from the page's coordinates to the picture's, x before y, pixel
            centres at whole numbers.
    """

    page: Grey
    to_picture: NDArray[np.float64]

    def cropped(self, cut_px: Sequence[int]) -> Sheet:
        """Less of the page: without so many pixels on top, on the right, below and on the left."""
        height, width = self.page.shape
        top, right, bottom, left = cut_px
        shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
        return Sheet(self.page[top : height - bottom, left : width - right], self.to_picture @ shift)

    def straightened(self, corners: NDArray[np.float32]) -> Sheet:
        """What lies between four corners, drawn as an upright rectangle.

        Args:
            corners: (4, 2) x before y, clockwise from the top left, in pixels from the page's own corner.
        """
        sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
        width, height = max(1, round((sides[0] + sides[2]) / 2)), max(1, round((sides[1] + sides[3]) / 2))
        upright = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        to_page = cv2.getPerspectiveTransform(upright - np.float32(0.5), corners - np.float32(0.5))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        page = cv2.warpPerspective(
            self.page, to_page, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return Sheet(np.asarray(page, np.uint8), self.to_picture @ to_page)

    def box_on_picture(self, box: Box, picture_shape: tuple[int, ...]) -> Box:
        """The box around a box of the page, in pixels of the picture (H, W)."""
        left, top, right, bottom = box.left, box.top, box.left + box.width, box.top + box.height
        corners = np.array([[(left, top)], [(right, top)], [(right, bottom)], [(left, bottom)]]) - 0.5
        x, y = cv2.perspectiveTransform(corners, self.to_picture)[:, 0].T + 0.5
        height, width = picture_shape
        left, top = min(max(round(x.min()), 0), width - 1), min(max(round(y.min()), 0), height - 1)
        right, bottom = min(max(round(x.max()), left + 1), width), min(max(round(y.max()), top + 1), height)
        return Box(left, top, right - left, bottom - top)
