"""Drawings, rare shapes and scribbles: in MNIST's form, repeatable, and no scribble that is a digit."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.synthesis.drawings import drawing
from inkdigits.synthesis.rare_shapes import rare_shape
from inkdigits.synthesis.scribbles import scribble

SEVEN = [np.array([[0.0, 0.0], [0.6, 0.0], [0.2, 1.0]])]


def test_every_drawing_holds_the_whole_digit_in_mnists_box() -> None:
    generator = np.random.default_rng(0)
    for _ in range(60):
        picture = drawing(SEVEN, generator)
        assert picture.shape == (28, 28)
        assert picture.dtype == np.uint8
        _, _, width, height = cv2.boundingRect((picture > 40).astype(np.uint8))
        assert 16 <= height <= 22
        assert 8 <= width <= 20


def test_two_drawings_of_one_path_differ_and_the_generator_decides() -> None:
    first, again, other = (drawing(SEVEN, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_rare_shapes_are_of_nine_digits_and_have_strokes() -> None:
    generator = np.random.default_rng(0)
    shapes = [rare_shape(generator) for _ in range(300)]
    assert {digit for digit, _ in shapes} == {0, 1, 2, 3, 4, 5, 7, 8, 9}
    for _, strokes in shapes:
        points = np.concatenate(strokes)
        assert np.isfinite(points).all()
        assert all(stroke.ndim == 2 and len(stroke) >= 2 for stroke in strokes)
        assert 0.5 < np.ptp(points[:, 1]) < 1.6


def test_most_ones_are_slim() -> None:
    generator = np.random.default_rng(1)
    slim: list[bool] = []
    while len(slim) < 100:
        digit, strokes = rare_shape(generator)
        if digit == 1:
            width, height = np.ptp(np.concatenate(strokes), axis=0)
            slim.append(bool(width < 0.8 * height))
    assert np.mean(slim) > 0.9


@pytest.mark.parametrize("writing", [[], [SEVEN]])
def test_no_scribble_is_slim_or_the_bare_outline_of_a_digit(writing: list[list[np.ndarray]]) -> None:
    generator = np.random.default_rng(2)
    for _ in range(300):
        strokes = scribble(writing, generator)
        points = np.concatenate(strokes)
        width, height = np.ptp(points, axis=0)
        assert width >= 0.5 * height
        if len(points) == 3:
            assert points[1, 1] > points[:, 1].min() + 0.3 * height, "its corner is on top, as in a 7"
