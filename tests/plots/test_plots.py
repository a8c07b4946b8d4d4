"""What the plots show: the data, its labels, the figures in the titles; and that the files are whole."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from inkdigits.errors import ConfigError, DatasetError
from inkdigits.metrics import reliability_bins, risk_coverage
from inkdigits.plots import (
    plot_class_balance,
    plot_confusion_matrix,
    plot_learning_curves,
    plot_mistakes,
    plot_reliability,
    plot_risk_coverage,
    plot_samples,
    save_figure,
)
from tests.plots.titles import figures_in, texts_of


@dataclass(frozen=True)
class Epoch:
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


def made_up_images(n_images: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n_images, 28, 28), dtype=np.uint8)


def only_axes(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


# --- sheets ---------------------------------------------------------------------------------------


def test_samples_show_every_image_with_its_label_below() -> None:
    images = made_up_images(5)
    axes = only_axes(plot_samples(images, np.array([3, 1, 4, 1, 5]), n_columns=3))
    assert texts_of(axes) == ["3", "1", "4", "1", "5"]
    assert figures_in(axes.get_title()) == ["5", "4"], "images, and different labels"
    for tile, image in zip(axes.images, images, strict=True):
        np.testing.assert_array_equal(tile.get_array(), image)
    for text, tile in zip(axes.texts, axes.images, strict=True):
        left, right, bottom, _top = tile.get_extent()
        x, y = text.get_position()
        assert left < x < right
        assert y > bottom, "downwards is larger: the label must not cover the image"


def test_samples_are_ink_on_paper_whatever_their_darkest_value() -> None:
    faint = np.full((1, 28, 28), 10, dtype=np.uint8)
    (tile,) = only_axes(plot_samples(faint)).images
    assert tile.get_clim() == (0, 255)
    red, _green, _blue, _alpha = tile.to_rgba(np.array([[0.0, 255.0]]))[0].T
    assert list(red) == [1.0, 0.0]


def test_samples_without_labels() -> None:
    axes = only_axes(plot_samples(made_up_images(1)))
    assert figures_in(axes.get_title()) == ["1"]
    assert texts_of(axes) == [""]


def test_sheets_refuse_labels_that_do_not_fit() -> None:
    with pytest.raises(DatasetError, match="labels: expected 2, one per image, found 1"):
        plot_samples(made_up_images(2), np.array([3]))
    with pytest.raises(DatasetError, match="images: expected at least 1, found 0"):
        plot_samples(made_up_images(0))
    with pytest.raises(DatasetError, match="confidences: expected 2, one per image, found 1"):
        plot_mistakes(made_up_images(2), np.array([3, 4]), np.array([3, 4]), np.array([0.9]))


def test_mistakes_say_label_reading_and_confidence() -> None:
    figure = plot_mistakes(made_up_images(2), np.array([4, 7]), np.array([9, 1]), np.array([0.755, 0.99999]))
    axes = only_axes(figure)
    assert [figures_in(text) for text in texts_of(axes)] == [["4", "9", "75.5"], ["7", "1", "99.9"]]
    assert figures_in(axes.get_title()) == ["7", "1", "99.9"], "the surest"


def test_no_mistakes_is_a_picture_too() -> None:
    nothing = np.array([], dtype=np.int64)
    axes = only_axes(plot_mistakes(made_up_images(0), nothing, nothing, np.array([])))
    assert axes.get_title(), "an empty sheet says why"
    assert not axes.images


# --- charts ---------------------------------------------------------------------------------------


def test_class_balance_counts_every_digit() -> None:
    axes = only_axes(plot_class_balance(np.array([0, 0, 0, 5, 5, *range(10)])))
    assert [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)] == [
        4,
        1,
        1,
        1,
        1,
        3,
        1,
        1,
        1,
        1,
    ]
    assert figures_in(axes.get_title()) == ["0", "26.7", "15", "1", "6.7"], "the most common, and the rarest"
    with pytest.raises(DatasetError, match="labels"):
        plot_class_balance(np.array([], dtype=np.int64))


def test_learning_curves_show_training_and_validation() -> None:
    history = [
        Epoch(1, 0.5, 0.80, 0.4, 0.85),
        Epoch(2, 0.2, 0.90, 0.3, 0.91),
        Epoch(3, 0.1, 0.95, 0.35, 0.90),
    ]
    loss, accuracy = plot_learning_curves(history).axes
    assert [np.asarray(line.get_ydata()).tolist() for line in loss.lines] == [
        [0.5, 0.2, 0.1],
        [0.4, 0.3, 0.35],
    ]
    assert [line.get_label() for line in accuracy.lines] == ["training", "validation"]
    assert figures_in(loss.get_title()) == ["2", "0.3"], "the best epoch, and its validation loss"
    assert figures_in(accuracy.get_title()) == ["95.00", "90.00"]


def test_learning_curves_without_validation() -> None:
    loss, accuracy = plot_learning_curves([Epoch(1, 0.5, 0.8)]).axes
    assert len(loss.lines) == len(accuracy.lines) == 1
    assert loss.lines[0].get_marker() == "o", "a line through one point cannot be seen"
    assert figures_in(accuracy.get_title()) == ["80.00"]
    with pytest.raises(DatasetError, match="history"):
        plot_learning_curves([])


def test_confusion_matrix_colours_the_errors_only() -> None:
    matrix = np.diag(np.full(10, 90))
    matrix[4, 9] = 10
    figure = plot_confusion_matrix(matrix)
    axes = figure.axes[0]
    (picture,) = axes.images
    shown = picture.get_array()
    assert isinstance(shown, np.ma.MaskedArray)
    assert np.ma.getmaskarray(shown).diagonal().all()
    assert shown[4, 9] == pytest.approx(0.1)
    assert picture.get_clim() == pytest.approx((0.0, 0.1))
    assert sorted(texts_of(axes)) == ["10"] + ["90"] * 10
    assert figures_in(axes.get_title()) == ["98.90", "4", "9", "10"]
    right_edge = [label.get_text() for label in axes.child_axes[0].get_yticklabels()]
    assert right_edge[3:5] == ["100.0%", "90.0%"]


def test_confusion_matrix_names_no_worst_mistake_where_several_are_equal() -> None:
    matrix = np.diag(np.full(10, 90))
    matrix[4, 9] = matrix[3, 5] = 1
    assert figures_in(plot_confusion_matrix(matrix).axes[0].get_title()) == ["99.78"]


def test_confusion_matrix_without_errors_or_images() -> None:
    for matrix, percent_right in ((np.eye(10, dtype=int), "100.00"), (np.zeros((10, 10), dtype=int), "0.00")):
        assert figures_in(plot_confusion_matrix(matrix).axes[0].get_title()) == [percent_right]


def test_confusion_matrix_must_fit_the_names() -> None:
    with pytest.raises(DatasetError, match=r"\(10, 10\).*found \(3, 3\)"):
        plot_confusion_matrix(np.eye(3, dtype=int))
    axes = plot_confusion_matrix(np.eye(3, dtype=int), ("shirt", "boot", "bag")).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["shirt", "boot", "bag"]


def test_reliability_puts_what_came_true_over_what_was_said() -> None:
    bins = reliability_bins(np.array([0.4, 0.4, 0.9, 0.9]), np.array([True, False, True, True]))
    axes = only_axes(plot_reliability(bins))
    diagonal, points = axes.lines[:2]
    np.testing.assert_array_equal(np.asarray(diagonal.get_xdata()), np.asarray(diagonal.get_ydata()))
    np.testing.assert_allclose(np.asarray(points.get_xdata()), np.array([0.4, 0.9]))
    np.testing.assert_allclose(np.asarray(points.get_ydata()), np.array([0.5, 1.0]))
    assert figures_in(axes.get_title()) == ["65.0", "75.0", "10.00"], "sure, right, calibration error"
    assert [label.get_text() for label in axes.child_axes[0].get_xticklabels()] == ["2", "2"]
    with pytest.raises(DatasetError, match="reliability bins"):
        plot_reliability([])


def test_risk_coverage_marks_the_targets_that_can_be_met() -> None:
    confidences = np.linspace(1, 0.5, 1000)
    right = np.ones(1000, dtype=bool)
    right[[400, 800, 801, 802, 803, 900, 901, 902, 903, 904, 905]] = False
    axes = only_axes(plot_risk_coverage(risk_coverage(confidences, right)))
    legend = axes.get_legend()
    assert legend is not None
    errors_and_accepted = [figures_in(text.get_text()) for text in legend.get_texts()]
    assert errors_and_accepted == [["1.0", "90.4"], ["0.5", "80.3"], ["0.1", "40.0"]]
    assert figures_in(axes.get_title()) == ["9.6", "1.1", "1.0"], "refused, errors before, errors after"


def test_risk_coverage_of_a_perfect_classifier() -> None:
    axes = only_axes(plot_risk_coverage(risk_coverage(np.array([0.9, 0.8]), np.array([True, True]))))
    assert figures_in(axes.get_title()) == ["0.00"]
    assert axes.get_legend() is None


def test_plots_draw_on_the_axes_they_are_given() -> None:
    figure = Figure()
    samples, balance, loss, accuracy = figure.subplots(2, 2).flat
    assert plot_samples(made_up_images(2), axes=samples) is figure
    assert plot_class_balance(np.arange(10), axes=balance) is figure
    assert plot_learning_curves([Epoch(1, 0.5, 0.8)], axes=(loss, accuracy)) is figure
    assert len(figure.axes) == 4
    assert len(samples.images) == 2
    whole = Figure()
    assert (
        plot_class_balance(np.arange(10), axes=whole.add_subfigure(whole.add_gridspec()[0]).subplots())
        is whole
    )


# --- files ----------------------------------------------------------------------------------------


def test_saved_figures_are_pngs_and_the_same_each_time(tmp_path: Path) -> None:
    for name in ("first.png", "second.png"):
        save_figure(plot_class_balance(np.arange(10)), tmp_path / name)
    with Image.open(tmp_path / "first.png") as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width > 600
        assert "Software" not in picture.info
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.png", "second.png"]


def test_a_failed_save_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plot.png").write_bytes(b"old")

    def full_disk(source: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("inkdigits.files.os.replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_figure(plot_class_balance(np.arange(10)), tmp_path / "plot.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_figures_are_saved_as_png_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.png, found the ending '\.jpg'"):
        save_figure(Figure(), tmp_path / "plot.jpg")
    assert not list(tmp_path.iterdir())


def test_pyplot_and_its_shared_state_stay_out() -> None:
    program = "import sys, inkdigits.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
