"""What the Open Inference Protocol's bodies look like, for the OpenAPI description."""

from __future__ import annotations

from typing import Any

__all__ = ["PROTOCOL_SCHEMAS"]

_Json = dict[str, Any]


def _object(required: _Json, optional: _Json | None = None) -> _Json:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 1}
_SHAPE = {"type": "array", "items": {"type": "integer"}}
_PARAMETERS = {"type": "object"}
_TENSOR_DESCRIPTION = _object({"name": _TEXT, "datatype": _TEXT, "shape": _SHAPE})

# Two rows of ink in an image of 28x28: enough for an example that a reader can take in.
_EXAMPLE_INPUT = {
    "name": "images",
    "shape": [1, 28, 28],
    "datatype": "UINT8",
    "data": [0] * 280 + [255] * 56 + [0] * 448,
}

PROTOCOL_SCHEMAS: _Json = {
    "Server": _object({"name": _TEXT, "version": _TEXT, "extensions": {"type": "array", "items": _TEXT}}),
    "Live": _object({"live": _FLAG}),
    "Ready": _object({"ready": _FLAG}),
    "ModelReady": _object({"name": _TEXT, "ready": _FLAG}),
    "Model": _object(
        {
            "name": _TEXT,
            "versions": {"type": "array", "items": _TEXT},
            "platform": _TEXT,
            "inputs": {"type": "array", "items": _TENSOR_DESCRIPTION},
            "outputs": {"type": "array", "items": _TENSOR_DESCRIPTION},
        }
    ),
    "InferRequest": {
        **_object(
            {
                "inputs": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": _object(
                        {
                            "name": {"const": "images"},
                            "datatype": {"const": "UINT8"},
                            "shape": {
                                "type": "array",
                                "prefixItems": [_COUNT, {"const": 28}, {"const": 28}],
                                "minItems": 3,
                                "maxItems": 3,
                            },
                        },
                        {
                            "data": {
                                "type": "array",
                                "description": "N x 28 x 28 numbers, 0 paper to 255 ink, nested or flat.",
                            },
                            "parameters": _PARAMETERS,
                        },
                    ),
                }
            },
            {
                "id": _TEXT,
                "parameters": _PARAMETERS,
                "outputs": {
                    "type": "array",
                    "items": _object(
                        {"name": {"enum": ["probabilities", "digit", "refused"]}}, {"parameters": _PARAMETERS}
                    ),
                },
            },
        ),
        "examples": [{"id": "1", "inputs": [_EXAMPLE_INPUT]}],
    },
    "InferResponse": _object(
        {
            "model_name": _TEXT,
            "model_version": _TEXT,
            "outputs": {
                "type": "array",
                "items": _object(
                    {"name": _TEXT, "datatype": _TEXT, "shape": _SHAPE},
                    {"data": {"type": "array"}, "parameters": _PARAMETERS},
                ),
            },
        },
        {"id": _TEXT},
    ),
}
