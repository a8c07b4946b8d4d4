"""A run folder names, writes and reads its files; nothing here needs a training framework."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import inkdigits
from inkdigits.errors import ModelError, TrainingError
from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.runs.folder import FinalFigures, RunFolder, onnx_file
from inkdigits.runs.history import EpochResult

PACKAGE = Path(inkdigits.__file__).parent
RECIPE = Recipe("mlp", ("uci",))
HISTORY = [EpochResult(1, 0.5, 0.75, 0.1 + 0.2, None, 1000.0), EpochResult(2, 0.25, 0.875, None, 1.0, 1e5)]
FIGURES: dict[str, object] = {"interrupted": False, "test_accuracy": 0.95, "test_loss": None}


@pytest.fixture
def begun(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "runs" / "mlp-1")
    run.begin(RECIPE, backend="jax", n_bytes=1)
    return run


def test_what_is_written_is_read(begun: RunFolder) -> None:
    assert begun.read_recipe() == RECIPE
    assert (begun.read_history(), begun.read_figures()) == ([], None)
    begun.write_history(HISTORY)
    begun.write_figures(FIGURES | {"parameters": 7})
    assert begun.read_history() == HISTORY
    assert begun.read_figures() == FinalFigures(interrupted=False, test_accuracy=0.95, test_loss=None)
    assert {path.name for path in begun.path.iterdir()} == {
        *("recipe.toml", "environment.json", "history.csv", "metrics.json")
    }


def test_files_that_hold_something_else(begun: RunFolder) -> None:
    begun.history.write_text("epoch\n1\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"history\.csv"):
        begun.read_history()
    begun.metrics.write_text("{}", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"metrics\.json"):
        begun.read_figures()


def test_a_folder_is_for_one_run(begun: RunFolder) -> None:
    RunFolder(begun.path.parent / "mlp-2").check_usable(RECIPE, resume=False)
    begun.check_usable(RECIPE, resume=True)
    with pytest.raises(TrainingError, match="the run of an earlier training"):
        begun.check_usable(RECIPE, resume=False)
    with pytest.raises(TrainingError, match=r"\(its recipe\.toml\), found epochs 3 in place of 10"):
        begun.check_usable(replace(RECIPE, training=TrainingConfig(epochs=3)), resume=True)
    begun.write_figures(FIGURES | {"interrupted": True})
    begun.check_usable(RECIPE, resume=True)
    begun.write_figures(FIGURES)
    with pytest.raises(TrainingError, match="found one that is complete"):
        begun.check_usable(RECIPE, resume=True)


def test_the_onnx_file_of_a_run(begun: RunFolder, tmp_path: Path) -> None:
    begun.onnx_model.write_bytes(b"onnx")
    begun.keras_model.write_bytes(b"keras")
    assert onnx_file(begun.path) == onnx_file(begun.keras_model) == begun.onnx_model
    assert onnx_file(begun.onnx_model) == begun.onnx_model
    assert onnx_file(tmp_path / "other.onnx") == tmp_path / "other.onnx"


def test_a_folder_without_an_onnx_file(begun: RunFolder, tmp_path: Path) -> None:
    for given in (begun.path, begun.keras_model):
        with pytest.raises(ModelError, match=r"a run that has not ended.*--resume --out"):
            onnx_file(given)
    with pytest.raises(ModelError, match="no such file in it"):
        onnx_file(tmp_path)


def test_the_files_of_a_run_are_named_in_one_place() -> None:
    run = RunFolder(Path())
    names = {path.name for name, path in vars(run).items() if name not in ("path", "metrics")}
    assert len(names) == 8
    for module in PACKAGE.rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        # Triton wants the file called model.onnx in its own repository; that is no run.
        is_owner = module.name in ("folder.py", "serving_files.py")
        assert is_owner or not names & texts - {"tensorboard"}, module


def test_runs_and_recipes_load_no_framework() -> None:
    modules = [
        ".".join(("inkdigits", package, path.stem))
        for package in ("runs", "recipes")
        for path in sorted((PACKAGE / package).glob("[!_]*.py"))
    ]
    assert {"inkdigits.runs.folder", "inkdigits.recipes.recipe"} <= set(modules)
    program = (
        "import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
        "print({'keras', 'jax', 'tensorflow', 'torch', 'onnx', 'matplotlib', 'tomli_w'} & {*sys.modules})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *modules], capture_output=True, check=True, text=True
    )
    assert ended.stdout == "set()\n"
