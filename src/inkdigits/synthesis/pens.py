"""Draws pen paths with pens that nobody recorded: ball pens, pencils, markers, dry and faint ones.

A pen path is a list of strokes, each a line of points (K, 2), x before y, y downwards, in pixels. Ink is 255
on 0; `on_paper` turns it into a grey page as a scanner or a phone sees it, for the normaliser to undo.

Letters: H, W size of the page; K, number of points in a stroke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Plane, to_bytes, to_ink

__all__ = ["Pen", "draw", "fitted", "on_paper", "random_pen"]

Points = NDArray[np.floating]

_SUBPIXEL_BITS = 4
_LARGE_PAGE_PX = 160  # beyond, strokes are wide enough for two fine pixels each
_RUN_WIDTHS = 2.0  # stroke widths over which pressure and flow stay the same


@dataclass(frozen=True)
class Pen:
    """How a pen writes.

    Attributes:
        width_px: width of its line in pixels of the page.
        level: darkness of the ink, 0 to 1.
        pressure: by how much the width changes along a stroke, as a fraction of it.
        skips: fraction of the line that the pen leaves out.
        fading: by how much the darkness changes along a stroke, 0 to 1.
        grain: how much of the paper's texture shows through, 0 to 1.
        softness_px: Gaussian sigma of the line's edge.
    """

    width_px: float = 2.5
    level: float = 1.0
    pressure: float = 0.0
    skips: float = 0.0
    fading: float = 0.0
    grain: float = 0.0
    softness_px: float = 0.0


def random_pen(narrowest_px: float, widest_px: float, generator: np.random.Generator) -> Pen:
    """Choose a pen: in ten, three ball pens, two pencils, one faint, one dry, two markers and a mouse."""
    span = widest_px - narrowest_px
    kind = generator.integers(10)
    thin, medium = (narrowest_px + span * generator.uniform(0, end) for end in (0.35, 0.7))
    if kind < 3:
        return Pen(
            thin, generator.uniform(0.7, 1), generator.uniform(0, 0.25), fading=generator.uniform(0, 0.3)
        )
    if kind < 6:
        is_faint = kind == 5
        level = generator.uniform(0.25, 0.5) if is_faint else generator.uniform(0.5, 0.9)
        return Pen(
            thin if generator.random() < 0.6 else medium,
            level,
            pressure=generator.uniform(0, 0.35),
            skips=generator.uniform(0, 0.06),
            fading=generator.uniform(0.1, 0.5),
            grain=generator.uniform(0.2, 0.9),
            softness_px=generator.uniform(0, 0.5),
        )
    if kind == 6:
        return Pen(
            medium,
            generator.uniform(0.6, 1),
            pressure=generator.uniform(0, 0.5),
            skips=generator.uniform(0.03, 0.15),
            fading=generator.uniform(0.2, 0.7),
        )
    if kind < 9:
        return Pen(
            generator.uniform(narrowest_px + 0.4 * span, widest_px), pressure=generator.uniform(0, 0.15)
        )
    return Pen(generator.uniform(narrowest_px, widest_px))


def fitted(
    strokes: Sequence[Points],
    shape: tuple[int, int],
    longest_px: float,
    centre: tuple[float, float] | None = None,
) -> list[NDArray[np.float32]]:
    """Scale strokes so that their longest side is so many pixels, and put their middle at `centre` (x, y).

    The middle of the page unless `centre` is given.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = longest_px / max(float((high - low).max()), 1e-6)
    middle = np.array([shape[1] / 2, shape[0] / 2] if centre is None else centre)
    offset = middle - scale * (low + high) / 2
    return [(scale * stroke + offset).astype(np.float32) for stroke in strokes]


