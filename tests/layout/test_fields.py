"""The number in the middle of a field is found, whatever stands around it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.ink import Grey
from inkdigits.layout.cuts import Band, Cut, cut_line, cuts_of_band, cuts_of_close_crop, line_map
from inkdigits.layout.fields import find_field
from inkdigits.layout.line import LINE_HEIGHT


def field(text: str = "418", *, paper: int = 220, ink: int = 40) -> Grey:
    """(120, 260) with a number of 36 rows in its middle: columns 90 to 170, rows 42 to 78."""
    page = np.full((120, 260), paper, np.uint8)
    cv2.putText(page, text, (90, 78), cv2.FONT_HERSHEY_SIMPLEX, 1.6, ink, 3, cv2.LINE_AA)
    return page


def band_of(page: Grey) -> Band | None:
    return next((cut.band for cut in find_field(page).cuts), None)


def assert_is_the_number(band: Band | None) -> None:
    assert band is not None
    assert 34 <= band.top <= 48
    assert 72 <= band.bottom <= 88
    assert 60 <= band.left <= 94
    assert 160 <= band.right <= 205


def test_a_bare_number() -> None:
    assert_is_the_number(band_of(field()))


def test_light_ink_on_a_dark_page() -> None:
    found = find_field(255 - field())
    assert_is_the_number(found.cuts[0].band)
    assert found.darkness[60, 5] < found.darkness.max() / 2


def test_the_sides_of_a_cell_and_what_is_beyond_them() -> None:
    page = field()
    for x in (60, 210):
        cv2.line(page, (x, 0), (x, 119), 60, 3)
    cv2.putText(page, "7", (222, 78), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
    assert_is_the_number(band_of(page))


@pytest.mark.parametrize("step", [1, 6])
def test_rules_solid_and_dotted_with_rows_of_neighbours(step: int) -> None:
    page = field()
    for y in (24, 96):
        for x in range(0, 260, step):
            cv2.line(page, (x, y), (x + min(step - 1, 3), y), 90, 1)
    cv2.putText(page, "333", (90, 132), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
    cv2.putText(page, "555", (90, 16), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
    assert_is_the_number(band_of(page))


def test_faint_ink_beside_strong_rules() -> None:
    page = field(ink=180)
    for x in (60, 210):
        cv2.line(page, (x, 0), (x, 119), 0, 4)
    assert_is_the_number(band_of(page))


@pytest.mark.parametrize("noise", [0.0, 1.5])
def test_an_empty_field_has_no_band(noise: float) -> None:
    grain = np.random.default_rng(0).normal(0, noise, (80, 200))
    assert find_field(np.clip(210 + grain, 0, 255).astype(np.uint8)).cuts == ()


def test_tiny_pictures_do_not_fail() -> None:
    for shape in ((1, 1), (2, 9), (9, 2), (5, 5)):
        page = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
        found = find_field(page)
        for cut in found.cuts:
            assert cut_line(found.darkness, cut).shape[0] == LINE_HEIGHT


def test_a_close_crop_is_read_whole_first() -> None:
    page = field()[36:84, 80:180]
    first, *others = find_field(page).cuts
    assert (first.band.top, first.band.bottom) == (0.0, 48.0)
    assert first.band.left < 0 < 100 < first.band.right
    assert any(cut.band != first.band for cut in others)


def close_crop(*strokes: list[tuple[int, int]], shape: tuple[int, int] = (100, 90)) -> Grey:
    """Strokes of a pen of 6 pixels on grey paper."""
    page = np.full(shape, 210, np.uint8)
    for stroke in strokes:
        cv2.polylines(page, [np.array(stroke)], False, 40, 6, cv2.LINE_AA)
    return page


FIVE = [(75, 8), (50, 8), (46, 45), (70, 50), (72, 80), (44, 92)]


def reaches(page: Grey) -> list[bool]:
    """Of each cut, whether it has the left tenth of the picture in it."""
    return [cut.band.left < 0.1 * page.shape[1] for cut in find_field(page).cuts]


@pytest.mark.parametrize(
    "one",
    [[(16, 8), (16, 91)], [(10, -9), (20, 50), (10, 109)], [(22, -9), (12, 109)]],
    ids=["ends", "bends", "leans"],
)
def test_a_stroke_near_the_edge_is_no_side(one: list[tuple[int, int]]) -> None:
    assert all(reaches(close_crop(one, FIVE)))


def test_two_strokes_alone_are_no_cell() -> None:
    assert all(reaches(close_crop([(10, -9), (10, 109)], [(78, -9), (78, 109)])))


def test_a_side_ends_at_edges_or_at_rules() -> None:
    side = [(10, -9), (10, 109)]
    box = [(10, 6), (10, 94), (84, 94), (84, 6), (10, 6)]
    for frame in (side + side[::-1], box):
        page = close_crop(FIVE)
        cv2.polylines(page, [np.array(frame)], False, 120, 2, cv2.LINE_AA)
        assert not reaches(page)[0]


def test_where_a_stroke_may_be_a_side_both_are_read() -> None:
    assert sorted(set(reaches(close_crop([(14, -9), (14, 109)], FIVE)))) == [False, True]


def test_a_narrow_crop_is_one_digit_with_paper_around_it() -> None:
    page = close_crop([(14, 2), (14, 98)], shape=(100, 28))
    found = find_field(page)
    line = cut_line(found.darkness, found.cuts[0])
    assert found.cuts[0].margin > 0.1
    assert line[0].max() < 0.5 < line[16].max()
    three = close_crop([(4, 4), (26, 8), (6, 30), (40, 33), (38, 90), (4, 95)], shape=(100, 44))
    assert all(cut.band.bottom == 100 for cut in find_field(three).cuts[:5])


def test_beyond_the_edges_of_a_picture_is_paper() -> None:
    page = close_crop([(0, 30), (60, 70)])
    line = cut_line((255 - page).astype(np.float32), Cut(Band(-20, 0, 90, 100), 0.1))
    assert line[:, 0].max() < 0.2
    assert line.max() > 0.8


def test_each_cut_holds_the_whole_band() -> None:
    band, whole = Band(90, 40, 170, 80), Band(70, 30, 190, 90)
    for cut in (*cuts_of_band(band), *cuts_of_close_crop(whole, band)):
        matrix, width = line_map(cut)
        corners = np.array([[90, 170, 90, 170], [40, 40, 80, 80], [1, 1, 1, 1]])
        xs, ys = matrix @ corners
        assert xs.min() >= -0.01
        assert xs.max() <= width + 1
        assert ys.min() >= -0.01
        assert ys.max() <= LINE_HEIGHT + 0.01
