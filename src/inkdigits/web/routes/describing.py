"""What the service is, and how it fares: /v1/service and /metrics."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from inkdigits.web.http.answers import Answer
from inkdigits.web.http.routing import new_router
from inkdigits.web.http.telemetry import Metrics

__all__ = ["ServiceAnswer", "describe_routes"]


class ServiceAnswer(Answer):
    """What the page has to know of the service."""

    name: str
    version: str
    model: str
    class_names: list[str]
    max_error: float | None
    digits_accepted: float | None
    corrections: bool
    max_bytes: int


def describe_routes(service: ServiceAnswer, metrics: Metrics) -> list[BaseRoute]:
    """Both routes."""
    router = new_router()

    @router.get("/v1/service", name="service", summary="What this service is.")
    async def answer_service() -> ServiceAnswer:
        return service

    @router.get(
        "/metrics", name="metrics", summary="Counters for Prometheus.", response_class=PlainTextResponse
    )
    async def answer_metrics() -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    return router.routes
