"""inkdigits predict: others script against it, so every line and every exit code counts."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from PIL import Image

from inkdigits.reading.model_file import bundled_model
from tests.cli.conftest import Call, Draw

KEYS = ["path", "digit", "confidence", "probabilities", "refused", "reason", "box"]
PROGRAM = (sys.executable, "-c", "from inkdigits.cli import main; main()")


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    Image.new("L", (80, 60), 255).save(tmp_path / "blank.png")
    return tmp_path / "blank.png"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path / "broken.png"


# For people.


def test_one_line_a_picture(call: Call, draw: Draw, blank: Path) -> None:
    seven = draw("seven.png", 7)
    ended = call("predict", seven, blank)
    assert (ended.code, ended.err) == (0, "2 pictures: 1 read; 1 refused: 1 blank\n")
    first, second = ended.out.splitlines()
    assert first.startswith(f"{seven}: 7, ")
    assert first.endswith("% sure")
    assert second == f"{blank}: Refused: blank"


def test_a_bad_picture_is_named_on_stderr_and_stops_nothing(call: Call, draw: Draw, broken: Path) -> None:
    ended = call("predict", draw("two.png", 2), broken, "missing.png", draw("three.png", 3))
    assert ended.code == 1
    assert [line.split(": ")[1][0] for line in ended.out.splitlines()] == ["2", "3"]
    first, second, counted = ended.err.splitlines()
    assert counted == "4 pictures: 2 read; 2 not readable"
    assert first.startswith(f"error: {broken}: expected a picture in one of the formats PNG")
    assert second.startswith("error: missing.png: expected a picture file, found nothing there.")


def test_a_folder_stands_for_its_pictures_in_natural_order(call: Call, draw: Draw) -> None:
    for name, digit in (("10.png", 0), ("9.png", 9), ("2.png", 2), ("deeper/1.png", 3)):
        folder = draw(f"scans/{name}", digit).parent
    (folder.parent / "notes.txt").write_text("no picture", encoding="utf-8")
    ended = call("predict", folder.parent, "--json")
    assert ended.code == 0
    answers, (skipped,) = ended.json()[:-1], ended.json()[-1:]
    assert [Path(str(line["path"])).name for line in answers] == ["2.png", "9.png", "10.png", "1.png"]
    assert [line["digit"] for line in answers] == [2, 9, 0, 3]
    assert skipped == {"path": str(folder.parent / "notes.txt"), "skipped": ".txt file"}
    assert ended.err == "Not read: 1 x .txt file (notes.txt).\n"


def test_links_hidden_files_and_further_pages_are_left_out(call: Call, draw: Draw) -> None:
    folder = draw("scans/1.png", 7).parent
    (folder / "link.png").symlink_to(folder / "1.png")
    (folder / "round").symlink_to(folder)
    (folder / ".hidden.png").write_bytes((folder / "1.png").read_bytes())
    with Image.open(folder / "1.png") as first:
        first.save(folder / "2.tif", save_all=True, append_images=[first, first])
    ended = call("predict", folder)
    assert [line.rpartition(": ")[2][0] for line in ended.out.splitlines()] == ["7", "7"]
    assert "2 x link (link.png, round)" in ended.err
    assert "2 x further page (2.tif, 2.tif)" in ended.err


def test_an_empty_folder_is_an_input_that_failed(call: Call, tmp_path: Path) -> None:
    ended = call("predict", tmp_path)
    assert ended.code == 1
    assert ended.err.startswith(f"error: {tmp_path}: expected pictures in the folder, found none.")
    (line,) = call("predict", tmp_path, "--json").json()
    assert list(line) == ["path", "error"]


# For programs.


def test_json_has_exactly_the_documented_keys(call: Call, draw: Draw, blank: Path, broken: Path) -> None:
    ended = call("predict", draw("seven.png", 7), blank, broken, "--json")
    assert ended.code == 1
    seven, empty, failed = ended.json()
    assert list(seven) == list(empty) == KEYS
    assert (seven["digit"], seven["refused"], seven["reason"]) == (7, False, None)
    assert seven["confidence"] == max(seven["probabilities"])
    assert len(seven["box"]) == 4
    assert (empty["digit"], empty["confidence"], empty["box"]) == (None, 0.0, None)
    assert (empty["refused"], empty["reason"]) == (True, "blank")
    assert len(empty["probabilities"]) == 10
    assert list(failed) == ["path", "error"]
    assert failed["path"] == str(broken)
    assert failed["error"].startswith("expected a picture in one of the formats")
    assert ended.err == ""


def test_the_path_is_given_back_as_it_came(
    call: Call, draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw("seven.png", 7)
    monkeypatch.chdir(tmp_path)
    ended = call("predict", "./seven.png", "seven.png", "seven.png", "--json")
    assert [line["path"] for line in ended.json()] == ["./seven.png", "seven.png", "seven.png"]


def test_many_inputs_of_every_kind_keep_their_order(call: Call, draw: Draw, broken: Path) -> None:
    digits = [0, 2, 3, 4, 5, 6, 7, 8, 9] * 5
    paths = [draw(f"{place}.png", digit) for place, digit in enumerate(digits)]
    folder = draw("folder/six.png", 6).parent
    ended = call("predict", *paths[:40], broken, folder, *paths[40:], "--json")
    expected = [*digits[:40], None, 6, *digits[40:]]
    assert [line.get("digit") for line in ended.json()] == expected


def test_a_picture_on_stdin(call_process: Call, draw: Draw) -> None:
    content = draw("four.png", 4).read_bytes()
    ended = call_process("predict", "-", "--json", content=content)
    (line,) = ended.json()
    assert (ended.code, line["path"], line["digit"]) == (0, "-", 4)


@pytest.mark.parametrize(
    ("padding", "message"),
    [(None, "an empty file"), (0, ""), (20_000_000, "at most 20000000 bytes")],
    ids=["empty", "right", "large"],
)
def test_what_stdin_may_hold(
    call: Call, draw: Draw, monkeypatch: pytest.MonkeyPatch, padding: int | None, message: str
) -> None:
    # What follows the end of a PNG is no part of it, so the size alone is wrong.
    content = b"" if padding is None else draw("four.png", 4).read_bytes() + bytes(padding)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    ended = call("predict", "-", "--json")
    (line,) = ended.json()
    assert line["path"] == "-"
    if message:
        assert ended.code == 1
        assert list(line) == ["path", "error"]
        assert message in line["error"]
    else:
        assert (ended.code, line["digit"]) == (0, 4)


# Models.


def test_another_model(call: Call, draw: Draw, tmp_path: Path) -> None:
    model = tmp_path / "copy.onnx"
    model.write_bytes(bundled_model())
    seven = draw("seven.png", 7)
    assert call("predict", seven, "--model", model).out == call("predict", seven).out


def test_the_model_of_a_run(call: Call, draw: Draw, run_folder: Path) -> None:
    seven = draw("seven.png", 7)
    expected = call("predict", seven, "--model", run_folder / "model.onnx", "--json")
    assert expected.code == 0
    for model in (run_folder, run_folder / "model.keras"):
        assert call("predict", seven, "--model", model, "--json").out == expected.out


def test_a_folder_without_a_model(call: Call, draw: Draw, tmp_path: Path) -> None:
    ended = call("predict", draw("seven.png", 7), "--model", tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error: {tmp_path}: expected a folder with a model.onnx")


def test_a_bound_on_errors_needs_a_calibrated_model(call: Call, draw: Draw, tmp_path: Path) -> None:
    model = onnx.load_from_string(bundled_model())
    (entry,) = model.metadata_props
    entry.value = json.dumps(json.loads(entry.value) | {"risk_bounds": []})
    (tmp_path / "uncalibrated.onnx").write_bytes(model.SerializeToString())
    ended = call(
        "predict", draw("seven.png", 7), "--model", tmp_path / "uncalibrated.onnx", "--max-error", "0.01"
    )
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: max_error: expected a model file with risk_bounds")


def test_a_model_that_is_not_there_or_no_model(call: Call, draw: Draw, broken: Path) -> None:
    for model in ("missing.onnx", broken):
        ended = call("predict", draw("seven.png", 7), "--model", model, "--json")
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"error: {model}: expected ")
        assert len(ended.err.splitlines()) == 1


# Explanations.


def test_explain_writes_a_picture_an_input(call: Call, draw: Draw, blank: Path, broken: Path) -> None:
    folder = broken.parent / "new" / "folder"
    seven = draw("seven.png", 7)
    twin = draw("other/seven.png", 2)
    plain = call("predict", seven, twin, blank, broken, "--json")
    ended = call("predict", seven, twin, blank, broken, "--json", "--explain", folder)
    assert ended.code == 1
    assert ended.out == plain.out
    assert {path.name for path in folder.iterdir()} == {
        "seven.png.explained.png",
        "seven.png-2.explained.png",
        "blank.png.explained.png",
    }
    for path in folder.iterdir():
        with Image.open(path) as image:
            assert image.size == (920, 420)


def test_explain_from_stdin(call: Call, draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = draw("four.png", 4).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert call("predict", "-", "--explain", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["stdin.explained.png"]


def test_explain_into_a_file(call: Call, draw: Draw, blank: Path) -> None:
    for target in (blank, blank / "folder"):
        ended = call("predict", draw("seven.png", 7), "--explain", target)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"error: --explain {target}: expected a folder that can be written")
        assert "Name another folder" in ended.err


def test_explain_into_a_folder_that_refuses(
    call: Call, draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    ended = call("predict", draw("seven.png", 7), "--explain", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "found Permission denied" in ended.err


# Wrong calls.


@pytest.mark.parametrize(
    "arguments", [[], ["a.png", "--modle", "x"], ["a.png", "--model"]], ids=["nothing", "unknown", "no value"]
)
def test_wrong_calls_end_with_2(call: Call, arguments: list[str]) -> None:
    ended = call("predict", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err


# What else runs on the machine.


def test_a_reader_that_goes_early(call_process: Call, draw: Draw, tmp_path: Path) -> None:
    """As `inkdigits predict ... | head -1` does it."""
    four = draw("four.png", 4)
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*PROGRAM, "predict", four, four, "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writing)
    assert ended.returncode == 1
    assert ended.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process alone")
def test_ctrl_c(draw: Draw, tmp_path: Path) -> None:
    four = draw("four.png", 4)
    process = subprocess.Popen(
        [*PROGRAM, "predict", four, "-", "--json", "--explain", tmp_path / "out"],
        stdin=subprocess.PIPE,  # nothing ever comes: it waits for the second picture
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["digit"] == 4
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    _, err = process.communicate()
    assert b"Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows writes file names in Unicode")
def test_a_name_that_cannot_be_printed(call_process: Call, draw: Draw, tmp_path: Path) -> None:
    seven = draw("seven.png", 7)
    named = shutil.copy(seven, tmp_path / "七.png")
    unnameable = os.fsencode(tmp_path) + b"/s\xe9v\xe8n.png"
    try:
        shutil.copy(os.fsencode(seven), unnameable)
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    ended = call_process("predict", named, tmp_path, PYTHONIOENCODING="latin-1")
    assert ended.code == 0
    first, *of_folder = ended.out.splitlines()
    assert "\\u4e03.png: 7, " in first
    assert len(of_folder) == 3
    assert any("s\\udce9v\\udce8n.png: 7, " in line for line in of_folder)
