"""The peer of epoch_speed.py: MNIST as every tutorial trains it, with Keras on TensorFlow.

    python benchmarks/plain_keras.py mlp 32

Prints the seconds of each epoch after the first, which also compiles.
"""

from __future__ import annotations

import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers

from inkdigits.datasets import load

EPOCHS = 3

MODELS = {
    "mlp": [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")],
    "cnn": [
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ],
}


class Stopwatch(keras.callbacks.Callback):
    """Notes how long each epoch takes."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Print, but for the first."""
        if epoch > 0:
            print(time.perf_counter() - self.started)


def main() -> None:
    """Train."""
    name, batch_size = sys.argv[1], int(sys.argv[2])
    training = load("mnist").train
    assert training is not None
    model = keras.Sequential([keras.Input((28, 28)), *MODELS[name]])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    ink = training.images.astype(np.float32) / 255
    model.fit(ink, training.labels, batch_size=batch_size, epochs=EPOCHS, verbose=0, callbacks=[Stopwatch()])


if __name__ == "__main__":
    main()
