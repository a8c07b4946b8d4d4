# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # MNIST from start to finish
#
# Load, look, normalise, reshape, encode, build, train, evaluate, predict, look at the mistakes, save, load, and read
# a picture of one's own: the whole workflow, with a dense network and a convolutional one side by side.
#
# Everything is Keras 3, on JAX unless `KERAS_BACKEND` says otherwise. It takes two to three minutes on two cores.

# %%
# %matplotlib inline
import os
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from inkdigits import Recognizer
from inkdigits.datasets import describe, load
from inkdigits.evaluation.embedding import embed, penultimate_features
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.evaluation.occlusion import occlude
from inkdigits.models import build
from inkdigits.models.backend import keep_freed_memory, keras
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.plots import (
    plot_class_balance,
    plot_confusion_matrix,
    plot_embedding,
    plot_learning_curves,
    plot_mistakes,
    plot_occlusion,
    plot_reliability,
    plot_samples,
    plot_weights,
)
from inkdigits.reading.explanation import draw_explanation
from inkdigits.runs.history import EpochResult
from inkdigits.training.export import to_onnx

keep_freed_memory()  # Linux: training is faster when freed memory is kept
keras.utils.set_random_seed(0)

# %% [markdown]
# ## Load
#
# `mnist` is found in the folder that `INKDIGITS_DATA` names or in the cache, or is downloaded and checked. Another
# dataset may be named: `uci` needs no network, `fashion-mnist` is harder, and a path reads files of your own.

# %%
dataset = load(os.environ.get("NOTEBOOK_DATA", "mnist"))
train, test = dataset.train, dataset.test
print(describe(dataset))

# %% [markdown]
# ## Look
#
# First at the pictures. Paper is 0 and ink is 255, so MNIST is white on black; the plots show it as ink on paper.

# %%
first_of_each = np.concatenate([np.flatnonzero(train.labels == digit)[:10] for digit in range(10)])
plot_samples(train.images[first_of_each], n_columns=10)

# %%
plot_class_balance(train.labels)

# %% [markdown]
# Then at the numbers. How much ink does each digit take, and how different are its pictures from each other?

# %%
pixels = pd.DataFrame(
    {
        "digit": train.labels,
        "mean": train.images.mean(axis=(1, 2)),
        "inked": (train.images > 127).mean(axis=(1, 2)),
        "width": (train.images > 127).any(axis=1).sum(axis=1),
        "height": (train.images > 127).any(axis=2).sum(axis=1),
    }
)
pixels.groupby("digit").mean().round(2)

# %% [markdown]
# The mean picture of each digit shows what is common to all of its hands; where it is sharp, people agree.

# %%
means = np.stack([train.images[train.labels == digit].mean(axis=0) for digit in range(10)])
plot_samples(means.astype(np.uint8), np.arange(10))

# %% [markdown]
# ## Normalise, reshape, encode
#
# Networks learn best from small numbers: 0 to 1 in place of 0 to 255. A dense layer wants a vector of 784 numbers and
# a convolution wants a channel axis; the networks below reshape for themselves, so (28, 28) is what they take. Labels
# become one-hot rows for categorical cross-entropy; *sparse* categorical cross-entropy takes them as they are.

# %%
x_train, x_test = train.images.astype("float32") / 255, test.images.astype("float32") / 255
y_train = keras.utils.to_categorical(train.labels, 10)
print("images", x_train.shape, x_train.dtype, "from", x_train.min(), "to", x_train.max())
print("as vectors", x_train.reshape(len(x_train), 784).shape)
print("with a channel", x_train[..., np.newaxis].shape)
print("label", train.labels[0], "is", y_train[0].astype(int))

# %% [markdown]
# ## Build
#
# The classic dense network, 784-128-10, and a small convolutional one. Both end in ten logits; softmax makes them
# probabilities, and is left to the loss, which is more exact that way.

# %%
dense = build("mlp")
dense.summary()

# %%
cnn = build("cnn")
cnn.summary()

# %% [markdown]
# ## Train
#
# Adam and cross-entropy for both. A tenth of the training images is held out to watch over-fitting; the test images are
# not looked at until the end. The convolutional network has two epochs here, so that this notebook stays short;
# `inkdigits train cnn` gives it ten.

# %%
loss = keras.losses.CategoricalCrossentropy(from_logits=True)
dense.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
dense_log = dense.fit(x_train, y_train, batch_size=128, epochs=8, validation_split=0.1, verbose=2).history

# %%
cnn.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
cnn_log = cnn.fit(x_train, y_train, batch_size=64, epochs=2, validation_split=0.1, verbose=2).history
print("validation accuracy after each epoch:", *[f"{share:.2%}" for share in cnn_log["val_accuracy"]])

# %%
columns = ("loss", "accuracy", "val_loss", "val_accuracy")
epochs = [EpochResult(i + 1, *(dense_log[name][i] for name in columns), 0.0) for i in range(8)]
plot_learning_curves(epochs)

