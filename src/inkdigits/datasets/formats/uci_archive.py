"""Reads digits as the UCI archive hands them out: semeion.data, or optdigits.tra with optdigits.tes.

Semeion: a line a picture, 16x16 pixels of 0 or 1, then ten columns of which one is 1. Optdigits: a line a
picture, 8x8 counts of 0 to 16 and the digit, with commas; some copies begin with a line of names.

Sources: Buscema, Semeion Handwritten Digit, UCI 1994; Alpaydin and Kaynak, Optical Recognition of
Handwritten Digits, UCI 1998.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.datasets.formats.content import read_content
from inkdigits.datasets.formats.pixels import is_one_hot, to_split
from inkdigits.datasets.roles import Part, to_dataset
from inkdigits.errors import DatasetError

__all__ = ["UCI_FILES", "read_uci_archive"]

_SEMEION, _OPTDIGITS = "semeion.data", ("optdigits.tra", "optdigits.tes")
#: The names of the files that are read.
UCI_FILES = (_SEMEION, *_OPTDIGITS)

_SEMEION_PIXELS, _OPTDIGITS_PIXELS = 16 * 16, 8 * 8
_CLASSES = 10


def read_uci_archive(folder: Path) -> Dataset | None:
    """The dataset in such files; None where there are none of them.

    Raises:
        DatasetError: a file is cut off, or is not what its name says.
    """
    if (folder / _SEMEION).is_file():
        return to_dataset(folder, [Part(_SEMEION, *_semeion(folder / _SEMEION))])
    parts = [Part(name, *_optdigits(folder / name)) for name in _OPTDIGITS if (folder / name).is_file()]
    return to_dataset(folder, parts) if parts else None


def _semeion(path: Path) -> tuple[Split, tuple[str, ...]]:
    rows = _table(path, None, _SEMEION_PIXELS + _CLASSES)
    one_hot = rows[:, _SEMEION_PIXELS:]  # (N, 10)
    if not is_one_hot(one_hot):
        raise _malformed(path, "ten last columns of which one is 1", "other numbers in them")
    return to_split(path, rows[:, :_SEMEION_PIXELS], one_hot.argmax(axis=1))


def _optdigits(path: Path) -> tuple[Split, tuple[str, ...]]:
    rows = _table(path, ",", _OPTDIGITS_PIXELS + 1)
    return to_split(path, rows[:, :-1], rows[:, -1])


def _table(path: Path, separator: str | None, n_columns: int) -> NDArray[np.float64]:
    """(N, n_columns), without a line of names at the top."""
    lines = [line for line in read_content(path).decode("utf-8", "replace").splitlines() if line.strip()]
    if lines and not lines[0].lstrip()[:1].isdigit():
        lines = lines[1:]
    cells = [line.split(separator) for line in lines]
    wrong = next((number for number, row in enumerate(cells, 1) if len(row) != n_columns), None)
    if wrong is not None or not cells:
        found = f"{len(cells[wrong - 1])} in picture {wrong}" if wrong else "an empty file"
        raise _malformed(path, f"{n_columns} numbers a line", found)
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError as error:
        raise _malformed(path, "numbers only", str(error)) from error


def _malformed(path: Path, expected: str, found: str) -> DatasetError:
    return DatasetError(path, expected=expected, found=found, remedy="Download the file again.")
