"""Several digits on a page are counted; one digit in parts, with dirt or between neighbours is one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.ink import Grey
from inkdigits.normalizer import normalize
from inkdigits.pictures.images import read_image
from inkdigits.reading.recognizer import Recognizer

PAPER = 235


def page_of(*lines: list[tuple[int, int]], shape: tuple[int, int] = (120, 200), stroke_px: int = 7) -> Grey:
    """A page with polylines, x before y."""
    page = np.full(shape, PAPER, np.uint8)
    for line in lines:
        cv2.polylines(page, [np.array(line, np.int32)], False, 20, stroke_px)
    return page


ONE = [(30, 30), (30, 90)]
TWO = [(60, 30), (90, 32), (62, 88), (95, 88)]
SEVEN = [(120, 30), (150, 30), (130, 90)]


@pytest.mark.parametrize("inverted", [False, True])
def test_three_digits_that_stand_close_are_several(inverted: bool) -> None:
    page = page_of(ONE, [(x - 18, y) for x, y in TWO], [(x - 30, y) for x, y in SEVEN])
    assert normalize(255 - page if inverted else page).others == 2


def test_a_tight_crop_of_two_digits_holds_several() -> None:
    page = page_of([(8, 2), (20, 60), (6, 117)], [(x + 40, y) for x, y in TWO])[:, :150]
    assert normalize(np.ascontiguousarray(page)).others == 1


def test_what_a_crop_has_of_its_neighbour_is_none() -> None:
    page = page_of([(x + 20, y) for x, y in TWO])
    page[25:95, :6] = 20  # the side of a digit that was cut along the edge
    assert normalize(page).others == 0


def an_open_four() -> Grey:
    return page_of([(60, 30), (50, 65), (80, 65)], [(94, 30), (94, 95)])


def a_five_with_its_bar_apart() -> Grey:
    return page_of([(70, 40), (68, 60), (95, 65), (92, 90), (65, 92)], [(84, 34), (110, 32)])


def a_dotted_two() -> Grey:
    whole = page_of(TWO, stroke_px=5)
    y, x = np.mgrid[: whole.shape[0], : whole.shape[1]]
    return np.where(((x // 4 + y // 4) % 3 == 0), PAPER, whole).astype(np.uint8)


def a_dashed_seven() -> Grey:
    return page_of(*[[(60 + 14 * i, 30), (66 + 14 * i, 30)] for i in range(4)], [(108, 36), (85, 95)])


def a_one_with_dirt() -> Grey:
    page = page_of([(100, 25), (98, 95)])
    for x, y in np.random.default_rng(0).integers(5, 115, (30, 2)):
        page[y : y + 2, x : x + 2] = 120
    return page


def a_broken_zero() -> Grey:
    return page_of([(80, 30), (60, 60), (80, 92)], [(92, 30), (112, 60), (92, 92)])


def an_equals_sign() -> Grey:
    """Cropped tightly; no digits, and not several."""
    return page_of([(0, 20), (199, 20)], [(0, 60), (199, 60)], shape=(80, 200))


@pytest.mark.parametrize(
    "draw",
    [
        an_open_four,
        a_five_with_its_bar_apart,
        a_dotted_two,
        a_dashed_seven,
        a_one_with_dirt,
        a_broken_zero,
        an_equals_sign,
    ],
)
def test_one_digit_in_parts_is_one(draw: Callable[[], Grey]) -> None:
    page = draw()
    assert normalize(page).others == 0
    assert normalize(255 - page).others == 0


def strings(
    images: Grey,
    writers: NDArray[np.int64],
    n_digits: int,
    gap_px: tuple[int, int],
    generator: np.random.Generator,
) -> Grey:
    """Digits of one writer side by side, dark on light."""
    writer = generator.choice(np.unique(writers))
    parts = [np.zeros((28, 8), np.uint8)]
    for i in generator.choice(np.flatnonzero(writers == writer), n_digits):
        columns = np.flatnonzero(images[i].max(axis=0) > 60)
        gap = np.zeros((28, int(generator.integers(*gap_px))), np.uint8)
        parts += [images[i][:, columns[0] : columns[-1] + 1], gap]
    row = np.pad(np.hstack(parts), 8)
    return np.asarray(255 - cv2.resize(row, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.real_data
@pytest.mark.parametrize("n_digits", [2, 3, 5])
@pytest.mark.parametrize("gap_px", [(1, 3), (3, 7), (7, 14)])
def test_strings_of_one_writer_are_several(real_data: Path, n_digits: int, gap_px: tuple[int, int]) -> None:
    train = load("mnist", environ={"INKDIGITS_DATA": str(real_data)}).train
    assert train is not None
    with np.load(real_data / "mnist" / "train_writers.npz") as arrays:
        writers = arrays["writer"]
    kept = writers % 10 == 3
    generator = np.random.default_rng(0)
    pages = [strings(train.images[kept], writers[kept], n_digits, gap_px, generator) for _ in range(60)]
    answers = Recognizer().predict_many(pages)
    assert np.mean([getattr(each, "reason", None) == "several" for each in answers]) >= 0.9


@pytest.mark.real_data
def test_numbers_that_people_cropped_are_several(real_data: Path) -> None:
    folder = real_data / "numbers" / "question_numbers"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if len(row["label"]) > 1]
    answers = [Recognizer().predict(folder / row["path"]) for row in rows]
    assert np.mean([each.refused for each in answers]) >= 0.85
    assert np.mean([each.reason == "several" for each in answers]) >= 0.8


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["choice", "hobby", "hole"])
def test_people_s_single_digits_are_one(real_data: Path, name: str) -> None:
    pictures = sorted((real_data / "digits" / name).rglob("*.png"))
    assert len(pictures) > 400
    assert [path.name for path in pictures if normalize(read_image(path)).others] == []
