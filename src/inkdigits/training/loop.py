"""Training, top to bottom: images, model, epochs, files.

An epoch depends on nothing but the state before it and its own number, so a run that was killed and
resumed ends with the same weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import math
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import TrainingError
from inkdigits.files import temporary_beside, write_whole
from inkdigits.ink import to_ink
from inkdigits.metrics import accuracy_interval, log_loss
from inkdigits.models.backend import backend_name, keep_freed_memory, make_deterministic, seed_epoch
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.plots import plot_learning_curves, save_figure
from inkdigits.process.signals import stop_signals
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import ModelRecord
from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.runs.folder import RunFolder, flat_settings
from inkdigits.runs.history import EpochResult, epochs_since_best
from inkdigits.synthesis.augmentation import augment
from inkdigits.training.averaging import averaged_weights
from inkdigits.training.calibration import calibrate
from inkdigits.training.checkpoint import read_checkpoint, state_bytes, take_weights, write_checkpoint
from inkdigits.training.compilation import compiled_model
from inkdigits.training.corpus import LabelledImages, TrainingData, gather
from inkdigits.training.devices import Devices, open_devices
from inkdigits.training.export import to_onnx
from inkdigits.training.progress import Progress, Watcher
from inkdigits.training.streams import Stream

__all__ = ["Progress", "RunResult", "train"]

_VALIDATION_BATCH = 500
_CALIBRATION_IMAGES = 10_000


@dataclass(frozen=True)
class RunResult:
    """What a run ended with.

    Attributes:
        folder: The run folder.
        history: One record per epoch.
        interrupted: Whether Ctrl-C or SIGTERM ended the run early.
        test_accuracy: Accuracy of the final weights on the test part, 0 to 1; None without a test part.
        test_interval: Its 95% Wilson interval.
        test_loss: Mean log-loss on the test part, in nats.
        n_test: Number of test images.
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
    devices: str | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
    warn: Callable[[str], None] = warnings.warn,
) -> RunResult:
    """Train a recipe's model into a run folder.

    Args:
        recipe: what to train, on what, and how.
        folder: made if missing; refused if it holds another run, unless `resume`.
        data: what the recipe's data is, for who has gathered it already.
        resume: go on with the run in `folder`; one that has not begun begins.
        devices: `all`, or how many share each batch; None for the one that Keras picks.
        show: called after every few steps, from this thread.
        warn: called with each note about the data.

    Raises:
        TrainingError: the folder cannot be used, the data cannot train, or writing failed.
        DatasetError: the data cannot be read.
        ConfigError: the devices cannot share the batches.
    """
    keep_freed_memory()
    run = RunFolder(folder)
    with run.write_errors_explained():
        run.check_usable(recipe, resume=resume)
    shared = open_devices(devices, recipe.training.batch_size)
    data = gather(recipe) if data is None else data
    for note in data.notes:
        warn(note)
    make_deterministic(recipe.training.seed)
    config = recipe.training
    n_outputs = len(data.class_names) + len(recipe.refusal.reasons)
    with shared.scope():
        model = compiled_model(recipe.model, n_outputs, config, config.steps_per_epoch(len(data.training)))
    with run.write_errors_explained():
        run.begin(
            recipe,
            backend=backend_name(),
            n_devices=shared.n_devices,
            n_bytes=4 * state_bytes(model) + 5_000_000,
        )
    made_from = flat_settings(recipe) | data.fingerprints()
    is_begun = resume and run.checkpoint.exists()
    if config.start_from and not is_begun:
        take_weights(model, RunFolder(Path(config.start_from)))
    history = read_checkpoint(run.checkpoint, model, made_from, warn) if is_begun else []
    shared.check_agreement(len(history))
    with stop_signals(signal.SIGINT, signal.SIGTERM) as interrupted:
        while len(history) < config.epochs and not (interrupted.is_set() or _has_stalled(history, config)):
            speed = history[-1].images_per_second if history else 0.0
            watcher = Watcher(config, len(history), len(data.training), show, interrupted, speed)
            result = _run_epoch(model, recipe, data, watcher, shared)
            if result is None:
                break
            history.append(result)
            with run.write_errors_explained():
                write_checkpoint(run.checkpoint, model, history, made_from)
                run.write_history(history)
            watcher.finish_epoch(result)
    with averaged_weights(model), run.write_errors_explained():
        return _finish(model, recipe, data, run, RunResult(folder, tuple(history), interrupted.is_set()))


def _has_stalled(history: list[EpochResult], config: TrainingConfig) -> bool:
    """Whether early stopping ends the run here; the history alone decides, so a resumed run agrees."""
    return 0 < config.patience <= epochs_since_best(history)


