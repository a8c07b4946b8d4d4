"""Sheets of images: what a dataset looks like, and what was read wrong. N is the number of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkdigits.plots.canvas import (
    DIGIT_NAMES,
    SMALL_PT,
    TITLE_PT,
    check_not_empty,
    check_one_per_image,
    figure_of,
    new_axes,
)

__all__ = ["plot_mistakes", "plot_samples"]


def plot_samples(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer] | None = None,
    *,
    n_columns: int = 10,
    class_names: Sequence[str] = DIGIT_NAMES,
    axes: Axes | None = None,
) -> Figure:
    """A sheet of images, dark ink on white paper, each with its label below when labels are given.

    Args:
        images: (N, height, width), 0 paper to 255 ink.
        labels: (N,), 0 to 9.
        n_columns: images in a row.
        class_names: names of the classes, where they are not digits.
        axes: where to draw; a new figure where it is None.

    Raises:
        DatasetError: there are no images, or not one label per image.
    """
    check_not_empty("images", len(images))
    if labels is not None:
        check_one_per_image("labels", len(images), len(labels))
    captions = [""] * len(images) if labels is None else [class_names[label] for label in labels]
    count = "1 image" if len(images) == 1 else f"{len(images):,} images"
    title = count if labels is None else f"{count}, {len(set(captions))} different labels"
    return _draw_sheet(images, captions, title, n_columns, axes)


def plot_mistakes(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    digits: NDArray[np.integer],
    confidences: NDArray[np.floating],
    *,
    n_columns: int = 6,
    class_names: Sequence[str] = DIGIT_NAMES,
    axes: Axes | None = None,
) -> Figure:
    """A sheet of images that were read wrong, in the order given: "label → reading, confidence".

    Args:
        images: (N, height, width), 0 paper to 255 ink; N may be 0.
        labels: (N,), 0 to 9.
        digits: (N,), as read.
        confidences: (N,), 0 to 1, that the classifier had in its reading.
        n_columns: images in a row.
        class_names: names of the classes, where they are not digits.
        axes: where to draw; a new figure where it is None.

    Raises:
        DatasetError: not one label, digit and confidence per image.
    """
    for name, values in (("labels", labels), ("digits", digits), ("confidences", confidences)):
        check_one_per_image(name, len(images), len(values))
    if len(images) == 0:
        axes = axes or new_axes(4.0, 1.5)
        axes.set_axis_off()
        axes.set_title("No mistakes", fontsize=TITLE_PT)
        return figure_of(axes)
    readings = [
        f"{class_names[label]} → {class_names[digit]}" for label, digit in zip(labels, digits, strict=True)
    ]
    captions = [f"{reading}\n{_sureness(sure)}" for reading, sure in zip(readings, confidences, strict=True)]
    surest = int(np.argmax(confidences))
    title = f"Surest mistake (label → reading): {readings[surest]}, {_sureness(confidences[surest])} sure"
    return _draw_sheet(images, captions, title, n_columns, axes)


def _sureness(confidence: float) -> str:
    # Rounded to 100.0%, a mistake would look like a certainty.
    return "> 99.9%" if confidence > 0.999 else f"{confidence:.1%}"


def _draw_sheet(
    images: NDArray[np.uint8], captions: Sequence[str], title: str, n_columns: int, axes: Axes | None
) -> Figure:
    """Lay the images out as tiles of one picture, with each caption below its tile."""
    n_images, height, width = images.shape
    n_columns = min(n_columns, n_images)
    n_rows = -(-n_images // n_columns)
    n_lines = max(caption.count("\n") + 1 if caption else 0 for caption in captions)
    step_x = width * 1.15
    step_y = height * (1.1 + 0.22 * n_lines)
    axes = axes or new_axes(max(0.8 * n_columns, 4.8), 0.8 * n_rows * step_y / step_x + 0.4)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = (index % n_columns) * step_x, (index // n_columns) * step_y
        extent = (left, left + width, top + height, top)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, extent=extent)
        axes.text(left + width / 2, top + height * 1.06, caption, fontsize=SMALL_PT, ha="center", va="top")
    axes.set(xlim=(-1, n_columns * step_x), ylim=(n_rows * step_y, -1))
    axes.set_axis_off()
    axes.set_title(title, fontsize=TITLE_PT)
    return figure_of(axes)
