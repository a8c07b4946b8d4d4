"""The OpenAPI description, by hand: the routes answer without FastAPI's machinery, which would write it.

A test holds it against the routes; schemathesis holds it against what they answer.
"""

from __future__ import annotations

from typing import Any

from inkdigits.web.routes.protocol_schemas import PROTOCOL_SCHEMAS
from inkdigits.web.settings import ServiceSettings

__all__ = ["describe"]

_Json = dict[str, Any]

_PREDICTION = {
    "digit": 7,
    "confidence": 0.9991,
    "probabilities": [0.0, 0.0001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9991, 0.0, 0.0008],
    "refused": False,
    "reason": None,
    "box": [66, 44, 88, 132],
}
_WHEN = {
    400: "The request makes no sense.",
    403: "The Origin is another site's.",
    404: "There is no such thing here.",
    408: "The body did not come in time.",
    413: "The body, or something in it, is too large.",
    415: "The body is of another type.",
    421: "The service is not called by this Host.",
    422: "No readable picture, or no known label.",
    429: "Too many requests of one client wait.",
    500: "A fault of the service.",
    503: "More is asked than can be answered soon.",
    507: "The folder of corrections is full.",
}
_ALWAYS = (400, 421, 500, 503)
_OF_BODIES = (*_ALWAYS, 403, 408, 413, 415, 429)


