"""Writes whole numbers: one hand, one pen, one slant, one size and one rhythm a line.

The spacing, the sizes and the baselines follow what 1,074 real numbers of UNIPEN showed: between the boxes of
neighbours the gap is 0.30 digit heights in the median (5% to 95%: -0.04 to 0.70), heights vary by 14%, digits
stand off the baseline by 7%. Single digits are never straightened: a 9 or a 4 leans against a 0 by itself.

Letters: H = 48 rows and W columns of a line's canvas; K, number of points in a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey
from inkdigits.synthesis.clutter import add_clutter
from inkdigits.synthesis.hands import Glyph, Hand, glyph_of_strokes
from inkdigits.synthesis.pens import Pen, draw, random_pen
from inkdigits.synthesis.rare_shapes import rare_habit
from inkdigits.synthesis.wording import END_MARKS, SEPARATORS, wording

__all__ = ["CANVAS_HEIGHT", "OTHER", "WrittenLine", "write_line"]

CANVAS_HEIGHT = 48
"""Rows of a line before it is cut to the size that the network takes."""

OTHER = "x"
"""What a label says for a mark, or a run of marks, that is not to be read."""

_MARGIN_PX = 22
_MIDDLE = 24.0
_LETTERS_SHARE = 0.04  # of the lines: nothing but letters
_REAL_SHARE = 0.55  # of the lines of hands that wrote whole numbers
_HABITS_SHARE = 0.45  # of the lines: some digit or other in a rare shape of its own, each time
_MOST_HABITS = 3
_SHAPES_A_HABIT = 4
_JOINED_ZEROS_SHARE = 0.15  # of the lines: zeros that the pen does not leave
_SIGNS_SHARE = 0.07  # a currency or a unit before or after the number
_END_MARK_SHARE = 0.2

Stroke = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WrittenLine:
    """A line of writing before it meets paper.

    Attributes:
        ink: (48, W), 0 paper to 255 ink.
        label: what it says; `OTHER` for marks that are not to be read.
        box: left, top, right, bottom of what the label says, in pixels.
    """

    ink: Grey
    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class _Rhythm:
    """How a line is written; lengths in heights of a digit."""

    height_px: float
    gap: float
    gap_spread: float
    height_spread: float
    lift_spread: float
    slope: float
    stretch: float
    slant: float
    growth: float
    ligatures: float
    joins_zeros: bool


def write_line(hand: Hand, generator: np.random.Generator) -> WrittenLine:
    """Write one number, or some letters, with clutter around it.

    Args:
        hand: whose glyphs, with at least all ten digits, or with whole strings.
        generator: where the randomness comes from.
    """
    rhythm = _rhythm(generator)
    if hand.strings and (len(hand.glyphs) < 10 or generator.random() < _REAL_SHARE):
        text, glyph = hand.strings[int(generator.integers(len(hand.strings)))]
        placed = [_place_string(glyph, rhythm, generator)]
    else:
        text = _text(hand, generator)
        if generator.random() < _HABITS_SHARE:
            hand = _with_habits(hand, generator)
        placed = _place_text(text, hand, rhythm, generator)
    width = int(max(p.right for p in placed) + _MARGIN_PX)
    pen = _pen(hand, rhythm, generator)
    ink = _slanted(_draw(placed, width, pen, rhythm, generator), rhythm.slant)
    reach = abs(rhythm.slant) * rhythm.height_px / 2
    box = (
        min(p.left for p in placed) - reach,
        min(p.top for p in placed),
        max(p.right for p in placed) + reach,
        max(p.bottom for p in placed),
    )
    glyphs = [glyph for glyphs in hand.glyphs.values() for glyph in glyphs[:3]] or [placed[0].glyph]
    neighbour = _neighbour(glyphs, rhythm, pen, generator)
    ink = add_clutter(ink, box, [p.right for p in placed], neighbour, generator)
    return WrittenLine(ink, _label(text), box)


def _rhythm(generator: np.random.Generator) -> _Rhythm:
    is_tight = generator.random() < 0.2
    gap = generator.normal(-0.05, 0.06) if is_tight else generator.normal(0.25, 0.17)
    return _Rhythm(
        height_px=generator.uniform(19, 29),
        gap=float(np.clip(gap, -0.16, 0.9)),
        gap_spread=abs(generator.normal(0.06, 0.05)),
        height_spread=generator.uniform(0.03, 0.13),
        lift_spread=generator.uniform(0.0, 0.07),
        slope=float(np.clip(generator.normal(0, 0.035), -0.1, 0.1)),
        stretch=float(np.exp(generator.normal(0, 0.13))),
        slant=float(np.clip(generator.normal(0.08, 0.2), -0.45, 0.7)),
        growth=float(np.exp(generator.normal(-0.03, 0.12))) if generator.random() < 0.4 else 1.0,
        ligatures=0.5 if generator.random() < 0.07 else 0.0,
        joins_zeros=bool(generator.random() < _JOINED_ZEROS_SHARE),
    )


def _with_habits(hand: Hand, generator: np.random.Generator) -> Hand:
    """The same hand, but for one to three digits that it writes in rare shapes."""
    glyphs = dict(hand.glyphs)
    for _ in range(int(generator.integers(1, _MOST_HABITS + 1))):
        digit, drawings = rare_habit(_SHAPES_A_HABIT, generator)
        glyphs[str(digit)] = [glyph for glyph in map(glyph_of_strokes, drawings) if glyph is not None]
    return replace(hand, glyphs=glyphs)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A character's glyph, and where on the canvas: its box in pixels before the slant."""

    char: str
    glyph: Glyph
    left: float
    top: float
    right: float
    bottom: float


