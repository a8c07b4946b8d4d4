"""Answers from made-up scores and pages: every reason, every threshold, and second views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.normalizer import Normalized
from inkdigits.reading.decision import Policy, decide, digit_log_odds, views
from inkdigits.reading.model_file import ModelRecord
from inkdigits.reading.scores import Scores
from inkdigits.results import Box, Prediction, Reason

Floats = NDArray[np.float32]
RECORD = ModelRecord(temperature=2.0, refusals=(Reason.NOT_A_DIGIT, Reason.SEVERAL))
POLICY = Policy(least_log_odds=1.0, least_confidence=0.6)
BOX = Box(1, 2, 3, 4)
PAPER = np.zeros((28, 28), np.float32)

DIGIT = [0, 0, 0, 20]
LETTER = [4] * 10 + [18, 2]
PAIR = [4] * 10 + [2, 18]
DOUBT = [16, 16]


def page(*, box: Box | None = BOX, others: int = 0, is_seen_twice: bool = False) -> Normalized:
    return Normalized(PAPER, box, others, PAPER + 1 if is_seen_twice else None)


def scores(*rows: Sequence[float], record: ModelRecord = RECORD) -> Scores:
    """Rows of logits, zeros at their ends."""
    values = np.zeros((len(rows), len(record.classes) + len(record.refusals)), np.float32)
    for value, row in zip(values, rows, strict=True):
        value[: len(row)] = row
    return Scores(values, record)


def answer(row: Sequence[float], of_page: Normalized, policy: Policy = POLICY) -> Prediction:
    (prediction,) = decide(scores(row), [of_page], policy)
    return prediction


@pytest.mark.parametrize(
    ("row", "reason"), [(LETTER, Reason.NOT_A_DIGIT), (PAIR, Reason.SEVERAL), (DOUBT, Reason.UNCLEAR)]
)
def test_what_the_network_refuses(row: list[float], reason: Reason) -> None:
    prediction = answer(row, page())
    assert (prediction.digit, prediction.label, prediction.refused) == (None, None, True)
    assert prediction.reason is reason
    assert prediction.confidence == (max(prediction.probabilities) if reason is Reason.UNCLEAR else 0)
    assert prediction.box == BOX


def test_a_digit() -> None:
    prediction = answer(DIGIT, page())
    assert (prediction.digit, prediction.label, prediction.refused, prediction.reason) == (
        3,
        "3",
        False,
        None,
    )
    assert prediction.confidence == prediction.probabilities[3] == pytest.approx(1 / (1 + 9 * np.exp(-10)))


@pytest.mark.parametrize("row", [DIGIT, LETTER, PAIR, DOUBT])
def test_what_the_page_shows_comes_first(row: list[float]) -> None:
    assert answer(row, page(box=None)).reason is Reason.BLANK
    assert answer(row, page(others=1)).reason is Reason.SEVERAL
    assert answer(row, page(box=None, others=1)).reason is Reason.BLANK
    assert answer(row, page(others=1)).confidence == 0


def test_thresholds_accept_what_reaches_them() -> None:
    (odds,) = digit_log_odds(scores(DIGIT), [page()], POLICY)
    assert odds == pytest.approx(np.log(np.exp(20) + 9) - np.log(2), abs=1e-3)
    assert answer(DIGIT, page(), Policy(least_log_odds=float(odds))).digit == 3
    assert answer(DIGIT, page(), Policy(least_log_odds=float(odds) + 0.01)).reason is Reason.NOT_A_DIGIT
    confidence = answer(DIGIT, page()).confidence
    assert answer(DIGIT, page(), Policy(least_confidence=confidence)).digit == 3
    assert answer(DIGIT, page(), Policy(least_confidence=confidence + 1e-6)).reason is Reason.UNCLEAR


def test_one_refusal_can_be_held_to_more_than_all_together() -> None:
    row = [0, 0, 0, 20, *[0] * 6, 0, 18.5]  # 1.5 for a digit against several, 20 against anything else
    lenient = Policy(least_log_odds=-2.0)
    assert answer(row, page(), lenient).digit == 3
    assert answer(row, page(), replace(lenient, least_against=(-4.0, 1.4))).digit == 3
    assert answer(row, page(), replace(lenient, least_against=(-4.0, 1.6))).reason is Reason.SEVERAL
    assert answer(row, page(), replace(lenient, least_against=(25.0, 1.4))).reason is Reason.NOT_A_DIGIT
    # What people are shown beside the threshold falls short of it, too, and is left alone otherwise.
    (odds,) = digit_log_odds(scores(row), [page()], replace(lenient, least_against=(-4.0, 1.6)))
    assert odds == pytest.approx(-2.0 - 0.1, abs=0.01)
    (odds,) = digit_log_odds(scores(row), [page()], replace(lenient, least_against=(-4.0, 1.4)))
    assert odds == pytest.approx(1.5, abs=0.01)


def test_reasons_are_plain_strings_to_users() -> None:
    assert [f"{reason}" for reason in Reason] == ["blank", "not_a_digit", "several", "unclear"]
    assert answer(LETTER, page()).reason == "not_a_digit"


def test_a_model_of_digits_alone_refuses_nothing_but_pages() -> None:
    record = ModelRecord(temperature=1.0)
    pages = [page(), page(others=2), page(box=None)]
    flat = scores(*[[0.1]] * 3, record=record)
    assert [each.reason for each in decide(flat, pages, Policy())] == [None, Reason.SEVERAL, Reason.BLANK]
    np.testing.assert_array_equal(digit_log_odds(flat, pages, Policy()), [np.inf, -np.inf, -np.inf])


def test_other_classes_have_labels_and_no_digits() -> None:
    record = ModelRecord(temperature=1.0, class_names=("boot", "coat"))
    (prediction,) = decide(scores([0, 5], record=record), [page()], Policy())
    assert (prediction.digit, prediction.label) == (None, "coat")


# Second views.


def test_the_views_of_pages() -> None:
    seen = views([page(), page(is_seen_twice=True), page(), page(is_seen_twice=True)])
    assert seen.shape == (6, 28, 28)
    np.testing.assert_array_equal(seen.mean(axis=(1, 2)), [0, 0, 0, 0, 1, 1])


def test_of_two_views_the_mean_of_their_probabilities_counts() -> None:
    record = ModelRecord(temperature=1.0, refusals=RECORD.refusals)
    zero, one, half = [10.0], [0, 10.0], [0, 0, 4.0]
    pages = [page(is_seen_twice=True), page(), page(is_seen_twice=True), page()]
    alone = decide(scores(one, zero, half, one, record=record), [page()] * 4, Policy())
    both = decide(scores(one, zero, half, one, zero, one, record=record), pages, Policy())
    mean = np.mean([alone[0].probabilities, alone[1].probabilities], axis=0)
    np.testing.assert_allclose(both[0].probabilities, mean, atol=1e-4)
    # A view that is less certain to show a digit counts for less.
    assert both[2].probabilities[1] > (alone[2].probabilities[1] + alone[3].probabilities[1]) / 2
    for untouched in (1, 3):
        assert both[untouched] == alone[untouched]


def test_the_mean_of_a_models_own_probabilities() -> None:
    record = ModelRecord(temperature=1.0)
    first, second = np.random.default_rng(0).dirichlet(np.ones(10), 2).astype(np.float32)
    given = Scores(np.stack([first, second]), record)
    (prediction,) = decide(given, [page(is_seen_twice=True)], Policy())
    np.testing.assert_allclose(prediction.probabilities, (first + second) / 2, atol=1e-6)
    np.testing.assert_array_equal(given.values, [first, second])  # the caller's own array is left alone


def test_a_second_view_has_to_be_clearly_a_digit() -> None:
    letter = [0.0] * 10 + [18]
    seconds = [[level] * 10 for level in (0.0, 2.0, 3.0, 8.0)]
    pages, policy = [page(is_seen_twice=True)] * 4, Policy(least_log_odds=1.0)
    of_the_second = np.log(5) + np.array([0, 2, 3, 8])
    accepted_by_second = scores(*[letter] * 4, *seconds)
    np.testing.assert_allclose(
        digit_log_odds(accepted_by_second, pages, policy), of_the_second - 2, atol=1e-3
    )
    reasons = [each.reason for each in decide(accepted_by_second, pages, policy)]
    assert reasons == [Reason.NOT_A_DIGIT, None, None, None]
    accepted_by_first = scores(*seconds, *[letter] * 4)
    np.testing.assert_allclose(digit_log_odds(accepted_by_first, pages, policy), of_the_second, atol=1e-3)


# The policy of a model file.


def test_the_policy_of_a_file() -> None:
    record = ModelRecord(
        temperature=1.0,
        least_digit_log_odds=-0.5,
        least_confidence=0.5,
        accepted_digits=((0.9, 6.0), (0.99, 4.0)),
        risk_bounds=((0.4, 0.05, 1.0), (0.8, 0.01, 0.9)),
    )
    assert Policy.of(record) == Policy(-0.5, 0.5)
    assert Policy.of(record, digits_accepted=0.99) == Policy(4.0, 0.5)
    assert Policy.of(record, digits_accepted=0.945).least_log_odds == pytest.approx(5)
    assert Policy.of(record, max_error=0.02) == Policy(-0.5, 0.8, coverage=0.9)
    assert Policy.of(record, max_error=0.06) == Policy(-0.5, 0.5, coverage=1.0)


def test_every_kind_of_page_and_score_has_one_answer() -> None:
    kinds = list(product([None, BOX], [0, 1], [DIGIT, LETTER, PAIR, DOUBT]))
    pages = [page(box=box, others=others) for box, others, _ in kinds]
    together = decide(scores(*[row for _, _, row in kinds]), pages, POLICY)
    for prediction, of_page, (_, _, row) in zip(together, pages, kinds, strict=True):
        assert prediction == answer(row, of_page)
        assert prediction.refused == (prediction.reason is not None) == (prediction.digit is None)
