"""One person's hand: what `inkdigits adapt` gives a writer who did not train, and what it costs others.

    INKDIGITS_DATA=FOLDER python benchmarks/adapt.py --data FOLDER --fold 0 --writers 0003_CH3M 0015_CH2M

FOLDER is the one that INKDIGITS_DATA names. Writers are those of one fold of UNIPEN with 20 digits or more,
and writers of kensanata; none of them trained. Of each, several random splits: so many samples a digit, or
half of them where there are fewer, drawn once with any pen; the rest judges, in two drawings. Others are the
rest of the fold, hobby and MNIST's test images. The network sees every set once, and adapted last layers are
applied to what it saw, which gives the logits that the written files give.

Mistakes: the likeliest digit is another. Wrong and refused: as `predict` answers. The calibration error is of
what is read. The worst tenth of the writers is picked by the mistakes before, on the same digits.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handwriting import labelled
from inkdigits.adaptation import adapt
from inkdigits.adaptation.last_layer import find_last_layer, with_output
from inkdigits.datasets import Dataset, Split, load
from inkdigits.ink import Grey, to_bytes, to_ink
from inkdigits.metrics import calibration_error
from inkdigits.normalizer import normalize
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.decision import Policy
from inkdigits.reading.model_file import bundled_model
from inkdigits.reading.scores import Scores
from inkdigits.reading.session import open_session
from inkdigits.recipes.recipe import load_recipe
from inkdigits.synthesis.drawings import drawing
from inkdigits.training.writing import digits_of
from measuring import spread, write_results

LEAST_DIGITS = 20  # of a writer
N_DRAWINGS = 2
BATCH = 250


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits; `items` numbers what was written, of which there may be several drawings."""

    images: Grey
    labels: NDArray[np.int64]
    writers: NDArray[np.str_]
    items: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network makes of them: (N, F) and (N, C + R)."""

    features: NDArray[np.float32]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """Counts over some digits, and the calibration error of what is read."""

    n: int
    mistakes: int
    wrong: int
    refused: int
    calibration_error: float


def main() -> None:
    """Adapt to each writer, several times, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder that INKDIGITS_DATA names.")
    parser.add_argument("--model", type=Path, help="An ONNX file; the bundled model without.")
    parser.add_argument("--fold", type=int, default=0, help="Of UNIPEN's writers.")
    parser.add_argument("--writers", nargs="*", default=[], help="Of kensanata.")
    parser.add_argument("--samples", type=int, default=10, help="Of each digit.")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    network = Network(bundled_model() if options.model is None else options.model.read_bytes())
    fold = _fold(options.fold)
    hands = {f"unipen {name}": fold for name in np.unique(fold.writers)}
    if options.writers:
        scans = _scans(options.data / "digits" / "kensanata", tuple(options.writers))
        hands |= {f"kensanata {name}": scans for name in options.writers}
    shown = {id(digits): digits for digits in hands.values()}.values()
    seen = {id(digits): network.see(digits.images, digits.labels) for digits in shown}
    others = {"mnist": load("mnist", environ={"INKDIGITS_DATA": str(options.data)}).test}
    hobby = labelled(options.data / "digits" / "hobby")
    others["hobby"] = Split(
        np.stack([to_bytes(normalize(page).ink) for page in hobby.pages]), np.array(hobby.labels, np.int64)
    )
    watched = {name: network.see(split.images, split.labels) for name, split in others.items()}
    rows = []
    for name, digits in hands.items():
        for number in range(options.splits):
            others_of_fold = _part(seen[id(fold)], fold.writers != name.partition(" ")[2])
            sets = {**watched, "fold": others_of_fold}
            row = _adapted(network, name, digits, seen[id(digits)], sets, options.samples, number)
            rows += [row] if row else []
    write_results(
        options.out,
        {
            "fold": options.fold,
            "samples_a_digit": options.samples,
            "splits": options.splits,
            "unipen": _summary([row for row in rows if row["writer"].startswith("unipen")]),
            "kensanata": _summary([row for row in rows if row["writer"].startswith("kensanata")]),
        },
    )


class Network:
    """A model file, what its last layer is given, and what another last layer would make of it."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        self.record = Classifier(model).record
        self.layer = find_last_layer(model, "logits", "model")
        self._session = open_session(with_output(model, self.layer.features), "model", 1)

    def see(self, images: Grey, labels: NDArray[np.int64]) -> Seen:
        """Run the network once."""
        starts = range(0, len(images), BATCH)
        parts = [
            self._session.run([self.layer.features, "logits"], {"ink": to_ink(images[at : at + BATCH])})
            for at in starts
        ]
        features, logits = (np.concatenate(every) for every in zip(*parts, strict=True))
        return Seen(features, logits, labels)

    def judge(self, seen: Seen, adapted: bytes | None = None) -> Judged:
        """Answer as `predict` does for a single view."""
        logits = seen.logits
        if adapted is not None:
            change = find_last_layer(adapted, "logits", "adapted").kernel - self.layer.kernel
            logits = logits + seen.features @ change
        scores, policy = Scores(logits, self.record), Policy.of(self.record)
        probabilities = scores.probabilities()
        right = probabilities.argmax(axis=1) == seen.labels
        refused = scores.digit_log_odds() < policy.least_log_odds
        if policy.least_against:
            refused |= (scores.log_odds_against() < np.array(policy.least_against)).any(axis=1)
        refused |= probabilities.max(axis=1) < policy.least_confidence
        read = ~refused
        error = calibration_error(probabilities.max(axis=1)[read], right[read]) if read.any() else 0.0
        return Judged(len(right), int((~right).sum()), int((~right & read).sum()), int(refused.sum()), error)


def _fold(fold: int) -> Digits:
    """UNIPEN's writers with digits enough, each digit drawn several times with any pen."""
    paths, numbers = digits_of("unipen", fold, load_recipe("writers").writing)
    names, counts = np.unique(paths.writers[numbers], return_counts=True)
    numbers = numbers[np.isin(paths.writers[numbers], names[counts >= LEAST_DIGITS])]
    numbers = np.tile(numbers, N_DRAWINGS)
    generator = np.random.default_rng(5)
    images = np.stack([drawing(paths.strokes(int(number)), generator) for number in numbers])
    return Digits(images, paths.labels[numbers].astype(np.int64), paths.writers[numbers], numbers)


