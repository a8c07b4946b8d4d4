"""A run's history survives its CSV, and says for how long nothing got better."""

from __future__ import annotations

import math

import pytest

from inkdigits.runs.history import EpochResult, epochs_since_best, history_from_csv, history_to_csv


def history(*validation_losses: float | None) -> list[EpochResult]:
    return [EpochResult(i, 0.1 + 0.2, 1 / 3, loss, None, 1e5) for i, loss in enumerate(validation_losses, 1)]


@pytest.mark.parametrize("losses", [(), (0.5, 0.1 + 0.2), (None,)])
def test_csv_and_back(losses: tuple[float | None, ...]) -> None:
    assert history_from_csv(history_to_csv(history(*losses))) == history(*losses)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((), 0),
        ((0.5,), 0),
        ((0.5, 0.4, 0.3), 0),
        ((0.5, 0.3, 0.4, 0.35), 2),
        ((0.3, 0.3, 0.3), 2),
        ((math.nan, math.nan), 1),
        ((math.nan, 0.5, math.nan), 1),
    ],
)
def test_epochs_since_best(losses: tuple[float, ...], expected: int) -> None:
    assert epochs_since_best(history(*losses)) == expected
