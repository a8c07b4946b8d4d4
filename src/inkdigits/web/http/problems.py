"""Errors as the service tells them: problem+json.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inkdigits.web.http.answers import Answer, schema_of

__all__ = [
    "PROBLEM_TYPE",
    "Problem",
    "ProblemDetails",
    "answer_problem",
    "fault_in",
    "problem_response",
    "problems",
]

PROBLEM_TYPE = "application/problem+json"
_TRY_AGAIN_S = 1
_TRY_AGAIN = (429, 503)
_LONGEST = 60  # characters of what came that are told back

# When each status is answered, for the description.
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
_OF_BODIES = (403, 408, 413, 415, 429)


class Problem(HTTPException):
    """An error that the client is told: a status and a sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)


class ProblemDetails(Answer):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What was expected, what came, and what to do.")
    instance: str = Field("", description="The id of the request, which its log has too.")
    error: str = Field("", description="The detail once more, under /v2.")


def problem_response(
    status: int,
    detail: str,
    *,
    request_id: str | None = None,
    path: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for an error.

    Args:
        status: of HTTP.
        detail: what was expected, what came and what to do; for people.
        request_id: the same as in the log; None for what never became a request.
        path: what was asked for; under /v2 the Open Inference Protocol's own member `error` is added.
        headers: of the answer; Retry-After is added where trying again may help.
    """
    optional = {} if request_id is None else {"instance": request_id}
    if path.startswith("/v2"):
        optional["error"] = detail
    details = ProblemDetails(
        type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail, **optional
    )
    wait = {"retry-after": str(_TRY_AGAIN_S)} if status in _TRY_AGAIN else {}
    return details.response(status, {"content-type": PROBLEM_TYPE, **wait, **(headers or {})})


def problems(*statuses: int, has_body: bool = False) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with these problems, and with those that every route has.

    Args:
        statuses: those that only some routes have.
        has_body: whether the route takes a body, which can be refused in further ways.
    """
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, *_ALWAYS, *(_OF_BODIES if has_body else ())}):
        described[status] = {
            "description": _WHEN[status],
            "content": {PROBLEM_TYPE: schema_of(ProblemDetails)},
        }
        if status in _TRY_AGAIN:
            wait = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            described[status]["headers"] = {"Retry-After": wait}
    return described


def fault_in(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence that begins with the member it is about."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).strip(".")
    subject = f"{name}: " if name else ""
    if error["type"] == "missing":
        return f"{subject}expected a value, found nothing."
    if error["type"] == "extra_forbidden":
        return f"{subject}not supported here. Leave it out."
    expected = str(error["msg"]).replace("Input should be ", "expected ")
    return f"{subject}{expected}, found {error['input']!r:.{_LONGEST}}."


async def answer_problem(request: Request, error: Exception) -> Response:
    """What the application calls for every `HTTPException`, Starlette's own for 404 and 405 among them."""
    headers: Mapping[str, str] = {}
    if isinstance(error, RequestValidationError):
        first = {**error.errors()[0], "loc": error.errors()[0]["loc"][1:]}  # without "query" or "header"
        status, detail = 422 if first["type"] == "missing" else 400, fault_in(first)
    elif isinstance(error, Problem):
        status, detail = error.status_code, error.detail
    elif isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers or {}
        detail = _way_out(request, status, headers) or error.detail
    else:
        raise error
    return problem_response(
        status, detail, request_id=request.state.request_id, path=request.url.path, headers=headers
    )


def _way_out(request: Request, status: int, headers: Mapping[str, str]) -> str | None:
    """What to ask in place of what is not here."""
    described = f"{request.base_url}openapi.json describes the interface."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"Expected {headers.get('Allow', 'another method')}, found {request.method}. {described}"
    if status == HTTPStatus.NOT_FOUND:
        paths = [route.path for route in request.app.routes if isinstance(route, Route)]
        near = get_close_matches(request.url.path[:_LONGEST], paths, n=1)
        return f"Nothing is here.{f' Is {near[0]} meant?' if near else ''} {described}"
    return None
