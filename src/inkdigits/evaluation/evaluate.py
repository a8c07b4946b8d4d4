"""Evaluate a classifier on a labelled dataset.

`evaluate` takes any function from images to probabilities, so Keras models, ONNX files and baselines are
measured by the same code. `inkdigits.metrics` explains the numbers and names their sources.

Letters: N images, C classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import Split
from inkdigits.errors import ConfigError, DatasetError, ModelError
from inkdigits.evaluation.report import Coverage, Mistake, Report, write_report
from inkdigits.metrics import (
    TARGET_RISKS,
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
from inkdigits.plots import DIGIT_NAMES

__all__ = ["Classify", "Coverage", "Mistake", "Report", "evaluate", "write_report"]

Classify = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Maps images in MNIST's form, (N, 28, 28), 0 paper to 255 ink, to probabilities (N, C)."""

# Half-precision models are off by about this much after a softmax; logits are off by far more.
_SUM_TOLERANCE = 5e-3


def evaluate(
    classify: Classify,
    split: Split,
    *,
    name: str,
    class_names: Sequence[str] = DIGIT_NAMES,
    n_worst: int = 36,
    batch_size: int = 500,
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Run a classifier over a split and measure everything in a `Report`.

    Args:
        classify: maps images in MNIST's form, (N, 28, 28), to probabilities (N, C).
        split: labelled images; the labels run from 0 to C - 1.
        name: the classifier and the data; the title of the report.
        class_names: C names, where the classes are not the ten digits.
        n_worst: the number of mistakes that the report keeps.
        batch_size: images per call; 500 divides MNIST's 10,000 and 60,000, so no batch has an odd size.
        clock: seconds, as `time.perf_counter` gives them.

    Raises:
        DatasetError: the split is empty or unlabelled, or a label names no class.
        ModelError: `classify` does not return one row of C probabilities per image.
        ConfigError: fewer than two class names, or a number that is too small.
    """
    _check_options(class_names, n_worst, batch_size)
    n_classes = len(class_names)
    labels = _labels_of(split, name, n_classes)  # (N,)
    probabilities, images_per_second = _classify_all(classify, split.images, n_classes, batch_size, clock)
    digits = probabilities.argmax(axis=1)  # (N,)
    confidences = probabilities.max(axis=1)  # (N,)
    right = digits == labels  # (N,)
    curve = risk_coverage(confidences, right)
    return Report(
        name=name,
        class_names=tuple(class_names),
        n_images=len(labels),
        n_right=int(right.sum()),
        accuracy=float(right.mean()),
        interval=accuracy_interval(int(right.sum()), len(labels)),
        log_loss=log_loss(probabilities, labels),
        calibration_error=calibration_error(confidences, right),
        reliability=reliability_bins(confidences, right),
        aurc=area_under_risk_coverage(curve),
        coverages=tuple(Coverage(risk, coverage_at_risk(curve, risk)) for risk in TARGET_RISKS),
        curve=curve,
        per_digit=per_digit_scores(labels, digits, n_classes),
        confusion=tuple(tuple(row) for row in confusion_matrix(labels, digits, n_classes).tolist()),
        worst_mistakes=_worst_mistakes(probabilities, labels, n_worst),
        images_per_second=images_per_second,
    )


def _check_options(class_names: Sequence[str], n_worst: int, batch_size: int) -> None:
    if len(class_names) < 2:
        raise ConfigError(
            "class_names",
            expected="at least two names",
            found=f"{len(class_names)}",
            remedy="Name each class once, in the order of the labels.",
        )
    for option, value, least in (("n_worst", n_worst, 0), ("batch_size", batch_size, 1)):
        if value < least:
            raise ConfigError(
                option, expected=f"at least {least}", found=f"{value}", remedy="Choose a larger number."
            )


def _labels_of(split: Split, name: str, n_classes: int) -> NDArray[np.int64]:
    labels = split.labels
    if labels is None or len(labels) == 0:
        raise DatasetError(
            name,
            expected="labelled images, at least one",
            found="no labels" if labels is None else "no images",
            remedy="Evaluate on a split with labels, such as the test images of MNIST.",
        )
    if len(labels) != len(split.images) or labels.min() < 0 or labels.max() >= n_classes:
        raise DatasetError(
            name,
            expected=f"{len(split.images):,} labels from 0 to {n_classes - 1}, one per image",
            found=f"{len(labels):,} labels from {labels.min()} to {labels.max()}",
            remedy="Evaluate on a dataset of the classes that the model knows.",
        )
    return labels


def _classify_all(
    classify: Classify,
    images: NDArray[np.uint8],
    n_classes: int,
    batch_size: int,
    clock: Callable[[], float],
) -> tuple[NDArray[np.float64], float]:
    """Probabilities (N, C), and the median number of images per second over the batches."""
    batches = []
    speeds = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        started_s = clock()
        probabilities = np.asarray(classify(batch))  # waits for frameworks that compute in the background
        elapsed_s = clock() - started_s
        speeds.append(len(batch) / max(elapsed_s, 1e-9))
        batches.append(_checked(probabilities, (len(batch), n_classes)))
    return np.concatenate(batches), float(np.median(speeds))


def _checked(probabilities: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float64]:
    if probabilities.shape != shape:
        raise ModelError(
            "classifier",
            expected=f"probabilities of the shape {shape}",
            found=f"{probabilities.shape}",
            remedy="Return one row per image, and in it the probability of each class.",
        )
    rows = probabilities.astype(np.float64)  # (batch, C)
    sums = rows.sum(axis=1)
    # Written so that NaN, which compares false with everything, is refused too.
    if not (rows.min() >= 0 and np.abs(sums - 1).max() <= _SUM_TOLERANCE):
        raise ModelError(
            "classifier",
            expected="probabilities from 0 to 1 that sum to 1 in each row",
            found=f"values from {rows.min():.4g}, and sums from {sums.min():.4g} to {sums.max():.4g}",
            remedy="Apply a softmax to the logits.",
        )
    return np.minimum(rows, 1.0)  # rounding can leave a probability a hair above 1


def _worst_mistakes(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], n_worst: int
) -> tuple[Mistake, ...]:
    digits = probabilities.argmax(axis=1)  # (N,)
    wrong = np.flatnonzero(digits != labels)
    most_confident_first = wrong[np.argsort(-probabilities[wrong, digits[wrong]], kind="stable")]
    return tuple(
        Mistake(
            index=int(index),
            label=int(labels[index]),
            digit=int(digits[index]),
            confidence=float(probabilities[index, digits[index]]),
            label_probability=float(probabilities[index, labels[index]]),
        )
        for index in most_confident_first[:n_worst]
    )
