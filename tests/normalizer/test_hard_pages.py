"""MNIST's digits where people have theirs: in and over the boxes of forms, in small pictures under a lamp."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.reading.recognizer import Recognizer
from inkdigits.synthesis.corruption import CORRUPTIONS, corrupt_with

Grey = NDArray[np.uint8]

N_DIGITS = 200


def in_frame(
    image: Grey, generator: np.random.Generator, *, touches: bool, degrees: float, n_gaps: int = 0
) -> Grey:
    """A form's field, dark on light: the digit in the middle of its box, or over one of its sides."""
    height = int(generator.integers(100, 200))
    width = round(height * generator.uniform(0.75, 1.1))
    line = max(1, round(width * generator.uniform(0.012, 0.05)))
    digit = enlarged(image, 0.85 * width, generator.uniform(0.55, 0.85) * height)
    margin = height // 2
    page: Grey = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    cv2.rectangle(page, (margin, margin), (margin + width, margin + height), 255, line)
    for number in range(n_gaps):
        upright = number % 2 == 0
        gap = round(0.05 * height)
        along = margin + int(generator.integers(gap, (height if upright else width) - 2 * gap))
        across = margin + (0, width if upright else height)[number // 2 % 2]
        there = np.s_[along : along + gap, across - line : across + line + 1]
        page[there if upright else there[::-1]] = 0
    top, left = ((side - of_digit) // 2 for side, of_digit in zip(page.shape, digit.shape, strict=True))
    over = round(generator.uniform(0.5, 4) * line)
    side = generator.integers(4) if touches else None
    if side in (0, 1):
        top = margin - over if side else margin + height + over - digit.shape[0]
    elif side in (2, 3):
        left = margin - over if side == 3 else margin + width + over - digit.shape[1]
    field = page[top : top + digit.shape[0], left : left + digit.shape[1]]
    np.maximum(field, digit, out=field)
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), degrees, 1)
    soft = cv2.GaussianBlur(cv2.warpAffine(page, turn, page.shape[::-1]), (3, 3), 0)
    return np.asarray(245 - 0.8 * soft, np.uint8)


def enlarged(image: Grey, width: float, height: float) -> Grey:
    """The ink of an image of MNIST's, as sharp strokes, as large as fits."""
    left, top, wide, high = cv2.boundingRect((image > 60).astype(np.uint8))
    scale = min(width / wide, height / high)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    ink = cv2.resize(image[top : top + high, left : left + wide], size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(255 * (ink > 110), np.uint8)


def lit(image: Grey, side: int, light: str, generator: np.random.Generator) -> Grey:
    """A small photograph: the digit somewhere on it, dark on paper that is lit evenly or not."""
    size = round(side * generator.uniform(0.75, 1))
    ink = np.zeros((side, side))
    top, left = generator.integers(0, side - size + 1, 2)
    ink[top : top + size, left : left + size] = cv2.resize(image, (size, size)) / 255
    y, x = np.mgrid[-0.5 : 0.5 : side * 1j, -0.5 : 0.5 : side * 1j]
    towards = generator.uniform(0, 2 * np.pi)
    along = x * np.cos(towards) + y * np.sin(towards)
    if light == "falls off":
        paper = 170 + generator.uniform(60, 140) * along
    elif light == "shadow":
        paper = np.where(along > generator.uniform(-0.3, 0.3), 215.0, generator.uniform(90, 140))
        paper = cv2.GaussianBlur(paper, (0, 0), side * generator.uniform(0.02, 0.1))
    else:
        paper = np.full_like(ink, 215.0)
    page: NDArray[np.float64] = paper * (1 - 0.75 * ink) + generator.normal(0, 2, ink.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


def share_read(pages: list[Grey], labels: NDArray[np.int64]) -> float:
    """Of pages, the share that the bundled model reads right."""
    read = [None if isinstance(each, Exception) else each.digit for each in Recognizer().predict_many(pages)]
    return float(np.mean([a == b for a, b in zip(read, labels, strict=True)]))


@pytest.fixture(scope="module")
def digits(real_data: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(N, 28, 28) images of MNIST's test part and their labels."""
    test = load("mnist", environ={"INKDIGITS_DATA": str(real_data)}).test
    assert test is not None
    assert test.labels is not None
    return test.images[:N_DIGITS], test.labels[:N_DIGITS]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("touches", "degrees", "least"), [(False, 0, 0.97), (False, 3, 0.97), (True, 0, 0.88), (True, 3, 0.88)]
)
def test_digits_in_the_boxes_of_forms(
    digits: tuple[Grey, NDArray[np.int64]], touches: bool, degrees: float, least: float
) -> None:
    generator = np.random.default_rng(0)
    pages = [in_frame(image, generator, touches=touches, degrees=degrees) for image in digits[0]]
    assert share_read(pages, digits[1]) >= least


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("n_gaps", "degrees", "least"), [(1, 0, 0.97), (3, 0, 0.97), (6, 0, 0.93), (3, 3, 0.93)]
)
def test_digits_in_boxes_whose_lines_have_gaps(
    digits: tuple[Grey, NDArray[np.int64]], n_gaps: int, degrees: float, least: float
) -> None:
    generator = np.random.default_rng(0)
    pages = [in_frame(image, generator, touches=False, degrees=degrees, n_gaps=n_gaps) for image in digits[0]]
    assert share_read(pages, digits[1]) >= least


@pytest.mark.real_data
@pytest.mark.parametrize("side", [28, 36])
@pytest.mark.parametrize(("light", "least"), [("even", 0.97), ("falls off", 0.93), ("shadow", 0.88)])
def test_digits_in_small_photographs(
    digits: tuple[Grey, NDArray[np.int64]], side: int, light: str, least: float
) -> None:
    generator = np.random.default_rng(0)
    pages = [lit(image, side, light, generator) for image in digits[0]]
    assert share_read(pages, digits[1]) >= least


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("kind", "least"),
    [("grain", 0.93), ("dotted line", 0.93), ("ruled line", 0.93), ("impulse noise", 0.8), ("fog", 0.85)],
)
def test_dirty_images_in_mnists_form(digits: tuple[Grey, NDArray[np.int64]], kind: str, least: float) -> None:
    images = corrupt_with(kind, digits[0], np.random.default_rng(0))
    assert share_read(list(images), digits[1]) >= least


@pytest.mark.real_data
def test_images_in_mnists_form_are_read_whatever_is_done_to_them(
    digits: tuple[Grey, NDArray[np.int64]],
) -> None:
    generator = np.random.default_rng(0)
    read = [share_read(list(corrupt_with(kind, digits[0], generator)), digits[1]) for kind in CORRUPTIONS]
    assert np.mean(read) >= 0.94
