"""A run folder that is whole, repeatable, and can be gone on with however it stopped."""

from __future__ import annotations

import csv
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets import load
from inkdigits.errors import ConfigError, DatasetError, TrainingError
from inkdigits.ink import to_ink
from inkdigits.models.backend import keras
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.reading.classifier import Classifier
from inkdigits.recipes.recipe import Recipe, TrainingConfig, load_recipe, write_recipe
from inkdigits.training.corpus import gather
from inkdigits.training.loop import Progress, RunResult, train

QUICK = Recipe(model="mlp", data=("uci",), training=TrainingConfig(epochs=2, batch_size=128))
FINISHED = {
    "environment.json",
    "history.csv",
    "learning_curves.png",
    "metrics.json",
    "model.keras",
    "model.onnx",
    "recipe.toml",
}


class CrashError(Exception):
    """What goes wrong in the middle of a run."""


def in_epoch(epoch: int, act: Callable[[], None]) -> Callable[[Progress], None]:
    """A `show` that acts at the first sign of an epoch."""

    def show(progress: Progress) -> None:
        if progress.epoch == epoch:
            act()

    return show


def crash() -> None:
    raise CrashError


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def no_epoch_may_begin(progress: Progress) -> None:
    pytest.fail("an epoch began")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def assert_same_outcome(folder: Path, other: Path) -> None:
    """The same weights, temperature and history, bit for bit; only the speeds may differ."""
    assert names_in(folder) == names_in(other) == FINISHED
    assert (folder / "model.onnx").read_bytes() == (other / "model.onnx").read_bytes()
    assert history_in(folder) == history_in(other)


def history_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8", newline="") as lines:
        return [{**line, "images_per_second": ""} for line in csv.DictReader(lines)]


# --- a run that nothing disturbs ------------------------------------------------------------------


def test_the_run_folder(finished_run: RunResult, small_recipe: Recipe) -> None:
    folder = finished_run.folder
    assert names_in(folder) == FINISHED
    assert load_recipe(folder / "recipe.toml") == small_recipe
    assert len(history_in(folder)) == len(finished_run.history) == 3
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["folder"] == folder.name, "no path of this machine"
    assert metrics["test_accuracy"] == finished_run.test_accuracy
    assert (metrics["interrupted"], metrics["n_test"], metrics["parameters"]) == (False, 360, 101_770)
    assert "libraries" in json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    with Image.open(folder / "learning_curves.png") as picture:
        assert picture.format == "PNG"


def test_the_model_has_learned_and_both_files_agree(finished_run: RunResult) -> None:
    test = load("uci").test
    assert test is not None
    ink = to_ink(test.images)
    classifier = Classifier(finished_run.folder / "model.onnx")
    model = keras.models.load_model(finished_run.folder / "model.keras")
    np.testing.assert_allclose(classifier.scores(ink).values, model.predict(ink, verbose=0), atol=1e-4)
    accuracy = float((classifier.probabilities(ink).argmax(axis=1) == test.labels).mean())
    assert accuracy == finished_run.test_accuracy
    assert accuracy > 0.7, "three epochs do that; chance is 0.1"
    assert finished_run.test_interval is not None
    low, high = finished_run.test_interval
    assert low < accuracy < high
    losses = [result.loss for result in finished_run.history]
    assert losses == sorted(losses, reverse=True)


def test_metadata_says_what_the_model_is(finished_run: RunResult) -> None:
    record = Classifier(finished_run.folder / "model.onnx").record
    assert record.normalizer_version == NORMALIZER_VERSION
    assert (record.model, record.data, record.seed, record.epochs) == ("mlp", ("uci",), 0, 3)
    assert record.class_names == tuple("0123456789")


def test_the_seed_decides_everything(finished_run: RunResult, small_recipe: Recipe, tmp_path: Path) -> None:
    train(small_recipe, tmp_path / "same")
    assert_same_outcome(tmp_path / "same", finished_run.folder)
    train(replace(small_recipe, training=replace(small_recipe.training, seed=1)), tmp_path / "other")
    assert history_in(tmp_path / "other") != history_in(finished_run.folder)


def test_progress_is_shown(tmp_path: Path) -> None:
    seen: list[Progress] = []
    result = train(QUICK, tmp_path / "run", show=seen.append)
    assert all(1 <= each.step <= each.steps == 10 and each.epochs == 2 for each in seen)
    assert [(each.epoch, each.step) for each in seen] == sorted((each.epoch, each.step) for each in seen)
    assert [each.finished_epoch for each in seen if each.finished_epoch] == list(result.history)
    assert seen[-1].seconds_left == 0
    assert all(each.seconds_left >= 0 and each.images_per_second > 0 for each in seen)


