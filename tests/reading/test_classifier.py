"""ONNX files of every origin: the right ones are read right, the others refused with a reason."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inkdigits.errors import ModelError
from inkdigits.ink import to_ink
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import ModelRecord

Shape = list[str | int]
Floats = NDArray[np.float32]
KERNEL: Floats = np.random.default_rng(0).normal(0, 1 / 28, (784, 10)).astype(np.float32)


def made_up_ink(n_images: int = 5) -> Floats:
    """Whole 255ths, so that nothing is lost on the way to bytes."""
    return to_ink(np.random.default_rng(1).integers(0, 256, (n_images, 28, 28), dtype=np.uint8))


def linear_logits(ink: Floats) -> Floats:
    logits: Floats = ink.reshape(len(ink), 784) @ KERNEL
    return logits


def softmax(logits: Floats) -> Floats:
    exponents = np.exp(logits)
    shares: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return shares


def linear_model(
    input_shape: Shape | None = None,
    *,
    input_type: int = TensorProto.FLOAT,
    divide_by: float = 1.0,
    with_softmax: bool = False,
    kernel: Floats = KERNEL,
    flat_shape: tuple[int, int] = (-1, 784),
    metadata: str | None = None,
) -> onnx.ModelProto:
    """Logits or probabilities that are a linear map of the pixels, in any of the usual forms."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["floats", "scale"], ["ink"]),
        helper.make_node("Reshape", ["ink", "flat_shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "kernel"], ["logits"]),
    ]
    weights = [
        numpy_helper.from_array(np.float32(divide_by), "scale"),
        numpy_helper.from_array(np.array(flat_shape), "flat_shape"),
        numpy_helper.from_array(kernel, "kernel"),
    ]
    if with_softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["scores"], axis=1))
    model = model_of(
        nodes,
        [helper.make_tensor_value_info("image", input_type, input_shape or ["n", 28, 28])],
        [nodes[-1].output[0]],
        weights,
    )
    if metadata is not None:
        helper.set_model_props(model, {"inkdigits": metadata})
    return model


def model_of(nodes: list[Any], inputs: list[Any], outputs: list[str], weights: list[Any]) -> onnx.ModelProto:
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "foreign", inputs, results, weights)
    return helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)])


def refusal(model: bytes | onnx.ModelProto) -> str:
    """What is said about a model that is refused."""
    with pytest.raises(ModelError) as caught:
        Classifier(model if isinstance(model, bytes) else model.SerializeToString())
    assert str(caught.value).startswith("model: expected ")
    return str(caught.value)


@pytest.mark.parametrize(
    "input_shape", [["n", 784], ["n", 28, 28], ["n", 1, 28, 28], ["n", 28, 28, 1], ["n", "c", 28, 28]]
)
@pytest.mark.parametrize("with_softmax", [False, True])
def test_every_usual_form_of_input_and_output(input_shape: Shape, with_softmax: bool) -> None:
    classifier = Classifier(linear_model(input_shape, with_softmax=with_softmax).SerializeToString())
    probabilities = classifier.probabilities(made_up_ink())
    np.testing.assert_allclose(probabilities, softmax(linear_logits(made_up_ink())), atol=1e-6)
    assert probabilities.dtype == np.float32
    assert classifier.record == ModelRecord(temperature=1.0)


@pytest.mark.parametrize(
    ("input_type", "divide_by", "tolerance"),
    [(TensorProto.UINT8, 255.0, 1e-5), (TensorProto.FLOAT16, 1.0, 2e-2)],
)
def test_bytes_and_half_precision(input_type: int, divide_by: float, tolerance: float) -> None:
    model = linear_model(input_type=input_type, divide_by=divide_by)
    scores = Classifier(model.SerializeToString()).scores(made_up_ink())
    np.testing.assert_allclose(scores.values, linear_logits(made_up_ink()), atol=tolerance)


@pytest.mark.parametrize("n_images", [0, 1, 3])
def test_any_number_of_images(n_images: int) -> None:
    classifier = Classifier(linear_model().SerializeToString())
    assert classifier.probabilities(made_up_ink(n_images)).shape == (n_images, 10)


