"""The classic convolutional network: convolution, pooling, convolution, pooling, dense.

After Keras's own MNIST example (https://keras.io/examples/vision/mnist_convnet/).
"""

from __future__ import annotations

from typing import Any

from inkdigits.ink import SIDE
from inkdigits.models.backend import keras
from inkdigits.models.layers import MaxPooling, network

__all__ = ["build"]


def build(n_outputs: int) -> Any:
    """Ink (N, 28, 28) -> logits (N, 10); 34,826 parameters."""
    layers = keras.layers
    return network(
        "cnn",
        n_outputs,
        layers.Reshape((SIDE, SIDE, 1)),
        layers.Conv2D(32, 3, activation="relu"),  # (N, 26, 26, 32)
        MaxPooling(),  # (N, 13, 13, 32)
        layers.Conv2D(64, 3, activation="relu"),  # (N, 11, 11, 64)
        MaxPooling(),  # (N, 5, 5, 64)
        layers.Flatten(),  # (N, 1600)
        layers.Dropout(0.5),
    )
