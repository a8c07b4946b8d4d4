"""Reads the table that says what pictures show: labels.csv, Hugging Face's metadata.csv, or one like them.

    path,label,writer
    scans/0001.png,7,anna

The separator is a comma, a semicolon, a tab, a bar or a space; JSON lines are read too. The header may be in
any case, and may be missing where the first cell is the path of a picture. Other columns are ignored, and the
writer is optional.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from inkdigits.datasets.classes import name_some, refuse_odd_classes
from inkdigits.datasets.formats.content import as_text, read_content
from inkdigits.datasets.formats.pictures import PictureList
from inkdigits.datasets.formats.tables import LABEL_NAMES
from inkdigits.datasets.roles import role_of
from inkdigits.errors import DatasetError
from inkdigits.pictures.formats import picture_suffixes
from inkdigits.pictures.walking import find_images

__all__ = ["label_tables", "read_label_table"]

_PATH_NAMES = frozenset(
    {"path", "file", "filename", "file_name", "filepath", "name", "id"}
    | {"image", "image_path", "image_id", "img"}
)
_USUAL = "labels.csv"
_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl")
_MOST_HEAD_BYTES = 1 << 16


def label_tables(folder: Path) -> list[Path]:
    """The label tables in a folder: labels.csv alone, or all that name pictures which are there."""
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: path.name)
    usual = [path for path in files if path.name.lower() == _USUAL]
    if usual:
        return usual[:1]
    return [path for path in files if path.suffix.lower() in _SUFFIXES and _names_pictures(path)]


def read_label_table(table: Path) -> PictureList:
    """The pictures that a table names, with their labels; notes tell what is only in one of the two places.

    Raises:
        DatasetError: the table cannot be read, names no picture that is there, or one outside its folder, or
            the labels make no classes.
    """
    folder = table.parent
    rows = _rows(table)
    placed = [(_inside(table, row["path"]), row) for row in rows]
    kept = [(path, row) for path, row in placed if path.is_file()]
    absent = [row["path"] for path, row in placed if not path.is_file()]
    if not kept:
        raise DatasetError(
            table,
            expected="paths of pictures, counted from the folder of the table",
            found=f"none that is there: {name_some(absent)}",
            remedy="Correct the paths, or put the pictures where they say.",
        )
    labels = [row["label"] for _, row in kept]
    refuse_odd_classes(table, labels)
    listed = {path.resolve() for path, _ in kept}
    unlisted = [
        path.name for path in find_images(sorted({p.parent for p in listed})) if path.resolve() not in listed
    ]
    left_out = {
        f"rows of {table.name} whose picture is not there": absent,
        f"pictures that are not in {table.name}": unlisted,
    }
    return PictureList(
        name=table.name if role_of(table.name) else folder.name,
        source=table,
        paths=[path for path, _ in kept],
        labels=labels,
        writers=[row["writer"] for _, row in kept] if "writer" in rows[0] else None,
        notes=tuple(
            f"left out {len(names):,} {what}: {name_some(names)}" for what, names in left_out.items() if names
        ),
    )


def _names_pictures(table: Path) -> bool:
    """Whether a file is a label table, by its first two lines."""
    try:
        with table.open("rb") as file:
            lines = as_text(file.read(_MOST_HEAD_BYTES)).splitlines()[:2]
        rows = _parsed(table, lines)
        return bool(rows) and {"path", "label"} <= set(rows[0]) and _inside(table, rows[0]["path"]).is_file()
    except (OSError, ValueError, AttributeError, csv.Error, DatasetError):
        return False


def _rows(table: Path) -> list[dict[str, str]]:
    """One a picture, with the keys path, label and perhaps writer."""
    try:
        rows = _parsed(table, as_text(read_content(table)).splitlines())
    except (ValueError, AttributeError, csv.Error) as error:
        raise DatasetError(
            table, expected="a CSV file in UTF-8 or UTF-16", found=str(error), remedy="Write the table again."
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


def _parsed(table: Path, lines: list[str]) -> list[dict[str, str]]:
    lines = [line for line in lines if line.strip()]
    if not lines:
        return []
    if table.suffix.lower() == ".jsonl":
        return [
            {_plain_name(str(name)): str(cell) for name, cell in json.loads(line).items()} for line in lines
        ]
    separator = max(",;\t|", key=lines[0].count)
    separator = separator if separator in lines[0] else " "
    cells = list(csv.reader(lines, delimiter=separator))
    first = [cell.strip() for cell in cells[0]]
    if len(first) >= 2 and _is_picture(table, first[0]):
        header = ["path", "label", "writer"][: len(first)]
    else:
        header = [_plain_name(name) for name in first]
        cells = cells[1:]
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in cells]


def _is_picture(table: Path, cell: str) -> bool:
    suffix = Path(cell).suffix.lower()
    return suffix in picture_suffixes() and len(cell) < 1000 and (table.parent / cell).is_file()


def _plain_name(name: str) -> str:
    name = name.lower()
    if name in LABEL_NAMES:
        return "label"
    return "path" if name in _PATH_NAMES else name


def _inside(table: Path, name: str) -> Path:
    """The picture that a cell names; its suffix may be missing."""
    folder, name = table.parent, name.strip().replace("\\", "/")
    places = (folder, folder / table.stem)  # train.csv often lies beside train/
    endings = ("", *sorted(picture_suffixes()))
    found = (Path(f"{place / name}{ending}") for place in places for ending in endings)
    path = next((path for path in found if name and path.is_file()), folder / name)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            table,
            expected=f"pictures inside {folder}",
            found=f"the path {name!r}",
            remedy="Move the picture into the folder.",
        )
    return path
