"""The ONNX file gives the logits that Keras gives, and runs wherever ONNX Runtime does."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.models import MODELS, build
from inkdigits.models.backend import keras
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import ModelRecord
from inkdigits.training.export import to_onnx

layers = keras.layers

_TOLERANCE = 1e-4


def made_up_ink(n_images: int) -> NDArray[np.float32]:
    return np.random.default_rng(n_images).random((n_images, 28, 28), dtype=np.float32)


def shaken(model: Any) -> Any:
    """Give every weight, bias and batch statistic a value of its own, so that none can be left out."""
    generator = np.random.default_rng(0)
    for variable in model.weights:
        values = keras.ops.convert_to_numpy(variable)
        noise = generator.uniform(0.5, 1.5, values.shape)
        is_positive = re.search("variance|gamma", variable.path) is not None
        variable.assign(noise if is_positive else values + 0.1 * (noise - 1))
    return model


def chain(*following: Any) -> Any:
    return keras.Sequential([keras.Input((28, 28)), layers.Reshape((28, 28, 1)), *following])


def assert_same_logits(model: Any) -> None:
    session = onnxruntime.InferenceSession(to_onnx(model, {}), providers=["CPUExecutionProvider"])
    ink = made_up_ink(8)
    expected = model.predict(ink, verbose=0)  # (8, 10)
    assert np.ptp(expected, axis=0).max() > 100 * _TOLERANCE, "logits that depend on the image"
    for images in (slice(0, 1), slice(1, 8)):
        (logits,) = session.run(["logits"], {"ink": ink[images]})
        np.testing.assert_allclose(logits, expected[images], rtol=0, atol=_TOLERANCE)


@pytest.fixture(scope="module", params=list(MODELS))
def stepped_model(request: pytest.FixtureRequest) -> Any:
    """Each architecture after one training step from weights of no particular kind."""
    keras.utils.set_random_seed(0)
    model = shaken(build(request.param))
    before = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    loss = model.train_on_batch(made_up_ink(8), np.arange(8))
    assert np.isfinite(loss)
    after = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    changed = [(old != new).any() for old, new in zip(before, after, strict=True)]
    assert all(changed), "the step reached every weight"
    return model


def test_the_file_gives_the_logits_of_keras(stepped_model: Any) -> None:
    assert_same_logits(stepped_model)


def test_the_file_runs_on_old_runtimes_and_stands_alone(stepped_model: Any) -> None:
    file = onnx.load_from_string(to_onnx(stepped_model, {}))
    assert file.ir_version <= 7
    assert [(each.domain, each.version <= 13) for each in file.opset_import] == [("", True)]
    assert all(each.data_location == onnx.TensorProto.DEFAULT for each in file.graph.initializer)
    assert {node.op_type for node in file.graph.node} <= {
        "Reshape", "Conv", "Relu", "MaxPool", "Flatten", "Gemm",
    }, "batch normalisation is folded away, and nothing is transposed"  # fmt: skip
    inputs, outputs = file.graph.input, file.graph.output
    assert [(each.name, dimensions(each)) for each in (*inputs, *outputs)] == [
        ("ink", ["n", 28, 28]),
        ("logits", ["n", 10]),
    ]


def dimensions(value: onnx.ValueInfoProto) -> list[str | int]:
    return [each.dim_param or each.dim_value for each in value.type.tensor_type.shape.dim]


def test_metadata_comes_back() -> None:
    metadata = {"normalizer_version": 1, "data": ["mnist"], "temperature": 1.25, "note": "→"}
    file = to_onnx(build("mlp"), metadata)
    record = ModelRecord(temperature=1.25, normalizer_version=1, data=("mnist",))
    assert Classifier(file).record == record
    (written,) = onnx.load_from_string(file).metadata_props
    assert (written.key, json.loads(written.value)) == ("inkdigits", metadata)


def test_the_same_model_gives_the_same_bytes() -> None:
    model = build("cnn")
    assert to_onnx(model, {"b": 1, "a": 2}) == to_onnx(model, {"a": 2, "b": 1})


def test_another_chain_of_the_same_layers() -> None:
    """Oblong kernels, uneven padding, overlapping pools, and activations of their own."""
    keras.utils.set_random_seed(0)
    assert_same_logits(
        shaken(
            chain(
                layers.Conv2D(3, (3, 5), strides=(1, 2), padding="same", activation="relu"),  # (28, 14)
                layers.Conv2D(4, 4, strides=3, padding="same", use_bias=False),  # (10, 5)
                layers.BatchNormalization(epsilon=0.1),
                layers.MaxPooling2D(3, strides=2),  # (4, 2)
                layers.Flatten(),
                layers.Dense(5),
                layers.ReLU(),
                layers.Dropout(0.5),
                layers.Dense(10),
            )
        )
    )


@pytest.mark.parametrize(
    ("following", "said"),
    [
        (lambda: [layers.LayerNormalization()], "a layer that export knows, found LayerNormalization"),
        (lambda: [layers.Reshape((14, 56, 1))], r"a reshape to \(28, 28, 1\)"),
        (lambda: [layers.Conv2D(2, 3, activation="tanh")], "relu or no activation"),
        (lambda: [layers.Conv2D(2, 3, dilation_rate=2)], r"dilation_rate=\(1, 1\)"),
        (lambda: [layers.MaxPooling2D(2, padding="same")], "padding='valid', found padding='same'"),
        (lambda: [layers.ReLU(max_value=6)], "max_value=None"),
        (lambda: [layers.BatchNormalization()], "straight after a linear convolution"),
        (
            lambda: [layers.Conv2D(2, 3, activation="relu"), layers.BatchNormalization()],
            "straight after a linear convolution",
        ),
        (lambda: [layers.Conv2D(2, 3), layers.BatchNormalization(center=False)], "center=True"),
        (lambda: [layers.Flatten(), layers.Dense(4), layers.BatchNormalization()], "linear convolution"),
        (lambda: [layers.Flatten(), layers.Dense(4, use_bias=False)], "use_bias=True"),
    ],
)
def test_what_has_no_translation_is_refused(following: Any, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        to_onnx(chain(*following()), {})
