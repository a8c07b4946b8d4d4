"""Memory of one process that reads digits for a long time.

    python benchmarks/memory.py --out benchmarks/results/memory.json

Random images of MNIST's form go through `Recognizer.classify`, a hundred at a time. The first tenth of the
run warms up the allocator and ONNX Runtime; what counts is the growth after it. Linux only.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from inkdigits import Recognizer
from measuring import resident_mb, write_results

BATCH = 100


def main() -> None:
    """Read so many, and watch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    recognizer = Recognizer()
    generator = np.random.default_rng(0)
    n_batches = options.images // BATCH
    started_s = time.perf_counter()
    resident: list[float] = []  # MB, after each tenth
    for number in range(1, n_batches + 1):
        recognizer.classify(generator.integers(0, 256, (BATCH, 28, 28), np.uint8))
        if number % (n_batches // 10) == 0:
            resident.append(resident_mb())
    write_results(
        options.out,
        {
            "images": n_batches * BATCH,
            "resident_mb_after_each_tenth": [round(each, 2) for each in resident],
            "growth_mb_over_the_last_90_percent": round(max(resident) - resident[0], 2),
            "images_per_second": round(n_batches * BATCH / (time.perf_counter() - started_s)),
        },
    )


if __name__ == "__main__":
    main()
