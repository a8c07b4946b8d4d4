"""One round of corrections: what a model learns from the digits that it read wrong, and what it forgets.

    python benchmarks/corrections.py --data FOLDER --out benchmarks/results/corrections.json

FOLDER is the one that INKDIGITS_DATA names. A `cnn` is trained on MNIST alone, as `inkdigits train cnn
--epochs 3` does. It reads half of the digits of three writers of kensanata whom it has never seen. What it
reads wrong goes, with the right label, through `CorrectionStore` into one folder, as from the service's
page. Then it is trained anew, on MNIST and that folder (`--data mnist --data corrections/`), which is named
once or several times. The writers' other halves and MNIST's test images judge, before and after. Two of the
writers are kept out of the bundled model's training too; the third validates it.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inkdigits.datasets import DIGITS
from inkdigits.models.backend import backend_name
from inkdigits.reading.recognizer import Recognizer
from inkdigits.recipes.recipe import load_recipe
from inkdigits.results import Prediction
from inkdigits.training.loop import RunResult, train
from inkdigits.web.corrections import CorrectionStore
from measuring import spread, write_results

WRITERS = ("0003_CH3M", "0015_CH2M", "0017_CH4M")


@dataclass(frozen=True)
class Digit:
    """A picture in a file, and what it shows."""

    path: Path
    label: str


@dataclass(frozen=True)
class Halves:
    """A writer's digits, parted: those that the service is sent, and those that judge."""

    sent: list[Digit]
    judging: list[Digit]


def main() -> None:
    """Train before and after for each seed, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder that INKDIGITS_DATA names.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4], help="How often the folder is named.")
    options = parser.parse_args()
    writers = {name: _halves(options.data / "digits" / "kensanata", name) for name in WRITERS}
    started = time.perf_counter()
    rounds = [_round(writers, options.epochs, seed, options.times) for seed in options.seeds]
    write_results(
        options.out,
        {
            "backend": backend_name(),
            "recipe": f"cnn, {options.epochs} epochs, batch of 128",
            "seeds": options.seeds,
            "judging_digits": {name: len(halves.judging) for name, halves in writers.items()},
            "corrections_stored": [one["stored"] for one in rounds],
            "accuracy_percent": {
                stage: _over_rounds([one[stage] for one in rounds])
                for stage in rounds[0]
                if stage != "stored"
            },
            "elapsed_s": time.perf_counter() - started,
        },
    )


def _halves(folder: Path, writer: str) -> Halves:
    """Part a writer's digits at random, the same for every run."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["writer"] == writer]
    digits = [Digit(folder / row["path"], row["label"]) for row in rows]
    order = np.random.default_rng(0).permutation(len(digits))
    middle = len(digits) // 2
    return Halves([digits[i] for i in order[:middle]], [digits[i] for i in order[middle:]])


def _round(
    writers: dict[str, Halves], epochs: int, seed: int, times: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Accuracies of each stage, in percent, and how many corrections of each writer were stored."""
    with tempfile.TemporaryDirectory() as working:
        corrections = Path(working) / "corrections"
        before = _train(["mnist"], epochs, seed, Path(working) / "before")
        stored = _correct(before, writers, CorrectionStore(corrections, class_names=DIGITS))
        found = {"stored": stored, "before": _judge(before, writers)}
        for n in times:
            after = _train(["mnist", *[str(corrections)] * n], epochs, seed, Path(working) / f"after-{n}")
            found[f"after, folder named {n} times" if n > 1 else "after"] = _judge(after, writers)
        return found


def _train(data: list[str], epochs: int, seed: int, folder: Path) -> RunResult:
    recipe = load_recipe("cnn")
    training = replace(recipe.training, epochs=epochs, seed=seed)
    return train(replace(recipe, data=tuple(data), training=training), folder)


def _correct(run: RunResult, writers: dict[str, Halves], store: CorrectionStore) -> dict[str, float]:
    recognizer = Recognizer(run.folder / "model.onnx")
    stored = dict.fromkeys(writers, 0.0)
    for name, halves in writers.items():
        for digit, is_right in zip(halves.sent, _are_right(recognizer, halves.sent), strict=True):
            if not is_right:
                store.add(digit.path.read_bytes(), digit.label)
                stored[name] += 1
    return stored


def _judge(run: RunResult, writers: dict[str, Halves]) -> dict[str, float]:
    recognizer = Recognizer(run.folder / "model.onnx")
    assert run.test_accuracy is not None
    by_writer = {name: _are_right(recognizer, halves.judging) for name, halves in writers.items()}
    every = [is_right for several in by_writer.values() for is_right in several]
    shares = {name: float(np.mean(several)) for name, several in by_writer.items()}
    shares |= {"all writers": float(np.mean(every)), "mnist": run.test_accuracy}
    return {name: 100 * share for name, share in shares.items()}


def _are_right(recognizer: Recognizer, digits: Iterable[Digit]) -> list[bool]:
    digits = list(digits)
    answers = recognizer.predict_many(digit.path for digit in digits)
    return [
        isinstance(answer, Prediction) and answer.label == digit.label
        for answer, digit in zip(answers, digits, strict=True)
    ]


def _over_rounds(accuracies: list[dict[str, float]]) -> dict[str, dict[str, float | int]]:
    return {name: spread([one[name] for one in accuracies]) for name in accuracies[0]}


if __name__ == "__main__":
    main()
