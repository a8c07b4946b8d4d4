"""What every reader hands out: a `Dataset` of up to three `Split`s, in MNIST's form.

Knows nothing of files. N is the number of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.ink import DIGITS

__all__ = ["Dataset", "Split", "combine", "describe", "in_classes", "shown_classes"]


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures and what they show.

    Attributes:
        images: uint8, (N, 28, 28), as in MNIST: 0 is paper, 255 is ink.
        labels: int64, (N,), the digit, or the number of the class; None for files without labels, such as
            Kaggle's test.csv.
        writers: (N,), texts, whose hand it is, "" where nobody knows; None where no writer is known.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    writers: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> Split:
        """The chosen pictures, by their numbers or by a mask, with all that is known of them."""
        return Split(
            self.images[chosen],
            None if self.labels is None else self.labels[chosen],
            None if self.writers is None else self.writers[chosen],
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training part, a test part and a validation part, or some of them.

    Attributes:
        name: the known name, or the name of the file or folder.
        train: what may be learned from.
        test: what is for judging only.
        class_names: in the order of the labels; the ten digits unless the data says otherwise.
        notes: what the reader did to the pictures, and what it left out, as sentences for people.
        validation: what progress is watched on, where the data keeps it apart.
    """

    name: str
    train: Split | None
    test: Split | None
    class_names: tuple[str, ...] = DIGITS
    notes: tuple[str, ...] = ()
    validation: Split | None = None

    def for_evaluation(self) -> Split:
        """The test part if there is one, else the validation part, else the training part.

        Raises:
            DatasetError: there is nothing, or it has no labels to judge against.
        """
        split = next((part for part in (self.test, self.validation, self.train) if part is not None), None)
        if split is None or split.labels is None:
            raise DatasetError(
                self.name,
                expected="pictures with labels to judge against",
                found="no pictures" if split is None else f"{len(split):,} pictures without labels",
                remedy="Name a dataset whose test part has labels, such as mnist.",
            )
        return split


def combine(datasets: Sequence[Dataset]) -> Dataset:
    """One dataset out of several: training parts with training parts, test parts with test parts.

    The classes are those of the first; the others may show a part of them only.

    Raises:
        DatasetError: none given, one has classes that the first has not, or only some of them have labels.
    """
    if not datasets:
        raise DatasetError(
            "combine", expected="at least one dataset", found="none", remedy="Name a dataset, such as mnist."
        )
    first = datasets[0]
    if len(datasets) == 1:
        return first
    datasets = [first, *(_in_classes_of(first, other) for other in datasets[1:])]
    return Dataset(
        name="+".join(dataset.name for dataset in datasets),
        train=_concatenate(datasets, lambda dataset: dataset.train),
        test=_concatenate(datasets, lambda dataset: dataset.test),
        validation=_concatenate(datasets, lambda dataset: dataset.validation),
        class_names=first.class_names,
        notes=tuple(f"{dataset.name}: {note}" for dataset in datasets for note in dataset.notes),
    )


def _in_classes_of(first: Dataset, other: Dataset) -> Dataset:
    """The other with the labels that its classes have in the first."""
    if other.class_names == first.class_names:
        return other
    if not set(other.class_names) <= set(first.class_names):
        raise DatasetError(
            other.name,
            expected=f"some of the classes of {first.name}: {', '.join(first.class_names)}",
            found=", ".join(other.class_names),
            remedy="Combine only datasets that show the same things, the one with most classes first.",
        )
    return in_classes(other, first.class_names)


def shown_classes(dataset: Dataset) -> tuple[str, ...]:
    """The classes of a dataset that at least one labelled picture of it shows, in their order."""
    parts = (dataset.train, dataset.validation, dataset.test)
    labels = [part.labels for part in parts if part is not None and part.labels is not None]
    numbers = np.unique(np.concatenate(labels)).tolist() if labels else []
    return tuple(dataset.class_names[number] for number in numbers)


def in_classes(dataset: Dataset, class_names: tuple[str, ...]) -> Dataset:
    """The dataset with the labels that its classes have among others.

    Where it shows a class that is not among them, it comes back as it is.
    """
    if not set(shown_classes(dataset)) <= set(class_names):
        return dataset
    new = {name: number for number, name in enumerate(class_names)}
    number_of = np.array([new.get(name, -1) for name in dataset.class_names])

    def relabelled(split: Split | None) -> Split | None:
        if split is None or split.labels is None:
            return split
        return replace(split, labels=number_of[split.labels])

    return replace(
        dataset,
        train=relabelled(dataset.train),
        test=relabelled(dataset.test),
        validation=relabelled(dataset.validation),
        class_names=class_names,
    )


def _concatenate(datasets: Sequence[Dataset], part: Callable[[Dataset], Split | None]) -> Split | None:
    named = [(dataset.name, split) for dataset in datasets if (split := part(dataset)) is not None]
    if not named:
        return None
    images = np.concatenate([split.images for _, split in named])
    labels = [split.labels for _, split in named if split.labels is not None]
    if labels and len(labels) < len(named):
        bare = next(name for name, split in named if split.labels is None)
        raise DatasetError(
            bare,
            expected="labels, as the datasets that it is combined with have",
            found="no labels",
            remedy="Combine labelled datasets with labelled ones only.",
        )
    return Split(images, np.concatenate(labels) if labels else None, _writers([split for _, split in named]))


def _writers(splits: Sequence[Split]) -> NDArray[np.str_] | None:
    if all(split.writers is None for split in splits):
        return None
    return np.concatenate(
        [np.full(len(split), "") if split.writers is None else split.writers for split in splits]
    )


def describe(dataset: Dataset) -> str:
    """What is in a dataset, for people: sizes, pictures per class, and what the reader did."""
    lines = [dataset.name]
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    for part, split in parts.items():
        if split is None:
            continue
        lines.append(f"  {part}: {len(split):,} pictures of 28x28")
        if split.labels is None:
            lines.append("    without labels")
            continue
        counts = np.bincount(split.labels, minlength=len(dataset.class_names))  # (C,)
        named = zip(dataset.class_names, counts, strict=True)
        lines.append("    " + ", ".join(f"{name}: {count:,}" for name, count in named))
    lines += [f"  note: {note}" for note in dataset.notes]
    return "\n".join(lines)
