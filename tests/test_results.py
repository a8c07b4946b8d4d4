"""The JSON of a prediction is a contract: names, order and rounding stay as they are."""

from __future__ import annotations

import dataclasses
import json

import pytest

from inkdigits.results import Box, Prediction, Reason

SEVEN = Prediction(
    digit=7,
    confidence=0.99812345,
    probabilities=(0.0, 0.0, 0.0, 0.00187655, 0.0, 0.0, 0.0, 0.99812345, 0.0, 0.0),
    refused=False,
    reason=None,
    box=Box(left=3, top=4, width=10, height=20),
)


def test_json_of_a_digit() -> None:
    assert json.dumps(SEVEN.to_json()) == (
        '{"digit": 7, "confidence": 0.9981, '
        '"probabilities": [0.0, 0.0, 0.0, 0.0019, 0.0, 0.0, 0.0, 0.9981, 0.0, 0.0], '
        '"refused": false, "reason": null, "box": [3, 4, 10, 20]}'
    )


def test_json_of_a_refusal() -> None:
    blank = Prediction(None, 0.0, (0.1,) * 10, refused=True, reason=Reason.BLANK, box=None)
    assert blank.to_json() == {
        "digit": None,
        "confidence": 0.0,
        "probabilities": [0.1] * 10,
        "refused": True,
        "reason": "blank",
        "box": None,
    }


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SEVEN.digit = 1  # type: ignore[misc]
    assert len({SEVEN, SEVEN}) == 1


def test_a_class_that_is_no_digit_is_named_in_the_json() -> None:
    letter = Prediction(None, 0.9, (0.1, 0.9), refused=False, reason=None, box=None, label="B")
    assert letter.to_json()["label"] == "B"
    assert "label" not in SEVEN.to_json()
