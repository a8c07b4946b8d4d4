"""Every corruption damages, by the generator alone, and leaves the rest as it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.synthesis.corruption import CORRUPTIONS, corrupt, corrupt_with, vary_stroke_width


@pytest.fixture(scope="module")
def rings() -> NDArray[np.uint8]:
    """Forty hollow rings of different heights, as strokes three pixels wide."""
    y, x = np.indices((28, 28)) - 13.5
    radii = np.linspace(5, 9, 40)[:, None, None]
    distance: NDArray[np.float64] = np.abs(np.hypot(x / 0.7, y) - radii)
    return np.clip((2.2 - distance) * 255, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_one_changes_images_and_leaves_some_of_the_digit(name: str, rings: NDArray[np.uint8]) -> None:
    damaged = corrupt_with(name, rings, np.random.default_rng(0))
    assert damaged.shape == rings.shape
    assert damaged.dtype == np.uint8
    changed = (damaged != rings).any(axis=(1, 2))
    assert changed.mean() > 0.9
    assert damaged.reshape(len(rings), -1).std(axis=1).min() > 5, "something is still to be seen"
    np.testing.assert_array_equal(damaged, corrupt_with(name, rings, np.random.default_rng(0)))


@pytest.mark.parametrize("change", [corrupt, vary_stroke_width])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_only_the_share_is_changed(change: type, share: float, rings: NDArray[np.uint8]) -> None:
    images = np.tile(rings, (10, 1, 1))
    before = images.copy()
    changed = change(images, share, np.random.default_rng(1))
    np.testing.assert_array_equal(images, before)
    assert (changed != images).any(axis=(1, 2)).mean() == pytest.approx(share, abs=0.06)


def test_strokes_become_thicker_and_thinner(rings: NDArray[np.uint8]) -> None:
    varied = vary_stroke_width(rings, 1.0, np.random.default_rng(2))
    mass = varied.sum(axis=(1, 2)) / rings.sum(axis=(1, 2))
    assert mass.min() < 0.85
    assert mass.max() > 1.15
    assert 0.3 < mass.min() < mass.max() < 1.7


def test_no_images() -> None:
    assert corrupt(np.empty((0, 28, 28), np.uint8), 1.0, np.random.default_rng(0)).shape == (0, 28, 28)


def test_thinning_leaves_whole_lines_of_one_pixel(rings: NDArray[np.uint8]) -> None:
    for thin in corrupt_with("thin", rings, np.random.default_rng(3)):
        assert set(np.unique(thin)) == {0, 255}
        assert cv2.connectedComponents(thin, connectivity=8)[0] == 2, "in one piece"
        assert cv2.connectedComponents(255 - thin, connectivity=4)[0] == 3, "still closed"
        squares = cv2.erode(thin, np.ones((2, 2), np.uint8))
        assert np.count_nonzero(squares) <= 4, "nowhere wide, but at a corner or so"
