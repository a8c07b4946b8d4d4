"""Steps that are given to the backend together do what they do one by one."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.models.backend import backend_name, keras
from inkdigits.recipes.recipe import TrainingConfig
from inkdigits.training.compilation import compiled_model

BATCH = 4


@pytest.mark.skipif(backend_name() != "jax", reason="only JAX is given several steps at a time")
@pytest.mark.parametrize("steps", [20, 37])  # the second has no divisor: two times 16 steps, and then 5
def test_steps_together_end_with_the_weights_of_single_steps(steps: int) -> None:
    generator = np.random.default_rng(0)
    ink = generator.random((steps * BATCH, 28, 28), np.float32)
    labels = generator.integers(0, 10, steps * BATCH)
    config = TrainingConfig(batch_size=BATCH, schedule="cosine")
    weights = []
    for together in (True, False):
        keras.utils.set_random_seed(0)
        model = compiled_model("mlp", 10, config, steps)
        assert model.steps_per_execution > 1
        if not together:
            model.compile(model.optimizer, model.loss, metrics=["accuracy"], steps_per_execution=1)
        history = model.fit(ink, labels, batch_size=BATCH, epochs=2, shuffle=False, verbose=0).history
        weights.append([*model.get_weights(), np.array(history["loss"]), np.array(history["accuracy"])])
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
