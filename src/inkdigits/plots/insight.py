"""What a network has learned: its first weights, its view of a test set, and what an answer rests on.

Weights and importances are coloured from blue through white to red, as in ColorBrewer's RdBu, which
colour-blind people can read; white is 0. The ten colours of the classes are those of Petroff (2021),
"Accessible color sequences for data visualization", arXiv:2107.02270.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkdigits.errors import DatasetError, ModelError
from inkdigits.extras import needing
from inkdigits.ink import SIDE
from inkdigits.plots.canvas import (
    DIGIT_NAMES,
    DOTS_PER_INCH,
    GREY,
    PALE,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    check_not_empty,
    check_one_per_image,
    figure_of,
    new_axes,
)

with needing("train", for_what="maps of what a network has learned"):
    from scipy.spatial import KDTree

__all__ = ["plot_embedding", "plot_occlusion", "plot_weights"]

_SIGNED = "RdBu_r"
_CLASS_COLOURS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)
_MOST_TILES = 64
_MOST_COLUMNS = 8
_LEAST_POINTS = 1.0  # less is worth neither strong colours nor a claim
_REGIONS = (
    ("top left", "top", "top right"),
    ("left side", "middle", "right side"),
    ("bottom left", "bottom", "bottom right"),
)


def plot_weights(weights: NDArray[np.floating], *, axes: Axes | None = None) -> Figure:
    """The first layer of a network as small pictures, one per unit: red sees ink, blue minds it.

    All share one scale of colours, so that a weak unit looks weak. Of more than 64, the first 64 are shown.

    Args:
        weights: dense weights (784, units), drawn as 28x28, or convolution filters (height, width, 1, n).
        axes: where to draw; a new figure where it is None.

    Raises:
        ModelError: another shape, or weights that are not finite.
    """
    tiles = _weight_tiles(weights)  # (units, height, width)
    n_units, height, width = tiles.shape
    tiles = tiles[:_MOST_TILES]
    n_rows = -(-len(tiles) // _MOST_COLUMNS)
    n_columns = -(-len(tiles) // n_rows)
    step_y, step_x = height + _gap(height), width + _gap(width)
    sheet = np.full((n_rows * step_y - _gap(height), n_columns * step_x - _gap(width)), np.nan)
    for index, tile in enumerate(tiles):
        top, left = index // n_columns * step_y, index % n_columns * step_x
        sheet[top : top + height, left : left + width] = tile
    if axes is None:
        width_in = max(0.72 * n_columns, 3.2)
        axes = new_axes(width_in + 1.2, width_in * sheet.shape[0] / sheet.shape[1] + 0.5)
    strongest = max(float(np.abs(tiles).max()), 1e-9)
    picture = axes.imshow(sheet, cmap=_SIGNED, vmin=-strongest, vmax=strongest, interpolation="nearest")
    axes.set_axis_off()
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.7)
    bar.set_label("weight", fontsize=TEXT_PT)
    count = f"{len(tiles)} of {n_units:,}" if n_units > len(tiles) else f"{n_units}"
    kind = "units" if weights.ndim == 2 else f"filters of {height}x{width}"
    span = f"{tiles.min():.2f} to {tiles.max():.2f}".replace("-", "−")  # the minus of the colour bar
    axes.set_title(f"{count} {kind}, weights {span}", fontsize=TITLE_PT)
    return figure_of(axes)


def plot_embedding(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    class_names: Sequence[str] = DIGIT_NAMES,
    axes: Axes | None = None,
) -> Figure:
    """A test set as dots in the plane, each class in its colour, with its name at its median.

    The title tells how often the nearest dot is of the same class, and which two classes mix most.

    Args:
        points: (N, 2), such as `inkdigits.evaluation.embedding.embed` gives; the axes carry no numbers.
        labels: (N,), 0 to 9.
        class_names: names of the ten classes, where they are not digits.
        axes: where to draw; a new figure where it is None.

    Raises:
        DatasetError: there are no points, points of another shape, or labels that do not fit them.
    """
    _check_points(points, labels, len(class_names))
    axes = axes or new_axes(6.4, 5.6)
    colours = [_colour(label) for label in labels]
    # One call for all classes, so that none is drawn over all others.
    axes.scatter(points[:, 0], points[:, 1], s=5, c=colours, linewidths=0, rasterized=True)
    for label in np.unique(labels):
        x, y = np.median(points[labels == label], axis=0)
        axes.text(
            x, y, class_names[label], fontsize=TEXT_PT + 1, weight="bold", ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": _colour(label),
                  "linewidth": 1.5, "alpha": 0.9},
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(PALE)
    axes.set_title(_embedding_finding(points, labels, class_names), fontsize=TITLE_PT)
    return figure_of(axes)


def plot_occlusion(
    ink: NDArray[Any],
    importance: NDArray[np.floating],
    *,
    answer: int | str,
    axes: tuple[Axes, Axes] | None = None,
) -> Figure:
    """A digit beside what the model's answer rests on: red is where blanking costs it.

    Args:
        ink: (height, width), 0 paper to 1 ink, or to 255 for whole numbers.
        importance: (height, width), such as `inkdigits.evaluation.occlusion.occlude` gives.
        answer: what the model reads: a digit, or the name of a class.
        axes: where to draw the digit and the importance; a new figure where it is None.

    Raises:
        DatasetError: ink and importance are not pictures of the same shape.
    """
    if ink.ndim != 2 or ink.shape != importance.shape:
        raise DatasetError(
            "importance",
            expected=f"one number per pixel of one image, as the ink of shape {ink.shape}",
            found=f"the shape {importance.shape}",
            remedy="Pass one image, and what inkdigits.evaluation.occlusion.occlude made of it.",
        )
    if axes is None:
        figure = Figure(figsize=(7.6, 3.6), dpi=DOTS_PER_INCH, layout="constrained")
        axes = figure.subplots(1, 2)
    digit_axes, importance_axes = axes
    full = 255 if np.issubdtype(ink.dtype, np.integer) else 1.0
    digit_axes.imshow(ink, cmap="gray_r", vmin=0, vmax=full)
    digit_axes.set_title(f"Read as {answer}", fontsize=TITLE_PT)

    points = 100 * importance
    limit = max(float(np.abs(points).max()), _LEAST_POINTS)
    picture = importance_axes.imshow(points, cmap=_SIGNED, vmin=-limit, vmax=limit)
    if ink.max() > full / 2:  # matplotlib warns of a contour that is nowhere
        importance_axes.contour(ink, levels=[full / 2], colors=GREY, linewidths=1.0)
    importance_axes.set_title(_occlusion_finding(ink, points), fontsize=TITLE_PT)
    bar = importance_axes.figure.colorbar(picture, ax=importance_axes, shrink=0.8)
    bar.set_label("points of probability lost where blanked", fontsize=SMALL_PT + 1)
    for each in axes:
        each.set(xticks=[], yticks=[])
        each.spines[:].set_color(GREY)
    return figure_of(digit_axes)


def _weight_tiles(weights: NDArray[np.floating]) -> NDArray[np.floating]:
    if weights.ndim == 2 and weights.shape[0] == SIDE * SIDE and weights.shape[1]:
        tiles = weights.T.reshape(-1, SIDE, SIDE)  # (units, 28, 28)
    elif weights.ndim == 4 and weights.shape[2] == 1 and weights.size:
        tiles = weights[:, :, 0].transpose(2, 0, 1)  # (n, height, width)
    else:
        raise ModelError(
            "weights",
            expected="the shape (784, units) or (height, width, 1, filters)",
            found=f"{weights.shape}",
            remedy="Pass the kernel of the first dense or convolutional layer.",
        )
    if not np.isfinite(tiles).all():
        raise ModelError(
            "weights",
            expected="finite numbers",
            found="infinite ones or NaN",
            remedy="Look at the model's loss: its training may have diverged.",
        )
    return tiles


def _gap(side_px: int) -> int:
    return max(1, side_px // 9)


def _check_points(points: NDArray[np.floating], labels: NDArray[np.integer], n_classes: int) -> None:
    check_not_empty("points", len(points))
    check_one_per_image("labels", len(points), len(labels))
    if points.ndim != 2 or points.shape[1] != 2:
        raise DatasetError(
            "points",
            expected="the shape (N, 2)",
            found=f"{points.shape}",
            remedy="Lay the features out with inkdigits.evaluation.embedding.embed first.",
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise DatasetError(
            "labels",
            expected=f"0 to {n_classes - 1}, as there are {n_classes} class names",
            found=f"{labels.min()} to {labels.max()}",
            remedy="Name all classes, or pass the labels that belong to the names.",
        )


def _colour(label: int) -> str:
    return _CLASS_COLOURS[label % len(_CLASS_COLOURS)]


def _embedding_finding(
    points: NDArray[np.floating], labels: NDArray[np.integer], class_names: Sequence[str]
) -> str:
    if len(points) == 1:
        return "1 image"
    nearest = KDTree(points).query(points, k=2)[1]  # (N, 2)
    # Of two equal points, either may come first.
    itself = nearest[:, 0] == np.arange(len(points))
    neighbours = labels[np.where(itself, nearest[:, 1], nearest[:, 0])]  # (N,)
    share = f"{np.mean(neighbours == labels):.1%} lie next to their own class"
    apart = np.flatnonzero(neighbours != labels)
    if not len(apart):
        return share
    n_classes = len(class_names)
    pairs = np.zeros((n_classes, n_classes), dtype=np.int64)
    lower, higher = np.minimum(labels, neighbours), np.maximum(labels, neighbours)
    np.add.at(pairs, (lower[apart], higher[apart]), 1)
    one, other = divmod(int(pairs.argmax()), n_classes)
    return f"{share}; {class_names[one]} and {class_names[other]} mix most"


def _occlusion_finding(ink: NDArray[Any], points: NDArray[np.floating]) -> str:
    most = float(points.max())
    if most < _LEAST_POINTS:
        return f"No patch costs it {_LEAST_POINTS:.0f} point"
    peak = np.unravel_index(int(points.argmax()), points.shape)
    thirds = []
    for axis, position in enumerate(peak):
        inked = np.flatnonzero(ink.any(axis=1 - axis))
        first, last = (inked[0], inked[-1]) if len(inked) else (0, ink.shape[axis] - 1)
        # A patch may be felt just outside the ink.
        third = (int(position) - first) * 3 // (last - first + 1)
        thirds.append(int(np.clip(third, 0, 2)))
    return f"Its {_REGIONS[thirds[0]][thirds[1]]} counts most: {most:.0f} points"
