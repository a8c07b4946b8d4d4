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
# # Kaggle's Digit Recognizer, from CSV to submission
#
# Two files, `train.csv` (`label,pixel0,...,pixel783`) and `test.csv` (the same without labels), NumPy, pandas, and a
# network with two hidden layers. It ends in a `submission.csv` that Kaggle takes.
#
# Put Kaggle's files into the folder `kaggle/` beside this notebook. Without them, files of the same form are written
# from MNIST, so that the notebook runs anywhere.

# %%
# %matplotlib inline
import os
from pathlib import Path

import numpy as np
import pandas as pd

from inkdigits.datasets import load
from inkdigits.models import build
from inkdigits.models.backend import keep_freed_memory, keras
from inkdigits.plots import (
    plot_class_balance,
    plot_confusion_matrix,
    plot_learning_curves,
    plot_mistakes,
    plot_samples,
)
from inkdigits.runs.history import EpochResult

keep_freed_memory()  # Linux: training is faster when freed memory is kept
keras.utils.set_random_seed(0)
folder = Path("kaggle")

# %%
if not (folder / "train.csv").exists():
    folder.mkdir(exist_ok=True)
    mnist = load(os.environ.get("NOTEBOOK_DATA", "mnist"))
    names = [f"pixel{number}" for number in range(784)]
    made = pd.DataFrame(mnist.train.images[:20_000].reshape(-1, 784), columns=names)
    made.insert(0, "label", mnist.train.labels[:20_000])
    made.to_csv(folder / "train.csv", index=False)
    pd.DataFrame(mnist.test.images[:5_000].reshape(-1, 784), columns=names).to_csv(
        folder / "test.csv", index=False
    )

# %% [markdown]
# ## Read with pandas

# %%
train_table = pd.read_csv(folder / "train.csv")
test_table = pd.read_csv(folder / "test.csv")
print("train", train_table.shape, "test", test_table.shape)
train_table.iloc[:5, :8]

# %% [markdown]
# Is anything missing, out of range or constant? Pixels that are paper in every image tell a network nothing, and do
# no harm.

# %%
pixels = train_table.drop(columns="label")
pd.Series(
    {
        "missing values": int(train_table.isna().sum().sum()),
        "least": int(pixels.min().min()),
        "greatest": int(pixels.max().max()),
        "pixels that are always paper": int((pixels.max() == 0).sum()),
        "images that occur twice": int(pixels.duplicated().sum()),
    }
)

# %%
plot_class_balance(train_table["label"].to_numpy())

# %% [markdown]
# ## NumPy arrays
#
# A row of 784 numbers is a picture of 28x28, row by row. Scaled to 0 to 1, and a fifth held out to judge on.

# %%
images = pixels.to_numpy(np.uint8).reshape(-1, 28, 28)
labels = train_table["label"].to_numpy()
order = np.random.default_rng(0).permutation(len(images))
held_out, kept = np.split(order, [len(order) // 5])
x, y = images[kept].astype("float32") / 255, labels[kept]
x_validation, y_validation = images[held_out].astype("float32") / 255, labels[held_out]
plot_samples(images[:20], labels[:20])

# %% [markdown]
# ## Two hidden layers
#
# 784-256-128-10, ReLU, Adam, sparse categorical cross-entropy: labels stay numbers.

# %%
model = build("mlp2")
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.summary()

# %%
log = model.fit(
    x, y, batch_size=128, epochs=10, validation_data=(x_validation, y_validation), verbose=2
).history
columns = ("loss", "accuracy", "val_loss", "val_accuracy")
epochs = [EpochResult(i + 1, *(log[name][i] for name in columns), 0.0) for i in range(10)]
plot_learning_curves(epochs)

# %% [markdown]
# ## How good is it?
#
# On the images that were held out; Kaggle keeps the labels of `test.csv` to itself.

# %%
probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(model.predict(x_validation, verbose=0)))
predicted = probabilities.argmax(axis=1)
print(f"{(predicted == y_validation).mean():.2%} of {len(y_validation):,} images")
plot_confusion_matrix(pd.crosstab(y_validation, predicted).to_numpy())

# %%
wrong = np.flatnonzero(predicted != y_validation)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:12]
plot_mistakes(
    images[held_out][worst], y_validation[worst], predicted[worst], probabilities[worst].max(axis=1)
)

# %% [markdown]
# **Exercise.** Kaggle's images have no second look. Shift each image of `x_validation` by a pixel in four directions, and
# average the probabilities. Does it help?
#
# <details><summary>Solution</summary>
#
# ```python
# shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
# views = [np.roll(x_validation, shift, axis=(1, 2)) for shift in shifts]
# mean = np.mean([keras.ops.softmax(model.predict(view, verbose=0)) for view in views], axis=0)
# print((mean.argmax(axis=1) == y_validation).mean())
# ```
#
# A little, as a rule: errors that hang on a pixel cancel out. It costs five times the time.
#
# </details>
#
# ## The submission
#
# Kaggle wants two columns, `ImageId` from 1 on and `Label`.

# %%
test_images = test_table.to_numpy(np.uint8).reshape(-1, 28, 28)
answers = model.predict(test_images.astype("float32") / 255, verbose=0).argmax(axis=1)
submission = pd.DataFrame({"ImageId": np.arange(1, len(answers) + 1), "Label": answers})
submission.to_csv("submission.csv", index=False)
submission.head()

# %% [markdown]
# Checked as Kaggle would: the header, a row for each image, nothing but digits.

# %%
written = pd.read_csv("submission.csv")
assert list(written.columns) == ["ImageId", "Label"]
assert written["ImageId"].tolist() == list(range(1, len(test_table) + 1))
assert written["Label"].between(0, 9).all()
print(f"submission.csv: {len(written):,} rows")

# %% [markdown]
# ## The same in two lines
#
# `inkdigits` reads Kaggle's files as they are, and finds out which is which by their names:
#
# ```sh
# inkdigits train dense2 --data kaggle/ --out runs/kaggle
# inkdigits train cnn --data kaggle/ --out runs/kaggle-cnn
# ```

# %%
both = load(folder)
print(both.train.images.shape, both.test.images.shape, "test labels:", both.test.labels)
