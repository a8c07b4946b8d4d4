"""The trained line model as one ONNX file: free batch size, free width, kernels in 16 bits.

Written node by node, as `inkdigits.training.export` does for digits and for the same reasons; the line model
has a free width, which that one's layers do not. The opset is of 2020: every ONNX Runtime since 1.6 runs it.

Letters: N lines, W columns, a multiple of 4, T = W / 2 frames, C outputs, F filters, K kernel size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from inkdigits.errors import ModelError
from inkdigits.layout.line import LINE_HEIGHT
from inkdigits.models.backend import keras

__all__ = ["lines_to_onnx"]

_OPSET = 13
_IR_VERSION = 7  # what opset 13 came with; newer ones shut old runtimes out


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
    return graph.finish(metadata)


class _Graph:
    """The nodes so far, and the name of what the last one gives."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.n_outputs = 0
        self.output = "line"
        self.node("Unsqueeze", ["line", self._weight("axes", np.array([1]))])  # (N, 1, 32, W)

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> None:
        """Append a node that takes these inputs."""
        self.output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [self.output], **attributes))

    def convolution(self, layer: Any, following: Any, columns: int) -> None:
        """A convolution with what it pads and the batch normalisation after it."""
        kernel = keras.ops.convert_to_numpy(layer.kernel).astype(np.float64)  # (K, K, C, F)
        bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1])
        if isinstance(following, keras.layers.BatchNormalization):
            kernel, bias = _fold(following, kernel, bias)
        pads = [0, columns, 0, columns]
        if layer.padding == "same":
            # Heights and widths are multiples of the strides; the odd pixel goes below and to the right.
            totals = [max(k - s, 0) for k, s in zip(layer.kernel_size, layer.strides, strict=True)]
            pads = [total // 2 for total in totals] + [total - total // 2 for total in totals]
        weights = [self._half("kernel", kernel.transpose(3, 2, 0, 1)), self._weight("bias", bias)]
        self.node("Conv", [self.output, *weights], strides=list(layer.strides), pads=pads)

    def frames(self, n_outputs: int) -> None:
        """(N, F, 1, W / 4), where each place holds several frames -> (N, T, C)."""
        self.n_outputs = n_outputs
        self.node("Transpose", [self.output], perm=[0, 3, 2, 1])
        self.node("Reshape", [self.output, self._weight("shape", np.array([0, -1, n_outputs]))])

    def finish(self, metadata: Mapping[str, object]) -> bytes:
        """Close the graph and serialise it."""
        self.nodes[-1].output[0] = "logits"
        floats = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "inkdigits",
            [helper.make_tensor_value_info("line", floats, ["n", LINE_HEIGHT, "w"])],
            [helper.make_tensor_value_info("logits", floats, ["n", "t", self.n_outputs])],
            self.weights,
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(
            graph, producer_name="inkdigits", ir_version=_IR_VERSION, opset_imports=[opset]
        )
        helper.set_model_props(model, {"inkdigits": json.dumps(metadata, sort_keys=True)})
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _half(self, role: str, values: NDArray[np.float64]) -> str:
        """Kept in 16 bits, which halves the file, and made 32 of when the file is opened."""
        name = f"{role}_{len(self.nodes)}"
        half = np.ascontiguousarray(values.astype(np.float16))
        self.weights.append(numpy_helper.from_array(half, f"{name}_half"))
        self.nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
        return name

    def _weight(self, role: str, values: NDArray[Any]) -> str:
        name = f"{role}_{len(self.nodes)}"
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _fold(
    normalisation: Any, kernel: NDArray[np.float64], bias: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Batch normalisation after training is a scale and a shift a channel: put them into the weights."""
    gamma, beta, mean, variance = (
        keras.ops.convert_to_numpy(values).astype(np.float64)
        for values in (
            normalisation.gamma,
            normalisation.beta,
            normalisation.moving_mean,
            normalisation.moving_variance,
        )
    )
    factor = gamma / np.sqrt(variance + normalisation.epsilon)  # (F,)
    return kernel * factor, (bias - mean) * factor + beta
