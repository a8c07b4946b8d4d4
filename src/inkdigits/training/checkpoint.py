"""The state of a training run after an epoch, in one file that is written whole or not at all.

Everything that the next epoch depends on is in it: weights, batch statistics, the optimizer's moments
and step count, the states of the dropout generators, and the history. Shuffles and augmentation depend
on the seed and the epoch's number alone, so they need no state.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.errors import TrainingError
from inkdigits.files import temporary_beside
from inkdigits.models.backend import keras
from inkdigits.runs.history import EpochResult

__all__ = ["read_checkpoint", "state_bytes", "write_checkpoint"]


def write_checkpoint(path: Path, model: Any, history: list[EpochResult]) -> None:
    """Write the state of a compiled, built model and its optimizer."""
    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_variables(model))}
    arrays["history"] = np.array(json.dumps([asdict(result) for result in history]))
    with temporary_beside(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_checkpoint(path: Path, model: Any) -> list[EpochResult]:
    """Put the state back into a model compiled in the same way; returns the history so far.

    Raises:
        TrainingError: the file is not a checkpoint of this model.
    """
    variables = _variables(model)
    try:
        # Given a path, NumPy leaves the file open when it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            values = [arrays[f"v{i}"] for i in range(len(arrays.files) - 1)]
            history = [EpochResult(**line) for line in json.loads(str(arrays["history"]))]
    except Exception as error:  # zipfile, NumPy and json raise many types for a damaged file
        raise TrainingError(
            path, expected="a checkpoint of inkdigits", found=str(error), remedy="Train without --resume."
        ) from error
    if [v.shape for v in values] != [tuple(v.shape) for v in variables]:
        raise TrainingError(
            path,
            expected=f"the {len(variables)} variables of model {model.name!r}",
            found=f"{len(values)} variables of other shapes",
            remedy="Resume with the recipe that the run began with.",
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history


def state_bytes(model: Any) -> int:
    """How many bytes a checkpoint of this model takes."""
    return sum(int(np.prod(v.shape)) * 4 for v in _variables(model)) + 100_000


def _variables(model: Any) -> list[Any]:
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]