def _scans(folder: Path, writers: tuple[str, ...]) -> Digits:
    pictures = labelled(folder, writers)
    images = np.stack([to_bytes(normalize(page).ink) for page in pictures.pages])
    labels = np.array(pictures.labels, np.int64)
    return Digits(images, labels, np.array(pictures.writers), np.arange(len(labels)))


def _adapted(
    network: Network,
    name: str,
    digits: Digits,
    seen: Seen,
    watched: dict[str, Seen],
    most: int,
    number: int,
) -> dict[str, object] | None:
    """One split of one writer: before and after, on the rest and on others; None where there is no sample."""
    own = np.flatnonzero(digits.writers == name.partition(" ")[2])
    chosen, rest = _split(digits, own, most, np.random.default_rng([number, len(own)]))
    if not len(chosen):
        return None
    split = Split(digits.images[chosen], digits.labels[chosen])
    started = time.perf_counter()
    adapted = adapt(Dataset(name, split, None), network.model)
    elapsed_s = time.perf_counter() - started
    sets = {"own": _part(seen, rest), **watched}
    return {
        "writer": name,
        "n_samples": len(chosen),
        "elapsed_s": elapsed_s,
        "estimate": [adapted.right_before, adapted.right_after],
        "sets": {
            key: (network.judge(part), network.judge(part, adapted.model)) for key, part in sets.items()
        },
    }


def _split(
    digits: Digits, own: NDArray[np.intp], most: int, generator: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Samples, one drawing of each item, and every drawing of the other items."""
    chosen = []
    for digit in range(10):
        items = generator.permutation(np.unique(digits.items[own][digits.labels[own] == digit]))
        for item in items[: min(most, len(items) // 2)]:
            chosen.append(generator.choice(own[digits.items[own] == item]))
    sample = np.array(chosen, np.intp)
    return sample, own[~np.isin(digits.items[own], digits.items[sample])]


def _part(seen: Seen, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Seen:
    return Seen(seen.features[chosen], seen.logits[chosen], seen.labels[chosen])


def _summary(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Sums over writers and splits, the worst tenth apart, and the spread of what others lose."""
    if not rows:
        return {}
    share = {
        writer: np.mean([row["sets"]["own"][0].mistakes / row["sets"]["own"][0].n for row in of_writer])
        for writer in {row["writer"] for row in rows}
        if (of_writer := [row for row in rows if row["writer"] == writer])
    }
    ranked = sorted(share, key=lambda writer: -share[writer])
    worst = ranked[: max(1, len(ranked) // 10)]
    lost: dict[str, list[float]] = {}
    for row in rows:
        for key, (before, after) in row["sets"].items():
            if key != "own":
                lost.setdefault(key, []).append(100 * (after.mistakes - before.mistakes) / before.n)
    return {
        "writers": len(ranked),
        "samples_of_a_writer": spread([row["n_samples"] for row in rows]),
        "seconds": spread([row["elapsed_s"] for row in rows]),
        "all": _counted(rows),
        "worst_tenth": {"writers": worst, **_counted([row for row in rows if row["writer"] in worst])},
        "others_lose_points": {key: spread(values) for key, values in lost.items()},
        "others": {key: _shares([row["sets"][key] for row in rows]) for key in lost},
        "estimate_right": np.sum([row["estimate"] for row in rows], axis=0).tolist(),
        "by_writer": {
            writer: _counted([row for row in rows if row["writer"] == writer]) for writer in ranked
        },
    }


def _counted(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    pairs = [row["sets"]["own"] for row in rows]
    sums = {
        field: [sum(getattr(pair[when], field) for pair in pairs) for when in (0, 1)]
        for field in ("mistakes", "wrong", "refused")
    }
    return {"digits": sum(pair[0].n for pair in pairs), **sums}


def _shares(pairs: Sequence[tuple[Judged, Judged]]) -> dict[str, list[float]]:
    """Percentages before and after, means over the adaptations."""
    fields = {
        "wrong": lambda one: 100 * one.wrong / one.n,
        "refused": lambda one: 100 * one.refused / one.n,
        "calibration_error": lambda one: 100 * one.calibration_error,
    }
    return {
        name: [float(np.mean([share(pair[when]) for pair in pairs])) for when in (0, 1)]
        for name, share in fields.items()
    }


if __name__ == "__main__":
    main()
