"""Digits written into the boxes of a form, and over their lines: MNIST's, enlarged and framed here."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.recognizer import Recognizer

Grey = NDArray[np.uint8]

N_DIGITS = 200


def in_frame(image: Grey, generator: np.random.Generator, *, touches: bool, degrees: float) -> Grey:
    """A form's field, dark on light: the digit in the middle of its box, or over one of its sides."""
    height = int(generator.integers(100, 200))
    width = round(height * generator.uniform(0.75, 1.1))
    line = max(1, round(width * generator.uniform(0.012, 0.05)))
    digit = enlarged(image, 0.85 * width, generator.uniform(0.55, 0.85) * height)
    margin = height // 2
    page: Grey = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    cv2.rectangle(page, (margin, margin), (margin + width, margin + height), 255, line)
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


@pytest.mark.real_data
@pytest.mark.skipif("INKDIGITS_DATA" not in os.environ, reason="INKDIGITS_DATA names no folder of data sets")
@pytest.mark.parametrize(
    ("touches", "degrees", "least"), [(False, 0, 0.97), (False, 3, 0.97), (True, 0, 0.88), (True, 3, 0.88)]
)
def test_digits_in_frames_are_read(touches: bool, degrees: float, least: float) -> None:
    test = load("mnist").test
    assert test is not None
    assert test.labels is not None
    generator = np.random.default_rng(0)
    pages = [in_frame(image, generator, touches=touches, degrees=degrees) for image in test.images[:N_DIGITS]]
    read = [None if isinstance(each, Exception) else each.digit for each in Recognizer().predict_many(pages)]
    assert np.mean([a == b for a, b in zip(read, test.labels[:N_DIGITS], strict=True)]) >= least