# %% [markdown]
# Where the training loss keeps falling while the validation loss levels off, the network begins to learn its images by
# heart. On MNIST that is after some five epochs; on a dataset as small as `uci`, eight epochs may not get there.
#
# **Exercise.** Give the dense network 30 epochs. Which epoch would you keep, and how would you know without the test?
#
# <details><summary>Solution</summary>
#
# The one with the least validation loss. `keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)` stops and
# goes back by itself. Choosing by the test images would make the test a part of the training: its figure would flatter.
#
# </details>
#
# ## Evaluate
#
# Accuracy alone hides a lot. The report has its 95% interval, the log-loss, the calibration error (does 90% sure mean
# right nine times in ten?), and each digit's precision and recall.

# %%
names = {"dense": dense, "cnn": cnn}
reports = {
    name: evaluate(
        lambda images, model=model: keras.ops.convert_to_numpy(
            keras.ops.softmax(model.predict(images.astype("float32") / 255, verbose=0))
        ),
        test,
        name=f"{name} on {dataset.name}",
    )
    for name, model in names.items()
}
pd.DataFrame(
    {
        name: {
            "parameters": f"{names[name].count_params():,}",
            "accuracy": f"{report.accuracy:.2%}",
            "95% interval": f"{report.interval.low:.2%} to {report.interval.high:.2%}",
            "log-loss": f"{report.log_loss:.4f}",
            "calibration error": f"{report.calibration_error:.2%}",
            "can be accepted at 0.1% errors": f"{report.coverages[-1].coverage:.1%}",
        }
        for name, report in reports.items()
    }
)

# %%
plot_confusion_matrix(np.array(reports["dense"].confusion))

# %%
pd.DataFrame(reports["dense"].per_digit).set_index("digit").round(4)

# %%
plot_reliability(reports["dense"].reliability)

# %% [markdown]
# ## Predict
#
# The first test images with what the convolutional network says of them (label → reading).

# %%
logits = cnn.predict(x_test[:12], verbose=0)
probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
pd.DataFrame(
    {
        "true": test.labels[:12],
        "predicted": probabilities.argmax(axis=1),
        "confidence": probabilities.max(axis=1).round(4),
    }
).T

# %% [markdown]
# And its surest mistakes. Some of them nobody could read.

# %%
worst = reports["cnn"].worst_mistakes[:18]
plot_mistakes(
    test.images[[one.index for one in worst]],
    np.array([one.label for one in worst]),
    np.array([one.digit for one in worst]),
    np.array([one.confidence for one in worst]),
)

# %% [markdown]
# ## What it has learned
#
# Each unit of the dense network's first layer weighs every pixel. Most look for strokes in a place of their own.

# %%
plot_weights(np.asarray(dense.layers[-2].get_weights()[0]))

# %% [markdown]
# What enters the last layer of the convolutional network, laid out in two dimensions: digits of a kind lie together,
# and those between two heaps are the ones that are hard to tell apart.

# %%
features = penultimate_features(cnn, x_test[:1000])
plot_embedding(embed(features, np.random.default_rng(0)), test.labels[:1000])

# %% [markdown]
# Where does an answer come from? Blank a patch of the picture and see how much surer or less sure the network is: here
# for the one of the first thousand that it is least sure of.

# %%
model_file = to_onnx(cnn, {"normalizer_version": NORMALIZER_VERSION})
own = Recognizer(model_file)
answers = own.classify(test.images[:1000])
least_sure = int(answers.max(axis=1).argmin())
image = test.images[least_sure]
plot_occlusion(image, occlude(own.classify, image), answer=int(answers[least_sure].argmax()))

# %% [markdown]
# ## Save and load
#
# `.keras` keeps the model for more training, ONNX is what programs load: no training framework, and a picture takes a
# fraction of a millisecond.

# %%
folder = Path("saved")
folder.mkdir(exist_ok=True)
cnn.save(folder / "cnn.keras")
(folder / "cnn.onnx").write_bytes(model_file)
again = keras.models.load_model(folder / "cnn.keras")
np.abs(again.predict(x_test[:100], verbose=0) - cnn.predict(x_test[:100], verbose=0)).max()

# %% [markdown]
# ## A picture of one's own
#
# A drawing or a photograph is not an MNIST image. `Recognizer` reads the file, finds the ink, brings it into MNIST's
# form and asks the model. Put the path of your own picture in place of this one.

# %%
picture = resources.files("inkdigits") / "samples" / "5_photo_shadow.jpg"
draw_explanation(Recognizer(folder / "cnn.onnx").examine(picture.read_bytes()))

# %% [markdown]
# What happens between the file and the 28x28 picture, and why tutorials' networks fail without it:
# [the third notebook](03_why_it_fails_on_my_own_digits.ipynb).
