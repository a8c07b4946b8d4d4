"""What a recipe trains on: its datasets, joined and parted, and what is no digit beside them.

Nobody's digit is on both sides: validation and kept writers are parted from the others before any
picture is counted twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import DIGITS, Dataset, Split, combine, in_classes, load, shown_classes
from inkdigits.errors import ConfigError, TrainingError
from inkdigits.ink import to_bytes
from inkdigits.normalizer import normalize
from inkdigits.recipes.recipe import Recipe
from inkdigits.results import Reason, brief
from inkdigits.synthesis.allographs import allographs
from inkdigits.synthesis.negatives import not_digits, several_digits
from inkdigits.training.leaks import without_test_images
from inkdigits.training.streams import Stream
from inkdigits.training.writing import gather_written

__all__ = ["LabelledImages", "TrainingData", "gather", "shown_and_kept"]

_FRACTION_SHOWN = 0.8  # of the datasets of other things
_SLIMMEST = 0.6  # width by height of a stroke that is shown; a slimmer one looks like a 1
_WIDEST_STROKE_PX = 7.0  # whatever is thicker is a filled shape: the trousers of Fashion-MNIST, for one


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images that all have a label.

    Attributes:
        images: uint8, (N, 28, 28): 0 is paper, 255 is ink.
        labels: int64, (N,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.images)

    def take(self, chosen: NDArray[np.integer]) -> LabelledImages:
        """The chosen ones, by their numbers."""
        return LabelledImages(self.images[chosen], self.labels[chosen])

    def fingerprint(self) -> str:
        """Their number and a hash of images and labels, such as `1,437 (3f29c07a)`."""
        digest = hashlib.blake2b(np.ascontiguousarray(self.images).data, digest_size=4)
        digest.update(self.labels.astype(np.int64).tobytes())
        return f"{len(self):,} ({digest.hexdigest()})"


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The parts of a recipe's data.

    Attributes:
        class_names: what the labels stand for.
        training: what weights are fitted on; labels beyond the classes are the recipe's refusal reasons.
        validation: digits to watch progress and to calibrate on; None where none are kept.
        test: digits to judge the last weights on; None where no dataset has such.
        notes: what was left out because it is tested on, and whose validation images are used, as sentences
            for people.
    """

    class_names: tuple[str, ...]
    training: LabelledImages
    validation: LabelledImages | None
    test: LabelledImages | None
    notes: tuple[str, ...] = ()

    __repr__ = brief

    def fingerprints(self) -> dict[str, str]:
        """What tells the data from other data: the number of images of each part, and a hash of them."""
        parts = {"training": self.training, "validation": self.validation, "test": self.test}
        return {"classes": ", ".join(self.class_names)} | {
            f"{name} images": "none" if part is None else part.fingerprint() for name, part in parts.items()
        }


def gather(recipe: Recipe) -> TrainingData:
    """Load all that a recipe names.

    Raises:
        DatasetError: the data cannot be read, or one dataset trains on what another one tests on.
        TrainingError: there are no labelled training images.
        ConfigError: a writer is named whom no dataset knows, or digits are to be drawn that are none.
    """
    datasets, notes = without_test_images([load(source.name) for source in recipe.sources])
    joined = combine(datasets)
    if not (recipe.n_allographs or recipe.refusal.reasons):
        joined, notes = _without_absent_digits(joined, notes)
    digits = _labelled(joined.train)
    if joined.train is None or digits is None:
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
        [source.times for source in recipe.sources],
        [0 if dataset.train is None else len(dataset.train) for dataset in datasets],
    )
    _check_writing(recipe)
    own = _labelled(joined.validation)
    if own is not None:
        notes = (
            *notes,
            f"validating on the {len(own):,} validation images of the data, and on no share of others",
        )
    trains, validates = _parts(joined.train, recipe, takes_share=own is None)
    once = digits.take(trains)
    parts = [digits.take(np.repeat(trains, times[trains]))]
    if recipe.n_allographs:
        generator = Stream.ALLOGRAPHS.generator(recipe.training.seed)
        parts.append(LabelledImages(*allographs(once.images, once.labels, recipe.n_allographs, generator)))
    parts += _refusals(once, recipe)
    drawn = None
    if not recipe.writing.gives_nothing:
        generator = Stream.WRITING.generator(recipe.training.seed)
        written = gather_written(recipe.writing, Split(once.images, once.labels), generator)
        refused = Split(written.not_digits, np.full(len(written.not_digits), len(DIGITS)))
        parts += [part for part in map(_labelled, (written.training, refused)) if part is not None]
        drawn = _labelled(written.validation)
    return TrainingData(
        joined.class_names,
        training=_concatenated(parts),
        validation=_validation(own, digits.take(validates), drawn),
        test=_labelled(joined.test),
        notes=notes,
    )


