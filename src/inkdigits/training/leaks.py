"""Keeps what one dataset tests on out of what another one trains on.

Each dataset by itself is checked where it is loaded. Joined, two may still share images: the test part of
optdigits is all of UCI's digits in scikit-learn. Copies of a dataset are rounded differently, so that images
are the same here if no pixel differs by more than a few grey levels. N and M are numbers of images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import Dataset
from inkdigits.errors import DatasetError
from inkdigits.extras import needing

with needing("train", for_what="training"):
    from scipy.spatial import cKDTree

__all__ = ["without_test_images"]

_TOLERANCE = 4  # grey levels; the rounding of copies was seen to make 2
_BLOCK = 7  # pixels; images that are the same have the same means of blocks, within the tolerance


def without_test_images(datasets: Sequence[Dataset]) -> tuple[list[Dataset], tuple[str, ...]]:
    """The datasets without the training images that one of them tests on, and a note about each removal.

    Some images in common are an accident and are left out. Where they are most of a test part or of a
    training part, the two are one dataset under two names, and whoever named both has to choose.

    Raises:
        DatasetError: most of a test part is trained on, or most of a training part is tested on.
    """
    tested = [(dataset.name, dataset.test.images) for dataset in datasets if dataset.test is not None]
    seen = {name: np.zeros(len(images), np.bool_) for name, images in tested}  # (M,) which are trained on
    kept: list[Dataset] = []
    notes: list[str] = []
    for dataset in datasets:
        train = dataset.train
        if train is None:
            kept.append(dataset)
            continue
        leaks = np.zeros(len(train), np.bool_)
        for name, images in tested:
            found = _found_in(train.images, images)  # (N,)
            if not found.any():
                continue
            seen[name] |= _found_in(images, train.images[found])
            leaks |= found
            notes.append(f"{dataset.name}: left out {found.sum():,} training images that {name} tests on")
            if max(leaks.mean(), seen[name].mean()) > 0.5:
                raise _one_under_two_names(dataset.name, name, n_leaks=int(found.sum()))
        kept.append(replace(dataset, train=train.take(~leaks)) if leaks.any() else dataset)
    return kept, tuple(notes)


def _found_in(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the images (N, 28, 28) are among the others (M, 28, 28): (N,)."""
    distances, nearest = cKDTree(_block_means(others)).query(
        _block_means(images), p=np.inf, distance_upper_bound=_TOLERANCE + 1
    )
    found: NDArray[np.bool_] = np.isfinite(distances)
    differences = images[found].astype(np.int16) - others[nearest[found]]
    found[found] = np.abs(differences).max(axis=(1, 2)) <= _TOLERANCE
    return found


def _block_means(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    n, height, width = images.shape
    blocks = images.reshape(n, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    means: NDArray[np.float64] = blocks.mean(axis=(2, 4)).reshape(n, -1)  # (N, 16)
    return means


def _one_under_two_names(trained: str, tested: str, *, n_leaks: int) -> DatasetError:
    return DatasetError(
        trained,
        expected=f"training images other than the test images of {tested}",
        found=f"{n_leaks:,} of those",
        remedy="Leave out one of the two datasets; a model that has seen its test proves nothing.",
    )
