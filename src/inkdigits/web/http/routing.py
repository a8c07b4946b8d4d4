"""How routes are declared: from these, FastAPI writes the description of the interface."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from inkdigits.web.http.problems import Problem, problems

__all__ = ["BYTES", "PICTURES", "body_of", "new_router"]

BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
PICTURES = dict.fromkeys(("image/png", "image/jpeg", "image/*", "application/octet-stream"), BYTES)


def new_router() -> APIRouter:
    """A router whose operations have the names of their functions, and refuse parameters they do not know."""
    return APIRouter(
        route_class=_StrictRoute,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        responses=problems(),
    )


def body_of(content: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its body itself, within the limits, in place of FastAPI.

    Args:
        content: a schema, or what else OpenAPI takes, for each media type.
    """
    return {"requestBody": {"required": True, "content": content}}


class _StrictRoute(APIRoute):
    """Refuses query parameters that its function does not take: a slip of the pen is not to be ignored."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        names = [parameter.alias for parameter in self.dependant.query_params]
        expected = f"the query parameter {' or '.join(names)}" if names else "no query parameters"

        async def answer_strictly(request: Request) -> Response:
            for name in request.query_params:
                if name not in names:
                    raise Problem(
                        400, f"Expected {expected}, found {name[:60]!r}. Correct it or leave it out."
                    )
            return await answer(request)

        return answer_strictly
