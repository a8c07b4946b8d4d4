"""A writer's digits as material for whole numbers: recorded pen paths, or pictures of ink.

A glyph is one written character, cut off tightly. As pen paths its bottom is at y = 0 and its top at y = -1,
so that a digit of any size stands on the baseline; as a picture its rows are its height.

Letters: K, number of points in a stroke; h, w size of a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey

__all__ = ["Glyph", "Hand", "glyph_of_picture", "glyph_of_strokes", "pen_of_pictures"]

Points = NDArray[np.float32]

_LEAST_INK = 64  # of 255; fainter rims do not count for the size of a picture


@dataclass(frozen=True, eq=False)
class Glyph:
    """One written character.

    Attributes:
        aspect: its width by its height.
        strokes: each (K, 2), x from 0 to `aspect`, y from -1 to 0; empty for a picture.
        picture: (h, w), 0 paper to 255 ink; None for pen paths.
    """

    aspect: float
    strokes: tuple[Points, ...] = ()
    picture: Grey | None = None


@dataclass(frozen=True, eq=False)
class Hand:
    """What one writer wrote.

    Attributes:
        name: unique; the same for all that one writer wrote.
        source: the dataset it comes from.
        glyphs: the glyphs of each character.
        pen: the width of its strokes by the height of a digit, where glyphs are pictures; 0 for pen paths.
        strings: whole numbers as this hand wrote them, with what they say.
    """

    name: str
    source: str
    glyphs: Mapping[str, Sequence[Glyph]]
    pen: float = 0.0
    strings: Sequence[tuple[str, Glyph]] = ()


def glyph_of_strokes(strokes: Sequence[NDArray[np.floating]]) -> Glyph | None:
    """Put strokes, each (K, 2), onto the baseline; None for a mere dot, which has no height."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    height = float(high[1] - low[1])
    if height < 0.02:
        return None
    offset = np.array([low[0], high[1]])
    placed = tuple(((stroke - offset) / height).astype(np.float32) for stroke in strokes)
    return Glyph(float(high[0] - low[0]) / height, placed)


def glyph_of_picture(image: Grey) -> Glyph | None:
    """Cut off a picture (h, w) of ink on 0 around its ink; None where there is none."""
    left, top, width, height = cv2.boundingRect((image >= _LEAST_INK).astype(np.uint8))
    if width * height == 0:
        return None
    return Glyph(width / height, picture=np.ascontiguousarray(image[top : top + height, left : left + width]))


def pen_of_pictures(pictures: Sequence[Grey]) -> float:
    """The usual width of the strokes in some pictures, by the pictures' height."""
    ratios = []
    for picture in pictures:
        depth = cv2.distanceTransform(np.pad((picture > 127).astype(np.uint8), 1), cv2.DIST_L2, 3)
        ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3)]
        if len(ridge):
            ratios.append((2 * float(ridge.mean()) - 0.5) / picture.shape[0])
    return float(np.median(ratios)) if ratios else 0.1
