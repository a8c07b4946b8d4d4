"""The most accurate network here that fits in a megabyte: two stages of three convolutions, one dense layer.

After Chris Deotte's "25 Million Images! [0.99757] MNIST" (https://www.kaggle.com/code/cdeotte/
25-million-images-0-99757-mnist): two stages of three convolutions, the third with stride 2 in place of
pooling, batch normalisation throughout. Left out is its hidden dense layer, which holds 40% of the
parameters; batch normalisation stands before the activation, so that export can fold it away.
"""

from __future__ import annotations

from typing import Any

from inkdigits.ink import SIDE
from inkdigits.models.backend import keras
from inkdigits.models.layers import convolution_block, network

__all__ = ["build", "build_hands"]


def build(n_outputs: int) -> Any:
    """Ink (N, 28, 28) -> logits (N, 10); 204,202 parameters, 15 million multiply-adds."""
    return _build("best", n_outputs, dropouts=(0.4, 0.4))


def build_hands(n_outputs: int) -> Any:
    """The network of the bundled model, with 204,202 parameters for ten outputs.

    It has less dropout: augmentation and corruption already keep so small a network from learning its images
    by heart.
    """
    return _build("hands", n_outputs, dropouts=(0.1, 0.3))


def _build(name: str, n_outputs: int, *, dropouts: tuple[float, float]) -> Any:
    """The network, with the fraction that is dropped after each stage."""
    layers = keras.layers
    return network(
        name,
        n_outputs,
        layers.Reshape((SIDE, SIDE, 1)),
        *convolution_block(32, 3),  # (N, 26, 26, 32)
        *convolution_block(32, 3),  # (N, 24, 24, 32)
        *convolution_block(32, 5, stride=2),  # (N, 12, 12, 32)
        layers.Dropout(dropouts[0]),
        *convolution_block(64, 3),  # (N, 10, 10, 64)
        *convolution_block(64, 3),  # (N, 8, 8, 64)
        *convolution_block(64, 5, stride=2),  # (N, 4, 4, 64)
        layers.Dropout(dropouts[1]),
        layers.Flatten(),  # (N, 1024)
    )
