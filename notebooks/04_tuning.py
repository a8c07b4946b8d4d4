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
# # Tuning: which settings matter?
#
# Learning rate, batch size, how much to augment: each choice changes the result, and guessing is slow. Optuna draws
# settings where earlier ones did well (TPE) and gives up trials that fall behind. The test images are kept out of it:
# trials are judged on validation images, and only the winner meets the test.

# %%
# %matplotlib inline
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from inkdigits.recipes.recipe import load_recipe
from inkdigits.runs.comparison import summarize_runs
from inkdigits.training.loop import train
from inkdigits.training.tuning import tune

folder = Path("tuned")
shutil.rmtree(folder, ignore_errors=True)

# %% [markdown]
# ## What to search
#
# The recipe `search` trains the dense network, 784-128-10, and names ranges for six of its settings. Short epochs keep
# this notebook short: 6,000 images each, five epochs. `inkdigits tune search --trials 40` does it in earnest.

# %%
recipe = load_recipe("search")
recipe = replace(
    recipe,
    data=(os.environ.get("NOTEBOOK_DATA", "mnist"),),
    training=replace(recipe.training, epochs=5, images_per_epoch=6_000),
)
pd.DataFrame({name: vars(one) for name, one in recipe.search.items()}).T

# %%
study = tune(recipe, folder, n_trials=24)
trials = pd.DataFrame(
    [
        {"trial": one.number, **one.settings, "accuracy": one.accuracy, "state": one.state}
        for one in study.trials
    ]
).set_index("trial")
trials.rename(columns=lambda name: name.rpartition(".")[2]).sort_values("accuracy", ascending=False).round(4)

# %% [markdown]
# ## How the search went

# %%
complete = trials[trials["state"] == "complete"]
axes = complete["accuracy"].mul(100).plot(style="o", color="#0072B2", figsize=(7, 3.2), label="a trial")
complete["accuracy"].mul(100).cummax().plot(ax=axes, color="#D55E00", label="best so far")
axes.set_xlabel("trial")
axes.set_ylabel("validation accuracy, %")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## What mattered
#
# How much of the differences between trials each setting explains (fANOVA). With so few trials this is a hint, no
# more.

# %%
importances = pd.Series(study.importances, dtype=float).rename(lambda name: name.rpartition(".")[2])
if importances.size:  # too many trials given up, and nothing can be said
    axes = importances.sort_values().mul(100).plot.barh(figsize=(7, 2.6), color="#0072B2")
    axes.set_xlabel("share of the variation, %")
    axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## The winner and the default, on the test
#
# One run can be lucky, so each is trained three times, with three seeds.

# %%
default = replace(recipe, search={}, training=replace(recipe.training, learning_rate=1e-3, batch_size=32))
found = {}
for name, chosen in {"default": default, "tuned": study.recipe}.items():
    found[name] = [
        100
        * train(
            replace(chosen, training=replace(chosen.training, seed=seed)),
            folder / "compared" / f"{name}-{seed}",
        ).test_accuracy
        for seed in range(3)
    ]
pd.DataFrame({name: {"mean": np.mean(x), "sd": np.std(x, ddof=1)} for name, x in found.items()}).T.round(2)

# %% [markdown]
# Every trial is an ordinary run in a folder of its own; `inkdigits runs tuned` lists them with the settings in which
# they differ.
#
# **Exercise.** The best trial's validation accuracy is higher than the mean of the three runs with its settings. Why, and
# which of the two would you put into a report?
#
# <details><summary>Solution</summary>
#
# The best of many trials is the luckiest of the good ones: its figure was chosen for being high, on the very images that it
# was measured on. Runs with new seeds, judged on images that chose nothing, are not. Report those, with their spread.
#
# </details>

# %%
pd.DataFrame(
    {"run": one.name, "epochs": one.epochs_done, "validation": one.validation_accuracy, "state": one.state}
    for one in summarize_runs(folder).runs[:5]
)