def _run_epoch(
    model: Any, recipe: Recipe, data: TrainingData, watcher: Watcher, devices: Devices
) -> EpochResult | None:
    """One pass over the training images, judged on the validation images; None if it was interrupted."""
    config, epoch = recipe.training, watcher.epoch
    started_s = time.perf_counter()
    generator = Stream.EPOCH.generator(config.seed, epoch)
    n_images = config.steps_per_epoch(len(data.training)) * config.batch_size
    chosen = data.training.take(generator.permutation(len(data.training))[:n_images])
    ink = to_ink(augment(chosen.images, recipe.augmentation, generator))
    seed_epoch(config.seed, epoch)
    targets = _targets(chosen.labels, model, config)
    figures = devices.fit(model, ink, targets, config.batch_size, watcher.callback())
    loss, accuracy = float(figures["loss"][0]), float(figures["accuracy"][0])
    if not math.isfinite(loss):
        raise TrainingError(
            "training",
            expected="a finite loss",
            found=f"{loss} in epoch {epoch + 1}",
            remedy="Lower the learning rate.",
        )
    if watcher.interrupted.is_set():
        return None
    elapsed_s = time.perf_counter() - started_s
    with averaged_weights(model):
        validation = _validate(model, data, config)
    return EpochResult(epoch + 1, loss, accuracy, *validation, len(ink) / elapsed_s)


def _targets(labels: NDArray[np.int64], model: Any, config: TrainingConfig) -> NDArray[Any]:
    """The labels as the loss takes them: numbers (N,), or one-hot (N, outputs)."""
    one_hot = config.loss == "categorical_crossentropy"
    return np.eye(model.output_shape[-1], dtype=np.float32)[labels] if one_hot else labels


def _validate(model: Any, data: TrainingData, config: TrainingConfig) -> tuple[float | None, float | None]:
    split = data.validation
    if split is None:
        return None, None
    figures = model.evaluate(
        to_ink(split.images),
        _targets(split.labels, model, config),
        batch_size=_VALIDATION_BATCH,
        verbose=0,
        return_dict=True,
    )
    return float(figures["loss"]), float(figures["accuracy"])


def _calibrate(model: Any, data: TrainingData, recipe: Recipe) -> ModelRecord:
    """What makes the model's numbers mean what they say, as the model file keeps it.

    It is fitted on digits that the weights were not: the validation images, or else training images
    augmented anew. A run with neither keeps its logits as they are. What error a threshold promises can
    be told from validation images alone.
    """
    sample = data.validation
    if sample is None:
        if recipe.augmentation.changes_nothing:
            return ModelRecord(temperature=1.0)
        sample = _augmented_anew(data.training, recipe)
    logits = np.asarray(model.predict(to_ink(sample.images), batch_size=_VALIDATION_BATCH, verbose=0))
    is_digit = sample.labels < len(data.class_names)
    return calibrate(
        logits[is_digit],
        sample.labels[is_digit],
        refusals=recipe.refusal.reasons,
        digits_accepted=recipe.refusal.digits_accepted,
        promises=data.validation is not None,
    )


def _augmented_anew(training: LabelledImages, recipe: Recipe) -> LabelledImages:
    generator = Stream.CALIBRATION.generator(recipe.training.seed)
    chosen = training.take(generator.permutation(len(training))[:_CALIBRATION_IMAGES])
    return LabelledImages(augment(chosen.images, recipe.augmentation, generator), chosen.labels)


def _finish(model: Any, recipe: Recipe, data: TrainingData, run: RunFolder, result: RunResult) -> RunResult:
    """Write the model both ways, judge the ONNX file, and write the figures last of all."""
    history, calibration = result.history, _calibrate(model, data, recipe)
    with temporary_beside(run.keras_model) as temporary:
        model.save(temporary)
    record = replace(
        calibration,
        normalizer_version=NORMALIZER_VERSION,
        class_names=data.class_names,
        model=recipe.model,
        data=tuple(map(str, recipe.sources)),
        seed=recipe.training.seed,
        epochs=len(history),
    )
    onnx_model = to_onnx(model, record.to_metadata())
    write_whole(run.onnx_model, onnx_model)
    if history:
        save_figure(plot_learning_curves(history), run.learning_curves)
    result = _judged(result, Classifier(onnx_model, n_threads=0), data.test)
    figures = asdict(result) | {
        "folder": run.path.name,
        "parameters": model.count_params(),
        "temperature": calibration.temperature,
    }
    run.write_figures(figures)
    if not result.interrupted:
        run.remove_checkpoint()
    return result


def _judged(result: RunResult, classifier: Classifier, test: LabelledImages | None) -> RunResult:
    """The result with the figures of the exported model on the test images."""
    if test is None:
        return result
    probabilities = classifier.probabilities(to_ink(test.images))
    n_right = int((probabilities.argmax(axis=1) == test.labels).sum())
    interval = accuracy_interval(n_right, len(test))
    return replace(
        result,
        test_accuracy=n_right / len(test),
        test_interval=(interval.low, interval.high),
        test_loss=log_loss(probabilities, test.labels),
        n_test=len(test),
    )
