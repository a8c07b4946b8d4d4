"""Every architecture in the registry is what its docstring says."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from inkdigits.errors import ConfigError
from inkdigits.models import MODELS, build
from inkdigits.models.backend import backend_name, keras
from inkdigits.models.layers import MaxPooling


@pytest.mark.parametrize("name", MODELS)
def test_two_images_give_two_rows_of_logits(name: str) -> None:
    model = build(name)
    assert model.name == name
    assert model.compute_output_shape((2, 28, 28)) == (2, 10)  # test_export.py computes them
    assert model.layers[-1].activation is keras.activations.linear, "logits, not probabilities"


@pytest.mark.parametrize("name", MODELS)
def test_the_docstring_counts_the_parameters(name: str) -> None:
    said = re.search(r"([\d,]+) parameters", MODELS[name].__doc__ or "")
    assert said is not None
    assert build(name).count_params() == int(said[1].replace(",", ""))


def test_an_unknown_architecture() -> None:
    with pytest.raises(
        ConfigError, match="expected one of mlp, mlp2, cnn, quick, best, hands, strided, found 'resnet'"
    ):
        build("resnet")


@pytest.mark.parametrize("side", [6, 7])
def test_max_pooling_is_that_of_keras(side: int) -> None:
    features = np.random.default_rng(0).standard_normal((2, side, side, 3), dtype=np.float32)
    ours, theirs = (
        keras.ops.convert_to_numpy(layer(features)) for layer in (MaxPooling(), keras.layers.MaxPooling2D(2))
    )
    np.testing.assert_array_equal(ours, theirs)
    assert ours.shape == MaxPooling().compute_output_shape((2, side, side, 3))


def test_keras_runs_on_the_backend_that_is_named() -> None:
    assert backend_name() == os.environ.get("KERAS_BACKEND", "jax")
