"""Allographs are digits in MNIST's form, with what their habit adds, and keep their label."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.synthesis.allographs import allographs

Images = NDArray[np.uint8]


@pytest.fixture
def digits() -> tuple[Images, NDArray[np.int64]]:
    """A plain one, seven and zero."""
    images = np.zeros((3, 28, 28), np.uint8)
    cv2.line(images[0], (14, 4), (13, 23), 255, 2, cv2.LINE_AA)
    cv2.polylines(images[1], [np.array([[7, 4], [20, 4], [13, 23]])], False, 255, 2, cv2.LINE_AA)
    cv2.ellipse(images[2], (14, 14), (7, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
    return images, np.array([1, 7, 0])


def made(digits: tuple[Images, NDArray[np.int64]], n: int, seed: int = 0) -> tuple[Images, NDArray[np.int64]]:
    return allographs(*digits, n, np.random.default_rng(seed))


def test_ones_sevens_and_zeros_in_equal_shares(digits: tuple[Images, NDArray[np.int64]]) -> None:
    images, labels = made(digits, 30)
    assert images.shape == (30, 28, 28)
    assert images.dtype == np.uint8
    assert np.bincount(labels)[[0, 1, 7]].tolist() == [10, 10, 10]
    assert len(np.unique(images.reshape(30, -1), axis=0)) == 30, "no two are the same"


def test_the_generator_decides(digits: tuple[Images, NDArray[np.int64]]) -> None:
    np.testing.assert_array_equal(made(digits, 9)[0], made(digits, 9)[0])
    assert (made(digits, 9)[0] != made(digits, 9, seed=1)[0]).any()


def test_a_flag_is_on_the_upper_left_of_a_one(digits: tuple[Images, NDArray[np.int64]]) -> None:
    images, labels = made(digits, 150)
    for one in images[labels == 1]:
        rows, columns = np.nonzero(one > 127)
        top = rows < rows.min() + 0.6 * np.ptp(rows)
        stem = np.median(columns)
        assert stem - columns[top].min() >= columns[top].max() - stem
    widths = [cv2.boundingRect((one > 127).astype(np.uint8))[2] for one in images[labels == 1]]
    assert np.mean(np.array(widths) > 5) > 0.8, "a plain one is three pixels wide"


def test_a_bar_crosses_the_stem_of_a_seven(digits: tuple[Images, NDArray[np.int64]]) -> None:
    images, labels = made(digits, 150)
    for seven in images[labels == 7]:
        rows, columns = np.nonzero(seven > 127)
        middle = np.abs(rows - rows.min() - 0.52 * np.ptp(rows)) < 0.2 * np.ptp(rows)
        assert np.ptp(columns[middle]) >= 6


def test_a_slash_parts_a_zero_in_two(digits: tuple[Images, NDArray[np.int64]]) -> None:
    images, labels = made(digits, 150)
    holes = [
        cv2.connectedComponents((zero < 80).astype(np.uint8), connectivity=4)[0] - 2
        for zero in images[labels == 0]
    ]
    assert np.mean(np.array(holes) >= 2) > 0.8


def test_digits_that_no_habit_suits_are_refused() -> None:
    with pytest.raises(DatasetError, match="expected ones, sevens and zeros as in MNIST"):
        allographs(np.zeros((1, 28, 28), np.uint8), np.array([1]), 1, np.random.default_rng(0))
    with pytest.raises(DatasetError, match="found none"):
        allographs(np.full((3, 28, 28), 255, np.uint8), np.array([1, 7, 0]), 3, np.random.default_rng(0))


def test_none_at_all(digits: tuple[Images, NDArray[np.int64]]) -> None:
    images, labels = made(digits, 0)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)
