"""Draws the sample pictures that inkdigits ships: `python tools/draw_samples.py [FOLDER]`.

Run by hand, and only when the samples are to change: the pictures are kept in src/inkdigits/samples, and
the same versions of NumPy, OpenCV and Pillow draw the same bytes again. The first character of a name is
the digit that was written; blank.png is an empty page. All of it is drawn here: no licence but ours holds.

How: a digit is a few strokes, given as points in a box one unit high; a smooth random warp makes it a
hand's and not a font's; a spline joins the points; a pen of changing width is stamped along it at four
times the size and shrunk; grain eats into the ink; the ink is laid on a paper; a camera may look at the
page.

Letters of shapes: H and W, height and width of the page in pixels; P, points along a stroke.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

OVERSAMPLING = 4
FOLDER = Path(__file__).resolve().parents[1] / "src" / "inkdigits" / "samples"

# Strokes that meet in a corner share its point. x to the right, y down, both in heights of the digit.
GLYPHS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [
        [
            *((0.34, 0.02), (0.13, 0.14), (0.03, 0.46), (0.09, 0.8), (0.29, 0.99), (0.51, 0.87), (0.6, 0.5)),
            *((0.52, 0.16), (0.33, 0.01), (0.24, 0.05)),
        ],
    ],
    "1 short flag": [[(0.17, 0.2), (0.25, 0.12), (0.33, 0.0)], [(0.33, 0.0), (0.31, 0.5), (0.3, 1.0)]],
    "2": [
        [(0.05, 0.25), (0.13, 0.07), (0.33, 0.0), (0.52, 0.12), (0.51, 0.34), (0.32, 0.62), (0.06, 0.96)],
        [(0.06, 0.96), (0.22, 0.91), (0.42, 0.96), (0.66, 0.91)],
    ],
    "3": [
        [(0.06, 0.12), (0.25, 0.0), (0.47, 0.08), (0.49, 0.27), (0.37, 0.42), (0.2, 0.47)],
        [(0.2, 0.47), (0.45, 0.5), (0.58, 0.7), (0.48, 0.92), (0.25, 1.0), (0.03, 0.9)],
    ],
    "4 open": [
        [(0.2, 0.02), (0.13, 0.3), (0.02, 0.58)],
        [(0.02, 0.58), (0.3, 0.6), (0.66, 0.55)],
        [(0.47, 0.24), (0.45, 0.6), (0.4, 1.0)],
    ],
    "4 closed": [
        [(0.43, 0.02), (0.22, 0.34), (0.0, 0.66)],
        [(0.0, 0.66), (0.3, 0.67), (0.64, 0.64)],
        [(0.43, 0.02), (0.44, 0.5), (0.41, 1.0)],
    ],
    "5": [
        [(0.15, 0.04), (0.13, 0.22), (0.09, 0.43)],
        [(0.09, 0.43), (0.3, 0.36), (0.52, 0.48), (0.56, 0.72), (0.42, 0.94), (0.2, 1.0), (0.02, 0.9)],
        [(0.15, 0.04), (0.36, 0.05), (0.6, 0.0)],
    ],
    "6": [
        [
            *((0.48, 0.0), (0.25, 0.19), (0.07, 0.5), (0.06, 0.81), (0.25, 1.0), (0.49, 0.91), (0.55, 0.7)),
            *((0.4, 0.55), (0.2, 0.61), (0.07, 0.77)),
        ],
    ],
    "7": [[(0.02, 0.08), (0.3, 0.07), (0.6, 0.03)], [(0.6, 0.03), (0.42, 0.4), (0.31, 0.7), (0.25, 1.0)]],
    "7 crossed": [
        [(0.0, 0.14), (0.04, 0.05), (0.3, 0.07), (0.6, 0.03)],
        [(0.6, 0.03), (0.42, 0.4), (0.31, 0.7), (0.25, 1.0)],
        [(0.19, 0.54), (0.38, 0.5), (0.58, 0.49)],
    ],
    "8": [
        [
            *((0.49, 0.1), (0.3, 0.0), (0.12, 0.12), (0.18, 0.34), (0.4, 0.51), (0.54, 0.73), (0.42, 0.96)),
            *((0.2, 0.98), (0.05, 0.78), (0.19, 0.55), (0.42, 0.35), (0.52, 0.17), (0.44, 0.05)),
        ],
    ],
    "9": [
        [(0.51, 0.15), (0.35, 0.02), (0.13, 0.1), (0.06, 0.3), (0.19, 0.46), (0.41, 0.38), (0.52, 0.13)],
        [(0.52, 0.13), (0.51, 0.5), (0.45, 0.8), (0.34, 1.0)],
    ],
}


@dataclass(frozen=True)
class Pen:
    """What writes: colour, width as a share of the digit's height, and how uneven the line is."""

    colour: Colour
    width: float
    unevenness: float = 0.12  # spread of the width along the line
    taper: float = 0.35  # how much thinner the line ends than it is
    grain: float = 0.0  # share of the ink that the paper's tooth does not take
    blur_px: float = 0.0


