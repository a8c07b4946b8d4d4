"""People's own handwriting: the bundled model beside what tutorials train, on digits that did not train.

    INKDIGITS_DATA=FOLDER python benchmarks/handwriting.py --out benchmarks/results/handwriting.json

The peers are a dense network of 784-128-10 (10 epochs, batch 32) and Keras's own MNIST example (12 epochs,
batch 128), trained here on MNIST. They read each picture twice: as tutorials prepare it (grey, inverted,
resized to 28x28, divided by 255) and through this package's normaliser. A refusal counts as a mistake.

Test sets are those of FOLDER that took no part in the training; of kensanata, the writers that the recipe
keeps. With --pictures DIR every mistake is drawn on a sheet, one a set.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.ink import to_ink
from inkdigits.metrics import accuracy_interval, calibration_error
from inkdigits.models.backend import backend_name, keras
from inkdigits.normalizer import normalize
from inkdigits.pictures.images import read_image
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.decision import Policy, digit_log_odds, views
from inkdigits.reading.model_file import bundled_model
from inkdigits.reading.recognizer import Recognizer
from inkdigits.recipes.recipe import load_recipe
from inkdigits.results import Prediction
from inkdigits.synthesis.corruption import CORRUPTIONS, corrupt_with
from inkdigits.training.corpus import shown_and_kept
from measuring import write_results

LOOKALIKES = set("OoDQIilLjJSsZzBbqgG|/")  # digits in all but name, for some hand or other
ACCEPTED_DIGITS = 0.95
MAX_ERROR = 0.005
CORRUPTED_IMAGES = 2_000

Page = NDArray[np.uint8]
Peer = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pages of a set, and what each shows: a digit, a letter, or the name of an object."""

    pages: list[Page]
    labels: list[str]
    writers: list[str] = field(default_factory=list)

    def only(self, wanted: Callable[[str], bool]) -> Pictures:
        """The pictures whose label is wanted."""
        chosen = [i for i, label in enumerate(self.labels) if wanted(label)]
        return Pictures([self.pages[i] for i in chosen], [self.labels[i] for i in chosen])


def main() -> None:
    """Read every set with every reader."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder that INKDIGITS_DATA names.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--model", type=Path, help="An ONNX file in place of the bundled model.")
    parser.add_argument("--no-peers", action="store_true", help="Leave out the networks of tutorials.")
    options = parser.parse_args()
    model = bundled_model() if options.model is None else options.model.read_bytes()
    recognizer = Recognizer(model)
    digits = dict(_digit_sets(options.data))
    predictions = {name: _read(recognizer, pictures) for name, pictures in digits.items()}
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for name, pictures in digits.items():
            draw_mistakes(pictures, predictions[name], options.pictures / f"{name}.png")
    write_results(
        options.out,
        {
            "backend": backend_name(),
            "digits": {name: _accuracy(digits[name], predictions[name]) for name in digits},
            "max_error": _bounded(model, digits),
            "calibration_error_percent": _calibration(digits, predictions),
            "corrupted_mnist_percent": _corrupted(recognizer),
            "accepted_percent": _not_digits(options.data, model, digits),
            "peers_percent": {} if options.no_peers else _peers(digits),
        },
    )


# The sets.


def _digit_sets(data: Path) -> Iterator[tuple[str, Pictures]]:
    test = load("mnist").test
    assert test is not None
    assert test.labels is not None
    yield "mnist", Pictures(list(test.images), [str(label) for label in test.labels])
    kept = load_recipe("handwriting").kept_writers
    for name in ("hobby", "kensanata", "hole", "choice", "hwd1000"):
        yield name, labelled(data / "digits" / name, kept if name == "kensanata" else ())
    yield "usps", _usps(data / "digits" / "usps" / "zip.train.gz")


def labelled(folder: Path, writers: tuple[str, ...] = ()) -> Pictures:
    """The pictures that a labels.csv names, of these writers or of all."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if not writers or row["writer"] in writers]
    return Pictures(
        [read_image(folder / row["path"]) for row in rows],
        [row["label"] for row in rows],
        [row.get("writer", "") for row in rows],
    )


