"""The scikit-learn estimator, cross-validated on scikit-learn's own digits beside its own dense network.

    python benchmarks/cross_validation.py --out benchmarks/results/cross_validation.json

Five folds of the 1,797 digits of `uci`, shuffled with one seed. Needs no download. KERAS_BACKEND chooses the
backend.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier

from inkdigits.datasets import load
from inkdigits.models.backend import backend_name
from inkdigits.sklearn import DigitClassifier
from measuring import spread, write_results

EPOCHS = 20


def main() -> None:
    """Cross-validate each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    dataset = load("uci")
    assert dataset.train is not None
    assert dataset.test is not None
    images = np.concatenate([dataset.train.images, dataset.test.images])
    labels = np.concatenate([dataset.train.labels, dataset.test.labels])
    pixels = images.reshape(len(images), -1) / 255  # (N, 784)
    estimators: dict[str, Any] = {
        "mlp": DigitClassifier("mlp", epochs=EPOCHS, random_state=0),
        "cnn": DigitClassifier("cnn", epochs=EPOCHS, random_state=0),
        "MLPClassifier of scikit-learn": MLPClassifier((128,), max_iter=EPOCHS, random_state=0),
    }
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    write_results(
        options.out,
        {
            "backend": backend_name(),
            "epochs": EPOCHS,
            "accuracy_percent": {
                name: spread((100 * cross_val_score(estimator, pixels, labels, cv=folds)).tolist())
                for name, estimator in estimators.items()
            },
        },
    )


if __name__ == "__main__":
    main()
