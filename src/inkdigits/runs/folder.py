"""The folder of a training run: the names of its files, and how they are written and read.

    recipe.toml           every setting, defaults spelled out
    environment.json      versions, backend and machine
    history.csv           one line per epoch
    checkpoint.npz        the state after the last whole epoch; removed when the run is complete
    model.keras           the trained model, for Keras
    model.onnx            the same for everything else; `predict` and `evaluate` read it
    metrics.json          the final figures, written last: a run without them has not ended
    learning_curves.png   loss and accuracy by epoch

`tensorboard/` holds event files where they were asked for. Each file appears whole or not at all.

It knows neither Keras nor ONNX: the models, the checkpoint and the curves are written by the training, at the
paths that are named here.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from inkdigits.config import to_dict
from inkdigits.errors import ModelError, TrainingError
from inkdigits.files import remove_leftovers, write_whole
from inkdigits.recipes.recipe import Recipe, load_recipe, write_recipe
from inkdigits.runs.environment import describe_environment
from inkdigits.runs.history import EpochResult, history_from_csv, history_to_csv

__all__ = [
    "FinalFigures",
    "RunFolder",
    "Setting",
    "changes",
    "flat_settings",
    "onnx_file",
    "unreadable_file",
]

Setting = bool | int | float | str | list[str]
"""The value of a setting, as TOML has it."""


@dataclass(frozen=True)
class FinalFigures:
    """What a run's metrics.json says of its exported weights; None where there is no test part.

    If an interrupted run was resumed, these lag behind history.csv.
    """

    interrupted: bool
    test_accuracy: float | None
    test_loss: float | None


@final
class RunFolder:
    """One run's folder, which need not exist yet; the attributes are the paths of its files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.toml"
        self.environment = path / "environment.json"
        self.history = path / "history.csv"
        self.checkpoint = path / "checkpoint.npz"
        self.keras_model = path / "model.keras"
        self.onnx_model = path / "model.onnx"
        self.metrics = path / "metrics.json"
        self.learning_curves = path / "learning_curves.png"
        self.tensorboard = path / "tensorboard"

    def holds_run(self) -> bool:
        """Whether a run has begun in this folder."""
        return self.recipe.exists()

    def check_usable(self, recipe: Recipe, *, resume: bool) -> None:
        """Check that the folder holds no run, or, with `resume`, an incomplete one of the same recipe.

        Raises:
            TrainingError: it holds another run, or one that cannot be resumed.
        """
        if not self.holds_run():
            return
        if not resume:
            raise self._unusable(
                "a folder without a run in it",
                "the run of an earlier training",
                "Name another folder with --out, or go on with that run: --resume.",
            )
        figures = self.read_figures()
        if figures is not None and not figures.interrupted:
            remedy = "Evaluate it, or train into another folder."
            raise self._unusable("a run to go on with", "one that is complete", remedy)
        changed = changes(flat_settings(self.read_recipe()), flat_settings(recipe))
        if changed:
            expected = f"the settings that the run began with (its {self.recipe.name})"
            remedy = "Resume without options, or train into another folder."
            raise self._unusable(expected, "; ".join(changed), remedy)

    def _unusable(self, expected: str, found: str, remedy: str) -> TrainingError:
        return TrainingError(self.path, expected=expected, found=found, remedy=remedy)

    def begin(self, recipe: Recipe, *, backend: str, n_bytes: int, n_devices: int = 1) -> None:
        """Make the folder, see that there is room for `n_bytes`, and write what is known before training.

        It comes after the data and the model: a run that failed on those leaves nothing in its own way.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path)
        _reserve_space(self.path, n_bytes)
        write_whole(self.recipe, write_recipe(recipe))
        write_whole(self.environment, describe_environment(backend, n_devices))

    def read_recipe(self) -> Recipe:
        """Every setting of the run.

        Raises:
            ConfigError: the file is missing, or is not a recipe.
        """
        return load_recipe(self.recipe)

    def write_history(self, history: Sequence[EpochResult]) -> None:
        """Write the figures of all epochs so far."""
        write_whole(self.history, history_to_csv(history))

    def read_history(self) -> list[EpochResult]:
        """The figures of all epochs so far; a run without a whole epoch has none.

        Raises:
            TrainingError: the file cannot be read, or is not a history.
        """
        try:
            return history_from_csv(self.history.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError, csv.Error) as error:
            raise unreadable_file(self.history, "the history of a run", error) from error

    def write_figures(self, figures: Mapping[str, object]) -> None:
        """Write the figures at the end, among them those of `FinalFigures`."""
        write_whole(self.metrics, json.dumps(figures, indent=2) + "\n")

    def read_figures(self) -> FinalFigures | None:
        """The figures at the end; None for a run that has not ended.

        Raises:
            TrainingError: the file cannot be read, or does not hold a run's figures.
        """
        try:
            figures = json.loads(self.metrics.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise unreadable_file(self.metrics, "the figures of a run", error) from error
        match figures:
            case {
                "interrupted": bool(interrupted),
                "test_accuracy": float() | int() | None as accuracy,
                "test_loss": float() | int() | None as loss,
            }:
                return FinalFigures(interrupted, accuracy, loss)
        raise unreadable_file(self.metrics, "the figures of a run", "JSON without them")

    def remove_checkpoint(self) -> None:
        """Remove the state that a complete run, or one that was given up, no longer needs."""
        self.checkpoint.unlink(missing_ok=True)

    @contextmanager
    def write_errors_explained(self) -> Iterator[None]:
        """Turn what the system says while the run is written into an error about its folder.

        Raises:
            TrainingError: the folder cannot be made or written, or the disk is full.
        """
        try:
            yield
        except OSError as error:
            remedy = (
                "Free some space or name another folder with --out; --resume goes on from the last epoch."
            )
            raise self._unusable("a folder with room to write the run", str(error), remedy) from error


def onnx_file(given: Path) -> Path:
    """The ONNX file of a run folder, or of the Keras model in one; any other path is taken for an ONNX file.

    Raises:
        ModelError: the run has no ONNX file yet, or the folder is not a run's.
    """
    run = RunFolder(given if given.is_dir() else given.parent)
    if given not in (run.path, run.keras_model):
        return given
    if not run.onnx_model.is_file():
        begun, resume = run.holds_run(), f"Go on with it: inkdigits train --resume --out {run.path}"
        raise ModelError(
            given,
            expected=f"a folder with a {run.onnx_model.name}, as inkdigits train writes it",
            found="a run that has not ended" if begun else "no such file in it",
            remedy=resume if begun else "Check the path.",
        )
    return run.onnx_model


def flat_settings(recipe: Recipe) -> dict[str, Setting]:
    """A recipe's settings without its sections: no two settings have the same name."""
    return _flat(to_dict(recipe))


def _flat(table: Mapping[str, Any]) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for name, value in table.items():
        if name != "search":  # what tuning may vary; a run has one value of each
            settings |= _flat(value) if isinstance(value, dict) else {name: value}
    return settings


def changes(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """What differs between two runs, one phrase for each, such as `epochs 3 in place of 10`."""
    names = dict.fromkeys([*before, *now])
    return [
        f"{name} {now.get(name, 'none')} in place of {before.get(name, 'none')}"
        for name in names
        if now.get(name) != before.get(name)
    ]


def unreadable_file(path: Path, expected: str, found: object) -> TrainingError:
    """The error about a file of a run that does not hold what it should."""
    return TrainingError(
        path,
        expected=expected,
        found=str(found),
        remedy="Restore it, or move the run out of this folder.",
    )


def _reserve_space(folder: Path, n_bytes: int) -> None:
    """Write as much as the run will need, and take it away: better no room now than after hours."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(-(-n_bytes // 1_000_000)):
            file.write(bytes(1_000_000))
        file.flush()
        os.fsync(file.fileno())
