"""inkdigits read: lines, JSON, tables, explanations, exit codes."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner

from inkdigits.cli import app
from inkdigits.errors import MissingExtraError

KEYS = [
    *("text", "digits", "confidence", "refused", "reason", "box", "line", "characters", "alternatives"),
]


@pytest.fixture
def fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two fields, 0071 and 352, an empty one, and a file that is no picture."""
    for name, text in {"a": "0071", "b": "352", "empty": ""}.items():
        page = np.full((80, 240), 225, np.uint8)
        cv2.putText(page, text, (40, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), page)
    (tmp_path / "broken.png").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_number_is_a_line(fields: Path) -> None:
    result = CliRunner().invoke(app, ["read", "a.png", "b.png", "empty.png", "--one"])
    assert result.exit_code == 0
    first, second, third = result.stdout.splitlines()
    assert first.startswith("a.png: 0071, ")
    assert second.startswith("b.png: 352, ")
    assert third == "empty.png: refused: blank"


def test_json_has_the_form_of_the_contract(fields: Path) -> None:
    result = CliRunner().invoke(app, ["read", "a.png", "broken.png", "--one", "--json"])
    assert result.exit_code == 1
    read, unreadable = (json.loads(line) for line in result.stdout.splitlines())
    assert list(read) == ["path", "text", "numbers"]
    (number,) = read["numbers"]
    assert list(number) == KEYS
    assert number["digits"] == read["text"] == "0071"
    assert list(number["characters"][0]) == ["text", "confidence", "box"]
    assert len(number["box"]) == 4
    assert list(unreadable) == ["path", "error"]


def test_tables_keep_leading_zeros(fields: Path) -> None:
    for name in ("numbers.csv", "numbers.jsonl", "numbers.parquet"):
        result = CliRunner().invoke(app, ["read", ".", "--one", "--out", name])
        assert result.exit_code == 1
    with Path("numbers.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert rows["a.png"]["digits"] == "0071"
    assert rows["empty.png"]["reason"] == "blank"
    assert rows["broken.png"]["error"]
    lines = [json.loads(line) for line in Path("numbers.jsonl").read_text().splitlines()]
    assert {line["path"]: line["digits"] for line in lines}["a.png"] == "0071"
    parquet = pytest.importorskip("pyarrow.parquet")
    assert "0071" in parquet.read_table("numbers.parquet").column("digits").to_pylist()


def test_a_workbook_without_its_package_is_refused_before_the_work(
    fields: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    result = CliRunner().invoke(app, ["read", "a.png", "--one", "--out", "numbers.xlsx"])
    assert isinstance(result.exception, MissingExtraError)
    assert "pip install 'inkdigits[xlsx]'" in str(result.exception)
    assert result.stdout == ""


def test_an_explanation_is_a_picture_for_each_input(fields: Path) -> None:
    result = CliRunner().invoke(app, ["read", "a.png", "b.png", "--one", "--explain", "shown"])
    assert result.exit_code == 0
    assert sorted(path.name for path in Path("shown").iterdir()) == ["a.png.read.png", "b.png.read.png"]


def test_codes_come_from_a_file(fields: Path) -> None:
    Path("codes.txt").write_text("352\n999\n")
    result = CliRunner().invoke(app, ["read", "b.png", "--one", "--codes", "codes.txt", "--json"])
    assert json.loads(result.stdout)["text"] == "352"
    result = CliRunner().invoke(app, ["read", "b.png", "--one", "--expect", r"\d{7}", "--json"])
    assert json.loads(result.stdout)["numbers"][0]["reason"] == "no_match"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--out", "numbers.txt"],
        ["--out", "kept.csv"],
        ["--codes", "missing.txt"],
        ["--expect", "("],
        ["--check", "sum"],
    ],
)
def test_a_wrong_call_is_refused(fields: Path, wrong: list[str]) -> None:
    Path("kept.csv").write_text("the work of another day")
    result = CliRunner().invoke(app, ["read", "a.png", "--one", *wrong])
    assert result.exit_code != 0
    assert type(result.exception).__name__ == "ConfigError"
    assert Path("kept.csv").read_text() == "the work of another day"


def test_folders_in_folders_are_read_and_what_is_left_out_is_named(fields: Path) -> None:
    Path("deep/er").mkdir(parents=True)
    Path("a.png").rename("deep/er/a.png")
    Path("deep/photo.HEIC").write_bytes(b"0000ftypheic")
    result = CliRunner().invoke(app, ["read", "deep", "--one"])
    assert result.exit_code == 0
    assert result.stdout.startswith(str(Path("deep/er/a.png")))
    assert "photo.HEIC" in result.stderr
    assert "as JPEG" in result.stderr


def test_each_page_of_a_document_is_read_and_a_broken_one_stops_nothing(fields: Path) -> None:
    pages = [PIL.Image.open(name) for name in ("a.png", "b.png")]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    Path("broken.pdf").write_bytes(b"%PDF-1.7")
    result = CliRunner().invoke(app, ["read", "broken.pdf", "scan.tif", "--one", "--json"])
    assert result.exit_code == 1
    broken, *read = (json.loads(line) for line in result.stdout.splitlines())
    assert list(broken) == ["path", "error"]
    assert {each["path"]: each["text"] for each in read} == {"scan.tif#1": "0071", "scan.tif#2": "352"}
