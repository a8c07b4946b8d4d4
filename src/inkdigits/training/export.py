"""A trained Keras model as one ONNX file.

The graph is written here, layer by layer, in place of Keras's own export: that goes through another
framework on every backend (jax2onnx, tf2onnx, torch.onnx), gives another graph on each, and on JAX one
that ONNX Runtime cannot run (docs/decisions.md#onnx). Written here, every backend gives the same small
graph: channels first, batch normalisation folded, and a free batch size.

Letters: N images, C channels, H rows, W columns, F filters, K kernel size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inkdigits.errors import ModelError
from inkdigits.ink import SIDE
from inkdigits.models.backend import keras
from inkdigits.training.onnx_graph import OnnxGraph, folded

__all__ = ["to_onnx"]


def to_onnx(model: Any, metadata: Mapping[str, object]) -> bytes:
    """Write a Keras model of our own layers as ONNX.

    Args:
        model: a chain of layers, ink (N, 28, 28) -> logits (N, 10).
        metadata: kept in the file as JSON.

    Returns:
        The bytes of the file: input `ink`, float32 (N, 28, 28); output `logits`, float32 (N, 10).

    Raises:
        ModelError: a layer has no translation here.
    """
    graph = _Graph()
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    for position, layer in enumerate(layers):
        following = layers[position + 1] if position + 1 < len(layers) else None
        graph.add(layer, following)
    return graph.finish(("ink", ["n", SIDE, SIDE]), ["n", *graph.shape], metadata)


class _Graph(OnnxGraph):
    """The nodes so far, and the shape of what the last one gives, as Keras sees it."""

    def __init__(self) -> None:
        super().__init__("ink")
        self.shape: tuple[int, ...] = (SIDE, SIDE)  # without N, channels last
        self.unflattened: tuple[int, ...] | None = None  # (H, W, C) that a Flatten took apart
        self.folded: Any = None  # the batch normalisation that went into the last convolution

    def add(self, layer: Any, following: Any) -> None:
        """Translate one layer."""
        layers = keras.layers
        if isinstance(layer, layers.Reshape):
            self._reshape(layer)
        elif isinstance(layer, layers.Conv2D):
            self._convolution(layer, following)
        elif isinstance(layer, layers.BatchNormalization):
            if layer is not self.folded:
                raise _untranslatable(layer, "batch normalisation straight after a linear convolution")
        elif isinstance(layer, layers.MaxPooling2D):
            self._max_pooling(layer)
        elif isinstance(layer, layers.Flatten):
            self._flatten()
        elif isinstance(layer, layers.Dense):
            self._dense(layer)
        elif isinstance(layer, layers.ReLU):
            _require_usual(layer, max_value=None, negative_slope=0, threshold=0)
            self.node("Relu", [self.output])
        elif not isinstance(layer, layers.Dropout):  # dropout does nothing once trained
            raise _untranslatable(layer, "a layer that export knows")

    def _reshape(self, layer: Any) -> None:
        if tuple(layer.target_shape) != (SIDE, SIDE, 1):
            raise _untranslatable(layer, "a reshape to (28, 28, 1)")
        self.node("Reshape", [self.output, self.weight("shape", np.array([-1, 1, SIDE, SIDE]))])
        self.shape = (SIDE, SIDE, 1)

    def _convolution(self, layer: Any, following: Any) -> None:
        _require_usual(layer, dilation_rate=(1, 1), groups=1, data_format="channels_last")
        kernel = keras.ops.convert_to_numpy(layer.kernel).astype(np.float64)  # (K, K, C, F)
        bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1])
        if isinstance(following, keras.layers.BatchNormalization):
            if layer.activation is not keras.activations.linear:
                raise _untranslatable(following, "batch normalisation straight after a linear convolution")
            _require_usual(following, scale=True, center=True, axis=-1)
            kernel, bias = folded(following, kernel, bias)
            self.folded = following
        pads = _paddings(layer, self.shape)
        weights = [
            self.weight("kernel", kernel.transpose(3, 2, 0, 1)),  # (F, C, K, K)
            self.weight("bias", bias),
        ]
        self.node("Conv", [self.output, *weights], strides=list(layer.strides), pads=pads)
        self.shape = tuple(layer.compute_output_shape((None, *self.shape))[1:])
        self._activation(layer)

    def _max_pooling(self, layer: Any) -> None:
        _require_usual(layer, padding="valid", data_format="channels_last")
        self.node("MaxPool", [self.output], kernel_shape=list(layer.pool_size), strides=list(layer.strides))
        self.shape = tuple(layer.compute_output_shape((None, *self.shape))[1:])

    def _flatten(self) -> None:
        self.node("Flatten", [self.output], axis=1)
        self.unflattened = self.shape if len(self.shape) == 3 else None
        self.shape = (int(np.prod(self.shape)),)

    def _dense(self, layer: Any) -> None:
        _require_usual(layer, use_bias=True)
        kernel = keras.ops.convert_to_numpy(layer.kernel)  # (features, units)
        if self.unflattened is not None:
            # Keras flattens (H, W, C); this graph flattened (C, H, W).
            kernel = kernel.reshape(*self.unflattened, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            self.unflattened = None
        weights = [
            self.weight("kernel", kernel),
            self.weight("bias", keras.ops.convert_to_numpy(layer.bias)),
        ]
        self.node("Gemm", [self.output, *weights])
        self.shape = (kernel.shape[-1],)
        self._activation(layer)

    def _activation(self, layer: Any) -> None:
        if layer.activation is keras.activations.relu:
            self.node("Relu", [self.output])
        elif layer.activation is not keras.activations.linear:
            raise _untranslatable(layer, "relu or no activation")


def _paddings(layer: Any, shape: tuple[int, ...]) -> list[int]:
    """ONNX's [top, left, bottom, right] for Keras's `same`, whose odd pixel goes below and right."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    before, after = [], []
    for size, kernel, stride in zip(shape[:2], layer.kernel_size, layer.strides, strict=True):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before + after


def _require_usual(layer: Any, **settings: object) -> None:
    """Refuse a layer whose settings are not the ones that its translation takes for granted."""
    for setting, usual in settings.items():
        found = getattr(layer, setting)
        if found != usual:
            raise _untranslatable(layer, f"{setting}={usual!r}", f"{setting}={found!r}")


def _untranslatable(layer: Any, expected: str, found: str | None = None) -> ModelError:
    return ModelError(
        f"layer {layer.name!r}",
        expected=expected,
        found=found or type(layer).__name__,
        remedy="Build the model of layers that inkdigits.training.export translates, or translate it there.",
    )
