"""What was found about one classifier on one dataset, and the files that say it.

`inkdigits.evaluation.evaluate` finds it. What the numbers mean, and where they come from, stands in
`inkdigits.metrics`.
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
    """An image that was read wrong.

    Attributes:
        index: position in the split, from 0.
        label: the digit it is.
        digit: the digit it was taken for.
        confidence: probability that was given to `digit`.
        label_probability: probability that was given to `label`.
    """

    index: int
    label: int
    digit: int
    confidence: float
    label_probability: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The largest share of images that can be accepted with at most `risk` of them read wrong."""

    risk: float
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How well one classifier reads one dataset.

    Attributes:
        name: what was judged, on what.
        class_names: names of the classes.
        n_images: number of images judged.
        n_right: how many were read right.
        accuracy: `n_right / n_images`.
        interval: 95% Wilson interval of the accuracy.
        log_loss: mean, in nats.
        calibration_error: expected calibration error in 15 bins of equal width, 0 to 1.
        reliability: the bins behind the calibration error, without the empty ones.
        aurc: area under the risk-coverage curve.
        coverages: the share that can be accepted at 1%, 0.5% and 0.1% errors. Found on these very
            images, so it is somewhat hopeful as a forecast.
        curve: the whole risk-coverage curve.
        per_digit: precision, recall, F1 and support of each digit.
        confusion: ten rows of ten counts; rows are the labels, columns the readings.
        worst_mistakes: the mistakes made with most confidence, the surest first.
        images_per_second: median over the batches, so that compiling in the first does not count.
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
        """The same as a dictionary that `json.dumps` takes, without the curve; the keys stay as they are.

        `name`, `class_names`, `n_images`, `n_right`, `accuracy`, `log_loss`, `calibration_error`,
        `aurc`, `images_per_second` and `confusion` are as the attributes; the others are:

        - `accuracy_interval`: `[low, high]`;
        - `reliability`: objects with `low`, `high`, `count`, `mean_confidence`, `accuracy`;
        - `coverages`: objects with `risk`, `coverage`;
        - `per_digit`: objects with `digit`, `precision`, `recall`, `f1`, `support`;
        - `worst_mistakes`: objects with `index`, `label`, `digit`, `confidence`, `label_probability`.
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
            "coverages": [asdict(each) for each in self.coverages],
            "images_per_second": self.images_per_second,
            "per_digit": [asdict(each) for each in self.per_digit],
            "confusion": [list(row) for row in self.confusion],
            "reliability": [asdict(each) for each in self.reliability],
            "worst_mistakes": [asdict(each) for each in self.worst_mistakes],
        }


def write_report(report: Report, split: Split, folder: Path) -> None:
    """Write the report's files, each whole or not at all; the folder is made where it is missing.

    The files are metrics.json, confusion_matrix.csv, confusion_matrix.png, mistakes.png,
    reliability.png and risk_coverage.png; those of the same names are replaced.

    Args:
        report: what `evaluate` found.
        split: the split that it was found on, for the pictures of the mistakes.
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
        split.images[[each.index for each in worst]],
        np.array([each.label for each in worst], dtype=np.int64),
        np.array([each.digit for each in worst], dtype=np.int64),
        np.array([each.confidence for each in worst]),
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
