"""The ONNX file of the line model gives the logits that Keras gives, at any width."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from inkdigits.errors import ModelError
from inkdigits.layout.line import MARKS
from inkdigits.models.backend import keras
from inkdigits.models.numbers import build
from inkdigits.reading.numbers.line_model import OUTPUTS, LineModel
from inkdigits.training.number_export import lines_to_onnx

_TOLERANCE = 0.02  # of logits: the file keeps kernels in 16 bits


def shaken(model: Any) -> Any:
    """Give every weight and batch statistic a value of its own, so that none can be left out."""
    generator = np.random.default_rng(0)
    for variable in model.weights:
        values = keras.ops.convert_to_numpy(variable)
        noise = generator.uniform(0.5, 1.5, values.shape)
        is_positive = re.search("variance|gamma", variable.path) is not None
        variable.assign(noise if is_positive else values + 0.1 * (noise - 1))
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(0)
    return shaken(build())


@pytest.fixture(scope="module")
def onnx_model(model: Any) -> bytes:
    return lines_to_onnx(model, {"marks": "".join(MARKS), "seed": 0})


@pytest.mark.parametrize("width", [16, 100, 256])
def test_the_logits_are_those_of_keras(model: Any, onnx_model: bytes, width: int) -> None:
    lines = np.random.default_rng(width).random((3, 32, width), dtype=np.float32)
    session = onnxruntime.InferenceSession(onnx_model)
    (logits,) = session.run(None, {"line": lines})
    expected = keras.ops.convert_to_numpy(model.predict_on_batch(lines[..., None]))
    assert logits.shape == (3, width // 2, len(OUTPUTS))
    spread = float(expected.std())
    np.testing.assert_allclose(logits, expected, atol=_TOLERANCE * spread)


def test_old_runtimes_can_open_it_and_it_is_small(onnx_model: bytes) -> None:
    file = onnx.load_from_string(onnx_model)
    assert [opset.version for opset in file.opset_import] == [13]
    assert file.ir_version == 7
    assert len(onnx_model) < 4e6
    properties = {entry.key: entry.value for entry in file.metadata_props}
    assert json.loads(properties["inkdigits"])["seed"] == 0


def test_lines_of_any_width_are_read_together_as_alone(onnx_model: bytes) -> None:
    generator = np.random.default_rng(2)
    lines = [generator.random((32, width), dtype=np.float32) for width in (9, 41, 44, 130)]
    reader = LineModel(onnx_model)
    together = reader.log_probabilities(lines)
    for line, frames in zip(lines, together, strict=True):
        assert len(frames) >= line.shape[1] / 2
        np.testing.assert_allclose(np.exp(frames).sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(reader.log_probabilities([line])[0], frames, atol=1e-3)


@pytest.mark.parametrize("content", [b"", b"not onnx", b"\x08\x07" * 50])
def test_what_is_no_line_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="line model"):
        LineModel(content)


def test_a_model_of_digits_is_no_line_model() -> None:
    from inkdigits.reading.model_file import bundled_model

    with pytest.raises(ModelError, match="line model"):
        LineModel(bundled_model())


def test_a_layer_without_a_translation_is_refused() -> None:
    strange = keras.Sequential([keras.Input((32, None, 1)), keras.layers.Conv2D(2, 3), keras.layers.ELU()])
    with pytest.raises(ModelError, match="elu"):
        lines_to_onnx(strange, {})
