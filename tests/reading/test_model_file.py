"""What a model file says about itself, and files that cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from inkdigits.errors import ModelError
from inkdigits.reading.model_file import METADATA_KEY, ModelRecord, bundled_model, read_model
from inkdigits.results import Reason

FULL = ModelRecord(
    temperature=1.25,
    refusals=(Reason.NOT_A_DIGIT, Reason.SEVERAL),
    least_digit_log_odds=-0.5,
    least_confidence=0.5,
    accepted_digits=((0.9, 4.0), (0.99, -1.5)),
    risk_bounds=((0.5, 0.03, 0.99), (0.9, 0.01, 0.9)),
    normalizer_version=1,
    class_names=tuple("0123456789"),
    model="cnn",
    data=("mnist", "uci"),
    seed=0,
    epochs=0,
)


@pytest.mark.parametrize(
    "record", [FULL, ModelRecord(temperature=1.0), replace(FULL, refusals=(), seed=None)]
)
def test_round_trip(record: ModelRecord) -> None:
    written = json.loads(json.dumps(record.to_metadata()))
    assert ModelRecord.from_metadata(written, "file") == record


def test_the_keys_that_are_written() -> None:
    """Files of other versions are read by these."""
    assert set(ModelRecord(temperature=1.0).to_metadata()) == {"temperature"}
    assert set(FULL.to_metadata()) == {
        *("temperature", "refusals", "least_digit_log_odds", "least_confidence", "accepted_digits"),
        *("risk_bounds", "normalizer_version", "class_names", "model", "data", "seed", "epochs"),
    }


def test_the_bundled_models_metadata_comes_back_byte_by_byte() -> None:
    (entry,) = onnx.load_from_string(bundled_model()).metadata_props
    assert entry.key == METADATA_KEY
    record = ModelRecord.from_metadata(json.loads(entry.value), "bundled")
    assert json.dumps(record.to_metadata(), sort_keys=True) == entry.value
    assert record.refusals == (Reason.NOT_A_DIGIT, Reason.SEVERAL)


def test_a_file_from_elsewhere() -> None:
    record = ModelRecord.from_metadata({"note": "ours"}, "file")
    assert record == ModelRecord(temperature=1.0)
    assert record.classes == tuple("0123456789")
    assert not record.class_names


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(
            ({"temperature": value}, "temperature: expected")
            for value in ("hot", 0, -1.0, None, float("nan"))
        ),
        *(
            ({"refusals": value}, "refusals: expected")
            for value in (["several", "a_horse"], "several", ["blank"])
        ),
        ({"least_digit_log_odds": "much"}, "least_digit_log_odds: expected a number"),
        ({"least_confidence": None}, "least_confidence: expected a number"),
        ({"least_confidence": 1.5}, "least_confidence: expected 0 to 1"),
        *(
            ({"risk_bounds": value}, "risk_bounds: expected")
            for value in ([[0.5, 0.1]], "none", [[0.5, 2.0, 0.1]], [[0.9, 0, 0], [0.5, 0, 0]], [0.5])
        ),
        *(
            ({"accepted_digits": value}, "accepted_digits: expected")
            for value in ([[0.9]], [[0.99, 1.0], [0.9, 2.0]], [["0.9", 1.0]])
        ),
        *(
            ({"class_names": value}, "class_names: expected")
            for value in (["a"], ["a", "a"], ["a", ""], ["a", 1], "ab")
        ),
        ({"normalizer_version": "1"}, "normalizer_version: expected a whole number"),
        ({"epochs": True}, "epochs: expected a whole number"),
    ],
)
def test_metadata_that_makes_no_sense(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=f"^file: metadata: {said}") as caught:
        ModelRecord.from_metadata(json.loads(json.dumps(FULL.to_metadata() | changes)), "file")
    assert caught.value.remedy == "Export the model again."
    assert len(caught.value.found) <= 60


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for unreadable in (tmp_path / "absent.onnx", tmp_path):
        with pytest.raises(ModelError, match="expected a readable ONNX file"):
            read_model(unreadable)
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(500_000_001)  # which takes no room on the disk
    with pytest.raises(ModelError, match="found a file of 500,000,001 bytes"):
        read_model(tmp_path / "large.onnx")
