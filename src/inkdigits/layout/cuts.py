"""Cuts a band of a picture to lines for the line model: at several scales, stretched and leaned.

Which cuts read best was measured on half of two check sets, docs/log.md#cuts-of-a-field.

Letters: H, W size of the picture; w, columns of a line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Plane
from inkdigits.layout.line import LINE_HEIGHT, line_of_darkness
from inkdigits.paper.contrast import percentile

__all__ = [
    "Band",
    "Cut",
    "cut_line",
    "cuts_of_band",
    "cuts_of_close_crop",
    "cuts_of_doubtful_cell",
    "cuts_of_single_digit",
    "cuts_of_tight_crop",
    "line_map",
]

_MOST_COLUMNS = 1600  # of a line
_PAPER_PERCENT = 45.0  # ink and rules seldom cover more than half
_SAMPLED_WELL = 0.7  # of a pixel to a pixel; sampling at wider steps would miss strokes


@dataclass(frozen=True)
class Band:
    """A rectangle with a number in it, in pixels of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Cut:
    """How a band is cut to a line.

    Attributes:
        band: what of the picture.
        margin: above and below, by the height of the band.
        lean: columns a row that the line is leaned to the right.
        stretch: of the columns.
    """

    band: Band
    margin: float
    lean: float = 0.0
    stretch: float = 1.0


def cuts_of_band(band: Band) -> tuple[Cut, ...]:
    """Cuts of a band that fits its number; the first is read first, the others where it is unsure."""
    return (
        Cut(band, 0.06, stretch=1.15),
        Cut(band, 0.0, stretch=1.25),
        Cut(band, 0.14, stretch=1.05),
        Cut(band, 0.08, lean=0.12, stretch=1.12),
        Cut(band, 0.08, lean=-0.12, stretch=1.12),
    )


def cuts_of_close_crop(whole: Band, band: Band) -> tuple[Cut, ...]:
    """Cuts of a picture that somebody cut out closely: its edges are surer than the band found in it."""
    return (
        Cut(whole, 0.0),
        Cut(band, 0.06, stretch=1.15),
        Cut(whole, 0.0, lean=0.12, stretch=1.05),
        Cut(whole, 0.0, lean=-0.12, stretch=1.05),
        Cut(whole, 0.08, stretch=1.06),
        Cut(band, 0.0, stretch=1.15),
    )


def cuts_of_single_digit(whole: Band, band: Band) -> tuple[Cut, ...]:
    """Cuts of a picture that is too narrow for two digits; a 1 as high as its line would pass for a side."""
    return (
        Cut(whole, 0.16),
        Cut(whole, 0.3),
        Cut(whole, 0.08),
        Cut(whole, 0.16, lean=0.12),
        Cut(whole, 0.16, lean=-0.12),
        Cut(band, 0.14),
    )


def cuts_of_tight_crop(whole: Band, band: Band) -> tuple[Cut, ...]:
    """Cuts of a picture whose number touches its edges or all but does: with paper around them."""
    return (
        Cut(whole, 0.08, stretch=1.06),
        Cut(whole, 0.16, stretch=1.1),
        Cut(band, 0.06, stretch=1.15),
        Cut(whole, 0.08, lean=0.12, stretch=1.06),
        Cut(whole, 0.08, lean=-0.12, stretch=1.06),
        Cut(whole, 0.03),
    )


def cuts_of_doubtful_cell(whole: Band, inside: Band, bare: Band) -> tuple[Cut, ...]:
    """Cuts of a picture of which it cannot be told whether its uprights are sides of a cell or strokes.

    `inside` is the band between them, `bare` is the band where they are strokes.
    """
    return (
        Cut(whole, 0.08),
        Cut(whole, 0.0),
        Cut(bare, 0.06, stretch=1.15),
        Cut(inside, 0.06, stretch=1.15),
        Cut(whole, 0.08, lean=0.12),
    )


def cut_line(darkness: Plane, cut: Cut) -> Plane:
    """The line (32, w) of a cut out of a picture's darkness (H, W)."""
    matrix, width = line_map(cut)
    scale = matrix[1, 1]
    left, top, part = _part(darkness, cut)
    if scale < _SAMPLED_WELL:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), 0.4 / scale), np.float32)
    # Beyond the picture is paper: ink that touches an edge must not run on.
    paper = percentile(part[::2, ::2], _PAPER_PERCENT)
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2] @ np.array([left, top])
    size = (width, LINE_HEIGHT)
    line = cv2.warpAffine(
        part, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
    )
    return line_of_darkness(np.asarray(line, np.float32))


def _part(darkness: Plane, cut: Cut) -> tuple[int, int, Plane]:
    """What of the picture a cut can see, and where it begins: the rest need not be softened."""
    height, width = darkness.shape
    reach = (abs(cut.lean) + cut.margin + 0.2) * max(cut.band.height, 4.0) + 3
    left = min(max(int(cut.band.left - reach), 0), width - 1)
    top = min(max(int(cut.band.top - reach), 0), height - 1)
    right = max(int(cut.band.right + reach) + 1, left + 1)
    bottom = max(int(cut.band.bottom + reach) + 1, top + 1)
    return left, top, darkness[top:bottom, left:right]


def line_map(cut: Cut) -> tuple[NDArray[np.float64], int]:
    """The affine map (2, 3) from the picture to the line of a cut, and how many columns the line has."""
    band = cut.band
    height = max(band.height, 4.0)
    scale = LINE_HEIGHT / (height * (1 + 2 * cut.margin))
    across = scale * cut.stretch
    middle = (band.top + band.bottom) / 2
    reach = abs(cut.lean) * height / 2
    width = min(max(round((band.right - band.left + 2 * reach) * across), 12), _MOST_COLUMNS)
    matrix = np.array(
        [
            [across, -across * cut.lean, -across * (band.left - reach - cut.lean * middle)],
            [0.0, scale, -scale * (middle - height * (0.5 + cut.margin))],
        ]
    )
    return matrix, width
