"""The state of a training run after an epoch, in one file that is written whole or not at all.

Everything that the next epoch depends on is in it: weights, batch statistics, the optimizer's moments
and step count, the states of the dropout generators, and the history. Shuffles and augmentation depend
on the seed and the epoch's number alone, so they need no state.

It also says what it was made from, settings and data, so that a run never goes on with something else.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.errors import TrainingError
from inkdigits.files import temporary_beside
from inkdigits.models.backend import keras
from inkdigits.runs.folder import RunFolder, changes
from inkdigits.runs.history import EpochResult

__all__ = ["read_checkpoint", "state_bytes", "take_weights", "write_checkpoint"]


def write_checkpoint(
    path: Path, model: Any, history: list[EpochResult], made_from: Mapping[str, object] | None = None
) -> None:
    """Write the state of a compiled, built model and its optimizer.

    Args:
        path: of the file.
        model: compiled and built.
        history: the epochs so far.
        made_from: settings and fingerprints of the data, by name, as JSON takes them.
    """
    arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_variables(model))}
    arrays["history"] = np.array(json.dumps([asdict(result) for result in history]))
    arrays["made_from"] = np.array(json.dumps(made_from))
    with temporary_beside(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_checkpoint(
    path: Path,
    model: Any,
    made_from: Mapping[str, object] | None = None,
    warn: Callable[[str], None] = warnings.warn,
) -> list[EpochResult]:
    """Put the state back into a model compiled in the same way; returns the history so far.

    Args:
        path: of the file.
        model: compiled and built.
        made_from: what the run is made from now, as for `write_checkpoint`; None leaves it unchecked.
        warn: called with a note where the checkpoint is too old to say what it was made from.

    Raises:
        TrainingError: the file is not a checkpoint of this model, or was made from something else.
    """
    variables = _variables(model)
    try:
        # Given a path, NumPy leaves the file open when it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            values = [arrays[name] for name in arrays.files if name.startswith("v")]
            history = [EpochResult(**line) for line in json.loads(str(arrays["history"]))]
            before = json.loads(str(arrays["made_from"])) if "made_from" in arrays.files else None
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
    if made_from is not None:
        _check_same(path, before, json.loads(json.dumps(made_from)), warn)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history


def _check_same(
    path: Path,
    before: Mapping[str, object] | None,
    now: Mapping[str, object],
    warn: Callable[[str], None],
) -> None:
    if before is None:
        warn(f"{path} does not say which data and settings it was made from: they go unchecked")
        return
    changed = changes(before, now)
    if changed:
        raise TrainingError(
            path,
            expected="the data and the settings that the run began with",
            found="; ".join(changed),
            remedy="Bring them back, or train into another folder.",
        )


def take_weights(model: Any, run: RunFolder) -> None:
    """Begin with the weights that a finished run ended with.

    Raises:
        TrainingError: the run has no model, or one of another architecture or with other outputs.
    """
    try:
        earlier = keras.saving.load_model(run.keras_model, compile=False)
    except (OSError, ValueError) as error:
        raise TrainingError(
            run.path,
            expected="the folder of a finished run, with model.keras",
            found=str(error).splitlines()[0],
            remedy="Name such a folder, or leave start_from out.",
        ) from error
    shapes, own = ([tuple(w.shape) for w in each.weights] for each in (earlier, model))
    if shapes != own:
        raise TrainingError(
            run.path,
            expected=f"the {len(own)} weights of model {model.name!r} with {model.output_shape[-1]} outputs",
            found=f"{len(shapes)} weights, of model {earlier.name!r} with {earlier.output_shape[-1]} outputs",
            remedy="Start from a run of the same model, classes and refusals.",
        )
    model.set_weights(earlier.get_weights())


def state_bytes(model: Any) -> int:
    """How many bytes a checkpoint of this model takes."""
    return sum(int(np.prod(v.shape)) * 4 for v in _variables(model)) + 100_000


def _variables(model: Any) -> list[Any]:
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]
