"""What every reader hands out: a `Dataset` of up to three `Split`s, in MNIST's form.

Knows nothing of files. N is the number of pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.ink import DIGITS
from inkdigits.results import brief

__all__ = ["Dataset", "Split", "combine", "describe", "in_classes", "join_parts", "shown_classes"]


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

    __repr__ = brief

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

    __repr__ = brief

    @property
    def parts(self) -> dict[str, Split]:
        """The parts that are there, by their names: train, validation and test."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}

    def with_parts(self, parts: Mapping[str, Split]) -> Dataset:
        """The same dataset with these parts, named as in `parts`, and no others."""
        return replace(
            self, train=parts.get("train"), validation=parts.get("validation"), test=parts.get("test")
        )

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
    joined = join_parts(datasets)
    return replace(
        joined,
        name="+".join(dataset.name for dataset in datasets),
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
    labels = [part.labels for part in dataset.parts.values() if part.labels is not None]
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

    relabelled = {
        part: split if split.labels is None else replace(split, labels=number_of[split.labels])
        for part, split in dataset.parts.items()
    }
    return replace(dataset.with_parts(relabelled), class_names=class_names)


def join_parts(datasets: Sequence[Dataset]) -> Dataset:
    """The first dataset with the pictures of all: train after train, validation and test alike.

    Raises:
        DatasetError: only some of them have labels.
    """
    named: dict[str, list[tuple[str, Split]]] = {}
    for dataset in datasets:
        for part, split in dataset.parts.items():
            named.setdefault(part, []).append((dataset.name, split))
    return datasets[0].with_parts({part: _concatenate(splits) for part, splits in named.items()})


def _concatenate(named: Sequence[tuple[str, Split]]) -> Split:
    labels = [split.labels for _, split in named if split.labels is not None]
    if labels and len(labels) < len(named):
        raise DatasetError(
            next(name for name, split in named if split.labels is None),
            expected="labels, as the datasets that it is combined with have",
            found="no labels",
            remedy="Combine labelled datasets with labelled ones only.",
        )
    writers = [np.full(len(split), "") if split.writers is None else split.writers for _, split in named]
    return Split(
        np.concatenate([split.images for _, split in named]),
        np.concatenate(labels) if labels else None,
        None if all(split.writers is None for _, split in named) else np.concatenate(writers),
    )


def describe(dataset: Dataset) -> str:
    """What is in a dataset, for people: sizes, pictures per class, and what the reader did."""
    lines = [dataset.name]
    for part, split in dataset.parts.items():
        lines.append(f"  {part}: {len(split):,} pictures of 28x28")
        if split.labels is None:
            lines.append("    without labels")
            continue
        counts = np.bincount(split.labels, minlength=len(dataset.class_names))  # (C,)
        named = zip(dataset.class_names, counts, strict=True)
        lines.append("    " + ", ".join(f"{name}: {count:,}" for name, count in named))
    lines += [f"  note: {note}" for note in dataset.notes]
    return "\n".join(lines)
