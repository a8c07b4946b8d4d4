"""Training or test: by name, by content, and never both."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.datasets.catalogue import CATALOGUE
from inkdigits.datasets.roles import role_of
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, idx_bytes, make_pair


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train.csv", "train"),
        ("mnist_train_100.csv", "train"),
        ("x-training.npz", "train"),
        ("test.csv", "test"),
        ("t10k-images-idx3-ubyte", "test"),
        ("validation", "validation"),
        ("x_val", "validation"),
        ("digits-dev.csv", "validation"),
        ("values.csv", None),
        ("device.csv", None),
        ("mnisttest.csv", "test"),
        ("optdigits.tes", "test"),
        ("latest.csv", None),
        ("digits.csv", None),
        ("train-test.csv", None),
    ],
)
def test_role_of(name: str, role: str | None) -> None:
    assert role_of(name) == role


def test_test_pictures_copied_as_training_pictures(
    tmp_path: Path, pair: Pair, write_pair: Callable[..., None]
) -> None:
    write_pair(tmp_path, "train", *pair)
    write_pair(tmp_path, "t10k", *pair)
    with pytest.raises(DatasetError, match="the same pictures in both"):
        load(tmp_path)


@pytest.fixture
def known_test(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Pictures that the catalogue takes for the test pictures of a published dataset."""
    images, labels = make_pair(30, seed=9)
    content = idx_bytes(images)
    entry = CATALOGUE["mnist"]
    file = dataclasses.replace(
        entry.test_images, n_bytes=len(content), content_hash=f"sha256:{hashlib.sha256(content).hexdigest()}"
    )
    catalogue = {"mnist": dataclasses.replace(entry, test_images=file)}
    monkeypatch.setattr("inkdigits.datasets.roles.CATALOGUE", catalogue)
    return images, labels


def test_known_test_set_under_the_name_of_training(tmp_path: Path, known_test: Pair) -> None:
    np.savez(tmp_path / "train.npz", x=known_test[0], y=known_test[1])
    with pytest.raises(DatasetError, match="the test pictures of mnist as training pictures"):
        load(tmp_path / "train.npz")


def test_known_test_set_without_a_telling_name_is_for_testing(tmp_path: Path, known_test: Pair) -> None:
    np.savez(tmp_path / "mine.npz", x=known_test[0], y=known_test[1])
    dataset = load(tmp_path / "mine.npz")
    assert dataset.train is None
    assert dataset.test is not None
    assert any("test pictures of mnist" in note for note in dataset.notes)
