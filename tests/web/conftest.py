"""What every attempt on the service is followed by: it lives, answers as before, and has kept nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.hostile import GOOD, LiveService


@pytest.fixture(scope="module")
def answer_before(service: LiveService) -> bytes:
    """What a good picture is answered while nothing is wrong."""
    answer = service.post(GOOD, "image/png")
    assert answer.status == 200
    assert answer.json()["digit"] == 7
    return answer.body


@pytest.fixture
def lives_on(service: LiveService, answer_before: bytes) -> Iterator[None]:
    """Look at the module's `service` after each test."""
    yield
    assert service.process.poll() is None, "the process ended"
    assert service.post(GOOD, "image/png").body == answer_before
    kept = service.settings.corrections
    assert kept is None or not [path for path in kept.rglob("*") if path.is_file()]
