"""Strokes that are no digits: letters, signs and scribbles, and a shaky hand to draw them.

The letters are the Hershey fonts: made by A. V. Hershey at the U.S. National Bureau of Standards, in the
format of James Hurt, Cognition Inc.; free to use with this acknowledgement. The package Hershey-Fonts
(MIT) brings them.

A stroke is a line of points, (P, 2), x before y, y downwards.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.extras import require

__all__ = [
    "CHARACTERS",
    "SCRIBBLES",
    "STEP",
    "Points",
    "Strokes",
    "bundle",
    "by_hand",
    "draw_strokes",
    "evenly_spaced",
    "filling",
    "glyphs",
    "hatching",
    "signs",
    "zigzag",
]

Points = NDArray[np.float64]
Strokes = list[Points]

_FINE = 4  # strokes are drawn so much larger, then shrunk: soft edges
STEP = 0.04  # between the points of a stroke, by the longest side: close enough to bend smoothly

#: The characters of each font that are no digits and do not look like any. Brackets, slashes and commas are
#: not among them: drawn by hand they are ones.
CHARACTERS = {
    "futural": 'ACEFHKLMNPRTUVWXYacdefhkmnprtuvwxy#$%&*+-:;<=>?@_~"',
    "futuram": "ACEFHKLMNPRTUVWXYacdefhkmnprtuvwxy#%&*+=?@",
    "timesr": "ACEFHKLMNPRTUVWXYadefhkmnprtuvwxy",
    "scripts": "ACEFHKMNPRUVWXacdehjkmnprtuvwx&?",
    "scriptc": "ACEFHKMNPRUWXacdehjkmnprtuvwx&?",
    "gothiceng": "AFHKMNPRTUVWXYefhkmnrtuvwxy&?",
    "greeks": "ACDEGJKLMNPRSTVWcegjklmpqstvwx",
    "cyrilc_1": "ADEFGIJKLMNPQRSTVWYZadefgijklmnpqrstvwyz",
    "mathlow": "!\"#&':;?@^bcdefghijklnwxyz|~",
    "symbolic": "!369:<>CDEFGIJLMNOPQRSTUVWXYZ[]^_`abcdefmnx{|~",
    "astrology": "!$%'/:=>?@[]`{|}~",
    "japanese": "$%&'()*+,-./014567ADEFGIKLMNPUVWXZ[]^_`abcdfln",
}

# Small drawings, apart by "|"; their strokes, apart by ";"; points as x,y.
_SIGNS = (
    "0,5 3,9 10,0 | 0,0 10,10; 0,10 10,0 | 0,5 10,5; 5,0 5,10"  # tick, crosses
    "| 0,3 10,3; 7,0 10,3 7,6 | 0,3 10,3; 3,0 0,3 3,6"  # arrows
    "| 3,0 3,10; 0,3 3,0 6,3 | 3,0 3,10; 0,7 3,10 6,7"
    "| 0,0 10,0 | 0,0 10,0; 0,4 10,4 | 0,0 10,0; 0,4 10,4; 0,8 10,8"  # bars
    "| 0,6 1,5 3,10 5,0 12,0"  # root
    "| 5,0 7,10 0,4 10,4 3,10 5,0 | 5,0 10,9 0,9 5,0"  # star, triangle
    "| 0,0 10,0 10,10 0,10 0,0 | 0,0 10,0 10,4 0,4 0,0"  # square, box
    "| 5,10 1,6 0,3 1,1 3,1 5,3 7,1 9,1 10,3 9,6 5,10"  # heart
    "| 0,10 0,5 5,0 10,5 10,10 0,10; 4,10 4,7 6,7 6,10"  # house
    "| 0,5 5,0 10,5 | 0,0 5,5 10,0 | 0,0 0,10 10,10"  # angles
    "| 0,0 10,0; 5,0 5,10 | 0,0 0,10; 10,0 10,10; 0,5 10,5"  # T, H
    "| 3,0 3,10; 7,0 7,10; 0,3 10,3; 0,7 10,7"  # #
)


@cache
def glyphs() -> tuple[tuple[Strokes, ...], ...]:
    """The strokes of each character of each font."""
    fonts = require("HersheyFonts", extra="train", for_what="drawing letters that are to be refused")
    glyphs = []
    for font, characters in CHARACTERS.items():
        hershey = fonts.HersheyFonts()
        hershey.load_default_font(font)
        strokes = [[np.array(list(s), np.float64) for s in hershey.strokes_for_text(c)] for c in characters]
        glyphs.append(tuple(evenly_spaced(s) for s in strokes))
    return tuple(glyphs)


@cache
def signs() -> tuple[Strokes, ...]:
    """Small drawings: arrows, stars, boxes, hearts."""
    return tuple(
        evenly_spaced([np.array([p.split(",") for p in s.split()], np.float64) for s in sign.split(";")])
        for sign in _SIGNS.split("|")
    )


def evenly_spaced(strokes: Strokes) -> Strokes:
    """The same strokes, their longest side 1, with points at even distances."""
    points = np.concatenate(strokes)
    scale = 1 / max(float(np.ptp(points, axis=0).max()), 1e-6)
    spaced = []
    for stroke in strokes:
        so_far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke * scale, axis=0).T))])
        places = np.linspace(0, so_far[-1], max(2, round(so_far[-1] / STEP)))
        spaced.append(np.stack([np.interp(places, so_far, axis * scale) for axis in stroke.T], axis=1))
    return spaced


def filling(strokes: Strokes, generator: np.random.Generator) -> Strokes:
    """Strokes neither flat nor slim: a slim scribble is a one, a flat one through a seven is its bar."""
    scale = generator.uniform(0.65, 1, 2) / np.ptp(np.concatenate(strokes), axis=0)
    return [stroke * scale for stroke in strokes]


def _tangle(generator: np.random.Generator) -> Strokes:
    """A smooth curve that crosses itself: a sum of waves, of which the slow ones alone would be a zero."""
    times = np.linspace(0, 2 * np.pi * generator.uniform(0.7, 1), 150)
    waves = np.arange(2, 7)
    phases = generator.uniform(0, 2 * np.pi, (2, 1, len(waves)))
    sizes = generator.normal(size=(2, len(waves), 1))
    return [(np.sin(times[:, None] * waves + phases) @ sizes)[:, :, 0].T]


def zigzag(generator: np.random.Generator) -> Strokes:
    """A line to and fro, across to the right."""
    n_corners = int(generator.integers(5, 12))
    x = np.arange(n_corners) + generator.uniform(-0.6, 0.6, n_corners)
    y = np.arange(n_corners) % 2 + generator.uniform(-0.3, 0.3, n_corners)
    return [np.stack([x, y], axis=1)]


def _spiral(generator: np.random.Generator) -> Strokes:
    angles = generator.uniform(0, 6) + 2 * np.pi * np.linspace(0, generator.uniform(2.5, 4), 200)
    radii = np.linspace(0, 1, 200)
    return [np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)]


def hatching(generator: np.random.Generator) -> Strokes:
    """Parallel lines, or a grid of two such sets."""
    n_lines = int(generator.integers(3, 8))
    lines = [np.array([[0, i], [n_lines, i]], np.float64) for i in range(n_lines)]
    if generator.random() < 0.5:
        lines += [line[:, ::-1] for line in lines]
    slant = generator.uniform(-0.5, 0.5)
    return [line + generator.uniform(-0.3, 0.3, (2, 2)) + slant * line[:, ::-1] * [1, 0] for line in lines]


def _loops(generator: np.random.Generator) -> Strokes:
    """A row of loops or waves, as in a sham signature."""
    times = np.linspace(0, 2 * np.pi * generator.uniform(2.2, 5), 200)
    across, down = generator.uniform(0, 2), generator.uniform(0.8, 4)
    return [np.stack([times / 2 + across * np.cos(times), down * np.sin(times)], axis=1)]


def bundle(generator: np.random.Generator) -> Strokes:
    """Straight lines anywhere."""
    return list(generator.uniform(size=(int(generator.integers(4, 9)), 2, 2)))


SCRIBBLES = (_tangle, zigzag, _spiral, hatching, _loops, bundle)


def draw_strokes(points: Points, strokes: Strokes, pen: float, side: int) -> NDArray[np.uint8]:
    """(side, side) with the points, cut into strokes as long as these, drawn by a pen of so many pixels."""
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    fine = np.zeros((_FINE * side, _FINE * side), np.uint8)
    places = np.split(np.rint(_FINE * points).astype(np.int32), ends)
    cv2.polylines(fine, places, False, 255, round(_FINE * pen))
    return np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def by_hand(points: Points, generator: np.random.Generator) -> Points:
    """The points slanted and bent, in a square from -0.5 to 0.5 that they fill in one direction."""
    angle, shear = generator.normal(0, 0.15), generator.normal(0, 0.15)
    stretch = np.exp(generator.normal(0, 0.1))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    slanted = points @ (turn @ np.array([[stretch, 0], [shear, 1 / stretch]]))
    waves, phases = generator.normal(0, 4, (2, 3)), generator.uniform(0, 2 * np.pi, 3)
    bent = slanted + np.sin(slanted @ waves + phases) @ generator.normal(0, 0.025, (3, 2))
    low, high = bent.min(axis=0), bent.max(axis=0)
    by_hand: Points = (bent - (low + high) / 2) / max(float((high - low).max()), 1e-6)
    return by_hand
