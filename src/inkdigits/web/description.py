"""The OpenAPI description: FastAPI writes it from the routes, and this puts right what it cannot know.

Routes read their bodies themselves and raise problems in place of FastAPI's own errors. Tests hold the
description against the routes and, with schemathesis, against what they answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.routing import BaseRoute

from inkdigits.web.http.answers import SCHEMAS
from inkdigits.web.http.problems import ProblemDetails
from inkdigits.web.routes.predicting import PredictionAnswer
from inkdigits.web.routes.reading import ReadingAnswer
from inkdigits.web.routes.tensors import InferRequest
from inkdigits.web.routes.triton import IndexRequest

__all__ = ["describe"]


def describe(routes: Sequence[BaseRoute], *, version: str) -> dict[str, Any]:
    """The description of a service with these routes."""
    description = get_openapi(
        title="inkdigits",
        version=version,
        summary="Reads handwritten digits.",
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=routes,
    )
    # Bodies that no signature names, and one whose example FastAPI would leave the nulls out of.
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (ProblemDetails, "serialization"),
        (PredictionAnswer, "serialization"),
        (ReadingAnswer, "serialization"),
        (InferRequest, "validation"),
        (IndexRequest, "validation"),
    ]
    _, of_ours = models_json_schema(models, ref_template=SCHEMAS + "{model}")
    schemas = description["components"]["schemas"]
    schemas |= of_ours["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in description["paths"].values():
        for operation in operations.values():
            # FastAPI's own error, of media type application/json, where no route of ours says 422.
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    return description
