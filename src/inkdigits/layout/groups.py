"""From the ink of an upright page to groups of writing: which pieces stand together, and which share a comb.

Distances are measured by the height of the writing at hand, so that large digits in the boxes of a form and
the small print beside them are both grouped rightly.

Letters: H, W size of the page; n, number of pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey
from inkdigits.layout.cuts import Band
from inkdigits.paper.pieces import Pieces

__all__ = ["Group", "group_writing"]

_LEAST_HEIGHT_PX = 7
_LINE_SHARE = 0.1  # of the page: level lines that are longer are rules, and no strokes
_LEAST_LINE_PX = 40
_LINE_GAP_PX = 5
_THICKEST_LINE_PX = 11
_RULE_ASPECT = 12.0  # longer and flatter pieces are rules
_GAP_SHARE = 1.1  # of the height of two neighbours: what stands closer belongs together
_SMALL_SHARE = 0.45  # of its neighbour's height: what is lower is a dot, a dash or a part of a stroke
_SMALL_GAP_SHARE = 0.45  # of the neighbour's height
_MOST_RATIO = 2.2  # of the heights of neighbours
_OVERLAP_SHARE = 0.4  # of the lower neighbour's height
_ROWS_SHARE = 1.6  # of the height of its pieces: what is taller holds several rows
_LINE_BY_STROKE = 1.3  # of the height of the writing: strokes are not so long
_UPRIGHT = (1.5, 5.0)  # times as high as the writing, and as wide: the rest of an upright rule
_HOLLOW_SHARE = 0.22  # of a piece's rectangle: what covers less of it is no digit, but part of a frame ...
_FRAME_SHARE = 2.5  # ... where it is so many times as high as the writing
_VALLEY_SHARE = 0.6  # of the mean ink of a row: between rows of writing there is less
_ROW_COVER = 0.2  # of the width of a block: what has ink over less is no row, but the top of a tall letter
_MOST_PITCHES = 1.6  # the widest step between digits in boxes by the narrowest
_BOX_GAP_SHARE = 2.2  # of the height: neighbours in a comb stand no further apart
_BOX_WIDTH_SHARE = 1.3  # of the height: what is wider is no single digit
_SPACED_SHARE = 0.3  # of the height: gaps between digits that stand in boxes


@dataclass(frozen=True)
class Group:
    """Writing that stands together.

    Attributes:
        band: where, in pixels of the upright page.
        line: which line it stands in, from 0.
    """

    band: Band
    line: int


@dataclass(frozen=True)
class _Block:
    """Some writing, and its glyphs from left to right: pieces above each other are one."""

    band: Band
    glyphs: tuple[Band, ...]
    unit: float  # the height of its pieces

    @cached_property
    def is_spaced(self) -> bool:
        """Whether it is a single digit, or digits that stand as far apart as those in boxes do."""
        gaps = [right.left - left.right for left, right in zip(self.glyphs, self.glyphs[1:], strict=False)]
        slim = all(glyph.right - glyph.left <= _BOX_WIDTH_SHARE * self.band.height for glyph in self.glyphs)
        return slim and all(gap >= _SPACED_SHARE * self.band.height for gap in gaps)


def group_writing(mask: Grey) -> tuple[Group, ...]:
    """Group the ink (H, W) of an upright page, in reading order."""
    stroke = _LINE_BY_STROKE * _height_of_writing(mask)
    bare = np.ascontiguousarray(_without_lines(_without_lines(mask).T, stroke).T)
    blocks = _blocks(bare)
    if _cut_rows(bare, blocks):
        blocks = _blocks(bare)
    uprights = _upright_rules(mask, bare)
    return _in_order(_joined_boxes(blocks, uprights))


def _without_lines(mask: Grey, longest_stroke_px: float = 0.0) -> Grey:
    """(H, W) without level lines longer than any stroke, which need not run through; strokes across stay."""
    mask = np.ascontiguousarray(mask)
    length = max(round(_LINE_SHARE * mask.shape[1]), _LEAST_LINE_PX, round(longest_stroke_px))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, _LINE_GAP_PX), np.uint8))
    lines = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    if not lines.any():
        return mask
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((_THICKEST_LINE_PX, 1), np.uint8))
    return np.asarray(mask & ~(cv2.dilate(lines, np.ones((3, 1), np.uint8)) & ~tall), np.uint8)


def _height_of_writing(mask: Grey) -> float:
    """About how high the digits are, before rules are known: frames and what touches them do not count."""
    _, _, wide, high, area = Pieces.of(mask).stats[1:].T
    compact = (area > _HOLLOW_SHARE * wide * high) & (wide < _RULE_ASPECT * high) & (high >= _LEAST_HEIGHT_PX)
    compact |= (
        (wide < 2 * high) & (high < 2 * wide) & (high < 0.5 * mask.shape[0]) & (high >= _LEAST_HEIGHT_PX)
    )
    return _middle_height(high[compact], area[compact]) if compact.any() else 0.0


def _upright_rules(mask: Grey, bare: Grey) -> Grey:
    """(H, W) 1 on the upright lines of a page, gaps of dashed ones closed."""
    lines = (mask & ~bare).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(lines, cv2.MORPH_OPEN, np.ones((7, 1), np.uint8)), np.uint8)


def _writing(bare: Grey) -> NDArray[np.int32]:
    """(n, 5) the pieces that may be writing, from left to right."""
    stats = Pieces.of(bare).stats[1:]
    _, _, wide, high, area = stats.T
    is_writing = (wide < _RULE_ASPECT * high) & (high < _RULE_ASPECT * wide) & (high < 0.95 * bare.shape[0])
    is_frame = (area < 0.06 * wide * high) & (wide * high > 0.2 * bare.size)
    tall = is_writing & (high >= _LEAST_HEIGHT_PX)
    if tall.any():
        unit = _middle_height(high[tall], area[tall])
        is_frame |= (area < _HOLLOW_SHARE * wide * high) & (high > _FRAME_SHARE * unit)
        is_frame |= (high > _UPRIGHT[0] * unit) & (high > _UPRIGHT[1] * wide)
    stats = stats[is_writing & ~is_frame & (area > 3)]
    return np.asarray(stats[np.argsort(stats[:, 0], kind="stable")], np.int32)


def _middle_height(high: NDArray[np.int32], area: NDArray[np.int32]) -> float:
    """The height that half of the ink is at least as high as."""
    order = np.argsort(high)
    weights = np.cumsum(area[order])
    return float(high[order][np.searchsorted(weights, weights[-1] / 2)])


def _blocks(bare: Grey) -> list[_Block]:
    """Pieces that stand together."""
    stats = _writing(bare)
    if not len(stats):
        return []
    names = np.arange(len(stats))
    for one, other in _neighbours(stats):
        first, second = _root(names, one), _root(names, other)
        names[max(first, second)] = min(first, second)
    members: dict[int, list[int]] = {}
    for number in range(len(stats)):
        members.setdefault(_root(names, number), []).append(number)
    return [block for own in members.values() if (block := _block(stats[own])) is not None]


def _root(names: NDArray[np.int64], number: int) -> int:
    while names[number] != number:
        names[number] = names[names[number]]
        number = int(names[number])
    return number


def _neighbours(stats: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Pairs of pieces that belong together."""
    left, top, wide, high, _ = stats.T.astype(np.float64)
    right, bottom = left + wide, top + high
    pairs: list[tuple[int, int]] = []
    nearest: dict[int, tuple[float, int]] = {}  # of each small piece
    tallest = float(high.max())
    for one in range(len(stats) - 1):
        reach = _GAP_SHARE * min(_MOST_RATIO * high[one], tallest)
        end = int(np.searchsorted(left, right[one] + reach, "right"))
        others = np.s_[one + 1 : end]
        gap = left[others] - right[one]
        overlap = np.minimum(bottom[others], bottom[one]) - np.maximum(top[others], top[one])
        lower, taller = np.minimum(high[others], high[one]), np.maximum(high[others], high[one])
        alike = (lower >= taller / _MOST_RATIO) & (overlap >= _OVERLAP_SHARE * lower)
        together = alike & (gap <= _GAP_SHARE * np.minimum((lower + taller) / 2, 1.3 * lower))
        pairs += [(one, one + 1 + int(number)) for number in np.flatnonzero(together)]
        small = (lower < taller / _MOST_RATIO) & (overlap > -0.15 * taller) & (taller >= _LEAST_HEIGHT_PX)
        for number in np.flatnonzero(small & (gap <= _SMALL_GAP_SHARE * taller)):
            other = one + 1 + int(number)
            lesser, greater = (one, other) if high[one] < high[other] else (other, one)
            distance = max(float(gap[number]), 0.0) - min(float(overlap[number]), 0.0)
            nearest[lesser] = min(nearest.get(lesser, (np.inf, 0)), (distance, greater))
    return pairs + [(lesser, greater) for lesser, (_, greater) in nearest.items()]


