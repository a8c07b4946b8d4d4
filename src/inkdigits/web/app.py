"""The application: its routes, and what stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inkdigits.pictures.images import InputLimits
from inkdigits.web.corrections import CorrectionStore
from inkdigits.web.description import describe
from inkdigits.web.engine import Engine
from inkdigits.web.http.limits import Limits
from inkdigits.web.http.problems import answer_problem
from inkdigits.web.http.telemetry import Metrics, Telemetry
from inkdigits.web.routes.correcting import CorrectEndpoint
from inkdigits.web.routes.pages import page_routes
from inkdigits.web.routes.predicting import PredictEndpoint
from inkdigits.web.routes.protocol import InferenceEndpoints
from inkdigits.web.settings import SETTINGS, ServiceSettings

__all__ = ["create_app"]

_VERSION = metadata.version("inkdigits")


def create_app(settings: ServiceSettings) -> FastAPI:
    """The service as an ASGI application. Opens the model.

    The routes are Starlette's: they do what FastAPI would do around them by hand, and quicker.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: corrections cannot be kept.
    """
    metrics = Metrics()
    engine = Engine(settings, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        yield {SETTINGS: settings}
        engine.close()

    async def answer_metrics(request: Request) -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    routes = [*_routes(settings, engine), Route("/metrics", answer_metrics), *page_routes()]
    app = FastAPI(
        title="inkdigits",
        version=_VERSION,
        routes=list(routes),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    description = describe(settings, engine.class_names, version=_VERSION)
    app.openapi = lambda: description  # type: ignore[method-assign]  # as FastAPI's own guide has it
    app.add_exception_handler(HTTPException, answer_problem)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(Telemetry, metrics=metrics, routes=routes)
    return app


def _routes(settings: ServiceSettings, engine: Engine) -> list[Route]:
    """The interface; the busiest routes first, for they are tried in order."""
    predicting = PredictEndpoint(engine, max_parts=settings.max_parts)
    correcting = CorrectEndpoint(engine, _correction_store(settings, engine))
    inference = InferenceEndpoints(engine, version=_VERSION, settings=settings)
    described = {
        "name": "inkdigits",
        "version": _VERSION,
        "model": settings.model.name if settings.model else "the bundled model",
        "class_names": list(engine.class_names),
        "corrections": settings.corrections is not None,
        "max_bytes": settings.max_bytes,
    }

    async def service(request: Request) -> Response:
        return JSONResponse(described)

    return [
        Route("/v1/predict", predicting.predict, methods=["POST"]),
        Route("/v1/service", service),
        Route("/v1/corrections", correcting.correct, methods=["POST"]),
        Route("/v2", inference.server),
        Route("/v2/health/live", inference.live),
        Route("/v2/health/ready", inference.ready),
        *(
            route
            for model in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
            for route in (
                Route(model, inference.model),
                Route(f"{model}/ready", inference.model_ready),
                Route(f"{model}/infer", inference.infer, methods=["POST"]),
            )
        ),
    ]


def _correction_store(settings: ServiceSettings, engine: Engine) -> CorrectionStore | None:
    if settings.corrections is None:
        return None
    limits = InputLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    return CorrectionStore(settings.corrections, class_names=engine.class_names, limits=limits)
