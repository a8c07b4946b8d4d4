"""Pictures of what is no single digit, to train a classifier's refusal.

Two sorts, as a page shows them to the classifier: what is no digit at all, in five kinds,

    turned       digits turned or mirrored into letters: a seven upside down is an L
    written      letters and signs of many scripts, drawn by a shaky hand
    scribbled    strokes that mean nothing, and small drawings
    textures     noise, stripes, blots
    spoiled      digits with their quarters shuffled, digits crossed out

and several digits in one picture. What may pass for a digit is left out: turned eights, O, Q, l, S, Z, b, q,
and all that is as slim as a 1: brackets and slashes have its shape, and a plain 1 is never to be refused.
All have been through the normaliser, but for half of the textures, which fill the picture, and shuffled
quarters, which it would take apart. Nothing here is a real letter or a photograph.

Letters: N, number of digits; n, of pictures made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.ink import DIGITS, SIDE, Grey, to_bytes
from inkdigits.normalizer import normalize
from inkdigits.synthesis.strokes import (
    SCRIBBLES,
    STEP,
    Strokes,
    bundle,
    by_hand,
    draw_strokes,
    evenly_spaced,
    filling,
    glyphs,
    hatching,
    signs,
    zigzag,
)
from inkdigits.synthesis.textures import TEXTURES

__all__ = ["KINDS", "Kind", "draw_kinds", "make_kinds", "not_digits", "several_digits"]

Kind = Literal["turned", "written", "scribbled", "textures", "spoiled"]

#: The kinds of pictures without a digit, and how many shares each has among them.
KINDS: Mapping[Kind, int] = {
    "turned": 1,
    "written": 2,
    "scribbled": 1,
    "textures": 1,
    "spoiled": 1,
}

_BOX_SIDE = 20
_PAGE_SIDE = 40  # small pages are quick to normalise: their paper needs no study
_SLIMMEST = 0.45  # width by height; whatever is slimmer may be somebody's 1
_MOST_TRIES = 1000  # most draws do at once; so many fail where no digit suits


@dataclass(frozen=True, eq=False)
class _Digits:
    images: Grey  # (N, 28, 28)
    numbers: tuple[NDArray[np.intp], ...]  # where the pictures of each digit are, zeros first

    def one_of(self, labels: Sequence[int], generator: np.random.Generator) -> Grey:
        """A picture of one of the digits, each as likely as the others."""
        numbers = self.numbers[labels[int(generator.integers(len(labels)))]]
        digit: Grey = self.images[numbers[generator.integers(len(numbers))]]
        return digit


Maker = Callable[[_Digits, np.random.Generator], Grey | None]  # (28, 28), or None: draw again


def not_digits(images: Grey, labels: NDArray[np.integer], n: int, generator: np.random.Generator) -> Grey:
    """Make pictures of what is no digit.

    Args:
        images: (N, 28, 28) digits as in MNIST, 0 paper to 255 ink; all ten must occur.
        labels: (N,) what they show.
        n: how many pictures to make.
        generator: where the randomness comes from.

    Returns:
        (n, 28, 28) in the form of `images`, kinds mixed.

    Raises:
        DatasetError: the digits are not as in MNIST, or not all there.
        MissingExtraError: the line fonts are not installed.
    """
    return make_kinds(draw_kinds(n, generator), images, labels, generator)


def draw_kinds(n: int, generator: np.random.Generator) -> list[Kind]:
    """The kinds of `n` pictures: each as often as its shares, in random order."""
    by_number = [kind for kind, shares in KINDS.items() for _ in range(shares)]
    return [by_number[number] for number in generator.permutation(np.arange(n) % len(by_number))]


def make_kinds(
    kinds: Sequence[Kind], images: Grey, labels: NDArray[np.integer], generator: np.random.Generator
) -> Grey:
    """Make pictures of what is no digit, as `not_digits` does, one of each of these n kinds: (n, 28, 28)."""
    return _make([_MAKERS[kind] for kind in kinds], _digits(images, labels), generator)


def several_digits(images: Grey, labels: NDArray[np.integer], n: int, generator: np.random.Generator) -> Grey:
    """Make pictures of two to four digits side by side, or of two one above the other.

    Args:
        images: (N, 28, 28) digits as in MNIST, 0 paper to 255 ink; all ten must occur.
        labels: (N,) what they show.
        n: how many pictures to make.
        generator: where the randomness comes from.

    Returns:
        (n, 28, 28) in the form of `images`.

    Raises:
        DatasetError: the digits are not as in MNIST, or not all there.
    """
    return _make([_several] * n, _digits(images, labels), generator)


def _digits(images: Grey, labels: NDArray[np.integer]) -> _Digits:
    numbers = tuple(np.flatnonzero(labels == digit) for digit in range(len(DIGITS)))
    missing = [digit for digit in range(len(DIGITS)) if not len(numbers[digit])]
    if images.dtype != np.uint8 or images.shape != (len(labels), SIDE, SIDE) or missing:
        raise DatasetError(
            "digits to make negatives of",
            expected=f"uint8 ({len(labels)}, {SIDE}, {SIDE}) with all ten digits",
            found=f"{images.dtype} {images.shape}" + (f" without any {missing}" if missing else ""),
            remedy="Pass digits in MNIST's form, all ten of them, and a label for each.",
        )
    return _Digits(images, numbers)


def _make(makers: Sequence[Maker], digits: _Digits, generator: np.random.Generator) -> Grey:
    """(n, 28, 28), a picture by each maker; one that turns out empty is made again."""
    made = np.empty((len(makers), SIDE, SIDE), np.uint8)
    for i, maker in enumerate(makers):
        for _ in range(_MOST_TRIES):
            picture = maker(digits, generator)
            if picture is not None and np.count_nonzero(picture > 127) >= 10:
                made[i] = picture
                break
        else:
            raise DatasetError(
                "digits to make negatives of",
                expected="pictures of digits in ink",
                found=f"nothing to use in {_MOST_TRIES} draws",
                remedy="Check that they are 0 on paper and up to 255 on ink, and labelled right.",
            )
    return made


def _in_form(page: Grey) -> Grey | None:
    """A page as the classifier sees it; None where the normaliser would leave part of it out."""
    normalized = normalize(page)
    left, top, right, bottom = _bounds(page)
    box = normalized.box
    if box is None or box.width < 0.8 * (right - left) or box.height < 0.8 * (bottom - top):
        return None
    return to_bytes(normalized.ink)


def _bounds(picture: Grey) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink; the last two are exclusive."""
    left, top, width, height = cv2.boundingRect((picture > 63).astype(np.uint8))
    return left, top, left + width, top + height


