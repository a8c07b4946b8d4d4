"""A run's history for TensorBoard, beside those of other runs: `tensorboard --logdir runs`.

    RUN/tensorboard/training      loss, accuracy and images_per_second by epoch
    RUN/tensorboard/validation    loss and accuracy by epoch
    RUN/tensorboard/test          loss and accuracy of a complete run's weights, after its last epoch

The tags are the same in all three, so a chart shows the three as curves of their own. Everything comes from
the files that the run has anyway: the folder can be deleted and written anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from inkdigits.errors import TrainingError
from inkdigits.extras import require
from inkdigits.runs.folder import FinalFigures, RunFolder
from inkdigits.runs.history import EpochResult

__all__ = ["require_tensorboardx", "write_events"]

_Curve = Mapping[int, Mapping[str, float | None]]  # by epoch, then by tag


def write_events(run: RunFolder) -> Path:
    """Write a run's history as TensorBoard event files, in place of those from an earlier call.

    The same history gives the same files, byte for byte: their times are the history's own.

    Returns:
        The folder of the event files.

    Raises:
        TrainingError: there is no whole epoch to show, or the files cannot be read or written.
        MissingExtraError: tensorboardX is not installed.
    """
    tensorboard = require_tensorboardx()
    epochs = run.read_history()
    if not epochs:
        raise TrainingError(
            run.path,
            expected=f"a run with a {run.history.name}",
            found="no whole epoch",
            remedy="Check the path, or wait for the first epoch's end.",
        )
    curves = _curves(epochs, run.read_figures())
    target = run.tensorboard
    unfinished = target.with_name(f".{target.name}-unfinished")
    try:
        written_s = run.history.stat().st_mtime
        shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
        for name, curve in curves.items():
            (unfinished / name).mkdir(parents=True)
            _write_curve(tensorboard, unfinished / name, curve, written_s)
        if target.exists():
            shutil.rmtree(target)
        os.replace(unfinished, target)
    except OSError as error:
        raise TrainingError(
            target,
            expected="a folder that can be written",
            found=str(error),
            remedy="Free some space, or see who owns the folder.",
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _curves(epochs: list[EpochResult], figures: FinalFigures | None) -> dict[str, _Curve]:
    """What is to be seen, by the name of the subfolder; a curve without points is left out."""
    training: _Curve = {
        one.epoch: {"loss": one.loss, "accuracy": one.accuracy, "images_per_second": one.images_per_second}
        for one in epochs
    }
    validation: _Curve = {
        one.epoch: {"loss": one.validation_loss, "accuracy": one.validation_accuracy} for one in epochs
    }
    test: _Curve = {}
    if figures is not None and not figures.interrupted:
        test = {epochs[-1].epoch: {"loss": figures.test_loss, "accuracy": figures.test_accuracy}}
    curves = {"training": training, "validation": validation, "test": test}
    return {
        name: curve
        for name, curve in curves.items()
        if any(value is not None for values in curve.values() for value in values.values())
    }


def _write_curve(tensorboard: Any, folder: Path, curve: _Curve, written_s: float) -> None:
    """Write one event file.

    The records are written one by one: the package's SummaryWriter hands them to a thread, which loses them
    where the disk is full, and it puts the time of writing into each.
    """
    event = tensorboard.proto.event_pb2.Event
    path = folder / f"events.out.tfevents.{int(written_s)}.inkdigits"
    with closing(tensorboard.RecordWriter(str(path))) as file:
        file.write(event(wall_time=written_s, file_version="brain.Event:2").SerializeToString())
        for epoch, values in curve.items():
            for tag, value in values.items():
                if value is None:
                    continue
                summary = tensorboard.summary.scalar(tag, value)
                file.write(event(wall_time=written_s, step=epoch, summary=summary).SerializeToString())
        file.flush()


def require_tensorboardx() -> Any:
    """The package that knows the format.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """
    return require("tensorboardX", extra="tensorboard", for_what="TensorBoard's event files")
