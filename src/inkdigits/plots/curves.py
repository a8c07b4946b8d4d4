"""Curves: how training went, how far a confidence can be trusted, and what refusing would gain.

Lines differ in their strokes as well as in their colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from inkdigits.metrics import TARGET_RISKS, ReliabilityBin, RiskCoverage, accuracy_interval, coverage_at_risk
from inkdigits.plots.canvas import (
    BLUE,
    DOTS_PER_INCH,
    GREY,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    VERMILION,
    check_not_empty,
    figure_of,
    name_axes,
    new_axes,
)

__all__ = ["EpochRecord", "plot_learning_curves", "plot_reliability", "plot_risk_coverage"]


class EpochRecord(Protocol):
    """One line of a training history; the validation values are None where nothing was held out."""

    @property
    def epoch(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def accuracy(self) -> float: ...
    @property
    def validation_loss(self) -> float | None: ...
    @property
    def validation_accuracy(self) -> float | None: ...


def plot_learning_curves(history: Sequence[EpochRecord], *, axes: tuple[Axes, Axes] | None = None) -> Figure:
    """Loss and accuracy by epoch, side by side: training solid, validation dashed.

    Raises:
        DatasetError: the history is empty.
    """
    check_not_empty("epochs in the history", len(history))
    if axes is None:
        figure = Figure(figsize=(9.0, 3.8), dpi=DOTS_PER_INCH, layout="constrained")
        axes = figure.subplots(1, 2)
    loss_axes, accuracy_axes = axes
    epochs = [record.epoch for record in history]
    losses = [record.loss for record in history]
    validation_losses = [_or_nan(record.validation_loss) for record in history]
    accuracies = [record.accuracy for record in history]
    validation_accuracies = [_or_nan(record.validation_accuracy) for record in history]

    _draw_pair(loss_axes, epochs, losses, validation_losses)
    loss_axes.set_ylim(bottom=0)
    name_axes(loss_axes, "epoch", "loss (nats)")
    loss_axes.set_title(_loss_finding(epochs, losses, validation_losses), fontsize=TITLE_PT)

    _draw_pair(accuracy_axes, epochs, accuracies, validation_accuracies)
    accuracy_axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    name_axes(accuracy_axes, "epoch", "accuracy")
    accuracy_axes.set_title(_accuracy_finding(accuracies, validation_accuracies), fontsize=TITLE_PT)
    return figure_of(loss_axes)


def plot_reliability(bins: Sequence[ReliabilityBin], *, axes: Axes | None = None) -> Figure:
    """What the classifier said against what came true, with 95% Wilson intervals.

    The numbers along the top count the images in each bin.

    Raises:
        DatasetError: there are no bins.
    """
    check_not_empty("reliability bins", len(bins))
    axes = axes or new_axes(5.6, 5.2)
    said = np.array([each.mean_confidence for each in bins])  # (bins,)
    true = np.array([each.accuracy for each in bins])
    counts = np.array([each.count for each in bins])
    intervals = [accuracy_interval(round(each.accuracy * each.count), each.count) for each in bins]
    below = np.maximum(true - [each.low for each in intervals], 0)
    above = np.maximum([each.high for each in intervals] - true, 0)

    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2)
    for x, y, text in ((0.2, 0.85, "not sure enough"), (0.75, 0.15, "too sure")):
        axes.text(x, y, text, color=GREY, fontsize=TEXT_PT, style="italic", ha="center")
    axes.errorbar(said, true, yerr=(below, above), fmt="o", color=BLUE, markersize=6, linewidth=1.2)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.04))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    name_axes(axes, "confidence: what the classifier said", "accuracy: what came true")
    top = axes.secondary_xaxis("top")
    centres = [(each.low + each.high) / 2 for each in bins]
    top.set_xticks(centres, [f"{count:,}" for count in counts], rotation=90, fontsize=SMALL_PT)
    top.spines["top"].set_visible(False)
    top.tick_params(length=0)
    top.set_xlabel("images in the bin", fontsize=SMALL_PT + 1)
    axes.set_title(_reliability_finding(said, true, counts), fontsize=TITLE_PT)
    return figure_of(axes)


def plot_risk_coverage(curve: RiskCoverage, *, axes: Axes | None = None) -> Figure:
    """The error among accepted images, by the share accepted, with three targets marked."""
    axes = axes or new_axes(7.0, 4.2)
    axes.plot(curve.coverage, curve.risk, color=BLUE, linewidth=2)
    axes.fill_between(curve.coverage, curve.risk, color=BLUE, alpha=0.12, linewidth=0)
    # The first few images swing the curve wildly: they may leave the picture.
    top = float(curve.risk[curve.coverage >= 0.05].max())
    axes.set(xlim=(0, 1), ylim=(0, max(1.1 * top, 1e-6)))
    for risk, marker in zip(TARGET_RISKS, "os^", strict=True):
        coverage = coverage_at_risk(curve, risk)
        if 0 < coverage < 1:
            label = f"{risk:.1%} errors: {coverage:.1%} accepted"
            axes.plot(coverage, risk, marker, color=VERMILION, markersize=7, label=label, clip_on=False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", frameon=False, fontsize=TEXT_PT)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    name_axes(axes, "accepted: the surest share of the images", "errors among the accepted")
    axes.set_title(_risk_finding(curve), fontsize=TITLE_PT)
    return figure_of(axes)


def _draw_pair(axes: Axes, epochs: list[int], training: list[float], validation: list[float]) -> None:
    marker = "o" if len(epochs) == 1 else ""
    lines = (("training", training, BLUE, "-"), ("validation", validation, VERMILION, "--"))
    for name, values, colour, stroke in lines:
        if not np.all(np.isnan(values)):
            axes.plot(epochs, values, color=colour, linestyle=stroke, linewidth=2, marker=marker, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=TEXT_PT)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _loss_finding(epochs: list[int], training: list[float], validation: list[float]) -> str:
    if np.all(np.isnan(validation)):
        return f"Training loss ends at {training[-1]:.3g}"
    best = int(np.nanargmin(validation))
    return f"Validation loss is lowest at epoch {epochs[best]}: {validation[best]:.3g}"


def _accuracy_finding(training: list[float], validation: list[float]) -> str:
    if np.isnan(validation[-1]):
        return f"Training accuracy ends at {training[-1]:.2%}"
    return f"Accuracy ends at {training[-1]:.2%}, validation {validation[-1]:.2%}"


def _reliability_finding(
    said: NDArray[np.float64], true: NDArray[np.float64], counts: NDArray[np.int64]
) -> str:
    mean_said, mean_true = (float(np.average(values, weights=counts)) for values in (said, true))
    gap = float(np.average(np.abs(said - true), weights=counts))
    return f"{mean_said:.1%} sure, {mean_true:.1%} right; calibration error {gap:.2%}"


def _risk_finding(curve: RiskCoverage) -> str:
    final = float(curve.risk[-1])
    for risk in TARGET_RISKS:
        refused = 1 - coverage_at_risk(curve, risk)
        if 0 < refused < 1:
            return f"Refusing the least sure {refused:.1%} cuts errors from {final:.1%} to {risk:.1%}"
    return f"{final:.2%} errors with nothing refused"
