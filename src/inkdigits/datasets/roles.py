"""Decides whether pictures are for training or for testing, and refuses where the two are mixed up.

A test set that is learned from makes every result worthless, and silently; hence the checks of content.
"""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.catalogue import CATALOGUE
from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.errors import DatasetError

__all__ = ["known_test_set", "one_split", "refuse_mixed_up", "role_of"]

Role = Literal["train", "test"]

# The beginning of a word, so that "latest" is not a test; "mnisttest" is met, and UCI's suffix .tes.
_TEST_NAME = re.compile(r"(?:(?<![a-z])|(?<=mnist))(?:test|t10k|valid|tes$)", re.IGNORECASE)
_TRAIN_NAME = re.compile(r"(?:(?<![a-z])|(?<=mnist))train", re.IGNORECASE)


def role_of(name: str) -> Role | None:
    """What the name of a file or folder says that it is for; None if it says nothing, or both."""
    is_test, is_train = _TEST_NAME.search(name) is not None, _TRAIN_NAME.search(name) is not None
    if is_test == is_train:
        return None
    return "test" if is_test else "train"


def one_split(source: Path, split: Split, notes: tuple[str, ...] = ()) -> Dataset:
    """A dataset of one part: test if the name says so or the content is a known test set, else train."""
    role = role_of(source.name)
    if role is None and (known := known_test_set(split.images)) is not None:
        role, notes = "test", (*notes, f"these are the test pictures of {known}, so they are for testing")
    if role == "test":
        return Dataset(source.name, None, split, notes=notes)
    return Dataset(source.name, split, None, notes=notes)


def known_test_set(images: NDArray[np.uint8]) -> str | None:
    """The name of the published dataset whose test pictures these are, in the same order; or None."""
    for name, entry in CATALOGUE.items():
        algorithm, _, expected = entry.test_images.content_hash.partition(":")
        if 16 + images.size != entry.test_images.n_bytes:
            continue
        as_idx = hashlib.new(algorithm, struct.pack(">4I", 0x803, *images.shape))
        as_idx.update(np.ascontiguousarray(images).data)
        if as_idx.hexdigest() == expected:
            return name
    return None


def refuse_mixed_up(source: Path, dataset: Dataset) -> Dataset:
    """The dataset itself, if its training part is not also its test part or a known test set.

    Raises:
        DatasetError: it is.
    """
    train, test = dataset.train, dataset.test
    if train is None:
        return dataset
    known = known_test_set(train.images)
    is_same = test is not None and np.array_equal(train.images, test.images)
    if known is None and not is_same:
        return dataset
    raise DatasetError(
        source,
        expected="training pictures that are not used for testing",
        found=f"the test pictures of {known} as training pictures" if known else "the same pictures in both",
        remedy="Put the real training file in its place; a model that has seen its test proves nothing.",
    )