def _block(stats: NDArray[np.int32]) -> _Block | None:
    """The block of some pieces (n, 5); None where it is too low or too faint for writing."""
    left, top, wide, high, area = stats.T
    unit = float(np.median(high[area >= 0.1 * area.max()]))
    tall = high >= _SMALL_SHARE * unit
    first, last = float(top[tall].min()), float((top + high)[tall].max())
    if last - first < _LEAST_HEIGHT_PX:
        return None
    glyphs: list[Band] = []
    for x, y, w, h, _ in stats[tall].tolist():
        previous = glyphs[-1] if glyphs else None
        if previous is not None and x < previous.right - 0.3 * min(w, previous.right - previous.left):
            glyphs[-1] = Band(
                previous.left, min(previous.top, y), max(previous.right, x + w), max(previous.bottom, y + h)
            )
        else:
            glyphs.append(Band(x, y, x + w, y + h))
    band = Band(float(left.min()), first, float((left + wide).max()), last)
    return _Block(band, tuple(glyphs), unit)


def _cut_rows(bare: Grey, blocks: Sequence[_Block]) -> bool:
    """Cut blocks of several rows that touch apart, in place, where there is least ink between the rows."""
    was_cut = False
    for block in blocks:
        band, unit = block.band, block.unit
        n_rows = round(band.height / unit)
        if band.height < _ROWS_SHARE * unit or n_rows < 2 or len(block.glyphs) < 2:
            continue
        left, right, top = int(band.left), int(band.right), int(band.top)
        profile = bare[top : int(band.bottom), left:right].sum(axis=1, dtype=np.float64)
        profile = np.convolve(profile, np.ones(3) / 3, mode="same")
        for number in range(1, n_rows):
            middle, reach = number * band.height / n_rows, 0.3 * unit
            window = profile[int(middle - reach) : int(middle + reach) + 1]
            if window.min() > _VALLEY_SHARE * profile.mean():
                continue
            row = top + int(middle - reach) + int(window.argmin())
            sides = (bare[top:row, left:right], bare[row + 2 : int(band.bottom), left:right])
            if min(side.any(axis=0).mean() for side in sides if side.size) < _ROW_COVER:
                continue
            bare[row : row + 2, left:right] = 0
            was_cut = True
    return was_cut


