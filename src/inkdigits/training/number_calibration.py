"""What the confidence of whole numbers means, measured on lines by writers who were kept aside.

A logistic function of two scores (Platt, "Probabilistic outputs for support vector machines", 1999): the
log-odds of the number among all that the line may say, and how well its frames fit. The lines go the whole
road that pictures go, the search for the number in its field included.

Letters: N lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from inkdigits.ink import Grey, Plane
from inkdigits.reading.numbers.hypotheses import Candidate, cleaned, digits_of
from inkdigits.reading.numbers.reader import NumberReader, confidence_of
from inkdigits.reading.risk_control import risk_bounds

__all__ = ["calibrate_numbers", "page_of_line"]

_FLATTENING = 1e-3  # of the squares of the weights, so that few errors do not make them infinite
_LEAST_CONFIDENCE = 0.25  # what is less sure is refused anyhow


def page_of_line(line: Plane) -> Grey:
    """A line (32, W) as a grey page, as a scanner sees it."""
    return np.asarray(np.clip(np.rint(225 - 130 * line), 0, 255), np.uint8)


def calibrate_numbers(model: bytes, lines: Sequence[Plane], labels: Sequence[str]) -> dict[str, Any]:
    """Fit the confidence on lines that the weights were not fitted on.

    Args:
        model: the bytes of the line model.
        lines: N lines (32, W).
        labels: what they say.

    Returns:
        The keys `calibration`, `risk_bounds` and `kept_exact`, the share of the lines that is read right.
    """
    reader = NumberReader(model)
    best: list[Candidate] = []
    right = []
    for line, label in zip(lines, labels, strict=True):
        truth = digits_of(cleaned(label))
        if not truth:
            continue
        verdict = reader.weigh(page_of_line(line))
        candidate = Candidate("", "", 0.0, -10.0)
        if verdict is not None and verdict.candidates:
            candidate = verdict.candidates[0]
        best.append(candidate)
        right.append(digits_of(candidate.text) == truth)
    is_right = np.array(right)
    calibration = _fit(best, is_right)
    confidences = np.array([confidence_of(candidate, calibration) for candidate in best])
    bounds = risk_bounds(confidences, is_right, confidences >= _LEAST_CONFIDENCE)
    return {
        "calibration": list(calibration),
        "risk_bounds": [list(row) for row in bounds],
        "kept_exact": float(is_right.mean()),
    }


def _fit(candidates: Sequence[Candidate], right: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Slope of the log-odds, weight of the fit, and offset, of the least log-loss."""
    p = np.clip([candidate.probability for candidate in candidates], 1e-9, 1 - 1e-6)
    fits = np.array([candidate.fit for candidate in candidates])
    features = np.stack([np.log(p / (1 - p)), fits, np.ones(len(p))], axis=1)
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: NDArray[np.float64]) -> float:
        penalty = _FLATTENING * float(np.square(weights[:2]).sum())
        return float(np.logaddexp(0, -signs * (features @ weights)).mean()) + penalty

    found = minimize(loss, np.array([1.0, 0.0, 0.0]), method="L-BFGS-B", bounds=[(0.05, 5), (0, 5), (-9, 9)])
    slope, of_fit, offset = (float(weight) for weight in found.x)
    return slope, of_fit, offset
