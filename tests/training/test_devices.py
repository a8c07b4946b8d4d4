"""Several devices give the figures of one; whatever cannot share batches is refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkdigits.errors import ConfigError
from inkdigits.models.backend import backend_name, keras
from inkdigits.recipes.recipe import Recipe
from inkdigits.runs.folder import RunFolder
from inkdigits.training import devices
from inkdigits.training.devices import Devices, open_devices
from inkdigits.training.loop import train

only_jax = pytest.mark.skipif(backend_name() != "jax", reason="other backends share no batches")

# Trains with a crash in the third epoch, and goes on; then trains a small network that normalises batches.
_PROGRAM = """
import json, sys
from pathlib import Path
from inkdigits.recipes.recipe import load_recipe
from inkdigits.training.devices import open_devices
from inkdigits.training.loop import train
from tests.training.test_devices import moving_statistics

def crash(progress):
    if progress.epoch == 3:
        raise RuntimeError("crash")

recipe, folder = load_recipe(sys.argv[1]), Path(sys.argv[2])
try:
    train(recipe, folder, devices="all", show=crash)
except RuntimeError:
    train(recipe, folder, devices="all", resume=True)
shared = open_devices("all", 32)
print(json.dumps({"devices": shared.n_devices, "statistics": moving_statistics(shared)}))
"""


def moving_statistics(shared: Devices) -> list[float]:
    """What batch normalisation has seen of eight batches, and the weights that came of it."""
    keras.utils.set_random_seed(0)
    with shared.scope():
        layers = [keras.Input((4,)), keras.layers.Dense(3, use_bias=False)]
        model = keras.Sequential([*layers, keras.layers.BatchNormalization(momentum=0.5)])
        model.compile(keras.optimizers.Adam(0.1), "mse")
    values = np.random.default_rng(0).random((256, 4), dtype=np.float32)
    shared.fit(model, values, values[:, :3], 32, keras.callbacks.Callback())
    return [float(x) for weights in model.get_weights() for x in weights.ravel()]


@pytest.fixture(scope="module")
def alone(small_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run on one device, with an average of the weights."""
    recipe = replace(small_recipe, training=replace(small_recipe.training, average_of_weights=0.9))
    run = RunFolder(tmp_path_factory.mktemp("alone") / "run")
    train(recipe, run.path)
    return run


@only_jax
@pytest.mark.parametrize("n_processes", [1, 2])
def test_two_devices_give_the_curve_of_one(n_processes: int, alone: RunFolder, tmp_path: Path) -> None:
    statistics = moving_statistics(Devices())
    for number, printed in enumerate(run_together(alone.recipe, tmp_path, n_processes)):
        assert printed["devices"] == 2
        assert printed["statistics"] == pytest.approx(statistics, abs=1e-4)
        run = RunFolder(tmp_path / f"run-{number}")
        assert json.loads(run.environment.read_text(encoding="utf-8"))["devices"] == 2
        for one, two in zip(alone.read_history(), run.read_history(), strict=True):
            assert two.loss == pytest.approx(one.loss, rel=1e-4)
            assert two.validation_loss == pytest.approx(one.validation_loss, rel=1e-4)
            assert two.validation_accuracy == pytest.approx(one.validation_accuracy, abs=0.01)


def run_together(recipe: Path, folder: Path, n_processes: int) -> list[Mapping[str, object]]:
    """Run the program in as many processes, which have two devices together; what each printed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environ = os.environ | {"XLA_FLAGS": f"--xla_force_host_platform_device_count={2 // n_processes}"}
    environ |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    if n_processes > 1:
        environ |= {"KERAS_DISTRIBUTION_JOB_ADDRESSES": address}
        environ |= {"KERAS_DISTRIBUTION_NUM_PROCESSES": str(n_processes)}
    command = [sys.executable, "-c", _PROGRAM, str(recipe)]
    running = [
        subprocess.Popen(
            [*command, str(folder / f"run-{number}")],
            env=environ | {"KERAS_DISTRIBUTION_PROCESS_ID": str(number)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(n_processes)
    ]
    try:
        outputs = [process.communicate(timeout=600)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0] * n_processes
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@only_jax
@pytest.mark.parametrize(
    ("wanted", "said"),
    [("64", "XLA_FLAGS=--xla_force_host_platform_device_count=64"), ("0", "all"), ("both", "--devices all")],
)
def test_devices_that_are_not_there(wanted: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_devices(wanted, 64)


@only_jax
def test_a_batch_that_does_not_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0", "cpu:1", "cpu:2"])
    with pytest.raises(ConfigError, match="--batch-size 66"):
        open_devices("all", 64)


def test_other_backends_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, small_recipe: Recipe, tmp_path: Path
) -> None:
    monkeypatch.setattr(devices, "backend_name", lambda: "torch")
    with pytest.raises(ConfigError, match="KERAS_BACKEND=jax"):
        train(small_recipe, tmp_path / "run", devices="all")
    assert not (tmp_path / "run").exists()
