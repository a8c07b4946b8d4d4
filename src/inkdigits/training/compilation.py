"""A recipe's model with its loss, optimizer and learning rate, ready for the first step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from inkdigits.models import build
from inkdigits.models.backend import backend_name, keras
from inkdigits.recipes.recipe import TrainingConfig
from inkdigits.training.averaging import AveragingAdam

__all__ = ["compiled_model"]

_MOST_FUSED_STEPS = 128  # a tenth of a second, after which progress is shown
_LEAST_FUSED_STEPS = 16


def compiled_model(name: str, n_outputs: int, config: TrainingConfig, steps: int) -> Any:
    """Build a model with its loss and optimizer, every variable in being.

    Args:
        name: a key of `inkdigits.models.MODELS`.
        n_outputs: of the logits.
        config: what chooses loss, optimizer and schedule.
        steps: how many an epoch has.
    """
    model = build(name, n_outputs)
    losses = keras.losses
    loss = (
        losses.SparseCategoricalCrossentropy(from_logits=True)
        if config.loss == "sparse_categorical_crossentropy"
        else losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    )
    optimizer = _optimizer(config, steps)
    fused = _steps_per_execution(model, steps)
    model.compile(optimizer, loss, metrics=["accuracy"], steps_per_execution=fused)
    optimizer.build(model.trainable_variables)
    if fused > 1 and keras.distribution.distribution() is None:
        _scan_steps(model, fused)
    return model


def _optimizer(config: TrainingConfig, steps: int) -> Any:
    settings: dict[str, Any] = {
        "learning_rate": _learning_rate(config, steps),
        "weight_decay": config.weight_decay or None,
    }
    if config.average_of_weights:
        return AveragingAdam(use_ema=True, ema_momentum=config.average_of_weights, **settings)
    return keras.optimizers.Adam(**settings)


def _steps_per_execution(model: Any, steps: int) -> int:
    """How many steps the backend is given at a time; the weights come out the same, bit for bit.

    A step of a dense network is over sooner than Python can ask for the next one. One with convolutions
    has work enough: docs/log.md#steps-at-a-time. A number that divides the epoch is compiled once.
    """
    has_convolutions = any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)
    if has_convolutions or backend_name() != "jax":
        return 1
    fused = max(n for n in range(1, min(_MOST_FUSED_STEPS, steps) + 1) if steps % n == 0)
    return max(fused, min(_LEAST_FUSED_STEPS, steps))


def _scan_steps(model: Any, fused: int) -> None:
    """Give a model on JAX a train function that does several steps in one compiled loop.

    Keras's own calls Python between them. Its contract: state and iterator in, logs of the last step and
    state out; an epoch's last steps may be fewer. It stays where batches are on their way to an accelerator,
    or are shared among devices.
    """
    import jax

    if jax.default_backend() != "cpu":
        return

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        logs, state = model.train_step(state, batch)
        return state, logs

    @partial(jax.jit, donate_argnums=0)
    def scan(state: Any, batches: Any) -> tuple[Any, Any]:
        state, logs = jax.lax.scan(step, state, batches)
        return jax.tree.map(lambda values: values[-1], logs), state

    def train_function(state: Any, iterator: Iterator[tuple[Any, ...]]) -> tuple[Any, Any]:
        parts = zip(*islice(iterator, fused), strict=True)  # ink and targets, of every batch
        return scan(state, tuple(map(np.stack, parts)))  # type: ignore[no-any-return]

    model.train_function = train_function


def _learning_rate(config: TrainingConfig, steps: int) -> Any:
    if config.schedule == "constant":
        return config.learning_rate
    warmup = round(config.warmup_epochs * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else config.learning_rate,
        decay_steps=max(config.epochs * steps - warmup, 1),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
