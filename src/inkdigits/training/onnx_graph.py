"""An ONNX graph that is written node by node, one after the other, and closed into the bytes of a file.

The opset is of 2020: every ONNX Runtime since version 1.6 runs it.

Letters: C channels, F filters, K kernel size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.extras import needing
from inkdigits.models.backend import keras
from inkdigits.reading.model_file import METADATA_KEY

with needing("train", for_what="the export to ONNX"):
    import onnx
    from onnx import helper, numpy_helper

__all__ = ["OnnxGraph", "folded"]

_OPSET = 13
_IR_VERSION = 7  # what opset 13 came with; newer ones shut old runtimes out


class OnnxGraph:
    """A chain of nodes, which begins with the input.

    Args:
        graph_input: the name of the input.

    Attributes:
        output: the name of what the last node gives.
    """

    def __init__(self, graph_input: str) -> None:
        self.output = graph_input
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: list[str], **attributes: Any) -> None:
        """Append a node that takes these inputs."""
        self.output = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [self.output], **attributes))

    def weight(self, role: str, values: NDArray[Any]) -> str:
        """Keep values, floats in 32 bits, for the next node; returns their name.

        They are named by position: Keras counts its layers' names up from model to model, so files would
        differ.
        """
        name = f"{role}_{len(self._nodes)}"
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def half_weight(self, role: str, values: NDArray[np.floating]) -> str:
        """The same for floats kept in 16 bits, which halves the file; they are made 32 when it is opened."""
        name = f"{role}_{len(self._nodes)}"
        half = np.ascontiguousarray(values.astype(np.float16))
        self._weights.append(numpy_helper.from_array(half, f"{name}_half"))
        self._nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
        return name

    def finish(
        self,
        graph_input: tuple[str, Sequence[int | str]],
        output_shape: Sequence[int | str],
        metadata: Mapping[str, object],
    ) -> bytes:
        """Close the graph and serialise it.

        Args:
            graph_input: the name and the shape of the input; a free size is a string.
            output_shape: of the output, which is called `logits`.
            metadata: kept in the file as JSON.
        """
        self._nodes[-1].output[0] = "logits"
        floats = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "inkdigits",
            [helper.make_tensor_value_info(graph_input[0], floats, graph_input[1])],
            [helper.make_tensor_value_info("logits", floats, output_shape)],
            self._weights,
        )
        model = helper.make_model(
            graph,
            producer_name="inkdigits",
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", _OPSET)],
        )
        helper.set_model_props(model, {METADATA_KEY: json.dumps(metadata, sort_keys=True)})
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def folded(
    normalisation: Any, kernel: NDArray[np.float64], bias: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Batch normalisation after training is a scale and a shift a channel: put them into the weights.

    Args:
        normalisation: the Keras layer that follows.
        kernel: (K, K, C, F) of a convolution.
        bias: (F,) of it.
    """
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
