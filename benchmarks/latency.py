"""How long a user waits: new processes that import, help or read one picture; one image in a warm process.

    python benchmarks/latency.py --before ../older/src --out benchmarks/results/latency.json

Trains a throw-away `cnn` on `uci` for its file. The peer is `model.predict` of Keras on the same network; of
new processes it is the package in another source tree, where `--before` names one, in turn with this one.

New processes find the package's bytecode, as they do once it is installed; the first of each kind, which
writes it, does not count. Their processor time is given too: other work on the machine lengthens it less.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np

import inkdigits
from inkdigits.reading.recognizer import Recognizer
from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.training.loop import train
from measuring import spread, write_results

RUNS = 15
CALLS = 2_000


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="SRC", help="source tree of another version")
    parser.add_argument("--runs", type=int, default=RUNS, help="new processes of each kind")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sample = str(resources.files("inkdigits") / "samples" / "7_crossed_biro.png")
    image = np.random.default_rng(0).integers(0, 256, (1, 28, 28)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        train(Recipe(model="cnn", data=("uci",), training=TrainingConfig(epochs=1)), run)
        cnn = Recognizer(run / "model.onnx")
        keras_seconds = _keras_predict(run / "model.keras", image)
    bundled = Recognizer()
    results: dict[str, object] = {
        "new_processes": _new_processes(sample, options.before, options.runs),
        "classify_one_cnn_warm_ms": spread(_call_ms(lambda: cnn.classify(image))),
        "classify_one_bundled_warm_ms": spread(_call_ms(lambda: bundled.classify(image))),
        "predict_one_picture_bundled_warm_ms": spread(_call_ms(lambda: bundled.predict(sample), 200)),
        "keras_model_predict_one_cnn_ms": spread([1e3 * seconds for seconds in keras_seconds]),
    }
    write_results(options.out, results)


def _new_processes(sample: str, before: Path | None, n_runs: int) -> dict[str, object]:
    """Whole processes, from the start of Python to its end, by what they do and whose package they have."""
    kinds = {
        "nothing": ["-c", "pass"],
        "import inkdigits": ["-c", "import inkdigits"],
        "from inkdigits import Recognizer": ["-c", "from inkdigits import Recognizer"],
        "inkdigits --help": ["-m", "inkdigits", "--help"],
        "inkdigits predict one.png": ["-m", "inkdigits", "predict", sample],
    }
    trees = {"now": Path(inkdigits.__file__).parents[1]} | ({"before": before} if before else {})
    times: dict[str, dict[str, list[tuple[float, float]]]] = {
        kind: {name: [] for name in trees} for kind in kinds
    }
    with tempfile.TemporaryDirectory() as bytecode:
        for run in range(n_runs + 1):
            for kind, arguments in kinds.items():
                for name, tree in trees.items():
                    measured = _process_ms([sys.executable, *arguments], tree, bytecode)
                    if run:
                        times[kind][name].append(measured)
    return {
        kind: {
            name: {"ms": spread([wall for wall, _ in runs]), "processor_ms": spread([cpu for _, cpu in runs])}
            for name, runs in by_tree.items()
        }
        for kind, by_tree in times.items()
    }


def _process_ms(command: list[str], tree: Path, bytecode: str) -> tuple[float, float]:
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": bytecode}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    cpu_s, started_s = _children_cpu_s(), time.perf_counter()
    subprocess.run(command, env=environ, check=True, capture_output=True)
    return 1e3 * (time.perf_counter() - started_s), 1e3 * (_children_cpu_s() - cpu_s)


def _children_cpu_s() -> float:
    """Processor time of the processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _call_ms(call: Callable[[], object], n: int = CALLS) -> list[float]:
    for _ in range(20):
        call()
    milliseconds = []
    for _ in range(n):
        started = time.perf_counter()
        call()
        milliseconds.append(1e3 * (time.perf_counter() - started))
    return milliseconds


def _keras_predict(path: Path, image: np.ndarray) -> list[float]:
    from inkdigits.models.backend import keras

    model = keras.saving.load_model(path)
    ink = image.astype(np.float32) / 255
    model.predict(ink, verbose=0)
    seconds = []
    for _ in range(50):
        started = time.perf_counter()
        model.predict(ink, verbose=0)
        seconds.append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    main()
