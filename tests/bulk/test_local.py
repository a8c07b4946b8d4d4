"""A table of many pictures: the same as one by one, whatever is killed on the way."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkdigits import Recognizer
from inkdigits.bulk.digits import PredictJob
from inkdigits.bulk.local import BulkProgress, run_locally
from inkdigits.bulk.table import TableFormat
from inkdigits.errors import ConfigError, ModelError
from tests.bulk.made_up_pictures import write_pictures
from tests.bulk.poison import PoisonedJob

N_PICTURES = 600  # three chunks


def job(table_format: TableFormat = "csv", max_error: float | None = None) -> PredictJob:
    return PredictJob(None, max_error, None, table_format)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "inkdigits", "predict", *map(str, arguments)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bulk") / "pictures"
    write_pictures(folder, N_PICTURES)
    (folder / "17.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path) -> bytes:
    """The table of a run that nobody disturbed."""
    table = folder.parent / "whole.csv"
    run_locally(job(), [str(folder)], table, n_workers=2)
    return table.read_bytes()


def test_every_picture_has_its_row_in_order(folder: Path, whole: bytes) -> None:
    rows = list(csv.DictReader(whole.decode().splitlines()))
    assert [Path(row["path"]).stem for row in rows] == [str(number) for number in range(1, N_PICTURES + 1)]
    assert "expected" in rows[16]["error"]
    recognizer = Recognizer()
    for number in (1, 2, 300, 600):
        answer, row = recognizer.predict(folder / f"{number}.png"), rows[number - 1]
        assert row["digit"] == ("" if answer.digit is None else str(answer.digit))
        assert float(row["confidence"]) == round(answer.confidence, 4)
        assert [float(row[f"p_{digit}"]) for digit in range(10)] == [
            round(p, 4) for p in answer.probabilities
        ]


def test_lines_are_what_predict_prints(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "results.jsonl"
    some = [str(folder / f"{number}.png") for number in (3, 17, 4)]
    result = run_locally(job("jsonl"), some, table, n_workers=1)
    assert (result.counts.pictures, result.counts.errors) == (3, 1)
    printed = subprocess.run(command(*some, "--json"), capture_output=True, check=False, text=True)
    assert [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()] == [
        json.loads(line) for line in printed.stdout.splitlines()
    ]


def test_parquet_holds_the_same(folder: Path, whole: bytes, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = tmp_path / "results.parquet"
    run_locally(job("parquet"), [str(folder)], table, n_workers=2)
    rows = parquet.read_table(table).to_pylist()
    for row, expected in zip(rows, csv.DictReader(whole.decode().splitlines()), strict=True):
        assert row["path"] == expected["path"]
        assert ("" if row["digit"] is None else str(row["digit"])) == expected["digit"]
        assert row["refused"] == {"True": True, "False": False, "": None}[expected["refused"]]


def test_progress_counts_up_to_the_end(folder: Path, tmp_path: Path) -> None:
    seen: list[BulkProgress] = []
    result = run_locally(job(), [str(folder)], tmp_path / "results.csv", n_workers=1, show=seen.append)
    assert [progress.n_done for progress in seen] == sorted(progress.n_done for progress in seen)
    assert seen[-1].n_done == result.counts.rows == seen[-1].n_pictures == N_PICTURES
    assert not (tmp_path / "results.csv.parts").exists()


def test_killed_at_any_moment_it_goes_on_to_the_same_table(
    folder: Path, whole: bytes, tmp_path: Path
) -> None:
    table = tmp_path / "killed.csv"
    generator = random.Random(0)
    for _ in range(4):
        running = subprocess.Popen(
            command(folder, "--out", table, "--workers", 2, "--resume"),
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(generator.uniform(0.3, 3.0))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    ended = subprocess.run(
        command(folder, "--out", table, "--workers", 2, "--resume"), capture_output=True, check=False
    )
    assert ended.returncode == 1, "one picture cannot be read"
    assert table.read_bytes() == whole
    assert not table.with_name("killed.csv.parts").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_done(folder: Path, whole: bytes, tmp_path: Path, number: int) -> None:
    table = tmp_path / "stopped.csv"
    running = subprocess.Popen(
        command(folder, "--out", table, "--workers", 1), stderr=subprocess.PIPE, text=True
    )
    parts = table.with_name("stopped.csv.parts")
    while running.poll() is None and not list(parts.glob("*.part")):
        time.sleep(0.02)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    if running.returncode == 1:
        pytest.skip("it was done before the signal came")
    assert running.returncode == 128 + number
    assert "--resume" in said
    assert list(parts.glob("*.part"))
    run_locally(job(), [str(folder)], table, n_workers=1, resume=True)
    assert table.read_bytes() == whole


def test_a_picture_that_kills_its_process_is_one_row(folder: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(1, 9):
        shutil.copy(folder / f"{number}.png", few)
    shutil.copy(folder / "9.png", few / "poison.png")
    table = tmp_path / "poisoned.csv"
    result = run_locally(PoisonedJob(None, None, None, "csv"), [str(few)], table, n_workers=2)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert result.counts.errors == 1
    assert [Path(row["path"]).name for row in rows if row["error"]] == ["poison.png"]
    assert sum(row["refused"] != "" for row in rows) == 8


def test_a_table_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="a place for a new table"):
        run_locally(job(), [str(folder)], table, n_workers=1)
    assert table.read_text(encoding="utf-8") == "mine"


def begun(folder: Path, table: Path) -> None:
    """Leave behind what a killed run leaves."""
    running = subprocess.Popen(
        command(folder, "--out", table, "--workers", 1), start_new_session=True, stderr=subprocess.DEVNULL
    )
    while not table.with_name(f"{table.name}.parts").joinpath("manifest.json").exists():
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def test_going_on_takes_the_same_sources_and_settings(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    begun(folder, table)
    with pytest.raises(ConfigError, match="an unfinished run"):
        run_locally(job(), [str(folder)], table, n_workers=1)
    with pytest.raises(ConfigError, match="max_error was None"):
        run_locally(job(max_error=0.01), [str(folder)], table, n_workers=1, resume=True)
    with pytest.raises(ConfigError, match="fingerprint was"):
        run_locally(job(), [str(folder / "1.png")], table, n_workers=1, resume=True)


def test_a_model_that_cannot_be_used_is_found_first(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"nothing")
    with pytest.raises(ModelError):
        run_locally(PredictJob(str(model), None, None, "csv"), [str(folder)], tmp_path / "t.csv", n_workers=1)
    assert list(tmp_path.iterdir()) == [model]


def test_sources_without_a_picture_are_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no picture in them"):
        run_locally(job(), [str(tmp_path / "empty")], tmp_path / "t.csv", n_workers=1)


def test_other_suffixes_and_options_are_a_wrong_call(folder: Path, tmp_path: Path) -> None:
    for arguments in (["--out", tmp_path / "t.txt"], ["--out", tmp_path / "t.csv", "--json"]):
        ended = subprocess.run(command(folder, *arguments), capture_output=True, check=False, text=True)
        assert ended.returncode == 2
        assert "expected" in ended.stderr
