"""What several networks are made of."""

from __future__ import annotations

from typing import Any, Literal

from inkdigits.ink import SIDE
from inkdigits.models.backend import backend_name, keras

__all__ = ["MaxPooling", "convolution_block", "network"]


@keras.saving.register_keras_serializable(package="inkdigits")
class MaxPooling(keras.layers.MaxPooling2D):  # type: ignore[misc]
    """Max pooling over 2x2 squares that do not overlap: (N, H, W, C) -> (N, H // 2, W // 2, C).

    On JAX it is the largest of four strided slices, whose gradient XLA computes in half the time of
    pooling's own on a CPU. The result is the same; an odd last row or column is dropped, as Keras does.
    """

    def __init__(self, pool_size: int = 2, **settings: Any) -> None:
        # `settings` is what Keras hands back from `get_config` when a saved model is loaded.
        super().__init__(pool_size, **settings)

    def call(self, features: Any) -> Any:
        """Pool one batch of features."""
        if backend_name() != "jax":
            return super().call(features)
        height, width = features.shape[1] // 2 * 2, features.shape[2] // 2 * 2
        features = features[:, :height, :width]
        top = keras.ops.maximum(features[:, ::2, ::2], features[:, ::2, 1::2])
        bottom = keras.ops.maximum(features[:, 1::2, ::2], features[:, 1::2, 1::2])
        return keras.ops.maximum(top, bottom)


def convolution_block(
    filters: int, size: int, stride: int = 1, *, padding: Literal["valid", "same"] | None = None
) -> list[Any]:
    """Convolution, batch normalisation and ReLU, in the order that export can fold into one.

    Without a word on padding, a convolution with a stride is padded and one without is not.
    """
    layers = keras.layers
    padding = padding or ("valid" if stride == 1 else "same")
    return [
        layers.Conv2D(filters, size, strides=stride, padding=padding, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def network(name: str, n_outputs: int, *hidden: Any) -> Any:
    """A chain of layers: ink (N, 28, 28) -> hidden layers -> logits (N, n_outputs)."""
    ink, logits = keras.Input((SIDE, SIDE), name="ink"), keras.layers.Dense(n_outputs, name="logits")
    return keras.Sequential([ink, *hidden, logits], name=name)
