"""The OpenAPI description held against the answers, for requests that are made up from it.

Schemathesis makes them: such as the description allows, and such as it forbids. Its own plugin for pytest is
not used; it needs an attribute that pytest no longer has.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inkdigits.web.settings import ServiceSettings
from tests.web.hostile import running_service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
N_EXAMPLES = 25
Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
OPERATIONS = (
    "POST /v1/predict",
    "POST /v1/read",
    "POST /v1/corrections",
    "POST /v1/corrections/numbers",
    "DELETE /v1/corrections/{correction_id}",
    "GET /v1/service",
    "GET /metrics",
    "GET /v2",
    "GET /v2/health/live",
    "GET /v2/health/ready",
    "GET /v2/models/stats",
    "POST /v2/repository/index",
    "GET /v2/models/{name}",
    "GET /v2/models/{name}/ready",
    "GET /v2/models/{name}/config",
    "GET /v2/models/{name}/stats",
    "POST /v2/models/{name}/infer",
    "GET /v2/models/{name}/versions/{version}",
    "GET /v2/models/{name}/versions/{version}/ready",
    "GET /v2/models/{name}/versions/{version}/config",
    "GET /v2/models/{name}/versions/{version}/stats",
    "POST /v2/models/{name}/versions/{version}/infer",
)


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """Of the real service, with corrections on."""
    corrections = tmp_path_factory.mktemp("kept") / "corrections"
    with running_service(ServiceSettings(corrections=corrections)) as service:
        yield openapi.from_url(f"http://{service.host}:{service.settings.port}/openapi.json")


def operations(description: BaseSchema) -> dict[str, Operation]:
    found = {}
    for result in description.get_all_operations():
        assert isinstance(result, Ok), result
        found[result.ok().label] = result.ok()
    return found


def test_every_operation_is_held_to_it(description: BaseSchema) -> None:
    assert tuple(operations(description)) == OPERATIONS


def hold_to_description(operation: Operation, mode: GenerationMode) -> None:
    """Raises where an answer is not as described."""

    @settings(
        max_examples=N_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer_is_as_described(case: Case) -> None:
        case.call_and_validate(checks=CHECKS)

    answer_is_as_described()


@pytest.mark.parametrize("label", OPERATIONS)
def test_requests_that_are_allowed(description: BaseSchema, label: str) -> None:
    hold_to_description(operations(description)[label], GenerationMode.POSITIVE)


@pytest.mark.parametrize("label", [label for label in OPERATIONS if label.startswith("POST")])
def test_requests_that_are_not(description: BaseSchema, label: str) -> None:
    hold_to_description(operations(description)[label], GenerationMode.NEGATIVE)


def test_a_description_that_is_wrong_is_noticed(description: BaseSchema) -> None:
    wrong = copy.deepcopy(description.raw_schema)
    described = wrong["paths"]["/v1/predict"]["post"]["responses"]
    # Which refusal a wrong request meets depends on what Hypothesis makes up; that it meets one does not.
    wrong["paths"]["/v1/predict"]["post"]["responses"] = {"200": described["200"]}
    schema = openapi.from_dict(wrong)
    schema.config.update(base_url=description.get_base_url())
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        hold_to_description(operations(schema)["POST /v1/predict"], GenerationMode.NEGATIVE)
