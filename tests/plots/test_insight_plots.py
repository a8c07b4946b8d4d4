"""What a network has learned, as pictures: what they show, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkdigits.errors import DatasetError, ModelError
from inkdigits.plots.insight import plot_embedding, plot_occlusion, plot_weights
from tests.plots.titles import figures_in, texts_of


def shown_in(axes: Axes) -> NDArray[np.floating]:
    (picture,) = axes.images
    return np.ma.filled(np.ma.asarray(picture.get_array(), dtype=np.float64), np.nan)


# --- weights --------------------------------------------------------------------------------------


def test_dense_weights_are_one_picture_per_unit_on_one_scale_around_0() -> None:
    weights = np.zeros((784, 3))
    weights[:, 0], weights[:, 1] = -0.5, np.arange(784) / 4000
    axes = plot_weights(weights).axes[0]
    sheet = shown_in(axes)
    np.testing.assert_array_equal(sheet[:28, :28], np.full((28, 28), -0.5))
    np.testing.assert_array_equal(sheet[:, 31:59], weights[:, 1].reshape(28, 28))
    assert np.isnan(sheet[:, 28:31]).all(), "between two units there is nothing"
    assert axes.images[0].get_clim() == (-0.5, 0.5)
    white = axes.images[0].to_rgba(np.array([[0.0]]))[0, 0, :3]
    assert white.min() > 0.95
    assert figures_in(axes.get_title()) == ["3", "−0.50", "0.20"], "units, and the span of their weights"


def test_filters_are_as_small_as_they_are() -> None:
    weights = np.random.default_rng(0).normal(size=(3, 5, 1, 9))
    axes = plot_weights(weights).axes[0]
    sheet = shown_in(axes)
    assert sheet.shape == (2 * 3 + 1, 5 * 5 + 4)
    np.testing.assert_array_equal(sheet[4:7, :5], weights[:, :, 0, 5])
    assert np.isnan(sheet[4:7, -5:]).all(), "the tenth place is empty"
    assert figures_in(axes.get_title())[:3] == ["9", "3", "5"], "filters, and their size"


def test_many_units_are_cut_to_64_and_the_title_says_so() -> None:
    weights = np.zeros((784, 128))
    weights[:, 64:] = 9.0
    weights[:, 0] = 0.25
    axes = plot_weights(weights).axes[0]
    assert figures_in(axes.get_title()) == ["64", "128", "0.00", "0.25"]
    assert np.nanmax(shown_in(axes)) == 0.25


def test_weights_of_other_layers_are_refused() -> None:
    for shape in ((128, 10), (3, 3, 32, 64), (784,), (784, 0)):
        with pytest.raises(ModelError, match=r"expected the shape \(784, units\)"):
            plot_weights(np.zeros(shape))
    with pytest.raises(ModelError, match="finite"):
        plot_weights(np.full((784, 2), np.nan))


# --- embedding ------------------------------------------------------------------------------------


def test_each_class_has_its_colour_and_its_name_at_its_median() -> None:
    points = np.array([[0.0, 0.0], [1.0, 1.0], [5.0, 2.0], [50.0, 50.0], [51.0, 51.0]])
    axes = plot_embedding(points, np.array([3, 3, 3, 7, 7])).axes[0]
    assert [(text.get_text(), text.get_position()) for text in axes.texts] == [
        ("3", (1.0, 1.0)),
        ("7", (50.5, 50.5)),
    ]
    (dots,) = axes.collections
    np.testing.assert_array_equal(dots.get_offsets(), points)
    colours = [to_hex(colour) for colour in dots.get_facecolor()]
    assert len(set(colours[:3])) == len(set(colours[3:])) == 1
    assert colours[0] != colours[3]
    assert dots.get_rasterized()
    assert figures_in(axes.get_title()) == ["100.0"]


def test_the_title_names_the_classes_that_mix() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.0], [9.0, 9.0], [9.0, 10.0]])
    names = ("shirt", "boot", "bag")
    figure = plot_embedding(points, np.array([2, 0, 1, 1]), class_names=names)
    title = figure.axes[0].get_title()
    assert figures_in(title) == ["50.0"]
    assert [name in title for name in names] == [True, False, True]
    assert texts_of(figure.axes[0]) == ["shirt", "boot", "bag"]
    assert figures_in(plot_embedding(points[:1], np.array([2])).axes[0].get_title()) == ["1"]


def test_points_and_labels_must_fit() -> None:
    with pytest.raises(DatasetError, match="points: expected at least 1"):
        plot_embedding(np.zeros((0, 2)), np.array([], dtype=np.int64))
    with pytest.raises(DatasetError, match="labels: expected 2, one per image, found 1"):
        plot_embedding(np.zeros((2, 2)), np.array([1]))
    with pytest.raises(DatasetError, match=r"inkdigits\.evaluation\.embedding\.embed"):
        plot_embedding(np.zeros((2, 30)), np.array([1, 2]))
    with pytest.raises(DatasetError, match=r"labels: expected 0 to 9.*found 1 to 10"):
        plot_embedding(np.zeros((2, 2)), np.array([1, 10]))


# --- occlusion ------------------------------------------------------------------------------------


def test_the_digit_stands_beside_what_counts() -> None:
    ink = np.zeros((28, 28), dtype=np.float32)
    ink[4:24, 8:20] = 1.0
    importance = np.zeros((28, 28))
    importance[5, 9], importance[20, 10] = 0.384, -0.5
    digit, map_of_importance = plot_occlusion(ink, importance, answer=7).axes[:2]
    assert figures_in(digit.get_title()) == ["7"]
    assert figures_in(map_of_importance.get_title()) == ["38"]
    np.testing.assert_array_equal(shown_in(digit), ink)
    np.testing.assert_array_equal(shown_in(map_of_importance), 100 * importance)
    assert digit.images[0].get_clim() == (0, 1)
    assert map_of_importance.images[0].get_clim() == (-50, 50)


def test_a_place_is_told_by_the_ink_not_by_the_paper() -> None:
    ink = np.zeros((28, 28), dtype=np.uint8)
    ink[20:26, 20:26] = 255
    for row, column, place in ((20, 20, "top left"), (22, 27, "right side"), (27, 22, "bottom")):
        importance = np.zeros((28, 28))
        importance[row, column] = 0.5
        axes = plot_occlusion(ink, importance, answer=1).axes
        assert place in axes[1].get_title()
        assert figures_in(axes[1].get_title()) == ["50"]
    assert axes[0].images[0].get_clim() == (0, 255)


def test_next_to_nothing_is_not_blown_up() -> None:
    blank = np.zeros((28, 28), dtype=np.float32)
    importance = np.full((28, 28), 1e-7)
    axes = plot_occlusion(blank, importance, answer="boot").axes
    assert "boot" in axes[0].get_title()
    assert figures_in(axes[1].get_title()) == ["1"], "the least that counts, and no place"
    assert axes[1].images[0].get_clim() == (-1, 1)
    with pytest.raises(DatasetError, match=r"as the ink of shape \(28, 28\), found the shape \(24, 24\)"):
        plot_occlusion(blank, np.zeros((24, 24)), answer=1)


# --- all ------------------------------------------------------------------------------------------


def test_insight_plots_draw_on_the_axes_they_are_given() -> None:
    figure = Figure()
    weights, embedding, digit, importance = figure.subplots(2, 2).flat
    assert plot_weights(np.ones((784, 2)), axes=weights) is figure
    assert plot_embedding(np.eye(2), np.array([1, 2]), axes=embedding) is figure
    ink = np.ones((28, 28))
    assert plot_occlusion(ink, ink, answer=0, axes=(digit, importance)) is figure
    assert len(figure.axes) == 4 + 2, "the four, and two colour bars"
    assert all(axes.get_title() for axes in (weights, embedding, digit, importance))
    figure.canvas.draw()
