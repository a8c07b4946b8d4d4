"""What the labels stand for: the ten digits, or the names that folders and tables give.

A dataset whose every name is a digit is one of digits, and its labels are those digits. Any other has its
own classes, numbered in natural order (2 before 10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.files import natural_order
from inkdigits.ink import DIGITS

__all__ = ["class_names_of", "to_classes"]

_MOST_CLASSES = 1000


def class_names_of(names: Iterable[str]) -> tuple[str, ...]:
    """The classes in order: the ten digits where all names are digits, else the names, each once."""
    found = set(names)
    return DIGITS if found <= set(DIGITS) else tuple(sorted(found, key=natural_order))


def to_classes(source: Path, names: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels (N,), counted from 0, and the names of the classes that they stand for.

    Raises:
        DatasetError: a name is empty, a class has a single picture, or there are too many classes.
    """
    texts = [name.strip() for name in names]
    class_names = class_names_of(texts)
    if "" in class_names:
        raise DatasetError(
            source,
            expected="a label for each picture",
            found=f"none for picture {texts.index('') + 1:,}",
            remedy="Fill it in, or leave out this picture.",
        )
    if class_names != DIGITS:
        _check_classes(source, Counter(texts))
    number_of = {name: number for number, name in enumerate(class_names)}
    return np.array([number_of[text] for text in texts], np.int64), class_names


def _check_classes(source: Path, counts: Counter[str]) -> None:
    rarest, n_rarest = counts.most_common()[-1]
    if n_rarest < 2:
        raise DatasetError(
            source,
            expected="digits, 0 to 9, or classes of at least two pictures each",
            found=f"a single picture of {rarest!r}",
            remedy="Correct this label, leave out the picture, or add others of its class.",
        )
    if len(counts) > _MOST_CLASSES:
        raise DatasetError(
            source,
            expected=f"at most {_MOST_CLASSES:,} classes",
            found=f"{len(counts):,}",
            remedy="Check that the labels are names of classes, not of pictures.",
        )