def test_without_validation_images(tmp_path: Path) -> None:
    recipe = replace(QUICK, training=TrainingConfig(epochs=1, batch_size=128, validation_share=0))
    (result,) = train(recipe, tmp_path / "run").history
    assert (result.validation_loss, result.validation_accuracy) == (None, None)
    assert names_in(tmp_path / "run") == FINISHED


# --- runs that stop -------------------------------------------------------------------------------


def test_a_crashed_run_ends_as_if_it_had_not_crashed(
    finished_run: RunResult, small_recipe: Recipe, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(CrashError):
        train(small_recipe, folder, show=in_epoch(2, crash))
    assert names_in(folder) == {"recipe.toml", "environment.json", "history.csv", "checkpoint.npz"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    result = train(small_recipe, folder, resume=True)
    assert [each.epoch for each in result.history] == [1, 2, 3]
    assert_same_outcome(folder, finished_run.folder)


_PROGRAM = """
import sys, time
from pathlib import Path
from inkdigits.recipes.recipe import load_recipe
from inkdigits.training.loop import train

def show(progress):
    print(progress.epoch, flush=True)
    time.sleep(0.6 * (progress.finished_epoch is not None))

train(load_recipe(sys.argv[1]), Path(sys.argv[2]), resume=True, show=show)
"""


def test_a_killed_run_ends_as_if_it_had_not_been_killed(
    finished_run: RunResult, small_recipe: Recipe, tmp_path: Path
) -> None:
    recipe, folder = tmp_path / "small.toml", tmp_path / "run"
    recipe.write_text(write_recipe(small_recipe), encoding="utf-8")
    # A kill may damage the cache of compiled code that the tests share.
    environ = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(recipe), str(folder)], stdout=subprocess.PIPE, env=environ
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline(), "training begins"
            time.sleep(random.uniform(0, 0.5))  # a checkpoint falls into this time, the end does not
            process.kill()
    train(small_recipe, folder, resume=True)
    assert_same_outcome(folder, finished_run.folder)


def test_ctrl_c_ends_a_run_in_good_order(
    finished_run: RunResult, small_recipe: Recipe, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    result = train(small_recipe, folder, show=in_epoch(2, press_ctrl_c))
    assert result.interrupted
    assert [each.epoch for each in result.history] == [1]
    assert names_in(folder) == FINISHED | {"checkpoint.npz"}
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["interrupted"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not train(small_recipe, folder, resume=True).interrupted
    assert_same_outcome(folder, finished_run.folder)


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    def press_twice() -> None:
        press_ctrl_c()
        press_ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        train(QUICK, tmp_path / "run", show=in_epoch(1, press_twice))
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_disk_that_fills_up_loses_no_whole_epoch(
    finished_run: RunResult, small_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill_the_disk() -> None:
        monkeypatch.setattr("inkdigits.files.os.fsync", full)

    folder = tmp_path / "run"
    with pytest.raises(TrainingError, match=r"No space left on device.*--resume goes on"):
        train(small_recipe, folder, show=in_epoch(2, fill_the_disk))
    monkeypatch.undo()
    assert len(history_in(folder)) == 1
    train(small_recipe, folder, resume=True)
    assert_same_outcome(folder, finished_run.folder)


# --- an average of the weights --------------------------------------------------------------------


def test_an_average_of_weights_survives_a_crash(
    finished_run: RunResult, small_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(small_recipe, training=replace(small_recipe.training, average_of_weights=0.9))
    whole = train(recipe, tmp_path / "whole")
    with pytest.raises(CrashError):
        train(recipe, tmp_path / "run", show=in_epoch(3, crash))
    train(recipe, tmp_path / "run", resume=True)
    assert_same_outcome(tmp_path / "run", whole.folder)
    for averaged, plain in zip(whole.history, finished_run.history, strict=True):
        assert averaged.loss == pytest.approx(plain.loss, rel=1e-3), "the training itself is the same"
        assert averaged.validation_loss != plain.validation_loss
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    classifier = Classifier(tmp_path / "run" / "model.onnx")
    ink = np.random.default_rng(0).random((4, 28, 28), dtype=np.float32)
    np.testing.assert_allclose(classifier.scores(ink).values, model.predict(ink, verbose=0), atol=1e-4)


# --- early stopping -------------------------------------------------------------------------------


def test_a_run_that_no_longer_improves_stops(tmp_path: Path) -> None:
    hot = replace(QUICK.training, epochs=40, learning_rate=0.1, patience=2)
    whole = train(replace(QUICK, training=hot), tmp_path / "whole")
    losses = [each.validation_loss for each in whole.history if each.validation_loss is not None]
    assert len(losses) == len(whole.history)
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 2 < 40
    assert not whole.interrupted
    with pytest.raises(CrashError):
        train(replace(QUICK, training=hot), tmp_path / "run", show=in_epoch(best + 2, crash))
    train(replace(QUICK, training=hot), tmp_path / "run", resume=True)
    assert_same_outcome(tmp_path / "run", whole.folder)


# --- runs that cannot begin or go on --------------------------------------------------------------


def test_a_run_may_begin_where_another_ended(finished_run: RunResult, tmp_path: Path) -> None:
    onward = replace(QUICK, training=replace(QUICK.training, epochs=1, start_from=str(finished_run.folder)))
    first = train(onward, tmp_path / "onward").history[0]
    assert first.loss < finished_run.history[0].loss
    other = replace(onward, model="cnn")
    with pytest.raises(TrainingError, match="same model"):
        train(other, tmp_path / "other")
    nowhere = replace(onward, training=replace(onward.training, start_from=str(tmp_path)))
    with pytest.raises(TrainingError, match=r"model\.keras"):
        train(nowhere, tmp_path / "nowhere")


def test_a_folder_with_another_run_is_refused(finished_run: RunResult, small_recipe: Recipe) -> None:
    before = (finished_run.folder / "recipe.toml").read_bytes()
    with pytest.raises(TrainingError, match="the run of an earlier training"):
        train(QUICK, finished_run.folder, show=no_epoch_may_begin)
    with pytest.raises(TrainingError, match="found one that is complete"):
        train(small_recipe, finished_run.folder, resume=True, show=no_epoch_may_begin)
    assert names_in(finished_run.folder) == FINISHED
    assert (finished_run.folder / "recipe.toml").read_bytes() == before


def test_resuming_needs_the_settings_that_the_run_began_with(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(write_recipe(QUICK), encoding="utf-8")
    other = replace(QUICK, training=replace(QUICK.training, epochs=3))
    with pytest.raises(TrainingError, match="expected the settings that the run began with"):
        train(other, tmp_path, resume=True, show=no_epoch_may_begin)
    assert len(train(QUICK, tmp_path, resume=True).history) == 2


def test_resuming_with_other_pictures_says_so(tmp_path: Path) -> None:
    data = gather(QUICK)
    with pytest.raises(CrashError):
        train(QUICK, tmp_path / "run", data=data, show=in_epoch(2, crash))
    blots = data.training.images.copy()
    blots[0, 0, 0] ^= 1
    other = replace(data, training=replace(data.training, images=blots))
    with pytest.raises(
        TrainingError, match=r"found training images 1,293 \(\w+\) in place of 1,293 \(\w+\)\."
    ):
        train(QUICK, tmp_path / "run", data=other, resume=True, show=no_epoch_may_begin)


@pytest.mark.parametrize("place", ["file", "file/run"])
def test_a_path_that_is_no_folder(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(TrainingError, match="expected a folder with room to write the run"):
        train(QUICK, tmp_path / place, show=no_epoch_may_begin)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    # Permissions themselves would not do: the super-user may write anywhere.
    for name in ("mkstemp", "TemporaryFile"):
        monkeypatch.setattr(f"tempfile.{name}", denied)
    with pytest.raises(TrainingError, match="Permission denied"):
        train(QUICK, tmp_path / "run", show=no_epoch_may_begin)


def test_a_disk_without_room_is_noticed_before_the_first_epoch(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="file sizes cannot be limited here")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(TrainingError, match=r"File too large.*Free some space"):
            train(QUICK, tmp_path / "run", show=no_epoch_may_begin)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(tmp_path / "run") == set()
    assert len(train(QUICK, tmp_path / "run").history) == 2, "with room, the same call works"


@pytest.mark.parametrize(
    ("recipe", "error"),
    [
        (replace(QUICK, data=("mnits",)), DatasetError),
        (replace(QUICK, model="resnet"), ConfigError),
    ],
)
def test_a_slip_in_the_recipe_does_not_use_up_the_folder(
    recipe: Recipe, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        train(recipe, tmp_path / "run", show=no_epoch_may_begin)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["pictures.csv", "test.csv"])
def test_training_needs_labels(name: str, tmp_path: Path) -> None:
    header = ",".join(f"pixel{number}" for number in range(784))
    row = ",".join(["0"] * 400 + ["255"] * 384)
    (tmp_path / name).write_text("\n".join([header, *[row] * 20]) + "\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="expected labelled training images"):
        train(replace(QUICK, data=(str(tmp_path / name),)), tmp_path / "run", show=no_epoch_may_begin)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    explosive = replace(QUICK, training=replace(QUICK.training, weight_decay=1e30))
    with pytest.raises(TrainingError, match=r"expected a finite loss, found nan in epoch 1\. Lower"):
        train(explosive, tmp_path / "run")
    assert names_in(tmp_path / "run") == {"recipe.toml", "environment.json"}


def test_a_damaged_checkpoint_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(write_recipe(QUICK), encoding="utf-8")
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(TrainingError, match="expected a checkpoint of inkdigits"):
        train(QUICK, tmp_path, resume=True, show=no_epoch_may_begin)