def describe(settings: ServiceSettings, class_names: tuple[str, ...], *, version: str) -> _Json:
    """The description of a service with these settings and classes."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inkdigits",
            "version": version,
            "summary": "Reads handwritten digits.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/v1/predict": {"post": _predict(settings)},
            "/v1/corrections": {"post": _correct(class_names)},
            "/v1/service": {"get": _get("service", "What this service is.", "Service")},
            "/metrics": {"get": _metrics()},
            "/v2": {"get": _get("server", "Open Inference Protocol: the server.", "Server")},
            "/v2/health/live": {"get": _get("live", "Whether the process answers.", "Live")},
            "/v2/health/ready": {"get": _get("ready", "Whether it can infer.", "Ready")},
            **_model_paths("/v2/models/{name}", ""),
            **_model_paths("/v2/models/{name}/versions/{version}", "_version"),
        },
        "components": {"schemas": _schemas(class_names) | PROTOCOL_SCHEMAS},
    }


def _ref(schema: str) -> _Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _responses(answer: _Json, statuses: tuple[int, ...], *, status: int = 200) -> _Json:
    """The answer of success, and a problem for each other status."""
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    described: _Json = {str(status): answer}
    for number in sorted(statuses):
        described[str(number)] = {"description": _WHEN[number], "content": problem}
        if number in (429, 503):
            wait = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            described[str(number)]["headers"] = {"Retry-After": wait}
    return described


def _json_answer(schema: str) -> _Json:
    return {"description": "Done.", "content": {"application/json": {"schema": _ref(schema)}}}


def _get(name: str, summary: str, schema: str) -> _Json:
    return {"operationId": name, "summary": summary, "responses": _responses(_json_answer(schema), _ALWAYS)}


def _picture_types() -> _Json:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return dict.fromkeys(("image/png", "image/jpeg", "image/*", "application/octet-stream"), binary)


def _predict(settings: ServiceSettings) -> _Json:
    form = {
        "schema": {
            "type": "object",
            "properties": {
                "pictures": {
                    "type": "array",
                    "items": {"type": "string", "format": "binary"},
                    "minItems": 1,
                    "maxItems": settings.max_parts,
                }
            },
            "required": ["pictures"],
        }
    }
    unread = {"path": "notes.txt", "error": "expected a picture, found ..."}
    several = {"predictions": [{"path": "seven.png", **_PREDICTION}, unread]}
    answer = {
        "description": "What was read. Of a form, one answer per file, in order.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [_ref("Prediction"), _ref("Predictions")]},
                "examples": {"one picture": {"value": _PREDICTION}, "a form": {"value": several}},
            }
        },
    }
    return {
        "operationId": "predict",
        "summary": "Read the digit in a picture, or in each of several.",
        "description": f"At most {settings.max_bytes} bytes, and {settings.max_pixels} pixels a picture.",
        "parameters": [
            {
                "name": "explain",
                "in": "query",
                "description": "Show what the model saw, too.",
                "schema": {"type": "string", "enum": ["true", "false"], "default": "false"},
            }
        ],
        "requestBody": {"required": True, "content": {**_picture_types(), "multipart/form-data": form}},
        "responses": _responses(answer, (*_OF_BODIES, 422)),
    }


def _correct(class_names: tuple[str, ...]) -> _Json:
    return {
        "operationId": "correct",
        "summary": "Say what a picture shows that was read wrong. It is kept to learn from.",
        "parameters": [
            {
                "name": "label",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "enum": list(class_names)},
                "example": class_names[-1],
            }
        ],
        "requestBody": {"required": True, "content": _picture_types()},
        "responses": _responses(_json_answer("Correction"), (*_OF_BODIES, 404, 422, 507), status=201),
    }


def _metrics() -> _Json:
    text = {"text/plain": {"schema": {"type": "string"}}}
    answer = {"description": "In Prometheus's text format.", "content": text}
    return {
        "operationId": "metrics",
        "summary": "Counters for Prometheus.",
        "responses": _responses(answer, _ALWAYS),
    }


def _model_paths(path: str, suffix: str) -> _Json:
    """The routes of the one model, with a version in the path or without."""
    parts = {"name": "inkdigits", "version": "1"} if suffix else {"name": "inkdigits"}
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}, "example": example}
        for part, example in parts.items()
    ]

    def get(name: str, summary: str, schema: str) -> _Json:
        statuses = (*_ALWAYS, 404)
        return {
            "operationId": name + suffix,
            "summary": summary,
            "parameters": parameters,
            "responses": _responses(_json_answer(schema), statuses),
        }

    binary = {"schema": {"type": "string", "format": "binary"}}
    inference = {
        "operationId": f"infer{suffix}",
        "summary": "Read N images of 28x28.",
        "parameters": [
            *parameters,
            {
                "name": "Inference-Header-Content-Length",
                "in": "header",
                "description": "Bytes of JSON at the start of the body, where raw tensors follow.",
                "schema": {"type": "integer", "minimum": 0},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("InferRequest")},
                "application/octet-stream": binary,
            },
        },
        "responses": _responses(
            {
                "description": "The outputs; raw after the JSON where that was asked for.",
                "content": {
                    "application/json": {"schema": _ref("InferResponse")},
                    "application/octet-stream": binary,
                },
            },
            (*_OF_BODIES, 404),
        ),
    }
    return {
        path: {"get": get("model", "What goes in and what comes out.", "Model")},
        f"{path}/ready": {"get": get("model_ready", "Whether the model can infer.", "ModelReady")},
        f"{path}/infer": {"post": inference},
    }


def _schemas(class_names: tuple[str, ...]) -> _Json:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    text = {"type": "string"}
    prediction = {
        "digit": {"type": ["integer", "null"], "minimum": 0, "maximum": 9},
        "label": {"type": "string", "enum": list(class_names)},
        "confidence": share,
        "probabilities": {
            "type": "array",
            "items": share,
            "minItems": len(class_names),
            "maxItems": len(class_names),
        },
        "refused": {"type": "boolean"},
        "reason": {"enum": ["blank", "not_a_digit", "several", "unclear", None]},
        "box": {
            "type": ["array", "null"],
            "items": {"type": "integer", "minimum": 0},
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, top, width and height in pixels of the upright picture.",
        },
        "seen": {
            "type": "object",
            "properties": {
                "ink": {"type": "string", "description": "A PNG of 28x28 as a data URL, ink white on black."},
                "width": {"type": "integer"},
                "height": {"type": "integer"},
            },
            "required": ["ink", "width", "height"],
        },
    }
    always = [name for name in prediction if name not in ("label", "seen")]
    return {
        "Prediction": _object(prediction, always, example=_PREDICTION),
        "Predictions": _object(
            {
                "predictions": {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            _object({"path": text, **prediction}, ["path", *always]),
                            _object({"path": text, "error": text}, ["path", "error"]),
                        ]
                    },
                }
            }
        ),
        "Correction": _object(
            {"label": text, "stored": {"type": "integer"}}, example={"label": "4", "stored": 17}
        ),
        "Service": _object(
            {
                "name": text,
                "version": text,
                "model": text,
                "class_names": {"type": "array", "items": text},
                "corrections": {"type": "boolean"},
                "max_bytes": {"type": "integer"},
            }
        ),
        "Problem": _object(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "instance": text,
                "error": {"type": "string", "description": "The detail once more, under /v2."},
            },
            ["type", "title", "status", "detail"],
        ),
    }


def _object(properties: _Json, required: list[str] | None = None, *, example: _Json | None = None) -> _Json:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }
    return schema if example is None else {**schema, "examples": [example]}
