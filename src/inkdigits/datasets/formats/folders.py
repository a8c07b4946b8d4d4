"""Reads a folder by what lies in it, and says what it left out.

The first of these layouts that is there:

    labels.csv beside pictures                  a table says what each picture shows    label_table
    0/ 1/ ... 9/                                folders by class, of any names          _by_class
    train/ val/ test/                           each one of the two above, or a heap
    train.csv test.csv                          files, IDX pairs, shards of Parquet     files
    semeion.data, optdigits.tra                 as the UCI archive names them           uci_archive
    a.png b.png                                 a heap of pictures without labels
    raw/                                        one folder, in which all lies
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from inkdigits.datasets.classes import as_digit, class_names_of, class_notes, name_some, to_labels_of
from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.data_files import data_files, read_data_files, with_labels
from inkdigits.datasets.formats.files import FORMATS
from inkdigits.datasets.formats.label_table import label_tables, read_label_table
from inkdigits.datasets.formats.pictures import PictureList, split_of_list
from inkdigits.datasets.formats.uci_archive import UCI_FILES, read_uci_archive
from inkdigits.datasets.roles import Part, role_of, to_dataset
from inkdigits.errors import DatasetError
from inkdigits.files import natural_order
from inkdigits.pictures.formats import HEAD_BYTES, PICTURES, format_of
from inkdigits.pictures.walking import find_images

__all__ = ["read_folder"]

_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_UNREAD_PICTURES = ("HEIC", "AVIF", "JPEG 2000", "PNM", "PDF")
_DOCUMENTS = (".txt", ".md", ".rst", ".html", ".json", ".py", ".names", "license")


def read_folder(folder: Path) -> Dataset:
    """The dataset that a folder holds.

    Raises:
        DatasetError: there is nothing that can be read, or more than one thing for the same purpose.
    """
    place, dataset = folder, _with_labels(folder)
    while dataset is None and _heap(place) is None and len(inner := _folders_in(place)) == 1:
        place, dataset = inner[0], _with_labels(inner[0])
    if dataset is None and (heap := _heap(folder)) is not None:
        return _of_lists(folder, [heap], _left_out(folder, _used(folder, [heap])))
    if dataset is None:
        raise _nothing(folder)
    if place == folder:
        return dataset
    noted = _with_notes(dataset, (f"read the folder {place.relative_to(folder)} in it",))
    return replace(noted, name=folder.name)


def _with_labels(folder: Path) -> Dataset | None:
    """The dataset in one of the layouts other than a heap; None if there is none of them."""
    lists = _picture_lists(folder)
    if lists:
        return _of_lists(folder, lists, _left_out(folder, _used(folder, lists)))
    files = data_files(folder)
    if files:
        return _with_notes(read_data_files(folder, files), _left_out(folder, with_labels(files)))
    archive = read_uci_archive(folder)
    return None if archive is None else _with_notes(archive, _left_out(folder, set(UCI_FILES)))


# Pictures: with a table, by class, or in parts.


def _picture_lists(folder: Path) -> list[PictureList]:
    """The labelled pictures of a folder: its own, or those of its train, validation and test folders."""
    own = _labelled(folder)
    if own:
        return own
    lists = []
    for part in (inner for inner in _folders_in(folder) if role_of(inner.name) is not None):
        in_part = _labelled(part) or [heap for heap in (_heap(part),) if heap is not None]
        left_out = _left_out(part, _used(part, in_part)) if in_part else ()
        lists += [replace(pictures, notes=(*pictures.notes, *left_out)) for pictures in in_part]
    return lists if any(pictures.labels is not None for pictures in lists) else []


def _labelled(folder: Path) -> list[PictureList]:
    tables = label_tables(folder)
    if tables:
        return [read_label_table(table) for table in tables]
    classes = _class_folders(folder)
    return [_by_class(folder, classes)] if classes else []


def _class_folders(folder: Path) -> list[Path]:
    """The folders by class in a folder: those named by digits, or two and more of any name with pictures."""
    inner = _folders_in(folder)
    filled = [path for path in inner if next(find_images([path]), None) is not None]
    named = [path for path in filled if role_of(path.name) is None]
    if len(named) < 2 or all(_is_number(path.name) for path in named):
        named = [path for path in inner if _is_number(path.name)]
    return sorted(named)


def _is_number(name: str) -> bool:
    return name[:1].isdigit() and as_digit(name) is not None


def _by_class(folder: Path, classes: Sequence[Path]) -> PictureList:
    labelled = [(path, inner.name) for inner in classes for path in find_images([inner])]
    paths = [path for path, _ in labelled]
    beside = [path for inner in classes for path in inner.iterdir() if not _is_clutter(path)]
    read = set(paths)
    return PictureList(
        name=folder.name,
        source=folder,
        paths=paths,
        labels=[name for _, name in labelled],
        notes=_by_suffix([path for path in beside if path not in read], len(beside)),
    )


def _heap(folder: Path) -> PictureList | None:
    paths = list(find_images([folder]))
    return (
        PictureList(folder.name, folder, paths, notes=("no folders by class: unlabelled",)) if paths else None
    )


def _of_lists(folder: Path, lists: Sequence[PictureList], left_out: tuple[str, ...]) -> Dataset:
    names = [label for pictures in lists for label in pictures.labels or ()]
    class_names = class_names_of(names)
    parts = []
    for pictures in lists:
        noted = replace(pictures, notes=(*pictures.notes, *left_out))
        labels = None if pictures.labels is None else to_labels_of(pictures.labels, class_names)
        parts.append(Part(pictures.name, *split_of_list(noted, labels)))
    return _with_notes(
        to_dataset(folder, parts, class_names), class_notes(names, class_names) if names else ()
    )


# What is left out, and said.


def _left_out(folder: Path, used: set[str]) -> tuple[str, ...]:
    """A note on what lies in a folder and is not used, documents and clutter apart."""
    left = [
        path
        for path in folder.iterdir()
        if path.name not in used and not _is_clutter(path) and not path.name.lower().endswith(_DOCUMENTS)
    ]
    if not left:
        return ()
    if len(left) > len(_CLUTTER) and all(path.is_file() for path in left):
        return _by_suffix(left, len(list(folder.iterdir())))
    names = sorted((path.name + ("/" if path.is_dir() else "") for path in left), key=natural_order)
    return (f"left out {name_some(names)}",)


def _by_suffix(left: Sequence[Path], n_all: int) -> tuple[str, ...]:
    if not left:
        return ()
    counts = Counter("folder" if path.is_dir() else path.suffix.lower() or "no suffix" for path in left)
    counted = ", ".join(f"{count:,} {suffix}" for suffix, count in counts.most_common(6))
    return (f"left out {len(left):,} of {n_all:,} files, which are no pictures that are read: {counted}",)


def _used(folder: Path, lists: Sequence[PictureList]) -> set[str]:
    """The names of what lies in a folder and is, or holds, something in the lists."""
    used = {_top(folder, path) for pictures in lists for path in (pictures.source, *pictures.paths)}
    if any(pictures.source.is_file() for pictures in lists):
        used |= {path.name for path in find_images([folder])}  # what no table names was said by its reader
    return used


def _top(folder: Path, path: Path) -> str:
    """The name, directly in a folder, of what holds a path."""
    inside = path.relative_to(folder).parts
    return inside[0] if inside else ""


def _is_clutter(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _CLUTTER


def _folders_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not _is_clutter(path))


def _with_notes(dataset: Dataset, notes: Iterable[str]) -> Dataset:
    return replace(dataset, notes=tuple(dict.fromkeys((*dataset.notes, *notes))))


def _nothing(folder: Path) -> DatasetError:
    """Nothing was found: name what is there, and how it could be read."""
    inner = [path.name for path in _folders_in(folder)]
    arrays = sorted(path.name for path in folder.glob("*.npy"))
    expected = f"a dataset as {FORMATS}"
    if arrays:
        x, y = ([name for name in arrays if name.lower()[0] == letter] or arrays for letter in "xy")
        return DatasetError(
            folder,
            expected=expected,
            found=f"NumPy arrays in files of their own: {name_some(arrays)}",
            remedy="Save them in one: numpy.savez('digits.npz', "
            f"x=numpy.load({x[0]!r}), y=numpy.load({y[-1]!r})).",
        )
    strangers = [(path.name, words) for path in sorted(folder.iterdir()) if (words := _stranger(path))]
    if strangers:
        return DatasetError(
            folder,
            expected=f"pictures as {', '.join(picture.name for picture in PICTURES)}, or {expected}",
            found=f"{name_some([name for name, _ in strangers])}: {strangers[0][1]}",
            remedy="Save the pictures as JPEG or PNG.",
        )
    return DatasetError(
        folder,
        expected=expected,
        found=f"only the folders {name_some(inner, 12)}" if inner else "no such file",
        remedy="Name the file or folder itself; folders of pictures are named by what they show.",
    )


def _stranger(path: Path) -> str | None:
    """What a file is that has a known format and is not read."""
    if not path.is_file() or _is_clutter(path):
        return None
    with path.open("rb") as file:
        known = format_of(file.read(HEAD_BYTES))
    return known.words if known is not None and known.name in _UNREAD_PICTURES else None
