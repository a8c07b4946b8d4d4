"""Scores and page facts -> answers: the one place where a picture is read or refused.

A page is refused by what the normaliser found on it (`blank`, `several`), by the network (`not_a_digit`,
`several`), or because the digit is too uncertain (`unclear`); the first of these that applies is the reason.
A `Policy` holds the thresholds. How scores come about is not known here.

Letters: N pages, M of which have a second view, C classes, R refusals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError
from inkdigits.ink import DIGITS
from inkdigits.normalizer import Normalized
from inkdigits.reading.model_file import ModelRecord
from inkdigits.reading.risk_control import threshold_for
from inkdigits.reading.scores import Scores
from inkdigits.results import Prediction, Reason

__all__ = ["Policy", "decide", "digit_log_odds", "views"]


@dataclass(frozen=True)
class Policy:
    """The thresholds of an answer.

    Attributes:
        least_log_odds: log-odds of being a single digit below which the network's refusal stands.
        least_confidence: confidence below which a digit is unclear: the file's own threshold, or the
            stricter one that a bound on the error requires.
        second_view_log_odds: extra log-odds that a second view needs before it can accept an image;
            docs/log.md says why.
        coverage: the fraction of digits expected to be read under a bound on the error; None without one.
        least_against: log-odds of being a single digit against each refusal alone, in the order of the
            file, below which that refusal stands; empty for none. A digit is seldom taken for several, so
            this refusal can be held to more than all of them together.
    """

    least_log_odds: float = 0.0
    least_confidence: float = 0.0
    second_view_log_odds: float = 2.0
    coverage: float | None = None
    least_against: tuple[float, ...] = ()

    @classmethod
    def of(
        cls, record: ModelRecord, *, max_error: float | None = None, digits_accepted: float | None = None
    ) -> Policy:
        """The thresholds of a model file, tightened as the caller asks.

        Args:
            record: what the model file says.
            max_error: the fraction of errors to allow among the digits that are read; None for no bound.
            digits_accepted: the fraction of digits not to refuse as non-digits; None for the file's own.

        Raises:
            ConfigError: the file has no threshold for what is asked, or both are asked for.
        """
        if max_error is not None and digits_accepted is not None:
            raise ConfigError(
                "max_error and digits_accepted",
                expected="one of them",
                found="both",
                remedy="Choose one: the bound on errors was measured with the model's own refusal.",
            )
        policy = cls(
            record.least_digit_log_odds,
            record.least_confidence,
            least_against=record.least_log_odds_against,
        )
        if digits_accepted is not None:
            return replace(policy, least_log_odds=_log_odds_accepting(digits_accepted, record))
        if max_error is None:
            return policy
        bounded, _, coverage = threshold_for(record.risk_bounds, max_error)
        return replace(policy, least_confidence=max(policy.least_confidence, bounded), coverage=coverage)


def views(pages: Sequence[Normalized]) -> NDArray[np.float32]:
    """What a classifier is to look at: (N + M, 28, 28), the ink of every page, then the second views."""
    return np.stack(
        [page.ink for page in pages] + [page.as_it_is for page in pages if page.as_it_is is not None]
    )


def decide(scores: Scores, pages: Sequence[Normalized], policy: Policy) -> list[Prediction]:
    """Answer for each page.

    Where a page has a second view, the probabilities are the mean of both, and it is a digit if either view
    says so, the second one clearly.

    Args:
        scores: of the N + M images of `views(pages)`.
        pages: N pages.
        policy: when to accept.
    """
    log_odds, refusals = _judged(scores, pages, policy)
    scores = _without_second_views(scores, pages)
    rows = scores.probabilities().tolist()
    reasons = map(partial(_reason, policy), pages, log_odds, refusals, map(max, rows))
    return [
        _prediction(page, tuple(row), reason, scores.record.classes)
        for page, row, reason in zip(pages, rows, reasons, strict=True)
    ]


def digit_log_odds(scores: Scores, pages: Sequence[Normalized], policy: Policy) -> NDArray[np.float32]:
    """(N,) natural log-odds that each page shows a single digit; arguments as for `decide`.

    Minus infinity where the page itself is refused, infinity where the model has no refusals. Where one
    refusal alone decides, they fall as far short of the policy's threshold as they do of that refusal's own.
    """
    log_odds, _ = _judged(scores, pages, policy)
    log_odds[[_page_reason(page) is not None for page in pages]] = -np.inf
    return log_odds


def _of_both_views(
    log_odds: NDArray[np.float32], pages: Sequence[Normalized], policy: Policy
) -> NDArray[np.float32]:
    """Log-odds (N + M, ...) of all views -> (N, ...) of pages: the better view, the second by a margin."""
    seen_twice, n = _seen_twice(pages), len(pages)
    if seen_twice:
        log_odds[seen_twice] = np.maximum(log_odds[seen_twice], log_odds[n:] - policy.second_view_log_odds)
    return log_odds[:n]


def _judged(
    scores: Scores, pages: Sequence[Normalized], policy: Policy
) -> tuple[NDArray[np.float32], list[Reason | None]]:
    """Log-odds (N,) of a single digit, and the refusal of each page, should they not suffice."""
    log_odds = _of_both_views(scores.digit_log_odds(), pages, policy)
    refusals = _without_second_views(scores, pages).likeliest_refusals()
    if policy.least_against:
        against = _of_both_views(scores.log_odds_against(), pages, policy)  # (N, R)
        short = np.array(policy.least_against, np.float32) - against
        for number, refusal in enumerate(scores.record.refusals if (short > 0).any() else ()):
            for page in np.flatnonzero((log_odds >= policy.least_log_odds) & (short[:, number] > 0)):
                log_odds[page] = policy.least_log_odds - short[page, number]
                refusals[page] = Reason(refusal)
    return log_odds, refusals


def _seen_twice(pages: Sequence[Normalized]) -> list[int]:
    return [number for number, page in enumerate(pages) if page.as_it_is is not None]


def _without_second_views(scores: Scores, pages: Sequence[Normalized]) -> Scores:
    """Scores of N + M views -> scores of N pages."""
    seen_twice = _seen_twice(pages)
    if not seen_twice:
        return scores
    values = scores.values[: len(pages)].copy()
    values[seen_twice] = scores[seen_twice].mean(scores[len(pages) :])
    return replace(scores, values=values)


def _page_reason(page: Normalized) -> Reason | None:
    if page.box is None:
        return Reason.BLANK
    return Reason.SEVERAL if page.others else None


def _reason(
    policy: Policy, page: Normalized, log_odds: np.float32, refusal: Reason | None, confidence: float
) -> Reason | None:
    of_page = _page_reason(page)
    if of_page is not None:
        return of_page
    if log_odds < policy.least_log_odds:
        return refusal
    return Reason.UNCLEAR if confidence < policy.least_confidence else None


def _prediction(
    page: Normalized, row: tuple[float, ...], reason: Reason | None, classes: tuple[str, ...]
) -> Prediction:
    confidence = max(row)
    if reason is not None:
        kept = confidence if reason is Reason.UNCLEAR else 0.0
        return Prediction(None, kept, row, refused=True, reason=reason, box=page.box)
    number = row.index(confidence)
    label = classes[number]
    digit = int(label) if set(classes) <= set(DIGITS) else None
    return Prediction(digit, confidence, row, refused=False, reason=None, box=page.box, label=label)


def _log_odds_accepting(fraction: float, record: ModelRecord) -> float:
    """The log-odds that this fraction of digits reached, interpolated between the rows of the file."""
    if not record.accepted_digits:
        raise ConfigError(
            "digits_accepted",
            expected="a model file with thresholds for it, such as the bundled one",
            found="one without",
            remedy="Leave it out, or train the model with [refusal] in its recipe.",
        )
    fractions, log_odds = zip(*record.accepted_digits, strict=True)
    if not fractions[0] <= fraction <= fractions[-1]:
        raise ConfigError(
            "digits_accepted",
            expected=f"a fraction from {fractions[0]} to {fractions[-1]}",
            found=repr(fraction),
            remedy="Write 0.95 to accept 95 digits in a hundred, and fewer of other things.",
        )
    return float(np.interp(fraction, fractions, log_odds))
