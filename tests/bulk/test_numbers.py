"""A table of many numbers: one row each, documents page by page, the same after any interruption."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from inkdigits.bulk.local import run_locally
from inkdigits.bulk.numbers import ReadJob
from inkdigits.bulk.table import Counts, TableFormat, count, encode, join
from inkdigits.errors import ConfigError

COLUMNS = ("path", "digits", "confidence", "refused", "left", "error")


def job(table_format: TableFormat = "csv", **settings: object) -> ReadJob:
    options = dict.fromkeys(("model", "expect", "codes", "check", "max_error", "explain"))
    options |= {"one": True, "second_reader": False, "alternatives": 3, **settings}
    return ReadJob(table_format=table_format, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty fields, an empty one, a TIFF of two pages, a file that is no picture."""
    folder = tmp_path_factory.mktemp("numbers") / "fields"
    (folder / "more").mkdir(parents=True)
    pages = []
    for number in range(20):
        page = np.full((80, 240), 225, np.uint8)
        cv2.putText(page, f"{number:04}", (40, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
        assert cv2.imwrite(str(folder / f"{number}.png"), page)
        pages.append(PIL.Image.fromarray(page))
    pages[7].save(folder / "more" / "scan.tif", save_all=True, append_images=pages[8:9])
    PIL.Image.new("L", (240, 80), 225).save(folder / "more" / "empty.png")
    (folder / "more" / "broken.png").write_bytes(b"broken")
    return folder


def rows_of(table: Path) -> Iterator[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_each_number_and_each_page_has_its_row(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "numbers.csv"
    result = run_locally(job(), [str(folder)], table, n_workers=2)
    rows = {str(Path(row["path"]).relative_to(folder)): row for row in rows_of(table)}
    assert list(rows)[:3] == ["0.png", "1.png", "2.png"]
    assert rows["7.png"]["digits"] == rows["more/scan.tif#1"]["digits"] == "0007"
    assert rows["more/empty.png"]["reason"] == "blank"
    assert rows["more/broken.png"]["error"].startswith("expected")
    run_locally(job(alternatives=0), [str(folder)], tmp_path / "plain.csv", n_workers=2)
    assert not any(row["runner_up"] for row in rows_of(tmp_path / "plain.csv"))
    assert (result.counts.rows, result.counts.errors, result.counts.pictures) == (24, 1, 23)


def test_it_goes_on_only_with_the_same_question(folder: Path, tmp_path: Path) -> None:
    whole, table = tmp_path / "whole.csv", tmp_path / "numbers.csv"
    run_locally(job(), [str(folder)], whole, n_workers=1)
    parts = table.with_name("numbers.csv.parts")
    run_locally(job(), [str(folder)], table, n_workers=1)
    table.unlink()
    with pytest.raises(KeyboardInterrupt):
        run_locally(job(), [str(folder)], table, n_workers=1, show=_interrupt)
    assert any(parts.iterdir())
    with pytest.raises(ConfigError, match="expect was"):
        run_locally(job(expect=r"\d{4}"), [str(folder)], table, n_workers=1, resume=True)
    run_locally(job(), [str(folder)], table, n_workers=1, resume=True)
    assert table.read_bytes() == whole.read_bytes()


def _interrupt(progress: object) -> None:
    raise KeyboardInterrupt


def test_explanations_of_files_of_one_name_stand_beside_each_other(folder: Path, tmp_path: Path) -> None:
    sources = [str(folder / "3.png"), str(folder / "more" / "scan.tif")]
    run_locally(job(explain=str(tmp_path)), sources, tmp_path / "numbers.csv", n_workers=1)
    names = {path.name.rsplit("_", 1)[-1] for path in tmp_path.glob("*.read.png")}
    assert names == {"3.png.read.png", "scan.tif#1.read.png", "scan.tif#2.read.png"}


def test_a_workbook_holds_text_and_no_formulas(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="needs inkdigits[xlsx]")
    names = ["=1+1.png", "+1.png", "-1.png", "@SUM(A1).png", "bell\x07.png", "not\udcffutf8.png"]
    row = {"digits": "0071", "confidence": 0.9, "refused": False, "left": 1, "error": None}
    rows: list[dict[str, object]] = [{"path": name, **row} for name in names]
    rows.append({"path": "=x", "error": "expected a picture"})
    table = tmp_path / "numbers.xlsx"
    parts = [encode("xlsx", COLUMNS, rows[:3]), encode("xlsx", COLUMNS, rows[3:])]
    join("xlsx", COLUMNS, parts, table)
    (sheet,) = openpyxl.load_workbook(table).worksheets
    head, *cells = sheet.iter_rows()
    assert tuple(cell.value for cell in head) == COLUMNS
    assert [row[0].value for row in cells] == [*names[:4], r"bell\x07.png", r"not\udcffutf8.png", "=x"]
    assert {row[0].data_type for row in cells} == {"s"}
    assert [cells[0][place].value for place in (1, 2, 3, 4)] == ["0071", 0.9, False, 1]
    assert cells[0][1].number_format == "@", "it stays text when somebody edits it"
    assert count("xlsx", table) == Counts(6, 0, 1)
