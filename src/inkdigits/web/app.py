"""The application: its routes, and what stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from inkdigits.web.corrections import CorrectionStore
from inkdigits.web.description import describe
from inkdigits.web.engine import Engine
from inkdigits.web.http.limits import Limits
from inkdigits.web.http.problems import answer_problem
from inkdigits.web.http.telemetry import Metrics, Telemetry
from inkdigits.web.interface_page import interface_page
from inkdigits.web.number_engine import NumberEngine
from inkdigits.web.routes.correcting import correct_routes
from inkdigits.web.routes.describing import ServiceAnswer, describe_routes
from inkdigits.web.routes.pages import interface_routes, page_routes
from inkdigits.web.routes.predicting import predict_routes
from inkdigits.web.routes.protocol import protocol_routes
from inkdigits.web.routes.reading import read_routes
from inkdigits.web.settings import SETTINGS, ServiceSettings

__all__ = ["create_app"]

_VERSION = metadata.version("inkdigits")


def create_app(settings: ServiceSettings) -> FastAPI:
    """The service as an ASGI application. Opens the model.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: corrections cannot be kept, or the model has no threshold for what is asked of it.
    """
    metrics = Metrics()
    engine = Engine(settings, metrics)
    numbers = NumberEngine(settings, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        yield {SETTINGS: settings}
        engine.close()
        numbers.close()

    routes = _routes(settings, engine, numbers, metrics)
    description = describe(routes, version=_VERSION)
    routes += interface_routes(interface_page(description))
    app = FastAPI(routes=routes, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)
    app.openapi = lambda: description  # type: ignore[method-assign]  # as FastAPI's own guide has it
    for route in routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods.add("HEAD")  # as Starlette's own routes have it; not described
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer_problem)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(Telemetry, metrics=metrics, routes=routes)
    return app


def _routes(
    settings: ServiceSettings, engine: Engine, numbers: NumberEngine, metrics: Metrics
) -> list[BaseRoute]:
    """The interface and the page; the busiest routes first, for they are tried in order."""
    service = ServiceAnswer(
        name="inkdigits",
        version=_VERSION,
        model=settings.model.name if settings.model else "the bundled model",
        class_names=list(engine.class_names),
        max_error=settings.max_error,
        digits_accepted=settings.digits_accepted,
        corrections=settings.corrections is not None,
        max_bytes=settings.max_bytes,
    )
    return [
        *predict_routes(engine, settings),
        *read_routes(engine, numbers, settings),
        *correct_routes(engine, numbers, _correction_store(settings, engine)),
        *describe_routes(service, metrics),
        *protocol_routes(engine, settings, version=_VERSION),
        *page_routes(),
    ]


def _correction_store(settings: ServiceSettings, engine: Engine) -> CorrectionStore | None:
    if settings.corrections is None:
        return None
    return CorrectionStore(settings.corrections, class_names=engine.class_names, limits=settings.input_limits)
