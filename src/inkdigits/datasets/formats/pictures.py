"""Reads pictures as people keep them: folders by class, heaps without classes, encoded ones in a table.

Every picture goes the same way as one that is given to the recognizer: `read_image`, then `normalize`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.classes import class_names_of
from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.datasets.formats.pixels import to_labels
from inkdigits.datasets.roles import one_split, role_of
from inkdigits.errors import DatasetError, ImageError
from inkdigits.ink import DIGITS, SIDE, to_bytes
from inkdigits.normalizer import normalize
from inkdigits.pictures.images import find_images, read_image

__all__ = [
    "class_folders",
    "normalized_split",
    "part_folders",
    "read_heap",
    "read_part_folders",
    "split_of_encoded",
]

_NO_IMAGES = np.empty((0, SIDE, SIDE), np.uint8)
_NORMALIZED = "brought every picture into MNIST's form: ink on black, 20x20 box, centred by mass"


def class_folders(folder: Path) -> list[Path]:
    """The folders by class in a folder: those named 0 to 9, or two and more of any name with pictures."""
    inner = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    filled = [path for path in inner if next(find_images([path]), None) is not None]
    named = [path for path in filled if role_of(path.name) is None]
    if len(named) < 2 or all(path.name in DIGITS for path in named):
        named = [path for path in inner if path.name in DIGITS]
    return sorted(named)


def part_folders(folder: Path) -> dict[str, Path]:
    """The folders that hold folders by class: `train` and `test` ones by their names, or the folder itself.

    Raises:
        DatasetError: two of them are for the same purpose.
    """
    if class_folders(folder):
        return {role_of(folder.name) or "train": folder}
    parts: dict[str, Path] = {}
    for inner in sorted(inner for inner in folder.iterdir() if inner.is_dir() and class_folders(inner)):
        role = role_of(inner.name)
        if role is None:
            continue
        if role in parts:
            raise DatasetError(
                folder,
                expected=f"one folder for the {role} part",
                found=f"{parts[role].name} and {inner.name}",
                remedy="Name one of them instead of the folder that holds both.",
            )
        parts[role] = inner
    return parts


def read_part_folders(folder: Path, parts: dict[str, Path]) -> Dataset:
    """A dataset out of folders by class: `PART/0/*.png` to `PART/9/*.jpg`, or `PART/alpha/*.png`.

    Raises:
        DatasetError: a picture cannot be read, or there is none.
    """
    splits: dict[str, Split] = {}
    notes: dict[str, None] = {}
    folders = {role: class_folders(part) for role, part in parts.items()}
    class_names = class_names_of(one.name for several in folders.values() for one in several)
    for role, part in parts.items():
        paths = [path for one in folders[role] for path in _pictures_in(one)]
        labels = np.array([class_names.index(path.parent.name) for path in paths], dtype=np.int64)
        splits[role], made = normalized_split(part, paths, labels)
        notes |= dict.fromkeys(made)
    return Dataset(folder.name, splits.get("train"), splits.get("test"), class_names, tuple(notes))


def read_heap(folder: Path) -> Dataset | None:
    """The pictures that lie in a folder, without labels; None if there are none."""
    paths = _pictures_in(folder)
    if not paths:
        return None
    split, notes = normalized_split(folder, paths, None)
    return one_split(folder, split, (*notes, "no folders by class: unlabelled"))


def normalized_split(
    folder: Path,
    paths: Sequence[Path],
    labels: NDArray[np.int64] | None,
    writers: NDArray[np.str_] | None = None,
) -> tuple[Split, tuple[str, ...]]:
    """A split out of pictures in files, each brought into MNIST's form, and notes.

    Raises:
        DatasetError: a picture cannot be read, or none has ink on it.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        inks = list(pool.map(_read_ink, paths))
    return _without_blanks(folder, inks, Split(_NO_IMAGES, labels, writers))


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
        return Split(np.stack(pages), checked), ()
    return _without_blanks(source, [_ink(page) for page in pages], Split(_NO_IMAGES, checked))


def _pictures_in(folder: Path) -> list[Path]:
    return list(find_images([folder]))


def _read_ink(path: Path) -> NDArray[np.uint8] | None:
    return _ink(_page(str(path), path))


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
    if normalized.box is None:
        return None
    return to_bytes(normalized.ink)


def _without_blanks(
    source: Path, inks: Sequence[NDArray[np.uint8] | None], known: Split
) -> tuple[Split, tuple[str, ...]]:
    """The pictures with ink on them, and what is known of each: a split that lacks its images."""
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
    labels = None if known.labels is None else known.labels[is_kept]
    writers = None if known.writers is None else known.writers[is_kept]
    return Split(np.stack(kept), labels, writers), notes