def _text(hand: Hand, generator: np.random.Generator) -> str:
    letters = [char for char in hand.glyphs if not char.isdigit() and char not in SEPARATORS]
    if letters and generator.random() < _LETTERS_SHARE:
        return "".join(generator.choice(letters, int(generator.integers(2, 9))))
    text = wording(generator)
    if generator.random() < _END_MARK_SHARE:
        mark = END_MARKS[generator.integers(len(END_MARKS))]
        text += mark
    if letters and generator.random() < _SIGNS_SHARE:
        sign = "".join(generator.choice(letters, int(generator.integers(1, 4))))
        text = sign + text if generator.random() < 0.5 else text + sign
    return text


def _label(text: str) -> str:
    """The text with each run of other marks as one `OTHER`, and several dashes at the end, which run
    together, as one; a space stands for nothing.
    """
    label = ""
    for char in text:
        if char == "-" and label.endswith("-"):
            continue
        if char.isdigit() or char in SEPARATORS:
            label += char
        elif char != " " and not label.endswith(OTHER):
            label += OTHER
    return label


def _place_text(text: str, hand: Hand, rhythm: _Rhythm, generator: np.random.Generator) -> list[_Placed]:
    x, placed = float(_MARGIN_PX), []
    baseline = _MIDDLE + rhythm.height_px / 2 + generator.normal(0, 1.2)
    for i, char in enumerate(text):
        glyph = _glyph(char, hand, generator)
        grown = 1 + (rhythm.growth - 1) * (i / max(len(text) - 1, 1))
        height, lift = _size(char, rhythm, generator)
        height *= grown
        aspect = glyph.aspect * rhythm.stretch * np.exp(generator.normal(0, 0.06))
        width = height * (min(aspect, 1.7) if char.isalnum() else aspect)  # dashes are wide
        bottom = baseline + rhythm.slope * (x - _MARGIN_PX) - lift
        placed.append(_Placed(char, glyph, x, bottom - height, x + max(width, 1.0), bottom))
        gap = generator.normal(rhythm.gap, rhythm.gap_spread)
        if char in ".,':":
            gap = min(gap, generator.uniform(-0.05, 0.25))
        following = text[i + 1] if i + 1 < len(text) else ""
        if following and following in ".,'":
            gap = generator.uniform(-0.12, max(gap, 0.0) + 0.05)
        x = max(x + width + gap * rhythm.height_px, x + 1.5)
    return placed


