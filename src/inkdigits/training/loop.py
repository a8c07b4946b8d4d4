"""Training, top to bottom: images, model, epochs, files.

An epoch depends on nothing but the state before it and its own number, so a run that was killed and
resumed ends with the same weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import Split
from inkdigits.errors import TrainingError
from inkdigits.files import temporary_beside, write_whole
from inkdigits.ink import to_ink
from inkdigits.metrics import accuracy_interval, log_loss
from inkdigits.models import build
from inkdigits.models.backend import backend_name, keep_freed_memory, keras, make_deterministic, seed_epoch
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.plots import plot_learning_curves, save_figure
from inkdigits.reading.classifier import Classifier
from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.runs.folder import RunFolder
from inkdigits.runs.history import EpochResult, epochs_since_best
from inkdigits.synthesis.augmentation import augment
from inkdigits.training.averaging import AveragingAdam, averaged_weights
from inkdigits.training.calibration import calibrate
from inkdigits.training.checkpoint import read_checkpoint, state_bytes, write_checkpoint
from inkdigits.training.corpus import TrainingData, gather
from inkdigits.training.export import to_onnx
from inkdigits.training.progress import Progress, Watcher, ctrl_c_as_flag

__all__ = ["Progress", "RunResult", "train"]

_VALIDATION_BATCH = 500
_CALIBRATION_IMAGES = 10_000
_FUSED_STEPS = 16


@dataclass(frozen=True)
class RunResult:
    """What a run ended with.

    Attributes:
        folder: the run folder.
        history: a record an epoch.
        interrupted: whether Ctrl-C ended it early.
        test_accuracy: of the last weights on the test part, a share; None where there is no test part.
        test_interval: its 95% Wilson interval.
        test_loss: mean log-loss on the test part, in nats.
        n_test: how many test images.
    """

    folder: Path
    history: tuple[EpochResult, ...]
    interrupted: bool
    test_accuracy: float | None = None
    test_interval: tuple[float, float] | None = None
    test_loss: float | None = None
    n_test: int = 0


def train(
    recipe: Recipe,
    folder: Path,
    *,
    data: TrainingData | None = None,
    resume: bool = False,
    show: Callable[[Progress], None] = lambda progress: None,
) -> RunResult:
    """Train a recipe's model into a run folder.

    Args:
        recipe: what to train, on what, and how.
        folder: made if missing; refused if it holds another run, unless `resume`.
        data: what the recipe's data is, for who has gathered it already.
        resume: go on with the run in `folder`; one that has not begun begins.
        show: called after every few steps, from this thread.

    Raises:
        TrainingError: the folder cannot be used, the data cannot train, or writing failed.
        DatasetError: the data cannot be read.
    """
    keep_freed_memory()
    run = RunFolder(folder)
    with run.write_errors_explained():
        run.check_usable(recipe, resume=resume)
    data = gather(recipe) if data is None else data
    make_deterministic(recipe.training.seed)
    model = _compiled_model(recipe, data)
    with run.write_errors_explained():
        run.begin(recipe, backend=backend_name(), n_bytes=4 * state_bytes(model) + 5_000_000)
    history = read_checkpoint(run.checkpoint, model) if resume and run.checkpoint.exists() else []
    with ctrl_c_as_flag() as interrupted:
        for epoch in range(len(history), recipe.training.epochs):
            if interrupted.is_set() or _has_stalled(history, recipe.training):
                break
            started = time.perf_counter()
            watcher = Watcher(recipe.training, epoch, len(data.training), show, interrupted, history)
            images, labels = _epoch_images(data, recipe, epoch)
            seed_epoch(recipe.training.seed, epoch)
            loss, accuracy = _run_epoch(model, images, labels, recipe.training, watcher)
            if interrupted.is_set():
                break
            seconds = time.perf_counter() - started
            with averaged_weights(model):
                validation = _validate(model, data, recipe)
            history.append(EpochResult(epoch + 1, loss, accuracy, *validation, len(images) / seconds))
            with run.write_errors_explained():
                write_checkpoint(run.checkpoint, model, history)
                run.write_history(history)
            watcher.finish_epoch(history[-1])
    with averaged_weights(model), run.write_errors_explained():
        calibration = _calibrate(model, data, recipe)
        return _finish(model, recipe, run, history, data, calibration, interrupted=interrupted.is_set())


def _has_stalled(history: list[EpochResult], config: TrainingConfig) -> bool:
    """Whether early stopping ends the run here; the history alone decides, so a resumed run agrees."""
    return 0 < config.patience <= epochs_since_best(history)


def _compiled_model(recipe: Recipe, data: TrainingData) -> Any:
    """Build the model with its loss and optimizer, every variable in being."""
    config = recipe.training
    model = build(recipe.model, len(data.class_names) + len(recipe.refusal.reasons))
    steps = config.steps_per_epoch(len(data.training))
    losses = keras.losses
    loss = (
        losses.SparseCategoricalCrossentropy(from_logits=True)
        if config.loss == "sparse_categorical_crossentropy"
        else losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    )
    optimizer = _optimizer(config, steps)
    fused = _steps_per_execution(model, steps)
    model.compile(optimizer, loss, metrics=["accuracy"], steps_per_execution=fused)
    optimizer.build(model.trainable_variables)
    return model


def _optimizer(config: TrainingConfig, steps: int) -> Any:
    settings: dict[str, Any] = {
        "learning_rate": _learning_rate(config, steps),
        "weight_decay": config.weight_decay or None,
    }
    if config.average_of_weights:
        return AveragingAdam(use_ema=True, ema_momentum=config.average_of_weights, **settings)
    return keras.optimizers.Adam(**settings)


def _steps_per_execution(model: Any, steps: int) -> int:
    """How many steps the backend is given at a time; the weights come out the same, bit for bit.

    A step of a dense network is over sooner than Python can ask for the next one. One with convolutions
    has work enough, and would take longer to compile than it saves: docs/log.md#steps-at-a-time.
    """
    has_convolutions = any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)
    return 1 if has_convolutions or backend_name() != "jax" else min(_FUSED_STEPS, steps)


def _learning_rate(config: TrainingConfig, steps: int) -> Any:
    if config.schedule == "constant":
        return config.learning_rate
    warmup = round(config.warmup_epochs * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else config.learning_rate,
        decay_steps=max(config.epochs * steps - warmup, 1),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def _epoch_images(
    data: TrainingData, recipe: Recipe, epoch: int
) -> tuple[NDArray[np.float32], NDArray[np.float32] | NDArray[np.int64]]:
    """The images of one epoch, shuffled and augmented: ink (N, 28, 28), 0 to 1, and their labels."""
    config, split = recipe.training, data.training
    assert split.labels is not None
    generator = np.random.default_rng([config.seed, 1, epoch])
    n = config.steps_per_epoch(len(split)) * config.batch_size
    order = generator.permutation(len(split))[:n]
    images = augment(split.images[order], recipe.augmentation, generator)
    return to_ink(images), _targets(split.labels[order], data, recipe)


def _targets(labels: NDArray[np.int64], data: TrainingData, recipe: Recipe) -> NDArray[Any]:
    n_outputs = len(data.class_names) + len(recipe.refusal.reasons)
    one_hot = recipe.training.loss == "categorical_crossentropy"
    return np.eye(n_outputs, dtype=np.float32)[labels] if one_hot else labels


def _run_epoch(
    model: Any, images: NDArray[np.float32], labels: NDArray[Any], config: TrainingConfig, watcher: Watcher
) -> tuple[float, float]:
    """One pass over the images in the order given; returns its mean loss and accuracy."""
    figures = model.fit(
        images, labels, batch_size=config.batch_size, shuffle=False, verbose=0, callbacks=[watcher.callback()]
    ).history
    loss, accuracy = float(figures["loss"][0]), float(figures["accuracy"][0])
    if not math.isfinite(loss):
        raise TrainingError(
            "training",
            expected="a finite loss",
            found=f"{loss} in epoch {watcher.epoch + 1}",
            remedy="Lower the learning rate.",
        )
    return loss, accuracy


def _validate(model: Any, data: TrainingData, recipe: Recipe) -> tuple[float | None, float | None]:
    split = data.validation
    if split is None or split.labels is None:
        return None, None
    figures = model.evaluate(
        to_ink(split.images),
        _targets(split.labels, data, recipe),
        batch_size=_VALIDATION_BATCH,
        verbose=0,
        return_dict=True,
    )
    return float(figures["loss"]), float(figures["accuracy"])


def _calibrate(model: Any, data: TrainingData, recipe: Recipe) -> dict[str, object]:
    """What makes the model's numbers mean what they say, as the model file keeps it.

    It is fitted on digits that the weights were not: the validation images, or else training images
    augmented anew. A run with neither keeps its logits as they are. What error a threshold promises can
    be told from validation images alone.
    """
    training, validation = data.training, data.validation
    if validation is not None:
        images, labels = validation.images, validation.labels
    elif not recipe.augmentation.changes_nothing:
        generator = np.random.default_rng([recipe.training.seed, 2])
        chosen = generator.permutation(len(training))[:_CALIBRATION_IMAGES]
        images = augment(training.images[chosen], recipe.augmentation, generator)
        labels = None if training.labels is None else training.labels[chosen]
    else:
        return {"temperature": 1.0}
    assert labels is not None
    logits = np.asarray(model.predict(to_ink(images), batch_size=_VALIDATION_BATCH, verbose=0))
    is_digit = labels < len(data.class_names)
    return calibrate(
        logits[is_digit],
        labels[is_digit],
        refusals=recipe.refusal.reasons,
        digits_accepted=recipe.refusal.digits_accepted,
        promises=validation is not None,
    )


def _finish(
    model: Any,
    recipe: Recipe,
    run: RunFolder,
    history: list[EpochResult],
    data: TrainingData,
    calibration: dict[str, object],
    *,
    interrupted: bool,
) -> RunResult:
    """Write the model both ways, judge the ONNX file, and write the figures last of all."""
    with temporary_beside(run.keras_model) as temporary:
        model.save(temporary)
    onnx_model = to_onnx(
        model,
        {
            "normalizer_version": NORMALIZER_VERSION,
            "model": recipe.model,
            "data": list(recipe.data),
            "class_names": list(data.class_names),
            "seed": recipe.training.seed,
            "epochs": len(history),
        }
        | calibration,
    )
    write_whole(run.onnx_model, onnx_model)
    if history:
        save_figure(plot_learning_curves(history), run.learning_curves)
    result = _judge(Classifier(onnx_model, n_threads=0), run.path, tuple(history), data.test, interrupted)
    figures = asdict(result) | {
        "folder": run.path.name,
        "parameters": model.count_params(),
        "temperature": calibration["temperature"],
    }
    run.write_figures(figures)
    if not interrupted:
        run.remove_checkpoint()
    return result


def _judge(
    classifier: Classifier,
    folder: Path,
    history: tuple[EpochResult, ...],
    test: Split | None,
    interrupted: bool,
) -> RunResult:
    if test is None or test.labels is None:
        return RunResult(folder, history, interrupted)
    probabilities = classifier.probabilities(to_ink(test.images))
    n_right = int((probabilities.argmax(axis=1) == test.labels).sum())
    interval = accuracy_interval(n_right, len(test))
    return RunResult(
        folder,
        history,
        interrupted,
        test_accuracy=n_right / len(test),
        test_interval=(interval.low, interval.high),
        test_loss=log_loss(probabilities, test.labels),
        n_test=len(test),
    )
