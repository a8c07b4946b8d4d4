"""The network of the bundled model: `best` with half its dropout.

Augmentation and corruption already keep so small a network from memorising its images.
"""

from __future__ import annotations

from typing import Any

from inkdigits.ink import DIGITS, SIDE
from inkdigits.models.backend import keras
from inkdigits.models.layers import convolution_block

__all__ = ["build"]


def build(n_outputs: int = len(DIGITS)) -> Any:
    """Ink (N, 28, 28) -> logits (N, n_outputs); 204,202 parameters for ten outputs."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE), name="ink"),
            layers.Reshape((SIDE, SIDE, 1)),
            *convolution_block(32, 3),  # (N, 26, 26, 32)
            *convolution_block(32, 3),  # (N, 24, 24, 32)
            *convolution_block(32, 5, stride=2),  # (N, 12, 12, 32)
            layers.Dropout(0.1),
            *convolution_block(64, 3),  # (N, 10, 10, 64)
            *convolution_block(64, 3),  # (N, 8, 8, 64)
            *convolution_block(64, 5, stride=2),  # (N, 4, 4, 64)
            layers.Dropout(0.3),
            layers.Flatten(),  # (N, 1024)
            layers.Dense(n_outputs, name="logits"),
        ],
        name="hands",
    )
