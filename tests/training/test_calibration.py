"""What a model file says of its logits: temperature, what to refuse, what is promised."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

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
    found = calibrate(logits[:, :10], labels, refusals=(), digits_accepted=0.9, promises=False)
    assert set(found) == {"temperature"}


def test_the_wanted_share_of_digits_is_accepted() -> None:
    logits, labels = made_up_logits()
    found = calibrate(logits, labels, refusals=("not_a_digit", "several"), digits_accepted=0.9, promises=True)
    assert found["refusals"] == ["not_a_digit", "several"]
    digits, others = (np.log(np.exp(part).sum(axis=1)) for part in (logits[:, :10], logits[:, 10:]))
    assert (digits - others >= found["least_digit_log_odds"]).mean() == pytest.approx(0.9, abs=0.001)
    assert found["least_confidence"] == 0.5
    accepted = found["accepted_digits"]
    assert isinstance(accepted, list)
    assert [share for share, _ in accepted] == sorted(share for share, _ in accepted)
    for share, least in accepted:
        assert (digits - others >= least).mean() == pytest.approx(share, abs=0.001)
    assert isinstance(found["risk_bounds"], list)
    thresholds, bounds, coverages = np.array(found["risk_bounds"]).T
    assert 0 <= bounds.min() <= bounds.max() < 0.5
    assert 0.5 <= coverages.min() <= coverages.max() <= 0.9
    assert thresholds[0] == pytest.approx(0.5)
