"""What trains, what validates, what is kept, and what is no digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from inkdigits.datasets import Dataset, Split
from inkdigits.datasets.known.uci import load_uci
from inkdigits.errors import ConfigError, TrainingError
from inkdigits.recipes.recipe import Recipe, RefusalConfig, TrainingConfig, WritingConfig
from inkdigits.recipes.sources import DataSource
from inkdigits.training import corpus
from inkdigits.training.corpus import LabelledImages, gather
from inkdigits.training.streams import Stream

WRITERS = ("anna", "ben", "cleo", "dora")


def numbered(n: int, first: int, writers: Sequence[str] = ()) -> Split:
    """Pictures that can be told apart: each holds its number in its first two pixels, and a stroke."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 6:22, 8:20] = 255
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(first, first + n), 256)
    hands = np.resize(np.array(writers), n) if writers else None
    return Split(images, np.arange(n) % 10, hands)


def numbers(split: LabelledImages | None) -> list[int]:
    assert split is not None
    return [int(image[0, 0]) * 256 + int(image[0, 1]) for image in split.images]


@pytest.fixture(autouse=True)
def datasets(monkeypatch: pytest.MonkeyPatch) -> dict[str, Dataset]:
    known = {
        "plain": Dataset("plain", numbered(40, 0), numbered(10, 500)),
        "hands": Dataset("hands", numbered(20, 100, WRITERS), None),
        "things": Dataset("things", None, numbered(30, 1000)),
    }
    monkeypatch.setattr(corpus, "load", known.__getitem__)
    return known


def recipe(*data: str | DataSource, validation_share: float = 0.0) -> Recipe:
    return Recipe("mlp", data, training=TrainingConfig(validation_share=validation_share))


def test_a_dataset_as_it_is() -> None:
    data = gather(recipe("plain"))
    assert numbers(data.training) == list(range(40))
    assert data.validation is None
    assert numbers(data.test) == list(range(500, 510))


@pytest.mark.parametrize("twice", [("plain", "plain"), (DataSource("plain", 2),)])
def test_data_that_counts_twice_is_never_on_both_sides(twice: tuple[str | DataSource, ...]) -> None:
    data = gather(recipe(*twice, "hands", validation_share=0.25))
    trains, validates = numbers(data.training), numbers(data.validation)
    assert len(validates) == 15
    assert len(set(validates)) == 15
    assert not set(trains) & set(validates)
    assert all(trains.count(number) == (2 if number < 100 else 1) for number in set(trains))


def test_validation_images_of_the_data_are_used_in_place_of_a_share(datasets: dict[str, Dataset]) -> None:
    datasets["parted"] = replace(datasets["plain"], validation=numbered(6, 700))
    data = gather(recipe("parted", "hands", validation_share=0.25))
    assert numbers(data.validation) == list(range(700, 706))
    assert numbers(data.training) == [*range(40), *range(100, 120)]
    assert any("6 validation images of the data" in note for note in data.notes)
    with_ben = gather(replace(recipe("parted", "hands"), validation_writers=("ben",)))
    assert numbers(with_ben.validation) == [*range(700, 706), *range(101, 120, 4)]


def test_digits_that_are_not_there_are_not_learned(datasets: dict[str, Dataset]) -> None:
    threes = numbered(12, 0)
    datasets["some"] = Dataset("some", replace(threes, labels=np.resize([3, 8], 12)), None)
    data = gather(recipe("some"))
    assert data.class_names == ("3", "8")
    assert data.training.labels.tolist() == [0, 1] * 6
    assert any("only the digits 3, 8" in note for note in data.notes)
    assert gather(recipe("plain", "some")).class_names == tuple("0123456789")


def test_writers_who_validate_and_writers_who_are_kept() -> None:
    data = gather(
        replace(recipe("plain", "hands"), validation_writers=("ben",), kept_writers=("cleo", "dora"))
    )
    assert numbers(data.training) == [*range(40), *range(100, 120, 4)], "nobody's, and Anna's"
    assert numbers(data.validation) == list(range(101, 120, 4)), "Ben's"


def test_an_unknown_writer_is_named() -> None:
    with pytest.raises(ConfigError, match="expected writers of the data: anna, ben, cleo, dora, found eve"):
        gather(replace(recipe("hands"), kept_writers=("eve",)))


def test_no_training_images() -> None:
    with pytest.raises(TrainingError, match="labelled training images"):
        gather(recipe("things"))


def test_what_is_no_digit_gets_the_labels_after_the_digits() -> None:
    refusal = RefusalConfig(not_digits=("things",), n_not_digits=7, n_several=5)
    assert refusal.reasons == ("not_a_digit", "several")
    data = gather(replace(recipe("plain", validation_share=0.25), refusal=refusal))
    shown = 24  # four fifths of the thirty, each raw and normalised
    assert np.bincount(data.training.labels)[10:].tolist() == [2 * shown + 7, 5]
    assert not set(numbers(data.training)) & set(range(1024, 1030)), "the last fifth is left to check on"
    assert data.validation is not None
    assert data.validation.labels.max() < 10
    again = gather(replace(recipe("plain", validation_share=0.25), refusal=refusal))
    np.testing.assert_array_equal(data.training.images, again.training.images)


def test_several_alone_is_the_first_refusal() -> None:
    data = gather(replace(recipe("plain"), refusal=RefusalConfig(n_several=3)))
    assert np.bincount(data.training.labels)[10:].tolist() == [3]


def test_allographs_join_the_training_digits(datasets: dict[str, Dataset]) -> None:
    digits = load_uci()
    assert digits.train is not None
    assert digits.train.labels is not None
    datasets["uci"] = digits
    data = gather(replace(recipe("uci"), n_allographs=6))
    added = np.bincount(data.training.labels) - np.bincount(digits.train.labels)
    assert added.tolist() == [2, 2, 0, 0, 0, 0, 0, 2, 0, 0]


def test_the_streams_of_a_seed_are_what_they_were() -> None:
    """Other numbers would make other weights of every seed."""
    drawn = [int(stream.generator(7, 1).integers(1000)) for stream in Stream]
    assert drawn == [int(np.random.default_rng([7, number, 1]).integers(1000)) for number in range(6)]
    assert len(set(drawn)) == 6


def test_writing_without_a_way_to_refuse() -> None:
    with pytest.raises(ConfigError, match="refusal"):
        gather(replace(recipe("plain"), writing=WritingConfig(n_scribbles=3)))


def test_slim_things_are_not_shown(datasets: dict[str, Dataset]) -> None:
    things = Split(np.zeros((10, 28, 28), np.uint8), np.zeros(10, np.int64))
    things.images[:5, 4:24, 12:16] = 255  # as slim as a one
    things.images[5:, 6:22, 6:22] = 255
    datasets["bars"] = Dataset("bars", None, things)
    data = gather(replace(recipe("plain"), refusal=RefusalConfig(not_digits=("bars",))))
    assert (data.training.labels == 10).sum() == 2 * 3
