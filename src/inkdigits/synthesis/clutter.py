"""What stands around a number and is no part of it: rules, frames, combs, and the neighbours' ink.

Letters: H, W size of a line's canvas; h, w size of some neighbouring writing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from inkdigits.ink import Grey

__all__ = ["add_clutter"]

Box = tuple[float, float, float, float]

_BITS = 4


def add_clutter(
    ink: Grey, box: Box, ends: Sequence[float], neighbour: Grey, generator: np.random.Generator
) -> Grey:
    """Draw rules, frames and parts of neighbours around a number; two lines in five stay clean.

    Args:
        ink: (H, W), 0 paper to 255 ink.
        box: left, top, right, bottom of the number.
        ends: the right ends of its characters.
        neighbour: (h, w) other writing of the same hand.
        generator: where the randomness comes from.

    Returns:
        (H, W), the number and what is around it.
    """
    if generator.random() < 0.4:
        return ink
    busy = ink.copy()
    _neighbours_above_and_below(busy, box, neighbour, generator)
    if generator.random() < 0.45:
        _horizontal_rules(busy, box, generator)
    if generator.random() < 0.3:
        _sides(busy, box, neighbour, generator)
    if generator.random() < 0.07:
        _comb(busy, box, ends, generator)
    return busy


def _level(generator: np.random.Generator) -> int:
    return int(generator.uniform(60, 255))


def _line(
    ink: Grey, start: tuple[float, float], end: tuple[float, float], level: int, thickness: int
) -> None:
    layer = np.zeros_like(ink)
    points = np.rint(np.array([start, end]) * 2**_BITS).astype(int)
    cv2.line(layer, points[0].tolist(), points[1].tolist(), level, thickness, cv2.LINE_AA, _BITS)
    np.maximum(ink, layer, out=ink)


def _dashed(
    ink: Grey, y: float, tilt: float, level: int, thickness: int, generator: np.random.Generator
) -> None:
    """A rule of dots or dashes, all across."""
    dash, gap = generator.uniform(0.6, 5), generator.uniform(1.5, 5)
    layer = np.zeros_like(ink)
    x = -generator.uniform(0, 6)
    while x < ink.shape[1]:
        points = np.rint(np.array([[x, y + tilt * x], [x + dash, y + tilt * (x + dash)]]) * 2**_BITS).astype(
            int
        )
        cv2.line(layer, points[0].tolist(), points[1].tolist(), level, thickness, cv2.LINE_AA, _BITS)
        x += dash + gap + thickness
    np.maximum(ink, layer, out=ink)


def _horizontal_rules(ink: Grey, box: Box, generator: np.random.Generator) -> None:
    _, top, _, bottom = box
    tilt = generator.normal(0, 0.012)
    level, thickness = _level(generator), int(generator.choice((1, 1, 1, 2, 2, 3)))
    dotted = generator.random() < 0.4
    places = []
    if generator.random() < 0.85:
        places.append(bottom + generator.uniform(-5, 8))
    if generator.random() < 0.3:
        places.append(top - generator.uniform(-3, 8))
    for y in places:
        if dotted:
            _dashed(ink, y, tilt, level, thickness, generator)
        else:
            _line(ink, (-2, y), (ink.shape[1] + 2, y + tilt * ink.shape[1]), level, thickness)
    if places and generator.random() < 0.1:  # a double underline
        y = places[0] + generator.uniform(2, 4)
        _line(ink, (-2, y), (ink.shape[1] + 2, y + tilt * ink.shape[1]), level, thickness)


def _sides(ink: Grey, box: Box, neighbour: Grey, generator: np.random.Generator) -> None:
    """The sides of a cell, and beyond them, the ink of the next cell."""
    left, _, right, _ = box
    level, thickness = max(_level(generator), 110), int(generator.choice((1, 1, 2, 2, 3, 4)))
    lean = generator.normal(0, 0.6)
    both = generator.random() < 0.6
    for is_left in (True, False) if both else (bool(generator.random() < 0.5),):
        x = left - generator.uniform(1, 13) if is_left else right + generator.uniform(1, 13)
        _line(ink, (x - lean, -1), (x + lean, ink.shape[0]), level, thickness)
        if generator.random() < 0.4:
            _beyond(ink, x, neighbour, generator, is_left=is_left)


def _beyond(ink: Grey, x: float, neighbour: Grey, generator: np.random.Generator, *, is_left: bool) -> None:
    top = int(np.clip(24 - neighbour.shape[0] / 2 + generator.normal(0, 3), 0, 20))
    start = round(x) + (-3 - neighbour.shape[1] if is_left else 4)
    first = max(start, 0)
    part = ink[top : top + neighbour.shape[0], first : max(start + neighbour.shape[1], first)]
    seen = neighbour[: part.shape[0], first - start : first - start + part.shape[1]]
    np.maximum(part[:, : seen.shape[1]], seen, out=part[:, : seen.shape[1]])


def _neighbours_above_and_below(ink: Grey, box: Box, neighbour: Grey, generator: np.random.Generator) -> None:
    """The feet of the row above and the heads of the row below, cut off by the picture's edge."""
    _, top, _, bottom = box
    height, width = neighbour.shape
    for is_above in (True, False):
        if generator.random() > 0.16:
            continue
        gap = generator.uniform(1, 9)
        start = round(top - gap) - height if is_above else round(bottom + gap)
        x = int(generator.integers(0, max(ink.shape[1] - width, 1)))
        first = max(start, 0)
        part = ink[first : max(start + height, first), x : x + width]
        seen = neighbour[first - start : first - start + part.shape[0], : part.shape[1]]
        np.maximum(part, seen, out=part)


def _comb(ink: Grey, box: Box, ends: Sequence[float], generator: np.random.Generator) -> None:
    """A short or long tick between the characters, as on forms with a place for each."""
    _, top, _, bottom = box
    start = top - 4 if generator.random() < 0.5 else bottom - generator.uniform(2, 8)
    level = _level(generator)
    for end in ends[:-1]:
        x = end + generator.uniform(0.5, 2.5)
        _line(ink, (x, start), (x, bottom + 3), level, 1)
    if generator.random() < 0.7:
        _line(ink, (-2, bottom + 3), (ink.shape[1] + 2, bottom + 3), level, 1)
