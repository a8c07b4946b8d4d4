"""The trained line model as one ONNX file: free batch size, free width, kernels in 16 bits.

Written node by node, as `inkdigits.training.export` does for digits and for the same reasons; the line model
has a free width, which that one's layers do not.

Letters: N lines, W columns, a multiple of 4, T = W / 2 frames, C outputs, F filters, K kernel size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inkdigits.errors import ModelError
from inkdigits.layout.line import LINE_HEIGHT
from inkdigits.models.backend import keras
from inkdigits.models.numbers import Residual
from inkdigits.training.onnx_graph import OnnxGraph, folded

__all__ = ["lines_to_onnx"]


def lines_to_onnx(model: Any, metadata: Mapping[str, object]) -> bytes:
    """Write the line model as ONNX.

    Args:
        model: a chain of layers, lines (N, 32, W, 1) -> logits (N, T, C).
        metadata: kept in the file as JSON, under the key `inkdigits`.

    Returns:
        The bytes of the file: input `line`, float32 (N, 32, W); output `logits`, float32 (N, T, C).

    Raises:
        ModelError: a layer has no translation here.
    """
    graph = _Graph()
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    padding = 0
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        if isinstance(layer, keras.layers.ZeroPadding2D):
            padding = layer.padding[1][0]
        elif isinstance(layer, keras.layers.Conv2D):
            graph.convolution(layer, following, padding)
            padding = 0
        elif isinstance(layer, Residual):
            graph.residual(layer)
        elif isinstance(layer, keras.layers.ReLU):
            graph.node("Relu", [graph.output])
        elif isinstance(layer, keras.layers.Reshape):
            graph.frames(layer.target_shape[-1])
        elif not isinstance(layer, keras.layers.BatchNormalization):
            raise ModelError(
                f"layer {layer.name!r}",
                expected="a layer of inkdigits.models.numbers",
                found=type(layer).__name__,
                remedy="Translate it in inkdigits.training.number_export.",
            )
    return graph.finish(("line", ["n", LINE_HEIGHT, "w"]), ["n", "t", graph.n_outputs], metadata)


class _Graph(OnnxGraph):
    """The nodes so far, and how many outputs a frame has."""

    def __init__(self) -> None:
        super().__init__("line")
        self.n_outputs = 0
        self.node("Unsqueeze", ["line", self.weight("axes", np.array([1]))])  # (N, 1, 32, W)

    def convolution(self, layer: Any, following: Any, columns: int) -> None:
        """A convolution with what it pads and the batch normalisation after it."""
        kernel = keras.ops.convert_to_numpy(layer.kernel).astype(np.float64)  # (K, K, C, F)
        bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1])
        if isinstance(following, keras.layers.BatchNormalization):
            kernel, bias = folded(following, kernel, bias)
        pads = [0, columns, 0, columns]
        if layer.padding == "same":
            # Heights and widths are multiples of the strides; the odd pixel goes below and to the right.
            totals = [max(k - s, 0) for k, s in zip(layer.kernel_size, layer.strides, strict=True)]
            pads = [total // 2 for total in totals] + [total - total // 2 for total in totals]
        weights = [self.half_weight("kernel", kernel.transpose(3, 2, 0, 1)), self.weight("bias", bias)]
        self.node("Conv", [self.output, *weights], strides=list(layer.strides), pads=pads)

    def residual(self, layer: Residual) -> None:
        """A convolution with its batch normalisation, added to what came in."""
        before = self.output
        self.convolution(layer.convolution, layer.normalisation, 0)
        self.node("Add", [self.output, before])
        self.node("Relu", [self.output])

    def frames(self, n_outputs: int) -> None:
        """(N, F, 1, W / 4), where each place holds several frames -> (N, T, C)."""
        self.n_outputs = n_outputs
        self.node("Transpose", [self.output], perm=[0, 3, 2, 1])
        self.node("Reshape", [self.output, self.weight("shape", np.array([0, -1, n_outputs]))])
