"""Seconds an epoch, ours beside the plain Keras + TensorFlow program, in turn, in one run.

    python benchmarks/epoch_speed.py --pairs 3 --out benchmarks/results/epoch_speed.json

Ours is `inkdigits train`, on its default backend or another, with everything it does in an epoch: shuffling,
progress, history, a checkpoint. Needs the extras `train` and `tensorflow`, and MNIST.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import spread, write_results

EPOCHS = 3
IMAGES = 60_000
WORK = {"mlp": 32, "cnn": 128}


def main() -> None:
    """Time both, alternating."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--backend", choices=["jax", "tensorflow", "torch"], default="jax", help="of ours")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {"backend": options.backend}
    for model in options.models:
        batch_size = WORK[model]
        ours, plain, ratios = [], [], []
        for _ in range(options.pairs):
            mine, theirs = _ours(model, batch_size, options.backend), _plain(model, batch_size)
            ours += mine
            plain += theirs
            ratios.append(sum(theirs) / sum(mine))
        results[f"{model}, batch {batch_size}"] = {
            "inkdigits_seconds": spread(ours),
            "plain_keras_tensorflow_seconds": spread(plain),
            "times_faster": spread(ratios),
        }
    write_results(options.out, results)


def _ours(model: str, batch_size: int, backend: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [
            sys.executable,
            "-m",
            "inkdigits",
            "train",
            "--quiet",
            "--data",
            "mnist",
            "--out",
            str(run),
        ]
        command += ["--model", model, "--batch-size", str(batch_size), "--epochs", str(EPOCHS)]
        command += ["--validation-share", "0"]
        environment = {**os.environ, "KERAS_BACKEND": backend}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        with (run / "history.csv").open(encoding="utf-8") as file:
            speeds = [float(line["images_per_second"]) for line in csv.DictReader(file)]
    return [IMAGES / speed for speed in speeds[1:]]


def _plain(model: str, batch_size: int) -> list[float]:
    command = [sys.executable, str(Path(__file__).parent / "plain_keras.py"), model, str(batch_size)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(line) for line in result.stdout.split()]


if __name__ == "__main__":
    main()
