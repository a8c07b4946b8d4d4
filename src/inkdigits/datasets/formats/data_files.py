"""Reads the data files of a folder together: train.csv with test.csv, IDX pairs, shards of Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inkdigits.datasets.classes import name_some
from inkdigits.datasets.dataset import Dataset, Split, join_parts
from inkdigits.datasets.formats.files import holds_pictures, read_file
from inkdigits.datasets.formats.idx import images_beside, is_labels_name, labels_beside
from inkdigits.datasets.roles import joint_notes
from inkdigits.errors import DatasetError
from inkdigits.files import natural_order

__all__ = ["data_files", "read_data_files", "with_labels"]

_SUFFIXES = (".csv", ".tsv", ".parquet", ".npz", ".arff", ".libsvm", ".svm", "ubyte", "idx3", "idx1")
_SHARD = re.compile(r"(.*?)-(\d+)-of-(\d+)")
_NUMBERED = re.compile(r"(.*?)[-_.]?(\d+)\.parquet")
_MOST_PARTS = 3  # train, validation, test


def data_files(folder: Path) -> list[Path]:
    """The files in a folder whose names say that they hold data, each pair of IDX files by its images."""
    names = {
        path.name: path for path in sorted(folder.iterdir()) if path.is_file() and _is_data_name(path.name)
    }
    # A plain file and its .gz are the same thing, and labels come with their images.
    return [
        path
        for name, path in names.items()
        if not (name.endswith(".gz") and name.removesuffix(".gz") in names)
        and not (is_labels_name(name) and images_beside(path) is not None)
    ]


def read_data_files(folder: Path, files: Sequence[Path]) -> Dataset:
    """One dataset out of such files: a training part, a validation part and a test part at most.

    Raises:
        DatasetError: a file is malformed, or two are for the same purpose.
    """
    groups = _groups(files)
    if len(groups) > 1:
        groups = {name: group for name, group in groups.items() if all(map(holds_pictures, group))}
    left_out = sorted(
        {path.name for path in files} - {path.name for group in groups.values() for path in group}
    )
    if not groups or len(groups) > _MOST_PARTS:
        raise _ambiguous(folder, files)
    datasets = [_joined(group) for group in groups.values()]
    chosen: dict[str, Split] = {}
    for dataset in datasets:
        if chosen.keys() & dataset.parts.keys():
            raise _ambiguous(folder, files)
        chosen |= dataset.parts
    notes = joint_notes(datasets)
    if left_out:
        notes = (*notes, f"left out {', '.join(left_out)}: no pictures in it")
    return Dataset(folder.name, None, None, notes=notes).with_parts(chosen)


def with_labels(files: Sequence[Path]) -> set[str]:
    """The names of data files, of the labels beside IDX files, and of their packed or plain copies."""
    names = {path.name for path in files}
    names |= {labels.name for path in files if (labels := labels_beside(path)) is not None}
    bare = {name.removesuffix(".gz") for name in names}
    return bare | {f"{name}.gz" for name in bare}


def _is_data_name(name: str) -> bool:
    return not name.startswith(".") and name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def _groups(files: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by what they are shards of, in the order of their numbers; any other file is alone."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(files, key=lambda path: natural_order(path.name)):
        groups.setdefault(_name_without_number(path), []).append(path)
    return groups


def _name_without_number(path: Path) -> str:
    """What all shards of one part are called: train, for train-00000-of-00002.parquet and train_0.parquet."""
    shard = _SHARD.match(path.name) or (_NUMBERED.fullmatch(path.name) if path.suffix == ".parquet" else None)
    return shard.group(1) if shard else path.name


def _joined(shards: Sequence[Path]) -> Dataset:
    datasets = [read_file(path) for path in shards]
    first = datasets[0]
    shard = _SHARD.match(shards[0].name)
    n_shards = int(shard.group(3)) if shard else len(shards)
    if n_shards == 1:
        return first
    notes = list(dict.fromkeys(note for dataset in datasets for note in dataset.notes))
    notes.append(f"{_name_without_number(shards[0])}: joined {len(shards)} of {n_shards} shards")
    return replace(join_parts(datasets), notes=tuple(notes))


def _ambiguous(folder: Path, files: Sequence[Path]) -> DatasetError:
    return DatasetError(
        folder,
        expected="one training file and one test file",
        found=f"{len(files)} files: {name_some([path.name for path in files])}",
        remedy="Name one file, or put 'train' and 'test' into the names of the two that belong together.",
    )
