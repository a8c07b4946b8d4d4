"""The result table: one row a digit or a number, as CSV, JSON lines, Parquet or a workbook.

A worker encodes the rows of a chunk (`encode`), and the parent joins what the workers wrote (`join`), so no
row passes through the parent. The same parts in the same order give the same table, byte for byte.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, get_args

from inkdigits.bulk.sources import arrow_module
from inkdigits.errors import ConfigError
from inkdigits.extras import require
from inkdigits.files import temporary_beside

__all__ = ["Counts", "Row", "TableFormat", "count", "encode", "format_of", "join", "to_arrow"]

TableFormat = Literal["csv", "jsonl", "parquet", "xlsx"]

Row = dict[str, object]
"""A row of the table, by column."""

_UNTRANSLATABLE = "backslashreplace"  # a file name that is no UTF-8; JSON takes it for what it was
_ROW_GROUP = 65_536  # rows; of Parquet
_ROWS_A_SHEET = 1_048_575  # below the header; Excel opens no more
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Counts:
    """Digits or numbers that were read and refused, pictures that were not readable, and pictures in all."""

    read: int = 0
    refused: int = 0
    errors: int = 0
    pictures: int = 0

    @property
    def rows(self) -> int:
        """All of the table."""
        return self.read + self.refused + self.errors

    def __add__(self, other: Counts) -> Counts:
        """Of both together."""
        own, others = astuple(self), astuple(other)
        return Counts(*(a + b for a, b in zip(own, others, strict=True)))


def format_of(path: Path) -> TableFormat:
    """The format that a file's suffix asks for.

    Raises:
        ConfigError: it is no suffix of a table.
        MissingExtraError: what writes such a table is not installed.
    """
    suffix = path.suffix.lower().lstrip(".")
    for known in get_args(TableFormat):
        if suffix == known:
            if known == "xlsx":
                _openpyxl()
            return known  # type: ignore[no-any-return]
    raise ConfigError(
        f"--out {path}",
        expected="a file name that ends in .csv, .jsonl, .parquet or .xlsx",
        found=repr(path.name),
        remedy="Name the table results.csv, say.",
    )


def encode(table_format: TableFormat, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Rows as a part of a table: lines without a heading, or a Parquet file of its own."""
    match table_format:
        case "csv":
            text = io.StringIO(newline="")
            csv.DictWriter(text, columns, lineterminator="\n").writerows(rows)
            return text.getvalue().encode(errors=_UNTRANSLATABLE)
        case "jsonl" | "xlsx":
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            return b"".join(line.encode(errors=_UNTRANSLATABLE) for line in lines)
        case "parquet":
            sink = io.BytesIO()
            arrow_module("pyarrow.parquet").write_table(to_arrow(columns, rows), sink)
            return sink.getvalue()


def to_arrow(columns: Sequence[str], rows: Sequence[Row]) -> Any:
    """Rows as a pyarrow table."""
    plain = [{**row, "path": _translatable(row["path"])} for row in rows]
    return arrow_module("pyarrow").Table.from_pylist(plain, schema=_schema(columns))


def _translatable(text: object) -> object:
    return text.encode(errors=_UNTRANSLATABLE).decode() if isinstance(text, str) else text


def join(table_format: TableFormat, columns: Sequence[str], parts: Iterable[bytes], path: Path) -> None:
    """Write the table whole, or leave what was there."""
    with temporary_beside(path) as temporary:
        if table_format == "parquet":
            _join_parquet(columns, parts, temporary)
            return
        if table_format == "xlsx":
            _join_workbook(columns, parts, temporary)
            return
        with temporary.open("wb") as file:
            if table_format == "csv":
                file.write((",".join(columns) + "\n").encode())
            for part in parts:
                file.write(part)


def _join_parquet(columns: Sequence[str], parts: Iterable[bytes], path: Path) -> None:
    arrow, parquet = arrow_module("pyarrow"), arrow_module("pyarrow.parquet")
    with parquet.ParquetWriter(path, _schema(columns)) as writer:
        for tables in _batches(parquet.read_table(arrow.BufferReader(part)) for part in parts):
            writer.write_table(arrow.concat_tables(tables))


def _join_workbook(columns: Sequence[str], parts: Iterable[bytes], path: Path) -> None:
    """Each string is a text cell: zeros stay in front, and what begins like a formula is none."""
    workbook = _openpyxl().Workbook(write_only=True)
    rows = (json.loads(line) for part in parts for line in part.decode().splitlines())
    sheet = None
    for number, row in enumerate(rows):
        if sheet is None or number % _ROWS_A_SHEET == 0:
            sheet = workbook.create_sheet()
            sheet.append(columns)
        sheet.append([_cell(sheet, row.get(name)) for name in columns])
    workbook.save(path)


def _cell(sheet: Any, value: object) -> Any:
    value = _translatable(value)
    if not isinstance(value, str):
        return value
    text = _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    cell = _openpyxl().cell.WriteOnlyCell(sheet, text)
    cell.data_type, cell.number_format = "s", "@"  # or a leading = would make it a formula
    return cell


def _openpyxl() -> Any:
    return require("openpyxl", extra="xlsx", for_what="a table that ends in .xlsx")


def count(table_format: TableFormat, path: Path) -> Counts:
    """Count the rows of a finished table, not its pictures; of Parquet, `path` may be a folder of files."""
    if table_format == "parquet":
        dataset = arrow_module("pyarrow.dataset").dataset(path, format="parquet")
        refused = arrow_module("pyarrow.compute").field("refused")
        n_errors, n_refused = dataset.count_rows(filter=refused.is_null()), dataset.count_rows(filter=refused)
        return Counts(dataset.count_rows() - n_errors - n_refused, n_refused, n_errors)
    if table_format == "xlsx":
        return _counted(_rows_of_workbook(path))
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file) if table_format == "csv" else map(json.loads, file)
        return _counted(rows)


def _counted(rows: Iterable[Mapping[str, object]]) -> Counts:
    kinds = Counter("errors" if row.get("error") else str(row["refused"]) for row in rows)
    return Counts(kinds["False"], kinds["True"], kinds["errors"])


def _rows_of_workbook(path: Path) -> Iterator[dict[str, object]]:
    with closing(_openpyxl().load_workbook(path, read_only=True)) as workbook:
        for sheet in workbook.worksheets:
            rows = sheet.iter_rows(values_only=True)
            columns = next(rows)
            yield from (dict(zip_longest(columns, row)) for row in rows)  # empty cells at an end are left out


def _batches(tables: Iterable[Any]) -> Iterator[list[Any]]:
    """Tables together, as many as fill a row group."""
    batch: list[Any] = []
    for table in tables:
        batch.append(table)
        if sum(one.num_rows for one in batch) >= _ROW_GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


def _schema(columns: Sequence[str]) -> Any:
    arrow = arrow_module("pyarrow")
    whole, share = arrow.int32(), arrow.float32()
    types = {"digit": arrow.int8(), "refused": arrow.bool_(), "confidence": share}
    types |= dict.fromkeys(("left", "top", "width", "height", "number", "line"), whole)
    types["runner_up_confidence"] = share
    text = arrow.string()
    return arrow.schema(
        [(name, share if name.startswith("p_") else types.get(name, text)) for name in columns]
    )
