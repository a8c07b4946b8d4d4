"""Decides what pictures are for: training, validation or testing. The one place where that is decided.

The name of a file, folder or array says it; where it says nothing the content may be a published test set,
and everything else is for training. A test set that is learned from makes every result worthless, and
silently; hence the checks of content.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.catalogue import CATALOGUE
from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.errors import DatasetError
from inkdigits.ink import DIGITS

__all__ = ["Part", "joint_notes", "known_test_set", "refuse_mixed_up", "role_of", "to_dataset"]

Role = Literal["train", "validation", "test"]

# The beginning of a word, so that "latest" is not a test; "mnisttest" is met, and UCI's suffix .tes.
_WORD = r"(?:(?<![a-z])|(?<=mnist))"
_NAMES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("train", re.compile(rf"{_WORD}train", re.IGNORECASE)),
    ("validation", re.compile(rf"{_WORD}(?:valid|(?:val|dev)(?![a-z]))", re.IGNORECASE)),
    ("test", re.compile(rf"{_WORD}(?:test|t10k|tes$)", re.IGNORECASE)),
)


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures that belong together, before anybody has decided what they are for.

    Attributes:
        name: of the file, folder or array that they come from, which may say what they are for.
        split: the pictures.
        notes: what was done to them.
    """

    name: str
    split: Split
    notes: tuple[str, ...] = ()


def role_of(name: str) -> Role | None:
    """What the name of a file, folder or array says that it is for; None if it says nothing, or too much."""
    said = [role for role, pattern in _NAMES if pattern.search(name)]
    return said[0] if len(said) == 1 else None


def to_dataset(source: Path, parts: Sequence[Part], class_names: tuple[str, ...] = DIGITS) -> Dataset:
    """The last step of every reader: each part becomes what its name or its content says, else training.

    Raises:
        DatasetError: two parts are for the same purpose.
    """
    chosen: dict[Role, Part] = {}
    notes = list(joint_notes(parts))
    for part in parts:
        role = role_of(part.name)
        if role is None and (known := known_test_set(part.split.images)) is not None:
            role = "test"
            notes.append(f"these are the test pictures of {known}, so they are for testing")
        role = role or "train"
        if role in chosen:
            raise DatasetError(
                source,
                expected=f"one {role} part",
                found=f"{chosen[role].name} and {part.name}",
                remedy="Name one of them, or put 'train' and 'test' into the names of matching files.",
            )
        chosen[role] = part
    bare = Dataset(source.name, None, None, class_names, tuple(notes))
    return bare.with_parts({role: part.split for role, part in chosen.items()})


def joint_notes(noted: Sequence[Part | Dataset]) -> tuple[str, ...]:
    """The notes on several parts, each once; what is not said of all of them is said of which."""
    return tuple(
        dict.fromkeys(
            note if all(note in other.notes for other in noted) else f"{one.name}: {note}"
            for one in noted
            for note in one.notes
        )
    )


def known_test_set(images: NDArray[np.uint8]) -> str | None:
    """The name of the published dataset whose test pictures these are, in the same order; or None."""
    header = struct.pack(">4I", 0x803, *images.shape)
    for name, entry in CATALOGUE.items():
        file = entry.test_images
        if len(header) + images.size == file.n_bytes and file.has_content(header + images.tobytes()):
            return name
    return None


def refuse_mixed_up(source: Path, dataset: Dataset) -> Dataset:
    """The dataset itself, if its training part is not also its test part or a known test set.

    Raises:
        DatasetError: it is.
    """
    train = dataset.train
    if train is None:
        return dataset
    known = known_test_set(train.images)
    judged = [split for part, split in dataset.parts.items() if part != "train"]
    is_same = any(np.array_equal(train.images, split.images) for split in judged)
    if known is None and not is_same:
        return dataset
    raise DatasetError(
        source,
        expected="training pictures that are not used for testing",
        found=f"the test pictures of {known} as training pictures" if known else "the same pictures in both",
        remedy="Put the real training file in its place; a model that has seen its test proves nothing.",
    )
