"""Seconds to 99.0% on MNIST: the recipe `quick` beside Keras's own example on TensorFlow, in turn.

    python benchmarks/quick.py --seeds 5 --out benchmarks/results/quick.json

The peer is https://keras.io/examples/vision/mnist_convnet/: two convolutions, each with max pooling, dropout
and one dense layer; Adam, batch 128. It trains on all training images, keeps none for validation, which would
take time, and is judged on the test images after each epoch with the clock stopped: what it needs is the
first epoch after which the mean of its seeds is 99.0%. Ours is `inkdigits train quick`, whose number of
epochs is part of the recipe, with all that it does in an epoch; only the last weights are judged. The clock
of both starts with the first step, which compiles; what whole processes take is given beside.

With --validate ours trains on five sixths of the training images and is judged on the rest, as when the
recipe's settings were chosen. Needs the extras `train` and `tensorflow`, and MNIST.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inkdigits.runs.folder import RunFolder
from measuring import spread, write_results

AIM = 0.99
IMAGES = 60_000
VALIDATION_SHARE = 1 / 6
PEER = Path(__file__).parent / "keras_example.py"


def main() -> None:
    """Train both with each seed, alternating."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--backend", choices=["jax", "tensorflow", "torch"], default="jax", help="of ours")
    parser.add_argument("--peer-epochs", type=int, default=12, help="0 runs ours alone")
    parser.add_argument("--validate", action="store_true", help="judge ours on training images kept back")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    ours, peers = [], []
    for seed in range(options.seeds):
        ours.append(_ours(options.recipe, seed, options.backend, validate=options.validate))
        if options.peer_epochs:
            peers.append(_peer(seed, options.peer_epochs))
    accuracy = spread([100 * run["accuracy"] for run in ours])
    results: dict[str, object] = {
        "backend": options.backend,
        "judged_on": "validation images" if options.validate else "test images",
        "ours": _times(ours) | {"accuracy_percent": accuracy},
    }
    if peers:
        results |= _compared(ours, peers)
    write_results(options.out, results)


def _ours(recipe: str, seed: int, backend: str, *, validate: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-m", "inkdigits", "train", recipe, "--quiet", "--out", str(run)]
        command += ["--seed", str(seed)]
        command += ["--validation-share", str(VALIDATION_SHARE)] if validate else []
        started_s = time.perf_counter()
        environ = {**os.environ, "KERAS_BACKEND": backend}
        subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
        process_s = time.perf_counter() - started_s
        figures = RunFolder(run).read_figures()
        epochs = RunFolder(run).read_history()
        config = RunFolder(run).read_recipe().training
    n_images = config.steps_per_epoch(round(IMAGES * (1 - config.validation_share))) * config.batch_size
    accuracy = epochs[-1].validation_accuracy if validate or figures is None else figures.test_accuracy
    assert accuracy is not None
    return {
        "accuracy": accuracy,
        "training_s": sum(n_images / epoch.images_per_second for epoch in epochs),
        "process_s": process_s,
    }


def _peer(seed: int, epochs: int) -> list[dict[str, float]]:
    """What the example has reached after each epoch, and the seconds until then."""
    command = [sys.executable, str(PEER), str(epochs), str(seed)]
    started = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    ended = subprocess.run(command, check=True, env=started, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def _compared(ours: list[dict[str, float]], peers: list[list[dict[str, float]]]) -> dict[str, object]:
    """The peer at the first epoch after which its mean is the aim, and how many times as long it took."""
    by_epoch = [list(runs) for runs in zip(*peers, strict=True)]
    means = [statistics.fmean(run["accuracy"] for run in runs) for runs in by_epoch]
    there = next((number for number, mean in enumerate(means) if mean >= AIM), None)
    results: dict[str, object] = {"keras_example_mean_accuracy_percent": [100 * mean for mean in means]}
    if there is None:
        return results | {"keras_example": f"did not reach the aim in {len(means)} epochs"}
    reached: dict[str, Any] = {"epochs": there + 1, **_times(by_epoch[there])}
    ratios = [peer["training_s"] / own["training_s"] for own, peer in zip(ours, by_epoch[there], strict=True)]
    return results | {"keras_example": reached, "times_faster": spread(ratios)}


def _times(runs: list[dict[str, float]]) -> dict[str, Any]:
    return {name: spread([run[name] for run in runs]) for name in ("training_s", "process_s")}


if __name__ == "__main__":
    main()
