"""How good a classifier is: accuracy, calibration, and what refusing the unsure would buy.

Everything here is a pure function of labels, digits and confidences; models, images and files are
not known. N is the number of images; probabilities and confidences run from 0 to 1.

Sources:
    Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    Guo et al. (2017), "On calibration of modern neural networks", arXiv:1706.04599.
    Geifman and El-Yaniv (2017), "Selective classification for deep neural networks", arXiv:1705.08500.
    Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation", arXiv:1805.08206 (AURC).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, DatasetError
from inkdigits.extras import needing
from inkdigits.ink import DIGITS

with needing("train", for_what="training and evaluation"):
    from scipy.stats import binomtest
    from sklearn import metrics as sklearn_metrics

__all__ = [
    "TARGET_RISKS",
    "DigitScores",
    "Interval",
    "ReliabilityBin",
    "RiskCoverage",
    "accuracy_interval",
    "area_under_risk_coverage",
    "calibration_error",
    "confusion_matrix",
    "coverage_at_risk",
    "log_loss",
    "per_digit_scores",
    "reliability_bins",
    "risk_coverage",
]


# The shares of errors among accepted images that reports and plots ask for.
TARGET_RISKS = (0.01, 0.005, 0.001)

# A probability of 0 for the truth would cost infinitely much; scikit-learn draws the line here too.
_SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of plausible values, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DigitScores:
    """How well one digit is read.

    Attributes:
        digit: 0 to 9.
        precision: share of the images read as this digit that are it; 0 when none was read so.
        recall: share of this digit's images that were read as it; 0 when there are none.
        f1: harmonic mean of the two; 0 when both are 0.
        support: number of images of this digit.
    """

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The images whose confidence lies above `low` and at most at `high`.

    Attributes:
        low: lower edge, exclusive except for the first bin.
        high: upper edge, inclusive.
        count: number of images in the bin, at least 1.
        mean_confidence: what the classifier said.
        accuracy: what came true.
    """

    low: float
    high: float
    count: int
    mean_confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """What is left of the errors when the unsure images are refused.

    One point per distinct confidence, from the surest to the least sure (T points), because a
    threshold cannot part images of equal confidence. The arrays are read-only.

    Attributes:
        thresholds: (T,) images with at least this confidence are accepted; falling.
        coverage: (T,) share of the images that is accepted; rising to 1.
        risk: (T,) share of the accepted images that is read wrong.
    """

    thresholds: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]


def accuracy_interval(n_right: int, n: int) -> Interval:
    """The 95% Wilson score interval of an accuracy of `n_right` in `n`.

    It covers the chance in which images were drawn, not the chance in how the model was trained.

    Raises:
        ConfigError: `n` is below 1, or `n_right` is not between 0 and `n`.
    """
    if n < 1 or not 0 <= n_right <= n:
        raise ConfigError(
            "accuracy interval",
            expected="0 <= n_right <= n and n >= 1",
            found=f"n_right={n_right}, n={n}",
            remedy="Count the right answers among at least one image.",
        )
    bounds = binomtest(n_right, n).proportion_ci(confidence_level=0.95, method="wilson")
    return Interval(float(bounds.low), float(bounds.high))


