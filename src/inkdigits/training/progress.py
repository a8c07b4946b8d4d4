"""Where a training run is, for whoever shows it; and how it is asked to stop."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from inkdigits.models.backend import keras
from inkdigits.recipes.recipe import TrainingConfig
from inkdigits.runs.history import EpochResult

__all__ = ["Progress", "Watcher", "ctrl_c_as_flag"]


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


@contextmanager
def ctrl_c_as_flag() -> Iterator[threading.Event]:
    """The first Ctrl-C asks the run to stop after the current step; a second one stops it at once."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def ask_to_stop(number: int, frame: object) -> None:
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, before)


class Watcher:
    """Follows the steps of one epoch: reports them, and stops when asked to."""

    def __init__(
        self,
        config: TrainingConfig,
        epoch: int,
        n_training: int,
        show: Callable[[Progress], None],
        interrupted: threading.Event,
        history: list[EpochResult],
    ) -> None:
        self.config = config
        self.epoch = epoch
        self.steps = config.steps_per_epoch(n_training)
        self.show = show
        self.interrupted = interrupted
        self.started = time.perf_counter()
        self.speed = history[-1].images_per_second if history else 0.0
        self.shown = 0.0

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
        now = time.perf_counter()
        if now - self.shown < 0.1 and batch + 1 < self.steps:
            return
        self.shown = now
        self._report(
            batch + 1, float(logs.get("loss", math.nan)), float(logs.get("accuracy", math.nan)), None
        )

    def finish_epoch(self, result: EpochResult) -> None:
        """After the epoch, with its validation figures."""
        self.speed = result.images_per_second
        self._report(self.steps, result.loss, result.accuracy, result)

    def _report(self, step: int, loss: float, accuracy: float, result: EpochResult | None) -> None:
        seconds = time.perf_counter() - self.started
        speed = self.speed or step * self.config.batch_size / max(seconds, 1e-9)
        steps_left = (self.config.epochs - self.epoch) * self.steps - step
        self.show(
            Progress(
                self.epoch + 1,
                self.config.epochs,
                step,
                self.steps,
                loss,
                accuracy,
                speed,
                steps_left * self.config.batch_size / max(speed, 1e-9),
                result,
            )
        )
