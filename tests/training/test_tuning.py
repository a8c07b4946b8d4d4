"""Tuning finds the better settings, on validation images alone, and may be stopped and shared."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkdigits.errors import ConfigError, MissingExtraError, TrainingError
from inkdigits.recipes.recipe import Recipe, SearchRange, TrainingConfig, load_recipe, with_settings
from inkdigits.runs.history import EpochResult
from inkdigits.training import tuning
from inkdigits.training.corpus import LabelledImages, TrainingData
from inkdigits.training.loop import RunResult
from inkdigits.training.progress import Progress
from inkdigits.training.tuning import Trial, tune

RATE = SearchRange(low=0.0001, high=0.1, log=True)
RECIPE = Recipe(
    "mlp", ("uci",), training=TrainingConfig(epochs=4, batch_size=64), search={"training.learning_rate": RATE}
)


def accuracy_of(recipe: Recipe, epoch: int) -> float:
    """Best at a learning rate of 0.003, and rising with the epochs."""
    return 0.95 - 0.1 * abs(math.log10(recipe.training.learning_rate / 0.003)) + 0.01 * epoch


def pretend_to_train(patch: pytest.MonkeyPatch, stuck_after: int | None = None) -> list[TrainingData]:
    """Training that takes no time; what it was given as data. After so many runs, one never ends."""
    given: list[TrainingData] = []

    def train(
        recipe: Recipe, folder: Path, *, data: TrainingData, show: Callable[[Progress], None]
    ) -> RunResult:
        folder.mkdir()
        if len(given) == stuck_after:
            os.write(1, b"stuck\n")
            threading.Event().wait()
        given.append(data)
        history = []
        for epoch in range(1, recipe.training.epochs + 1):
            accuracy = accuracy_of(recipe, epoch)
            history.append(EpochResult(epoch, 1 - accuracy, accuracy, 1 - accuracy, accuracy, 1000.0))
            show(Progress(epoch, recipe.training.epochs, 1, 1, 0.1, accuracy, 1000.0, 0.0, history[-1]))
        return RunResult(folder, tuple(history), interrupted=False)

    digits = LabelledImages(np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10)
    patch.setattr(tuning, "train", train)
    patch.setattr(tuning, "gather", lambda recipe: TrainingData(tuple("0123456789"), digits, digits, digits))
    return given


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[TrainingData]:
    """Training that takes no time; what it was given as data."""
    return pretend_to_train(monkeypatch)


def test_a_real_study_ends_with_a_recipe_to_train(tmp_path: Path) -> None:
    recipe = replace(RECIPE, training=replace(RECIPE.training, epochs=2))
    study = tune(recipe, tmp_path / "study", n_trials=2)
    assert [trial.state for trial in study.trials] == ["complete"] * 2
    winner = load_recipe(tmp_path / "study" / "best.toml")
    assert winner == study.recipe
    assert winner == with_settings(replace(recipe, search={}), study.best.settings)
    assert study.best.accuracy == max(trial.accuracy or 0 for trial in study.trials) > 0.2
    for number in range(2):
        figures = json.loads((tmp_path / "study" / f"trial-{number}" / "metrics.json").read_text())
        assert figures["test_accuracy"] is None, "trials do not see the test images"


def test_the_better_settings_are_found_and_the_hopeless_given_up(
    tmp_path: Path, pretended: list[TrainingData]
) -> None:
    ended: list[Trial] = []
    study = tune(RECIPE, tmp_path / "study", n_trials=30, finished=ended.append)
    assert 0.0015 < study.recipe.training.learning_rate < 0.006
    states = [trial.state for trial in study.trials]
    assert len(states) == len(ended) == 30
    assert set(states) == {"complete", "pruned"}
    assert all(data.test is None for data in pretended)
    assert study.importances == {"training.learning_rate": pytest.approx(1.0)}


def test_a_study_is_gone_on_with(tmp_path: Path, pretended: list[TrainingData]) -> None:
    first = tune(RECIPE, tmp_path, n_trials=3)
    second = tune(RECIPE, tmp_path, n_trials=5)
    assert second.trials[:3] == first.trials
    assert len(second.trials) == 5
    assert len({trial.settings["training.learning_rate"] for trial in second.trials}) == 5
    assert len(tune(RECIPE, tmp_path, n_trials=5).trials) == 5, "there is nothing left to do"
    with pytest.raises(ConfigError, match="begun with another"):
        tune(replace(RECIPE, model="mlp2"), tmp_path, n_trials=9)


def test_a_storage_of_ones_own(tmp_path: Path, pretended: list[TrainingData]) -> None:
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    tune(RECIPE, tmp_path / "one", n_trials=2, storage=storage)
    study = tune(RECIPE, tmp_path / "two", n_trials=4, storage=storage)
    assert len(study.trials) == 4
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["best.toml", "trial-2", "trial-3"]
    with pytest.raises(ConfigError, match="the URL of a database"):
        tune(RECIPE, tmp_path, n_trials=1, storage=f"sqlite:///{tmp_path}/missing/study.db")


def test_choices_and_whole_numbers(tmp_path: Path, pretended: list[TrainingData]) -> None:
    search = {
        "model": SearchRange(choices=("mlp", "mlp2")),
        "training.batch_size": SearchRange(choices=(32, 64)),
    }
    study = tune(replace(RECIPE, search=search), tmp_path, n_trials=3)
    assert study.recipe.model in ("mlp", "mlp2")
    assert study.recipe.training.batch_size in (32, 64)


@pytest.mark.parametrize(
    ("name", "searched", "said"),
    [
        ("training.seed", SearchRange(low=1, high=5), "other than seed"),
        ("training.epochs", SearchRange(low=1, high=5), "other than seed"),
        ("refusal.n_several", SearchRange(low=1, high=5), "other than seed"),
        ("training.learning_rat", RATE, "learning_rat"),
        ("training.learning_rate", SearchRange(low=0.1, high=100), "at most 10"),
        ("training.batch_size", SearchRange(choices=(32, "many")), "a whole number"),
    ],
)
def test_what_cannot_be_searched(tmp_path: Path, name: str, searched: SearchRange, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        tune(replace(RECIPE, search={name: searched}), tmp_path, n_trials=1)


@pytest.mark.parametrize(
    "ends",
    [{}, {"low": 1}, {"low": 2, "high": 1}, {"low": 0, "high": 1, "log": True}, {"choices": (1,)},
     {"low": 1, "high": 2, "choices": (1, 2)}],
)  # fmt: skip
def test_ranges_that_are_none(ends: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="search"):
        SearchRange(**ends)  # type: ignore[arg-type]


def test_nothing_to_search_or_to_judge_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[search\]"):
        tune(replace(RECIPE, search={}), tmp_path, n_trials=1)
    with pytest.raises(ConfigError, match="validation_share"):
        tune(replace(RECIPE, training=TrainingConfig(validation_share=0)), tmp_path, n_trials=1)
    with pytest.raises(ConfigError, match="trials"):
        tune(RECIPE, tmp_path, n_trials=0)


def test_no_trial_came_to_its_end(tmp_path: Path, pretended: list[TrainingData]) -> None:
    with pytest.raises(TrainingError, match="none complete"):
        tune(RECIPE, tmp_path, n_trials=1, timeout_s=0.0)


def test_without_optuna_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[tune\]"):
        tune(RECIPE, tmp_path, n_trials=1)