def _without_absent_digits(joined: Dataset, notes: tuple[str, ...]) -> tuple[Dataset, tuple[str, ...]]:
    """Data of some digits only, such as zeros and ones, with these for its classes."""
    shown = shown_classes(joined)
    if joined.class_names != DIGITS or not 2 <= len(shown) < len(DIGITS):
        return joined, notes
    note = f"there are only the digits {', '.join(shown)}: no others are learned"
    return in_classes(joined, shown), (*notes, note)


def _labelled(split: Split | None) -> LabelledImages | None:
    return None if split is None or split.labels is None else LabelledImages(split.images, split.labels)


def _concatenated(parts: list[LabelledImages]) -> LabelledImages:
    images = np.concatenate([part.images for part in parts])
    return LabelledImages(images, np.concatenate([part.labels for part in parts]))


def _validation(*kept: LabelledImages | None) -> LabelledImages | None:
    """What the data itself keeps for validation, what was parted from it, and what other writers drew."""
    parts = [part for part in kept if part is not None and len(part)]
    return _concatenated(parts) if parts else None


def _parts(
    digits: Split, recipe: Recipe, *, takes_share: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the pictures that train, and of those that validate."""
    validates, kept = (
        _written_by(names, digits) for names in (recipe.validation_writers, recipe.kept_writers)
    )
    others = np.flatnonzero(~(validates | kept))
    share = recipe.training.validation_share if takes_share else 0.0
    n_training = len(others) - round(len(others) * share)
    if n_training < len(others):
        generator = Stream.VALIDATION_SPLIT.generator(recipe.training.seed)
        others = others[generator.permutation(len(others))]
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


def _refusals(digits: LabelledImages, recipe: Recipe) -> Iterator[LabelledImages]:
    """What is not a digit; the labels count on from the ten digits, in the order of the reasons."""
    config = recipe.refusal
    if not config.reasons:
        return
    generator = Stream.REFUSALS.generator(recipe.training.seed)
    images = {
        Reason.NOT_A_DIGIT: [
            *(_shown_to_train(load(name)) for name in config.not_digits),
            not_digits(digits.images, digits.labels, config.n_not_digits, generator),
        ],
        Reason.SEVERAL: [several_digits(digits.images, digits.labels, config.n_several, generator)],
    }
    for label, reason in enumerate(config.reasons, start=len(DIGITS)):
        for shown in images[reason]:
            yield LabelledImages(shown, np.full(len(shown), label))


def shown_and_kept(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Part a dataset of other things than digits: what trains refusal, and the last fifth to check it on."""
    n_shown = round(_FRACTION_SHOWN * len(images))
    return images[:n_shown], images[n_shown:]


def _check_writing(recipe: Recipe) -> None:
    writing = recipe.writing
    if (writing.letters or writing.n_scribbles) and Reason.NOT_A_DIGIT not in recipe.refusal.reasons:
        raise ConfigError(
            "writing: letters and n_scribbles",
            expected="a [refusal] table with not_digits or n_not_digits",
            found="none, so that the network has no output for them",
            remedy="Add one, or leave these settings out.",
        )


def _shown_to_train(dataset: Dataset) -> NDArray[np.uint8]:
    """The images that train, as they are and as the normaliser hands them on.

    Slim strokes are left out, a printed I for one: a 1 is never to be refused for its shape.
    """
    parts = [part.images for part in (dataset.train, dataset.test) if part is not None]
    pictures, _ = shown_and_kept(np.concatenate(parts))
    inks = to_bytes(np.array([normalize(picture).ink for picture in pictures]))  # (N, 28, 28)
    rows, columns = ((inks > 63).any(axis=axis).sum(axis=1) for axis in (2, 1))
    is_shown = (columns >= _SLIMMEST * rows) | (np.array([*map(_stroke_px, inks)]) > _WIDEST_STROKE_PX)
    return np.concatenate([pictures[is_shown], inks[is_shown]])


def _stroke_px(ink: NDArray[np.uint8]) -> float:
    """How thick the ink (28, 28) is where it is thickest."""
    return 2 * float(cv2.distanceTransform((ink > 63).astype(np.uint8), cv2.DIST_L2, 3).max())
