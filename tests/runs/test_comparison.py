"""Runs side by side: read from their files alone, compared by what differs, put in order."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkdigits.config import to_dict
from inkdigits.errors import ConfigError
from inkdigits.recipes.recipe import Recipe, TrainingConfig, write_recipe
from inkdigits.runs.comparison import (
    Comparison,
    RunSummary,
    best_first,
    summarize_runs,
)
from inkdigits.runs.folder import FinalFigures, RunFolder
from inkdigits.runs.history import RunOrder

if TYPE_CHECKING:
    from inkdigits.training.loop import RunResult

COLUMNS = "epoch,loss,accuracy,validation_loss,validation_accuracy,images_per_second"
HISTORY = f"{COLUMNS}\n1,0.5,0.8,0.4,0.85,100.0\n2,0.3,0.9,0.25,0.92,300.0\n3,0.2,0.91,0.3,0.9,280.0\n"
FIGURES = {"interrupted": False, "test_accuracy": 0.95, "test_loss": 0.2, "n_test": 360}

WriteRun = Callable[..., Path]


@pytest.fixture
def write_run(tmp_path: Path) -> WriteRun:
    """Writes a run's small files: `write_run("cnn-1", Recipe(), figures=None)`."""

    def write(
        name: str,
        recipe: Recipe | str = Recipe(),  # noqa: B008, it is frozen
        history: str | None = HISTORY,
        figures: dict[str, object] | str | None = None,
    ) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        text = recipe if isinstance(recipe, str) else write_recipe(recipe)
        (folder / "recipe.toml").write_text(text, encoding="utf-8")
        if history is not None:
            (folder / "history.csv").write_text(history, encoding="utf-8")
        if figures is not None:
            text = figures if isinstance(figures, str) else json.dumps(figures)
            (folder / "metrics.json").write_text(text, encoding="utf-8")
        return folder

    return write


def a_summary(name: str, accuracy: float | None, loss: float | None, speed: float | None) -> RunSummary:
    return RunSummary(name, "cnn", ("mnist",), 1, 2, {}, accuracy, loss, None, speed, "unfinished")


def names(runs: list[RunSummary] | tuple[RunSummary, ...]) -> list[str]:
    return [run.name for run in runs]


# One run.


def test_a_complete_run(write_run: WriteRun) -> None:
    recipe = Recipe(model="mlp", data=("uci", "usps"), training=TrainingConfig(epochs=3))
    (run,) = summarize_runs(write_run("mlp-1", recipe, figures=FIGURES).parent).runs
    assert run == RunSummary(
        name="mlp-1",
        model="mlp",
        data=("uci", "usps"),
        epochs_done=3,
        epochs_planned=3,
        settings={},
        validation_accuracy=0.9,  # of the last epoch, not of the best
        validation_loss=0.3,
        test_accuracy=0.95,
        images_per_second=280.0,  # the median
        state="complete",
    )


def test_an_interrupted_run_keeps_the_figures_of_other_weights_to_itself(write_run: WriteRun) -> None:
    folder = write_run("cnn-1", figures=FIGURES | {"interrupted": True})
    (run,) = summarize_runs(folder.parent).runs
    assert (run.state, run.epochs_done, run.epochs_planned) == ("interrupted", 3, 10)
    assert run.test_accuracy is None


def test_a_run_before_its_first_epoch(write_run: WriteRun) -> None:
    (run,) = summarize_runs(write_run("cnn-1", history=None).parent).runs
    assert (run.state, run.epochs_done) == ("unfinished", 0)
    assert (run.validation_accuracy, run.validation_loss, run.images_per_second) == (None, None, None)


def test_a_run_without_validation_and_test(write_run: WriteRun) -> None:
    figures = FIGURES | {"test_accuracy": None, "test_loss": None}
    folder = write_run("best-1", history=f"{COLUMNS}\n1,0.5,0.8,,,100.0\n", figures=figures)
    (run,) = summarize_runs(folder.parent).runs
    assert (run.state, run.validation_accuracy, run.test_accuracy) == ("complete", None, None)
    assert RunFolder(folder).read_figures() == FinalFigures(
        interrupted=False, test_accuracy=None, test_loss=None
    )


def test_what_training_writes_can_be_read(finished_run: RunResult) -> None:
    comparison = summarize_runs(finished_run.folder.parent)
    (run,) = comparison.runs
    last = finished_run.history[-1]
    assert (run.model, run.data, run.state) == ("mlp", ("uci",), "complete")
    assert (run.epochs_done, run.epochs_planned) == (3, 3)
    assert (run.validation_accuracy, run.validation_loss) == (last.validation_accuracy, last.validation_loss)
    assert run.test_accuracy == finished_run.test_accuracy
    assert RunFolder(finished_run.folder).read_history() == list(finished_run.history)


# Several.


