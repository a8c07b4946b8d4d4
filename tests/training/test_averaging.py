"""The average of the weights is the formula's, and does not disturb the training that it follows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.models.backend import keras
from inkdigits.training.averaging import AveragingAdam, averaged_weights

DECAY = 0.75
IMAGES = np.random.default_rng(0).random((8, 6), dtype=np.float32)
LABELS = np.arange(8) % 3


def compiled_model(optimizer: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    optimizer.build(model.trainable_variables)
    return model


def averaging_model() -> Any:
    return compiled_model(AveragingAdam(0.05, use_ema=True, ema_momentum=DECAY))


def step(model: Any) -> list[NDArray[np.float32]]:
    """One step, and the weights after it."""
    model.fit(IMAGES, LABELS, batch_size=8, shuffle=False, verbose=0)
    return weights_of(model)


def weights_of(model: Any) -> list[NDArray[np.float32]]:
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables]


def test_the_average_is_that_of_the_formula() -> None:
    model = averaging_model()
    average = step(model)
    for _ in range(5):
        average = [DECAY * old + (1 - DECAY) * new for old, new in zip(average, step(model), strict=True)]
    with averaged_weights(model):
        found = weights_of(model)
    for one, other in zip(found, average, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_the_training_goes_on_from_its_own_weights() -> None:
    looked_at, undisturbed, plain = (
        averaging_model(),
        averaging_model(),
        compiled_model(keras.optimizers.Adam(0.05)),
    )
    for _ in range(3):
        found, expected, without = step(looked_at), step(undisturbed), step(plain)
        for one, other, usual in zip(found, expected, without, strict=True):
            np.testing.assert_array_equal(one, other)
            np.testing.assert_allclose(one, usual, rtol=1e-5, atol=1e-6)  # compiled apart from the others
        with averaged_weights(looked_at):
            looked_at.evaluate(IMAGES, LABELS, verbose=0)


def test_without_an_average_or_a_step_the_weights_are_lent() -> None:
    for model in (compiled_model(keras.optimizers.Adam(0.05)), averaging_model()):
        before = weights_of(model)
        with averaged_weights(model):
            lent = weights_of(model)
        for one, other in zip(before, lent, strict=True):
            np.testing.assert_array_equal(one, other)
