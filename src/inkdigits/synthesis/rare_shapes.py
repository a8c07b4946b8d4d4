"""Digits in shapes that few datasets hold, written by a pen that follows a few points and never the same way.

    1   a plain stroke, bowed either way; with a flag as long as half the stem; with flag and foot; in
        numbers, with a flag as long as the stem
    0   open at the top; slashed; in numbers, with a tail
    2   with a loop at its foot; with a head as round as a Q; in numbers, with a head that is closed
    3   with a flat top; in numbers, with a loop at its waist
    4   open; in a single stroke; in numbers, like an h
    5   with its bar apart; in numbers, like a tick or an r
    7   crossed; with a serif; in numbers, like a plus or a t, or with a wavy head
    8   open at the top; an S and a stroke back; two rings
    9   with a hook; with an open head; in numbers, like a P, an e, an a or an alpha

Each shape is a template of strokes through points in a box of 1 by 1, x before y, y downwards. Every hand
bends the template in its own way, slants and stretches it; every drawing moves its points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["rare_habit", "rare_shape"]

Points = NDArray[np.float64]
Strokes = list[Points]
Shape = Callable[[np.random.Generator], Strokes]

_POINTS_A_STROKE = 40
_JITTER = 0.025  # standard deviation of a template's points, in heights
_BENDS = (0.05, 0.025)  # of the box, by waves of half a period and of a whole one


def rare_shape(generator: np.random.Generator) -> tuple[int, Strokes]:
    """A digit in one of the shapes that nothing else has, each as likely as the others.

    Returns:
        The digit, and its strokes, each (K, 2); the scale is arbitrary.
    """
    digit, (strokes,) = _written(_SHAPES, 1, generator)
    return digit, strokes


def rare_habit(n: int, generator: np.random.Generator) -> tuple[int, list[Strokes]]:
    """One shape `n` times, as somebody writes it in numbers who always writes it so.

    Returns:
        The digit, and the strokes of each time, each (K, 2); the scale is arbitrary.
    """
    return _written(_SHAPES_IN_NUMBERS, n, generator)


def _written(
    shapes: Sequence[tuple[int, Shape]], n: int, generator: np.random.Generator
) -> tuple[int, list[Strokes]]:
    digit, shape = shapes[int(generator.integers(len(shapes)))]
    slant, narrow = generator.normal(0.08, 0.15), np.exp(generator.normal(0, 0.18))
    bends = generator.normal(0, 1, (2, len(_BENDS))) * _BENDS
    drawings = ([_bent(stroke, bends) * [narrow, 1] for stroke in shape(generator)] for _ in range(n))
    return digit, [[stroke - slant * stroke[:, 1:] * [1, 0] for stroke in strokes] for strokes in drawings]


def _bent(points: Points, bends: Points) -> Points:
    """Move x by waves along y, and y by waves along x."""
    waves = np.sin(np.pi * np.arange(1, bends.shape[1] + 1) * points[:, ::-1, None])  # (K, 2, waves)
    bent: Points = points + (waves * bends).sum(axis=2)
    return bent


def _curve(points: str, generator: np.random.Generator) -> Points:
    """(K, 2) a smooth line through points, "x,y x,y ...", each moved a little.

    Source: Catmull and Rom, "A class of local interpolating splines", 1974.
    """
    fixed = np.array([point.split(",") for point in points.split()], np.float64)
    fixed += generator.normal(0, _JITTER, fixed.shape)
    padded = np.vstack([2 * fixed[0] - fixed[1], fixed, 2 * fixed[-1] - fixed[-2]])  # (P + 2, 2)
    places = np.linspace(0, len(fixed) - 1 - 1e-9, _POINTS_A_STROKE)
    whole = places.astype(int)
    t = (places - whole)[:, None]
    a, b, c, d = (padded[whole + i] for i in range(4))
    curve: Points = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return curve


def _line(points: str, generator: np.random.Generator) -> Points:
    """Straight pieces through points, "x,y x,y ...", each moved a little."""
    fixed = np.array([point.split(",") for point in points.split()], np.float64)
    moved: Points = fixed + generator.normal(0, _JITTER, fixed.shape)
    return moved


def _bowed_one(generator: np.random.Generator) -> Strokes:
    bow, times = generator.uniform(-0.2, 0.2), np.linspace(-1, 1, 20)
    peak = generator.uniform(-0.4, 0.4)
    bent = 1 - np.where(times < peak, (times - peak) / (1 + peak), (times - peak) / (1 - peak)) ** 2
    return [np.stack([bow * bent, times / 2], axis=1)]


def _flagged_one(generator: np.random.Generator) -> Strokes:
    length, angle = generator.uniform(0.15, 0.6), np.radians(generator.uniform(15, 50))
    tip = length * np.array([-np.sin(angle), np.cos(angle)])
    strokes = [np.array([tip, [0, 0], [generator.normal(0, 0.03), 1]])]
    if generator.random() < 0.4:
        left, right = generator.uniform(0.1, 0.35, 2)
        strokes.append(np.array([[-left, 1], [right, 1]]) + generator.normal(0, 0.02, (2, 2)))
    return strokes


def _ring(
    generator: np.random.Generator, *, middle: tuple[float, float], size: tuple[float, float], gap: float
) -> Points:
    """An ellipse, counter-clockwise from near the top, that stays open by an angle or overlaps."""
    start = np.radians(generator.normal(60, 20))
    angles = np.linspace(start, start + 2 * np.pi - gap, _POINTS_A_STROKE)
    spiral = np.linspace(1, generator.uniform(0.85, 1.1), _POINTS_A_STROKE)[:, None]
    ring: Points = (
        np.array(middle) + np.array(size) * np.stack([np.cos(angles), -np.sin(angles)], axis=1) * spiral
    )
    return ring


def _open_zero(generator: np.random.Generator) -> Strokes:
    gap = generator.uniform(np.radians(5), np.radians(55))
    return [_ring(generator, middle=(0.35, 0.5), size=(0.33, 0.5), gap=gap)]


def _slashed_zero(generator: np.random.Generator) -> Strokes:
    """Slashed anyhow between upright and flat, or the other way."""
    ring = _ring(generator, middle=(0.35, 0.5), size=(0.34, 0.5), gap=generator.uniform(-0.4, 0.3))
    angle = np.radians(generator.uniform(-5, 55)) * generator.choice([1, 1, 1, -1])
    upper, lower = generator.uniform(0.4, 0.75, 2)[:, None] * [[np.sin(angle), -np.cos(angle)]] * [[1], [-1]]
    middle = np.array([0.35, 0.5]) + generator.normal(0, 0.05, 2)
    return [ring, np.array([middle + upper, middle + lower])]


def _two_rings(generator: np.random.Generator) -> Strokes:
    gaps = generator.uniform(-0.5, 0.5, 2)
    low = generator.uniform(0.7, 0.76)
    return [
        _ring(generator, middle=(0.3, 0.24), size=(0.21, 0.24), gap=gaps[0]),
        _ring(generator, middle=(0.3, low), size=(0.26, 0.27), gap=gaps[1]),
    ]


def _five_apart(generator: np.random.Generator) -> Strokes:
    body = _curve("0.2,0.05 0.15,0.42 0.5,0.38 0.72,0.65 0.45,0.98 0.05,0.9", generator)
    gap = np.array([generator.uniform(0.02, 0.2), generator.uniform(-0.15, 0.05)])
    return [body, _line("0.2,0.03 0.75,0.0", generator) + gap]


def _crossed_seven(generator: np.random.Generator) -> Strokes:
    height = generator.uniform(0.4, 0.6)
    stem = _curve if generator.random() < 0.5 else _line
    x = 0.7 - 0.4 * height
    bar = np.array([[x - 0.2, height], [x + 0.25, height]]) + generator.normal(0, 0.03, (2, 2))
    return [_line("0.05,0.03 0.7,0.02", generator), stem("0.7,0.02 0.5,0.5 0.35,1", generator), bar]


def _plus_seven(generator: np.random.Generator) -> Strokes:
    height, half = generator.uniform(0.3, 0.5), generator.uniform(0.25, 0.45)
    x = 0.72 - 0.4 * height
    bar = np.array([[x - half, height], [x + half, height]]) + generator.normal(0, 0.04, (2, 2))
    reach = generator.uniform(0.1, 0.4)  # of the head, which may be hardly there
    head = np.array([[0.7 - reach, generator.uniform(0.02, 0.14)], [0.72, 0.0]])
    return [np.vstack([head, _curve("0.72,0 0.5,0.5 0.38,1", generator)]), bar]


def _long_flagged_one(generator: np.random.Generator) -> Strokes:
    """A caret, if it were not for the digits beside it; its foot may be as wide as the whole."""
    reach, depth = generator.uniform(0.2, 0.5), generator.uniform(0.4, 0.95)
    strokes = [np.array([[-reach, depth], [0, 0], [generator.normal(0.02, 0.04), 1]])]
    if generator.random() < 0.4:
        left, right = generator.uniform(0.15, 0.6, 2)
        strokes.append(np.array([[-left, 1], [right, 1]]) + generator.normal(0, 0.03, (2, 2)))
    return strokes


def _t_seven(generator: np.random.Generator) -> Strokes:
    height, half = generator.uniform(0.25, 0.5), generator.uniform(0.3, 0.5)
    bar = np.array([[0.5 - half, height], [0.5 + half, height]]) + generator.normal(0, 0.04, (2, 2))
    tick = np.array([[0.5 - generator.uniform(0.02, 0.25), generator.uniform(0.0, 0.2)]])
    return [np.vstack([tick, _curve("0.52,0 0.5,0.5 0.44,1", generator)]), bar]


def _tailed_zero(generator: np.random.Generator) -> Strokes:
    ring = _ring(generator, middle=(0.35, 0.5), size=(0.34, 0.5), gap=generator.uniform(-0.6, 0.2))
    tail = np.array([[generator.uniform(0.6, 1.0), generator.uniform(-0.15, 0.12)]])
    return [np.vstack([tail, ring]) if generator.random() < 0.5 else np.vstack([ring, tail])]


def _templates(*strokes: tuple[Callable[[str, np.random.Generator], Points], str]) -> Shape:
    return lambda generator: [draw(points, generator) for draw, points in strokes]


_SHAPES: tuple[tuple[int, Shape], ...] = (
    (1, _bowed_one),
    (1, _bowed_one),
    (1, _flagged_one),
    (1, _flagged_one),
    (0, _open_zero),
    (0, _open_zero),
    (0, _slashed_zero),
    (2, _templates((_curve, "0.1,0.25 0.4,0 0.75,0.25 0.45,0.65 0.12,0.95 0.1,0.78 0.4,0.9 "
                            "0.65,1 0.9,0.85"))),
    (2, _templates((_curve, "0.35,0.5 0.12,0.35 0.15,0.1 0.45,0 0.75,0.12 0.78,0.4 0.5,0.72 0.1,0.95 "
                            "0.15,0.82 0.5,0.92 1,0.95"))),
    (3, _templates((_line, "0.1,0.03 0.75,0 0.4,0.4"), (_curve, "0.4,0.4 0.8,0.65 0.55,0.98 0.08,0.9"))),
    (4, _templates((_line, "0.3,0 0.08,0.6 0.85,0.58"), (_line, "0.62,0.25 0.58,1"))),
    (4, _templates((_curve, "0.15,0 0.1,0.45 0.35,0.55 0.65,0.4"), (_line, "0.72,0.05 0.66,1"))),
    (4, _templates((_line, "0.6,1 0.65,0 0.05,0.65 0.9,0.65"))),
    (5, _five_apart),
    (7, _crossed_seven),
    (7, _templates((_line, "0.03,0.18 0.06,0.02 0.7,0.0 0.3,1"))),
    (8, _templates((_curve, "0.7,0.08 0.35,0 0.15,0.22 0.42,0.47 0.72,0.75 0.42,1 0.1,0.78 "
                            "0.4,0.5 0.78,0.2"))),
    (8, _templates((_curve, "0.72,0.15 0.4,0 0.15,0.25 0.5,0.5 0.75,0.78 0.4,1 0.12,0.82"),
                   (_line, "0.12,0.84 0.78,0.12"))),
    (8, _two_rings),
    (9, _templates((_curve, "0.72,0.2 0.42,0 0.12,0.22 0.4,0.46 0.72,0.2 0.72,0.7 0.5,1 0.12,0.88"))),
    (9, _templates((_curve, "0.62,0.05 0.3,0.02 0.1,0.25 0.35,0.45 0.68,0.25"), (_line, "0.7,0.08 0.62,1"))),
)  # fmt: skip

# These are letters and signs, or other digits, unless digits in the same hand stand beside them.
_SHAPES_IN_NUMBERS: tuple[tuple[int, Shape], ...] = (
    *_SHAPES,
    (0, _tailed_zero),
    (1, _long_flagged_one),
    (1, _long_flagged_one),
    (2, _templates((_curve, "0.5,0.45 0.2,0.48 0.05,0.25 0.25,0.02 0.6,0.05 0.72,0.35 0.45,0.75 0.08,0.97 "
                            "0.45,0.95 0.95,0.98"))),
    (2, _templates((_curve, "0.6,0.3 0.35,0.5 0.1,0.3 0.3,0.02 0.65,0.12 0.62,0.5 0.3,0.85 0.05,1 0.4,0.93 "
                            "0.9,0.95"))),
    (2, _templates((_curve, "0.3,0.5 0.05,0.3 0.2,0.03 0.6,0 0.8,0.3 0.55,0.7 0.15,0.95 0.05,0.8 0.3,0.82 "
                            "0.6,0.98 1,0.9"))),
    (2, _templates((_curve, "0.15,0.4 0.02,0.18 0.35,0 0.7,0.2 0.5,0.6 0.1,0.95 0.5,0.87 1,1"))),
    (3, _templates((_curve, "0.1,0.1 0.5,0 0.65,0.2 0.35,0.45 0.28,0.5 0.45,0.45 0.75,0.7 0.45,1 0.05,0.9"))),
    (4, _templates((_curve, "0.25,0 0.14,0.45 0.05,0.75 0.3,0.55 0.55,0.5 0.6,0.65 0.5,1"))),
    (4, _templates((_curve, "0.2,0 0.1,0.5 0.1,0.85 0.3,0.55 0.5,0.5 0.55,0.75 0.7,1"))),
    (4, _templates((_curve, "0.1,0 0.1,0.4 0.4,0.45 0.62,0.05"), (_line, "0.64,0 0.52,1"))),
    (5, _templates((_line, "0,0.5 0.2,1 0.5,0.08 1,0"))),
    (5, _templates((_curve, "0.05,0.42 0.16,0.7 0.22,1 0.32,0.6 0.5,0.3 0.85,0.25"))),
    (5, _templates((_curve, "0.9,0 0.5,0.02 0.28,0.3 0.4,0.5 0.5,0.75 0.3,1 0,0.95"))),
    (6, _templates((_curve, "0.6,0 0.2,0.35 0.08,0.8 0.4,1 0.62,0.8 0.45,0.62 0.12,0.72"))),
    (7, _plus_seven),
    (7, _plus_seven),
    (7, _t_seven),
    (7, _t_seven),
    (7, _templates((_curve, "0,0.2 0.18,0.03 0.45,0.1 0.78,0"), (_curve, "0.78,0 0.55,0.45 0.4,1"))),
    (9, _templates((_curve, "0.3,1 0.2,0.5 0.25,0.1 0.55,0 0.75,0.15 0.68,0.38 0.3,0.48"))),
    (9, _templates((_line, "0.2,0 0.12,1"), (_curve, "0.2,0.05 0.6,0 0.75,0.22 0.55,0.45 0.18,0.48"))),
    (9, _templates((_curve, "0.12,1 0.18,0.4 0.25,0.05 0.6,0 0.78,0.2 0.6,0.45 0.2,0.45"))),
    (9, _templates((_curve, "0.65,0.48 0.2,0.4 0.15,0.1 0.5,0 0.7,0.2 0.55,0.6 0.2,1"))),
    (9, _templates((_curve, "0.72,0.08 0.25,0.03 0.08,0.35 0.35,0.52 0.7,0.1 0.68,0.55 0.72,1"))),
    (9, _templates((_curve, "0.12,0.45 0.55,0.38 0.68,0.12 0.42,0 0.18,0.2 0.18,0.6 0.35,0.95 0.6,0.97"))),
)  # fmt: skip
