"""Reads a folder: pictures with a table of labels, folders by class, data files, or a heap of pictures."""

from __future__ import annotations

from pathlib import Path

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.files import FORMATS, read_file
from inkdigits.datasets.formats.idx import images_beside, is_labels_name
from inkdigits.datasets.formats.label_table import LABELS_FILE, read_labelled
from inkdigits.datasets.formats.pictures import part_folders, read_heap, read_part_folders
from inkdigits.datasets.formats.uci_archive import read_uci_archive
from inkdigits.errors import DatasetError

__all__ = ["read_directory"]

_SUFFIXES = (".csv", ".parquet", ".npz", ".arff", ".libsvm", ".svm", "ubyte", "idx3", "idx1")


def read_directory(folder: Path) -> Dataset:
    """The dataset that a folder holds.

    Raises:
        DatasetError: there is nothing that can be read, or more than one thing for the same purpose.
    """
    if (folder / LABELS_FILE).is_file():
        return read_labelled(folder)
    parts = part_folders(folder)
    if parts:
        return read_part_folders(folder, parts)
    files = _data_files(folder)
    if files:
        return _merge(folder, files)
    found = read_uci_archive(folder) or read_heap(folder)
    if found is not None:
        return found
    inner = sorted(path.name for path in folder.iterdir() if path.is_dir())
    raise DatasetError(
        folder,
        expected=f"a dataset as {FORMATS}",
        found=f"only the folders {', '.join(inner[:12])}" if inner else "no such file",
        remedy="Name the file or folder itself; folders of pictures are named by what they show.",
    )


def _data_files(folder: Path) -> list[Path]:
    names = {
        path.name: path for path in sorted(folder.iterdir()) if path.is_file() and _is_data_name(path.name)
    }
    # A plain file and its .gz are the same thing, and labels come with their images.
    return [
        path
        for name, path in names.items()
        if not (name.endswith(".gz") and name.removesuffix(".gz") in names)
        and not (is_labels_name(name) and (images_beside(path) is not None or name == "labels.csv"))
    ]


def _is_data_name(name: str) -> bool:
    return not name.startswith(".") and name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def _merge(folder: Path, files: list[Path]) -> Dataset:
    if len(files) > 2:
        raise _ambiguous(folder, files)
    datasets = [read_file(path) for path in files]
    train = [dataset.train for dataset in datasets if dataset.train is not None]
    test = [dataset.test for dataset in datasets if dataset.test is not None]
    if len(train) > 1 or len(test) > 1:
        raise _ambiguous(folder, files)
    return Dataset(
        folder.name,
        train[0] if train else None,
        test[0] if test else None,
        notes=tuple(dict.fromkeys(note for dataset in datasets for note in dataset.notes)),
    )


def _ambiguous(folder: Path, files: list[Path]) -> DatasetError:
    names = ", ".join(path.name for path in files[:6]) + (", ..." if len(files) > 6 else "")
    return DatasetError(
        folder,
        expected="one training file and one test file",
        found=f"{len(files)} files: {names}",
        remedy="Name one file, or put 'train' and 'test' into the names of the two that belong together.",
    )
