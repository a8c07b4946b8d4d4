"""Where a training run is, for whoever shows it; and how it is asked to stop."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inkdigits.models.backend import keras
from inkdigits.recipes.recipe import TrainingConfig
from inkdigits.runs.history import EpochResult

__all__ = ["Progress", "Watcher"]


@dataclass(frozen=True)
class Progress:
    """Where a run is, for whoever shows it. `epoch` and `step` count from 1; accuracy is a share."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float
    seconds_left: float
    finished_epoch: EpochResult | None = None


@dataclass
class Watcher:
    """Follows the steps of one epoch: reports them, and stops when asked to.

    Attributes:
        config: how the run trains.
        epoch: the number of this one, from 0.
        n_training: how many training images there are.
        show: what reports are given to.
        interrupted: asks the epoch to stop after the current step.
        images_per_second: of the epoch before, to foretell the time that is left; 0 in the first.
    """

    config: TrainingConfig
    epoch: int
    n_training: int
    show: Callable[[Progress], None]
    interrupted: threading.Event
    images_per_second: float

    def __post_init__(self) -> None:
        """Start the clock."""
        self.steps = self.config.steps_per_epoch(self.n_training)
        self._started_s = time.perf_counter()
        self._shown_s = 0.0

    def callback(self) -> Any:
        """The Keras callback."""
        watcher = self

        class Callback(keras.callbacks.Callback):  # type: ignore[misc]
            def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
                watcher.step(self.model, batch, logs or {})

        return Callback()

    def step(self, model: Any, batch: int, logs: dict[str, float]) -> None:
        """After each step: stop when asked to; report ten times a second."""
        if self.interrupted.is_set():
            model.stop_training = True
            return
        now_s = time.perf_counter()
        if now_s - self._shown_s < 0.1 and batch + 1 < self.steps:
            return
        self._shown_s = now_s
        loss, accuracy = (float(logs.get(name, math.nan)) for name in ("loss", "accuracy"))
        self._report(batch + 1, loss, accuracy, None)

    def finish_epoch(self, result: EpochResult) -> None:
        """After the epoch, with its validation figures."""
        self.images_per_second = result.images_per_second
        self._report(self.steps, result.loss, result.accuracy, result)

    def _report(self, step: int, loss: float, accuracy: float, result: EpochResult | None) -> None:
        config, elapsed_s = self.config, time.perf_counter() - self._started_s
        speed = self.images_per_second or step * config.batch_size / max(elapsed_s, 1e-9)
        steps_left = (config.epochs - self.epoch) * self.steps - step
        left_s = steps_left * config.batch_size / max(speed, 1e-9)
        place = (self.epoch + 1, config.epochs, step, self.steps)
        self.show(Progress(*place, loss, accuracy, speed, left_s, result))
