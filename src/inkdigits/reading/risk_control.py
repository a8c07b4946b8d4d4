"""A promise about errors: the threshold that keeps the share of errors among accepted digits below a bound.

Learn then test (Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test: calibrating predictive
algorithms to achieve risk control", 2021). Each threshold stands for a hypothesis, "more than this share of
what it accepts is wrong", that the calibration images may reject. Thresholds are tested in a fixed sequence,
from a strict one to lax ones, until one is not rejected; so the whole sequence errs with probability delta,
and no correction for their number is due. The error is a share of yes and no, so the test is the exact
binomial one (Clopper and Pearson, 1934).

The promise is for images like the calibration images: drawn from the same hands, pens and cameras. It ends
where they are of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError
from inkdigits.extras import needing

__all__ = ["RiskBound", "risk_bounds", "threshold_for"]

RiskBound = tuple[float, float, float]
"""A threshold of the confidence, the bound of the error at or above it, and the share it accepts."""

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
    """What error each threshold promises, with confidence 1 - delta in the promise.

    The sequence begins at the strictest threshold that accepts half of the images: above it so few are
    left that nothing could be promised. That choice looks at confidences and not at what was right, so
    given the confidences the sequence is fixed before the first test.

    Args:
        confidences: (N,), 0 to 1, of calibration images.
        right: (N,), whether the digit is the label.
        accepted: (N,), False for images that are refused whatever the threshold.
        delta: the probability, 0 to 1, with which the promise may be broken.

    Returns:
        Rows of (threshold, bound, coverage), thresholds ascending; coverage is a share of all N images.
        Empty where fewer than half of the images are accepted.
    """
    with needing("train", for_what="bounds on errors"):
        from scipy.stats import beta  # for those who train; it takes long to load

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
    """The laxest threshold that promises an error of at most `max_error`.

    Raises:
        ConfigError: `max_error` is no share, or no threshold promises so little.
    """
    if not 0 < max_error < 1:
        raise ConfigError(
            "max_error",
            expected="a share between 0 and 1",
            found=repr(max_error),
            remedy="Write 0.01 for one error in a hundred.",
        )
    for bound in bounds:
        if bound[1] <= max_error:
            return bound
    least = min((bound for _, bound, _ in bounds), default=None)
    raise ConfigError(
        "max_error",
        expected="a model that can promise it"
        if least is None
        else f"at least {least:.2g}, the least that this model's calibration images can prove",
        found=repr(max_error),
        remedy="Use a model whose file holds risk_bounds, such as the bundled one."
        if least is None
        else "Allow more errors, or train with more calibration images.",
    )