def _joined_boxes(blocks: list[_Block], uprights: Grey) -> list[Band]:
    """The bands of blocks; those with a rule between their single digits are one number in a comb."""
    waiting = sorted(blocks, key=lambda block: block.band.left)
    chains: list[list[_Block]] = []
    for block in waiting:
        fits = [
            chain
            for chain in chains
            if _share_a_comb(chain[-1], block, uprights) and _is_regular([*chain, block])
        ]
        if fits:
            min(fits, key=lambda chain: block.band.left - chain[-1].band.right).append(block)
        else:
            chains.append([block])
    return [_around([block.band for block in chain]) for chain in chains]


def _around(bands: Sequence[Band]) -> Band:
    return Band(
        min(each.left for each in bands),
        min(each.top for each in bands),
        max(each.right for each in bands),
        max(each.bottom for each in bands),
    )


def _share_a_comb(one: _Block, other: _Block, uprights: Grey) -> bool:
    """Whether two blocks are spaced digits with the side of a box between them."""
    if not (one.is_spaced and other.is_spaced):
        return False
    a, b = one.band, other.band
    lower, taller = min(a.height, b.height), max(a.height, b.height)
    overlap = min(a.bottom, b.bottom) - max(a.top, b.top)
    gap = b.left - a.right
    if overlap < _OVERLAP_SHARE * lower or taller > _MOST_RATIO * lower:
        return False
    if not 0 <= gap <= _BOX_GAP_SHARE * taller:
        return False
    between = uprights[int(min(a.top, b.top)) : int(max(a.bottom, b.bottom)), int(a.right) : int(b.left) + 1]
    return bool(between.size) and float(between.any(axis=1).mean()) > 0.5


def _is_regular(chain: Sequence[_Block]) -> bool:
    """Whether the digits of some blocks stand at even steps, as boxes do; numbers in a table do not."""
    middles = [(glyph.left + glyph.right) / 2 for block in chain for glyph in block.glyphs]
    steps = np.diff(middles)
    return bool(steps.max() <= _MOST_PITCHES * steps.min())


def _in_order(bands: Sequence[Band]) -> tuple[Group, ...]:
    """Lines from the top, groups from the left; bands that overlap by half of the lower one share a line."""
    lines: list[list[Band]] = []
    for band in sorted(bands, key=lambda band: band.top + band.bottom):
        for line in reversed(lines[-3:]):
            other = line[-1]
            overlap = min(band.bottom, other.bottom) - max(band.top, other.top)
            if overlap > 0.5 * min(band.height, other.height):
                line.append(band)
                break
        else:
            lines.append([band])
    return tuple(
        Group(
            Band(band.left - 0.3 * band.height, band.top, band.right + 0.3 * band.height, band.bottom), number
        )
        for number, line in enumerate(lines)
        for band in sorted(line, key=lambda band: band.left)
    )
