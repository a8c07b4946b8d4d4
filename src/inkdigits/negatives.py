"""Pictures of what is no single digit, to train a classifier's refusal.

Two sorts, as a page shows them to the classifier: what is no digit at all, in five kinds in equal shares,

    turned       digits turned or mirrored into letters: a seven upside down is an L
    written      letters and signs of many scripts, drawn by a shaky hand
    scribbled    strokes that mean nothing, and small drawings
    textures     noise, stripes, blots
    spoiled      digits with their quarters shuffled, digits crossed out

and several digits in one picture. What may pass for a digit is left out: turned eights, O, l, S, Z, b, q.
All come out of the normaliser, apart from half of the textures, which fill the picture. They are made from
training digits and line fonts, so real letters and photographs may still look new to the classifier.

The letters are the Hershey fonts: made by A. V. Hershey at the U.S. National Bureau of Standards, in the
format of James Hurt, Cognition Inc.; free to use with this acknowledgement. The package Hershey-Fonts
(https://pypi.org/project/Hershey-Fonts/, MIT) brings them.

Letters: N, number of digits; n, of pictures made; P, of points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError, MissingExtraError
from inkdigits.normalizer import normalize

__all__ = ["not_digits", "several_digits"]

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]  # (P, 2), x before y, y downwards
Plane = NDArray[np.float64]  # (28, 28)
Strokes = list[Points]

_SIDE = 28
_BOX_SIDE = 20
_PAGE_SIDE = 40  # small pages are quick to normalise: their paper needs no study
_FINE = 4  # strokes are drawn so much larger, then shrunk: soft edges
_STEP = 0.04  # between the points of a stroke, by the longest side: close enough to bend smoothly
_MOST_TRIES = 1000  # most draws do at once; so many fail where no digit suits

# The characters of each font that are no digits and do not look like any.
_CHARACTERS = {
    "futural": "ACEFGHJKLMNPQRTUVWXYacdefhjkmnprtuvwxy#$%&()*+-:;<=>?@[]^_{}~\"",
    "futuram": "ACEFGHJKLMNPQRTUVWXYacdefhjkmnprtuvwxy#$%&()*+=?@",
    "timesr": "ACEFGHJKLMNPQRTUVWXYadefhjkmnprtuvwxy",
    "scripts": "ACEFHKMNPRTUVWXacdefhjkmnprtuvwx&?",
    "scriptc": "ACEFHKMNPRTUVWXacdefhjkmnprtuvwx&?",
    "gothiceng": "AFHKMNPRTUVWXYefhkmnrtuvwxy&?",
    "greeks": "ACDEGJKLMNPRSTUVWceghjklmpqstuvwx",
    "cyrilc_1": "ADEFGIJKLMNPQRSTUVWYZadefgijklmnpqrstuvwyz",
    "mathlow": "!\"#&':;?@^bcdefghijklnpvwxyz{|~",
    "symbolic": "!/03679:<>CDEFGIJLMNOPQRSTUVWXYZ[]^_`abcdefghjkmnpx{|~",
    "astrology": "!$%&'./:=>?@[]`{|}~",
    "japanese": "$%&'()*+,-./014567ADEFGIKLMNPUVWXZ[]^_`abcdfln",
}

# Small drawings: strokes apart by ";", points as x,y.
_SIGNS = (
    "0,5 3,9 10,0",
    "0,0 10,10; 0,10 10,0",
    "0,5 10,5; 5,0 5,10",
    "0,3 10,3; 7,0 10,3 7,6",
    "0,3 10,3; 3,0 0,3 3,6",
    "3,0 3,10; 0,3 3,0 6,3",
    "3,0 3,10; 0,7 3,10 6,7",
    "0,0 10,0",
    "0,0 10,0; 0,4 10,4",
    "0,0 10,0; 0,4 10,4; 0,8 10,8",
    "3,0 1,2 0,5 1,8 3,10",
    "0,0 2,2 3,5 2,8 0,10",
    "3,0 0,0 0,10 3,10",
    "0,0 3,0 3,10 0,10",
    "2,0 3,0 3,2 2,2 2,0; 3,1 3,3 2,5 0,6",  # a comma
    "5,0 7,10 0,4 10,4 3,10 5,0",
    "5,0 10,9 0,9 5,0",
    "0,0 10,0 10,10 0,10 0,0",
    "0,0 10,0 10,4 0,4 0,0",
    "5,10 1,6 0,3 1,1 3,1 5,3 7,1 9,1 10,3 9,6 5,10",
    "0,10 0,5 5,0 10,5 10,10 0,10; 4,10 4,7 6,7 6,10",
    "0,6 1,5 3,10 5,0 12,0",
    "0,5 5,0 10,5",
    "0,0 5,5 10,0",
    "3,0 3,10; 7,0 7,10; 0,3 10,3; 0,7 10,7",
    "0,0 0,10 10,10",
    "0,0 10,0; 5,0 5,10",
    "0,0 0,10; 10,0 10,10; 0,5 10,5",
)


@dataclass(frozen=True, eq=False)
class _Digits:
    images: Grey  # (N, 28, 28)
    numbers: tuple[NDArray[np.intp], ...]  # where the pictures of each digit are, zeros first

    def one_of(self, labels: Sequence[int], generator: np.random.Generator) -> Grey:
        """A picture of one of the digits, each as likely as the others."""
        numbers = self.numbers[labels[generator.integers(len(labels))]]
        return self.images[numbers[generator.integers(len(numbers))]]


Maker = Callable[[_Digits, np.random.Generator], Grey | None]  # (28, 28), or None: draw again


def not_digits(
    images: Grey, labels: NDArray[np.integer], n: int, generator: np.random.Generator
) -> Grey:
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
    makers = generator.permutation(np.arange(n) % len(_KINDS))
    by_number = tuple(_KINDS.values())
    return _make([by_number[number] for number in makers], _digits(images, labels), generator)


def several_digits(
    images: Grey, labels: NDArray[np.integer], n: int, generator: np.random.Generator
) -> Grey:
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
    remedy = "Pass digits in MNIST's form, all ten of them, with their labels."
    if images.dtype != np.uint8 or images.shape != (len(labels), _SIDE, _SIDE):
        found = f"{images.dtype} {images.shape}"
        expected = f"uint8 ({len(labels)}, {_SIDE}, {_SIDE})"
        raise DatasetError("digits to make others from", expected=expected, found=found, remedy=remedy)
    numbers = tuple(np.flatnonzero(labels == digit) for digit in range(10))
    missing = [digit for digit in range(10) if not len(numbers[digit])]
    if missing:
        found = f"none of {missing}"
        raise DatasetError(
            "digits to make others from", expected="all ten digits", found=found, remedy=remedy
        )
    return _Digits(images, numbers)


def _make(makers: Sequence[Maker], digits: _Digits, generator: np.random.Generator) -> Grey:
    """(n, 28, 28), a picture by each maker; one that turns out empty is made again."""
    made = np.empty((len(makers), _SIDE, _SIDE), np.uint8)
    for i, maker in enumerate(makers):
        for _ in range(_MOST_TRIES):
            picture = maker(digits, generator)
            if picture is not None and np.count_nonzero(picture > 127) >= 10:
                made[i] = picture
                break
        else:
            raise DatasetError(
                "digits to make others from",
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
    return np.rint(normalized.ink * 255).astype(np.uint8)


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
    return _n_holes(digit) == 0


def _is_closed(digit: Grey) -> bool:
    return _n_holes(digit) == 1


def _n_holes(digit: Grey) -> int:
    return int(cv2.connectedComponents((digit < 80).astype(np.uint8), connectivity=4)[0]) - 2


def _is_wide(digit: Grey) -> bool:
    left, top, right, bottom = _bounds(digit)
    return right - left >= 0.65 * (bottom - top)


def _is_narrow(digit: Grey) -> bool:
    left, top, right, bottom = _bounds(digit)
    return right - left <= 0.75 * (bottom - top)


def _is_straight_on_the_right(digit: Grey) -> bool:
    """Whether the bar of a four ends at its stem; otherwise it is a sort of four upside down, too."""
    rows = np.flatnonzero((digit > 127).any(axis=1))
    if len(rows) < 3:
        return False
    ends = _SIDE - np.argmax(digit[rows, ::-1] > 127, axis=1)
    line = np.polynomial.Polynomial.fit(rows, ends, 1)
    return bool(np.abs(ends - line(rows)).max() <= 2)


# Chosen by looking: turned by other quarters, a seven may be a two, a nine a six, a five a nine.
_TURNS = (
    _Turn(2, 1, False, (_is_open,)),  # N
    _Turn(2, 3, False, (_is_open,)),
    _Turn(3, 1, False, (_is_open,)),  # m
    _Turn(3, 3, False, (_is_open,)),  # w
    _Turn(3, 0, True, (_is_open,)),  # epsilon
    _Turn(4, 2, False, (_is_open, _is_straight_on_the_right)),  # h
    _Turn(5, 1, False, (_is_open, _is_narrow)),
    _Turn(6, 0, True, (_is_closed, _is_narrow)),  # d
    _Turn(7, 0, True, (_is_open, _is_wide)),  # r
    _Turn(7, 2, False, (_is_open, _is_wide)),  # L
    _Turn(7, 3, False, (_is_open, _is_wide)),  # V
    _Turn(9, 0, True, (_is_closed,)),  # P
)


def _turned(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    turn = _TURNS[generator.integers(len(_TURNS))]
    digit = digits.one_of([turn.digit], generator)
    if not all(suits(digit) for suits in turn.suits):
        return None
    return _in_form(np.ascontiguousarray(np.rot90(digit[:, ::-1] if turn.is_mirrored else digit, turn.quarters)))


# Strokes.


def _written(_: _Digits, generator: np.random.Generator) -> Grey | None:
    font = _glyphs()[generator.integers(len(_CHARACTERS))]
    return _drawn(font[generator.integers(len(font))], generator)


@cache
def _glyphs() -> tuple[tuple[Strokes, ...], ...]:
    """The strokes of each character of each font."""
    try:
        from HersheyFonts import HersheyFonts
    except ImportError as error:
        raise MissingExtraError(
            "pictures of letters",
            expected="the package Hershey-Fonts",
            found=str(error),
            remedy="Install it: pip install 'inkdigits[train]'.",
        ) from error
    glyphs = []
    for font, characters in _CHARACTERS.items():
        hershey = HersheyFonts()
        hershey.load_default_font(font)
        strokes = [[np.array(list(s), np.float64) for s in hershey.strokes_for_text(c)] for c in characters]
        glyphs.append(tuple(_evenly_spaced(s) for s in strokes))
    return tuple(glyphs)


@cache
def _signs() -> tuple[Strokes, ...]:
    return tuple(
        _evenly_spaced([np.array([p.split(",") for p in s.split()], np.float64) for s in sign.split(";")])
        for sign in _SIGNS
    )


def _evenly_spaced(strokes: Strokes) -> Strokes:
    """The same strokes, their longest side 1, with points at even distances."""
    points = np.concatenate(strokes)
    scale = 1 / max(float(np.ptp(points, axis=0).max()), 1e-6)
    spaced = []
    for stroke in strokes:
        so_far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke * scale, axis=0).T))])
        places = np.linspace(0, so_far[-1], max(2, round(so_far[-1] / _STEP)))
        spaced.append(np.stack([np.interp(places, so_far, axis * scale) for axis in stroke.T], axis=1))
    return spaced


def _scribbled(_: _Digits, generator: np.random.Generator) -> Grey | None:
    kind = generator.integers(2 * len(_SCRIBBLES))
    if kind < len(_SCRIBBLES):
        return _drawn(_evenly_spaced(_SCRIBBLES[kind](generator)), generator)
    signs = _signs()
    return _drawn(signs[generator.integers(len(signs))], generator)


def _tangle(generator: np.random.Generator) -> Strokes:
    """A smooth curve that crosses itself: a sum of waves, of which the slow ones alone would be a zero."""
    times = np.linspace(0, 2 * np.pi * generator.uniform(0.7, 1), 150)
    waves = np.arange(2, 7)
    phases = generator.uniform(0, 2 * np.pi, (2, 1, len(waves)))
    sizes = generator.normal(size=(2, len(waves), 1))
    return [(np.sin(times[:, None] * waves + phases) @ sizes)[:, :, 0].T]


def _zigzag(generator: np.random.Generator) -> Strokes:
    n_corners = int(generator.integers(5, 12))
    x = np.arange(n_corners) + generator.uniform(-0.6, 0.6, n_corners)
    y = n_corners * generator.uniform(0.2, 1) * (np.arange(n_corners) % 2 + generator.uniform(-0.3, 0.3, n_corners))
    return [np.stack([x, y], axis=1)]


def _spiral(generator: np.random.Generator) -> Strokes:
    angles = generator.uniform(0, 6) + 2 * np.pi * np.linspace(0, generator.uniform(2.2, 5), 200)
    radii = np.linspace(generator.uniform(0, 0.4), 1, 200)
    return [np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)]


def _hatching(generator: np.random.Generator) -> Strokes:
    """Parallel lines, or a grid of two such sets."""
    n_lines = int(generator.integers(3, 8))
    lines = [np.array([[0, i], [n_lines, i]], np.float64) for i in range(n_lines)]
    if generator.random() < 0.5:
        lines += [line[:, ::-1] for line in lines]
    slant = generator.uniform(-1, 1)
    return [line + generator.uniform(-0.3, 0.3, (2, 2)) + slant * line[:, ::-1] * [1, 0] for line in lines]


def _loops(generator: np.random.Generator) -> Strokes:
    """A row of loops or waves, as in a sham signature."""
    times = np.linspace(0, 2 * np.pi * generator.uniform(2.2, 5), 200)
    across, down = generator.uniform(0, 2), generator.uniform(0.8, 4)
    return [np.stack([times / 2 + across * np.cos(times), down * np.sin(times)], axis=1)]


def _bundle(generator: np.random.Generator) -> Strokes:
    """Straight lines anywhere."""
    return list(generator.uniform(size=(int(generator.integers(4, 9)), 2, 2)))


_SCRIBBLES = (_tangle, _zigzag, _spiral, _hatching, _loops, _bundle)


def _drawn(strokes: Strokes, generator: np.random.Generator) -> Grey | None:
    """Draw evenly spaced strokes by hand: half where MNIST's digits are, half anywhere on a page.

    The normaliser leaves the first half as it is, which is ten times as fast.
    """
    points = _by_hand(np.concatenate(strokes), generator)
    widest_pen = float(np.clip(16 / (len(points) * _STEP), 2.2, 4.5))  # much ink needs a thin pen
    if generator.random() < 0.5:
        side, pen = _SIDE, generator.uniform(2, widest_pen)
        longest = _BOX_SIDE - pen
        middle = np.full(2, _SIDE / 2) - longest * points.mean(axis=0)
    else:
        side, longest = _PAGE_SIDE, generator.uniform(16, 28)
        pen = longest / _BOX_SIDE * generator.uniform(1, widest_pen)
        middle = _PAGE_SIDE / 2 + (_PAGE_SIDE - longest - pen - 4) / 2 * generator.uniform(-1, 1, 2)
    return _in_form(_stroked(middle + longest * points, strokes, pen, side))


def _stroked(points: Points, strokes: Strokes, pen: float, side: int) -> Grey:
    """(side, side) with the points, cut into strokes as long as these, drawn by a pen of so many pixels."""
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    fine = np.zeros((_FINE * side, _FINE * side), np.uint8)
    places = np.split(np.rint(_FINE * points).astype(np.int32), ends)
    cv2.polylines(fine, places, False, 255, round(_FINE * pen))
    return np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _by_hand(points: Points, generator: np.random.Generator) -> Points:
    """The points slanted and bent, in a square from -0.5 to 0.5 that they fill in one direction."""
    angle, shear = generator.normal(0, 0.15), generator.normal(0, 0.15)
    stretch = np.exp(generator.normal(0, 0.15))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    slanted = points @ (turn @ np.array([[stretch, 0], [shear, 1 / stretch]]))
    waves, phases = generator.normal(0, 4, (2, 3)), generator.uniform(0, 2 * np.pi, 3)
    bent = slanted + np.sin(slanted @ waves + phases) @ generator.normal(0, 0.025, (3, 2))
    low, high = bent.min(axis=0), bent.max(axis=0)
    by_hand: Points = (bent - (low + high) / 2) / max(float((high - low).max()), 1e-6)
    return by_hand


# Textures, as levels from 0 to 1 that may go beyond.


def _textured(_: _Digits, generator: np.random.Generator) -> Grey | None:
    levels = _TEXTURES[generator.integers(len(_TEXTURES))](generator)
    texture = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    return texture if generator.random() < 0.5 else _in_form(_on_page(texture))


def _on_page(picture: Grey) -> Grey:
    margin = (_PAGE_SIDE - _SIDE) // 2
    return np.asarray(cv2.copyMakeBorder(picture, *[margin] * 4, cv2.BORDER_CONSTANT), dtype=np.uint8)


def _noise(generator: np.random.Generator) -> Plane:
    levels: Plane = generator.random((_SIDE, _SIDE)) ** generator.uniform(0.5, 6)
    return levels


def _speckle(generator: np.random.Generator) -> Plane:
    return np.where(generator.random((_SIDE, _SIDE)) < generator.uniform(0.05, 0.6), 1.0, 0.0)


def _blots(generator: np.random.Generator) -> Plane:
    noise = generator.standard_normal((_SIDE, _SIDE))
    smooth: Plane = cv2.GaussianBlur(noise, (0, 0), generator.uniform(0.8, 3))
    return 0.5 + 10 ** generator.uniform(0, 1.5) * (smooth / smooth.std() + generator.uniform(-0.5, 0.7))


def _stripes(generator: np.random.Generator) -> Plane:
    """Stripes; or a checkerboard, two sets of stripes multiplied."""
    sharpness = 10 ** generator.uniform(-0.3, 1)
    waves = np.sin(_ramp(generator.uniform(15, 40), generator))
    if generator.random() < 0.5:
        waves = waves * np.sin(_ramp(generator.uniform(15, 40), generator))
    return 0.5 + sharpness * waves


def _gradient(generator: np.random.Generator) -> Plane:
    return _ramp(generator.uniform(0.8, 2), generator) - generator.uniform(0, 0.5)


def _ramp(height: float, generator: np.random.Generator) -> Plane:
    """What rises by about `height` across the picture, in any direction."""
    angle, places = generator.uniform(0, 2 * np.pi), np.linspace(0, height, _SIDE)
    ramp: Plane = np.cos(angle) * places[:, None] + np.sin(angle) * places + generator.uniform(0, height)
    return ramp


def _rectangles(generator: np.random.Generator) -> Plane:
    """Rectangles on top of each other; most of them hide much of the paper."""
    levels = np.zeros((_SIDE, _SIDE))
    for left, top in generator.integers(0, 20, (int(generator.integers(3, 9)), 2)):
        width, height = generator.integers(4, 22, 2)
        levels[top : top + height, left : left + width] = generator.uniform(0, 1.5)
    return levels


def _filled(generator: np.random.Generator) -> Plane:
    """One filled square or disc, dented."""
    levels = _blots(generator) * 0.1
    middle, half = generator.uniform(11, 17, 2).round().astype(int), int(generator.integers(6, 12))
    if generator.random() < 0.5:
        cv2.circle(levels, middle.tolist(), half, 1.0, -1)
    else:
        cv2.rectangle(levels, (middle - half).tolist(), (middle + half).tolist(), 1.0, -1)
    return levels


_TEXTURES = (_noise, _speckle, _blots, _stripes, _gradient, _rectangles, _filled)


# Digits that are spoiled, and several of them.


def _spoiled(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    if generator.random() < 0.5:
        return _shuffled(digits, generator)
    return _crossed_out(digits, generator)


def _shuffled(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """The quarters of one digit, or of four, none of them in its place."""
    # Not of 1, 3 and 8, which are much the same in all quarters.
    chosen = [digits.one_of([0, 2, 4, 5, 6, 7, 9], generator) for _ in range(4)]
    if generator.random() < 0.5:
        chosen = chosen[:1] * 4
    order = generator.permutation(4)
    # Merely swapped top and bottom, nines are sixes.
    if (order == np.arange(4)).any() or (order == [2, 3, 0, 1]).all():
        return None
    half = _SIDE // 2
    quarters = [d[half * (i // 2) :, half * (i % 2) :][:half, :half] for d, i in zip(chosen, order, strict=True)]
    return _in_form(_on_page(np.block([quarters[:2], quarters[2:]])))


def _crossed_out(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """A scribble all over a digit."""
    scribble = (_zigzag, _hatching, _tangle)[generator.integers(3)]
    strokes = _evenly_spaced(scribble(generator))
    points = _by_hand(np.concatenate(strokes), generator)
    # As wide as it is high: a flat one through a seven is a seven's bar.
    spread = points * (generator.uniform(0.75, 1, 2) / np.ptp(points, axis=0))
    pen = generator.uniform(1.5, 3)
    longest = _BOX_SIDE - pen
    over = _stroked(_SIDE / 2 + longest * spread, strokes, pen, _SIDE)
    return _in_form(np.maximum(over, digits.one_of(range(10), generator)))


def _several(digits: _Digits, generator: np.random.Generator) -> Grey | None:
    """Two to four in a row, or two above each other: a row of digits that lie on their side, set upright."""
    is_column = generator.random() < 0.15
    # Above each other, two zeros are an eight and two ones are a one.
    labels = [2, 3, 4, 5, 6, 7, 9] if is_column else range(10)
    n_digits = 2 if is_column else 2 + int(np.searchsorted([0.6, 0.85], generator.random()))
    row = np.zeros((_PAGE_SIDE, 4 * _SIDE + 8), np.uint8)
    end = previous = 4
    for _ in range(n_digits):
        digit = digits.one_of(labels, generator)
        left, top, right, bottom = _bounds(digit)
        crop = digit[top:bottom, left:right].T if is_column else digit[top:bottom, left:right]
        if not crop.size:
            return None
        scale = generator.uniform(0.75, 1.1)
        crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        height, width = crop.shape
        gap = int(generator.integers(1, 4)) if is_column else int(generator.integers(-3, 5))
        end += max(gap, -min(width, previous) // 3)
        y = (_PAGE_SIDE - height) // 2 + int(generator.integers(-3, 4))
        place = row[y : y + height, end : end + width]
        np.maximum(place, crop, out=place)
        end, previous = end + width, width
    page = row[:, : end + 4]
    return _in_form(np.ascontiguousarray(page.T if is_column else page))


_KINDS: dict[str, Maker] = {
    "turned": _turned,
    "written": _written,
    "scribbled": _scribbled,
    "textures": _textured,
    "spoiled": _spoiled,
}
