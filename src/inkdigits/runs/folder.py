"""The folder of a training run: whether it can be used, and what is written into it on the way.

    recipe.toml           every setting
    environment.json      versions and machine
    history.csv           a line an epoch
    checkpoint.npz        the state after the last whole epoch, while the run goes on
    model.keras           the trained model, for Keras
    model.onnx            the same, for everything else
    metrics.json          the figures at the end; its presence says that the run is complete
    learning_curves.png

Each file appears whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inkdigits.errors import TrainingError
from inkdigits.files import remove_leftovers, write_whole
from inkdigits.models.backend import backend_name
from inkdigits.recipes.recipe import Recipe, load_recipe, write_recipe
from inkdigits.results import EpochResult
from inkdigits.runs.checkpoint import read_checkpoint, state_bytes, write_checkpoint
from inkdigits.runs.environment import describe_environment

__all__ = [
    "begin_folder",
    "check_folder",
    "read_history",
    "record_epoch",
    "remove_checkpoint",
    "write_errors_explained",
]

_CHECKPOINT = "checkpoint.npz"


def check_folder(recipe: Recipe, folder: Path, *, resume: bool) -> None:
    """Check that the folder holds no run, or the one to go on with."""
    written = folder / "recipe.toml"
    if written.exists():
        if not resume:
            raise TrainingError(
                folder,
                expected="a folder without a run in it",
                found="the run of an earlier training",
                remedy="Name another folder with --out, or go on with that run: --resume.",
            )
        if (folder / "metrics.json").exists():
            interrupted = json.loads((folder / "metrics.json").read_text(encoding="utf-8")).get("interrupted")
            if not interrupted:
                raise TrainingError(
                    folder,
                    expected="a run to go on with",
                    found="one that is complete",
                    remedy="Evaluate it, or train into another folder.",
                )
        if load_recipe(written) != recipe:
            raise TrainingError(
                folder,
                expected="the settings that the run began with (its recipe.toml)",
                found="other settings",
                remedy="Resume without options, or train into another folder.",
            )


def begin_folder(recipe: Recipe, folder: Path, model: Any) -> None:
    """Make the folder and write what is known before the first epoch.

    It comes after the data and the model: a run that failed on those leaves nothing in its own way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    _reserve_space(folder, 4 * state_bytes(model) + 5_000_000)
    write_whole(folder / "recipe.toml", write_recipe(recipe))
    write_whole(folder / "environment.json", describe_environment(backend_name()))


def read_history(folder: Path, model: Any) -> list[EpochResult]:
    """Put the state after the last whole epoch into the model; without one, the history is empty."""
    checkpoint = folder / _CHECKPOINT
    return read_checkpoint(checkpoint, model) if checkpoint.exists() else []


def record_epoch(folder: Path, model: Any, history: list[EpochResult]) -> None:
    """Write the state after an epoch, and the history for people."""
    write_checkpoint(folder / _CHECKPOINT, model, history)
    write_whole(folder / "history.csv", _history_csv(history))


def remove_checkpoint(folder: Path) -> None:
    """A complete run has no use for its checkpoint."""
    (folder / _CHECKPOINT).unlink(missing_ok=True)


@contextmanager
def write_errors_explained(folder: Path) -> Iterator[None]:
    """Turn what the system says while a run is written into an error about its folder.

    Raises:
        TrainingError: the folder cannot be made or written, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(
            folder,
            expected="a folder with room to write the run",
            found=str(error),
            remedy="Free some space or name another folder with --out; --resume goes on from the last epoch.",
        ) from error


def _history_csv(history: list[EpochResult]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(EpochResult.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in history)
    return text.getvalue()


def _reserve_space(folder: Path, n_bytes: int) -> None:
    """Write as much as the run will need, and take it away: better no room now than after hours."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(-(-n_bytes // 1_000_000)):
            file.write(bytes(1_000_000))
        file.flush()
        os.fsync(file.fileno())
