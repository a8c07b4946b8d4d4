"""How long a user waits: import, one picture on the command line, one image in a warm process.

    python benchmarks/latency.py --out benchmarks/results/latency.json

Trains a throw-away `cnn` on `uci` for its file. The peer is `model.predict` of Keras on the same network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np

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
        "import_inkdigits_ms": spread([1e3 * _import_seconds() for _ in range(RUNS)]),
        "predict_one_picture_cold_process_ms": spread(
            [
                1e3 * _process_seconds([sys.executable, "-m", "inkdigits", "predict", sample])
                for _ in range(RUNS)
            ]
        ),
        "classify_one_cnn_warm_ms": spread(_call_ms(lambda: cnn.classify(image))),
        "classify_one_bundled_warm_ms": spread(_call_ms(lambda: bundled.classify(image))),
        "predict_one_picture_bundled_warm_ms": spread(_call_ms(lambda: bundled.predict(sample), 200)),
        "keras_model_predict_one_cnn_ms": spread([1e3 * seconds for seconds in keras_seconds]),
    }
    write_results(options.out, results)


def _import_seconds() -> float:
    code = "import time; t = time.perf_counter(); import inkdigits; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)


def _process_seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


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
