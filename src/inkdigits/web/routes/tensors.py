"""The bodies of the Open Inference Protocol: JSON, and raw tensors after it.

Sources: https://github.com/kserve/open-inference-protocol and, for the raw form,
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md

Letters: N images, C classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from inkdigits.ink import SIDE, to_bytes
from inkdigits.results import Prediction
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.problems import Problem, fault_in
from inkdigits.web.settings import ServiceSettings

__all__ = [
    "INPUT_NAME",
    "JSON_LENGTH",
    "MODEL_NAME",
    "MODEL_VERSION",
    "OUTPUTS",
    "InferAnswer",
    "InferRequest",
    "Inference",
    "read_inference",
]

JSON_LENGTH = "inference-header-content-length"  # where raw tensors follow the JSON
INPUT_NAME = "images"
MODEL_NAME, MODEL_VERSION = "inkdigits", "1"
OUTPUTS: Mapping[str, tuple[str, type[np.generic]]] = {
    "probabilities": ("FP32", np.float32),
    "digit": ("INT64", np.int64),
    "refused": ("BOOL", np.bool_),
}


_SHAPES = ((SIDE, SIDE), (SIDE * SIDE,), (1, SIDE, SIDE), (SIDE, SIDE, 1))  # of one image
_INPUT_TYPES: Mapping[str, tuple[type[np.generic], int]] = {"UINT8": (np.uint8, 255), "FP32": (np.float32, 1)}


def _check_shape(shape: list[int]) -> list[int]:
    if shape[:1] < [1] or tuple(shape[1:]) not in _SHAPES:
        raise PydanticCustomError("shape", "expected [N, 28, 28], [N, 784], [N, 1, 28, 28] or [N, 28, 28, 1]")
    return shape


def _check_printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("text", "expected a text that can be printed")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Parameters(_Part):
    """Extensions that are not known are refused: what they ask for would not be done."""

    model_config = ConfigDict(extra="forbid")


class InputParameters(_Parameters):
    """How the tensor comes."""

    binary_data_size: int | None = Field(default=None, description="Bytes of the tensor after the JSON.")


class InputTensor(_Part):
    """The images."""

    name: Literal["images"]
    datatype: Literal["UINT8", "FP32"] = Field(
        description="UINT8: 0 paper to 255 ink. FP32: 0 paper to 1 ink."
    )
    shape: Annotated[list[int], AfterValidator(_check_shape), Field(min_length=2, max_length=4)]
    data: list[Any] | None = Field(None, description="784 numbers for each image, nested or flat.")
    parameters: InputParameters = InputParameters()


class OutputParameters(_Parameters):
    """How an output is wanted."""

    binary_data: bool | None = None


class RequestedOutput(_Part):
    """An output that is asked for."""

    name: Literal["probabilities", "digit", "refused"]
    parameters: OutputParameters = OutputParameters()


class RequestParameters(_Parameters):
    """How all outputs are wanted that do not say otherwise."""

    binary_data_output: bool = False


# Two rows of ink in an image of 28x28: enough for an example that a reader can take in.
_EXAMPLE_TENSOR: dict[str, Any] = {
    "name": INPUT_NAME,
    "shape": [1, SIDE, SIDE],
    "datatype": "UINT8",
    "data": [0] * 280 + [255] * 56 + [0] * 448,
}


class InferRequest(_Part):
    """A call of the model."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "1", "inputs": [_EXAMPLE_TENSOR]}]})

    id: Annotated[str, AfterValidator(_check_printable)] | None = None
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=1)]
    outputs: list[RequestedOutput] | None = None
    parameters: RequestParameters = RequestParameters()


class BinarySize(Answer):
    """Bytes of a tensor after the JSON."""

    binary_data_size: int


