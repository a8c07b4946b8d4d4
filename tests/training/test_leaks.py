"""What one dataset tests on, none of them trains on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import Dataset, Split, load
from inkdigits.errors import DatasetError
from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.training import corpus
from inkdigits.training.corpus import gather
from inkdigits.training.leaks import without_test_images

IMAGES = np.random.default_rng(0).integers(0, 250, (60, 28, 28), dtype=np.uint8)


def split(images: NDArray[np.uint8]) -> Split:
    return Split(images, np.arange(len(images)) % 10)


def test_images_in_common_are_left_out_of_the_training() -> None:
    clean = Dataset("clean", split(IMAGES[:20]), split(IMAGES[20:40]))
    copied = IMAGES[10:22].copy()
    copied[:, ::3] += 2  # rounded differently
    both = split(np.concatenate([copied, IMAGES[50:]]))
    mixed = Dataset("mixed", both, None)
    (first, second), notes = without_test_images([clean, mixed])
    assert first is clean
    assert second.train is not None
    np.testing.assert_array_equal(second.train.images, np.delete(both.images, [10, 11], axis=0))
    assert notes == ("mixed: left out 2 training images that clean tests on",)
    assert second.train.labels is not None
    assert both.labels is not None
    assert second.train.labels.tolist() == np.delete(both.labels, [10, 11]).tolist()


def test_a_dataset_may_share_images_with_its_own_test_part() -> None:
    own = Dataset("own", split(IMAGES[:30]), split(IMAGES[29:40]))
    (kept,), notes = without_test_images([own])
    assert kept.train is not None
    np.testing.assert_array_equal(kept.train.images, IMAGES[:29])
    assert notes == ("own: left out 1 training images that own tests on",)


@pytest.mark.parametrize("trained", [slice(20, 46), slice(25, 27)], ids=["a test part", "a training part"])
def test_one_dataset_under_two_names_is_refused(trained: slice) -> None:
    tests = Dataset("tests", None, split(IMAGES[20:40]))
    with pytest.raises(DatasetError, match=r"copy: expected training images other than .* of tests"):
        without_test_images([tests, Dataset("copy", split(IMAGES[trained]), None)])


def test_a_test_part_that_two_datasets_hold_together_is_refused() -> None:
    tests = Dataset("tests", None, split(IMAGES[:20]))
    halves = [
        Dataset(name, split(np.concatenate([IMAGES[part], IMAGES[40:]])), None)
        for name, part in (("one", slice(0, 10)), ("two", slice(10, 20)))
    ]
    with pytest.raises(DatasetError, match="two: "):
        without_test_images([tests, *halves])


def test_shifted_images_are_other_images() -> None:
    shifted = np.roll(IMAGES, 1, axis=2)
    datasets = [Dataset("one", split(IMAGES), None), Dataset("other", None, split(shifted))]
    assert without_test_images(datasets) == (datasets, ())


def test_the_joined_data_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    uci = load("uci")
    assert uci.train is not None
    assert uci.test is not None
    few = split(np.concatenate([uci.train.images[:5], uci.test.images[:20]]))
    known = {"uci": uci, "few": Dataset("few", None, few)}
    monkeypatch.setattr(corpus, "load", known.__getitem__)
    data = gather(Recipe("mlp", ("uci", "few"), training=TrainingConfig(validation_share=0.2)))
    assert data.notes == ("uci: left out 5 training images that few tests on",)
    assert data.validation is not None
    assert len(data.training) + len(data.validation) == len(uci.train) - 5
    known["few"] = Dataset("few", None, uci.train)
    with pytest.raises(DatasetError, match="of those"):
        gather(Recipe("mlp", ("uci", "few")))


@pytest.mark.real_data
def test_scikit_learns_digits_are_the_test_part_of_optdigits(real_data: object) -> None:
    with pytest.raises(DatasetError, match=r"uci: expected training images other than .* of optdigits"):
        gather(Recipe("mlp", ("uci", "optdigits")))
