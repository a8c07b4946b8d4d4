"""Training runs side by side: what each was given, and what came of it.

It reads the small files of the run folders and nothing else: no model is loaded, and no training framework.
The settings that all runs share are left out, so that what is left says why the figures differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from inkdigits.errors import ConfigError, InkdigitsError
from inkdigits.files import natural_order
from inkdigits.runs.folder import RunFolder, Setting, flat_settings, unreadable_file
from inkdigits.runs.history import RunOrder

__all__ = [
    "Comparison",
    "RunSummary",
    "best_first",
    "summarize_runs",
]

_SHOWN_APART = ("model", "data", "epochs")  # settings that a summary has fields for


@dataclass(frozen=True)
class RunSummary:
    """One run among others.

    Attributes:
        name: Name of the run's folder.
        model: Architecture.
        data: Datasets that it is trained on, such as `4*usps` for one that counts four times.
        epochs_done: Number of complete epochs so far.
        epochs_planned: Number of epochs in its recipe.
        settings: Settings of its recipe, by name, in which the compared runs differ.
        validation_accuracy: Accuracy after the last epoch, 0 to 1; None without validation images.
        validation_loss: Mean log-loss after the last epoch, in nats; None without validation images.
        test_accuracy: Accuracy on the test part, 0 to 1; None for a run that is not complete, or without a
            test part.
        images_per_second: Training speed, the median over the epochs, since the first one also compiles.
        state: `complete`; `interrupted` by Ctrl-C; or `unfinished`, which is still running or was killed.
    """

    name: str
    model: str
    data: tuple[str, ...]
    epochs_done: int
    epochs_planned: int
    settings: Mapping[str, Setting]
    validation_accuracy: float | None
    validation_loss: float | None
    test_accuracy: float | None
    images_per_second: float | None
    state: Literal["complete", "interrupted", "unfinished"]

    def to_json(self) -> dict[str, object]:
        """The same as a dictionary that `json.dumps` takes; a figure that is not finite becomes None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Comparison:
    """The runs of a folder, by name, and an error for each one that cannot be read."""

    runs: tuple[RunSummary, ...]
    unreadable: tuple[InkdigitsError, ...]


def summarize_runs(folder: Path) -> Comparison:
    """Read the runs that lie in a folder, side by side; what is no run is passed over.

    Raises:
        ConfigError: there is no such folder, or it cannot be read.
    """
    try:
        inner = [path for path in folder.iterdir() if path.is_dir()]
    except OSError as error:
        raise ConfigError(
            folder,
            expected="a folder of runs",
            found=error.strerror or str(error),
            remedy="Check the path; inkdigits train makes the folder.",
        ) from error
    runs: list[RunSummary] = []
    unreadable: list[InkdigitsError] = []
    for path in sorted(inner):
        try:
            if RunFolder(path).holds_run():
                runs.append(_summarize(RunFolder(path)))
        except OSError as error:
            unreadable.append(unreadable_file(path, "a folder that can be read", error))
        except InkdigitsError as error:
            unreadable.append(error)
    return Comparison(tuple(best_first(_only_differences(runs), RunOrder.NAME)), tuple(unreadable))


def best_first(runs: Iterable[RunSummary], order: RunOrder) -> list[RunSummary]:
    """Put runs in order: the highest accuracy, the lowest loss or the quickest training first.

    Runs without the figure come last, and equal ones by name, with cnn-2 before cnn-10.
    """

    def cost(run: RunSummary) -> float:
        match order:
            case RunOrder.ACCURACY:
                figure = None if run.validation_accuracy is None else -run.validation_accuracy
            case RunOrder.LOSS:
                figure = run.validation_loss
            case RunOrder.TIME:
                figure = None if run.images_per_second is None else -run.images_per_second
            case RunOrder.NAME:
                figure = 0.0
        return math.inf if figure is None or math.isnan(figure) else figure

    return sorted(runs, key=lambda run: (cost(run), natural_order(run.name)))


def _summarize(run: RunFolder) -> RunSummary:
    """One run by itself, with all its settings."""
    recipe = run.read_recipe()
    epochs = run.read_history()
    figures = run.read_figures()
    last = epochs[-1] if epochs else None
    complete = figures is not None and not figures.interrupted
    return RunSummary(
        name=run.path.name,
        model=recipe.model,
        data=tuple(map(str, recipe.sources)),
        epochs_done=last.epoch if last else 0,
        epochs_planned=recipe.training.epochs,
        settings=flat_settings(recipe),
        validation_accuracy=last.validation_accuracy if last else None,
        validation_loss=last.validation_loss if last else None,
        test_accuracy=figures.test_accuracy if figures and complete else None,
        images_per_second=float(np.median([epoch.images_per_second for epoch in epochs])) if epochs else None,
        state="complete" if complete else "interrupted" if figures else "unfinished",
    )


def _only_differences(runs: list[RunSummary]) -> list[RunSummary]:
    """The runs without the settings that are the same in all of them."""
    names = dict.fromkeys(name for run in runs for name in run.settings)
    differing = [
        name
        for name in names
        if name not in _SHOWN_APART
        and any(run.settings.get(name) != runs[0].settings.get(name) for run in runs)
    ]
    return [
        replace(run, settings={name: run.settings[name] for name in differing if name in run.settings})
        for run in runs
    ]
