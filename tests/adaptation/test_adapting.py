"""A model adapted to one hand reads this hand, and others as before; what cannot be adapted is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from inkdigits.adaptation import Adapted, adapt
from inkdigits.adaptation.last_layer import with_metadata
from inkdigits.datasets import Dataset, Split
from inkdigits.errors import ConfigError, DatasetError, ModelError
from inkdigits.ink import Grey
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import ModelRecord, bundled_model
from inkdigits.reading.recognizer import Recognizer
from inkdigits.synthesis.drawings import drawing
from inkdigits.synthesis.rare_shapes import rare_shape


def ones_like_sevens(n: int, generator: np.random.Generator) -> list[tuple[int, Grey]]:
    """Ones with so long a flag that everybody else reads a seven."""
    points = np.array([[0.0, 0.12], [0.6, 0.0], [0.35, 1.0]])
    strokes = [[points + generator.normal(0, 0.03, points.shape)] for _ in range(n)]
    return [(1, drawing(each, generator, clean_share=1.0)) for each in strokes]


def usual(n: int, generator: np.random.Generator) -> list[tuple[int, Grey]]:
    shapes = [rare_shape(generator) for _ in range(n)]
    return [(digit, drawing(strokes, generator, clean_share=1.0)) for digit, strokes in shapes]


def split_of(drawn: Sequence[tuple[int, Grey]]) -> Split:
    return Split(np.stack([image for _, image in drawn]), np.array([digit for digit, _ in drawn], np.int64))


def samples_of(split: Split) -> Dataset:
    return Dataset("anna", split, None)


def n_right(model: bytes, drawn: Sequence[tuple[int, Grey]]) -> int:
    split = split_of(drawn)
    answers = Recognizer(model).classify(split.images).argmax(axis=1)
    return int((answers == split.labels).sum())


@pytest.fixture(scope="module")
def adapted() -> Adapted:
    """The bundled model, adapted to odd ones and usual digits; the first odd one is there twice."""
    generator = np.random.default_rng(0)
    odd = ones_like_sevens(8, generator)
    return adapt(samples_of(split_of([*odd, odd[0], *usual(40, generator)])))


def test_the_hand_is_learned_and_others_are_kept(adapted: Adapted) -> None:
    generator = np.random.default_rng(1)
    odd, others = ones_like_sevens(40, generator), usual(400, generator)
    assert n_right(bundled_model(), odd) <= 4, "the test needs a habit that the model does not know"
    assert n_right(adapted.model, odd) >= 36
    assert n_right(adapted.model, others) >= n_right(bundled_model(), others) - 2


def test_the_estimate_tells_of_it_without_having_seen_the_sample(adapted: Adapted) -> None:
    assert sum(adapted.counts) == 48
    assert adapted.counts[1] >= 8
    assert adapted.repeated == 1
    assert adapted.right_before <= 41 < 46 <= adapted.right_after
    assert adapted.to_json()["counts"] == list(adapted.counts)


def test_only_the_last_kernel_and_the_record_change(adapted: Adapted) -> None:
    before, after = (onnx.load_from_string(file) for file in (bundled_model(), adapted.model))
    onnx.checker.check_model(after, full_check=True)
    changed = [
        old.name
        for old, new in zip(before.graph.initializer, after.graph.initializer, strict=True)
        if old != new
    ]
    kernel = before.graph.node[-1].input[1]
    assert changed == [kernel]
    old, new = (kernel_of(file, kernel) for file in (before, after))
    assert (old[:, 10:] == new[:, 10:]).all(), "the refusals' outputs are left alone"
    record = Classifier(adapted.model).record
    usual_record = Classifier(bundled_model()).record
    assert record == replace(usual_record, risk_bounds=(), adapted_to="anna", adapted_counts=adapted.counts)
    with pytest.raises(ConfigError, match="guarantees nothing"):
        Recognizer(adapted.model, max_error=0.01)


def kernel_of(model: onnx.ModelProto, name: str) -> NDArray[np.float32]:
    (found,) = [each for each in model.graph.initializer if each.name == name]
    return np.asarray(numpy_helper.to_array(found), np.float32)


IMAGE = split_of(usual(3, np.random.default_rng(2)))


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (Dataset("anna", None, None), "found none"),
        (Dataset("anna", replace(IMAGE, labels=None), None), "pictures without labels"),
        (Dataset("anna", None, IMAGE), r"only a part to judge on \(test\)"),
        (Dataset("anna", IMAGE, None, class_names=tuple("abcdefghij")), "the classes a, b, c"),
        (Dataset("anna", IMAGE.take(np.zeros(1001, np.int64)), None), "at most 1,000 samples"),
    ],
)
def test_samples_that_cannot_be_learned_from(samples: Dataset, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        adapt(samples)


def with_record(**changes: object) -> bytes:
    record: ModelRecord = Classifier(bundled_model()).record
    return with_metadata(bundled_model(), replace(record, **changes).to_metadata())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"adapted_to": "anna"}, "adapted to anna already"),
        ({"normalizer_version": None}, "version unknown"),
        ({"class_names": tuple("abcdefghij")}, "other classes"),
    ],
)
def test_models_that_cannot_be_adapted(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        adapt(samples_of(IMAGE), with_record(**changes))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        adapt(samples_of(IMAGE), tmp_path / "missing.onnx")
