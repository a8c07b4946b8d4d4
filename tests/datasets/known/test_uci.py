"""scikit-learn's digits: same split every time, MNIST's geometry."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets import load


def test_uci() -> None:
    first, second = load("uci"), load("uci")
    assert first.train is not None
    assert first.test is not None
    assert second.test is not None
    assert (len(first.train), len(first.test)) == (1437, 360)
    np.testing.assert_array_equal(first.test.images, second.test.images)
    assert first.test.labels is not None
    counts = np.bincount(first.test.labels)
    assert counts.min() >= 34  # stratified: 360 tests of ten about equal classes
    assert any("8x8" in note for note in first.notes)


def test_uci_lies_as_mnist_does() -> None:
    dataset = load("uci")
    assert dataset.train is not None
    images = dataset.train.images.astype(np.float64)
    mass = images.sum(axis=(1, 2))
    rows = (images.sum(axis=2) @ np.arange(28)) / mass
    columns = (images.sum(axis=1) @ np.arange(28)) / mass
    assert abs(rows.mean() - 13.5) < 0.3
    assert abs(columns.mean() - 13.5) < 0.3
    assert images.max() == 255
    assert images[:, 0].max() == 0
