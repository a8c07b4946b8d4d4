"""Recipes: the shipped ones load, and every recipe survives being written and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.datasets import NAMES
from inkdigits.errors import ConfigError
from inkdigits.models import MODELS
from inkdigits.recipes.recipe import (
    Recipe,
    RefusalConfig,
    TrainingConfig,
    load_recipe,
    recipe_names,
    write_recipe,
)
from inkdigits.recipes.sources import DataSource
from inkdigits.synthesis.augmentation import AugmentationConfig

UNUSUAL = Recipe(
    model="best",
    data=("mnist", DataSource("my data/digits.csv", 6), 'C:\\a "b"'),
    training=TrainingConfig(
        epochs=3, learning_rate=1e-7, schedule="cosine", warmup_epochs=0.1, weight_decay=1e-4, seed=2**32 - 1
    ),
    augmentation=AugmentationConfig(rotation_degrees=7.5, elastic_px=0.1 + 0.2),
)


def test_recipes_ship_with_the_package() -> None:
    assert {"best", "ann", "cnn", "dense", "dense2", "notebook"} <= set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_makes_sense(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.model in MODELS
    assert {source.name for source in recipe.sources} <= set(NAMES)


@pytest.mark.parametrize("recipe", [Recipe(), UNUSUAL, *map(load_recipe, recipe_names())])
def test_round_trip(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(write_recipe(recipe), encoding="utf-8")
    assert load_recipe(path) == recipe
    assert load_recipe(str(path)) == recipe


def test_every_setting_is_spelled_out() -> None:
    text = write_recipe(Recipe())
    parts = (TrainingConfig, AugmentationConfig, RefusalConfig)
    for setting in [name for part in parts for name in part.__dataclass_fields__]:
        assert f"{setting} = " in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\nepoch = 3", "Did you mean 'epochs'"),
        ("[training]\nepochs = 0", "epochs: expected 1 or more, found 0"),
        ("[training]\nbatch_size = 0", "batch_size: expected 1 or more"),
        ("[training]\nlearning_rate = 0", "learning_rate: expected more than 0, at most 10"),
        ("[training]\nlearning_rate = 11", "learning_rate"),
        ("[training]\nweight_decay = -1", "weight_decay: expected 0 or more"),
        ("[training]\nwarmup_epochs = inf", "warmup_epochs: expected a finite number"),
        ("[training]\nseed = -1", r"seed: expected 0 to below 2\*\*32, found -1"),
        ("[training]\nseed = 4294967296", r"seed: expected 0 to below 2\*\*32"),
        ("[training]\nvalidation_share = 0.6", "validation_share: expected 0 to 0.5"),
        ("[training]\naverage_of_weights = 1", "average_of_weights: expected 0 to below 1"),
        ("[training]\npatience = -1", "patience: expected 0 or more"),
        ("[training]\npatience = 3\nvalidation_share = 0", "patience: expected 0, or validation images"),
        ("[training]\nschedule = 'linear'", "expected one of 'constant', 'cosine'"),
        ("[training]\nlabel_smoothing = 0.1", "0 unless loss is categorical_crossentropy"),
        ("[augmentation]\nscale = 1", "scale: expected 0 to below 1"),
        ("[augmentation]\nshift_px = -1", "shift_px: expected 0 or more"),
        ("[augmentation]\nelastic_share = 1.1", "elastic_share: expected 0 to 1"),
        ("[augmentation]\nelastic_smoothness_px = 0", "elastic_smoothness_px: expected more than 0"),
        ("data = [{ name = 'mnist', times = 0 }]", "data: mnist: expected 1 time or more, found 0"),
        ("data = [{ nam = 'mnist' }]", "Did you mean 'name'"),
        ("data = [3]", "data: expected a text"),
        ("data = []", "at least one dataset"),
        ("data = 'mnist'", "data: expected a list"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_recipe(path)


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"model = '\xe9'")
    for name in ("bset", tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(ConfigError, match="a shipped recipe: ann, best"):
            load_recipe(name)