def _glyph(char: str, hand: Hand, generator: np.random.Generator) -> Glyph:
    own = hand.glyphs.get(char)
    if own and (char not in SEPARATORS or generator.random() < 0.5):
        return own[int(generator.integers(len(own)))]
    return _drawn_mark(char, generator)


def _size(char: str, rhythm: _Rhythm, generator: np.random.Generator) -> tuple[float, float]:
    """Height of a character in pixels, and how far above the baseline it ends."""
    unit = rhythm.height_px
    if char == ".":
        middle = 0.4 if generator.random() < 0.2 else 0.0
        return unit * generator.uniform(0.04, 0.12), unit * (middle + generator.normal(0.02, 0.04))
    if char == ",":
        return unit * generator.uniform(0.18, 0.4), -unit * generator.uniform(0.08, 0.28)
    if char == "'":
        return unit * generator.uniform(0.2, 0.4), unit * generator.uniform(0.65, 0.95)
    if char == "-":
        return unit * generator.uniform(0.03, 0.1), unit * generator.uniform(0.3, 0.6)
    if char == "=":
        return unit * generator.uniform(0.12, 0.3), unit * generator.uniform(0.3, 0.6)
    if char == ":":
        return unit * generator.uniform(0.3, 0.55), unit * generator.uniform(0.05, 0.25)
    if char == "/":
        return unit * generator.uniform(0.9, 1.4), -unit * generator.uniform(0.0, 0.25)
    height = unit * float(np.clip(generator.normal(1, rhythm.height_spread), 0.62, 1.4))
    if char.islower() and char not in "bdfhklt":
        return height * 0.65, 0.0
    return height, unit * generator.normal(0, rhythm.lift_spread)


def _drawn_mark(char: str, generator: np.random.Generator) -> Glyph:
    """Separators and end marks as a pen makes them, in a box of height 1."""
    wobble = generator.normal(0, 0.08, 4).astype(np.float32)
    if char == ".":
        lines, aspect = [[(0.0, -0.6), (0.6 + wobble[0], -0.3)]], generator.uniform(0.6, 1.4)
    elif char in ",'":
        bend = generator.uniform(0.2, 0.6)
        lines, aspect = (
            [[(bend, -1.0), (bend * 0.9, -0.5 + wobble[0]), (0.0, 0.0)]],
            generator.uniform(0.3, 0.9),
        )
    elif char == "-":
        lines, aspect = [[(0.0, -0.5 + 3 * wobble[0]), (1.0, -0.5 - 3 * wobble[1])]], generator.uniform(4, 12)
    elif char == "=":
        lines = [[(0.0, -1.0), (1.0, -1.0 + wobble[0])], [(wobble[1], 0.0), (1.0 + wobble[2], wobble[3])]]
        aspect = generator.uniform(1.2, 3)
    elif char == ":":
        lines, aspect = [[(0.0, -1.0), (0.3, -0.95)], [(0.0, -0.05), (0.3, 0.0)]], 0.2
    elif char == "/":
        lines, aspect = [[(1.0, -1.0), (0.5 + wobble[0], -0.5), (0.0, 0.0)]], generator.uniform(0.15, 0.7)
    else:
        lines = [[(0.3, -1.0), (0.2, 0.0)], [(0.8, -1.0), (0.7, 0.0)], [(0.0, -0.7), (1.0, -0.7)]]
        lines, aspect = [*lines, [(0.0, -0.3), (1.0, -0.3)]], 0.9
    strokes = tuple(np.array(line, np.float32) * np.array([aspect, 1], np.float32) for line in lines)
    return Glyph(aspect, strokes)


def _place_string(glyph: Glyph, rhythm: _Rhythm, generator: np.random.Generator) -> _Placed:
    height = rhythm.height_px * generator.uniform(1.0, 1.3)
    width = height * glyph.aspect * rhythm.stretch
    bottom = _MIDDLE + height / 2
    return _Placed("", glyph, _MARGIN_PX, bottom - height, _MARGIN_PX + width, bottom)


