"""Pages within borders: found to the pixel, straightened, and not seen where there is none."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from inkdigits.ink import Grey
from inkdigits.paper.borders import within_borders
from inkdigits.results import Box

PAPER, PEN = 240, 30


def written_page(height: int = 160, width: int = 130) -> Grey:
    """A page with an open stroke in its middle, a hook of three lines."""
    page = np.full((height, width), PAPER, np.uint8)
    points = np.array([(0.35, 0.25), (0.7, 0.25), (0.45, 0.55), (0.5, 0.8)]) * (width, height)
    cv2.polylines(page, [points.astype(np.int32)], False, PEN, max(2, width // 20))
    return page


def bordered(page: Grey, px: int, shade: int, sides: str = "tblr") -> Grey:
    top, bottom, left, right = (px if side in sides else 0 for side in "tblr")
    framed = cv2.copyMakeBorder(page, top, bottom, left, right, cv2.BORDER_CONSTANT, value=shade)
    return np.asarray(framed, np.uint8)


def turned(picture: Grey, degrees: float, shade: int) -> Grey:
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderValue=shade), np.uint8)


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("shade", [0, 70, 130, 215, 255])
@pytest.mark.parametrize("sides", ["tblr", "t", "b", "l", "r", "tl", "br", "lr", "tbl"])
def test_the_page_comes_back_to_the_pixel(share: float, shade: int, sides: str) -> None:
    page = written_page()
    px = round(share * 160)
    (sheet,) = within_borders(bordered(page, px, shade, sides))
    np.testing.assert_array_equal(sheet.page, page)
    left, top = px * ("l" in sides), px * ("t" in sides)
    there = sheet.box_on_picture(Box(5, 7, 20, 30), (400, 400))
    assert there == Box(5 + left, 7 + top, 20, 30)


@pytest.mark.parametrize("side", [28, 64, 700, 1500])
def test_the_size_of_the_picture_does_not_matter(side: int) -> None:
    page = written_page(side, side)
    (sheet,) = within_borders(bordered(page, max(1, side // 12), 0))
    np.testing.assert_array_equal(sheet.page, page)


def test_borders_within_borders() -> None:
    page = written_page()
    outer = bordered(bordered(bordered(page, 12, 190), 9, 0), 20, 255)
    sheets = within_borders(outer)
    assert [sheet.page.shape[0] - 160 for sheet in sheets] == [42, 24, 0]
    np.testing.assert_array_equal(sheets[-1].page, page)
    assert sheets[-1].box_on_picture(Box(1, 2, 3, 4), outer.shape) == Box(42, 43, 3, 4)


@pytest.mark.parametrize("degrees", [-2.0, -1.0, 1.0, 2.0])
def test_a_page_that_lies_askew_is_straightened(degrees: float) -> None:
    page = written_page(320, 260)
    picture = turned(bordered(page, 40, 60), degrees, 60)
    (sheet,) = within_borders(picture)
    assert sheet.page.shape == pytest.approx(page.shape, abs=6)
    assert (sheet.page[3:-3, 3:-3] > 200).mean() == pytest.approx((page > 200).mean(), abs=0.01)
    assert sheet.page[:, [3, -4]].min() > 200  # no wedge of the background
    ink = Box(*cv2.boundingRect((sheet.page < 100).astype(np.uint8)))
    there = sheet.box_on_picture(ink, picture.shape)
    drawn = cv2.boundingRect((picture < 45).astype(np.uint8))
    assert (there.left, there.top) == pytest.approx(drawn[:2], abs=8)
    assert (there.width, there.height) == pytest.approx(drawn[2:], abs=14)


def soft(picture: Grey) -> Grey:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def jpeg(picture: Grey) -> Grey:
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)


def grainy(picture: Grey) -> Grey:
    noise = np.random.default_rng(0).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def labelled(picture: Grey) -> Grey:
    """Ticks and numbers as an axis has them, where the border is."""
    drawn = picture.copy()
    for i, x in enumerate(range(60, 300, 40)):
        cv2.line(drawn, (x, 319), (x, 324), 0, 1)
        cv2.putText(drawn, str(5 * i), (x - 6, 338), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1, cv2.LINE_AA)
    return drawn


@pytest.mark.parametrize("change", [soft, jpeg, grainy, labelled])
def test_borders_as_cameras_and_figures_make_them(change: Callable[[Grey], Grey]) -> None:
    page = 255 - written_page(280, 280)
    sheet = within_borders(change(bordered(page, 40, 255)))[-1]
    assert sheet.page.shape == pytest.approx((280, 280), abs=20)
    assert (sheet.page > 128).mean() == pytest.approx((page > 128).mean(), abs=0.04)


def test_round_corners_are_painted_over() -> None:
    page, radius = written_page(200, 200), 12
    is_page = np.zeros_like(page)
    cv2.rectangle(is_page, (radius, 0), (199 - radius, 199), 1, -1)
    cv2.rectangle(is_page, (0, radius), (199, 199 - radius), 1, -1)
    for x in (radius, 199 - radius):
        for y in (radius, 199 - radius):
            cv2.circle(is_page, (x, y), radius, 1, -1)
    picture = bordered(page * is_page, 20, 0)
    (sheet,) = within_borders(picture)
    assert sheet.page[:20].min() > 200
    assert sheet.page[-20:].min() > 200


def a_drawn_box(page: Grey) -> Grey:
    cv2.rectangle(page, (30, 20), (100, 140), PEN, 3)
    return page


def a_bar_along_the_top(page: Grey) -> Grey:
    """A seven in a tight crop."""
    page[:] = PAPER
    page[:14] = PEN
    page[14:, 60:76] = PEN
    return page


def a_stem_along_the_side(page: Grey) -> Grey:
    """A four in a tight crop."""
    page[:] = PAPER
    page[:, -16:] = PEN
    page[90:106] = PEN
    page[:90, :14] = PEN
    return page


def a_ruled_line(page: Grey) -> Grey:
    page[12:14] = PEN
    return page


def nothing_else(page: Grey) -> Grey:
    return page


@pytest.mark.parametrize(
    "change", [nothing_else, a_drawn_box, a_bar_along_the_top, a_stem_along_the_side, a_ruled_line]
)
@pytest.mark.parametrize("inverted", [False, True])
def test_what_is_no_border(change: Callable[[Grey], Grey], inverted: bool) -> None:
    page = change(written_page())
    assert within_borders(255 - page if inverted else page) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (9, 9), (28, 28), (300, 20)])
@pytest.mark.parametrize("shade", [0, 255])
def test_an_even_picture_has_no_border(shape: tuple[int, int], shade: int) -> None:
    assert within_borders(np.full(shape, shade, np.uint8)) == []


def test_any_picture_at_all_is_taken() -> None:
    generator = np.random.default_rng(0)
    for _ in range(300):
        height, width = map(int, generator.integers(1, 160, 2))
        picture = np.zeros((height, width), np.uint8)
        for _ in range(generator.integers(1, 6)):
            top, left = (generator.integers(0, side) for side in (height, width))
            picture[top : top + generator.integers(1, 160), left : left + generator.integers(1, 160)] = (
                generator.integers(0, 256)
            )
        for sheet in within_borders(picture):
            assert min(sheet.page.shape) >= 10
            box = sheet.box_on_picture(Box(0, 0, *sheet.page.shape[::-1]), picture.shape)
            assert 0 <= box.left < box.left + box.width <= picture.shape[1]
            assert 0 <= box.top < box.top + box.height <= picture.shape[0]
