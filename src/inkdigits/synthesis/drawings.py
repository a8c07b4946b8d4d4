"""Draws strokes as training pictures: with some pen, on some page, seen through the normaliser.

A part is drawn straight into MNIST's form, which is quick and clean. The rest goes onto a page of paper and
through the normaliser, so that its mending and thickening of faint and broken lines is learned from as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import BOX_SIDE, SIDE, Grey, to_bytes
from inkdigits.normalizer import normalize
from inkdigits.synthesis.pens import Pen, draw, fitted, on_paper, random_pen

__all__ = ["CLEAN_SHARE", "drawing"]

CLEAN_SHARE = 0.35
"""The part of the drawings that skips paper and normaliser, unless the caller says otherwise."""

Points = NDArray[np.floating]

_PENS_TRIED = 4
_LEAST_SEEN = 0.75  # of the height and the width: what lost more than a quarter may show something else


def drawing(
    strokes: Sequence[Points], generator: np.random.Generator, *, clean_share: float = CLEAN_SHARE
) -> Grey:
    """Draw strokes of any scale as a picture (28, 28) in MNIST's form, 0 paper to 255 ink.

    A pen whose line the normaliser loses is put aside for another; a clean one draws when all fail.

    Args:
        strokes: each (K, 2), x before y, y downwards.
        generator: where the randomness comes from.
        clean_share: the probability that the strokes are drawn straight into the form, with a plain pen.
    """
    if generator.random() >= clean_share:
        for _ in range(_PENS_TRIED):
            seen = _on_a_page(strokes, generator)
            if seen is not None:
                return seen
    return _in_form(strokes, generator)


def _on_a_page(strokes: Sequence[Points], generator: np.random.Generator) -> Grey | None:
    longest = generator.uniform(20, 52)
    pen = random_pen(max(0.05 * longest, 1.2), 0.17 * longest, generator)
    side = round(longest + pen.width_px + generator.uniform(6, 16))
    room = (side - longest - pen.width_px) / 2 - 2
    x, y = side / 2 + room * generator.uniform(-1, 1, 2)
    ink = draw(fitted(strokes, (side, side), longest, (x, y)), (side, side), pen, generator)
    normalized = normalize(on_paper(ink, generator))
    box = normalized.box
    _, _, width, height = cv2.boundingRect((ink > 20).astype(np.uint8))
    if box is None or box.width < _LEAST_SEEN * width or box.height < _LEAST_SEEN * height:
        return None
    return to_bytes(normalized.ink)


def _in_form(strokes: Sequence[Points], generator: np.random.Generator) -> Grey:
    pen = Pen(generator.uniform(1.4, 3.6), pressure=generator.uniform(0, 0.3))
    ink = draw(fitted(strokes, (SIDE, SIDE), BOX_SIDE - pen.width_px), (SIDE, SIDE), pen, generator)
    moments = cv2.moments(ink)
    if not moments["m00"]:
        return ink
    shift = np.array([[1, 0, SIDE / 2 - 0.5], [0, 1, SIDE / 2 - 0.5]])
    shift[:, 2] -= [moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]]
    return np.asarray(cv2.warpAffine(ink, shift, (SIDE, SIDE)), np.uint8)
