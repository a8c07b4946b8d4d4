"""Every metric against an oracle that is written another way: by hand, by loop, or by scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from inkdigits.errors import ConfigError, DatasetError
from inkdigits.metrics import (
    DigitScores,
    accuracy_interval,
    area_under_risk_coverage,
    calibration_error,
    confusion_matrix,
    coverage_at_risk,
    log_loss,
    per_digit_scores,
    reliability_bins,
    risk_coverage,
)

# Few distinct confidences, so that ties and bin edges come up often.
judged = st.lists(
    st.tuples(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.2, 0.5, 0.6, 1.0])), st.booleans()),
    min_size=1,
    max_size=40,
)
readings = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60)


def split_pairs(pairs: list[tuple[float, bool]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([sure for sure, _ in pairs]), np.array([right for _, right in pairs])


# --- accuracy -------------------------------------------------------------------------------------


def test_interval_is_the_textbook_one() -> None:
    interval = accuracy_interval(8, 10)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.4902, 0.9433)


@given(n=st.integers(1, 5000), share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_interval_follows_wilsons_formula(n: int, share: float) -> None:
    n_right = round(share * n)
    z = 1.959963984540054
    p = n_right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    interval = accuracy_interval(n_right, n)
    assert interval.low == pytest.approx(max(middle - half, 0), abs=1e-9)
    assert interval.high == pytest.approx(min(middle + half, 1), abs=1e-9)
    assert interval.low - 1e-12 <= p <= interval.high + 1e-12


@pytest.mark.parametrize(("n_right", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_interval_refuses_impossible_counts(n_right: int, n: int) -> None:
    with pytest.raises(ConfigError, match=f"n_right={n_right}, n={n}"):
        accuracy_interval(n_right, n)


# --- log loss -------------------------------------------------------------------------------------


def test_log_loss_of_a_guess_is_the_logarithm_of_ten() -> None:
    assert log_loss(np.full((3, 10), 0.1), np.array([0, 4, 9])) == pytest.approx(math.log(10))


def test_log_loss_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.full(10, 0.3), size=200)
    labels = random.integers(0, 10, 200)
    expected = sklearn_metrics.log_loss(labels, probabilities, labels=np.arange(10))
    assert log_loss(probabilities, labels) == pytest.approx(expected)


def test_log_loss_stays_finite_when_the_truth_was_ruled_out() -> None:
    assert log_loss(np.eye(10)[[3]], np.array([4])) == pytest.approx(-math.log(2.0**-52))
    assert log_loss(np.eye(10)[[3]], np.array([3])) == 0.0


def test_log_loss_refuses_rows_of_another_length() -> None:
    with pytest.raises(DatasetError, match=r"\(3, 9\)"):
        log_loss(np.full((3, 9), 1 / 9), np.array([0, 1]))


# --- confusion and scores -------------------------------------------------------------------------


@given(readings)
@settings(max_examples=50, deadline=None)
def test_confusion_matrix_counts_label_by_reading(pairs: list[tuple[int, int]]) -> None:
    labels, digits = np.array(pairs).T
    expected = np.zeros((10, 10), dtype=int)
    for label, digit in pairs:
        expected[label, digit] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, digits), expected)


@given(readings)
@settings(max_examples=50, deadline=None)
def test_scores_follow_from_counting(pairs: list[tuple[int, int]]) -> None:
    labels, digits = np.array(pairs).T
    for scores in per_digit_scores(labels, digits):
        hits = sum(label == digit == scores.digit for label, digit in pairs)
        n_read = sum(digit == scores.digit for _, digit in pairs)
        n_there = sum(label == scores.digit for label, _ in pairs)
        assert scores.support == n_there
        assert scores.precision == pytest.approx(hits / n_read if n_read else 0)
        assert scores.recall == pytest.approx(hits / n_there if n_there else 0)
        assert scores.f1 == pytest.approx(2 * hits / (n_read + n_there) if n_read + n_there else 0)


def test_scores_of_a_worked_example() -> None:
    scores = per_digit_scores(np.array([7, 7, 7, 1]), np.array([7, 7, 1, 1]))
    assert [each.digit for each in scores] == list(range(10))
    assert scores[7] == DigitScores(7, precision=1.0, recall=2 / 3, f1=0.8, support=3)
    assert scores[0] == DigitScores(0, 0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize("measure", [confusion_matrix, per_digit_scores])
@pytest.mark.parametrize(
    ("labels", "digits", "said"),
    [
        ([], [], r"\(0,\)"),
        ([1, 2], [1], r"\(2,\) and \(1,\)"),
        ([1, 10], [1, 1], "from 1 to 10"),
        ([1, 1], [-1, 1], "from -1 to 1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    measure: Callable[[NDArray[np.int64], NDArray[np.int64]], object],
    labels: list[int],
    digits: list[int],
    said: str,
) -> None:
    with pytest.raises(DatasetError, match=said):
        measure(np.array(labels, np.int64), np.array(digits, np.int64))


# --- calibration ----------------------------------------------------------------------------------


def test_calibration_error_of_a_worked_example() -> None:
    # Two bins: (0, 0.5] says 0.4 and is right half of the time, (0.5, 1] says 0.9 and is always right.
    confidences = np.array([0.3, 0.5, 0.9, 0.9])
    right = np.array([False, True, True, True])
    low, high = reliability_bins(confidences, right, n_bins=2)
    assert (low.low, low.high, low.count, low.accuracy) == (0.0, 0.5, 2, 0.5)
    assert low.mean_confidence == pytest.approx(0.4)
    assert (high.low, high.high, high.count, high.accuracy) == (0.5, 1.0, 2, 1.0)
    assert calibration_error(confidences, right, n_bins=2) == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


@given(judged, st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_calibration_error_is_the_sum_over_bins(pairs: list[tuple[float, bool]], n_bins: int) -> None:
    edges = np.linspace(0, 1, n_bins + 1)
    expected = 0.0
    n_binned = 0
    for number in range(n_bins):
        low, high = edges[number], edges[number + 1]
        inside = [pair for pair in pairs if low < pair[0] <= high or (number == 0 and pair[0] == 0)]
        n_binned += len(inside)
        expected += abs(sum(right - sure for sure, right in inside)) / len(pairs)
    assert n_binned == len(pairs)
    confidences, right = split_pairs(pairs)
    assert calibration_error(confidences, right, n_bins) == pytest.approx(expected, abs=1e-12)
    assert sum(each.count for each in reliability_bins(confidences, right, n_bins)) == len(pairs)


def test_bins_without_images_are_left_out() -> None:
    (only,) = reliability_bins(np.array([1.0, 0.99], dtype=np.float32), np.array([True, True]))
    assert (only.high, only.count) == (1.0, 2)
    assert only.low == pytest.approx(14 / 15)


@pytest.mark.parametrize("bad", [1.5, -0.1, math.nan])
def test_confidences_must_be_probabilities(bad: float) -> None:
    with pytest.raises(DatasetError, match="numbers from 0 to 1"):
        calibration_error(np.array([0.5, bad]), np.array([True, False]))


def test_calibration_needs_images_and_bins() -> None:
    with pytest.raises(DatasetError, match="at least 1"):
        calibration_error(np.array([]), np.array([], dtype=bool))
    with pytest.raises(ConfigError, match="n_bins"):
        calibration_error(np.array([0.5]), np.array([True]), n_bins=0)


# --- risk and coverage ----------------------------------------------------------------------------


def test_risk_coverage_of_a_worked_example() -> None:
    curve = risk_coverage(np.array([0.6, 0.9, 0.7, 0.8]), np.array([False, True, False, True]))
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.7, 0.6])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0, 0, 1 / 3, 1 / 2])
    assert area_under_risk_coverage(curve) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert coverage_at_risk(curve, 0.0) == 0.5
    assert coverage_at_risk(curve, 0.4) == 0.75


@given(judged)
@settings(max_examples=100, deadline=None)
def test_risk_coverage_is_what_each_threshold_gives(pairs: list[tuple[float, bool]]) -> None:
    curve = risk_coverage(*split_pairs(pairs))
    assert list(curve.thresholds) == sorted({sure for sure, _ in pairs}, reverse=True)
    for threshold, coverage, risk in zip(curve.thresholds, curve.coverage, curve.risk, strict=True):
        accepted = [right for sure, right in pairs if sure >= threshold]
        assert coverage == pytest.approx(len(accepted) / len(pairs))
        assert risk == pytest.approx(accepted.count(False) / len(accepted))
    assert curve.coverage[-1] == 1.0


@given(judged, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_aurc_is_the_mean_over_images_in_any_order(pairs: list[tuple[float, bool]], random: Random) -> None:
    expected = 0.0
    for threshold, _ in pairs:
        accepted = [right for sure, right in pairs if sure >= threshold]
        expected += accepted.count(False) / len(accepted) / len(pairs)
    random.shuffle(pairs)
    assert area_under_risk_coverage(risk_coverage(*split_pairs(pairs))) == pytest.approx(expected, abs=1e-12)


def test_nothing_can_be_accepted_when_the_surest_is_wrong() -> None:
    curve = risk_coverage(np.array([0.9, 0.8]), np.array([False, True]))
    assert coverage_at_risk(curve, 0.1) == 0.0


def test_the_curve_cannot_be_changed() -> None:
    curve = risk_coverage(np.array([0.9, 0.8]), np.array([False, True]))
    with pytest.raises(ValueError, match="read-only"):
        curve.risk[0] = 0.0
