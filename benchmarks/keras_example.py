"""The peer of quick.py: Keras's own MNIST example, judged after each epoch with the clock stopped.

    KERAS_BACKEND=tensorflow python benchmarks/keras_example.py 12 0

Takes the number of epochs and the seed; prints a JSON object an epoch. Source:
https://keras.io/examples/vision/mnist_convnet/, without its validation share.
"""

from __future__ import annotations

import json
import sys
import time

started_s = time.perf_counter()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

from inkdigits.datasets import Split, load  # noqa: E402


def main() -> None:
    """Train."""
    n_epochs, seed = int(sys.argv[1]), int(sys.argv[2])
    keras.utils.set_random_seed(seed)
    dataset = load("mnist")
    assert dataset.train is not None
    assert dataset.test is not None
    ink, labels = _arrays(dataset.train)
    test_ink, test_labels = _arrays(dataset.test)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    training_s = judging_s = 0.0
    for epoch in range(1, n_epochs + 1):
        began_s = time.perf_counter()
        model.fit(ink, labels, batch_size=128, epochs=1, verbose=0)
        trained_s = time.perf_counter()
        training_s += trained_s - began_s
        process_s = trained_s - started_s - judging_s
        _, accuracy = model.evaluate(test_ink, test_labels, batch_size=500, verbose=0)
        judging_s += time.perf_counter() - trained_s
        figures = {"accuracy": accuracy, "training_s": training_s, "process_s": process_s}
        print(json.dumps({"epoch": epoch, **figures}), flush=True)


def _arrays(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Ink (N, 28, 28, 1), 0 to 1, and one-hot labels (N, 10)."""
    assert split.labels is not None
    return split.images[..., None].astype(np.float32) / 255, np.eye(10, dtype=np.float32)[split.labels]


if __name__ == "__main__":
    main()
