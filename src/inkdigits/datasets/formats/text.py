"""Reads the text formats: CSV (also .csv.gz and .zip), ARFF and libsvm.

The parsers are those of pandas, SciPy and scikit-learn; what the columns mean is found in `tables`.
"""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import faults_as, read_content, utf8
from inkdigits.datasets.formats.pixels import MIN_SIDE, to_split
from inkdigits.datasets.formats.tables import from_frame
from inkdigits.datasets.roles import Part, to_dataset
from inkdigits.errors import DatasetError
from inkdigits.extras import require
from inkdigits.ink import SIDE

__all__ = ["read_arff", "read_csv", "read_libsvm"]

_NUMBER = re.compile(r'\s*"?[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"?\s*')
_N_PIXELS = SIDE * SIDE


def read_csv(path: Path) -> Dataset:
    """A table of one picture a row, with or without a header, separated by commas, semicolons or tabs.

    Raises:
        DatasetError: rows of different lengths, words, gaps, or a layout that is not known.
    """
    pandas = require("pandas", extra="train", for_what="reading CSV")
    content = utf8(read_content(path))
    layout = _layout_of(content)
    # pandas' own errors, and UnicodeDecodeError, are ValueErrors.
    with _parsing(path, "rows of equally many values", ValueError, MemoryError):
        frame = pandas.read_csv(
            io.BytesIO(content),
            header=0 if layout.has_names else None,
            skiprows=1 if layout.has_counted_header else 0,
            sep=layout.separator,
            decimal=layout.decimal,
            encoding="utf-8-sig",
            low_memory=False,  # one type a column, not one a chunk
            index_col=False if layout.has_open_rows else None,
        )
    if not isinstance(frame.index, pandas.RangeIndex):
        # pandas takes the surplus columns of rows that are longer than the header for an index.
        raise DatasetError(
            path,
            expected=f"{frame.shape[1]} values a row, as in the header",
            found="longer rows",
            remedy="Give every column a name, or none.",
        )
    notes = (
        ("took the first row, which counts the columns, for a header",) if layout.has_counted_header else ()
    )
    return from_frame(path, frame, has_names=layout.has_names, notes=notes)


@dataclass(frozen=True)
class _Layout:
    """How a CSV file is written, as its first two lines tell.

    Attributes:
        separator: between the cells.
        decimal: the comma or the point in fractions.
        has_names: whether the first row names the columns.
        has_counted_header: whether it numbers them instead: 0, 1, 2, ...
        has_open_rows: whether the rows, and not the header, end in a separator.
    """

    separator: str
    decimal: str
    has_names: bool
    has_counted_header: bool
    has_open_rows: bool


def _layout_of(content: bytes) -> _Layout:
    first, _, rest = content.partition(b"\n")
    lines = [line.decode("utf-8-sig", "replace").strip("\r\n ") for line in (first, rest.partition(b"\n")[0])]
    # Fractions with decimal commas hold as many commas as there are cells.
    separator = next((mark for mark in ";\t" if lines[0].count(mark) >= MIN_SIDE**2 - 1), ",")
    decimal = "," if separator != "," and any("," in line for line in lines) else "."
    cells = [
        cell.strip(' "').replace(decimal, ".") for cell in lines[0].removesuffix(separator).split(separator)
    ]
    is_numeric = all(_NUMBER.fullmatch(cell) for cell in cells)
    counts = ([str(number + start) for number in range(len(cells))] for start in (0, 1))
    counted = len(cells) > MIN_SIDE and cells in counts
    return _Layout(
        separator,
        decimal,
        has_names=not is_numeric,
        has_counted_header=counted,
        has_open_rows=not is_numeric and lines[1].endswith(separator) and not lines[0].endswith(separator),
    )


def read_arff(path: Path) -> Dataset:
    """A table in Weka's format; the label is the attribute called class, label or the like.

    Raises:
        DatasetError: it is malformed or sparse, or a layout that is not known.
    """
    pandas, arff = (
        require(name, extra="train", for_what="reading ARFF") for name in ("pandas", "scipy.io.arff")
    )
    text = read_content(path).decode("utf-8", "replace")
    faults = (ValueError, NotImplementedError, StopIteration, arff.ArffError)
    with _parsing(path, "a whole ARFF file with an @data part that is not sparse", *faults):
        records, _ = arff.loadarff(io.StringIO(text))
    return from_frame(path, pandas.DataFrame.from_records(records), has_names=True)


def read_libsvm(path: Path) -> Dataset:
    """Lines of `label index:value ...`; pixels that are not named are 0.

    Raises:
        DatasetError: it is malformed, or its indices do not fit 784 pixels.
    """
    sklearn_datasets = require("sklearn.datasets", extra="train", for_what="reading libsvm")
    content = read_content(path)
    with _parsing(path, "lines of 'label index:value ...' with indices up to 784", ValueError):
        # A file often ends before pixel 784, because the last rows of every picture are paper.
        pixels, labels = sklearn_datasets.load_svmlight_file(io.BytesIO(content), n_features=_N_PIXELS)
    highest = int(pixels.indices.max(initial=-1)) + 1
    if highest <= _N_PIXELS // 2:
        raise DatasetError(
            path,
            expected="784 pixels (28x28) a picture",
            found=f"no index above {highest}",
            remedy="Write the pictures as CSV if they have another size; libsvm does not say the size.",
        )
    split, notes = to_split(path, np.asarray(pixels.toarray()), np.asarray(labels))
    return to_dataset(path, [Part(path.name, split, notes)])


def _parsing(path: Path, expected: str, *faults: type[Exception]) -> AbstractContextManager[None]:
    return faults_as(
        path,
        *faults,
        expected=expected,
        found="something that cannot be parsed",
        remedy="Open the file in a text editor at that place, or fetch it again.",
    )
