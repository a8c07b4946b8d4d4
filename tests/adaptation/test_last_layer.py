"""The last layer is found in the bytes of a file, and what is no such file gives a ModelError."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest

from inkdigits.adaptation.last_layer import find_last_layer, with_kernel, with_metadata, with_output
from inkdigits.errors import ModelError
from inkdigits.reading.model_file import bundled_model


def run(model: bytes) -> dict[str, np.ndarray]:
    """Every output for two images."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ink = np.random.default_rng(0).random((2, 28, 28), dtype=np.float32)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"ink": ink}), strict=True))


def test_the_layer_gives_the_logits() -> None:
    """The output of features joins those that are there, and costs nobody anything who reads the file."""
    model = bundled_model()
    layer = find_last_layer(model, "logits", "bundled")
    outputs = run(with_output(model, layer.features))
    assert list(outputs) == ["logits", layer.features]
    np.testing.assert_array_equal(outputs["logits"], run(model)["logits"])
    doubled = run(with_kernel(model, layer, 2 * layer.kernel))["logits"]
    expected = outputs["logits"] + outputs[layer.features] @ layer.kernel
    np.testing.assert_allclose(doubled, expected, atol=1e-3)


def test_metadata_is_replaced_and_all_else_kept() -> None:
    model = bundled_model()
    once = onnx.load_from_string(model)
    again = onnx.load_from_string(with_metadata(model, {"note": "→"}))
    assert [(entry.key, entry.value) for entry in again.metadata_props] == [
        ("inkdigits", '{"note": "\\u2192"}')
    ]
    assert again.graph == once.graph


def changed(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(bundled_model())
    change(model)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "model",
    [
        b"",
        b"\x3a\x05\x00",
        b"\xff" * 40,
        b"\x3b\x00",
        *(bundled_model()[:length] for length in (1, 100, 1000, 700_000, 842_000)),
        changed(lambda model: model.graph.node[-1].attribute.append(onnx.helper.make_attribute("transB", 1))),
        changed(lambda model: setattr(model.graph.node[-1], "op_type", "MatMul")),
        changed(lambda model: model.graph.node[-1].input.pop()),
        changed(lambda model: model.graph.initializer.pop(-2)),
        changed(lambda model: setattr(model.graph.initializer[-2], "data_type", onnx.TensorProto.INT32)),
        changed(lambda model: model.graph.initializer[-2].dims.append(2)),
        changed(lambda model: setattr(model.graph.initializer[-2], "raw_data", b"\0" * 8)),
    ],
    ids=range(16),
)
def test_what_is_no_such_file(model: bytes) -> None:
    with pytest.raises(ModelError, match="whose last layer is a dense one"):
        find_last_layer(model, "logits", "model")
