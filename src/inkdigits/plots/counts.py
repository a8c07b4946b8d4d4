"""Counts by class: how many images there are of each, and which are read as which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from inkdigits.errors import DatasetError
from inkdigits.plots.canvas import (
    BLUE,
    DIGIT_NAMES,
    PALE,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    VERMILION,
    check_not_empty,
    figure_of,
    name_axes,
    new_axes,
)

__all__ = ["plot_class_balance", "plot_confusion_matrix"]


def plot_class_balance(
    labels: NDArray[np.integer], *, class_names: Sequence[str] = DIGIT_NAMES, axes: Axes | None = None
) -> Figure:
    """How many images there are of each digit, with the count that perfect balance would give.

    Args:
        labels: (N,), 0 to 9.
        class_names: names of the classes, where they are not digits.
        axes: where to draw; a new figure where it is None.

    Raises:
        DatasetError: there are no labels.
    """
    check_not_empty("labels", len(labels))
    axes = axes or new_axes(6.4 * max(1.0, len(class_names) / 14), 4.0)
    counts = np.bincount(labels, minlength=len(class_names))  # (C,)
    bars = axes.bar(np.arange(len(counts)), counts, color=BLUE, width=0.8)
    counted = axes.bar_label(bars, labels=[f"{count:,}" for count in counts], fontsize=SMALL_PT, padding=3)
    for text in counted:  # the line of the even share must not strike a number out
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    axes.axhline(counts.mean(), color=VERMILION, linestyle="--", linewidth=1.5)
    axes.annotate(
        f"even\nshare\n{counts.mean():,.0f}",
        xy=(1.01, counts.mean()),
        xycoords=("axes fraction", "data"),
        color=VERMILION,
        fontsize=SMALL_PT + 1,
        va="center",
        annotation_clip=False,
    )
    most, least = int(counts.argmax()), int(counts.argmin())
    if max(map(len, class_names)) > 3:
        axes.tick_params(axis="x", rotation=90)
    name_axes(axes, "digit" if tuple(class_names) == DIGIT_NAMES else "class", "images")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xticks(range(len(counts)), class_names)
    axes.set_title(
        f"Most common: {class_names[most]} ({counts[most] / len(labels):.1%} of {len(labels):,}), "
        f"rarest: {class_names[least]} ({counts[least] / len(labels):.1%})",
        fontsize=TITLE_PT,
    )
    return figure_of(axes)


def plot_confusion_matrix(
    matrix: NDArray[np.integer], class_names: Sequence[str] = DIGIT_NAMES, *, axes: Axes | None = None
) -> Figure:
    """Counts of label against reading; errors are coloured by their share of the row.

    The diagonal stays grey, so that a good classifier's few errors are not drowned by it; how much
    of each row is right stands at the right edge.

    Args:
        matrix: (C, C), rows are the labels, columns the readings.
        class_names: names of the classes, where they are not digits.
        axes: where to draw; a new figure where it is None.

    Raises:
        DatasetError: the matrix is not square, or does not fit the names.
    """
    n_classes = len(class_names)
    if matrix.shape != (n_classes, n_classes):
        raise DatasetError(
            "confusion matrix",
            expected=f"the shape {(n_classes, n_classes)}, as there are {n_classes} class names",
            found=f"{matrix.shape}",
            remedy="Pass the matrix of inkdigits.metrics.confusion_matrix.",
        )
    enlarged = max(1.0, n_classes / 14)
    axes = axes or new_axes(7.6 * enlarged, 5.2 * enlarged)
    row_totals = matrix.sum(axis=1, keepdims=True)  # (C, 1)
    rates = matrix / np.maximum(row_totals, 1)  # (C, C)
    errors = np.ma.masked_array(rates, mask=np.eye(n_classes, dtype=bool))
    axes.set_facecolor(PALE)
    picture = axes.imshow(errors, cmap="Oranges", vmin=0.0, vmax=max(float(errors.max()), 1e-9))
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            dark = row != column and rates[row, column] > 0.6 * float(errors.max())
            axes.text(
                column, row, f"{count:,}", color="white" if dark else "black", fontsize=SMALL_PT + 1,
                ha="center", va="center",
            )  # fmt: skip
    name_axes(axes, "read as", "label")
    axes.set_xticks(range(n_classes), class_names)
    if max(map(len, class_names)) > 3:
        axes.tick_params(axis="x", rotation=90)
    axes.set_yticks(range(n_classes), class_names)
    recalls = axes.secondary_yaxis("right")
    recalls.set_yticks(range(n_classes), [f"{rate:.1%}" for rate in rates.diagonal()], fontsize=SMALL_PT + 1)
    recalls.set_ylabel("read right", fontsize=TEXT_PT)
    for each in (axes, recalls):
        each.tick_params(length=0)
        each.spines[:].set_visible(False)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.7, format=PercentFormatter(1.0))
    bar.set_label("errors, share of the row", fontsize=TEXT_PT)
    axes.set_title(_confusion_finding(matrix, class_names), fontsize=TITLE_PT)
    return figure_of(axes)


def _confusion_finding(matrix: NDArray[np.integer], class_names: Sequence[str]) -> str:
    n_right, n_images = int(np.trace(matrix)), int(matrix.sum())
    share = f"{n_right / max(n_images, 1):.2%} right"
    errors = matrix * ~np.eye(len(matrix), dtype=bool)
    if not errors.any():
        return share
    most = int(errors.max())
    times = f"{most:,} times" if most > 1 else "once"
    if np.count_nonzero(errors == most) > 1:
        return f"{share}; no one mistake more than {times}"
    row, column = divmod(int(errors.argmax()), len(matrix))
    return f"{share}; most often {class_names[row]} is read as {class_names[column]} ({times})"
