"""inkdigits evaluate: runs, files and the bundled model, measured on their own data or another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inkdigits.metrics import accuracy_interval
from tests.cli.conftest import Call

REPORT_FILES = {
    "metrics.json",
    "confusion_matrix.csv",
    "confusion_matrix.png",
    "mistakes.png",
    "reliability.png",
    "risk_coverage.png",
}
KEYS = {
    *("name", "class_names", "n_images", "n_right", "accuracy", "accuracy_interval", "log_loss"),
    *("calibration_error", "aurc", "coverages", "images_per_second", "per_digit", "confusion"),
    *("reliability", "worst_mistakes"),
}


def test_a_run_is_measured_on_its_own_data(call: Call, run_folder: Path) -> None:
    ended = call("evaluate", run_folder, "--json")
    assert (ended.code, ended.err) == (0, "")
    (report,) = ended.json()
    assert set(report) == KEYS
    assert report["name"] == f"{run_folder} on uci"
    assert report["n_images"] == 360
    trained = json.loads((run_folder / "metrics.json").read_text(encoding="utf-8"))
    assert report["accuracy"] == trained["test_accuracy"]
    assert report["log_loss"] == pytest.approx(trained["test_loss"], rel=1e-4)


def test_the_report_for_people(call: Call, run_folder: Path) -> None:
    shown = call("evaluate", run_folder).out
    (report,) = call("evaluate", run_folder, "--json").json()
    interval = accuracy_interval(report["n_right"], 360)
    assert f"accuracy           {report['accuracy']:.1%}, 95% interval {interval.low:.1%} to" in shown
    assert f"{interval.high:.1%} ({report['n_right']} of 360)" in shown
    headings, *lines = [line.split() for line in shown.splitlines()[-11:]]
    assert headings == [line[0] for line in lines] == list("0123456789")
    rows = [[0 if cell == "." else int(cell) for cell in line[1:]] for line in lines]
    assert rows == report["confusion"]
    assert max(map(len, shown.splitlines())) <= 80


def test_data_without_a_test_part_is_said_to_have_none(call: Call, run_folder: Path, tmp_path: Path) -> None:
    images, labels = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8), np.arange(12) % 10
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels)
    ended = call("evaluate", run_folder, "--data", tmp_path / "own.npz", "--json")
    assert ended.err == "note: own.npz has no test part: measured on its training part\n"
    assert ended.json()[0]["n_images"] == 12


def test_a_run_on_several_datasets_is_measured_on_all(call: Call, run_folder: Path, tmp_path: Path) -> None:
    images, labels = np.random.default_rng(0).integers(0, 256, (24, 28, 28), np.uint8), np.arange(12) % 10
    np.savez(tmp_path / "own.npz", x_train=images[:12], y_train=labels, x_test=images[12:], y_test=labels)
    run = shutil.copytree(run_folder, tmp_path / "run")
    recipe = (run / "recipe.toml").read_text(encoding="utf-8")
    lines = recipe.split("\n[", 1)
    head = [line for line in lines[0].splitlines() if line.startswith("model")]
    (run / "recipe.toml").write_text(
        "\n".join([*head, f'data = ["uci", "{(tmp_path / "own.npz").as_posix()}"]']) + "\n[" + lines[1],
        encoding="utf-8",
    )
    ended = call("evaluate", run, "--json")
    assert ended.code == 0, ended.err
    (report,) = ended.json()
    assert report["n_images"] == 360 + 12
    assert " on uci+" in report["name"]


def test_a_model_file(call: Call, run_folder: Path) -> None:
    (of_file,) = call("evaluate", run_folder / "model.onnx", "--data", "uci", "--json").json()
    (of_run,) = call("evaluate", run_folder, "--json").json()
    assert of_file["confusion"] == of_run["confusion"]


def test_the_keras_file_of_a_run_means_the_run(call: Call, run_folder: Path) -> None:
    (of_file,) = call("evaluate", run_folder / "model.keras", "--json").json()
    (of_run,) = call("evaluate", run_folder, "--json").json()
    assert of_file["name"] == f"{run_folder / 'model.keras'} on uci"
    assert of_file["confusion"] == of_run["confusion"]


def test_the_bundled_model_on_data_of_ones_own(call: Call, tmp_path: Path) -> None:
    strokes = np.zeros((12, 28, 28), np.uint8)
    strokes[:, 4:24, 13:15] = 255
    np.savez(tmp_path / "ones.npz", x=strokes, y=np.ones(12, np.int64))
    (report,) = call("evaluate", "bundled", "--data", tmp_path / "ones.npz", "--json").json()
    assert (report["n_images"], report["accuracy"]) == (12, 1.0)


def test_out_writes_the_report(call: Call, run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    ended = call("evaluate", run_folder, "--out", folder, "--json")
    assert ended.code == 0
    assert {path.name for path in folder.iterdir()} == REPORT_FILES
    assert ended.err == f"report written to {folder}\n"
    written = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert written == ended.json()[0]


def test_out_into_a_file(call: Call, run_folder: Path) -> None:
    target = run_folder / "metrics.json"
    ended = call("evaluate", run_folder, "--out", target)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(
        f"error: --out {target}: expected a folder that can be written, found a file."
    )


# What cannot be measured.


def test_nothing_there(call: Call, tmp_path: Path) -> None:
    ended = call("evaluate", "missing.onnx", "--data", "uci")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: missing.onnx: expected a readable ONNX file")
    ended = call("evaluate", tmp_path)
    assert ended.code == 1
    assert "expected a folder with a model.onnx" in ended.err


def test_a_run_that_has_not_ended(call: Call, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("", encoding="utf-8")
    ended = call("evaluate", tmp_path)
    assert ended.code == 1
    assert f"inkdigits train --resume --out {tmp_path}" in ended.err


def test_data_that_cannot_be_measured_on(call: Call, run_folder: Path, tmp_path: Path) -> None:
    ended = call("evaluate", run_folder, "--data", "missing.csv")
    assert (ended.code, ended.out) == (1, "")
    np.savez(tmp_path / "unlabelled.npz", x=np.zeros((3, 28, 28), np.uint8))
    ended = call("evaluate", run_folder, "--data", tmp_path / "unlabelled.npz")
    assert (ended.code, ended.out) == (1, "")
    assert "without labels" in ended.err


def test_wrong_calls_end_with_2(call: Call) -> None:
    assert call("evaluate").code == 2
    assert call("evaluate", "bundled", "--date", "uci").code == 2
