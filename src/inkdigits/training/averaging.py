"""An exponential moving average of the weights, kept while they train; it is what is validated and exported.

After each step, average <- beta * average + (1 - beta) * weights; it begins as the weights after the first
step. Only what the optimizer trains is averaged: the statistics of batch normalisation are running means
already.

Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; with an
exponential window as in Tarvainen and Valpola, "Mean teachers are better role models", 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.models.backend import keras

__all__ = ["AveragingAdam", "averaged_weights"]


@keras.saving.register_keras_serializable(package="inkdigits")
class AveragingAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam with `use_ema`, whose average stays beside the weights when `fit` ends.

    Keras's own puts the average in the weights' place after each `fit`; here an epoch is a `fit`, and the
    next one goes on from the weights.
    """

    def finalize_variable_values(self, var_list: list[Any]) -> None:
        """Leave the weights as they are."""

    def assign_average(self, weights: list[Any]) -> None:
        """Put the average in the place of the weights, which are those that it was built with."""
        super().finalize_variable_values(weights)
        # On JAX both now share their buffers, and a step or an evaluation destroys those that it is given.
        _assign(weights, _copies(weights))


@contextmanager
def averaged_weights(model: Any) -> Iterator[None]:
    """Lend a model its averaged weights; one without an average, or before its first step, keeps its own."""
    optimizer = model.optimizer
    if not isinstance(optimizer, AveragingAdam) or int(keras.ops.convert_to_numpy(optimizer.iterations)) == 0:
        yield
        return
    weights = model.trainable_variables
    own = _copies(weights)
    optimizer.assign_average(weights)
    try:
        yield
    finally:
        _assign(weights, own)


def _copies(variables: list[Any]) -> list[NDArray[Any]]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: list[Any], values: list[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
