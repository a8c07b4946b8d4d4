"""The connected pieces of a mask.

Letters: h, w size of the mask; n, number of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Mask

__all__ = ["Pieces", "padded"]


@dataclass(frozen=True, eq=False)
class Pieces:
    """The connected pieces of a mask, diagonal neighbours included.

    Attributes:
        labels: (h, w) int32, the number of the piece that each pixel belongs to; 0 for none.
        stats: (1 + n, 5) int32, left, top, width, height and area of each, as OpenCV orders them; the first
            row stands for what belongs to none.
    """

    labels: NDArray[np.int32]
    stats: NDArray[np.int32]

    @classmethod
    def of(cls, mask: Grey) -> Pieces:
        """Take a mask apart: (h, w), ink where it is not 0."""
        n, labels = cv2.connectedComponents(mask, connectivity=8)
        stats = np.array([(0,) * 5, (*cv2.boundingRect(mask), cv2.countNonZero(mask))])
        if n != 2:  # but for a single piece: OpenCV's statistics take six times as long as its labels
            _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        return cls(np.asarray(labels, np.int32), np.asarray(stats, np.int32))

    def at_edge(self) -> Mask:
        """(1 + n,) which pieces touch the edge of the mask."""
        left, top, width, height, _ = self.stats.T
        mask_height, mask_width = self.labels.shape
        ends = (left + width == mask_width) | (top + height == mask_height)
        return np.asarray((left == 0) | (top == 0) | ends, np.bool_)


def padded(mask: Mask | Grey, margin_px: int) -> Grey:
    """(h, w) as 0 and 1, with a margin of 0 all around."""
    sides = (margin_px, margin_px, margin_px, margin_px)
    return np.asarray(cv2.copyMakeBorder(mask.view(np.uint8), *sides, cv2.BORDER_CONSTANT), dtype=np.uint8)