def test_temperature_softens_the_probabilities() -> None:
    model = linear_model(metadata=json.dumps({"temperature": 2.0}))
    classifier = Classifier(model.SerializeToString())
    np.testing.assert_allclose(
        classifier.probabilities(made_up_ink()),
        softmax(linear_logits(made_up_ink()) / np.float32(2)),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        classifier.scores(made_up_ink()).values, linear_logits(made_up_ink()), atol=1e-5
    )


def test_logits_of_any_size_give_probabilities() -> None:
    classifier = Classifier(linear_model(kernel=np.float32(1e4) * KERNEL).SerializeToString())
    probabilities = classifier.probabilities(made_up_ink())
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_what_is_no_model_is_refused() -> None:
    whole = linear_model().SerializeToString()
    for content in (b"", b"not a model", whole[: len(whole) // 2], b"\x80\x04K\x01.", bytes(1000)):
        assert "expected an ONNX model in one file" in refusal(content)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (linear_model([1, 28, 28]), r"with n free, found tensor\(float\) \[1, 28, 28\]"),
        (linear_model(["n", 32, 32]), "with n free"),
        (linear_model(["n", 3, 28, 28]), "with n free"),
        (linear_model(["n"]), "with n free"),
        (linear_model(input_type=TensorProto.INT64), r"type float32 or float16.*found tensor\(int64\)"),
        (linear_model(input_type=TensorProto.DOUBLE), r"type float32 or float16.*found tensor\(double\)"),
        (linear_model(kernel=np.zeros((784, 11), np.float32)), r"10 numbers an image, found .*\(2, 11\)"),
        (linear_model(flat_shape=(1, -1)), "runs on any number of images"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(model: onnx.ModelProto, said: str) -> None:
    assert re.search(said, refusal(model))


def test_two_inputs_are_refused() -> None:
    images = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 784]) for name in ("a", "b")]
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("MatMul", ["sum", "kernel"], ["logits"]),
    ]
    model = model_of(nodes, images, ["logits"], [numpy_helper.from_array(KERNEL, "kernel")])
    assert "expected one input of images" in refusal(model)


def test_operators_of_others_are_refused() -> None:
    model = linear_model()
    model.graph.node[-1].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    assert "standard operators" in refusal(model)


@pytest.mark.parametrize("place", ["weights.bin", "below/weights.bin", "../weights.bin", "absolute"])
def test_no_file_beside_the_model_is_opened(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "below").mkdir(parents=True)
    monkeypatch.chdir(here)
    where = tmp_path / "absolute.bin" if place == "absolute" else here / place
    where.write_bytes(KERNEL.tobytes())
    model = linear_model()
    (kernel,) = (weight for weight in model.graph.initializer if weight.name == "kernel")
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    kernel.external_data.add(key="location", value=str(where) if place == "absolute" else place)
    assert "without external data" in refusal(model)


@pytest.mark.parametrize("text", ["{", "[1]", "7", "[" * 100_000], ids=["broken", "list", "number", "deep"])
def test_strange_metadata_does_no_harm(text: str) -> None:
    classifier = Classifier(linear_model(metadata=text).SerializeToString())
    np.testing.assert_allclose(
        classifier.probabilities(made_up_ink()), softmax(linear_logits(made_up_ink())), atol=1e-6
    )


def test_a_path(tmp_path: Path) -> None:
    path = tmp_path / "theirs.onnx"
    path.write_bytes(linear_model().SerializeToString())
    for model in (path, str(path)):
        assert Classifier(model).probabilities(made_up_ink()).shape == (5, 10)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"theirs\.onnx: expected an ONNX model"):
        Classifier(path)


