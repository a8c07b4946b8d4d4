"""Whole numbers on the check sets of real handwriting, beside RapidOCR 3.10 in the same run.

    python benchmarks/whole_numbers.py DATA --half odd --out benchmarks/results/whole_numbers.json

DATA is a folder with numbers/orand_car_a and the other check sets in it; none of them trains anything.
Choices were made on the odd rows of orand_car_a and weather_cells; the even rows are for reporting. RapidOCR
takes part where it is installed (pip install rapidocr): as the second reader of inkdigits, plain, and masked,
its alphabet limited to digits and separators.

`at99` is the share of the numbers that can be answered, surest first, while 99 in 100 answers are right.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.formats.pen_paths import read_pen_paths
from inkdigits.layout.line import MARKS
from inkdigits.reading.numbers.expectations import codes
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.synthesis.hands import Hand
from inkdigits.synthesis.pens import draw, fitted, on_paper, random_pen
from inkdigits.training.number_corpus import kept_aside
from measuring import write_results

FIELDS = ("orand_car_a", "weather_cells", "question_numbers")
HALVED = ("orand_car_a", "weather_cells")
CODE_LENGTH, N_CODES = 5, 30_000
PENS = 3
PAGES = ("photos", "tally_columns", "marksheets", "vote_forms")

Picture = NDArray[np.uint8]
Reader = Callable[[Picture], tuple[str, float]]


@dataclass(frozen=True)
class Item:
    """A picture (H, W, 3), what it says, and whether that is a value rather than glyphs."""

    picture: Picture
    label: str
    is_value: bool


def main() -> None:
    """Read every set with every reader."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, help="an ONNX line model; the bundled one by default")
    parser.add_argument("--half", choices=("odd", "even", "all"), default="odd")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    reader = NumberReader(options.model)
    readers: dict[str, Reader] = {"inkdigits": lambda picture: read_field(reader, picture)}
    rival = Rival() if importlib.util.find_spec("rapidocr") else None
    both = NumberReader(options.model, second_reader=True) if rival is not None else None
    if rival is not None and both is not None:
        readers |= {"inkdigits, two readers": lambda picture: read_field(both, picture)}
        readers |= {"rapidocr": rival.plain, "rapidocr masked": rival.masked}
    results: dict[str, object] = {"half": options.half}
    for name in FIELDS:
        items = field_items(options.data / "numbers" / name, options.half)
        results[name] = {who: judge(items, read) for who, read in readers.items()} | {"n": len(items)}
        print(name, results[name], flush=True)
    for name in PAGES:
        results[name] = judge_pages(options.data / "numbers" / name, reader, both, rival)
        print(name, results[name], flush=True)
    written = written_items(options.data / "digits" / "unipen" / "strings.npz")
    results["unipen_numbers"] = {who: judge(written, read) for who, read in readers.items()} | {
        "n": len(written)
    }
    print("unipen_numbers", results["unipen_numbers"], flush=True)
    results["codes"] = judge_codes(
        field_items(options.data / "numbers" / "orand_car_a", options.half), reader
    )
    print("codes", results["codes"], flush=True)
    write_results(options.out, results)


def judge_codes(items: Sequence[Item], reader: NumberReader) -> dict[str, float]:
    """The share of five-digit cheques misread: without expectation, with the length, with a list of codes."""
    five = [item for item in items if len(item.label) == CODE_LENGTH]
    drawn = np.random.default_rng(0).choice(10**CODE_LENGTH, N_CODES, replace=False)
    known = codes([*(f"{code:0{CODE_LENGTH}}" for code in drawn), *(item.label for item in five)])
    wrong = {
        name: 1 - np.mean([is_right(item, read_field(reader, item.picture, **expected)[0]) for item in five])
        for name, expected in (
            ("free", {}),
            ("five_digits", {"expect": rf"\d{{{CODE_LENGTH}}}"}),
            ("list", {"codes": known}),
        )
    }
    return {"n": len(five)} | {name: round(float(share), 4) for name, share in wrong.items()}


def field_items(folder: Path, half: str) -> list[Item]:
    """The labelled pictures of a set; odd rows are the second, the fourth and so on."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row.get("note")]
    if folder.name in HALVED and half != "all":
        rows = rows[1::2] if half == "odd" else rows[::2]
    is_value = folder.name == "weather_cells"
    return [Item(read_picture(folder / row["path"]), row["label"], is_value) for row in rows]


def written_items(path: Path) -> list[Item]:
    """UNIPEN's real numbers by the writers who train nothing, each drawn with three pens on paper."""
    paths, generator = read_pen_paths(path), np.random.default_rng(0)
    items = []
    for number in np.flatnonzero(~paths.doubtful):
        if not kept_aside(Hand(f"unipen {paths.writers[number]}", "unipen", {})):
            continue
        strokes = paths.strokes(int(number))
        width, height = np.ptp(np.concatenate(strokes), axis=0)
        for _ in range(PENS):
            unit = generator.uniform(24, 70)  # pixels of the number's height
            longest = unit * max(width / height, 1.0)
            shape = (round(1.5 * unit) + 8, round(longest + unit) + 8)
            pen = random_pen(max(0.05 * unit, 1.2), 0.15 * unit, generator)
            ink = draw(fitted(strokes, shape, longest), shape, pen, generator)
            page = on_paper(ink, generator)
            items.append(Item(np.repeat(page[..., None], 3, axis=2), digits_of(paths.labels[number]), False))
    return items


