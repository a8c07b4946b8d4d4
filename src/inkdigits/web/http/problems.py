"""Errors as the service tells them: problem+json.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

__all__ = ["Problem", "answer_problem", "problem_response"]

_TRY_AGAIN_S = 1


class Problem(HTTPException):
    """An error that the client is told: a status and a sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)


def problem_response(
    status: int, detail: str, *, request_id: str, path: str, headers: dict[str, str] | None = None
) -> Response:
    """The answer for an error.

    Args:
        status: of HTTP.
        detail: what was expected, what came and what to do; for people.
        request_id: the same as in the log.
        path: what was asked for; under /v2 the Open Inference Protocol's own member `error` is added.
        headers: of the answer; Retry-After is added where trying again may help.
    """
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request_id,
    }
    if path.startswith("/v2"):
        problem["error"] = detail
    if status in (429, 503):
        headers = {"retry-after": str(_TRY_AGAIN_S), **(headers or {})}
    return JSONResponse(problem, status, headers=headers, media_type="application/problem+json")


async def answer_problem(request: Request, error: Exception) -> Response:
    """What Starlette calls for every `HTTPException`, its own for 404 and 405 among them."""
    assert isinstance(error, HTTPException)
    details = {
        404: f"Nothing is here. The interface is described at {request.base_url}openapi.json.",
        405: f"{request.method} is not possible here.",
    }
    is_own = isinstance(error, Problem)
    return problem_response(
        error.status_code,
        error.detail if is_own else details.get(error.status_code, error.detail),
        request_id=request.state.request_id,
        path=request.url.path,
        headers=dict(error.headers or {}),
    )
