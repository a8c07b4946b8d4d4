"""Augmentation moves ink about: repeatably, within bounds, without making or losing much of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.synthesis.augmentation import AugmentationConfig, augment

EVERYTHING = AugmentationConfig(
    rotation_degrees=12, scale=0.12, shear=0.12, shift_px=2.5, elastic_px=0.8, elastic_share=0.5
)


def blobs(n_images: int = 40) -> NDArray[np.uint8]:
    """Bars of 12x6 in the middle of the picture."""
    images = np.zeros((n_images, 28, 28), dtype=np.uint8)
    images[:, 8:20, 11:17] = 200
    return images


def centres(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 2): the centre of mass of each image, x before y."""
    ink = images.astype(np.float64)
    mass = ink.sum(axis=(1, 2))
    columns, rows = ink.sum(axis=1) @ np.arange(28), ink.sum(axis=2) @ np.arange(28)
    return np.stack([columns / mass, rows / mass], axis=1)


def warped(config: AugmentationConfig, seed: int = 0) -> NDArray[np.uint8]:
    return augment(blobs(), config, np.random.default_rng(seed))


def test_the_generator_decides() -> None:
    np.testing.assert_array_equal(warped(EVERYTHING), warped(EVERYTHING))
    assert (warped(EVERYTHING, seed=1) != warped(EVERYTHING)).any()


def test_every_image_is_warped_by_itself_and_the_input_is_left_alone() -> None:
    images = blobs()
    result = augment(images, EVERYTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(images, blobs())
    assert len(np.unique(result.reshape(len(result), -1), axis=0)) == len(result)


def test_defaults_change_nothing() -> None:
    assert AugmentationConfig().changes_nothing
    assert not EVERYTHING.changes_nothing
    np.testing.assert_array_equal(warped(AugmentationConfig()), blobs())


def test_a_warp_by_next_to_nothing_is_next_to_the_identity() -> None:
    result = warped(AugmentationConfig(shift_px=1e-4))
    assert np.abs(result.astype(int) - blobs()).max() <= 1


def test_results_are_images_of_the_same_form() -> None:
    result = warped(EVERYTHING)
    assert result.dtype == np.uint8
    assert result.shape == blobs().shape
    assert result.max() <= 200, "interpolation makes nothing darker than the ink"
    assert augment(blobs(0), EVERYTHING, np.random.default_rng(0)).shape == (0, 28, 28)


def test_shifts_go_every_way_and_no_further_than_allowed() -> None:
    moved = centres(warped(AugmentationConfig(shift_px=2.5))) - centres(blobs())
    assert np.abs(moved).max() <= 2.55
    assert (moved.min(axis=0) < -1).all()
    assert (moved.max(axis=0) > 1).all()


@pytest.mark.parametrize(
    "config",
    [
        AugmentationConfig(rotation_degrees=15),
        AugmentationConfig(scale=0.2),
        AugmentationConfig(shear=0.2),
    ],
)
def test_turning_scaling_and_shearing_keep_the_middle(config: AugmentationConfig) -> None:
    result = warped(config)
    assert (result != blobs()).any()
    assert np.abs(centres(result) - centres(blobs())).max() < 0.15


@pytest.mark.parametrize(
    ("config", "tolerance"),
    [
        (AugmentationConfig(rotation_degrees=15, shear=0.1, shift_px=2), 0.05),
        (AugmentationConfig(elastic_px=0.8, elastic_share=1), 0.35),
        (AugmentationConfig(scale=0.1), 0.25),  # 0.9 ** 2 to 1.1 ** 2
    ],
)
def test_ink_is_roughly_kept(config: AugmentationConfig, tolerance: float) -> None:
    mass = warped(config).sum(axis=(1, 2)) / blobs().sum(axis=(1, 2))
    assert np.abs(mass - 1).max() < tolerance


def test_elastic_share_is_the_share_that_is_bent() -> None:
    bent = (warped(AugmentationConfig(elastic_px=1, elastic_share=0.5)) != blobs()).any(axis=(1, 2))
    assert 0.25 < bent.mean() < 0.75


def test_a_neighbour_shows_its_edge_and_leaves_the_middle_alone() -> None:
    config = AugmentationConfig(neighbour_share=0.5)
    assert not config.changes_nothing
    images = np.full((200, 28, 28), 0, np.uint8)
    images[:, 4:24, 4:24] = 200
    crowded = augment(images, config, np.random.default_rng(0))
    np.testing.assert_array_equal(crowded[:, 6:22, 6:22], images[:, 6:22, 6:22])
    added = (crowded != images).any(axis=(1, 2))
    assert 0.35 < added.mean() < 0.6
    sides = [crowded[:, :4], crowded[:, -4:], crowded[:, :, :4], crowded[:, :, -4:]]
    above, below, left, right = ((side > 0).any(axis=(1, 2)).mean() for side in sides)
    assert min(above, below, left, right) > 0, "on every side"
    assert left + right > above + below, "mostly beside"
    assert (images[:, 4:24, 4:24] == 200).all(), "the input is left alone"
