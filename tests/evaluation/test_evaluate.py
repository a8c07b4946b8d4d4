"""A report agrees with a classifier whose every answer is known, and its files say the same."""

from __future__ import annotations

import csv
import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inkdigits.datasets import Split
from inkdigits.errors import ConfigError, DatasetError, ModelError
from inkdigits.evaluation.evaluate import Classify, Coverage, Mistake, evaluate, write_report
from inkdigits.plots import DIGIT_NAMES

N_IMAGES = 40
FILES = [
    "confusion_matrix.csv",
    "confusion_matrix.png",
    "metrics.json",
    "mistakes.png",
    "reliability.png",
    "risk_coverage.png",
]


def numbered_split(n_images: int = N_IMAGES) -> Split:
    """Images whose first pixel is their number and whose second pixel is their label."""
    images = np.zeros((n_images, 28, 28), dtype=np.uint8)
    images[:, 0, 0] = np.arange(n_images)
    images[:, 0, 1] = np.arange(n_images) % 10
    return Split(images=images, labels=np.arange(n_images) % 10)


def two_mistakes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Right with 0.8, except image 3 (a 3 read as 5 with 0.9) and image 17 (a 7 read as 1 with 0.6)."""
    probabilities = np.full((len(images), 10), 0.2 / 9, dtype=np.float32)
    probabilities[np.arange(len(images)), images[:, 0, 1]] = 0.8
    for number, digit, confidence in ((3, 5, 0.9), (17, 1, 0.6)):
        rows = images[:, 0, 0] == number
        probabilities[rows] = (1 - confidence) / 9
        probabilities[rows, digit] = confidence
    return probabilities


def test_report_of_a_classifier_that_is_known() -> None:
    report = evaluate(two_mistakes, numbered_split(), name="two mistakes")
    assert (report.n_images, report.n_right, report.accuracy) == (40, 38, 0.95)
    assert report.interval.low < 0.95 < report.interval.high
    costs = [-np.log(0.8)] * 38 + [-np.log(0.1 / 9), -np.log(0.4 / 9)]
    assert report.log_loss == pytest.approx(np.mean(costs), rel=1e-5)
    # Three bins: 38 right answers at 0.8, one wrong at 0.9, one wrong at 0.6.
    assert report.calibration_error == pytest.approx((38 * 0.2 + 0.9 + 0.6) / 40, rel=1e-5)
    assert [each.count for each in report.reliability] == [1, 38, 1]
    # The surest answer is wrong, so 1 in 39 is the lowest risk: no target can be met.
    assert report.coverages == (Coverage(0.01, 0.0), Coverage(0.005, 0.0), Coverage(0.001, 0.0))
    assert report.aurc == pytest.approx((1 + 38 / 39 + 2 / 40) / 40)
    assert report.confusion[3] == (0, 0, 0, 3, 0, 1, 0, 0, 0, 0)
    assert report.per_digit[5].precision == pytest.approx(4 / 5)
    assert report.per_digit[7].recall == pytest.approx(3 / 4)


def test_worst_mistakes_come_surest_first() -> None:
    report = evaluate(two_mistakes, numbered_split(), name="two mistakes")
    assert [(each.index, each.label, each.digit) for each in report.worst_mistakes] == [(3, 3, 5), (17, 7, 1)]
    assert report.worst_mistakes[0].confidence == pytest.approx(0.9)
    assert report.worst_mistakes[0].label_probability == pytest.approx(0.1 / 9)
    fewer = evaluate(two_mistakes, numbered_split(), name="two mistakes", n_worst=1)
    assert fewer.worst_mistakes == report.worst_mistakes[:1]
    assert isinstance(fewer.worst_mistakes[0], Mistake)


@pytest.mark.parametrize("batch_size", [1, 7, 40, 1000])
def test_batches_do_not_change_the_report(batch_size: int) -> None:
    sizes = []

    def classify(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        sizes.append(len(images))
        return two_mistakes(images)

    ticks = count()
    report = evaluate(
        classify, numbered_split(), name="x", batch_size=batch_size, clock=lambda: float(next(ticks))
    )
    assert sum(sizes) == N_IMAGES
    assert max(sizes) <= batch_size
    assert report.n_right == 38
    assert report.images_per_second == np.median(sizes), "each batch takes one second of this clock"


def test_slow_first_batch_does_not_count() -> None:
    seconds = iter([0.0, 60.0, 60.0, 61.0, 61.0, 62.0, 62.0, 63.0])
    report = evaluate(two_mistakes, numbered_split(), name="x", batch_size=10, clock=lambda: next(seconds))
    assert report.images_per_second == 10.0


def test_json_is_plain_and_complete() -> None:
    report = evaluate(two_mistakes, numbered_split(), name="two mistakes")
    loaded = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert loaded == report.to_json(), "nothing but plain types"
    assert list(loaded) == [
        "name", "class_names", "n_images", "n_right", "accuracy", "accuracy_interval", "log_loss",
        "calibration_error", "aurc", "coverages", "images_per_second", "per_digit", "confusion",
        "reliability", "worst_mistakes",
    ]  # fmt: skip
    assert loaded["per_digit"][4]["support"] == 4
    assert np.trace(loaded["confusion"]) == 38
    assert loaded["worst_mistakes"][1]["index"] == 17


def test_written_files_say_the_same(tmp_path: Path) -> None:
    split = numbered_split()
    report = evaluate(two_mistakes, split, name="two mistakes")
    folder = tmp_path / "deep" / "report"
    write_report(report, split, folder)
    write_report(report, split, folder)  # an older report is replaced
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8")) == report.to_json()
    with (folder / "confusion_matrix.csv").open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == ["label", *(f"read as {name}" for name in DIGIT_NAMES)]
    assert [tuple(map(int, row[1:])) for row in rows] == list(report.confusion)
    assert [row[0] for row in rows] == list(DIGIT_NAMES)
    for name in FILES:
        if name.endswith(".png"):
            with Image.open(folder / name) as picture:
                picture.load()
                assert picture.format == "PNG"


def test_report_of_a_perfect_classifier_can_be_written(tmp_path: Path) -> None:
    split = numbered_split()
    report = evaluate(lambda images: np.eye(10)[images[:, 0, 1]], split, name="perfect")
    assert report.worst_mistakes == ()
    assert report.log_loss == report.calibration_error == report.aurc == 0.0
    write_report(report, split, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_write_report_refuses_another_split(tmp_path: Path) -> None:
    report = evaluate(two_mistakes, numbered_split(), name="two mistakes")
    with pytest.raises(DatasetError, match="the 40 images that the report is about, found 39"):
        write_report(report, numbered_split(39), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("classify", "said"),
    [
        (lambda images: np.full((len(images), 9), 1 / 9), r"\(40, 10\), found \(40, 9\)"),
        (lambda images: np.eye(10)[[0]], r"\(40, 10\), found \(1, 10\)"),
        (lambda images: np.zeros(len(images)), r"found \(40,\)"),
        (lambda images: np.tile(np.arange(10.0), (len(images), 1)), "Apply a softmax"),
        (lambda images: np.tile([2.0, -1.0, *[0.0] * 8], (len(images), 1)), "values from -1"),
        (lambda images: np.full((len(images), 10), np.nan), "values from nan"),
    ],
)
def test_what_is_not_a_probability_is_refused(classify: Classify, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        evaluate(classify, numbered_split(), name="x")


def test_half_precision_probabilities_are_accepted() -> None:
    report = evaluate(lambda images: two_mistakes(images).astype(np.float16), numbered_split(), name="x")
    assert report.n_right == 38


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "found no labels"),
        (np.arange(40), "labels from 0 to 39"),
        (np.zeros(39, dtype=np.int64), "expected 40 labels .* found 39"),
    ],
)
def test_labels_are_needed(labels: NDArray[np.int64] | None, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        evaluate(two_mistakes, Split(images=numbered_split().images, labels=labels), name="x")


def test_images_are_needed() -> None:
    with pytest.raises(DatasetError, match="found no images"):
        evaluate(two_mistakes, numbered_split(0), name="x")


def test_options_are_checked() -> None:
    with pytest.raises(ConfigError, match="at least two names, found 1"):
        evaluate(two_mistakes, numbered_split(), name="x", class_names=("boot",))
    with pytest.raises(ConfigError, match="batch_size"):
        evaluate(two_mistakes, numbered_split(), name="x", batch_size=0)
    with pytest.raises(ConfigError, match="n_worst"):
        evaluate(two_mistakes, numbered_split(), name="x", n_worst=-1)