# Digits turned into letters.


@dataclass(frozen=True)
class _Turn:
    digit: int
    quarters: int  # counter-clockwise, after mirroring
    is_mirrored: bool
    suits: tuple[Callable[[Grey], bool], ...]  # what the digit has to be like, before it is turned


def _is_open(digit: Grey) -> bool:
    """No loop, nor one that has a gap of a pixel or two."""
    return _n_holes(cv2.dilate(digit, np.ones((3, 3), np.uint8))) == 0


def _is_closed(digit: Grey) -> bool:
    return _n_holes(digit) == 1


def _n_holes(digit: Grey) -> int:
    return int(cv2.connectedComponents((digit < 80).astype(np.uint8), connectivity=4)[0]) - 2


def _is_wide(digit: Grey) -> bool:
    left, top, right, bottom = _bounds(digit)
    return right - left >= 0.65 * (bottom - top)


def _starts_on_top(digit: Grey) -> bool:
    """Whether the bar of a seven begins high up; with a hook or an arch, it is a six upside down."""
    left, top, _, bottom = _bounds(digit)
    beginning = (digit[top : (top + bottom) // 2, left : left + 4] > 127).any(axis=1)
    return bool(beginning.any() and np.flatnonzero(beginning)[-1] < 0.25 * (bottom - top))


def _is_straight_on_the_right(digit: Grey) -> bool:
    """Whether nothing sticks out on the right of a stem; a four with a long bar is much the same turned."""
    rows = np.flatnonzero((digit > 127).any(axis=1))
    if len(rows) < 3:
        return False
    ends = SIDE - np.argmax(digit[rows, ::-1] > 127, axis=1)
    line = np.polyfit(rows, ends, 1)
    return bool(np.abs(ends - np.polyval(line, rows)).max() <= 1.7)


# Chosen by looking. Turned or mirrored in other ways than these, digits too often pass for digits.
_TURNS = (
    _Turn(3, 1, False, (_is_open,)),  # m
    _Turn(3, 3, False, (_is_open,)),  # w
    _Turn(3, 0, True, (_is_open,)),  # epsilon
    _Turn(4, 2, False, (_is_open, _is_straight_on_the_right)),  # h
    _Turn(7, 0, True, (_is_open, _is_wide, _starts_on_top)),  # r
    _Turn(7, 2, False, (_is_open, _is_wide, _starts_on_top)),  # L
    _Turn(7, 3, False, (_is_open, _is_wide, _starts_on_top)),  # V
    _Turn(9, 0, True, (_is_closed, _is_straight_on_the_right)),  # P
)


def _turned(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    turn = _TURNS[generator.integers(len(_TURNS))]
    # Several draws of the same digit, or the threes, which suit best, would take more than their share.
    for _ in range(10):
        digit = digits.one_of([turn.digit], generator)
        if all(suits(digit) for suits in turn.suits):
            break
    else:
        return None
    mirrored = digit[:, ::-1] if turn.is_mirrored else digit
    return _in_form(np.ascontiguousarray(np.rot90(mirrored, turn.quarters)))


# Strokes.


def _written(_: _Digits, generator: np.random.Generator) -> Grey | None:
    fonts = glyphs()
    font = fonts[generator.integers(len(fonts))]
    return _drawn(font[generator.integers(len(font))], generator)


def _scribbled(_: _Digits, generator: np.random.Generator) -> Grey | None:
    kind = generator.integers(2 * len(SCRIBBLES))
    if kind < len(SCRIBBLES):
        return _drawn(evenly_spaced(filling(SCRIBBLES[kind](generator), generator)), generator)
    drawings = signs()
    return _drawn(drawings[generator.integers(len(drawings))], generator)


def _drawn(strokes: Strokes, generator: np.random.Generator) -> Grey | None:
    """Draw evenly spaced strokes by hand: most where MNIST's digits are, some anywhere on a page.

    The normaliser leaves the first as they are, which is ten times as fast.
    """
    points = by_hand(np.concatenate(strokes), generator)
    slim = _BOX_SIDE * float(np.ptp(points, axis=0).min())
    # Much ink and slim shapes need a thin pen, or all that is left is a blot.
    widest_pen = float(np.clip(min(10 / (len(points) * STEP), 0.35 * slim), 2.2, 4))
    if generator.random() < 0.65:
        side, pen = SIDE, generator.uniform(2, widest_pen)
        longest = _BOX_SIDE - 1.3 - pen  # wherever it begins, it touches no more than 20 pixels
        middle = np.full(2, SIDE / 2) - longest * points.mean(axis=0)
    else:
        side, longest = _PAGE_SIDE, generator.uniform(16, 28)
        pen = longest / _BOX_SIDE * generator.uniform(1, widest_pen)
        middle = _PAGE_SIDE / 2 + (_PAGE_SIDE - longest - pen - 4) / 2 * generator.uniform(-1, 1, 2)
    return _in_form(draw_strokes(middle + longest * points, strokes, pen, side))


# Textures.


def _textured(_: _Digits, generator: np.random.Generator) -> Grey | None:
    levels = TEXTURES[generator.integers(len(TEXTURES))](generator)
    texture = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    if generator.random() < 0.5:
        return texture
    in_form = _in_form(_on_page(texture))
    # What is left of a gradient may be as slim as a one.
    return None if in_form is None or min(cv2.boundingRect(in_form)[2:]) < _BOX_SIDE / 2 else in_form


def _on_page(picture: Grey) -> Grey:
    return np.pad(picture, (_PAGE_SIDE - SIDE) // 2)


# Digits that are spoiled, and several of them.


def _spoiled(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    if generator.random() < 0.5:
        return _shuffled(digits, generator)
    return _crossed_out(digits, generator)


# Quarters row by row. Without (2, 3, 0, 1): a nine with top and bottom swapped may be a six.
_ORDERS = (
    *((1, 0, 3, 2), (1, 2, 3, 0), (1, 3, 0, 2), (2, 0, 3, 1)),
    *((2, 3, 1, 0), (3, 0, 1, 2), (3, 2, 0, 1), (3, 2, 1, 0)),
)


def _shuffled(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """The quarters of one digit, or of four, none in its place."""
    # Not of 1, 3 and 8, which are much the same in all quarters.
    chosen = [digits.one_of([0, 2, 4, 5, 6, 7, 9], generator) for _ in range(4)]
    if generator.random() < 0.5:
        chosen = chosen[:1] * 4
    order = _ORDERS[generator.integers(len(_ORDERS))]
    half = _BOX_SIDE // 2
    quarters = [_quarter(digit, number, half) for digit, number in zip(chosen, order, strict=True)]
    return np.pad(np.block([quarters[:2], quarters[2:]]), (SIDE - _BOX_SIDE) // 2)


def _quarter(digit: Grey, number: int, half: int) -> Grey:
    """(half, half) of the digit's box: the quarter of that number, row by row."""
    left, top, right, bottom = _bounds(digit)
    x = int(np.clip((left + right) // 2 + half * (number % 2 - 1), 0, SIDE - half))
    y = int(np.clip((top + bottom) // 2 + half * (number // 2 - 1), 0, SIDE - half))
    return digit[y : y + half, x : x + half]


def _crossed_out(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """A scribble all over a digit."""
    scribble = (zigzag, hatching, bundle)[generator.integers(3)]
    # Slanting ways: lines across may run along the digit's own.
    slanting = [stroke @ np.array([[1, 1], [-1, 1]]) for stroke in filling(scribble(generator), generator)]
    strokes = evenly_spaced(filling(slanting, generator))
    points = by_hand(np.concatenate(strokes), generator)
    # Beyond the digit's ends: within, a scribble may look like a rough way to write it.
    longest, pen = generator.uniform(24, 32), generator.uniform(1.8, 3.5)
    over = draw_strokes(_PAGE_SIDE / 2 + longest * points, strokes, pen, _PAGE_SIDE)
    return _in_form(np.maximum(over, _on_page(digits.one_of(range(10), generator))))


def _several(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """Two to four in a row, or two above each other: a row of digits that lie on their side, set upright."""
    is_column = generator.random() < 0.15
    # Above each other, two zeros are an eight and two ones are a one.
    labels = [2, 3, 4, 5, 6, 7, 9] if is_column else range(10)
    n_digits = 2 if is_column else 2 + int(np.searchsorted([0.6, 0.85], generator.random()))
    row = np.zeros((_PAGE_SIDE, 3 * _PAGE_SIDE), np.uint8)
    end = previous = 4
    for _ in range(n_digits):
        digit = digits.one_of(labels, generator)
        left, top, right, bottom = _bounds(digit)
        crop = digit[top:bottom, left:right].T if is_column else digit[top:bottom, left:right]
        if not crop.size:
            return None
        scale = generator.uniform(0.75, 1.1) * min(1, 2.2 / n_digits)  # so that most fit on a small page
        height, width = (max(1, round(scale * side)) for side in crop.shape)
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
        gap = int(generator.integers(1, 4)) if is_column else int(generator.integers(-3, 5))
        end += max(gap, -(min(width, previous) // 6))  # a one must not drown
        y = (_PAGE_SIDE - height) // 2 + int(generator.integers(-3, 4))
        place = row[y : y + height, end : end + width]
        np.maximum(place, crop, out=place)
        end, previous = end + width, width
    page = row[:, : end + 4]
    return _in_form(np.ascontiguousarray(page.T if is_column else page))


_MAKERS: Mapping[Kind, Maker] = {
    "turned": _turned,
    "written": _written,
    "scribbled": _scribbled,
    "textures": _textured,
    "spoiled": _spoiled,
}
