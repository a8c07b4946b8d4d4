"""The Open Inference Protocol, so that clients of KServe and Triton can ask for digits.

One model, `inkdigits`, of one version. Its input is images of 28x28; each goes through the normaliser, which
leaves those that are as in MNIST alone. Tensors come and go as JSON, or raw after it (Triton's extension
for binary tensors).

Sources: https://github.com/kserve/open-inference-protocol and, for the raw form,
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md

Letters: N images, C classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inkdigits.errors import ImageError
from inkdigits.ink import SIDE
from inkdigits.results import Prediction
from inkdigits.web.engine import Engine
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.problems import Problem
from inkdigits.web.settings import ServiceSettings

__all__ = ["MODEL_NAME", "MODEL_VERSION", "InferenceEndpoints"]

MODEL_NAME, MODEL_VERSION = "inkdigits", "1"
_JSON_LENGTH = "inference-header-content-length"  # where raw tensors follow the JSON
_INPUT = "images"
_IMAGE_SHAPE = (SIDE, SIDE)
_TYPES = {"probabilities": ("FP32", np.float32), "digit": ("INT64", np.int64), "refused": ("BOOL", np.bool_)}


@dataclass(frozen=True, eq=False)
class _Call:
    images: NDArray[np.uint8]  # (N, 28, 28)
    id: str | None
    raw_outputs: dict[str, bool]  # the outputs that are asked for, and which of them raw


class InferenceEndpoints:
    """The routes under /v2.

    Args:
        engine: does the work.
        version: of the package.
        settings: the limits of one call.
    """

    def __init__(self, engine: Engine, *, version: str, settings: ServiceSettings) -> None:
        self._engine = engine
        self._version = version
        self._settings = settings

    async def server(self, request: Request) -> Response:
        """What this server is."""
        extensions = ["binary_tensor_data"]
        return JSONResponse({"name": MODEL_NAME, "version": self._version, "extensions": extensions})

    async def live(self, request: Request) -> Response:
        """Whether the process answers."""
        return JSONResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """Whether it can infer: it cannot be asked before its model is loaded."""
        return JSONResponse({"ready": True})

    async def model(self, request: Request) -> Response:
        """What goes into the model and what comes out."""
        _check_model(request)
        n_classes = len(self._engine.class_names)
        shapes = {"probabilities": [-1, n_classes], "digit": [-1], "refused": [-1]}
        return JSONResponse(
            {
                "name": MODEL_NAME,
                "versions": [MODEL_VERSION],
                "platform": "onnx_onnxv1",
                "inputs": [{"name": _INPUT, "datatype": "UINT8", "shape": [-1, *_IMAGE_SHAPE]}],
                "outputs": [
                    {"name": name, "datatype": datatype, "shape": shapes[name]}
                    for name, (datatype, _) in _TYPES.items()
                ],
            }
        )

    async def model_ready(self, request: Request) -> Response:
        """Whether the model can infer."""
        _check_model(request)
        return JSONResponse({"name": MODEL_NAME, "ready": True})

    async def infer(self, request: Request) -> Response:
        """Read N images."""
        _check_model(request)
        check_type(request, "application/json", "application/octet-stream")
        json_length = request.headers.get(_JSON_LENGTH)
        body = await read_body(request)
        with self._engine.admit(request):
            call = await self._engine.run(_parse, body, json_length, self._settings)
            readings = await self._engine.read(list(call.images))
        predictions = []
        for reading in readings:
            if isinstance(reading, ImageError):
                raise reading
            predictions.append(reading.prediction)
        return _answer(call, predictions, self._engine.class_names)


def _check_model(request: Request) -> None:
    name = request.path_params["name"]
    version = request.path_params.get("version", MODEL_VERSION)
    if (name, version) != (MODEL_NAME, MODEL_VERSION):
        raise Problem(
            404,
            f"Expected the model {MODEL_NAME!r} of version {MODEL_VERSION!r}, found {name[:60]!r} "
            f"of version {version[:60]!r}.",
        )


# What comes in.


def _parse(body: bytes, json_length: str | None, settings: ServiceSettings) -> _Call:
    n_json = _length(json_length, len(body))
    if n_json > settings.max_json_bytes:  # the interpreter does nothing else while it parses
        raise Problem(
            413,
            f"Expected at most {settings.max_json_bytes} bytes of JSON, found {n_json}. "
            "Send fewer images, or raw ones.",
        )
    try:
        call = json.loads(body[:n_json])
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"Expected a body of JSON, found something else ({error}).") from None
    call = _mapping(call, "the body")
    tensor = _only_input(call)
    shape = _shape(tensor, settings.max_images)
    raw_size = _mapping(tensor.get("parameters", {}), "parameters").get("binary_data_size")
    if raw_size is None:
        images = _from_json(tensor.get("data"), shape)
    else:
        images = _from_raw(body[n_json:], raw_size, shape)
    return _Call(images, _id(call), _raw_outputs(call))


def _id(call: dict[str, Any]) -> str | None:
    value = call.get("id")
    if value is None or (isinstance(value, str) and value.isprintable()):
        return value
    raise Problem(400, "id: expected a text that can be printed.")


def _length(json_length: str | None, n_bytes: int) -> int:
    if json_length is None:
        return n_bytes
    if not (json_length.isascii() and json_length.isdigit() and int(json_length[:20]) <= n_bytes):
        raise Problem(400, f"Inference-Header-Content-Length: expected 0 to {n_bytes}, the body's length.")
    return int(json_length)


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem(400, f"{name}: expected a JSON object.")
    return value


def _only_input(call: dict[str, Any]) -> dict[str, Any]:
    inputs = call.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1:
        raise Problem(400, f"inputs: expected a list of one tensor, {_INPUT!r}.")
    tensor = _mapping(inputs[0], "inputs[0]")
    if tensor.get("name") != _INPUT or tensor.get("datatype") != "UINT8":
        found = f"{tensor.get('name')!r:.60} of {tensor.get('datatype')!r:.60}"
        raise Problem(400, f"inputs[0]: expected {_INPUT!r} of 'UINT8', found {found}.")
    return tensor


def _shape(tensor: dict[str, Any], max_images: int) -> tuple[int, int, int]:
    shape = tensor.get("shape")
    is_list = isinstance(shape, list) and all(type(side) is int for side in shape)
    if not is_list or len(shape) != 3 or tuple(shape[1:]) != _IMAGE_SHAPE or shape[0] < 1:  # type: ignore[arg-type,index]
        raise Problem(400, f"inputs[0].shape: expected [N, 28, 28], found {shape!r:.60}.")
    if shape[0] > max_images:  # type: ignore[index]
        raise Problem(413, f"Expected at most {max_images} images in one call, found {shape[0]}.")  # type: ignore[index]
    return shape[0], *_IMAGE_SHAPE  # type: ignore[index]


def _from_json(data: object, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Nested as the shape says, or flat."""
    try:
        values = np.asarray(data)
    except ValueError:  # rows of different lengths
        values = np.empty(0)
    if values.dtype.kind not in "iu" or values.size != np.prod(shape):
        raise Problem(400, f"inputs[0].data: expected {np.prod(shape)} whole numbers for {list(shape)}.")
    if values.min() < 0 or values.max() > 255:
        raise Problem(400, "inputs[0].data: expected numbers from 0 to 255.")
    return values.astype(np.uint8).reshape(shape)