def _usps(path: Path) -> Pictures:
    """Lines of a label and 256 numbers, -1 paper to 1 ink."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        rows = np.loadtxt(file)
    pages = np.rint((rows[:, 1:] + 1) * 127.5).astype(np.uint8).reshape(-1, 16, 16)
    return Pictures(list(pages), [str(int(label)) for label in rows[:, 0]])


def _last_fifth(path: Path) -> Pictures:
    """The part of a set of non-digits that was kept out of the training."""
    with np.load(path) as arrays:
        pages = arrays["x"]
    _, kept = shown_and_kept(pages)
    return Pictures(list(kept), ["thing"] * len(kept))


def _noise(n: int = 500) -> Pictures:
    generator = np.random.default_rng(0)
    sides = generator.choice([28, 64, 200], n)
    pages = [generator.integers(0, 256, (side, side), dtype=np.uint8) for side in sides]
    return Pictures(pages, ["noise"] * n)


def _blank(n: int = 100) -> Pictures:
    levels = np.linspace(0, 255, n).astype(np.uint8)
    return Pictures([np.full((100, 100), level, np.uint8) for level in levels], ["blank"] * n)


# Our reader.


def _read(recognizer: Recognizer, pictures: Pictures) -> list[Prediction]:
    return [answer for answer in recognizer.predict_many(pictures.pages) if isinstance(answer, Prediction)]


def _accuracy(pictures: Pictures, predictions: list[Prediction]) -> dict[str, object]:
    right = [str(answer.digit) == label for answer, label in zip(predictions, pictures.labels, strict=True)]
    interval = accuracy_interval(sum(right), len(right))
    return {
        "n": len(right),
        "accuracy_percent": 100 * sum(right) / len(right),
        "interval_percent": [100 * interval.low, 100 * interval.high],
        "wrong": sum(not answer.refused for answer in predictions) - sum(right),
        "refused": dict(Counter(answer.reason for answer in predictions if answer.refused)),
    }


def _bounded(model: bytes, digits: dict[str, Pictures]) -> dict[str, object]:
    """What a bound on the error costs: the fraction that is read, and of that the fraction that is wrong."""
    recognizer = Recognizer(model, max_error=MAX_ERROR)
    figures: dict[str, object] = {"bound_percent": 100 * MAX_ERROR}
    for name, pictures in digits.items():
        read = [
            str(answer.digit) == label
            for answer, label in zip(_read(recognizer, pictures), pictures.labels, strict=True)
            if not answer.refused
        ]
        figures[name] = {
            "n": len(pictures.labels),
            "n_read": len(read),
            "n_wrong": len(read) - sum(read),
            "coverage_percent": 100 * len(read) / len(pictures.labels),
            "error_percent": 100 * (len(read) - sum(read)) / max(len(read), 1),
        }
    return figures


def _calibration(digits: dict[str, Pictures], predictions: dict[str, list[Prediction]]) -> dict[str, float]:
    """Of the digits that were read."""
    errors = {}
    for names in (("mnist",), ("hobby", "kensanata")):
        read = [
            (answer.confidence, str(answer.digit) == label)
            for name in names
            for answer, label in zip(predictions[name], digits[name].labels, strict=True)
            if not answer.refused
        ]
        confidences, right = (np.array(column) for column in zip(*read, strict=True))
        errors["+".join(names)] = 100 * calibration_error(confidences, right)
    return errors


def _corrupted(recognizer: Recognizer) -> dict[str, dict[str, float]]:
    """MNIST's test images under each corruption: classified as they are, and read by `predict`."""
    test = load("mnist").test
    assert test is not None
    images, labels = test.images[:CORRUPTED_IMAGES], test.labels[:CORRUPTED_IMAGES]  # type: ignore[index]
    percents: dict[str, dict[str, float]] = {"classify": {}, "predict": {}}
    for name in CORRUPTIONS:
        corrupted = corrupt_with(name, images, np.random.default_rng(0))
        digits = {
            "classify": recognizer.classify(corrupted).argmax(axis=1),
            "predict": [answer.digit for answer in _read(recognizer, Pictures(list(corrupted), []))],
        }
        for method, read in digits.items():
            percents[method][name] = 100 * float(np.mean(np.array(read) == labels))
    for by_corruption in percents.values():
        by_corruption["mean"] = float(np.mean(list(by_corruption.values())))
    return percents


