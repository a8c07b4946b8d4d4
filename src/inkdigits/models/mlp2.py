"""A dense network with two hidden layers: 784-256-128-10."""

from __future__ import annotations

from typing import Any

from inkdigits.models.backend import keras
from inkdigits.models.layers import network

__all__ = ["build"]


def build(n_outputs: int) -> Any:
    """Ink (N, 28, 28) -> logits (N, 10); 235,146 parameters."""
    layers = keras.layers
    return network(
        "mlp2",
        n_outputs,
        layers.Flatten(),  # (N, 784)
        layers.Dense(256, activation="relu"),
        layers.Dense(128, activation="relu"),
    )
