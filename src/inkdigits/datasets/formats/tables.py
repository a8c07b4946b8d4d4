"""From a table with one picture a row to a dataset: finds the labels, orders the pixels, checks the rest.

Knows these layouts: a column named like a label anywhere, or ten of them, one-hot, the rest pixels; no label
and a square number of pixels (Kaggle's test.csv); without names, the label first (or last, where only that
can be one).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.classes import name_some
from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.pixels import is_one_hot, square_side, to_split
from inkdigits.datasets.roles import Part, to_dataset
from inkdigits.errors import DatasetError
from inkdigits.files import natural_order
from inkdigits.ink import DIGITS

__all__ = ["LABEL_NAMES", "from_frame"]

#: What people call the column of labels, in lower case.
LABEL_NAMES = frozenset({"label", "labels", "class", "target", "digit", "y"})

_ONE_HOT_NAME = re.compile(rf"(?:{'|'.join(sorted(LABEL_NAMES))})[_ .-]?([0-9])")


def from_frame(path: Path, frame: Any, *, has_names: bool, notes: Sequence[str] = ()) -> Dataset:
    """A dataset out of a pandas data frame of one picture a row.

    Args:
        path: the file, for messages and for its name.
        frame: the table, as a `pandas.DataFrame`; its columns are numbered where it has no names.
        has_names: whether the columns have names that mean something.
        notes: what was done to the table before.

    Raises:
        DatasetError: no column layout fits, or the values are not pictures and digits.
    """
    if frame.empty:
        raise DatasetError(
            path, expected="at least one picture", found="none", remedy="Check that the file is whole."
        )
    frame, all_notes = _without_surplus(frame, has_names)
    all_notes = [*notes, *all_notes]
    label = _named_label(path, frame) if has_names else _placed_label(path, frame)
    if not has_names and label and label[0] != 0:
        all_notes.append("took the last column for the labels")
    pixels = frame.drop(columns=frame.columns[label])
    labels = frame.iloc[:, label].to_numpy() if label else None
    if labels is not None and len(label) == 1:
        labels = labels[:, 0]
    _refuse_strangers(path, pixels, has_names)
    _refuse_words(path, pixels)
    _refuse_gaps(path, pixels)
    if has_names and (order := _order_by_numbers([str(name) for name in pixels.columns])) is not None:
        pixels = pixels.iloc[:, order]
        all_notes.append("put the pixel columns in the order of the numbers in their names")
    split, made = to_split(path, pixels.to_numpy(), labels)
    return to_dataset(path, [Part(path.name, split, (*all_notes, *made))])


def _without_surplus(frame: Any, has_names: bool) -> tuple[Any, list[str]]:
    """The table without an empty last column (a separator ends each line), and one that counts rows."""
    notes = []
    last = frame.iloc[:, -1]
    if last.isna().all() and (not has_names or str(frame.columns[-1]).startswith("Unnamed")):
        frame = frame.iloc[:, :-1]
        notes.append("left out an empty last column: the lines end in a separator")
    first = frame.iloc[:, 0]
    if has_names and str(frame.columns[0]).lower() in ("unnamed: 0", "index", "id") and _counts_rows(first):
        notes.append(
            f"left out the column {str(frame.columns[0])!r}, which is one too many: it counts the rows"
        )
        frame = frame.iloc[:, 1:]
    return frame, notes


def _counts_rows(column: Any) -> bool:
    values = column.to_numpy()
    return values.dtype.kind in "iu" and bool((np.diff(values) == 1).all()) and values[0] in (0, 1)


def _named_label(path: Path, frame: Any) -> list[int]:
    """The column of labels, the ten of one-hot labels, or none."""
    names = [str(name).strip().lower() for name in frame.columns]
    found = [column for column, name in enumerate(names) if name in LABEL_NAMES]
    if len(found) == 1:
        return found
    one_hot = {
        match.group(1): column
        for column, name in enumerate(names)
        if (match := _ONE_HOT_NAME.fullmatch(name))
    }
    if not found and set(one_hot) == set(DIGITS):
        return [one_hot[digit] for digit in DIGITS]
    if not found and square_side(len(names)) is not None:
        return []
    raise DatasetError(
        path,
        expected="784 pixel columns and one column called label",
        found=f"{len(names)} columns, {len(found) or 'none'} of them called label: {name_some(names, 4)}",
        remedy="Name the column that holds the digits 'label', and keep only it and the pixels.",
    )


def _order_by_numbers(names: Sequence[str]) -> list[int] | None:
    """The order of pixel columns whose names were sorted as texts (pixel1, pixel10, pixel2); else None.

    With one number in each name, any order but that of the numbers is put right.
    """
    numbers = [re.findall(r"[0-9]+", name) for name in names]
    stems = {re.sub(r"[0-9]+", "#", name) for name in names}
    n_numbers = {len(found) for found in numbers}
    if len(stems) != 1 or n_numbers not in ({1}, {2}) or len({*map(tuple, numbers)}) != len(names):
        return None
    if n_numbers == {2} and list(names) != sorted(names):
        return None  # 1x1, 2x1, ... may be meant: whether rows or columns come first, nobody says
    order = sorted(range(len(names)), key=lambda column: natural_order(names[column]))
    return None if order == list(range(len(names))) else order


def _refuse_strangers(path: Path, pixels: Any, has_names: bool) -> None:
    """Name the columns that keep the pixels from being square."""
    names = [str(name) for name in pixels.columns]
    if not has_names or square_side(len(names)) is not None:
        return
    stems = [re.sub(r"[0-9]+", "#", name) for name in names]
    usual, n_usual = Counter(stems).most_common(1)[0]
    strangers = [name for name, stem in zip(names, stems, strict=True) if stem != usual]
    if strangers and square_side(n_usual) is not None:
        raise DatasetError(
            path,
            expected=f"{n_usual} pixel columns and one column called label",
            found=f"{len(strangers)} too many: {name_some([repr(name) for name in strangers])}",
            remedy="Leave them out.",
        )


def _refuse_gaps(path: Path, pixels: Any) -> None:
    gaps = pixels.isna().to_numpy()
    if gaps.any():
        row, column = np.argwhere(gaps)[0].tolist()
        raise DatasetError(
            path,
            expected="a number in every pixel",
            found=f"{int(gaps.sum()):,} missing or infinite: the first in row {row + 1:,}, "
            f"column {str(pixels.columns[column])!r}",
            remedy="Fill it in, or leave out this row.",
        )


def _placed_label(path: Path, frame: Any) -> list[int]:
    n_columns = frame.shape[1]
    if square_side(n_columns) is not None:
        return []
    one_hot = [*range(n_columns - len(DIGITS), n_columns)]
    if square_side(n_columns - len(DIGITS)) is not None:
        first, last = (frame.iloc[:, columns].to_numpy() for columns in (range(len(DIGITS)), one_hot))
        return one_hot if is_one_hot(last) else [*range(len(DIGITS))] if is_one_hot(first) else []
    if square_side(n_columns - 1) is None:
        raise DatasetError(
            path,
            expected="785 numbers a row, the label first, or 784 without a label",
            found=f"{n_columns} numbers a row",
            remedy="Check that the file holds one picture a row, separated by commas.",
        )
    # MNIST's corners are always 0 and so could pass for labels: the column with more digits is the label.
    first, last = (_distinct_digits(frame.iloc[:, column]) for column in (0, n_columns - 1))
    return [n_columns - 1 if last > first else 0]


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
                found=f"words or gaps in column {name!r}, such as {_first_word(pixels[name])}",
                remedy="Keep only the label and the pixels, as numbers.",
            )


def _first_word(column: Any) -> str:
    """The first cell of a column that is no number, and its row."""
    for row, cell in enumerate(column.tolist(), start=1):
        try:
            float(cell)
        except (TypeError, ValueError):
            return f"{cell!r} in row {row:,}"
    return repr(column.iloc[0])