def test_threads_may_share_one() -> None:
    classifier = Classifier(linear_model().SerializeToString())
    batches = [made_up_ink(1 + number % 7) + np.float32(number % 3) for number in range(64)]
    alone = [classifier.probabilities(batch) for batch in batches]
    with ThreadPoolExecutor(max_workers=8) as pool:
        together = list(pool.map(classifier.probabilities, batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_ink_is_a_share_of_255() -> None:
    ink = to_ink(np.array([[[0, 51, 255]]], dtype=np.uint8))
    assert ink.dtype == np.float32
    np.testing.assert_allclose(ink, [[[0.0, 0.2, 1.0]]], rtol=1e-6)


# Refusals.


def test_the_probabilities_are_those_of_the_digits_alone() -> None:
    kernel = np.eye(784, 12, dtype=np.float32) * 20  # the logits are the first twelve pixels, times 20
    metadata = json.dumps({"refusals": ["not_a_digit", "several"], "temperature": 2.0})
    ink = np.zeros((2, 28, 28), np.float32)
    ink[:, 0, :12] = [[0.1, 0.5] + [0] * 10, [0, 0, 0.3] + [0] * 7 + [0.9, 0]]
    classifier = Classifier(linear_model(kernel=kernel, metadata=metadata).SerializeToString())
    np.testing.assert_allclose(classifier.probabilities(ink), softmax(10 * ink[:, 0, :10]), atol=1e-6)


def test_an_output_for_each_refusal_is_needed() -> None:
    assert "an output of 11 numbers" in refusal(linear_model(metadata=json.dumps({"refusals": ["several"]})))


# Models from elsewhere.


def with_labels(*, dictionaries: bool, names: list[int] | list[str] | None = None) -> bytes:
    """As sklearn-onnx writes a classifier: labels, then probabilities, maybe as dictionaries."""
    model = linear_model(with_softmax=True)
    nodes = [*model.graph.node, helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)]
    label = helper.make_tensor_value_info("label", TensorProto.INT64, None)
    probabilities = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    if dictionaries:
        names = names or list(range(10))
        keys = {"classlabels_strings" if isinstance(names[0], str) else "classlabels_int64s": names}
        nodes.append(helper.make_node("ZipMap", ["scores"], ["dictionaries"], domain="ai.onnx.ml", **keys))
        row = helper.make_map_type_proto(
            TensorProto.STRING if isinstance(names[0], str) else TensorProto.INT64,
            helper.make_tensor_type_proto(TensorProto.FLOAT, None),
        )
        probabilities = helper.make_value_info("dictionaries", helper.make_sequence_type_proto(row))
    graph = helper.make_graph(
        nodes, "sklearn", model.graph.input, [label, probabilities], model.graph.initializer
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)]
    return bytes(helper.make_model(graph, ir_version=7, opset_imports=opsets).SerializeToString())


@pytest.mark.parametrize(
    "model",
    [
        with_labels(dictionaries=False),
        with_labels(dictionaries=True),
        with_labels(dictionaries=True, names=[str(digit) for digit in range(10)]),
    ],
    ids=["array", "dictionaries", "dictionaries by name"],
)
def test_labels_before_the_probabilities(model: bytes) -> None:
    probabilities = Classifier(model).probabilities(made_up_ink())
    np.testing.assert_allclose(probabilities, softmax(linear_logits(made_up_ink())), atol=1e-6)


def test_dictionaries_of_other_classes_are_refused() -> None:
    said = refusal(with_labels(dictionaries=True, names=list(range(1, 11))))
    assert "10 numbers an image, found the shape (2,) and (2,) for two images" in said


def test_a_broken_model_is_refused_when_it_is_opened() -> None:
    broken = linear_model(kernel=np.full((784, 10), np.nan, np.float32))
    assert "expected finite outputs, found NaN or infinity" in refusal(broken)


def test_an_overflow_is_an_error_and_no_answer() -> None:
    classifier = Classifier(linear_model(kernel=np.full((784, 10), 3e38, np.float32)).SerializeToString())
    with pytest.raises(ModelError, match="expected finite outputs"):
        classifier.probabilities(made_up_ink())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04....metadata.json", r"\.keras"),
        (b"\x89HDF\r\n\x1a\n....", "HDF5"),
        (b"\x80\x04\x95....", "pickle"),
        (b"\x1c\x00\x00\x00TFL3....", "TensorFlow Lite"),
    ],
)
def test_formats_of_other_frameworks_are_named(content: bytes, said: str) -> None:
    assert re.search(f"expected an ONNX model .* found .*{said}.* Export it to ONNX", refusal(content))
