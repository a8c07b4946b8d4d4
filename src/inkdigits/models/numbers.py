"""The line model: a whole number in one pass, without recurrence.

A recurrent reader learns what its labels are like and reads unlikely ones worse; this one sees about 100
columns at each place, which is three digits. It works on a quarter of the columns and gives two frames for
each of its places, one for every two columns, so that a narrow 11 has the frames that CTC needs.

Sources. The loss: Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification", 2006.
The residual blocks: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016; that they
begin as the identity: Goyal and others, "Accurate, large minibatch SGD", 2017.
Letters: N lines, W columns, T = W / 2 frames, C outputs: the blank, the marks, and one for other marks.
"""

from __future__ import annotations

from typing import Any

from inkdigits.layout.line import LINE_HEIGHT, MARKS
from inkdigits.models.backend import keras

__all__ = ["Residual", "build"]

_FRAMES_A_PLACE = 2
_MOMENTUM = 0.98  # of the batch normalisations


@keras.saving.register_keras_serializable("inkdigits")
class Residual(keras.layers.Layer):  # type: ignore[misc]
    """ReLU(x + batch normalisation(convolution(x))), which begins as the identity.

    Args:
        size: of the convolution's kernel.
    """

    def __init__(self, size: tuple[int, int], **options: Any) -> None:
        super().__init__(**options)
        self.size = size
        self.normalisation = keras.layers.BatchNormalization(
            momentum=_MOMENTUM, gamma_initializer="zeros", dtype=self.dtype_policy
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for (N, H, W, C)."""
        self.convolution = keras.layers.Conv2D(
            input_shape[-1], self.size, padding="same", use_bias=False, dtype=self.dtype_policy
        )
        self.convolution.build(input_shape)
        self.normalisation.build(input_shape)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """(N, H, W, C) -> (N, H, W, C)."""
        return keras.ops.relu(x + self.normalisation(self.convolution(x), training=training))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What a copy is made from."""
        return {**super().get_config(), "size": self.size}


def build(n_outputs: int = len(MARKS) + 2) -> Any:
    """Lines (N, 32, W, 1), W a multiple of 4 -> logits (N, T, C); 1.5 million parameters."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((LINE_HEIGHT, None, 1), name="line"),
            *_block(24, (3, 3), (2, 2)),  # (N, 16, W/2, 24)
            *_block(48, (3, 3), (2, 2)),  # (N, 8, W/4, 48)
            *_block(64, (3, 3)),
            Residual((3, 3)),
            *_block(96, (3, 3), (2, 1)),  # (N, 4, W/4, 96)
            *_block(96, (3, 3)),
            Residual((3, 3)),
            Residual((3, 3)),
            layers.ZeroPadding2D(((0, 0), (1, 1))),
            *_block(256, (4, 3), padding="valid"),  # (N, 1, W/4, 256)
            *_block(256, (1, 5)),
            Residual((1, 5)),
            *_block(256, (1, 3)),
            layers.Conv2D(_FRAMES_A_PLACE * n_outputs, 1),
            layers.Reshape((-1, n_outputs), name="logits", dtype="float32"),  # (N, W/2, C)
        ],
        name="numbers",
    )


def _block(
    filters: int, size: tuple[int, int], strides: tuple[int, int] = (1, 1), padding: str = "same"
) -> list[Any]:
    layers = keras.layers
    return [
        layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False),
        layers.BatchNormalization(momentum=_MOMENTUM),
        layers.ReLU(),
    ]
