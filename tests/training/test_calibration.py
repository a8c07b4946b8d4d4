"""What calibration measures: the temperature, the thresholds of refusal, the risk bounds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.reading.model_file import ModelRecord
from inkdigits.results import Reason, Refusal
from inkdigits.training.calibration import calibrate, fit_temperature


def made_up_logits(n: int = 4000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Calibrated logits of ten digits, twice too large, and two more outputs."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 6, (n, 10))
    labels = np.array(
        [generator.choice(10, p=row) for row in np.exp(logits) / np.exp(logits).sum(1)[:, None]]
    )
    return np.concatenate([2 * logits, generator.normal(-3, 1, (n, 2))], axis=1), labels


def test_the_temperature_undoes_what_was_overdone() -> None:
    logits, labels = made_up_logits()
    assert fit_temperature(logits[:, :10], labels) == pytest.approx(2, abs=0.15)


def test_digits_alone_have_a_temperature_and_no_more() -> None:
    logits, labels = made_up_logits()
    record = calibrate(logits[:, :10], labels, refusals=(), digits_accepted=0.9, promises=False)
    assert record == ModelRecord(record.temperature)


def test_the_wanted_fraction_of_digits_is_accepted() -> None:
    logits, labels = made_up_logits()
    refusals: tuple[Refusal, ...] = (Reason.NOT_A_DIGIT, Reason.SEVERAL)
    record = calibrate(logits, labels, refusals=refusals, digits_accepted=0.9, promises=True)
    assert record.refusals == refusals
    digits, others = (np.log(np.exp(part).sum(axis=1)) for part in (logits[:, :10], logits[:, 10:]))
    assert (digits - others >= record.least_digit_log_odds).mean() == pytest.approx(0.9, abs=0.001)
    assert record.least_confidence == 0.5
    assert [fraction for fraction, _ in record.accepted_digits][::8] == [0.9, 0.999]
    for fraction, least in record.accepted_digits:
        assert (digits - others >= least).mean() == pytest.approx(fraction, abs=0.001)
    thresholds, bounds, coverages = np.array(record.risk_bounds).T
    assert 0 <= bounds.min() <= bounds.max() < 0.5
    assert 0.5 <= coverages.min() <= coverages.max() <= 0.9
    assert thresholds[0] == pytest.approx(0.5)
