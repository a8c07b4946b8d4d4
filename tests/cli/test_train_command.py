"""inkdigits train: what the options make of a recipe, where the run goes, what is said on the way."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import inkdigits.training.loop
from inkdigits.cli.progress import ProgressDisplay
from inkdigits.models import MODELS
from inkdigits.recipes.recipe import Recipe, TrainingConfig, load_recipe, recipe_names
from inkdigits.runs.history import EpochResult
from inkdigits.training.loop import Progress, RunResult
from tests.cli.conftest import Call, Ended

LIST_OF_RUN = {"recipe.toml", "environment.json", "history.csv", "model.keras", "model.onnx", "metrics.json"}


@dataclass
class Asked:
    """What training was asked for."""

    recipe: Recipe = field(default_factory=Recipe)
    folder: Path = Path()
    resume: bool = False
    devices: str | None = None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """Training that only takes notes, reports one epoch, and is done; runs go to an empty folder."""
    noted = Asked()

    def note(
        recipe: Recipe,
        folder: Path,
        *,
        resume: bool,
        devices: str | None,
        show: Callable[[Progress], None],
        warn: Callable[[str], None],
    ) -> RunResult:
        noted.recipe, noted.folder, noted.resume, noted.devices = recipe, folder, resume, devices
        done = EpochResult(1, 0.5, 0.9, None, None, 1000.0)
        show(Progress(1, 1, 10, 10, 0.5, 0.9, 1000.0, 0.0, done))
        return RunResult(folder, (done,), interrupted=False)

    monkeypatch.setattr(inkdigits.training.loop, "train", note)
    monkeypatch.chdir(tmp_path)
    return noted


# A real run.


def test_a_run_from_end_to_end(trained: tuple[Path, Ended]) -> None:
    folder, ended = trained
    assert ended.code == 0, ended.err
    (summary,) = ended.json()
    keys = ["folder", "epochs", "interrupted", "test_accuracy", "test_interval", "test_loss"]
    assert list(summary) == keys
    assert summary["folder"] == str(folder)
    assert (summary["epochs"], summary["interrupted"]) == (2, False)
    assert summary["test_interval"][0] < summary["test_accuracy"] < summary["test_interval"][1]
    assert {path.name for path in folder.iterdir()} >= LIST_OF_RUN


def test_progress_is_a_line_an_epoch_where_there_is_no_terminal(trained: tuple[Path, Ended]) -> None:
    heading, *rows = [line for line in trained[1].err.splitlines() if not line.startswith("note")]
    assert heading.split()[:3] == ["epoch", "loss", "accuracy"]
    assert [row.split()[0] for row in rows] == ["1/2", "2/2"]
    assert len(heading) == len(rows[0]) == len(rows[1]) < 80
    assert "\r" not in trained[1].err
    assert "\x1b" not in trained[1].err


def test_a_run_is_not_written_over(call: Call, run_folder: Path) -> None:
    before = (run_folder / "metrics.json").read_bytes()
    ended = call("train", "--model", "mlp", "--data", "uci", "--epochs", "1", "--out", run_folder)
    assert (ended.code, ended.out) == (1, "")
    assert "--resume" in ended.err
    assert (run_folder / "metrics.json").read_bytes() == before


def test_a_complete_run_cannot_be_resumed(call: Call, run_folder: Path) -> None:
    ended = call("train", "--resume", "--out", run_folder)
    assert (ended.code, ended.out) == (1, "")
    assert "complete" in ended.err


def test_ctrl_c_and_resume(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    show = ProgressDisplay.show

    def interrupt(display: ProgressDisplay, progress: Progress) -> None:
        show(display, progress)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(ProgressDisplay, "show", interrupt)
        ended = call("train", "--model", "mlp", "--data", "uci", "--epochs", "1", "--out", run)
    assert ended.code == 130
    assert ended.out.startswith("interrupted in epoch 1")
    assert ended.out.splitlines()[-1] == f"  inkdigits train --resume --out {run}"
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["interrupted"] is True

    ended = call("train", "--resume", "--out", run)
    assert ended.code == 0
    assert ended.out.startswith("test accuracy ")
    assert str(run) in ended.out
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["interrupted"] is False


# Recipes and options.


def test_list_names_the_shipped_recipes(call: Call) -> None:
    ended = call("train", "--list")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines() if line[0] != " "] == [
        *recipe_names(),
        "numbers",
    ]
    assert max(map(len, ended.out.splitlines())) <= 80
    for name in recipe_names():
        assert f"{name:<12} " in ended.out


def test_without_anything_it_lists_and_names_the_command(call: Call, asked: Asked) -> None:
    ended = call("train")
    assert (ended.code, ended.err) == (2, "")
    assert asked.folder == Path(), "nothing must train"
    command = ended.out.splitlines()[-1]
    assert call(*command.split()[1:]).code == 0
    assert asked.recipe == Recipe()


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe(call: Call, asked: Asked, name: str) -> None:
    assert call("train", name).code == 0
    assert asked.recipe == load_recipe(name)


def test_options_win_over_the_recipe_which_keeps_the_rest(call: Call, asked: Asked) -> None:
    options = ["--model", "mlp2", "--data", "uci", "--data", "mine.csv", "--epochs", "3", "--seed", "5"]
    options += ["--batch-size", "16", "--learning-rate", "0.01", "--validation-share", "0.25"]
    assert call("train", "best", *options).code == 0
    best = load_recipe("best")
    assert (asked.recipe.model, asked.recipe.data) == ("mlp2", ("uci", "mine.csv"))
    assert asked.recipe.augmentation == best.augmentation
    assert asked.recipe.training == TrainingConfig(
        epochs=3,
        batch_size=16,
        learning_rate=0.01,
        validation_share=0.25,
        seed=5,
        schedule=best.training.schedule,
        warmup_epochs=best.training.warmup_epochs,
        weight_decay=best.training.weight_decay,
        loss=best.training.loss,
        label_smoothing=best.training.label_smoothing,
    )


def test_options_of_zero_count_as_given(call: Call, asked: Asked) -> None:
    assert call("train", "notebook", "--seed", "0", "--validation-share", "0").code == 0
    assert asked.recipe.training.validation_share == 0


def test_devices(call: Call, asked: Asked) -> None:
    assert call("train", "notebook", "--devices", "all").code == 0
    assert asked.devices == "all"


def test_a_recipe_of_ones_own(call: Call, asked: Asked, tmp_path: Path) -> None:
    recipe = tmp_path / "own.toml"
    recipe.write_text('model = "mlp"\n[training]\nepochs = 7\n', encoding="utf-8")
    assert call("train", recipe, "--seed", "3").code == 0
    assert (asked.recipe.model, asked.recipe.training.epochs, asked.recipe.training.seed) == ("mlp", 7, 3)


def test_resume_takes_the_settings_of_the_run(call: Call, asked: Asked, run_folder: Path) -> None:
    assert call("train", "--resume", "--out", run_folder).code == 0
    assert asked.resume
    assert asked.folder == run_folder
    assert asked.recipe == load_recipe(run_folder / "recipe.toml")


def test_there_must_be_something_to_resume(call: Call, asked: Asked, tmp_path: Path) -> None:
    for arguments in (("--out", tmp_path / "new"), ("notebook", "--out", tmp_path)):
        ended = call("train", *arguments, "--resume")
        assert (ended.code, ended.out) == (2, "")
        assert "There is nothing to resume." in ended.err
        assert ended.err.splitlines()[-1] == "  inkdigits train " + " ".join(map(str, arguments))
    assert asked.folder == Path(), "nothing must train"


def test_runs_are_numbered_by_model(call: Call, asked: Asked) -> None:
    for model, taken, expected in (
        ("mlp", [], "mlp-1"),
        ("mlp", ["mlp-1"], "mlp-2"),
        ("mlp", ["mlp-1", "mlp-2", "mlp-10"], "mlp-3"),
        ("cnn", ["mlp-1"], "cnn-1"),
    ):
        for name in taken:
            (Path("runs") / name).mkdir(parents=True, exist_ok=True)
        ended = call("train", "--model", model)
        assert asked.folder == Path("runs") / expected
        assert ended.out == f"the run is in {asked.folder}\n"


# What is shown.


def test_quiet_says_the_result_alone(call: Call, asked: Asked) -> None:
    assert call("train", "cnn").err.splitlines()[1].split()[:3] == ["1/1", "0.5000", "90.00%"]
    ended = call("train", "cnn", "--quiet")
    assert ended.err == ""
    assert ended.out.startswith("the run is in ")


# Wrong calls.


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs", "0"],
        ["--epochs", "many"],
        ["--batch-size", "-1"],
        ["--learning-rate", "nan"],
        ["--learning-rate", "0"],
        ["--validation-share", "0.9"],
        ["--seed", "-3"],
        ["--resume"],
        ["numbers", "--devices", "2"],
        ["--epoch-count", "3"],
        ["no-such-recipe"],
        ["cnn", "ann"],
    ],
    ids=" ".join,
)
def test_wrong_calls_end_with_2(call: Call, asked: Asked, arguments: list[str]) -> None:
    ended = call("train", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert asked.folder == Path(), "nothing must train"


def test_a_model_that_there_is_not(call: Call, tmp_path: Path) -> None:
    ended = call("train", "--model", "resnet", "--data", "uci", "--out", tmp_path / "run")
    assert ended.code == 2
    assert f"expected one of {', '.join(MODELS)}, found 'resnet'" in ended.err
    assert not (tmp_path / "run").exists()


def test_a_recipe_with_a_slip_says_which(call: Call, tmp_path: Path) -> None:
    recipe = tmp_path / "own.toml"
    recipe.write_text("[training]\nepoch = 7\n", encoding="utf-8")
    ended = call("train", recipe)
    assert ended.code == 2
    assert "Did you mean 'epochs'?" in ended.err


def test_data_that_there_is_not(call: Call, tmp_path: Path) -> None:
    ended = call("train", "--data", "mnits", "--out", tmp_path / "run")
    assert ended.code == 1
    assert "Did you mean mnist?" in ended.err
    assert not (tmp_path / "run").exists()