def _not_digits(data: Path, model: bytes, digits: dict[str, Pictures]) -> dict[str, object]:
    """How much is accepted as a digit at the model's own threshold and at stricter ones; digits last."""
    folder = data / "not_digits"
    letters = labelled(folder / "choice_letters")
    things = {
        "letters": letters.only(lambda label: label not in LOOKALIKES),
        "lookalikes": letters.only(lambda label: label in LOOKALIKES),
        "math symbols": labelled(folder / "math_symbols"),
        "fashion": _last_fifth(folder / "fashion" / "fashion_t10k_first.npz"),
        "notmnist": _last_fifth(folder / "notmnist" / "notmnist_t10k.npz"),
        "noise": _noise(),
        "blank": _blank(),
    }
    recognizer, classifier = Recognizer(model), Classifier(model)
    strict = Recognizer(model, digits_accepted=ACCEPTED_DIGITS)
    people = np.concatenate([_log_odds(classifier, digits[name]) for name in ("hobby", "kensanata")])
    threshold = float(np.quantile(people, 1 - ACCEPTED_DIGITS))
    return {
        name: {
            "n": len(pictures.pages),
            "as_shipped": _read_percent(recognizer, pictures),
            f"with_digits_accepted_{ACCEPTED_DIGITS}": _read_percent(strict, pictures),
            f"at_{ACCEPTED_DIGITS:.0%}_of_digits": 100
            * float((_log_odds(classifier, pictures) > threshold).mean()),
        }
        for name, pictures in (things | digits).items()
    }


def _read_percent(recognizer: Recognizer, pictures: Pictures) -> float:
    return 100 * float(np.mean([not answer.refused for answer in _read(recognizer, pictures)]))


def _log_odds(classifier: Classifier, pictures: Pictures) -> NDArray[np.float32]:
    """(N,) that each picture shows a single digit."""
    pages = [normalize(page) for page in pictures.pages]
    return digit_log_odds(classifier.scores(views(pages)), pages, Policy())


# What tutorials train.


def _peers(digits: dict[str, Pictures]) -> dict[str, object]:
    training = load("mnist").train
    assert training is not None
    layers = keras.layers
    recipes = {
        "dense 784-128-10": (
            [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")],
            32,
            10,
        ),
        "Keras's MNIST example": (
            [
                layers.Reshape((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(10, activation="softmax"),
            ],
            128,
            12,
        ),
    }
    accuracies: dict[str, object] = {}
    for name, (chain, batch_size, epochs) in recipes.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((28, 28)), *chain])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(to_ink(training.images), training.labels, batch_size=batch_size, epochs=epochs, verbose=0)
        accuracies[name] = {
            set_name: {
                "naive": _peer_accuracy(model, np.stack([_naive(page) for page in pictures.pages]), pictures)
                if set_name != "mnist"
                else None,
                "normalised": _peer_accuracy(
                    model, np.stack([normalize(page).ink for page in pictures.pages]), pictures
                ),
            }
            for set_name, pictures in digits.items()
        }
    return accuracies


def _naive(page: Page) -> NDArray[np.float32]:
    """Tutorials expect dark ink on light paper; a light drawing on a dark page becomes a negative."""
    return 1 - to_ink(cv2.resize(page, (28, 28), interpolation=cv2.INTER_AREA))


def _peer_accuracy(model: Peer, ink: NDArray[np.float32], pictures: Pictures) -> float:
    probabilities = model.predict(ink, batch_size=500, verbose=0)  # type: ignore[attr-defined]
    right = probabilities.argmax(axis=1) == np.array([int(label) for label in pictures.labels])
    return 100 * float(right.mean())


# Our mistakes.


def draw_mistakes(pictures: Pictures, predictions: list[Prediction], path: Path, columns: int = 16) -> None:
    """Each picture that was misread or refused, what the model saw, the label, and the answer."""
    side, tiles = 84, []
    for page, label, answer in zip(pictures.pages, pictures.labels, predictions, strict=True):
        if str(answer.digit) == label:
            continue
        shown = cv2.resize(page, (side, side), interpolation=cv2.INTER_AREA)
        ink = cv2.resize(normalize(page).ink * 255, (side, side), interpolation=cv2.INTER_NEAREST)
        caption = np.zeros((18, side), np.uint8)
        outcome = answer.reason if answer.digit is None else f"{answer.digit} {answer.confidence:.2f}"
        cv2.putText(caption, f"{label}: {outcome}", (2, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255)
        tiles.append(np.vstack([caption, shown, ink.astype(np.uint8)]))
    if not tiles:
        return
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


if __name__ == "__main__":
    main()
