"""Where the ink is on pages of one stroke or two, in every light; the normaliser's tests draw digits."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.ink import Grey, Mask
from inkdigits.paper.binarization import find_ink
from inkdigits.paper.contrast import percentile
from inkdigits.paper.pieces import Pieces

PAPER, PEN = 240, 40
LINE_PX = 2


def page_with_stroke(shape: tuple[int, int] = (120, 100)) -> tuple[Grey, Mask]:
    """A page with one upright stroke, and where the stroke is."""
    stroke = np.zeros(shape, np.bool_)
    stroke[30:90, 40:52] = True
    return np.where(stroke, PEN, PAPER).astype(np.uint8), stroke


def strokes_on_page(page: Grey) -> Mask:
    """(H, W) the strokes that are found, at their place on the page."""
    ink = find_ink(page)
    strokes = np.zeros(page.shape, np.bool_)
    if ink is not None:
        height, width = ink.levels.shape
        strokes[ink.top : ink.top + height, ink.left : ink.left + width] = ink.pieces.labels > 0
    return strokes


def likeness(found: Mask, drawn: Mask) -> float:
    """What the two share of all that either has."""
    return float((found & drawn).sum() / (found | drawn).sum())


@pytest.mark.parametrize("inverted", [False, True])
def test_the_strokes_are_where_they_were_drawn(inverted: bool) -> None:
    page, drawn = page_with_stroke()
    np.testing.assert_array_equal(strokes_on_page(255 - page if inverted else page), drawn)


def test_only_the_surroundings_of_the_ink_come_back() -> None:
    ink = find_ink(page_with_stroke()[0])
    assert ink is not None
    assert (ink.left, ink.top) == (38, 28)
    assert ink.pieces.labels.shape == ink.levels.shape == (64, 16)
    np.testing.assert_array_equal(ink.levels, ink.pieces.labels > 0)


def test_ink_at_the_edge_has_nothing_beyond() -> None:
    page = np.full((60, 80), PAPER, np.uint8)
    page[:20, 70:] = PEN
    ink = find_ink(page)
    assert ink is not None
    assert (ink.left, ink.top) == (68, 0)
    assert ink.levels.shape == (22, 12)


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (300, 40)])
def test_an_even_page_has_no_ink(shade: int, shape: tuple[int, int]) -> None:
    assert find_ink(np.full(shape, shade, np.uint8)) is None


def under_a_lamp(page: Grey) -> Grey:
    light = np.linspace(0.4, 1, page.shape[1])
    return np.asarray((page * light).round(), dtype=np.uint8)


def half_in_shadow(page: Grey) -> Grey:
    light = np.ones(page.shape)
    light[:50] = 0.55
    return np.asarray((page * cv2.GaussianBlur(light, (0, 0), 3)).round(), dtype=np.uint8)


def grainy(page: Grey, sigma: float = 5) -> Grey:
    noise: NDArray[np.float64] = np.random.default_rng(0).normal(0, sigma, page.shape)
    return np.asarray(np.clip(page + noise, 0, 255).round(), dtype=np.uint8)


@pytest.mark.parametrize("light", [under_a_lamp, half_in_shadow, grainy])
def test_the_light_does_not_matter(light: Callable[[Grey], Grey]) -> None:
    page, drawn = page_with_stroke()
    assert likeness(strokes_on_page(light(page)), drawn) > 0.9


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("gap", [20, 40])
def test_paper_between_strokes_is_no_ink(gap: int, inverted: bool) -> None:
    """On grainy paper the gap between two digits once passed for a bright blot."""
    drawn = np.zeros((200, 200), np.bool_)
    for left in (60, 68 + gap):
        drawn[80:130, left : left + 8] = True
    page = grainy(np.where(drawn, 70, 200).astype(np.uint8), sigma=9)
    assert likeness(strokes_on_page(255 - page if inverted else page), drawn) > 0.9


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("line_pen", [90, PEN])
def test_ruled_lines_are_paper_but_not_where_strokes_cross_them(line_pen: int, down: bool) -> None:
    page, drawn = page_with_stroke()
    ruled = page.copy()
    for y in range(10, 120, 25):
        ruled[y : y + LINE_PX] = np.minimum(page[y : y + LINE_PX], line_pen)
    if down:
        ruled, drawn = ruled.T.copy(), drawn.T
    found = strokes_on_page(ruled)
    assert likeness(found, drawn) > 0.9
    assert cv2.connectedComponents(found.astype(np.uint8))[0] == 2


def test_a_line_that_stops_short_is_ink() -> None:
    page, _ = page_with_stroke()
    page[20 : 20 + LINE_PX, 5:90] = PEN
    assert strokes_on_page(page)[20, 5:90].all()


def test_the_only_line_on_a_page_is_ink() -> None:
    page = np.full((120, 100), PAPER, np.uint8)
    page[60 : 60 + LINE_PX] = PEN
    assert strokes_on_page(page)[60].all()


def test_faint_ink_counts_where_it_hangs_on_to_certain_ink() -> None:
    page, drawn = page_with_stroke()
    page[60:64, 40:52] = PAPER - 60  # the pen skipped
    page[5:15, 80:90] = PAPER - 60  # a smudge apart
    np.testing.assert_array_equal(strokes_on_page(page), drawn)


def test_of_a_smear_that_a_stroke_touches_the_stroke_alone_counts() -> None:
    page, drawn = page_with_stroke()
    page[50:94, 52:92] = PAPER - 60
    np.testing.assert_array_equal(strokes_on_page(page), drawn)


@pytest.mark.parametrize("size", [1, 2, 3, 500])
@pytest.mark.parametrize("percent", [0, 7.5, 75, 90, 100])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_percentile_is_numpys(size: int, percent: float, dtype: type[np.generic]) -> None:
    levels = (255 * np.random.default_rng(size).random((size, 1))).astype(dtype)
    assert percentile(levels, percent) == pytest.approx(np.percentile(levels, percent), rel=1e-6)


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    mask = np.zeros((6, 9), np.uint8)
    mask[1, 1] = mask[2, 2] = 1
    mask[3:5, 6:9] = 1
    pieces = Pieces.of(mask)
    np.testing.assert_array_equal(pieces.labels > 0, mask > 0)
    assert pieces.stats[1:].tolist() == [[1, 1, 2, 2, 2], [6, 3, 3, 2, 6]]


@pytest.mark.parametrize(("pen_px", "grain"), [(8, 12), (8, 16), (9, 12)])
def test_a_fat_digit_in_a_tight_crop_is_not_taken_for_grain(pen_px: int, grain: int) -> None:
    """Where half of a small picture is ink, the deviation from its middle says nothing of the paper."""
    generator = np.random.default_rng(0)
    ink = np.zeros((60, 56), np.uint8)
    cv2.line(ink, (18, 4), (9, 56), 1, pen_px)
    cv2.polylines(
        ink, [np.array([[34, 6], [50, 8], [36, 26], [52, 46], [34, 56]], np.int32)], False, 1, pen_px - 1
    )
    light = np.linspace(205, 230, 56) + generator.normal(0, grain, ink.shape)
    page = np.clip(np.where(ink > 0, 8, light), 0, 255).astype(np.uint8)
    assert likeness(strokes_on_page(page), ink > 0) > 0.8


@pytest.mark.parametrize("noise", ["normal", "uniform", "blurred"])
def test_mere_noise_stays_blank(noise: str) -> None:
    generator = np.random.default_rng(1)
    levels = {
        "normal": generator.normal(128, 40, (120, 120)),
        "uniform": generator.uniform(0, 255, (120, 120)),
        "blurred": cv2.GaussianBlur(generator.uniform(0, 255, (120, 120)), (0, 0), 2),
    }[noise]
    assert find_ink(np.clip(levels, 0, 255).astype(np.uint8)) is None
