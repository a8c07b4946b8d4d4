"""inkdigits adapt: what it writes, what it says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

from inkdigits.reading.classifier import Classifier
from tests.cli.conftest import Call, Draw


def test_from_pictures_to_a_model_that_says_so(call: Call, draw: Draw, tmp_path: Path) -> None:
    for digit in range(9):
        draw(f"anna/{digit}/scan.png", digit)
    draw("anna/1/again.png", 1)
    out = tmp_path / "mine.onnx"
    ended = call("adapt", tmp_path / "anna", "--out", out)
    assert ended.code == 0
    assert ended.out.startswith("anna: 9 samples (0: 1, 1: 1, ")
    assert "judged by a model that had not seen it" in ended.out
    for note in ("left out 1 pictures", "no sample of 9", "fewer than 20", f"predict --model {out}"):
        assert note in ended.err
    assert Classifier(out).record.adapted_to == "anna"
    evaluated = call("evaluate", out, "--data", tmp_path / "anna")
    assert "note: adapted to 9 samples of anna" in evaluated.err


def test_what_is_there_is_not_overwritten(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    out.write_bytes(b"precious")
    ended = call("adapt", tmp_path, "--out", out)
    assert ended.code == 2
    assert "expected a file that is not there yet" in ended.err
    assert out.read_bytes() == b"precious"


def test_pictures_without_labels_are_an_error(call: Call, draw: Draw, tmp_path: Path) -> None:
    draw("heap/7.png", 7)
    ended = call("adapt", tmp_path / "heap", "--out", tmp_path / "mine.onnx")
    assert ended.code == 1
    assert "pictures without labels" in ended.err
    assert not (tmp_path / "mine.onnx").exists()
