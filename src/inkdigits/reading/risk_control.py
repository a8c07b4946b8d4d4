"""Risk control: the threshold that keeps the fraction of errors among accepted digits below a bound.

Learn then test (Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test: calibrating predictive
algorithms to achieve risk control", 2021). Each threshold is a hypothesis, "more than this fraction of what
it accepts is wrong", that the calibration images may reject. Thresholds are tested in a fixed sequence, from
strict to lax, until one is not rejected; the whole sequence then errs with probability delta, and needs no
correction for multiple tests. An answer is right or wrong, so the test is the exact binomial one (Clopper
and Pearson, 1934).

The bound holds for images like the calibration images: drawn from the same hands, pens and cameras.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError
from inkdigits.extras import needing

__all__ = ["RiskBound", "risk_bounds", "threshold_for"]

RiskBound = tuple[float, float, float]
"""A threshold of the confidence, the bound on the error at or above it, and the fraction it accepts."""

_STRICTEST_LOG_ODDS = 14.0  # a confidence of 0.999999
_STEPS = 113  # down to even odds: an eighth of a unit of log-odds each
_FIRST_COVERAGE = 0.5  # the sequence begins where half of the images are accepted


def risk_bounds(
    confidences: NDArray[np.floating],
    right: NDArray[np.bool_],
    accepted: NDArray[np.bool_],
    *,
    delta: float = 0.05,
) -> list[RiskBound]:
    """Bound the error of each threshold, with confidence 1 - delta.

    The sequence begins at the strictest threshold that accepts half of the images; above it too few are
    left to guarantee anything. That choice looks at confidences and not at which answers were right, so
    given the confidences the sequence is fixed before the first test.

    Args:
        confidences: (N,), 0 to 1, of calibration images.
        right: (N,), whether the digit is the label.
        accepted: (N,), False for images that are refused whatever the threshold.
        delta: the probability, 0 to 1, that a bound does not hold.

    Returns:
        Rows of (threshold, bound, coverage), thresholds ascending; coverage is a fraction of all N images.
        Empty where fewer than half of the images are accepted.
    """
    with needing("train", for_what="bounds on errors"):
        from scipy.stats import beta  # slow to load, and only training needs it

    log_odds = np.linspace(_STRICTEST_LOG_ODDS, 0.0, _STEPS)
    bounds: list[RiskBound] = []
    worst = 0.0
    for threshold in (1 / (1 + np.exp(-log_odds))).tolist():
        above = accepted & (confidences >= threshold)
        n = int(above.sum())
        if n < _FIRST_COVERAGE * len(confidences):
            continue
        n_wrong = int((above & ~right).sum())
        bound = float(beta.ppf(1 - delta, n_wrong + 1, n - n_wrong)) if n_wrong < n else 1.0
        worst = max(worst, bound)
        bounds.append((threshold, worst, n / len(confidences)))
    return bounds[::-1]


def threshold_for(bounds: Sequence[RiskBound], max_error: float) -> RiskBound:
    """The laxest threshold that guarantees an error of at most `max_error`.

    Raises:
        ConfigError: `max_error` is not a fraction, or no threshold guarantees it.
    """
    if not 0 < max_error < 1:
        raise ConfigError(
            "max_error",
            expected="a fraction between 0 and 1",
            found=repr(max_error),
            remedy="Write 0.01 for one error in a hundred.",
        )
    for bound in bounds:
        if bound[1] <= max_error:
            return bound
    if not bounds:
        raise ConfigError(
            "max_error",
            expected="a model file with risk_bounds, such as the bundled one",
            found="one without, which guarantees nothing",
            remedy="Leave it out, or train with validation images: they give a model its risk_bounds.",
        )
    least = math.ceil(min(bound for _, bound, _ in bounds) * 1000) / 1000  # up: the figure shown must do
    raise ConfigError(
        "max_error",
        expected=f"at least {least:g}, the least that this model's calibration images can prove",
        found=repr(max_error),
        remedy="Allow more errors, or train with more calibration images.",
    )
