"""What the recipes say of themselves is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkdigits.recipes.shipped import shipped_recipes

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
MEASURED = {
    **dict.fromkeys(("ann", "dense", "dense2"), "classic_dense.json"),
    "notebook": "classic_notebook.json",
    "tuned": "classic_tuned.json",
    "cnn": "classic_cnn.json",
    "best": "mnist_best.json",
}


@pytest.mark.parametrize("name", MEASURED)
def test_the_accuracy_is_the_measured_one(name: str) -> None:
    measured = json.loads((RESULTS / MEASURED[name]).read_text(encoding="utf-8"))
    figures = measured.get(name, measured)["test_accuracy_percent"]
    (recipe,) = (each for each in shipped_recipes() if each.name == name)
    assert recipe.reaches == f"{figures['mean']:.2f}% of MNIST's test images ({figures['runs']} seeds)"


def test_each_says_what_it_is_and_how_long_it_takes() -> None:
    for recipe in shipped_recipes():
        assert recipe.description.endswith("."), recipe.name
        if recipe.name not in ("writers", "numbers"):  # which say it in their description
            assert " on two cores" in recipe.takes
            assert "Takes:" not in recipe.description
