"""Pictures a second of a bulk run, beside one worker and beside a loop over Keras's `model.predict`.

    python benchmarks/bulk.py FOLDER --out benchmarks/results/bulk.json

FOLDER holds pictures, one digit each. All figures are of one machine in one run, and the order of the
measurements turns from round to round. The parts, each by itself with --only:

- `files`: the pictures of FOLDER as files, with one worker and with one a core, and a loop over Keras's MNIST
  example as tutorials read pictures (grey, inverted, 28x28, divided by 255; one `model.predict` a picture).
- `parquet`: 40,000 images of 28x28, encoded as PNG in a Parquet file, with one worker and with one a core.
- `kills`: 20 bulk runs over FOLDER, each killed with SIGKILL at a random moment and then resumed; how many of
  the tables equal that of a run that nobody killed, byte for byte.
- `memory`: memory of the parent over 200,000 pictures, at a tenth of the way and at the end.
- `ray`, only where it is named: 20,000 images on Ray, and again with an actor killed with SIGKILL on the way;
  whether the rows are those of the local table. Then 200,000 images: memory of the driver and the actors, at
  a quarter of the way and the most after it.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from inkdigits.bulk.digits import PredictJob
from inkdigits.bulk.local import BulkProgress, run_locally
from inkdigits.bulk.table import format_of
from inkdigits.datasets import load
from inkdigits.pictures.walking import walk
from measuring import resident_mb, spread, write_results

ROUNDS = 3
KILLS = 20
N_LOOP = 300
N_IMAGES = 40_000
N_LONG = 200_000
N_RAY = 20_000
CORES = len(os.sched_getaffinity(0))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    by_default = [part for part in PARTS if part != "ray"]
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=by_default)
    parser.add_argument("--model", metavar="ONNX", help="in place of the bundled one; not for kills")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    write_results(options.out, {part: PARTS[part](options.folder, options.model) for part in options.only})


def measure_files(folder: Path, model: str | None) -> dict[str, object]:
    """Files of their own, and Keras beside them."""
    loop = keras_loop()
    paths = [entry for entry in walk(folder) if isinstance(entry, Path)]
    kinds: dict[str, Callable[[], float]] = {
        "one_worker": lambda: rate(folder, 1, model),
        "all_cores": lambda: rate(folder, CORES, model),
        "keras_model_predict_loop": lambda: loop(paths[:N_LOOP]),
    }
    return {"pictures": len(paths), **turning(kinds)}


def measure_parquet(folder: Path, model: str | None) -> dict[str, object]:
    """Small pictures in one file."""
    with tempfile.TemporaryDirectory() as temporary:
        path = write_mnist(Path(temporary) / "mnist.parquet")
        figures = turning(
            {"one_worker": lambda: rate(path, 1, model), "all_cores": lambda: rate(path, CORES, model)}
        )
    return {"pictures": N_IMAGES, **figures}


def measure_kills(folder: Path, model: str | None) -> dict[str, object]:
    """Runs that are killed and resumed."""
    generator = random.Random(0)
    with tempfile.TemporaryDirectory() as temporary:
        whole, table = Path(temporary) / "whole.csv", Path(temporary) / "killed.csv"
        n_pictures, elapsed_s = run([str(folder)], whole, CORES, None)
        n_same = n_killed = 0
        for _ in range(KILLS):
            table.unlink(missing_ok=True)
            begin = [sys.executable, "-m", "inkdigits", "predict", str(folder), "--out", str(table)]
            running = subprocess.Popen(begin, start_new_session=True, stderr=subprocess.DEVNULL)
            time.sleep(generator.uniform(0, elapsed_s))
            n_killed += running.poll() is None
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            subprocess.run([*begin, "--resume"], check=False, stderr=subprocess.DEVNULL)
            n_same += table.read_bytes() == whole.read_bytes()
    return {
        "pictures": n_pictures,
        "runs": KILLS,
        "killed_before_their_end": n_killed,
        "same_table": n_same,
    }


def measure_memory(folder: Path, model: str | None) -> dict[str, object]:
    """The parent's memory on the way."""
    seen: list[tuple[int, float]] = []

    def show(progress: BulkProgress) -> None:
        seen.append((progress.n_done, resident_mb()))

    with tempfile.TemporaryDirectory() as temporary:
        path = write_mnist(Path(temporary) / "mnist.parquet")
        sources = [str(path)] * (N_LONG // N_IMAGES)
        run(sources, Path(temporary) / "results.parquet", CORES, model, show)
    later = [mb for n_done, mb in seen if n_done >= N_LONG / 10]
    return {
        "pictures": N_LONG,
        "parent_mb_at_a_tenth": later[0],
        "parent_mb_most_after": max(later),
        "growth_mb": max(later) - later[0],
    }


def measure_ray(folder: Path, model: str | None) -> dict[str, object]:
    """The table that Ray makes, and the memory that it takes."""
    from inkdigits.bulk.ray import run_on_ray

    with tempfile.TemporaryDirectory() as temporary:
        path = write_mnist(Path(temporary) / "mnist.parquet", N_RAY)
        job = PredictJob(model, None, None, "parquet")

        def on_ray(name: str, n_times: int) -> tuple[Path, float]:
            started = time.perf_counter()
            target = Path(temporary) / name
            run_on_ray(job, [str(path)] * n_times, target, address=None, n_workers=CORES)
            return target, time.perf_counter() - started

        local = Path(temporary) / "local.parquet"
        run([str(path)], local, CORES, model)
        whole, _ = on_ray("whole.parquet", 1)
        killed: list[int] = []
        killer = threading.Thread(target=lambda: killed.append(kill_an_actor()))
        killer.start()
        survived, _ = on_ray("survived.parquet", 1)
        killer.join()
        ended, samples = threading.Event(), list[tuple[float, float]]()
        watcher = threading.Thread(target=watch_actors, args=(ended, samples))
        watcher.start()
        on_ray("long.parquet", N_LONG // N_RAY)
        ended.set()
        watcher.join()
        later = samples[len(samples) // 4 :]
        return {
            "pictures": N_RAY,
            "same_rows": rows_of(whole) == rows_of(local),
            "killed_actors": len(killed),
            "same_rows_after_a_kill": rows_of(survived) == rows_of(local),
            "pictures_of_the_long_run": N_LONG,
            "driver_mb_at_a_quarter": later[0][0],
            "driver_mb_most_after": max(driver for driver, _ in later),
            "actors_mb_at_a_quarter": later[0][1],
            "actors_mb_most_after": max(actors for _, actors in later),
        }


def rows_of(table: Path) -> list[dict[str, Any]]:
    """The rows of a table, or of a folder of tables in the order of their names."""
    import pyarrow.dataset

    rows: list[dict[str, Any]] = pyarrow.dataset.dataset(table, format="parquet").to_table().to_pylist()
    return rows


def actors() -> list[Path]:
    """The processes of Ray's actors, as folders in /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (process / "cmdline").read_bytes()
            if name.startswith(b"ray::") and b"_Actor" in name:
                found.append(process)
    return found


def kill_an_actor() -> int:
    """Wait until one is at work, kill it, and return its number."""
    while not actors():
        time.sleep(0.1)
    time.sleep(1)
    number = int(actors()[0].name)
    os.kill(number, signal.SIGKILL)
    return number


def watch_actors(ended: threading.Event, samples: list[tuple[float, float]]) -> None:
    """Note once a second the memory of this process and of all actors, from the first actor on."""
    while not ended.wait(1):
        with suppress(OSError):  # of one that ends just now
            of_actors = sum(map(resident_mb, actors()))
            if of_actors:
                samples.append((resident_mb(), of_actors))


def turning(kinds: dict[str, Callable[[], float]]) -> dict[str, object]:
    """Rates of several kinds, each first in its turn, with their spread, and what all cores bring."""
    names = list(kinds)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            rates[name].append(kinds[name]())
    ratios = [both / one for both, one in zip(rates["all_cores"], rates["one_worker"], strict=True)]
    spreads = {f"{name}_per_second": spread(values) for name, values in rates.items()}
    return {"cores": CORES, **spreads, "all_cores_over_one": spread(ratios)}


def keras_loop() -> Callable[[Sequence[Path]], float]:
    """Pictures a second of the tutorials' loop; an untrained network takes as long as a trained one."""
    from inkdigits.models import build

    model = build("cnn")

    def loop(paths: Sequence[Path]) -> float:
        started = time.perf_counter()
        for path in paths:
            grey = PIL.Image.open(path).convert("L").resize((28, 28))
            model.predict(1 - np.asarray(grey, np.float32)[None] / 255, verbose=0)
        return len(paths) / (time.perf_counter() - started)

    return loop


def rate(source: Path, n_workers: int, model: str | None) -> float:
    """Pictures a second of one run, its start and its end included."""
    with tempfile.TemporaryDirectory() as temporary:
        n_pictures, elapsed_s = run([str(source)], Path(temporary) / "results.parquet", n_workers, model)
    return n_pictures / elapsed_s


def run(
    sources: Sequence[str],
    table: Path,
    n_workers: int,
    model: str | None,
    show: Callable[[BulkProgress], None] = lambda progress: None,
) -> tuple[int, float]:
    """Pictures of a bulk run, and the seconds it takes."""
    started = time.perf_counter()
    job = PredictJob(model, None, None, format_of(table))
    result = run_locally(job, sources, table, n_workers=n_workers, show=show)
    return result.counts.rows, time.perf_counter() - started


def write_mnist(path: Path, n_images: int = N_IMAGES) -> Path:
    """MNIST's training images as PNG in a Parquet file, as the Hugging Face Hub has them."""
    import pyarrow
    from pyarrow import parquet

    train = load("mnist").train
    assert train is not None
    cells = []
    for image in train.images[:n_images]:
        content = io.BytesIO()
        PIL.Image.fromarray(image).save(content, "PNG")
        cells.append({"bytes": content.getvalue(), "path": None})
    parquet.write_table(pyarrow.table({"image": cells}), path, row_group_size=10_000)
    return path


PARTS: dict[str, Callable[[Path, str | None], dict[str, object]]] = {
    "files": measure_files,
    "parquet": measure_parquet,
    "kills": measure_kills,
    "memory": measure_memory,
    "ray": measure_ray,
}


if __name__ == "__main__":
    main()