def _from_raw(raw: bytes, size: object, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    expected = int(np.prod(shape))
    if size != expected or len(raw) != expected:
        raise Problem(400, f"inputs[0]: expected {expected} raw bytes after the JSON, found {len(raw)}.")
    return np.frombuffer(raw, np.uint8).reshape(shape)


def _raw_outputs(call: dict[str, Any]) -> dict[str, bool]:
    all_raw = _mapping(call.get("parameters", {}), "parameters").get("binary_data_output") is True
    wanted = call.get("outputs") or [{"name": name} for name in _TYPES]
    if not isinstance(wanted, list):
        raise Problem(400, "outputs: expected a list.")
    raw_outputs = {}
    for output in wanted:
        name = _mapping(output, "outputs").get("name")
        if not isinstance(name, str) or name not in _TYPES:
            raise Problem(400, f"outputs: expected names among {', '.join(_TYPES)}, found {name!r:.60}.")
        parameters = _mapping(output.get("parameters", {}), "parameters")
        raw_outputs[name] = parameters.get("binary_data", all_raw) is True
    return raw_outputs


# What goes out.


def _answer(call: _Call, predictions: list[Prediction], class_names: tuple[str, ...]) -> Response:
    columns: dict[str, list[Any]] = {
        "probabilities": [one.probabilities for one in predictions],  # (N, C)
        "digit": [-1 if one.label is None else class_names.index(one.label) for one in predictions],
        "refused": [one.refused for one in predictions],
    }
    outputs, raw = [], []
    for name, is_raw in call.raw_outputs.items():
        datatype, kind = _TYPES[name]
        tensor: NDArray[Any] = np.asarray(columns[name], kind)
        output: dict[str, object] = {"name": name, "datatype": datatype, "shape": list(tensor.shape)}
        if is_raw:
            raw.append(tensor.tobytes())
            output["parameters"] = {"binary_data_size": len(raw[-1])}
        else:
            output["data"] = tensor.ravel().tolist()
        outputs.append(output)
    answer = {"model_name": MODEL_NAME, "model_version": MODEL_VERSION, "outputs": outputs}
    if call.id is not None:
        answer["id"] = call.id
    if not raw:
        return JSONResponse(answer)
    head = json.dumps(answer).encode()
    headers = {_JSON_LENGTH: str(len(head))}
    return Response(head + b"".join(raw), headers=headers, media_type="application/octet-stream")
