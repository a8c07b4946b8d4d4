"""What the labels stand for: the ten digits, or the names that folders and tables give.

A dataset whose every name is a digit, however it is spelt (7, 07, 7.0, seven), is one of digits, and its
labels are those digits. Any other has its own classes, numbered in natural order (2 before 10).
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

__all__ = ["as_digit", "class_names_of", "class_notes", "name_some", "refuse_odd_classes", "to_labels_of"]

_MOST_CLASSES = 1000
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def name_some(names: Sequence[str], most: int = 6) -> str:
    """Names in a message: the first few, and how many there are beside them."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} others" if len(names) > most else "")


def as_digit(name: str) -> str | None:
    """The digit that a name spells: 7, 07, 7.0 or seven; None if it spells none."""
    text = name.strip().lower()
    if text in _WORDS:
        return DIGITS[_WORDS.index(text)]
    whole, point, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or fraction.strip("0") or (point and not fraction):
        return None
    number = whole.lstrip("0") or "0"
    return number if number in DIGITS else None


def class_names_of(names: Iterable[str]) -> tuple[str, ...]:
    """The classes in order: the ten digits where all names are digits, else the names, each once."""
    found = {name.strip() for name in names}
    if all(as_digit(name) for name in found):
        return DIGITS
    return tuple(sorted(found, key=natural_order))


def to_labels_of(names: Sequence[str], class_names: tuple[str, ...]) -> NDArray[np.int64]:
    """The numbers (N,) that names (N) have among the classes that `class_names_of` gives."""
    number_of = {name: number for number, name in enumerate(class_names)}
    texts = [name.strip() for name in names]
    if class_names == DIGITS:
        texts = [as_digit(text) or text for text in texts]
    return np.array([number_of[text] for text in texts], np.int64)


def class_notes(names: Sequence[str], class_names: tuple[str, ...]) -> tuple[str, ...]:
    """What may be unexpected in these classes: words for digits, others beside digits, missing digits."""
    found = {name.strip() for name in names}
    if class_names == DIGITS:
        spelt = sorted((name for name in found if name not in DIGITS), key=natural_order)
        notes = (f"took {name_some(spelt)} for digits",) if spelt else ()
        absent = [digit for digit in DIGITS if digit not in {as_digit(name) for name in found}]
        return (*notes, f"there is no picture of {name_some(absent, len(DIGITS))}") if absent else notes
    others = [name for name in class_names if as_digit(name) is None]
    if len(others) < len(class_names):
        return (
            f"{len(class_names)} classes: {name_some(others)} beside the digits, each a class of its own",
        )
    return ()


def refuse_odd_classes(source: Path, names: Sequence[str]) -> None:
    """Refuse a table whose labels make no classes.

    Raises:
        DatasetError: a name is empty, a class has a single picture, or there are too many classes.
    """
    texts = [name.strip() for name in names]
    if "" in texts:
        raise DatasetError(
            source,
            expected="a label for each picture",
            found=f"none for picture {texts.index('') + 1:,}",
            remedy="Fill it in, or leave out this picture.",
        )
    if class_names_of(texts) == DIGITS:
        return
    counts = Counter(texts)
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
