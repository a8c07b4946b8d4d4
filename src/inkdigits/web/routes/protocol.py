"""The Open Inference Protocol, so that clients of KServe and Triton can ask for digits.

One model, `inkdigits`, of one version. Its input is images of 28x28; each goes through the normaliser, which
leaves those that are as in MNIST alone.

Source: https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from inkdigits.errors import ImageError
from inkdigits.ink import SIDE
from inkdigits.results import Prediction
from inkdigits.web.engine import Engine, Reading
from inkdigits.web.http.answers import Answer, schema_of
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.problems import Problem, problems
from inkdigits.web.http.routing import BYTES, body_of, new_router
from inkdigits.web.routes.tensors import (
    INPUT_NAME,
    MODEL_NAME,
    MODEL_VERSION,
    OUTPUTS,
    InferAnswer,
    InferRequest,
    read_inference,
)
from inkdigits.web.routes.triton import (
    EXTENSIONS,
    ConfigAnswer,
    StatisticsAnswer,
    add_triton_routes,
    config_answer,
    statistics_answer,
)
from inkdigits.web.settings import ServiceSettings

__all__ = ["protocol_routes"]


class ServerAnswer(Answer):
    """What the server is."""

    name: str
    version: str
    extensions: list[str]


class LiveAnswer(Answer):
    """Whether the process answers."""

    live: bool


class ReadyAnswer(Answer):
    """Whether it can infer: it cannot be asked before its model is loaded."""

    ready: bool


class ModelReadyAnswer(ReadyAnswer):
    """Whether the model can infer."""

    name: str


class TensorDescription(Answer):
    """An input or an output; -1 in its shape for any number."""

    name: str
    datatype: str
    shape: list[int]


class ModelAnswer(Answer):
    """What goes into the model and what comes out."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorDescription]
    outputs: list[TensorDescription]


def protocol_routes(engine: Engine, settings: ServiceSettings, *, version: str) -> list[BaseRoute]:
    """The routes under /v2.

    Args:
        engine: reads the images.
        settings: the limits of one call.
        version: of the package.
    """
    router = new_router()
    server = ServerAnswer(name=MODEL_NAME, version=version, extensions=EXTENSIONS)

    @router.get("/v2", name="server", summary="What the server is.")
    async def answer_server() -> ServerAnswer:
        return server

    @router.get("/v2/health/live", summary="Whether the process answers.")
    async def live() -> LiveAnswer:
        return LiveAnswer(live=True)

    @router.get("/v2/health/ready", summary="Whether it can infer.")
    async def ready() -> ReadyAnswer:
        return ReadyAnswer(ready=True)

    add_triton_routes(router, engine)
    _add_model_routes(router, engine, settings)
    return router.routes


def _add_model_routes(router: APIRouter, engine: Engine, settings: ServiceSettings) -> None:
    model = _model_answer(len(engine.class_names))
    config = config_answer(len(engine.class_names), settings)

    async def answer_model() -> ModelAnswer:
        return model

    async def answer_ready() -> ModelReadyAnswer:
        return ModelReadyAnswer(name=MODEL_NAME, ready=True)

    async def answer_config() -> ConfigAnswer:
        return config

    async def answer_statistics() -> StatisticsAnswer:
        return statistics_answer(engine.statistics)

    async def infer(
        request: Request, inference_header_content_length: Annotated[int | None, Header(ge=0)] = None
    ) -> Response:
        check_type(request, "application/json", "application/octet-stream")
        body = await read_body(request)
        with engine.admit(request):
            inference = await engine.run(read_inference, body, inference_header_content_length, settings)
            predictions = [_prediction(reading) for reading in await engine.read(list(inference.images))]
        return inference.answer(predictions, class_names=engine.class_names)

    by_name = ("/v2/models/{name}", "", [Depends(_check_name)])
    by_version = ("/v2/models/{name}/versions/{version}", "_version", [*by_name[2], Depends(_check_version)])
    for path, suffix, checks in (by_name, by_version):
        endpoints: tuple[tuple[str, str, str, Callable[[], Any]], ...] = (
            ("model", "", "What goes in and what comes out.", answer_model),
            ("model_ready", "/ready", "Whether the model can infer.", answer_ready),
            ("config", "/config", "How Triton would have the model.", answer_config),
            ("statistics", "/stats", "What was read since the start.", answer_statistics),
        )
        for name, below, summary, endpoint in endpoints:
            router.add_api_route(
                path + below,
                endpoint,
                name=name + suffix,
                summary=summary,
                dependencies=checks,
                responses=problems(404),
                response_model_exclude_unset=True,
            )
        router.post(
            f"{path}/infer",
            name=f"infer{suffix}",
            summary="Read N images of 28x28.",
            dependencies=checks,
            response_model=InferAnswer,
            response_description="The outputs; raw after the JSON where that was asked for.",
            responses={200: {"content": {"application/octet-stream": BYTES}}, **problems(404, has_body=True)},
            openapi_extra=body_of(
                {"application/json": schema_of(InferRequest), "application/octet-stream": BYTES}
            ),
        )(infer)


async def _check_name(name: Annotated[str, Path(examples=[MODEL_NAME])]) -> None:
    if name != MODEL_NAME:
        raise Problem(404, f"Expected the model {MODEL_NAME!r}, found {name[:60]!r}.")


async def _check_version(version: Annotated[str, Path(examples=[MODEL_VERSION])]) -> None:
    if version != MODEL_VERSION:
        raise Problem(404, f"Expected version {MODEL_VERSION!r} of {MODEL_NAME!r}, found {version[:60]!r}.")


def _model_answer(n_classes: int) -> ModelAnswer:
    shapes = {"probabilities": [-1, n_classes], "digit": [-1], "refused": [-1]}
    return ModelAnswer(
        name=MODEL_NAME,
        versions=[MODEL_VERSION],
        platform="onnx_onnxv1",
        inputs=[TensorDescription(name=INPUT_NAME, datatype="UINT8", shape=[-1, SIDE, SIDE])],
        outputs=[
            TensorDescription(name=name, datatype=datatype, shape=shapes[name])
            for name, (datatype, _) in OUTPUTS.items()
        ],
    )


def _prediction(reading: Reading | ImageError) -> Prediction:
    if isinstance(reading, ImageError):  # no array of 28x28 bytes is one
        raise reading
    return reading.prediction
