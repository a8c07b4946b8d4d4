"""Embeddings keep apart what is apart, and features are what the last layer works on."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.errors import DatasetError, ModelError
from inkdigits.evaluation.embedding import embed, penultimate_features
from inkdigits.plots.insight import plot_embedding
from tests.plots.titles import figures_in


def three_groups(n_each: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features (3 * n_each, 40) of three classes that lie far apart."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 4, 9], n_each)
    centres = 20 * generator.normal(size=(10, 40))
    return centres[labels] + generator.normal(size=(len(labels), 40)), labels


def test_what_is_apart_stays_apart_in_the_plane() -> None:
    features, labels = three_groups(20)
    points = embed(features, np.random.default_rng(1))
    assert points.shape == (60, 2)
    assert points.dtype == np.float32
    assert figures_in(plot_embedding(points, labels).axes[0].get_title()) == ["100.0"]


def test_a_handful_of_images_can_be_laid_out_too_and_the_same_each_time() -> None:
    features = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    points = embed(features, np.random.default_rng(1))
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(points, embed(features, np.random.default_rng(1)))


def test_features_that_cannot_be_laid_out_are_refused() -> None:
    generator = np.random.default_rng(0)
    with pytest.raises(DatasetError, match=r"at least \(5, 2\), found \(4, 8\)"):
        embed(np.zeros((4, 8)), generator)
    with pytest.raises(DatasetError, match="finite"):
        embed(np.full((9, 8), np.nan), generator)
    with pytest.raises(DatasetError, match="the same features for all"):
        embed(np.ones((9, 8)), generator)


def test_penultimate_features_are_what_the_last_layer_turns_into_logits() -> None:
    from inkdigits.models import build
    from inkdigits.models.backend import keras

    model = build("mlp")
    ink = np.random.default_rng(0).random((7, 28, 28), dtype=np.float32)
    features = penultimate_features(model, ink, batch_size=4)
    assert features.shape == (7, 128)
    assert features.dtype == np.float32
    kernel, bias = (keras.ops.convert_to_numpy(values) for values in model.layers[-1].weights)
    logits = keras.ops.convert_to_numpy(model(ink))
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-5)


def test_a_model_that_was_never_built_has_no_features() -> None:
    from inkdigits.models.backend import keras

    unbuilt = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(ModelError, match=r"expected a built Keras model.*keras\.Input"):
        penultimate_features(unbuilt, np.zeros((1, 28, 28), np.float32))


def test_the_layout_itself_needs_no_keras() -> None:
    modules = "inkdigits.evaluation.embedding, inkdigits.evaluation.occlusion"
    program = f"import sys, {modules}; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
