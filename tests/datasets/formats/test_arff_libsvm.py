"""ARFF and libsvm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, make_pair


def arff_text(pair: Pair) -> str:
    images, labels = pair
    n_pixels = images[0].size
    header = [f"@ATTRIBUTE f{i} Integer" for i in range(n_pixels)] + [
        "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}"
    ]
    rows = [",".join(map(str, [*image.ravel(), label])) for image, label in zip(images, labels, strict=True)]
    return "\n".join(["% a comment", "@RELATION digits", *header, "@DATA", *rows]) + "\n"


def libsvm_text(pair: Pair) -> str:
    lines = []
    for image, label in zip(*pair, strict=True):
        pixels = image.ravel()
        named = " ".join(f"{i + 1}:{pixels[i]}" for i in np.flatnonzero(pixels))
        lines.append(f"{label} {named}")
    return "\n".join(lines) + "\n"


def test_arff(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "train.arff"
    path.write_text(arff_text(pair), encoding="utf-8")
    dataset = load(path)
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.images, pair[0])
    np.testing.assert_array_equal(dataset.train.labels, pair[1])


def test_arff_of_16_levels_and_8x8(tmp_path: Path) -> None:
    images, labels = make_pair(6, seed=7, side=8)
    path = tmp_path / "optdigits.arff"
    path.write_text(arff_text((images % 17, labels)), encoding="utf-8")
    dataset = load(path)
    assert dataset.train is not None
    assert dataset.train.images.max() > 200
    assert len(dataset.notes) == 2


@pytest.mark.parametrize("spoil", [lambda text: text[:3000], lambda text: text.replace("\n@DATA", "")])
def test_arff_cut_short(tmp_path: Path, pair: Pair, spoil: object) -> None:
    assert callable(spoil)
    path = tmp_path / "train.arff"
    path.write_text(spoil(arff_text(pair)), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"train\.arff"):
        load(path)


def test_libsvm_that_stops_before_the_last_pixel(tmp_path: Path, pair: Pair) -> None:
    images, labels = pair
    images[:, 25:] = 0
    path = tmp_path / "train.txt"
    path.write_text(libsvm_text((images, labels)), encoding="utf-8")
    dataset = load(path)
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.images, images)
    np.testing.assert_array_equal(dataset.train.labels, labels)


def test_libsvm_of_another_size(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text(libsvm_text(make_pair(12, seed=8, side=8)), encoding="utf-8")
    with pytest.raises(DatasetError, match="no index above 64"):
        load(path)


@pytest.mark.parametrize("line", ["3 5:x\n", "3 785:4\n", "3 7:1 6:1\n"])
def test_libsvm_malformed(tmp_path: Path, pair: Pair, line: str) -> None:
    path = tmp_path / "train.txt"
    path.write_text(libsvm_text(pair) + line, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"lines of 'label index:value"):
        load(path)