class OutputTensor(Answer):
    """One output; its data are here or after the JSON."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any] = Field([])
    parameters: BinarySize | None = None


class InferAnswer(Answer):
    """The outputs."""

    model_name: str
    model_version: str
    id: str = ""
    outputs: list[OutputTensor]


@dataclass(frozen=True, eq=False)
class Inference:
    """A call that makes sense.

    Attributes:
        request: as it came.
        images: (N, 28, 28), 0 paper to 255 ink.
    """

    request: InferRequest
    images: NDArray[np.uint8]

    def answer(self, predictions: Sequence[Prediction], *, class_names: Sequence[str]) -> Response:
        """What N predictions are in the outputs that were asked for.

        Args:
            predictions: of the images.
            class_names: what `digit` counts.
        """
        columns: dict[str, list[Any]] = {
            "probabilities": [one.probabilities for one in predictions],  # (N, C)
            "digit": [-1 if one.label is None else class_names.index(one.label) for one in predictions],
            "refused": [one.refused for one in predictions],
        }
        outputs, raw = [], b""
        for name, is_raw in self._wanted().items():
            datatype, kind = OUTPUTS[name]
            tensor: NDArray[Any] = np.asarray(columns[name], kind)
            content = (
                {"parameters": BinarySize(binary_data_size=tensor.nbytes)}
                if is_raw
                else {"data": tensor.ravel().tolist()}
            )
            outputs.append(OutputTensor(name=name, datatype=datatype, shape=list(tensor.shape), **content))
            raw += tensor.tobytes() if is_raw else b""
        given_id = {} if self.request.id is None else {"id": self.request.id}
        answer = InferAnswer(model_name=MODEL_NAME, model_version=MODEL_VERSION, **given_id, outputs=outputs)
        if not raw:
            return answer.response()
        head = answer.response().body
        return Response(
            bytes(head) + raw, headers={JSON_LENGTH: str(len(head))}, media_type="application/octet-stream"
        )

    def _wanted(self) -> dict[str, bool]:
        """The outputs that are asked for, and which of them raw."""
        all_raw = self.request.parameters.binary_data_output
        wanted: dict[str, bool | None] = {
            one.name: one.parameters.binary_data for one in self.request.outputs or ()
        }
        return {
            name: all_raw if raw is None else raw for name, raw in (wanted or dict.fromkeys(OUTPUTS)).items()
        }


def read_inference(body: bytes, n_json: int | None, settings: ServiceSettings) -> Inference:
    """Take a call apart.

    Args:
        body: JSON, and what comes after it.
        n_json: bytes of the JSON; None for all of them.
        settings: the limits of one call.

    Raises:
        Problem: 400 for what makes no sense, 413 for what is too much.
    """
    n_json = len(body) if n_json is None else n_json
    if n_json > len(body):
        raise Problem(400, f"Inference-Header-Content-Length: expected 0 to {len(body)}, the body's length.")
    if n_json > settings.max_json_bytes:  # the interpreter does nothing else while it parses
        raise Problem(
            413,
            f"Expected at most {settings.max_json_bytes} bytes of JSON, found {n_json}. "
            "Send fewer images, or raw ones.",
        )
    try:
        request = InferRequest.model_validate_json(body[:n_json])
    except ValidationError as error:
        raise Problem(400, fault_in(error.errors(include_url=False)[0])) from None
    tensor = request.inputs[0]
    n_images = tensor.shape[0]
    if n_images > settings.max_images:
        raise Problem(413, f"Expected at most {settings.max_images} images in one call, found {n_images}.")
    raw_size = tensor.parameters.binary_data_size
    values = _from_json(tensor) if raw_size is None else _from_raw(tensor, body[n_json:], raw_size)
    return Inference(request, _as_in_mnist(values, tensor.datatype).reshape(n_images, SIDE, SIDE))


def _from_json(tensor: InputTensor) -> NDArray[Any]:
    """Nested as the shape says, or flat."""
    n_values = math.prod(tensor.shape)
    kinds, kind = ("iu", "whole numbers") if tensor.datatype == "UINT8" else ("iuf", "numbers")
    try:
        values = np.asarray(tensor.data)
    except ValueError:  # rows of different lengths
        values = np.empty(0)
    if values.dtype.kind not in kinds or values.size != n_values:
        raise Problem(400, f"inputs[0].data: expected {n_values} {kind} for {tensor.shape}.")
    return values


def _from_raw(tensor: InputTensor, raw: bytes, size: int) -> NDArray[Any]:
    kind = np.dtype(_INPUT_TYPES[tensor.datatype][0]).newbyteorder("<")
    n_bytes = math.prod(tensor.shape) * kind.itemsize
    if size != n_bytes or len(raw) != n_bytes:
        raise Problem(400, f"inputs[0]: expected {n_bytes} raw bytes after the JSON, found {len(raw)}.")
    return np.frombuffer(raw, kind)


def _as_in_mnist(values: NDArray[Any], datatype: str) -> NDArray[np.uint8]:
    """Values of any shape -> 0 paper to 255 ink."""
    most = _INPUT_TYPES[datatype][1]
    if not (values.min() >= 0 and values.max() <= most):  # neither is true of what is not a number
        raise Problem(
            400, f"inputs[0].data: expected numbers from 0 to {most}, which is ink, for {datatype}."
        )
    return to_bytes(values) if datatype == "FP32" else values.astype(np.uint8)
