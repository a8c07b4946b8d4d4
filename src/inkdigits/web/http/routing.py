"""How routes are declared: from these, FastAPI writes the description of the interface."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

__all__ = ["BYTES", "PICTURES", "SCHEMAS", "body_of", "new_router", "schema_of"]

SCHEMAS = "#/components/schemas/"
BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
PICTURES = dict.fromkeys(("image/png", "image/jpeg", "image/*", "application/octet-stream"), BYTES)


def new_router() -> APIRouter:
    """A router whose operations have the names of their functions."""
    return APIRouter(redirect_slashes=False, generate_unique_id_function=_name)


def body_of(content: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body itself, within the limits, in place of FastAPI.

    Args:
        content: a schema, or what else OpenAPI takes, for each media type.
    """
    return {"requestBody": {"required": True, "content": content}}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI has for a body of this form; `description` puts the form in its place."""
    return {"schema": {"$ref": SCHEMAS + model.__name__}}


def _name(route: APIRoute) -> str:
    return route.name
