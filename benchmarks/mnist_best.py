"""The recipe `best` on MNIST: several seeds, the last epoch of each, and their ensemble, fixed beforehand.

    KERAS_BACKEND=tensorflow python benchmarks/mnist_best.py --runs RUNS --out FILE

The ensemble is all the runs, its probabilities their mean; nothing is chosen by looking at the test images.
Runs that RUNS holds already are read or gone on with, so this may be stopped and started again.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from inkdigits.datasets import load
from inkdigits.ink import to_ink
from inkdigits.metrics import accuracy_interval, calibration_error, log_loss
from inkdigits.models.backend import backend_name
from inkdigits.reading.classifier import Classifier
from inkdigits.recipes.recipe import load_recipe
from inkdigits.training.loop import train
from measuring import spread, write_results


def main() -> None:
    """Train what is missing, then judge each and all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, required=True, help="A folder for the run folders.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    recipe = load_recipe("best")
    folders = [options.runs / f"best-{seed}" for seed in range(options.seeds)]
    for seed, folder in enumerate(folders):
        if not (folder / "metrics.json").exists():  # written last
            train(replace(recipe, training=replace(recipe.training, seed=seed)), folder, resume=True)
    test = load("mnist").test
    assert test is not None
    assert test.labels is not None
    classifiers = [Classifier((folder / "model.onnx").read_bytes()) for folder in folders]
    ink = to_ink(test.images)
    probabilities = np.stack([classifier.probabilities(ink) for classifier in classifiers])  # (S, N, 10)
    n_right = (probabilities.argmax(axis=2) == test.labels).sum(axis=1)
    together = probabilities.mean(axis=0)
    n_right_together = int((together.argmax(axis=1) == test.labels).sum())
    interval = accuracy_interval(n_right_together, len(test))
    write_results(
        options.out,
        {
            "backend": backend_name(),
            "epochs": recipe.training.epochs,
            "test_accuracy_percent": spread((100 * n_right / len(test)).tolist()),
            "each_percent": (100 * n_right / len(test)).tolist(),
            "test_loss": spread([log_loss(one, test.labels) for one in probabilities]),
            "ensemble": {
                "networks": len(folders),
                "test_accuracy_percent": 100 * n_right_together / len(test),
                "interval_percent": [100 * interval.low, 100 * interval.high],
                "test_loss": log_loss(together, test.labels),
                "calibration_error_percent": 100
                * calibration_error(
                    together.max(axis=1).astype(np.float64), together.argmax(axis=1) == test.labels
                ),
            },
        },
    )


if __name__ == "__main__":
    main()