BIRO = Pen((28, 42, 128), width=0.045, unevenness=0.1, taper=0.2, grain=0.12)
BLUE_INK = Pen((20, 60, 190), width=0.075, unevenness=0.17, taper=0.45, grain=0.05)
BLACK_BIRO = Pen((30, 30, 36), width=0.05, unevenness=0.1, taper=0.25, grain=0.1)
FINELINER = Pen((15, 15, 20), width=0.014, unevenness=0.08, taper=0.1)
MARKER = Pen((18, 18, 20), width=0.19, unevenness=0.05, taper=0.05)
PENCIL = Pen((82, 82, 88), width=0.06, unevenness=0.22, taper=0.5, grain=0.55, blur_px=0.5)
CHALK = Pen((236, 236, 226), width=0.1, unevenness=0.15, taper=0.2, grain=0.5, blur_px=0.6)
WHITE_BRUSH = Pen((255, 255, 255), width=0.11, unevenness=0.14, taper=0.5)
FELT_TIP = Pen((176, 34, 40), width=0.09, unevenness=0.1, taper=0.1)


def catmull_rom(points: Floats, n_between: int = 60) -> Floats:
    """A smooth curve through `points` (K, 2) -> (P, 2).

    Source: Catmull and Rom, A class of local interpolating splines, 1974.
    """
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, n_between)[:, None]
    pieces = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        linear, square = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3
        pieces.append(p1 + t / 2 * (linear + t * (square + t * (3 * p1 - p0 - 3 * p2 + p3))))
    return np.vstack(pieces)


def warp(points: Floats, rng: np.random.Generator) -> Callable[[Floats], Floats]:
    """A smooth displacement, the same for shared corners, that makes each digit one of its kind."""
    waves = rng.normal(0, 3.0, (4, 2))
    phases = rng.uniform(0, 2 * np.pi, (4, 2))
    amplitudes = rng.normal(0, 0.014, (4, 2))
    slant, tilt = rng.normal(0.1, 0.06), rng.normal(0, 0.05)
    centre = points.mean(axis=0)

    def displaced(at: Floats) -> Floats:
        angles = (at @ waves.T)[:, :, None] + phases  # (P, 4, 2)
        moved = at + (amplitudes * np.sin(angles)).sum(axis=1)
        x, y = (moved - centre).T
        x = x - slant * y
        turned: Floats = centre + np.stack([x - tilt * y, y + tilt * x], axis=1)
        return turned

    return displaced


def smooth_noise(n: int, n_knots: int, rng: np.random.Generator) -> Floats:
    """(n,) values that wander about 0 with spread 1."""
    knots = np.stack([np.arange(n_knots), rng.normal(0, 1, n_knots)], axis=1)
    curve = catmull_rom(knots)
    wander: Floats = np.interp(np.linspace(0, n_knots - 1, n), curve[:, 0], curve[:, 1])
    return wander


