"""Test accuracy of the classic recipes on MNIST: several seeds each, last epoch, nothing picked.

    python benchmarks/classic.py --seeds 3 --out benchmarks/results/classic.json

Needs MNIST (see `inkdigits data mnist`). KERAS_BACKEND chooses the backend.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from inkdigits.backend import backend_name
from inkdigits.recipe import load_recipe
from inkdigits.training import train
from measuring import spread, write_results

RECIPES = ("ann", "dense", "dense2", "cnn")


def main() -> None:
    """Train each recipe once a seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {"backend": backend_name()}
    for name in options.recipes:
        recipe = load_recipe(name)
        accuracies, losses, speeds = [], [], []
        for seed in range(options.seeds):
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
    write_results(options.out, results)


if __name__ == "__main__":
    main()
