"""Draws the pictures of docs/pictures.md: `python tools/draw_gallery.py [FOLDER]`.

Needs MNIST (see `inkdigits data mnist`) and the training extra. A dense network is trained for its weights
and its learning curves, which takes seconds; the rest shows the bundled model on MNIST's test images.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits import Recognizer
from inkdigits.datasets import Split, load
from inkdigits.evaluation.embedding import embed
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.evaluation.occlusion import occlude
from inkdigits.models.backend import keras
from inkdigits.plots import (
    plot_class_balance,
    plot_confusion_matrix,
    plot_embedding,
    plot_learning_curves,
    plot_mistakes,
    plot_occlusion,
    plot_reliability,
    plot_risk_coverage,
    plot_samples,
    plot_weights,
    save_figure,
)
from inkdigits.recipes.recipe import load_recipe
from inkdigits.training.loop import train

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


def main() -> None:
    """Draw them all."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    mnist = load("mnist")
    assert mnist.train is not None
    assert mnist.test is not None
    draw_data(mnist.train, folder)
    draw_training(folder)
    draw_judgement(mnist.test, folder)


def draw_data(split: Split, folder: Path) -> None:
    """What is in the training images."""
    assert split.labels is not None
    few = np.concatenate([np.flatnonzero(split.labels == digit)[:10] for digit in range(10)])
    save_figure(plot_samples(split.images[few], n_columns=10), folder / "samples.png")
    save_figure(plot_class_balance(split.labels), folder / "class_balance.png")


def draw_training(folder: Path) -> None:
    """How a dense network learns, and what its first layer looks for."""
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "run"
        result = train(load_recipe("notebook"), run)
        save_figure(plot_learning_curves(result.history), folder / "learning_curves.png")
        network = keras.models.load_model(run / "model.keras")
    weights = next(layer for layer in network.layers if layer.get_weights()).get_weights()[0]
    save_figure(plot_weights(np.asarray(weights)), folder / "weights.png")


def draw_judgement(split: Split, folder: Path) -> None:
    """How well the bundled model reads the test images, where it fails, and what moves it."""
    assert split.labels is not None
    recognizer = Recognizer()
    report = evaluate(recognizer.classify, split, name="bundled")
    save_figure(plot_confusion_matrix(np.array(report.confusion)), folder / "confusion_matrix.png")
    save_figure(plot_reliability(report.reliability), folder / "reliability.png")
    save_figure(plot_risk_coverage(report.curve), folder / "risk_coverage.png")
    worst = report.worst_mistakes[:12]
    figure = plot_mistakes(
        split.images[[one.index for one in worst]],
        np.array([one.label for one in worst]),
        np.array([one.digit for one in worst]),
        np.array([one.confidence for one in worst]),
    )
    save_figure(figure, folder / "mistakes.png")
    few = split.images[:2000]
    logarithms = np.log(np.maximum(recognizer.classify(few), 1e-12))
    points = embed(logarithms, np.random.default_rng(0))
    save_figure(plot_embedding(points, split.labels[:2000]), folder / "embedding.png")
    draw_occlusion(recognizer, few, folder)


def draw_occlusion(recognizer: Recognizer, images: NDArray[np.uint8], folder: Path) -> None:
    """What moves the answer, for the image that is least sure."""
    answers = recognizer.classify(images)
    least_sure = int(answers.max(axis=1).argmin())
    importance = occlude(recognizer.classify, images[least_sure])
    figure = plot_occlusion(images[least_sure], importance, answer=int(answers[least_sure].argmax()))
    save_figure(figure, folder / "occlusion.png")


if __name__ == "__main__":
    main()
