"""Reads pictures, from files or encoded in a table, as one split.

Every picture goes the same way as one that is given to the recognizer: `read_image`, then `normalize`.
Knows nothing of folders and tables: which pictures, and what they show, is for others to say.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.classes import name_some
from inkdigits.datasets.dataset import Split
from inkdigits.datasets.formats.layout import check_layout
from inkdigits.datasets.formats.pixels import to_labels
from inkdigits.errors import DatasetError, ImageError
from inkdigits.ink import SIDE, to_bytes
from inkdigits.normalizer import normalize
from inkdigits.pictures.images import n_further_pages, read_image

__all__ = ["PictureList", "split_of_encoded", "split_of_list"]

_NORMALIZED = "brought every picture into MNIST's form: ink on black, 20x20 box, centred by mass"


@dataclass(frozen=True, eq=False)
class PictureList:
    """Pictures in files and what they show, before any of them is read.

    Attributes:
        name: of their folder or table, which may say what they are for.
        source: the folder or table, for messages.
        paths: (N), the files.
        labels: (N), the names of what they show; None where nobody says.
        writers: (N), whose hand each is; None where nobody says.
        notes: what was left out on the way here.
    """

    name: str
    source: Path
    paths: Sequence[Path]
    labels: Sequence[str] | None = None
    writers: Sequence[str] | None = None
    notes: tuple[str, ...] = ()


def split_of_list(pictures: PictureList, labels: NDArray[np.int64] | None) -> tuple[Split, tuple[str, ...]]:
    """A split out of pictures in files, each brought into MNIST's form, and notes.

    Args:
        pictures: the files.
        labels: (N,), the numbers that their labels have.

    Raises:
        DatasetError: pictures cannot be read, or none has ink on it.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tried = list(pool.map(_try_to_read, pictures.paths))
    failures = [error for error in tried if isinstance(error, DatasetError)]
    if failures:
        raise _unreadable(failures, pictures.notes)
    inks = [ink for ink in tried if not isinstance(ink, DatasetError)]
    writers = None if pictures.writers is None else np.array(pictures.writers)
    split, notes = _without_blanks(pictures.source, inks, labels, writers)
    several = [path.name for path in pictures.paths if n_further_pages(path)]
    later = (f"left out all pages but the first of {name_some(several)}",) if several else ()
    return split, (*notes, *later, *pictures.notes)


def _try_to_read(path: Path) -> NDArray[np.uint8] | DatasetError | None:
    try:
        return _ink(_page(str(path), path))
    except DatasetError as error:
        return error


def _unreadable(failures: Sequence[DatasetError], notes: tuple[str, ...]) -> DatasetError:
    """The first failure, with the names of the others and of what had been left out before."""
    first = failures[0]
    others = [Path(error.subject).name for error in failures[1:]]
    left_out = [note for note in notes if note.startswith("left out")]
    further = ([f"the like in {name_some(others)}"] if others else []) + left_out
    found = f"{first.found} ({'; '.join(further)})" if further else first.found
    return DatasetError(first.subject, expected=first.expected, found=found, remedy=first.remedy)


def split_of_encoded(
    source: Path, encoded: Sequence[bytes], labels: NDArray[Any] | None
) -> tuple[Split, tuple[str, ...]]:
    """A split out of encoded pictures (PNG, JPEG, ...), and notes.

    Where all are of 28x28, as MNIST is on the Hugging Face Hub, they are taken as they are; else all are
    normalised.

    Raises:
        DatasetError: a picture cannot be read, or a label is not a digit.
    """
    checked = None if labels is None else to_labels(source, labels)
    names = [f"{source}, picture {number:,}" for number in range(1, len(encoded) + 1)]
    pages = [_page(name, picture) for name, picture in zip(names, encoded, strict=True)]
    if all(page.shape == (SIDE, SIDE) for page in pages):
        images, notes = check_layout(source, np.stack(pages), checked)
        return Split(images, checked), notes
    return _without_blanks(source, [_ink(page) for page in pages], checked)


def _page(name: str, source: Path | bytes) -> NDArray[np.uint8]:
    try:
        return read_image(source)
    except ImageError as error:
        raise DatasetError(
            name, expected=error.expected, found=error.found, remedy=f"{error.remedy} Or take it out."
        ) from error


def _ink(page: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """A page as a picture of 28x28 in MNIST's form; None if it is blank."""
    normalized = normalize(page)
    return None if normalized.box is None else to_bytes(normalized.ink)


def _without_blanks(
    source: Path,
    inks: Sequence[NDArray[np.uint8] | None],
    labels: NDArray[np.int64] | None,
    writers: NDArray[np.str_] | None = None,
) -> tuple[Split, tuple[str, ...]]:
    """The pictures with ink on them, and what is known of each."""
    kept = [ink for ink in inks if ink is not None]
    if not kept:
        raise DatasetError(
            source,
            expected="at least one picture with ink on it",
            found=f"{len(inks)} pictures, all blank" if inks else "none",
            remedy="Check that the folder holds pictures of digits.",
        )
    is_kept = np.array([ink is not None for ink in inks])
    n_blank = len(inks) - len(kept)
    notes = (_NORMALIZED, f"skipped {n_blank} blank pictures") if n_blank else (_NORMALIZED,)
    labels = None if labels is None else labels[is_kept]
    writers = None if writers is None else writers[is_kept]
    return Split(np.stack(kept), labels, writers), notes
