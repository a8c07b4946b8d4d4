"""Writes readings as a table, one row per number; numbers are text, to keep leading zeros."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inkdigits.errors import ConfigError, ImageError, MissingExtraError
from inkdigits.extras import require
from inkdigits.files import temporary_beside, write_whole
from inkdigits.results import Number, Reading

__all__ = ["check_table_name", "write_table"]

_COLUMNS = (
    *("path", "number", "line", "text", "digits", "confidence", "refused", "reason"),
    *("left", "top", "width", "height", "runner_up", "runner_up_confidence", "error"),
)
_ENDINGS = (".csv", ".jsonl", ".parquet", ".xlsx")
_ROWS_A_SHEET = 1_048_575  # below the header; Excel opens no more
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Row = dict[str, str | float | int | bool | None]


def check_table_name(path: Path) -> None:
    """Refuse a table that could not be written, or would replace another, before any work is done.

    Raises:
        ConfigError: its ending is no kind of table, it exists, or its folder does not.
        MissingExtraError: a workbook without the package that writes it.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise ConfigError(
            f"--out {path}",
            expected="a name that ends in " + ", ".join(_ENDINGS),
            found=repr(path.suffix),
            remedy="Name the file numbers.csv, say.",
        )
    if path.exists() or not path.parent.is_dir():
        raise ConfigError(
            f"--out {path}",
            expected="a new file in a folder that exists",
            found="a file that exists" if path.exists() else "no such folder",
            remedy="Name another file, or remove this one." if path.exists() else "Make the folder first.",
        )
    if path.suffix.lower() == ".xlsx":
        _openpyxl()


def write_table(path: Path, readings: Sequence[tuple[str, Reading | ImageError]]) -> None:
    """Write one row for each number, and one for each picture that could not be read.

    Raises:
        ConfigError: the file cannot be written.
        MissingExtraError: Parquet without the package that writes it.
    """
    rows = [row for name, answer in readings for row in _rows(name, answer)]
    try:
        if path.suffix.lower() == ".jsonl":
            write_whole(path, "".join(json.dumps(row) + "\n" for row in rows))
        elif path.suffix.lower() == ".csv":
            write_whole(path, _as_csv(rows).encode(errors="backslashreplace"))  # names need not be UTF-8
        elif path.suffix.lower() == ".xlsx":
            _write_workbook(path, rows)
        else:
            _write_parquet(path, rows)
    except OSError as error:
        raise ConfigError(
            f"--out {path}",
            expected="a file that can be written",
            found=error.strerror or str(error),
            remedy="Name another file, or make room.",
        ) from error


def _rows(name: str, answer: Reading | ImageError) -> list[Row]:
    if isinstance(answer, ImageError):
        return [dict.fromkeys(_COLUMNS) | {"path": name, "error": str(answer)}]
    return [_row(name, i, number) for i, number in enumerate(answer.numbers)]


def _row(name: str, position: int, number: Number) -> Row:
    box = number.box
    runner_up = next(iter(number.alternatives), None)
    return dict.fromkeys(_COLUMNS) | {
        "path": name,
        "number": position,
        "line": number.line,
        "text": number.text,
        "digits": number.digits,
        "confidence": round(number.confidence, 4),
        "refused": number.refused,
        "reason": number.reason,
        **(
            {}
            if box is None
            else {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
        ),
        "runner_up": None if runner_up is None else runner_up.text,
        "runner_up_confidence": None if runner_up is None else round(runner_up.confidence, 4),
    }


def _as_csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_parquet(path: Path, rows: list[Row]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError(
            "Parquet",
            expected="the package pyarrow",
            found="that it is not installed",
            remedy="Write .csv or .jsonl, or install it: pip install 'inkdigits[train]'.",
        ) from error
    kinds = {
        **dict.fromkeys(("number", "line", "left", "top", "width", "height"), pyarrow.int64()),
        **dict.fromkeys(("confidence", "runner_up_confidence"), pyarrow.float64()),
        "refused": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in _COLUMNS])
    with temporary_beside(path) as temporary:
        plain = [{**row, "path": _translatable(str(row["path"]))} for row in rows]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain, schema), temporary)


def _write_workbook(path: Path, rows: list[Row]) -> None:
    """Each string is a text cell: zeros stay in front, and what begins like a formula is none."""
    workbook = _openpyxl().Workbook(write_only=True)
    for start in range(0, max(len(rows), 1), _ROWS_A_SHEET):
        sheet = workbook.create_sheet()
        sheet.append(_COLUMNS)
        for row in rows[start : start + _ROWS_A_SHEET]:
            sheet.append([_cell(sheet, row[name]) for name in _COLUMNS])
    with temporary_beside(path) as temporary:
        workbook.save(temporary)


def _cell(sheet: Any, value: str | float | int | bool | None) -> Any:
    if not isinstance(value, str):
        return value
    text = _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", _translatable(value))
    cell = _openpyxl().cell.WriteOnlyCell(sheet, text)
    cell.data_type, cell.number_format = "s", "@"  # or a leading = would make it a formula
    return cell


def _openpyxl() -> Any:
    return require("openpyxl", extra="xlsx", for_what="a table that ends in .xlsx")


def _translatable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