def stroke_radii(n: int, pen: Pen, rng: np.random.Generator) -> Floats:
    """(n,) half-widths of the line, in heights of the digit: pressure wanders, and lifts at the ends."""
    to_end = np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.12 * n)
    lifted = 1 - pen.taper * np.clip(1 - to_end, 0, 1) ** 2
    wander = np.clip(1 + pen.unevenness * smooth_noise(n, 6, rng), 0.4, 1.7)
    return pen.width / 2 * lifted * wander


def tooth(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """(H, W) roughness of paper, 0 to 1: fine grain with some coarser in it."""
    fine = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 0.7)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 2.0)
    rough = fine / fine.std() + 0.6 * coarse / coarse.std()
    return np.asarray(np.clip(0.5 + 0.25 * rough, 0, 1), dtype=np.float64)


@dataclass(frozen=True)
class Writing:
    """A digit on a page: `height` is a share of the page's, `centre` a place on it, both 0 to 1."""

    glyph: str
    pen: Pen
    height: float = 0.6
    centre: tuple[float, float] = (0.5, 0.5)

    def ink(self, size: tuple[int, int], rng: np.random.Generator) -> Floats:
        """(H, W), 0 paper to 1 ink, for a page of `size` (W, H)."""
        width, height = size
        strokes = [np.array(stroke) for stroke in GLYPHS[self.glyph]]
        displaced = warp(np.vstack(strokes), rng)
        strokes = [displaced(catmull_rom(stroke)) for stroke in strokes]
        everything = np.vstack(strokes)
        middle = (everything.max(axis=0) + everything.min(axis=0)) / 2
        scale = self.height * height * OVERSAMPLING
        canvas = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.uint8)
        offset = np.array(self.centre) * (canvas.shape[1], canvas.shape[0])
        for stroke in strokes:
            places = (stroke - middle) * scale + offset
            for (x, y), radius in zip(places, stroke_radii(len(stroke), self.pen, rng) * scale, strict=True):
                at = (round(x * 16), round(y * 16))  # in sixteenths of a pixel
                cv2.circle(canvas, at, max(round(radius * 16), 8), 255, -1, cv2.LINE_AA, 4)
        coverage = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float64) / 255
        if self.pen.grain:
            coverage *= 1 - self.pen.grain * tooth((height, width), rng)
        if self.pen.blur_px:
            coverage = cv2.GaussianBlur(coverage, (0, 0), self.pen.blur_px)
        return np.asarray(coverage, dtype=np.float64)


# Papers: (W, H) and randomness -> (H, W, 3), 0 to 255.
Paper = Callable[[tuple[int, int], np.random.Generator], Floats]


def plain(colour: Colour) -> Paper:
    """Paper of one colour."""
    return lambda size, _: np.full((size[1], size[0], 3), colour, np.float64)


WHITE = plain((255, 255, 255))


