"""The report on a classifier and a dataset, and its files.

`inkdigits.evaluation.evaluate` makes it; `inkdigits.metrics` explains the numbers and names their sources.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from inkdigits.datasets import Split
from inkdigits.errors import DatasetError
from inkdigits.files import write_whole
from inkdigits.metrics import DigitScores, Interval, ReliabilityBin, RiskCoverage
from inkdigits.plots import (
    plot_confusion_matrix,
    plot_mistakes,
    plot_reliability,
    plot_risk_coverage,
    save_figure,
)

__all__ = ["Coverage", "Mistake", "Report", "write_report"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image that was misread.

    Attributes:
        index: position in the split, from 0.
        label: the digit it is.
        digit: the digit that was read.
        confidence: probability of `digit`.
        label_probability: probability of `label`.
    """

    index: int
    label: int
    digit: int
    confidence: float
    label_probability: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The largest fraction of images that can be accepted with at most `risk` of them misread."""

    risk: float
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How well a classifier reads a dataset.

    Attributes:
        name: What was evaluated, and on which data.
        class_names: Names of the classes, in the order of the labels.
        n_images: Number of images.
        n_right: Number of images that were read correctly.
        accuracy: `n_right / n_images`.
        interval: 95% Wilson interval of the accuracy.
        log_loss: Mean log-loss in nats.
        calibration_error: Expected calibration error in 15 bins of equal width, 0 to 1.
        reliability: The bins behind the calibration error, without the empty ones.
        aurc: Area under the risk-coverage curve.
        coverages: The largest fraction of images that can be accepted at 1%, 0.5% and 0.1% errors. Chosen on
            these very images, so it is somewhat optimistic as a forecast.
        curve: The whole risk-coverage curve.
        per_digit: Precision, recall, F1 and support of each class.
        confusion: One row of counts per class; rows are labels, columns answers.
        worst_mistakes: The mistakes made with the highest confidence, most confident first.
        images_per_second: Median over the batches, so that compilation in the first does not count.
    """

    name: str
    class_names: tuple[str, ...]
    n_images: int
    n_right: int
    accuracy: float
    interval: Interval
    log_loss: float
    calibration_error: float
    reliability: tuple[ReliabilityBin, ...]
    aurc: float
    coverages: tuple[Coverage, ...]
    curve: RiskCoverage
    per_digit: tuple[DigitScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    worst_mistakes: tuple[Mistake, ...]
    images_per_second: float

    def to_json(self) -> dict[str, object]:
        """The report as a dictionary for `json.dumps`, without the curve; the keys are stable.

        Keys that differ from the attributes:

        - `accuracy_interval`: 95% Wilson interval of the accuracy, `[low, high]`.
        - `coverages`: Objects with `risk` and `coverage`: the largest fraction of images that can be accepted
          with at most that fraction of errors.
        - `per_digit`: One object per class with `digit`, `precision`, `recall`, `f1`, `support`.
        - `reliability`: One object per bin with `low`, `high`, `count`, `mean_confidence`, `accuracy`.
        - `worst_mistakes`: Objects with `index`, `label`, `digit`, `confidence`, `label_probability`, most
          confident first.
        """
        return {
            "name": self.name,
            "class_names": list(self.class_names),
            "n_images": self.n_images,
            "n_right": self.n_right,
            "accuracy": self.accuracy,
            "accuracy_interval": [self.interval.low, self.interval.high],
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
            "aurc": self.aurc,
            "coverages": [asdict(coverage) for coverage in self.coverages],
            "images_per_second": self.images_per_second,
            "per_digit": [asdict(scores) for scores in self.per_digit],
            "confusion": [list(row) for row in self.confusion],
            "reliability": [asdict(span) for span in self.reliability],
            "worst_mistakes": [asdict(mistake) for mistake in self.worst_mistakes],
        }


def write_report(report: Report, split: Split, folder: Path) -> None:
    """Write the report's files, each whole or not at all; the folder is made where it is missing.

    The files are metrics.json, confusion_matrix.csv, confusion_matrix.png, mistakes.png,
    reliability.png and risk_coverage.png; those of the same names are replaced.

    Args:
        report: what `evaluate` returned.
        split: the split that was evaluated, for the pictures of the mistakes.
        folder: where to write.

    Raises:
        DatasetError: the split has another number of images than the report.
    """
    if len(split.images) != report.n_images:
        raise DatasetError(
            report.name,
            expected=f"the {report.n_images:,} images that the report is about",
            found=f"{len(split.images):,}",
            remedy="Pass the split that was given to evaluate.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    worst = report.worst_mistakes
    mistakes = plot_mistakes(
        split.images[[mistake.index for mistake in worst]],
        np.array([mistake.label for mistake in worst], dtype=np.int64),
        np.array([mistake.digit for mistake in worst], dtype=np.int64),
        np.array([mistake.confidence for mistake in worst]),
        class_names=report.class_names,
    )
    matrix = plot_confusion_matrix(np.array(report.confusion), report.class_names)
    save_figure(matrix, folder / "confusion_matrix.png")
    save_figure(mistakes, folder / "mistakes.png")
    save_figure(plot_reliability(report.reliability), folder / "reliability.png")
    save_figure(plot_risk_coverage(report.curve), folder / "risk_coverage.png")
    write_whole(folder / "confusion_matrix.csv", _confusion_csv(report))
    write_whole(folder / "metrics.json", json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")


def _confusion_csv(report: Report) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", *(f"read as {name}" for name in report.class_names)])
    for name, row in zip(report.class_names, report.confusion, strict=True):
        writer.writerow([name, *row])
    return text.getvalue()
