"""JSON answers as typed models: they own the names in what the service says, and its OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

__all__ = ["SCHEMAS", "Answer", "schema_of"]

SCHEMAS = "#/components/schemas/"


class Answer(BaseModel):
    """The body of an answer. Optional members that were not set are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    def response(self, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """The answer with this body."""
        content = self.model_dump_json(exclude_unset=True)
        return Response(content, status, headers, media_type="application/json")


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI has for a body of this form; `description` puts the form in its place."""
    return {"schema": {"$ref": SCHEMAS + model.__name__}}
