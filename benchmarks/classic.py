"""Test accuracy of the classic recipes on MNIST: several seeds each, last epoch, nothing picked.

    python benchmarks/classic.py --seeds 3 --out benchmarks/results/classic.json

With --kaggle the recipes train on a CSV of Kaggle's form and size, 42,000 of MNIST's training images, and are
judged on MNIST's test images. Needs MNIST (see `inkdigits data mnist`). KERAS_BACKEND chooses the backend.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from inkdigits.datasets import Split, load
from inkdigits.models.backend import backend_name
from inkdigits.recipes.recipe import load_recipe
from inkdigits.training.loop import train
from measuring import spread, write_results

RECIPES = ("ann", "notebook", "dense", "dense2", "cnn")
KAGGLE_IMAGES = 42_000


def main() -> None:
    """Train each recipe once a seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kaggle", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.kaggle:
            write_kaggle_files(Path(folder))
        data = (folder,) if options.kaggle else ("mnist",)
        write_results(
            options.out, train_all(options.recipes, options.seeds, data) | {"kaggle": options.kaggle}
        )


def train_all(recipes: list[str], seeds: int, data: tuple[str, ...]) -> dict[str, object]:
    """Each recipe's figures, by its name."""
    results: dict[str, object] = {"backend": backend_name()}
    for name in recipes:
        recipe = replace(load_recipe(name), data=data)
        accuracies, losses, speeds = [], [], []
        for seed in range(seeds):
            seeded = replace(recipe, training=replace(recipe.training, seed=seed))
            with tempfile.TemporaryDirectory() as folder:
                result = train(seeded, Path(folder) / "run")
            assert result.test_accuracy is not None
            assert result.test_loss is not None
            accuracies.append(100 * result.test_accuracy)
            losses.append(result.test_loss)
            speeds.append(result.history[-1].images_per_second)
        results[name] = {
            "model": recipe.model,
            "epochs": recipe.training.epochs,
            "batch_size": recipe.training.batch_size,
            "test_accuracy_percent": spread(accuracies),
            "test_loss": spread(losses),
            "images_per_second": spread(speeds),
        }
    return results


def write_kaggle_files(folder: Path) -> None:
    """`label,pixel0,...,pixel783`: train.csv, and a test.csv that has labels, unlike Kaggle's own."""
    mnist = load("mnist")
    assert mnist.train is not None
    assert mnist.test is not None
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    for name, part in (("train", mnist.train.take(np.arange(KAGGLE_IMAGES))), ("test", mnist.test)):
        np.savetxt(folder / f"{name}.csv", rows_of(part), fmt="%d", delimiter=",", header=header, comments="")


def rows_of(part: Split) -> np.ndarray:
    """(N, 785), the label before the pixels."""
    assert part.labels is not None
    return np.column_stack([part.labels, part.images.reshape(len(part), -1)])


if __name__ == "__main__":
    main()