def log_loss(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Mean negative log-probability of the right digit, in nats; 0 is perfect, ln C is guessing.

    Args:
        probabilities: (N, C), rows that sum to 1; clipped away from 0 before the logarithm.
        labels: (N,), each below C.

    Raises:
        DatasetError: the shapes do not fit, there are no images, or a label is not a digit.
    """
    if probabilities.ndim != 2 or len(probabilities) != len(labels):
        raise DatasetError(
            "probabilities",
            expected=f"a row for each of the {len(labels):,} labels",
            found=f"the shape {probabilities.shape}",
            remedy="Pass one row of probabilities per label.",
        )
    _check_classes("labels", labels, probabilities.shape[1])
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)  # (N,)
    return float(-np.log(np.clip(of_label, _SMALLEST_PROBABILITY, 1.0)).mean())


def confusion_matrix(
    labels: NDArray[np.integer], digits: NDArray[np.integer], n_classes: int = len(DIGITS)
) -> NDArray[np.int64]:
    """Counts of label against digit read, (C, C): rows are the truth, columns the reading.

    Args:
        labels: (N,), each below C.
        digits: (N,), each below C, as read by the classifier.
        n_classes: C.

    Raises:
        DatasetError: the lengths differ, there are no images, or a value is no class.
    """
    _check_same_length("labels", labels, "digits", digits)
    _check_classes("labels", labels, n_classes)
    _check_classes("digits", digits, n_classes)
    counts = sklearn_metrics.confusion_matrix(labels, digits, labels=np.arange(n_classes))
    return np.asarray(counts, dtype=np.int64)


def per_digit_scores(
    labels: NDArray[np.integer], digits: NDArray[np.integer], n_classes: int = len(DIGITS)
) -> tuple[DigitScores, ...]:
    """Precision, recall, F1 and support of each digit, or other class, in order.

    Args:
        labels: (N,), each below C.
        digits: (N,), each below C, as read by the classifier.
        n_classes: C.

    Raises:
        DatasetError: the lengths differ, there are no images, or a value is no class.
    """
    _check_same_length("labels", labels, "digits", digits)
    _check_classes("labels", labels, n_classes)
    _check_classes("digits", digits, n_classes)
    columns = sklearn_metrics.precision_recall_fscore_support(
        labels, digits, labels=np.arange(n_classes), zero_division=0.0
    )
    return tuple(
        DigitScores(digit, float(precision), float(recall), float(f1), int(support))
        for digit, (precision, recall, f1, support) in enumerate(zip(*columns, strict=True))
    )


def reliability_bins(
    confidences: NDArray[np.floating], right: NDArray[np.bool_], n_bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """What the classifier said against what came true, in bins of equal width over [0, 1].

    Equal width and 15 bins are the convention of Guo et al. (2017). Bins without images are left out.

    Args:
        confidences: (N,), 0 to 1, of the digit read.
        right: (N,), whether that digit is the label.
        n_bins: number of bins before the empty ones are left out.

    Raises:
        DatasetError: the lengths differ, there are no images, or a confidence is not within 0 to 1.
        ConfigError: `n_bins` is below 1.
    """
    _check_confidences(confidences, right)
    if n_bins < 1:
        raise ConfigError(
            "n_bins", expected="at least 1", found=f"{n_bins}", remedy="Use 15, the usual choice."
        )
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, None)  # (N,)
    bins = []
    for index in np.unique(bin_of):
        inside = bin_of == index
        bins.append(
            ReliabilityBin(
                low=float(edges[index]),
                high=float(edges[index + 1]),
                count=int(inside.sum()),
                mean_confidence=float(confidences[inside].mean(dtype=np.float64)),
                accuracy=float(right[inside].mean()),
            )
        )
    return tuple(bins)


def calibration_error(confidences: NDArray[np.floating], right: NDArray[np.bool_], n_bins: int = 15) -> float:
    """Expected calibration error: the mean gap, over images, between a bin's confidence and accuracy.

    The bins are those of `reliability_bins`, which also says what is raised. 0 is perfect.
    """
    bins = reliability_bins(confidences, right, n_bins)
    gaps = [each.count * abs(each.accuracy - each.mean_confidence) for each in bins]
    return float(sum(gaps) / len(confidences))


def risk_coverage(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> RiskCoverage:
    """The error among accepted images, for every share of images that a threshold can accept.

    Args:
        confidences: (N,), 0 to 1, of the digit read.
        right: (N,), whether that digit is the label.

    Raises:
        DatasetError: the lengths differ, there are no images, or a confidence is not within 0 to 1.
    """
    _check_confidences(confidences, right)
    surest_first = np.argsort(-confidences, kind="stable")
    falling = confidences[surest_first].astype(np.float64)  # (N,)
    n_wrong = np.cumsum(~right[surest_first].astype(np.bool_))  # (N,)
    last_of_ties = np.flatnonzero(np.diff(falling, append=-np.inf))  # (T,)
    n_accepted = last_of_ties + 1  # (T,)
    curve = RiskCoverage(
        thresholds=falling[last_of_ties],
        coverage=n_accepted / len(falling),
        risk=n_wrong[last_of_ties] / n_accepted,
    )
    for values in (curve.thresholds, curve.coverage, curve.risk):
        values.setflags(write=False)
    return curve


def area_under_risk_coverage(curve: RiskCoverage) -> float:
    """AURC: the mean risk over the thresholds that the N images set; 0 when nothing is wrong.

    Images of equal confidence share one threshold, so the order in which they come does not count.
    """
    shares = np.diff(curve.coverage, prepend=0.0)  # (T,) images that each threshold adds
    return float(np.sum(curve.risk * shares))


def coverage_at_risk(curve: RiskCoverage, risk: float) -> float:
    """The largest share of images that can be accepted with at most this share of errors; 0 if none."""
    return float(np.max(curve.coverage, where=curve.risk <= risk, initial=0.0))


def _check_same_length(
    name: str, values: NDArray[np.generic], other_name: str, others: NDArray[np.generic]
) -> None:
    if values.ndim != 1 or values.shape != others.shape or len(values) == 0:
        raise DatasetError(
            f"{name} and {other_name}",
            expected="two flat arrays of the same length, at least 1",
            found=f"the shapes {values.shape} and {others.shape}",
            remedy="Pass one value per image in both.",
        )


def _check_classes(name: str, values: NDArray[np.integer], n_classes: int) -> None:
    if values.ndim != 1 or len(values) == 0 or not np.issubdtype(values.dtype, np.integer):
        raise DatasetError(
            name,
            expected="a flat array of whole numbers, at least one",
            found=f"the shape {values.shape} of {values.dtype}",
            remedy="Pass one digit per image.",
        )
    if values.min() < 0 or values.max() >= n_classes:
        raise DatasetError(
            name,
            expected="digits from 0 to 9"
            if n_classes == len(DIGITS)
            else f"classes from 0 to {n_classes - 1}",
            found=f"values from {values.min()} to {values.max()}",
            remedy="Use a dataset of these classes, or map its labels to their numbers.",
        )


def _check_confidences(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> None:
    _check_same_length("confidences", confidences, "right", right)
    # Written so that NaN, which compares false with everything, is refused too.
    if not (confidences.min() >= 0 and confidences.max() <= 1):
        raise DatasetError(
            "confidences",
            expected="numbers from 0 to 1",
            found=f"numbers from {confidences.min()} to {confidences.max()}",
            remedy="Pass probabilities, not logits or percentages.",
        )
