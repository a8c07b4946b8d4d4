"""Refusal from end to end: the reasons, and the bound of --max-error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from inkdigits.errors import ConfigError
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.reading.recognizer import Recognizer

BOUNDS = [[0.5, 0.03, 0.99], [0.9, 0.01, 0.9]]


def model(*weights: float) -> bytes:
    """A model whose logits are these, whatever the ink; the last two are the refusals."""
    logits = np.array([weights], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["ink", "axes"], ["mass"], keepdims=0),
            helper.make_node("Mul", ["mass", "zero"], ["nothing"]),
            helper.make_node("Unsqueeze", ["nothing", "one"], ["column"]),
            helper.make_node("Add", ["column", "weights"], ["logits"]),
        ],
        "constant",
        [helper.make_tensor_value_info("ink", TensorProto.FLOAT, ["n", 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 12])],
        [
            numpy_helper.from_array(np.array([1, 2]), "axes"),
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.float32(0), "zero"),
            numpy_helper.from_array(logits, "weights"),
        ],
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    metadata = {
        "normalizer_version": NORMALIZER_VERSION,
        "refusals": ["not_a_digit", "several"],
        "least_digit_log_odds": 0.0,
        "least_confidence": 0.5,
        "risk_bounds": BOUNDS,
        "accepted_digits": [[0.9, 6.0], [0.99, 4.0], [0.999, -1.0]],
    }
    helper.set_model_props(file, {"inkdigits": json.dumps(metadata)})
    onnx.checker.check_model(file)
    return bytes(file.SerializeToString())


def sevens(logit: float, not_a_digit: float = 0.0, several: float = 0.0) -> bytes:
    return model(0, 0, 0, 0, 0, 0, 0, logit, 0, 0, not_a_digit, several)


@pytest.fixture
def page() -> NDArray[np.uint8]:
    """A stroke on a white page."""
    page = np.full((80, 60), 255, np.uint8)
    page[15:65, 26:32] = 0
    return page


def test_a_digit(page: NDArray[np.uint8]) -> None:
    answer = Recognizer(sevens(9)).predict(page)
    assert (answer.digit, answer.refused, answer.reason) == (7, False, None)
    assert answer.confidence == max(answer.probabilities)


@pytest.mark.parametrize(
    ("file", "reason"),
    [(sevens(9, 20), "not_a_digit"), (sevens(9, 0, 20), "several"), (sevens(1), "unclear")],
)
def test_what_the_model_refuses(file: bytes, reason: str, page: NDArray[np.uint8]) -> None:
    answer = Recognizer(file).predict(page)
    assert (answer.digit, answer.refused, answer.reason) == (None, True, reason)
    assert answer.box is not None
    assert answer.confidence == (max(answer.probabilities) if reason == "unclear" else 0)


def test_a_blank_page_is_blank_whatever_the_model_says() -> None:
    answer = Recognizer(sevens(9, 20)).predict(np.full((50, 50), 255, np.uint8))
    assert (answer.reason, answer.box, answer.confidence) == ("blank", None, 0)


def test_other_digits_on_the_page(page: NDArray[np.uint8]) -> None:
    crowded = np.hstack([page, page])
    assert Recognizer(sevens(9)).predict(crowded).reason == "several"


def test_max_error_refuses_what_is_not_sure_enough(page: NDArray[np.uint8]) -> None:
    unsure = sevens(3.5)  # a confidence of 0.79
    assert Recognizer(unsure).predict(page).digit == 7
    assert Recognizer(unsure, max_error=0.03).predict(page).digit == 7
    strict = Recognizer(unsure, max_error=0.01)
    assert strict.predict(page).reason == "unclear"
    assert strict.coverage == 0.9
    assert Recognizer(unsure).coverage is None
    assert Recognizer(sevens(9), max_error=0.01).predict(page).digit == 7


def test_stricter_refusal(page: NDArray[np.uint8]) -> None:
    doubtful = sevens(9, 4, -9)  # log-odds of 5
    assert Recognizer(doubtful).predict(page).digit == 7
    assert Recognizer(doubtful, digits_accepted=0.99).predict(page).digit == 7
    assert Recognizer(doubtful, digits_accepted=0.94).predict(page).reason == "not_a_digit"
    assert Recognizer(sevens(9, 2, -9), digits_accepted=0.9).predict(page).digit == 7


@pytest.mark.parametrize("share", [0.89, 0.9999, float("nan")])
def test_a_share_that_the_file_has_no_threshold_for(share: float) -> None:
    with pytest.raises(ConfigError, match=r"a fraction from 0.9 to 0.999"):
        Recognizer(sevens(9), digits_accepted=share)


def test_stricter_refusal_and_a_bound_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match="expected one of them"):
        Recognizer(sevens(9), digits_accepted=0.95, max_error=0.01)


def test_a_bound_that_cannot_be_guaranteed() -> None:
    with pytest.raises(ConfigError, match="the least that this model"):
        Recognizer(sevens(9), max_error=0.001)


@pytest.mark.parametrize("option", ["max_error", "digits_accepted"])
def test_a_model_without_calibration(option: str) -> None:
    uncalibrated = onnx.load_from_string(sevens(9))
    helper.set_model_props(uncalibrated, {"inkdigits": json.dumps({"refusals": ["not_a_digit", "several"]})})
    with pytest.raises(ConfigError, match=f"{option}: expected a model file with .* found one without"):
        Recognizer(
            uncalibrated.SerializeToString(),
            max_error=0.95 if option == "max_error" else None,
            digits_accepted=0.95 if option == "digits_accepted" else None,
        )


@pytest.mark.parametrize(
    ("max_error", "code", "said"), [("0.02", 0, "90.0% of such digits"), ("0.001", 2, "found 0.001")]
)
def test_on_the_command_line(
    max_error: str, code: int, said: str, page: NDArray[np.uint8], tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(sevens(9))
    Image.fromarray(page).save(tmp_path / "page.png")
    command = [sys.executable, "-m", "inkdigits", "predict", "page.png", "--model", "model.onnx"]
    ended = subprocess.run(
        [*command, "--max-error", max_error], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == code
    assert said in " ".join(ended.stderr.split())
    assert ended.stdout == ("page.png: 7, 99.9% sure\n" if code == 0 else "")
