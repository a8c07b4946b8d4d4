"""A checkpoint holds all that the next epoch depends on, and is refused where it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.errors import TrainingError
from inkdigits.models.backend import keras
from inkdigits.runs.history import EpochResult
from inkdigits.training.checkpoint import read_checkpoint, state_bytes, write_checkpoint

HISTORY = [EpochResult(1, 0.5, 0.75, 0.1 + 0.2, None, 1000.0), EpochResult(2, 0.25, 0.875, None, 1.0, 1e5)]
IMAGES = np.random.default_rng(0).random((32, 6), dtype=np.float32)
LABELS = np.arange(32) % 3


def compiled_model(n_hidden: int = 5) -> Any:
    """Has all kinds of state: weights, batch statistics, a dropout generator, moments and a step count."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(n_hidden),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(
        optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    optimizer.build(model.trainable_variables)
    return model


def train_on(model: Any) -> list[NDArray[Any]]:
    """Two epochs; the weights and statistics after them."""
    model.fit(IMAGES, LABELS, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


@pytest.fixture(scope="module")
def trained_model() -> Any:
    model = compiled_model()
    train_on(model)
    return model


@pytest.fixture
def checkpoint(trained_model: Any, tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "checkpoint.npz", trained_model, HISTORY)
    return tmp_path / "checkpoint.npz"


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    model, restored = compiled_model(), compiled_model()
    train_on(model)
    write_checkpoint(tmp_path / "checkpoint.npz", model, HISTORY)
    expected = train_on(model)
    assert read_checkpoint(tmp_path / "checkpoint.npz", restored) == HISTORY
    for one, other in zip(expected, train_on(restored), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_replaces_the_one_before(checkpoint: Path, trained_model: Any) -> None:
    write_checkpoint(checkpoint, trained_model, HISTORY[:1])
    assert read_checkpoint(checkpoint, trained_model) == HISTORY[:1]
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_the_size_is_foretold(checkpoint: Path, trained_model: Any) -> None:
    assert checkpoint.stat().st_size <= state_bytes(trained_model)


def test_another_model_is_refused_and_left_alone(checkpoint: Path) -> None:
    model = compiled_model(n_hidden=7)
    before = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    with pytest.raises(TrainingError, match=r"variables of other shapes.*Resume with the recipe"):
        read_checkpoint(checkpoint, model)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


def test_a_damaged_file_is_refused(checkpoint: Path, trained_model: Any) -> None:
    whole = checkpoint.read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2]):
        checkpoint.write_bytes(content)
        with pytest.raises(TrainingError, match="expected a checkpoint of inkdigits"):
            read_checkpoint(checkpoint, trained_model)


def test_objects_are_never_unpickled(checkpoint: Path, trained_model: Any) -> None:
    np.savez(checkpoint, v0=np.array([HISTORY], dtype=object), history=np.array("[]"))
    with pytest.raises(TrainingError, match="allow_pickle=False"):
        read_checkpoint(checkpoint, trained_model)


# --- what it was made from ------------------------------------------------------------------------

MADE_FROM = {"epochs": 3, "data": ["uci"], "training images": "1,293 (0a1b2c3d)"}


def refuse(note: str) -> None:
    raise AssertionError(f"nothing to note, and yet: {note}")


def test_other_data_and_other_settings_are_named(trained_model: Any, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    write_checkpoint(path, trained_model, HISTORY, MADE_FROM)
    assert read_checkpoint(path, trained_model, MADE_FROM, refuse) == HISTORY
    other = MADE_FROM | {"training images": "1,293 (ffffffff)", "epochs": 4}
    with pytest.raises(
        TrainingError,
        match=r"epochs 4 in place of 3; training images 1,293 \(ffffffff\) in place of 1,293 \(0a1b2c3d\)",
    ):
        read_checkpoint(path, trained_model, other, refuse)


def test_a_checkpoint_that_does_not_say_is_resumed_with_a_note(trained_model: Any, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    write_checkpoint(path, trained_model, HISTORY)
    with np.load(path) as arrays:
        older = {name: arrays[name] for name in arrays.files if name != "made_from"}
    np.savez(path, **older)
    notes: list[str] = []
    assert read_checkpoint(path, trained_model, MADE_FROM, notes.append) == HISTORY
    assert len(notes) == 1
    assert "unchecked" in notes[0]
