"""Unseen writers: models side by side on people who did not train, and on what is no digit.

    INKDIGITS_DATA=FOLDER python benchmarks/writers.py --data FOLDER --model OLD.onnx --model NEW.onnx

Every model reads the same pages. Digits come from the kept fold of UNIPEN's writers (the recipe `writers`),
drawn with a plain pen and again with any pen on paper, and from the kept writers of kensanata. Wrong and
refused are counted apart; figures by writer say how the worst tenth fares, and the interval is a bootstrap
over whole writers. Letters and signs are those of the same kept writers, lookalikes included, as people meet
them. Pairs are two of MNIST's test digits in one picture, with gaps of 2, 0 and -3 pixels. For the time of
one image, the models take turns. With --pictures DIR every mistake of the last model is drawn on a sheet.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handwriting import Page, Pictures, draw_mistakes, labelled
from inkdigits.datasets import load
from inkdigits.datasets.formats.pen_paths import read_pen_paths
from inkdigits.ink import SIDE
from inkdigits.metrics import calibration_error
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import bundled_model
from inkdigits.reading.recognizer import Recognizer
from inkdigits.recipes.recipe import load_recipe
from inkdigits.results import Prediction
from inkdigits.synthesis.pens import Pen, draw, fitted, on_paper, random_pen
from inkdigits.training.writing import LOOKALIKES, digits_of, fold_of
from measuring import write_results

RECIPE = "writers"
CERTAIN = 0.99
N_LETTERS = 3_000
N_SCRIBBLES = 200
N_PAIRS = 200
N_ROUNDS, N_CALLS = 30, 50  # of timing
ZIGZAG_POINTS = (2, 3, 4, 5, 6, 7, 8, 10, 14)
PAGE_SIDE = 280
RESAMPLINGS = 1_000


@dataclass(frozen=True, eq=False)
class Hands:
    """Pages of digits and who wrote each."""

    pictures: Pictures
    writers: NDArray[np.str_]


def main() -> None:
    """Read every set with every model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder that INKDIGITS_DATA names.")
    parser.add_argument(
        "--model", type=Path, action="append", help="An ONNX file; the bundled model without."
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    options = parser.parse_args()
    digits, others = _digits(options.data), _others(options.data)
    results = {}
    for path in options.model or [None]:
        recognizer = Recognizer(bundled_model() if path is None else path.read_bytes())
        read = {name: _read(recognizer, hands.pictures) for name, hands in digits.items()}
        results["bundled" if path is None else str(path)] = {
            "digits": {name: _judge(digits[name], read[name]) for name in digits},
            "taken_for_digits_percent": {name: _taken(recognizer, pages) for name, pages in others.items()},
        }
    times = _milliseconds(
        [path.read_bytes() if path else bundled_model() for path in options.model or [None]]
    )
    for result, ms in zip(results.values(), times, strict=True):
        result["ms_an_image"] = ms
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for name, hands in digits.items():
            draw_mistakes(hands.pictures, read[name], options.pictures / f"{name}.png")
    write_results(options.out, results)


# The sets.


def _digits(data: Path) -> dict[str, Hands]:
    recipe = load_recipe(RECIPE)
    generator = np.random.default_rng(99)
    paths, numbers = digits_of("unipen", recipe.writing.kept_fold, recipe.writing)
    labels, writers = paths.labels[numbers].tolist(), paths.writers[numbers]
    strokes = [paths.strokes(int(number)) for number in numbers]
    kept = labelled(data / "digits" / "kensanata", recipe.kept_writers)
    return {
        "unipen, plain pen": Hands(Pictures([_plain(s, generator) for s in strokes], labels), writers),
        "unipen, any pen": Hands(Pictures([_any_pen(s, generator) for s in strokes], labels), writers),
        "kensanata": Hands(kept, np.array(kept.writers)),
    }


def _others(data: Path) -> dict[str, list[Page]]:
    """Letters and signs of the kept writers, and scribbles."""
    config = load_recipe(RECIPE).writing
    generator = np.random.default_rng(98)
    paths = read_pen_paths(data / "digits" / "unipen" / "letters_signs.npz")
    folds = np.array([fold_of(writer, config.n_folds) for writer in paths.writers])
    kept = generator.permutation(np.flatnonzero(folds == config.kept_fold))[:N_LETTERS]
    is_lookalike = np.isin(paths.labels[kept], list(LOOKALIKES))
    pages = [_any_pen(paths.strokes(int(number)), generator) for number in kept]
    plain = [page for page, alike in zip(pages, is_lookalike, strict=True) if not alike]
    scribbles = {
        f"zigzags of {n} points": [_zigzag(n, generator) for _ in range(N_SCRIBBLES)] for n in ZIGZAG_POINTS
    }
    return {
        "letters and signs that are no lookalikes": plain,
        "letters and signs, lookalikes included": pages,
        **scribbles,
        "curls": [_curl(generator) for _ in range(N_SCRIBBLES)],
        "tangles of 14 strokes": [_tangle(generator) for _ in range(N_SCRIBBLES)],
        **{f"pairs, {gap} pixels apart": _pairs(data, gap) for gap in (2, 0, -3)},
    }


def _pairs(data: Path, gap: int) -> list[Page]:
    """Two of MNIST's test digits beside each other, three times as large."""
    images = load("mnist", environ={"INKDIGITS_DATA": str(data)}).test.images
    generator, pages = np.random.default_rng(1), []
    for _ in range(N_PAIRS):
        left, right = (image[:, image.any(axis=0)] for image in images[generator.integers(0, len(images), 2)])
        page = np.zeros((40, left.shape[1] + right.shape[1] + 30), np.uint8)
        for image, x in ((left, 8), (right, 8 + left.shape[1] + gap)):
            part = page[6:34, x : x + image.shape[1]]
            np.maximum(part, image, out=part)
        pages.append(255 - np.kron(page, np.ones((3, 3), np.uint8)))
    return pages


def _milliseconds(models: Sequence[bytes]) -> list[dict[str, float]]:
    """Of one call for one image, one thread: the median and the least of the rounds, models taking turns."""
    classifiers = [Classifier(model, n_threads=1) for model in models]
    image = np.random.default_rng(0).random((1, SIDE, SIDE), dtype=np.float32)
    rounds: list[list[float]] = [[] for _ in models]
    for _ in range(N_ROUNDS):
        for own, classifier in zip(rounds, classifiers, strict=True):
            started = time.perf_counter()
            for _ in range(N_CALLS):
                classifier.probabilities(image)
            own.append(1000 * (time.perf_counter() - started) / N_CALLS)
    return [{"median": float(np.median(own)), "least": min(own)} for own in rounds]


def _plain(strokes: Sequence[NDArray[np.floating]], generator: np.random.Generator) -> Page:
    ink = draw(fitted(strokes, (72, 72), 54), (72, 72), Pen(4.2), generator)
    return 255 - ink


def _any_pen(strokes: Sequence[NDArray[np.floating]], generator: np.random.Generator) -> Page:
    side = int(generator.integers(60, 200))
    longest = side * generator.uniform(0.45, 0.85)
    pen = random_pen(max(0.05 * longest, 1.5), 0.16 * longest, generator)
    return on_paper(draw(fitted(strokes, (side, side), longest), (side, side), pen, generator), generator)


def _drawn(lines: Sequence[NDArray[np.floating]], generator: np.random.Generator) -> Page:
    page = np.full((PAGE_SIDE, PAGE_SIDE), 255, np.uint8)
    whole = [np.rint(line).astype(np.int32) for line in lines]
    cv2.polylines(page, whole, False, 0, int(generator.integers(10, 24)), cv2.LINE_AA)
    return page


def _zigzag(n_points: int, generator: np.random.Generator) -> Page:
    return _drawn([generator.uniform(30, 250, (n_points, 2))], generator)


def _curl(generator: np.random.Generator) -> Page:
    angles = np.linspace(0, 2 * np.pi * generator.uniform(2, 5), 200)
    radii = np.linspace(10, generator.uniform(70, 120), 200)[:, None]
    drift = np.outer(np.linspace(-1, 1, 200), generator.uniform(-60, 60, 2))
    return _drawn([140 + radii * np.stack([np.cos(angles), np.sin(angles)], axis=1) + drift], generator)


def _tangle(generator: np.random.Generator) -> Page:
    return _drawn([generator.uniform(30, 250, (generator.integers(2, 5), 2)) for _ in range(14)], generator)


# What a model makes of them.


def _read(recognizer: Recognizer, pictures: Pictures) -> list[Prediction]:
    answers = recognizer.predict_many(pictures.pages, n_threads=1)
    return [answer for answer in answers if isinstance(answer, Prediction)]


def _judge(hands: Hands, read: list[Prediction]) -> dict[str, object]:
    labels = np.array(hands.pictures.labels)
    right = np.array([str(one.digit) for one in read]) == labels
    refused = np.array([one.refused for one in read])
    confidence = np.array([one.confidence for one in read])
    certain = ~refused & (confidence >= CERTAIN)
    by_writer = [(hands.writers == writer) for writer in np.unique(hands.writers)]
    shares = np.sort([100 * right[own].mean() for own in by_writer])
    return {
        "n": len(labels),
        "n_writers": len(by_writer),
        "right_percent": 100 * float(right.mean()),
        "interval_percent": _interval(right, by_writer),
        "wrong": int((~right & ~refused).sum()),
        "refused": dict(Counter(one.reason for one in read if one.refused)),
        "ones_refused": [int((refused & (labels == "1")).sum()), int((labels == "1").sum())],
        "wrong_by_class": dict(sorted(Counter(labels[~right & ~refused].tolist()).items())),
        "refused_by_class": dict(sorted(Counter(labels[refused].tolist()).items())),
        "worst_tenth_of_writers_percent": float(shares[: max(1, len(shares) // 10)].mean()),
        "writers_below_97_percent": 100 * float((shares < 97).mean()),
        "calibration_error_percent": 100 * calibration_error(confidence[~refused], right[~refused]),
        "right_among_certain_percent": 100 * float(right[certain].mean()),
        "certain_percent": 100 * float(certain.mean()),
    }


def _interval(right: NDArray[np.bool_], by_writer: list[NDArray[np.bool_]]) -> list[float]:
    """95% of the shares that are right when the writers are drawn anew, each with all that they wrote."""
    counts = np.array([[right[own].sum(), own.sum()] for own in by_writer])
    drawn = np.random.default_rng(0).integers(0, len(counts), (RESAMPLINGS, len(counts)))
    sums = counts[drawn].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    return [100 * float(low), 100 * float(high)]


def _taken(recognizer: Recognizer, pages: list[Page]) -> dict[str, float]:
    read = _read(recognizer, Pictures(pages, []))
    certain = [not one.refused and one.confidence >= CERTAIN for one in read]
    return {
        "n": len(pages),
        "taken": 100 * float(np.mean([not one.refused for one in read])),
        "certain": 100 * float(np.mean(certain)),
    }


if __name__ == "__main__":
    main()