def draw(strokes: Sequence[Points], shape: tuple[int, int], pen: Pen, generator: np.random.Generator) -> Grey:
    """Draw strokes with a pen.

    Args:
        strokes: each (K, 2) in pixels of the page; pixel 0 reaches from 0 to 1.
        shape: (H, W) of the page.
        pen: what draws.
        generator: where the randomness of pressure, gaps and grain comes from.

    Returns:
        (H, W) ink, 0 paper to 255 ink.
    """
    fine = 4 if max(shape) <= _LARGE_PAGE_PX else 2
    canvas = np.zeros((fine * shape[0], fine * shape[1]), np.uint8)
    varies = pen.pressure or pen.skips or pen.fading
    runs = _runs(strokes, pen, generator) if varies else [(list(strokes), 1.0, 1.0)]
    for lines, level, width in sorted(runs, key=lambda run: run[1]):  # the darkest last
        fixed = [_fixed_point(line, fine) for line in lines]
        thickness = max(round(fine * pen.width_px * width), 1)
        cv2.polylines(canvas, fixed, False, round(255 * level), thickness, cv2.LINE_8, _SUBPIXEL_BITS)
    ink = to_ink(cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA))
    if pen.softness_px:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), pen.softness_px), np.float32)
    if pen.grain:
        ink = _grained(ink, pen.grain, generator)
    return to_bytes(pen.level * ink)


def _fixed_point(line: Points, fine: int) -> NDArray[np.int32]:
    # OpenCV has pixel 0 from -0.5 to 0.5.
    fixed: NDArray[np.int32] = np.rint((fine * line - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    return fixed


def _runs(
    strokes: Sequence[Points], pen: Pen, generator: np.random.Generator
) -> list[tuple[list[Points], float, float]]:
    """Cut strokes into runs of one darkness and width: (lines, level, width as a fraction)."""
    runs: list[tuple[list[Points], float, float]] = []
    for stroke in strokes:
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
        n_runs = max(1, round(float(lengths[-1]) / (_RUN_WIDTHS * pen.width_px)))
        ends = np.linspace(0, lengths[-1], n_runs + 1)
        levels = 1 - pen.fading * _wander(n_runs, generator)
        widths = 1 + pen.pressure * (2 * _wander(n_runs, generator) - 1)
        written = generator.random(n_runs) >= pen.skips
        for i in np.flatnonzero(written if written.any() else ~written):
            inside = stroke[(lengths > ends[i]) & (lengths < ends[i + 1])]
            both = [[np.interp(end, lengths, axis) for axis in stroke.T] for end in ends[i : i + 2]]
            runs.append(([np.vstack([both[0], inside, both[1]])], float(levels[i]), float(widths[i])))
    return runs


def _wander(n: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(n,) numbers from 0 to 1 that change slowly."""
    start, speed = generator.uniform(0, 2 * np.pi), generator.uniform(0.1, 0.9)
    jitter = np.cumsum(generator.normal(0, 0.3, n))
    wander: NDArray[np.float64] = 0.5 + 0.5 * np.sin(start + speed * np.arange(n) + jitter)
    return wander


def _grained(ink: Plane, grain: float, generator: np.random.Generator) -> Plane:
    """Let the paper's texture show: its hollows take less of the pencil."""
    noise = generator.standard_normal(ink.shape, dtype=np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), generator.uniform(0.4, 0.9))
    texture /= np.float32(max(float(texture.std()), 1e-6))
    kept = np.clip(1 - np.float32(grain) * (np.float32(0.4) + np.float32(0.5) * texture), 0, 1)
    grained: Plane = ink * kept
    return grained


def on_paper(ink: Grey, generator: np.random.Generator) -> Grey:
    """Turn ink into a grey page: dark ink on paper of some grey, unevenly lit, with a little noise.

    Args:
        ink: (H, W), 0 paper to 255 ink.
        generator: where the randomness comes from.

    Returns:
        (H, W) grey; one page in eight is light on dark.
    """
    height, width = ink.shape
    paper, fall, noise = generator.uniform(0.6, 1), generator.uniform(0, 0.15), generator.uniform(0, 0.03)
    angle = generator.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * np.linspace(-1, 1, height)[:, None] + np.sin(angle) * np.linspace(-1, 1, width)
    light = paper * (1 - fall * (0.5 + 0.5 * ramp)) + noise * generator.standard_normal((height, width))
    darkest = generator.uniform(0, 0.3) * paper
    page = to_bytes(np.clip(light - to_ink(ink) * (light - darkest), 0, 1))
    return 255 - page if generator.random() < 1 / 8 else page
