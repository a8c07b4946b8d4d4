"""Reads Parquet: flat tables (label, 1x1, ...), and Hugging Face's `image` of {bytes, path} with `label`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.content import faults_as, read_content, refuse_larger
from inkdigits.datasets.formats.pictures import split_of_encoded
from inkdigits.datasets.formats.tables import LABEL_NAMES, from_frame
from inkdigits.datasets.roles import Part, to_dataset
from inkdigits.errors import DatasetError
from inkdigits.extras import require

__all__ = ["read_parquet"]

_PICTURE_NAMES = frozenset({"image", "img", "picture"})


def read_parquet(path: Path) -> Dataset:
    """The one table in a Parquet file.

    Raises:
        DatasetError: it is damaged or too large, or a layout that is not known.
    """
    pyarrow, parquet = (
        require(name, extra="train", for_what="reading Parquet") for name in ("pyarrow", "pyarrow.parquet")
    )
    faults = (pyarrow.ArrowException, OSError)
    with faults_as(path, *faults, expected="a whole Parquet file", found="one that cannot be read"):
        file = parquet.ParquetFile(io.BytesIO(read_content(path)))
        groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
        refuse_larger(path, sum(group.total_byte_size for group in groups))
        table = file.read()
    column = next((name for name in table.column_names if name.lower() in _PICTURE_NAMES), None)
    if column is not None:
        return _from_pictures(path, table, column)
    return from_frame(path, table.to_pandas(), has_names=True)


def _from_pictures(path: Path, table: Any, column: str) -> Dataset:
    pictures = table.column(column).to_pylist()
    if not pictures or not all(isinstance(picture, dict) and picture.get("bytes") for picture in pictures):
        raise DatasetError(
            path,
            expected=f"a column {column} with the bytes of a picture in every row",
            found="gaps, or something else" if pictures else "no rows",
            remedy="Save the dataset with its pictures embedded, not only their paths.",
        )
    found = [name for name in table.column_names if name.lower() in LABEL_NAMES]
    labels = table.column(found[0]).to_numpy() if len(found) == 1 else None
    split, notes = split_of_encoded(path, [picture["bytes"] for picture in pictures], labels)
    if labels is None:
        names = ", ".join(table.column_names)
        notes = (*notes, f"{len(found) or 'none'} of the columns {names} is called label: unlabelled")
    elif left_out := [name for name in table.column_names if name not in (column, found[0])]:
        notes = (*notes, f"left out the columns {', '.join(left_out)}")
    return to_dataset(path, [Part(path.name, split, notes)])
