"""What a recipe trains on: its datasets, joined and parted, and what is no digit beside them.

Nobody's digit is on both sides: validation and kept writers are parted from the others before any
picture is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import DIGITS, Dataset, Split, combine, load
from inkdigits.errors import ConfigError, TrainingError
from inkdigits.normalizer import normalize
from inkdigits.recipes.recipe import Recipe
from inkdigits.synthesis.allographs import allographs
from inkdigits.synthesis.negatives import not_digits, several_digits

__all__ = ["TrainingData", "gather"]

_SHARE_SHOWN = 0.8  # of the datasets of other things


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The parts of a recipe's data.

    Attributes:
        class_names: what the labels stand for.
        training: what weights are fitted on; labels beyond the classes are the recipe's refusal reasons.
        validation: digits to watch progress and to calibrate on; None where none are kept.
        test: digits to judge the last weights on; None where no dataset has such.
    """

    class_names: tuple[str, ...]
    training: Split
    validation: Split | None
    test: Split | None


def gather(recipe: Recipe) -> TrainingData:
    """Load all that a recipe names.

    Raises:
        DatasetError: the data cannot be read.
        TrainingError: there are no labelled training images.
        ConfigError: a writer is named whom no dataset knows, or digits are to be drawn that are none.
    """
    names = list(dict.fromkeys(recipe.data))
    datasets = [load(name) for name in names]
    joined = combine(datasets)
    digits = joined.train
    if digits is None or digits.labels is None:
        raise TrainingError(
            "data", expected="labelled training images", found="none", remedy="Name a dataset that has them."
        )
    if joined.class_names != DIGITS and (recipe.n_allographs or recipe.refusal.reasons):
        raise ConfigError(
            "n_allographs and refusal",
            expected="datasets of the ten digits",
            found=f"classes such as {', '.join(joined.class_names[:3])}",
            remedy="Leave these settings out.",
        )
    times = np.repeat(
        [recipe.data.count(name) for name in names],
        [0 if dataset.train is None else len(dataset.train) for dataset in datasets],
    )
    trains, validates = _parts(digits, recipe)
    training = digits.take(np.repeat(trains, times[trains]))
    validation = digits.take(validates) if len(validates) else None
    if recipe.n_allographs:
        training = _with_allographs(training, digits.take(trains), recipe)
    if recipe.refusal.reasons:
        training = _with_refusals(training, digits.take(trains), recipe)
    return TrainingData(joined.class_names, training, validation, joined.test)


def _parts(digits: Split, recipe: Recipe) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the pictures that train, and of those that validate."""
    validates, kept = (
        _written_by(names, digits) for names in (recipe.validation_writers, recipe.kept_writers)
    )
    others = np.flatnonzero(~(validates | kept))
    n_training = len(others) - round(len(others) * recipe.training.validation_share)
    if n_training < len(others):
        others = others[np.random.default_rng([recipe.training.seed, 0]).permutation(len(others))]
    return others[:n_training], np.concatenate([np.flatnonzero(validates), others[n_training:]])


def _written_by(names: tuple[str, ...], digits: Split) -> NDArray[np.bool_]:
    writers = np.full(len(digits), "") if digits.writers is None else digits.writers
    unknown = sorted(set(names) - set(np.unique(writers)))
    if unknown:
        known = ", ".join(writer for writer in np.unique(writers) if writer)
        raise ConfigError(
            "writers",
            expected=f"writers of the data: {known or 'it names none'}",
            found=", ".join(unknown),
            remedy="Correct the names in the recipe.",
        )
    return np.isin(writers, names)


def _with_allographs(training: Split, digits: Split, recipe: Recipe) -> Split:
    assert digits.labels is not None
    assert training.labels is not None
    generator = np.random.default_rng([recipe.training.seed, 4])
    images, labels = allographs(digits.images, digits.labels, recipe.n_allographs, generator)
    return Split(np.concatenate([training.images, images]), np.concatenate([training.labels, labels]))


def _with_refusals(training: Split, digits: Split, recipe: Recipe) -> Split:
    """Add what is no digit; the labels count on from the ten digits, in the order of the reasons."""
    config = recipe.refusal
    generator = np.random.default_rng([recipe.training.seed, 3])
    assert digits.labels is not None
    assert training.labels is not None
    pictures = {
        "not_a_digit": [
            *(_shown_to_train(load(name)) for name in config.not_digits),
            not_digits(digits.images, digits.labels, config.n_not_digits, generator),
        ],
        "several": [several_digits(digits.images, digits.labels, config.n_several, generator)],
    }
    images, labels = [training.images], [training.labels]
    for label, reason in enumerate(config.reasons, start=len(DIGITS)):
        for shown in pictures[reason]:
            images.append(shown)
            labels.append(np.full(len(shown), label))
    return Split(np.concatenate(images), np.concatenate(labels))


def _shown_to_train(dataset: Dataset) -> NDArray[np.uint8]:
    """Pictures as they are, and as the normaliser hands them on; the last fifth is left to check on."""
    parts = [part.images for part in (dataset.train, dataset.test) if part is not None]
    pictures = np.concatenate(parts)
    pictures = pictures[: round(_SHARE_SHOWN * len(pictures))]
    inks = [normalize(picture).ink for picture in pictures]
    return np.concatenate([pictures, np.rint(np.multiply(inks, 255)).astype(np.uint8)])
