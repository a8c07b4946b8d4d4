"""Measure how the line model and the second reader are weighed, on the odd rows of two check sets.

    python benchmarks/joint_confidence.py DATA

DATA is a folder with numbers/orand_car_a and numbers/weather_cells in it. The even rows are for reporting and
are not opened. Prints, for each weight of the line model, the share read exactly; then the slope and the
offset of the logistic function that turns a pooled probability into a confidence, for the constants of
`inkdigits.reading.numbers.reader` and `agreement`. To be run again with every new line model.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression

from inkdigits.layout.fields import find_field
from inkdigits.pictures.images import read_image
from inkdigits.reading.numbers.hypotheses import Verdict, judge, pooled
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.reading.numbers.second_reader import SecondReader, masked
from whole_numbers import HALVED, Item, field_items, is_right

WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 1.0)


def main() -> None:
    """Print weights and coefficients."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, help="an ONNX line model; the bundled one by default")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    reader, second = NumberReader(options.model), SecondReader()
    items = {name: field_items(options.data / "numbers" / name, "odd") for name in HALVED}
    verdicts = {name: [two_verdicts(reader, second, item) for item in own] for name, own in items.items()}
    for weight in WEIGHTS:
        shares, rights = [], []
        for name, own in items.items():
            best = [next(iter(pooled(*pair, weight).candidates), None) for pair in verdicts[name]]
            right = [
                each is not None and is_right(item, each.text) for item, each in zip(own, best, strict=True)
            ]
            print(f"weight {weight}, {name}: {np.mean(right):.3f} of {len(right)} exact")
            rights += right
            shares += [0.0 if each is None else each.probability for each in best]
        fitted = LogisticRegression(C=10).fit([[log_odds(share)] for share in shares], rights)
        print(f"    slope {fitted.coef_[0, 0]:.3f}, offset {fitted.intercept_[0]:.3f}")


def two_verdicts(reader: NumberReader, second: SecondReader, item: Item) -> tuple[Verdict, Verdict]:
    """What each reader says by itself."""
    page = read_image(item.picture)
    field = find_field(page)
    own = reader.weigh(page)
    if own is None or field.band is None:
        return Verdict((), 1.0), Verdict((), 1.0)
    (views,) = second.views(field.darkness, [field.band])
    return own, judge([masked(view) for view in views])


def log_odds(probability: float) -> float:
    """Of a probability that is kept from 0 and 1."""
    p = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


if __name__ == "__main__":
    main()
