"""Finds lines of text on a page, to tell writing from dirt: PP-OCRv6's detector, out of the package rapidocr.

Its network gives each pixel the probability that it is inside a line of text. Pixels that hang together are a
line, whose rectangle is grown, because the network marks only the core of a line.

Source: Liao, Wan, Yao, Chen and Bai, "Real-time scene text detection with differentiable binarization", 2020.

Letters: H, W size of a page; h, w size at which it is looked at; n, number of lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Plane
from inkdigits.layout.cuts import Band
from inkdigits.paper.pieces import Pieces
from inkdigits.reading.numbers.rapidocr_models import open_rapidocr

__all__ = ["TextLines"]

_SIDE_PX = 960  # to which a page is shrunk ...
_LEAST_HEIGHT_PX = 16  # ... unless its writing would become lower ...
_LONGEST_PX = 2000  # ... but no page is looked at larger
_STEP_PX = 32  # of the network's sides
_INSIDE = 0.3  # the probability that a pixel is inside a line
_LEAST_MEAN = 0.5  # of a whole line
_GROWTH = 1.6  # of the area by the perimeter
_LEAST_SHARE = 0.1  # of a band, that a line covers; the detector cuts numbers in boxes into digits


class TextLines:
    """Finds lines of text; safe to share between threads.

    Args:
        n_threads: for one call.

    Raises:
        MissingExtraError: the package rapidocr is not installed.
        ModelError: it has no detector.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        self._session = open_rapidocr("det", "rapidocr's detector", n_threads)

    def are_text(self, darkness: Plane, bands: Sequence[Band]) -> list[bool]:
        """Whether each band of a page's darkness (H, W) is in a line of text; all are if no line is found."""
        if not bands:
            return []
        lines = self._find(darkness, float(np.median([band.height for band in bands])))
        return [not len(lines) or _covered(band, lines) > _LEAST_SHARE for band in bands]

    def _find(self, darkness: Plane, height_px: float) -> NDArray[np.float64]:
        """(n, 4) left, top, right and bottom of each line, in pixels of the page."""
        height, width = darkness.shape
        longest = max(height, width)
        side = min(max(_SIDE_PX, longest * _LEAST_HEIGHT_PX / height_px), _LONGEST_PX, longest)
        w, h = (max(round(size * side / longest / _STEP_PX), 1) * _STEP_PX for size in (width, height))
        page = 1 - cv2.resize(darkness, (w, h), interpolation=cv2.INTER_AREA) / 127.5
        batch = np.repeat(page[None, None].astype(np.float32), 3, axis=1)  # (1, 3, h, w), as if in colour
        (inside,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        inside = inside[0, 0]  # (h, w)
        pieces = Pieces.of(cv2.dilate((inside > _INSIDE).astype(np.uint8), np.ones((2, 2), np.uint8)))
        sums = np.bincount(pieces.labels.ravel(), inside.ravel(), len(pieces.stats))
        left, top, wide, high, _ = pieces.stats[1:][sums[1:] > _LEAST_MEAN * pieces.stats[1:, 4]].T
        growth = _GROWTH * wide * high / (2.0 * (wide + high))
        sides = np.stack([left - growth, top - growth, left + wide + growth, top + high + growth], axis=1)
        return np.asarray(sides * np.array([width / w, height / h] * 2), np.float64)


def _covered(band: Band, lines: NDArray[np.float64]) -> float:
    """The share of a band that one of the lines (n, 4) covers."""
    left, top, right, bottom = lines.T
    across = np.minimum(right, band.right) - np.maximum(left, band.left)
    down = np.minimum(bottom, band.bottom) - np.maximum(top, band.top)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    return float(shared.max()) / max((band.right - band.left) * band.height, 1.0)