def squared(size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """An exercise book: pale blue squares on slightly rough paper."""
    page = np.full((size[1], size[0], 3), (249, 248, 242), np.float64)
    pitch = size[0] / 11
    for axis, length in ((0, size[1]), (1, size[0])):
        lines = np.round(np.arange(rng.uniform(0.2, 0.8) * pitch, length - 1, pitch)).astype(int)
        index = (lines, slice(None)) if axis == 0 else (slice(None), lines)
        page[index] = (186, 208, 232)
    return page - 6 * (tooth(page.shape[:2], rng)[:, :, None] - 0.5)


def board(size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A school board, wiped with a sponge that left some chalk."""
    shape = (size[1], size[0])
    wiped = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), sigmaX=40, sigmaY=6)
    smudge = 9 * wiped / np.abs(wiped).max() + 5 * (tooth(shape, rng) - 0.5)
    return np.asarray(np.array([44, 62, 54]) + smudge[:, :, None], dtype=np.float64)


def ruled(size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A yellow note pad with pale rules."""
    page = np.full((size[1], size[0], 3), (250, 236, 158), np.float64)
    pitch = size[1] / 5
    for at in np.arange(0.6 * pitch, size[1], pitch).astype(int):
        page[at : at + 1] = (214, 206, 170)
    return page - 5 * (tooth(page.shape[:2], rng)[:, :, None] - 0.5)


def photographed(page: Floats, rng: np.random.Generator) -> Floats:
    """The page under a lamp, with somebody's shadow on it, through a small lens."""
    height, width = page.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    shadow = 1 / (1 + np.exp(-(0.75 * x + 0.55 * y - 0.62) / 0.09))  # from lit to shaded across the page
    light = (1.02 - 0.2 * x - 0.12 * y) * (1 - 0.34 * shadow)
    seen = page * light[:, :, None] * np.array([1.0, 0.965, 0.9])
    seen = cv2.GaussianBlur(seen, (0, 0), 0.8)
    return np.asarray(seen + rng.normal(0, 2.5, (height, width, 1)), dtype=np.float64)


@dataclass(frozen=True)
class Sample:
    """One picture: its file name, its size (W, H), what is written on what, and how it was taken."""

    name: str
    size: tuple[int, int]
    writing: Writing | None
    paper: Paper | None  # None: transparent
    photo: bool = False

    def draw(self) -> Image.Image:
        """The picture, the same each time."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        if self.writing is None:
            coverage, colour = np.zeros(self.size[::-1]), (0, 0, 0)
        else:
            coverage, colour = self.writing.ink(self.size, rng), self.writing.pen.colour
        if self.paper is None:
            flat = np.broadcast_to(np.array(colour, np.uint8), (*coverage.shape, 3))
            alpha = np.rint(coverage * 255).astype(np.uint8)
            return Image.fromarray(np.dstack([flat, alpha]))
        ink = coverage[:, :, None]  # (H, W, 1)
        page = self.paper(self.size, rng) * (1 - ink) + np.array(colour) * ink
        if self.photo:
            page = photographed(page, rng)
        return Image.fromarray(np.clip(np.rint(page), 0, 255).astype(np.uint8))


SAMPLES = (
    Sample("0_marker.png", (200, 220), Writing("0", MARKER, 0.62), WHITE),
    Sample(
        "1_short_flag_biro.png", (160, 200), Writing("1 short flag", BLACK_BIRO, 0.66), plain((252, 251, 247))
    ),
    Sample("2_pencil_squared.jpg", (300, 300), Writing("2", PENCIL, 0.52), squared),
    Sample("3_chalk_board.jpg", (360, 300), Writing("3", CHALK, 0.66), board),
    Sample("4_open_blue_ink.png", (240, 240), Writing("4 open", BLUE_INK, 0.6), WHITE),
    Sample("4_white_transparent.png", (180, 180), Writing("4 closed", WHITE_BRUSH, 0.68), None),
    Sample(
        "5_photo_shadow.jpg", (480, 360), Writing("5", BLACK_BIRO, 0.55), plain((240, 240, 236)), photo=True
    ),
    Sample("6_transparent.png", (200, 200), Writing("6", BLACK_BIRO, 0.7), None),
    Sample("7_crossed_biro.png", (220, 220), Writing("7 crossed", BIRO, 0.6), plain((253, 253, 250))),
    Sample("7_felt_tip_note.jpg", (240, 240), Writing("7", FELT_TIP, 0.58), ruled),
    Sample("8_thin_line_large_page.png", (600, 600), Writing("8", FINELINER, 0.5, (0.48, 0.47)), WHITE),
    Sample("9_off_centre.png", (320, 240), Writing("9", BIRO, 0.4, (0.8, 0.28)), WHITE),
    Sample("blank.png", (200, 200), None, plain((252, 251, 247))),
)


def main(folder: Path) -> None:
    """Write every sample into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        if sample.name.endswith(".jpg"):
            sample.draw().save(folder / sample.name, quality=70 if sample.photo else 82)
        else:
            sample.draw().save(folder / sample.name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
