"""A recipe's model with its loss, optimizer and learning rate, ready for the first step."""

from __future__ import annotations

from typing import Any

from inkdigits.models import build
from inkdigits.models.backend import keras
from inkdigits.recipes.recipe import TrainingConfig
from inkdigits.training.averaging import AveragingAdam
from inkdigits.training.fused_steps import fuse_steps, n_fused_steps

__all__ = ["compiled_model"]


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
    fused = n_fused_steps(model, steps)
    model.compile(optimizer, loss, metrics=["accuracy"], steps_per_execution=fused)
    optimizer.build(model.trainable_variables)
    fuse_steps(model, fused)
    return model


def _optimizer(config: TrainingConfig, steps: int) -> Any:
    settings: dict[str, Any] = {
        "learning_rate": _learning_rate(config, steps),
        "weight_decay": config.weight_decay or None,
    }
    if config.average_of_weights:
        return AveragingAdam(use_ema=True, ema_momentum=config.average_of_weights, **settings)
    return keras.optimizers.Adam(**settings)


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
