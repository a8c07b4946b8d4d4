"""Promises about errors: kept as often as they say, and refused where they cannot be made."""

from __future__ import annotations

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController
from numpy.typing import NDArray
from scipy.stats import binom

from inkdigits.errors import ConfigError
from inkdigits.reading.risk_control import risk_bounds, threshold_for


def draw(
    n: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Confidences that are right as often as they say to the power of 1.3, and a few refusals."""
    confidences = 1 / (1 + np.exp(-generator.normal(5, 3, n)))
    right = generator.random(n) < confidences**1.3
    return confidences, right, generator.random(n) < 0.97


def test_the_promise_is_kept_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    confidences, right, accepted = draw(400_000, generator)
    broken = made = 0
    for _ in range(400):
        try:
            threshold, _, _ = threshold_for(risk_bounds(*draw(1500, generator)), 0.02)
        except ConfigError:
            continue
        made += 1
        above = accepted & (confidences >= threshold)
        broken += (~right[above]).mean() > 0.02
    assert made > 300
    assert broken <= binom.ppf(0.999, 400, 0.05)


def test_bounds_tighten_with_the_threshold_and_coverage_shrinks() -> None:
    thresholds, bounds, coverages = np.array(risk_bounds(*draw(5000, np.random.default_rng(1)))).T
    assert (np.diff(thresholds) > 0).all()
    assert (np.diff(bounds) <= 0).all()
    assert (np.diff(coverages) <= 0).all()
    assert coverages[-1] >= 0.5
    assert coverages[0] <= 0.98


def test_a_bound_is_the_exact_binomial_one() -> None:
    n = 1000
    right = np.arange(n) >= 3
    ((_, bound, coverage), *_) = risk_bounds(np.full(n, 0.9), right, np.ones(n, np.bool_))
    assert coverage == 1
    assert binom.cdf(3, n, bound) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.filterwarnings("ignore:Fixed sequence testing requires a monotonic risk")
@pytest.mark.parametrize("seed", range(5))
def test_mapie_chooses_the_same_threshold(seed: int) -> None:
    confidences, right, _ = draw(3000, np.random.default_rng(seed))
    bounds = risk_bounds(confidences, right, np.ones(3000, np.bool_))
    strict_to_lax = np.array([threshold for threshold, _, _ in bounds])[::-1]
    mapie = BinaryClassificationController(
        lambda confidence: np.stack([1 - confidence, confidence], axis=1),
        "precision",
        0.98,
        confidence_level=0.95,
        list_predict_params=strict_to_lax,
        fwer_method="fixed_sequence",
    )
    mapie.calibrate(confidences, right.astype(int))
    ours = int(np.flatnonzero(strict_to_lax == threshold_for(bounds, 0.02)[0])[0])
    theirs = int(np.flatnonzero(strict_to_lax == np.min(mapie.valid_predict_params))[0])
    # Its Hoeffding-Bentkus test is a little less sharp than the exact binomial one: a step later at most.
    assert ours - theirs in (0, 1)


def test_nothing_wrong_still_promises_no_more_than_the_number_of_images_can() -> None:
    n = 600
    rows = risk_bounds(np.full(n, 0.99), np.ones(n, np.bool_), np.ones(n, np.bool_))
    assert rows[0][1] == pytest.approx(1 - 0.05 ** (1 / n))  # the rule of three: about 3 / n


def test_the_laxest_threshold_that_will_do() -> None:
    bounds = [(0.5, 0.03, 1.0), (0.9, 0.01, 0.9), (0.99, 0.004, 0.7)]
    assert threshold_for(bounds, 0.01) == (0.9, 0.01, 0.9)
    assert threshold_for(bounds, 0.5) == bounds[0]
    with pytest.raises(ConfigError, match="the least that this model"):
        threshold_for(bounds, 0.001)


def test_the_least_that_is_named_can_be_asked_for() -> None:
    bounds = [(0.9, 0.03312, 1.0)]
    with pytest.raises(ConfigError, match=r"at least 0\.034,"):
        threshold_for(bounds, 0.033)
    assert threshold_for(bounds, 0.034) == bounds[0]


def test_a_model_without_bounds() -> None:
    with pytest.raises(ConfigError, match="a model file with risk_bounds"):
        threshold_for([], 0.01)


@pytest.mark.parametrize("max_error", [0.0, 1.0, -0.1, float("nan")])
def test_a_bound_that_is_no_fraction(max_error: float) -> None:
    with pytest.raises(ConfigError, match="a fraction between 0 and 1"):
        threshold_for([(0.5, 0.01, 1.0)], max_error)


def test_too_few_accepted_guarantee_nothing() -> None:
    assert risk_bounds(np.full(10, 0.9), np.ones(10, np.bool_), np.arange(10) < 4) == []