def read_picture(path: Path) -> Picture:
    """(H, W, 3) RGB."""
    found = cv2.imread(str(path))
    assert found is not None, path
    return np.asarray(found[..., ::-1], np.uint8)


def read_field(reader: NumberReader, picture: Picture, **expected: Any) -> tuple[str, float]:
    """The likeliest number, refused or not, and its confidence."""
    (number,) = reader.read(picture, one=True, **expected).numbers
    guess = number.text or next((each.text for each in number.alternatives), "")
    return guess, number.confidence


def judge(items: Sequence[Item], read: Reader) -> dict[str, float]:
    """Share read exactly, share answered at 99 right, and milliseconds a picture."""
    started = time.perf_counter()
    answers = [read(item.picture) for item in items]
    elapsed_ms = 1000 * (time.perf_counter() - started) / len(items)
    right = np.array([is_right(item, text) for item, (text, _) in zip(items, answers, strict=True)])
    order = np.argsort([-confidence for _, confidence in answers], kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    good = np.flatnonzero(shares >= 0.99)
    return {
        "exact": round(float(right.mean()), 4),
        "at99": round(float((good[-1] + 1) / len(right)) if len(good) else 0.0, 4),
        "ms": round(elapsed_ms, 2),
    }


def is_right(item: Item, text: str) -> bool:
    """Compare digits; of values, the number, where a missing separator stands before the last digit."""
    if not item.is_value:
        return digits_of(text) == item.label
    for mark in ",'-:/ ":
        text = text.replace(mark, ".")
    try:
        value, truth = float(text), float(item.label)
    except ValueError:
        return False
    return value == truth or ("." not in text and abs(value / 10 - truth) < 1e-6)


def digits_of(text: str) -> str:
    """The digits alone."""
    return "".join(char for char in text if char in "0123456789")


def judge_pages(
    folder: Path, reader: NumberReader, both: NumberReader | None, rival: Rival | None
) -> dict[str, object]:
    """The share of the numbers of some pages that are found and right, wherever they stand."""
    truths, pictures = page_truths(folder)
    readers: dict[str, Callable[[Picture], list[str]]] = {
        "inkdigits": lambda picture: [n.digits for n in reader.read(picture).numbers if not n.refused]
    }
    if both is not None:
        readers["inkdigits, two readers"] = lambda picture: [
            n.digits for n in both.read(picture).numbers if not n.refused
        ]
    if rival is not None:
        readers["rapidocr"] = rival.page
    results: dict[str, object] = {"n": sum(map(len, truths))}
    for who, read in readers.items():
        started = time.perf_counter()
        found = [Counter(read(picture)) for picture in pictures]
        elapsed_ms = 1000 * (time.perf_counter() - started) / len(pictures)
        n_right = sum((own & Counter(truth)).total() for own, truth in zip(found, truths, strict=True))
        results[who] = {"found": round(n_right / sum(map(len, truths)), 4), "ms_a_page": round(elapsed_ms, 1)}
    return results


def page_truths(folder: Path) -> tuple[list[list[str]], list[Picture]]:
    """The digits of each number on each page, and the pages."""
    labels: dict[str, list[str]] = {}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            numbers = row["label"].replace("|", " ").split()
            own = labels.setdefault(row["path"], [])
            own += [digits_of(number) for number in numbers if digits_of(number)]
    pictures = [read_picture(folder / path) for path in labels]
    return list(labels.values()), pictures


class Rival:
    """RapidOCR with the models inside its package."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self._engine: Any = RapidOCR(
            params={
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Global.log_level": "error",
            }
        )
        self._recognizer = self._engine._load_rec_model()
        self._characters = self._recognizer.postprocess_op.character
        allowed = {*MARKS, "blank"}
        self._is_allowed = np.array([char in allowed for char in self._characters])
        self._is_allowed[0] = True

    def plain(self, picture: Picture) -> tuple[str, float]:
        """As it comes."""
        return self._decoded(self._probabilities(picture))

    def masked(self, picture: Picture) -> tuple[str, float]:
        """With an alphabet of digits and separators."""
        return self._decoded(self._probabilities(picture) * self._is_allowed)

    def page(self, picture: Picture) -> list[str]:
        """The digits of everything that is found on a page."""
        texts = self._engine(picture[..., ::-1].copy()).txts or ()
        return [digits_of(part) for text in texts for part in text.split() if digits_of(part)]

    def _probabilities(self, picture: Picture) -> NDArray[np.float32]:
        ratio = max(picture.shape[1] / picture.shape[0], 320 / 48)
        line = self._recognizer.resize_norm_img(picture[..., ::-1], ratio)
        return np.asarray(self._recognizer.session(line[None].astype(np.float32))[0])

    def _decoded(self, p: NDArray[np.float32]) -> tuple[str, float]:
        path, sure = p.argmax(axis=1), p.max(axis=1)
        kept = (path != 0) & (np.diff(path, prepend=-1) != 0)
        text = "".join(self._characters[code] for code in path[kept])
        return text, float(sure[kept].prod()) if kept.any() else 0.0


if __name__ == "__main__":
    main()
