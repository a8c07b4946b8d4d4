"""Reads a folder of pictures whose labels stand in a table beside them, labels.csv.

    path,label,writer
    scans/0001.png,7,anna

Columns other than these are left alone; the writer may be missing.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from inkdigits.datasets.classes import to_classes
from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.pictures import normalized_split
from inkdigits.datasets.roles import one_split
from inkdigits.errors import DatasetError

__all__ = ["LABELS_FILE", "read_labelled"]

LABELS_FILE = "labels.csv"


def read_labelled(folder: Path) -> Dataset:
    """A dataset out of pictures and the labels.csv that names them.

    Raises:
        DatasetError: the table cannot be read, names a picture that is not there or lies outside the
            folder, or the labels make no classes.
    """
    table = folder / LABELS_FILE
    rows = _rows(table)
    paths = [_inside(folder, row["path"]) for row in rows]
    labels, class_names = to_classes(table, [row["label"] for row in rows])
    writers = np.array([row["writer"] for row in rows]) if "writer" in rows[0] else None
    split, notes = normalized_split(folder, paths, labels, writers)
    return replace(one_split(folder, split, notes), class_names=class_names)


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            table, expected="a CSV file in UTF-8", found=str(error), remedy="Write the table again."
        ) from error
    missing = {"path", "label"} - set(rows[0] if rows else ())
    if missing:
        raise DatasetError(
            table,
            expected="the columns path and label, and a row for each picture",
            found=f"no {' and no '.join(sorted(missing))}" if rows else "no rows",
            remedy="Begin the file with the line path,label or path,label,writer.",
        )
    return rows


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            folder / LABELS_FILE,
            expected=f"pictures inside {folder}",
            found=f"the path {name!r}",
            remedy="Move the picture into the folder.",
        )
    return path
