"""Textures: noise, stripes, blots and filled shapes, as levels from 0 to 1 that may go beyond."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import SIDE

__all__ = ["TEXTURES"]

Levels = NDArray[np.float64]  # (28, 28); unlike ink, they may go beyond 0 and 1


def _noise(generator: np.random.Generator) -> Levels:
    levels: Levels = generator.random((SIDE, SIDE)) ** generator.uniform(0.5, 6)
    return levels


def _speckle(generator: np.random.Generator) -> Levels:
    return np.less(generator.random((SIDE, SIDE)), generator.uniform(0.05, 0.6)).astype(np.float64)


def _blots(generator: np.random.Generator) -> Levels:
    noise = generator.standard_normal((SIDE, SIDE))
    smooth: Levels = cv2.GaussianBlur(noise, (0, 0), generator.uniform(0.8, 3))
    sharpness = 10 ** generator.uniform(0, 1.5)
    blots: Levels = 0.5 + sharpness * (smooth / smooth.std() + generator.uniform(-0.5, 0.7))
    return blots


def _stripes(generator: np.random.Generator) -> Levels:
    """Stripes; or a checkerboard, two sets of stripes multiplied."""
    sharpness = 10 ** generator.uniform(-0.3, 1)
    waves = np.sin(_ramp(generator.uniform(15, 40), generator))
    if generator.random() < 0.5:
        waves = waves * np.sin(_ramp(generator.uniform(15, 40), generator))
    return 0.5 + sharpness * waves


def _gradient(generator: np.random.Generator) -> Levels:
    return _ramp(generator.uniform(0.8, 2), generator) - generator.uniform(0, 0.5)


def _ramp(height: float, generator: np.random.Generator) -> Levels:
    """What rises by about `height` across the picture, in any direction."""
    angle, places = generator.uniform(0, 2 * np.pi), np.linspace(0, height, SIDE)
    ramp: Levels = np.cos(angle) * places[:, None] + np.sin(angle) * places + generator.uniform(0, height)
    return ramp


def _rectangles(generator: np.random.Generator) -> Levels:
    """Rectangles on top of each other; most of them hide much of the paper."""
    levels = np.zeros((SIDE, SIDE))
    for left, top in generator.integers(0, 20, (int(generator.integers(3, 9)), 2)):
        width, height = generator.integers(4, 22, 2)
        levels[top : top + height, left : left + width] = generator.uniform(0, 1.5)
    return levels


def _filled(generator: np.random.Generator) -> Levels:
    """One filled square or disc, dented."""
    levels = _blots(generator) * 0.1
    middle, half = generator.uniform(11, 17, 2).round().astype(int), int(generator.integers(6, 12))
    if generator.random() < 0.5:
        cv2.circle(levels, middle.tolist(), half, 1.0, -1)
    else:
        cv2.rectangle(levels, (middle - half).tolist(), (middle + half).tolist(), 1.0, -1)
    return levels


#: Each makes one texture, (28, 28).
TEXTURES: tuple[Callable[[np.random.Generator], Levels], ...] = (
    _noise,
    _speckle,
    _blots,
    _stripes,
    _gradient,
    _rectangles,
    _filled,
)
