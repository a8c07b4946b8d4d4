"""Confidence that means what it says: temperature scaling, and the thresholds of refusal.

Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkdigits.extras import needing
from inkdigits.reading.model_file import ModelRecord
from inkdigits.reading.risk_control import risk_bounds
from inkdigits.results import Refusal

with needing("train", for_what="calibration"):
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax, logsumexp, softmax

__all__ = ["calibrate", "fit_temperature"]

_LOG_RANGE = (-3.0, 3.0)  # temperatures from 0.05 to 20
_ACCEPTED_FRACTIONS = (0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999)
_SHARE_OF_EACH = 0.25  # of the digits that may be refused: what one refusal alone may take
_LEAST_CONFIDENCE = 0.5  # a digit that is as likely wrong as right is not read


def calibrate(
    logits: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    refusals: tuple[Refusal, ...],
    digits_accepted: float,
    promises: bool,
) -> ModelRecord:
    """Measure what a network's logits mean, for its model file.

    Args:
        logits: (N, C + R), of digits, or of C other classes, that the weights were not fitted on.
        labels: (N,), each below C.
        refusals: the R outputs that follow those of the classes.
        digits_accepted: the fraction of these digits that is to be accepted as digits.
        promises: whether these digits are like those to come, so that `risk_bounds` hold for them.

    Returns:
        The record with the temperature; with refusals, their thresholds too; with promises, the risk bounds.
    """
    n_classes = logits.shape[1] - len(refusals)
    digits, others = logits[:, :n_classes], logits[:, n_classes:]
    temperature = fit_temperature(digits, labels)
    probabilities = softmax(digits.astype(np.float64) / temperature, axis=1)
    confidences = probabilities.max(axis=1)
    accepted = np.ones(len(labels), np.bool_)
    record = ModelRecord(temperature)
    if refusals:
        log_odds = logsumexp(digits, axis=1) - logsumexp(others, axis=1)  # (N,)
        least = _least_accepted(log_odds, digits_accepted)
        against = logsumexp(digits, axis=1)[:, None] - others  # (N, R)
        of_each = 1 - _SHARE_OF_EACH * (1 - digits_accepted)
        leasts = tuple(_least_accepted(own, of_each) for own in against.T) if len(refusals) > 1 else ()
        accepted = (log_odds >= least) & (confidences >= _LEAST_CONFIDENCE)
        accepted &= (against >= np.array(leasts or -np.inf)).all(axis=1)
        table = tuple((fraction, _least_accepted(log_odds, fraction)) for fraction in _ACCEPTED_FRACTIONS)
        record = ModelRecord(temperature, refusals, least, leasts, _LEAST_CONFIDENCE, table)
    if promises:
        right = probabilities.argmax(axis=1) == labels
        record = replace(record, risk_bounds=tuple(risk_bounds(confidences, right, accepted)))
    return record


def _least_accepted(log_odds: NDArray[np.floating], fraction: float) -> float:
    return float(np.quantile(log_odds, 1 - fraction, method="lower"))


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Find the temperature T for which softmax(logits / T) has the least log-loss.

    Args:
        logits: (N, C), of images that the weights were not fitted on.
        labels: (N,), each below C.

    Returns:
        T: above 1 where the model was too sure of itself, below 1 where it was not sure enough.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        return -float(log_softmax(scaled, axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded").x))