def _pen(hand: Hand, rhythm: _Rhythm, generator: np.random.Generator) -> Pen:
    unit = rhythm.height_px
    if hand.pen:
        return Pen(max(hand.pen * unit * generator.uniform(0.8, 1.15), 1.0))
    pen = random_pen(0.05 * unit, 0.19 * unit, generator)
    # The paper pass has its own grain and darkness: keep the ink itself strong.
    pen = replace(pen, level=max(pen.level, 0.75), grain=0.0, width_px=max(pen.width_px, 1.1))
    is_even = generator.random() < 0.85  # others take ten times as long to draw
    return replace(pen, pressure=0.0, skips=0.0, fading=0.0) if is_even else pen


def _draw(
    placed: list[_Placed], width: int, pen: Pen, rhythm: _Rhythm, generator: np.random.Generator
) -> Grey:
    strokes: list[Stroke] = []
    ink = np.zeros((CANVAS_HEIGHT, width), np.uint8)
    ends: Stroke | None = None
    before = ""
    for p in placed:
        if p.glyph.picture is not None:
            _paste(ink, p)
            continue
        scale = np.array([(p.right - p.left) / max(p.glyph.aspect, 1e-3), p.bottom - p.top], np.float32)
        own = [stroke * scale + np.array([p.left, p.bottom], np.float32) for stroke in p.glyph.strokes]
        if len(placed) > 1:
            own = _jittered(own, generator)
        is_joined = before == p.char == "0" and rhythm.joins_zeros
        if ends is not None and (is_joined or generator.random() < rhythm.ligatures):
            strokes.append(np.stack([ends, own[0][0]]))
        ends, before = own[-1][-1], p.char
        strokes += own
    if strokes:
        np.maximum(ink, draw(strokes, ink.shape, pen, generator), out=ink)
    return ink


def _slanted(ink: Grey, slant: float) -> Grey:
    """The whole line leaning to the right by `slant` columns a row, about its middle."""
    matrix = np.array([[1, -slant, slant * _MIDDLE], [0, 1, 0]])
    return np.asarray(cv2.warpAffine(ink, matrix, ink.shape[::-1]), np.uint8)


def _jittered(strokes: list[Stroke], generator: np.random.Generator) -> list[Stroke]:
    """A little of a turn and a lean of its own for each glyph."""
    turn, lean = generator.normal(0, 0.04), generator.normal(0, 0.05)
    matrix = np.array([[1, turn], [-turn - lean, 1]], np.float32)
    points = np.concatenate(strokes)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return [(stroke - middle) @ matrix + middle for stroke in strokes]


def _paste(ink: Grey, p: _Placed) -> None:
    """Put a picture into its box, as far as it lies on the canvas."""
    assert p.glyph.picture is not None
    left, top = round(p.left), round(p.top)
    size = (max(round(p.right - p.left), 2), max(round(p.bottom - p.top), 2))
    method = cv2.INTER_AREA if size[1] < p.glyph.picture.shape[0] else cv2.INTER_CUBIC
    picture = cv2.resize(p.glyph.picture, size, interpolation=method)
    above = max(-top, 0)
    part = ink[max(top, 0) : max(top + size[1], 0), left : left + size[0]]
    np.maximum(part, picture[above : above + part.shape[0], : part.shape[1]], out=part)


def _neighbour(glyphs: list[Glyph], rhythm: _Rhythm, pen: Pen, generator: np.random.Generator) -> Grey:
    """(h, w) some digits of the same hand, as they stand in the rows above and below."""
    unit, x, placed = rhythm.height_px, 2.0, []
    for _ in range(int(generator.integers(1, 5))):
        glyph = glyphs[generator.integers(len(glyphs))]
        width = max(unit * min(glyph.aspect, 1.6), 1.0)
        placed.append(_Placed("", glyph, x, 4.0, x + width, 4.0 + unit))
        x += width + unit * max(rhythm.gap, 0.05)
    ink = _draw(placed, int(x) + 4, pen, replace(rhythm, ligatures=0.0, joins_zeros=False), generator)
    return ink[2 : int(unit) + 7]
