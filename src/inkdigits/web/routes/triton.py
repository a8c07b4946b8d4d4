"""What Triton's clients ask beyond the Open Inference Protocol: configuration, statistics, repository index.

Sources: https://github.com/triton-inference-server/server/blob/main/docs/protocol, the extensions so named,
and model_config.proto of triton-inference-server/common.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError
from starlette.requests import Request

from inkdigits.ink import SIDE
from inkdigits.web.engine import Engine
from inkdigits.web.http.answers import Answer, schema_of
from inkdigits.web.http.bodies import read_body
from inkdigits.web.http.problems import Problem, fault_in, problems
from inkdigits.web.routes.tensors import INPUT_NAME, MODEL_NAME, MODEL_VERSION, OUTPUTS
from inkdigits.web.settings import ServiceSettings
from inkdigits.web.statistics import Duration, Statistics

__all__ = [
    "EXTENSIONS",
    "ConfigAnswer",
    "IndexRequest",
    "StatisticsAnswer",
    "add_triton_routes",
    "config_answer",
    "statistics_answer",
]

EXTENSIONS = ["binary_tensor_data", "model_configuration", "statistics"]


class TensorConfig(Answer):
    """An input or an output of one image."""

    name: str
    data_type: str
    dims: list[int]
    reshape: dict[str, list[int]] | None = None


class ConfigAnswer(Answer):
    """The model's configuration, as `ModelConfig` of Triton has it; shapes are those of one image."""

    name: str
    platform: str
    backend: str
    version_policy: dict[str, dict[str, int]]
    max_batch_size: int
    input: list[TensorConfig]
    output: list[TensorConfig]


class DurationStatistics(Answer):
    """How often, and how long in all."""

    count: int
    ns: int


class InferenceStatistics(Answer):
    """Of requests; what is not measured has a count of 0."""

    success: DurationStatistics
    fail: DurationStatistics
    queue: DurationStatistics
    compute_input: DurationStatistics
    compute_infer: DurationStatistics
    compute_output: DurationStatistics


class BatchStatistics(Answer):
    """Of batches of one size."""

    batch_size: int
    compute_input: DurationStatistics
    compute_infer: DurationStatistics
    compute_output: DurationStatistics


class ModelStatistics(Answer):
    """What one process did since it started, by whichever route it was asked."""

    name: str
    version: str
    last_inference: int
    inference_count: int
    execution_count: int
    inference_stats: InferenceStatistics
    batch_stats: list[BatchStatistics]


class StatisticsAnswer(Answer):
    """The statistics of the one model."""

    model_stats: list[ModelStatistics]


class IndexRequest(BaseModel):
    """Which models to list."""

    model_config = ConfigDict(strict=True, frozen=True)

    ready: bool = False


class IndexEntry(Answer):
    """A model of the repository."""

    name: str
    version: str
    state: str
    reason: str


class IndexAnswer(RootModel[list[IndexEntry]]):
    """The models of the repository: one, and it is ready."""


def config_answer(n_classes: int, settings: ServiceSettings) -> ConfigAnswer:
    """The configuration of the one model."""
    scalar: dict[str, Any] = {"dims": [1], "reshape": {"shape": []}}  # Triton has no tensors without a side
    return ConfigAnswer(
        name=MODEL_NAME,
        platform="onnxruntime_onnx",
        backend="onnxruntime",
        version_policy={"latest": {"num_versions": 1}},
        max_batch_size=settings.max_images,
        input=[TensorConfig(name=INPUT_NAME, data_type="TYPE_UINT8", dims=[SIDE, SIDE])],
        output=[
            TensorConfig(
                name=name,
                data_type=f"TYPE_{datatype}",
                **({"dims": [n_classes]} if name == "probabilities" else scalar),
            )
            for name, (datatype, _) in OUTPUTS.items()
        ],
    )


def statistics_answer(statistics: Statistics) -> StatisticsAnswer:
    """What was measured. Decoding and normalising are part of `compute_infer`."""

    def measured(duration: Duration) -> DurationStatistics:
        return DurationStatistics(count=duration.count, ns=duration.ns)

    def computed(duration: Duration) -> dict[str, DurationStatistics]:
        nothing = measured(Duration())
        return {"compute_input": nothing, "compute_infer": measured(duration), "compute_output": nothing}

    by_size = sorted(statistics.batches.items())
    batches = Duration(sum(one.count for _, one in by_size), sum(one.ns for _, one in by_size))
    model = ModelStatistics(
        name=MODEL_NAME,
        version=MODEL_VERSION,
        last_inference=statistics.last_ms,
        inference_count=statistics.n_pictures,
        execution_count=batches.count,
        inference_stats=InferenceStatistics(
            success=measured(statistics.success),
            fail=measured(statistics.failure),
            queue=measured(statistics.queue),
            **computed(batches),
        ),
        batch_stats=[BatchStatistics(batch_size=size, **computed(one)) for size, one in by_size],
    )
    return StatisticsAnswer(model_stats=[model])


def add_triton_routes(router: APIRouter, engine: Engine) -> None:
    """The routes that name no model; those that do come before `/v2/models/{name}`, which would take them."""

    @router.get("/v2/models/stats", summary="What was read since the start.")
    async def all_statistics() -> StatisticsAnswer:
        return statistics_answer(engine.statistics)

    @router.post(
        "/v2/repository/index",
        summary="Which models there are.",
        responses=problems(has_body=True),
        openapi_extra={"requestBody": {"content": {"application/json": schema_of(IndexRequest)}}},
    )
    async def index(request: Request) -> IndexAnswer:
        body = await read_body(request)
        try:
            IndexRequest.model_validate_json(body or b"{}")
        except ValidationError as error:
            raise Problem(400, fault_in(error.errors(include_url=False)[0])) from None
        return IndexAnswer([IndexEntry(name=MODEL_NAME, version=MODEL_VERSION, state="READY", reason="")])
