"""Trains the line model: written lines, scanned anew in every epoch, and the CTC loss.

An epoch is one shard of lines. Shards are written by `make_shards`, before the training or beside it in
another process; the loop takes the one that it has seen least. The learning rate falls along a half cosine
that follows the lines seen or, with a budget of time, the clock, whichever is further on.

Letters: N lines, W columns, T frames, C outputs, L places of a label.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.config import from_toml, require
from inkdigits.errors import TrainingError
from inkdigits.files import write_whole
from inkdigits.ink import Plane
from inkdigits.layout.line import MARKS
from inkdigits.models.backend import keep_freed_memory, keras, make_deterministic
from inkdigits.models.numbers import build
from inkdigits.runs.folder import RunFolder
from inkdigits.runs.history import EpochResult
from inkdigits.synthesis.hands import Hand
from inkdigits.training.checkpoint import read_checkpoint, write_checkpoint
from inkdigits.training.number_batches import batches, kept_lines, likeliest, padded
from inkdigits.training.number_calibration import calibrate_numbers
from inkdigits.training.number_corpus import (
    Shard,
    kept_aside,
    make_shard,
    read_hands,
    read_shard,
    write_shard,
)
from inkdigits.training.number_export import lines_to_onnx

__all__ = [
    "NumbersConfig",
    "finish_numbers",
    "load_numbers_recipe",
    "make_shards",
    "run_numbers",
    "shard_paths",
    "train_numbers",
]

_VALIDATION_BATCH = 64
_CLIP_NORM = 5.0
_WAIT_S = 0.5


@dataclass(frozen=True)
class NumbersConfig:
    """How the line model is trained.

    Attributes:
        epochs: shards to read.
        lines_per_epoch: lines in a shard.
        n_validation: lines by kept writers, judged after each epoch.
        widths: that lines are padded to: few, since a backend compiles a program for each.
        columns_per_batch: lines times columns of a batch; narrow lines come in larger batches.
        learning_rate: of AdamW, at its highest.
        warmup_lines: lines over which it rises.
        weight_decay: decoupled, times the learning rate.
        average: how much of the average of the weights a step keeps.
        precision: Keras's policy, such as `float32` or `mixed_bfloat16`.
        budget_minutes: of training after which the learning rate is 0; 0 for no limit.
        seed: of the weights, the lines and the scans.
        start_from: the folder of a run whose averaged weights this one begins with; empty for new ones.
    """

    epochs: int = 80
    lines_per_epoch: int = 20000
    n_validation: int = 1500
    widths: tuple[int, ...] = (48, 72, 96, 120, 152, 192, 256, 352, 640)
    columns_per_batch: int = 7200
    learning_rate: float = 2e-3
    warmup_lines: int = 20000
    weight_decay: float = 0.01
    average: float = 0.999
    precision: str = "float32"
    budget_minutes: float = 0.0
    seed: int = 0
    start_from: str = ""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("epochs", "lines_per_epoch", "n_validation", "columns_per_batch", "warmup_lines"):
            value = getattr(self, name)
            require(value >= 1, f"numbers: {name}", expected="1 or more", found=value)
        require(0 < self.average < 1, "numbers: average", expected="between 0 and 1", found=self.average)


def load_numbers_recipe() -> NumbersConfig:
    """The shipped recipe of the line model."""
    file = resources.files("inkdigits") / "recipes" / "lines" / "numbers.toml"
    return from_toml(NumbersConfig, file.read_text(encoding="utf-8"), "numbers")


def run_numbers(
    config: NumbersConfig,
    root: Path,
    folder: Path,
    *,
    resume: bool = False,
    show: Callable[[str], None] = lambda line: None,
) -> dict[str, object]:
    """Write lines in a process of their own, train on them as they come, and write the model.

    Args:
        config: how.
        root: the folder of the datasets that the hands come from.
        folder: of the run; the lines go into `lines` in it.
        resume: go on with the run in `folder`.
        show: called with a line of text after each epoch.

    Returns:
        The figures that are written to metrics.json.
    """
    lines = folder / "lines"
    writer = get_context("spawn").Process(target=_write_lines, args=(root, lines, config), daemon=True)
    writer.start()
    try:
        while not shard_paths(lines) and writer.is_alive():
            time.sleep(_WAIT_S)
        model = train_numbers(
            config, lines, folder, resume=resume, show=show, before_epoch=lambda: _check_writing(writer)
        )
    finally:
        writer.terminate()
        writer.join()
    return finish_numbers(model, config, lines, folder)


def _check_writing(writer: BaseProcess) -> None:
    """Stop rather than read the same few lines again and again."""
    if writer.exitcode:
        raise TrainingError(
            "the process that writes the lines",
            expected="lines until the training ends",
            found=f"it stopped with exit code {writer.exitcode}",
            remedy="Its own message stands above. --resume goes on.",
        )


def _write_lines(root: Path, folder: Path, config: NumbersConfig) -> None:
    cv2.setNumThreads(1)
    make_shards(read_hands(root), folder, config, config.epochs)


def finish_numbers(model: Any, config: NumbersConfig, lines: Path, folder: Path) -> dict[str, object]:
    """Calibrate a trained model and write model.onnx and metrics.json into the folder of its run."""
    metadata: dict[str, object] = {"marks": "".join(MARKS), "seed": config.seed}
    shard = read_shard(lines / "validation.npz")
    scans = kept_lines(shard, config.seed)
    labels = [str(label) for label in shard.labels]
    figures = calibrate_numbers(lines_to_onnx(model, metadata), scans, labels)
    onnx_model = lines_to_onnx(model, metadata | figures)
    write_whole(RunFolder(folder).onnx_model, onnx_model)
    figures |= {"parameters": model.count_params(), "bytes": len(onnx_model)}
    write_whole(RunFolder(folder).metrics, json.dumps(figures, indent=2) + "\n")
    return figures


def make_shards(
    hands: Sequence[Hand], folder: Path, config: NumbersConfig, n_shards: int, first: int = 0
) -> None:
    """Write shards of lines by the writers that train, and one by those that are kept aside."""
    folder.mkdir(parents=True, exist_ok=True)
    validation = folder / "validation.npz"
    if not validation.exists():
        kept = [hand for hand in hands if kept_aside(hand)]
        generator = np.random.default_rng([config.seed, 1])
        write_shard(validation, make_shard(kept, config.n_validation, generator))
    training = [hand for hand in hands if not kept_aside(hand)]
    for number in range(first, first + n_shards):
        path = folder / f"lines-{number:04}.npz"
        if not path.exists():
            generator = np.random.default_rng([config.seed, 2, number])
            write_shard(path, make_shard(training, config.lines_per_epoch, generator))


def shard_paths(folder: Path) -> list[Path]:
    """The shards of lines to train on that are complete."""
    return sorted(folder.glob("lines-*.npz"))


def train_numbers(
    config: NumbersConfig,
    lines: Path,
    folder: Path,
    *,
    resume: bool = False,
    show: Callable[[str], None] = lambda line: None,
    before_epoch: Callable[[], None] = lambda: None,
) -> Any:
    """Train the line model into a folder.

    Args:
        config: how.
        lines: the folder of the shards, which may grow meanwhile.
        folder: where checkpoint and history go; made if missing.
        resume: go on from the checkpoint in `folder`.
        show: called with a line of text after each epoch.
        before_epoch: called before each.

    Returns:
        The Keras model, its weights the average.

    Raises:
        TrainingError: there are no shards, or the loss is not finite.
    """
    keep_freed_memory()
    folder.mkdir(parents=True, exist_ok=True)
    make_deterministic(config.seed)
    model = _compiled(config)
    checkpoint = RunFolder(folder).checkpoint
    free = ("epochs", "budget_minutes", "start_from")  # a run may be made longer, and has begun already
    made_from = {name: value for name, value in asdict(config).items() if name not in free}
    if resume and checkpoint.exists():
        history = read_checkpoint(checkpoint, model, made_from)
    else:
        history = []
        if config.start_from:
            model.set_weights(_averaged_weights(config))
    validation = read_shard(lines / "validation.npz")
    scans = kept_lines(validation, config.seed)
    elapsed_s = float(sum(config.lines_per_epoch / line.images_per_second for line in history))
    paths = shard_paths(lines)
    uses = Counter(paths[epoch % len(paths)] for epoch in range(len(history))) if paths else Counter()
    while len(history) < config.epochs and _progress(config, len(history), 0, elapsed_s) < 1:
        before_epoch()
        epoch, started = len(history), time.perf_counter()
        path = _least_used(lines, uses)
        loss = _run_epoch(model, read_shard(path), config, epoch, elapsed_s)
        seconds = time.perf_counter() - started
        with _averaged(model):
            exact, by_source = _judge(model, scans, validation, config.widths)
        elapsed_s += seconds
        history.append(EpochResult(epoch + 1, loss, 0.0, None, exact, config.lines_per_epoch / seconds))
        write_checkpoint(checkpoint, model, history, made_from)
        write_whole(folder / "history.jsonl", "".join(json.dumps(asdict(h)) + "\n" for h in history))
        sources = " ".join(f"{name} {share:.3f}" for name, share in by_source.items())
        speed = f"{config.lines_per_epoch / seconds:.0f} lines/s"
        show(f"epoch {epoch + 1}, loss {loss:.4f}, kept writers exact {exact:.4f}, {speed} | {sources}")
    _take_average(model)
    return model


def _averaged_weights(config: NumbersConfig) -> list[NDArray[np.float32]]:
    """The weights that an earlier run of this network ended with."""
    checkpoint = RunFolder(Path(config.start_from)).checkpoint
    if not checkpoint.exists():
        raise TrainingError(
            config.start_from,
            expected="the folder of a run with checkpoint.npz",
            found="none",
            remedy="Name a run of `inkdigits train numbers`.",
        )
    earlier = _compiled(config)
    read_checkpoint(checkpoint, earlier)
    _take_average(earlier)
    weights: list[NDArray[np.float32]] = earlier.get_weights()
    return weights


def _compiled(config: NumbersConfig) -> Any:
    keras.mixed_precision.set_global_policy(config.precision)
    try:
        model = build()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    optimizer = keras.optimizers.AdamW(
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        global_clipnorm=_CLIP_NORM,
        use_ema=True,
        ema_momentum=config.average,
    )
    model.compile(optimizer, keras.losses.CTC())
    optimizer.build(model.trainable_variables)
    return model


def _least_used(folder: Path, uses: Counter[Path]) -> Path:
    paths = shard_paths(folder)
    if not paths:
        raise TrainingError(
            folder,
            expected="shards of written lines, lines-0000.npz and so on",
            found="none",
            remedy="Write them first: make_shards.",
        )
    path = min(paths, key=lambda path: uses[path])
    uses[path] += 1
    return path


def _progress(config: NumbersConfig, epoch: int, done: float, elapsed_s: float) -> float:
    """0 to 1: how far the training has come, by lines or by the clock."""
    by_lines = (epoch + done) / config.epochs
    by_clock = elapsed_s / (60 * config.budget_minutes) if config.budget_minutes else 0.0
    return max(by_lines, by_clock)


def _learning_rate(config: NumbersConfig, epoch: int, done: float, elapsed_s: float) -> float:
    warmup = min((epoch + done) * config.lines_per_epoch / config.warmup_lines, 1.0)
    progress = min(_progress(config, epoch, done, elapsed_s), 1.0)
    return max(config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * progress)), 1e-6)


def _run_epoch(model: Any, shard: Shard, config: NumbersConfig, epoch: int, elapsed_s: float) -> float:
    """One pass over a shard; returns the mean loss."""
    generator = np.random.default_rng([config.seed, 4, epoch])
    started, losses, n_done = time.perf_counter(), [], 0
    for inputs, labels in batches(shard, config.columns_per_batch, config.widths, generator):
        clock = elapsed_s + time.perf_counter() - started
        rate = _learning_rate(config, epoch, n_done / len(shard), clock)
        model.optimizer.learning_rate.assign(rate)
        loss = float(np.asarray(model.train_on_batch(inputs, labels)))
        if not math.isfinite(loss):
            raise TrainingError(
                "training",
                expected="a finite loss",
                found=f"{loss} in epoch {epoch + 1}",
                remedy="Lower the learning rate.",
            )
        losses.append(loss)
        model.reset_metrics()
        n_done += len(labels)
    return float(np.mean(losses))


def _take_average(model: Any) -> None:
    """Put the average of the weights into the model.

    As arrays of their own: JAX gives the model's arrays away in a prediction, and the optimizer's with them.
    """
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.convert_to_numpy(variable).copy())


class _averaged:  # noqa: N801
    """For the time of a block, the model's weights are their average."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __enter__(self) -> None:
        self._kept = [keras.ops.convert_to_numpy(v).copy() for v in self._model.trainable_variables]
        _take_average(self._model)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self._model.trainable_variables, self._kept, strict=True):
            variable.assign(value)


def _judge(
    model: Any, scans: Sequence[Plane], shard: Shard, widths: Sequence[int]
) -> tuple[float, dict[str, float]]:
    """The share of lines read exactly, the likeliest mark of each frame: of all, and by source."""
    right = np.zeros(len(scans), np.bool_)
    order = np.argsort([line.shape[1] for line in scans], kind="stable")
    for start in range(0, len(order), _VALIDATION_BATCH):
        chosen = order[start : start + _VALIDATION_BATCH]
        width = next(w for w in widths if scans[chosen[-1]].shape[1] <= w)
        inputs, _ = padded([(scans[i], "") for i in chosen], width)
        logits = np.asarray(keras.ops.convert_to_numpy(model.predict_on_batch(inputs)))
        for i, frames in zip(chosen, logits.argmax(axis=2), strict=True):
            right[i] = likeliest(frames) == str(shard.labels[i])
    sources = {str(name): float(right[shard.sources == name].mean()) for name in np.unique(shard.sources)}
    return float(right.mean()), sources