def test_only_the_settings_that_differ_are_named(write_run: WriteRun) -> None:
    write_run("a", Recipe(training=TrainingConfig(learning_rate=0.002, epochs=5)))
    write_run("b", Recipe(model="mlp", training=TrainingConfig(batch_size=32), kept_writers=("f1", "f2")))
    folder = write_run("c", 'model = "cnn"').parent  # what is left out has its default
    comparison = summarize_runs(folder)
    assert [dict(run.settings) for run in comparison.runs] == [
        {"kept_writers": [], "batch_size": 128, "learning_rate": 0.002},
        {"kept_writers": ["f1", "f2"], "batch_size": 32, "learning_rate": 0.001},
        {"kept_writers": [], "batch_size": 128, "learning_rate": 0.001},
    ]
    assert [run.epochs_planned for run in comparison.runs] == [5, 10, 10]


def test_what_tuning_may_vary_is_no_setting_of_a_run(write_run: WriteRun) -> None:
    write_run("a", '[search."training.learning_rate"]\nlow = 0.001\nhigh = 0.01\n')
    comparison = summarize_runs(write_run("b").parent)
    assert [dict(run.settings) for run in comparison.runs] == [{}, {}]


def test_no_two_settings_of_a_recipe_share_a_name() -> None:
    tables = to_dict(Recipe())
    inner = [name for table in tables.values() if isinstance(table, dict) for name in table]
    every = inner + [name for name, value in tables.items() if not isinstance(value, dict)]
    assert len(every) == len(set(every)) > 20


def test_what_is_no_run_is_passed_over(write_run: WriteRun) -> None:
    folder = write_run("cnn-1").parent
    (folder / "notes.txt").write_text("recipe.toml", encoding="utf-8")
    (folder / "report").mkdir()
    (folder / "report" / "metrics.json").write_text("{", encoding="utf-8")
    comparison = summarize_runs(folder)
    assert names(comparison.runs) == ["cnn-1"]
    assert comparison.unreadable == ()
    assert summarize_runs(folder / "report") == Comparison((), ())


@pytest.mark.parametrize(
    ("broken", "hint"),
    [
        ({"recipe": "model = "}, "recipe.toml: expected TOML"),
        ({"recipe": "modle = 'cnn'"}, "Did you mean 'model'?"),
        ({"figures": "{"}, "metrics.json: expected the figures of a run"),
        ({"figures": "[1]"}, "found JSON without them"),
        ({"figures": {"interrupted": False, "test_accuracy": "high", "test_loss": 0.1}}, "metrics.json"),
        ({"history": "loss,accuracy\n0.5,0.8\n"}, "found no column epoch, validation_loss, "),
        ({"history": ""}, "history.csv: expected the history of a run, found no column epoch, loss"),
        ({"history": f"{COLUMNS}\n1,0.5,0.8,0.4\n"}, "cut off or too long, at epoch 1"),
        ({"history": f"{COLUMNS}\n1,0.5,0.8,0.4,0.9,100.0,7\n"}, "cut off or too long, at epoch 1"),
        ({"history": f"{COLUMNS}\n1,0.5,much,0.4,0.9,100.0\n"}, "'much'"),
        ({"history": f'{COLUMNS}\n1,"0.5\n'}, "history.csv"),
    ],
)
def test_a_broken_run_is_named_and_the_others_are_read(
    write_run: WriteRun, broken: dict[str, object], hint: str
) -> None:
    write_run("broken", **broken)
    comparison = summarize_runs(write_run("whole").parent)
    assert names(comparison.runs) == ["whole"]
    (error,) = comparison.unreadable
    assert hint in str(error)
    assert f"{Path('runs', 'broken')}" in error.subject


def test_text_of_another_encoding_is_an_error_too(write_run: WriteRun) -> None:
    for name in ("history.csv", "metrics.json", "recipe.toml"):
        (write_run(name) / name).write_bytes(b"\xff\xfe")
    comparison = summarize_runs(write_run("whole").parent)
    assert names(comparison.runs) == ["whole"]
    assert len(comparison.unreadable) == 3


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for name in ("absent", "file"):
        with pytest.raises(ConfigError, match="expected a folder of runs"):
            summarize_runs(tmp_path / name)


# Order and JSON.


def test_the_best_run_is_first() -> None:
    runs = [
        a_summary("cnn-10", 0.9, 0.2, 100.0),
        a_summary("cnn-9", 0.9, 0.1, 300.0),
        a_summary("blind", None, None, 400.0),
        a_summary("diverged", 0.95, float("nan"), None),
    ]
    ordered = {order: names(best_first(runs, order)) for order in RunOrder}
    assert ordered == {
        RunOrder.ACCURACY: ["diverged", "cnn-9", "cnn-10", "blind"],
        RunOrder.LOSS: ["cnn-9", "cnn-10", "blind", "diverged"],
        RunOrder.TIME: ["blind", "cnn-9", "cnn-10", "diverged"],
        RunOrder.NAME: ["blind", "cnn-9", "cnn-10", "diverged"],
    }


def test_json_holds_every_field_and_no_nan() -> None:
    run = dataclasses.replace(a_summary("a", 0.5, float("nan"), 100.0), settings={"kept_writers": ["f1"]})
    fields = json.loads(json.dumps(run.to_json(), allow_nan=False))
    assert list(fields) == [field.name for field in dataclasses.fields(RunSummary)]
    assert fields["validation_loss"] is None
    assert (fields["validation_accuracy"], fields["settings"]) == (0.5, {"kept_writers": ["f1"]})
