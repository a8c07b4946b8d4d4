"""From a table with one picture a row to a split: finds the label column, checks the rest.

Knows these layouts: a column named like a label anywhere, the rest pixels; no label and a square number of
pixels (Kaggle's test.csv); without names, the label first (or last, where only that can be one).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.pixels import square_side, to_split
from inkdigits.datasets.roles import one_split
from inkdigits.errors import DatasetError

__all__ = ["from_frame"]

_LABEL_NAMES = frozenset({"label", "labels", "class", "target", "digit", "y"})


def from_frame(path: Path, frame: Any, *, has_names: bool) -> Dataset:
    """A dataset out of a pandas data frame of one picture a row.

    Args:
        path: the file, for messages and for its name.
        frame: the table, as a `pandas.DataFrame`; its columns are numbered where it has no names.
        has_names: whether the columns have names that mean something.

    Raises:
        DatasetError: no column layout fits, or the values are not pictures and digits.
    """
    if frame.empty:
        raise DatasetError(
            path, expected="at least one picture", found="none", remedy="Check that the file is whole."
        )
    notes: tuple[str, ...] = ()
    label = _named_label(path, frame) if has_names else _placed_label(path, frame)
    if not has_names and label is not None and label != 0:
        notes = ("took the last column for the labels",)
    pixels = frame if label is None else frame.drop(columns=frame.columns[label])
    labels = None if label is None else frame.iloc[:, label].to_numpy()
    _refuse_words(path, pixels)
    split, made = to_split(path, pixels.to_numpy(), labels)
    return one_split(path, split, notes + made)


def _named_label(path: Path, frame: Any) -> int | None:
    names = [str(name).strip().lower() for name in frame.columns]
    found = [column for column, name in enumerate(names) if name in _LABEL_NAMES]
    if len(found) == 1:
        return found[0]
    if not found and square_side(len(names)) is not None:
        return None
    raise DatasetError(
        path,
        expected="784 pixel columns and one column called label",
        found=f"{len(names)} columns, {len(found) or 'none'} of them called label: {_some(names)}",
        remedy="Name the column that holds the digits 'label', and keep only it and the pixels.",
    )


def _placed_label(path: Path, frame: Any) -> int | None:
    n_columns = frame.shape[1]
    if square_side(n_columns) is not None:
        return None
    if square_side(n_columns - 1) is None:
        raise DatasetError(
            path,
            expected="785 numbers a row, the label first, or 784 without a label",
            found=f"{n_columns} numbers a row",
            remedy="Check that the file holds one picture a row, separated by commas.",
        )
    # MNIST's corners are always 0 and so could pass for labels: the column with more digits is the label.
    first, last = (_distinct_digits(frame.iloc[:, column]) for column in (0, n_columns - 1))
    return n_columns - 1 if last > first else 0


def _distinct_digits(column: Any) -> int:
    """How many different digits the column holds; 0 if it holds anything else."""
    values = column.to_numpy()
    if values.dtype.kind not in "iuf":
        return 0
    distinct = np.unique(values)
    return len(distinct) if np.isin(distinct, np.arange(10)).all() else 0


def _refuse_words(path: Path, pixels: Any) -> None:
    for name, dtype in pixels.dtypes.items():
        if getattr(dtype, "kind", "O") not in "iufb":
            raise DatasetError(
                path,
                expected="numbers in every pixel column",
                found=f"words or gaps in column {name!r}, such as {pixels[name].iloc[0]!r}",
                remedy="Keep only the label and the pixels, as numbers.",
            )


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
