"""Scribbles as a hand makes them: zigzags, curls, tangles, strokes of writing in a heap.

A scribble of three or four corners can be a 7, a 2 or a 4. Those that have the build of one are left out, as
are upright lines, which are ones: they are neither digits nor negatives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["scribble"]

Points = NDArray[np.float64]
Strokes = list[Points]

_NARROWEST = 0.5  # width by height; a slimmer scribble is a one


def scribble(writing: Sequence[Sequence[NDArray[np.floating]]], generator: np.random.Generator) -> Strokes:
    """Make a scribble that is no digit.

    Args:
        writing: items of strokes, each (K, 2), from which strokes are taken for heaps; may be empty.
        generator: where the randomness comes from.

    Returns:
        Strokes, each (K, 2), x before y, y downwards; the scale is arbitrary.
    """
    kinds = (_zigzag, _zigzag, _zigzag, _curl, _tangle, _many_strokes)
    while True:
        number = int(generator.integers(len(kinds) + bool(writing)))
        strokes = _heap(writing, generator) if number == len(kinds) else kinds[number](generator)
        points = np.concatenate(strokes)
        width, height = np.ptp(points, axis=0)
        if width >= _NARROWEST * height:
            return strokes


def _zigzag(generator: np.random.Generator) -> Strokes:
    """Two to fourteen points anywhere, or to and fro, joined by straight or rounded lines."""
    while True:
        n = int(generator.choice([2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 14]))
        points = generator.random((n, 2))
        if generator.random() < 0.3:  # to and fro, along either axis
            points = np.stack(
                [np.arange(n) + generator.uniform(-0.4, 0.4, n), np.arange(n) % 2 * 2.0], axis=1
            )
            points[:, 1] += generator.uniform(-0.4, 0.4, n)
            points = points[:, :: int(generator.choice([-1, 1]))] * generator.choice([-1, 1], 2)
        points *= np.exp(generator.normal(0, 0.25, 2))
        if not _may_be_a_digit(points):
            return [_rounded(points, generator) if generator.random() < 0.5 else points]


def _may_be_a_digit(points: Points) -> bool:
    """Whether two to five corners have the build of a 1, 2, 3, 4, 5 or 7."""
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    if size[0] < _NARROWEST * size[1]:
        return True
    if len(points) == 2:
        return bool(size[1] > 0.4 * size[0])
    unit = (points - low) / np.maximum(size, 1e-6)
    if len(points) == 3:  # a corner at the top: a 7, or a 1 with a flag
        return bool(unit[1, 1] < 0.4)
    falls = np.diff(unit[:, 1])
    if len(points) <= 5 and ((falls > -0.15).all() or (falls < 0.15).all()):  # top to bottom: 2, 3, 5
        return True
    return len(points) == 4 and _cross(unit[0], unit[1], unit[2], unit[3])  # a 4 in one stroke


def _cross(a: Points, b: Points, c: Points, d: Points) -> bool:
    """Whether the lines from a to b and from c to d cross."""

    def side(p: Points, q: Points, r: Points) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _rounded(points: Points, generator: np.random.Generator) -> Points:
    """Corners cut, as by a quick hand.

    Source: Chaikin, "An algorithm for high-speed curve generation", 1974.
    """
    share = generator.uniform(0.1, 0.25)
    for _ in range(3):
        before, after = points[:-1], points[1:]
        cut = np.stack([(1 - share) * before + share * after, share * before + (1 - share) * after], axis=1)
        points = np.vstack([points[:1], cut.reshape(-1, 2)[1:-1], points[-1:]])
    return points


def _curl(generator: np.random.Generator) -> Strokes:
    """Loops along a line as of a telephone cord, or a spiral of two turns and more that may wander."""
    if generator.random() < 0.5:
        turns = generator.uniform(2, 5)
        angles = np.linspace(0, 2 * np.pi * turns, round(40 * turns)) + generator.uniform(0, 6)
        radii = np.linspace(generator.uniform(0.05, 0.3), 1, len(angles))
        hand = generator.choice([-1, 1])  # clockwise or not
        drift = np.outer(np.linspace(0, 1, len(angles)), generator.uniform(-1, 1, 2))
        return [np.stack([hand * radii * np.cos(angles), radii * np.sin(angles)], axis=1) + drift]
    n_loops = generator.uniform(2.6, 6)
    times = np.linspace(0, 2 * np.pi * n_loops, round(40 * n_loops))
    across, down = generator.uniform(0.8, 2), generator.uniform(1, 4)
    drift = generator.normal(0, 0.15) * times
    return [np.stack([times / 2 + across * np.cos(times), down * np.sin(times) + drift], axis=1)]


def _tangle(generator: np.random.Generator) -> Strokes:
    """A smooth line through points anywhere."""
    points = generator.random((int(generator.integers(7, 16)), 2)) * [generator.uniform(0.7, 1.3), 1]
    return [_rounded(points, generator)]


def _many_strokes(generator: np.random.Generator) -> Strokes:
    """Four to sixteen bent strokes anywhere."""
    strokes = []
    for _ in range(int(generator.integers(4, 17))):
        middle, half = generator.random(2), generator.normal(0, 0.3, 2)
        bend = generator.normal(0, 0.15, 2)
        strokes.append(_rounded(np.array([middle - half, middle + bend, middle + half]), generator))
    return strokes


def _heap(writing: Sequence[Sequence[NDArray[np.floating]]], generator: np.random.Generator) -> Strokes:
    """Three to six strokes out of somebody's writing, each turned anyhow, on top of each other."""
    strokes = []
    for _ in range(int(generator.integers(3, 7))):
        item = writing[int(generator.integers(len(writing)))]
        stroke = np.asarray(item[int(generator.integers(len(item)))], np.float64)
        angle = generator.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        scale = generator.uniform(0.6, 1) / max(float(np.ptp(stroke, axis=0).max()), 0.05)
        strokes.append((stroke - stroke.mean(axis=0)) @ turn * scale + generator.normal(0, 0.25, 2))
    return strokes
