"""The classic dense network: 784-128-10."""

from __future__ import annotations

from typing import Any

from inkdigits.ink import DIGITS, SIDE
from inkdigits.models.backend import keras

__all__ = ["build"]


def build(n_outputs: int = len(DIGITS)) -> Any:
    """Ink (N, 28, 28) -> logits (N, 10); 101,770 parameters."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE), name="ink"),
            layers.Flatten(),  # (N, 784)
            layers.Dense(128, activation="relu"),
            layers.Dense(n_outputs, name="logits"),
        ],
        name="mlp",
    )
