"""Digits as the UCI archive hands them out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.errors import DatasetError


def write_semeion(folder: Path, n: int = 12) -> np.ndarray:
    """Random pictures (N, 16, 16) of 0 and 1; the labels count up."""
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 2, (n, 256))
    one_hot = np.eye(10, dtype=int)[np.arange(n) % 10]
    lines = [
        " ".join(f"{value:.4f}" for value in row) + " " + " ".join(map(str, label)) + " "
        for row, label in zip(pixels, one_hot, strict=True)
    ]
    (folder / "semeion.data").write_text("\n".join(lines) + "\n\n")
    return pixels.reshape(n, 16, 16)


def write_optdigits(folder: Path, *, header: bool) -> np.ndarray:
    """Random pictures (N, 8, 8) of 0 to 16; the labels count up."""
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 17, (20, 64))
    lines = [",".join(map(str, [*row, number % 10])) for number, row in enumerate(pixels)]
    if header:
        lines.insert(0, ",".join([*(f"Block {number}" for number in range(1, 65)), "Class"]))
    (folder / "optdigits.tra").write_text("\n".join(lines) + "\n")
    (folder / "optdigits.tes").write_text("\n".join(lines[-5:]) + "\n")
    return pixels.reshape(-1, 8, 8)


def test_semeion(tmp_path: Path) -> None:
    pixels = write_semeion(tmp_path / "semeion")
    dataset = load(tmp_path / "semeion")
    assert dataset.test is None
    assert dataset.train is not None
    assert dataset.train.images.shape == (12, 28, 28)
    assert dataset.train.labels is not None
    assert dataset.train.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    ink = dataset.train.images.sum(axis=(1, 2)).astype(float)
    assert np.corrcoef(ink, pixels.sum(axis=(1, 2)))[0, 1] > 0.95


@pytest.mark.parametrize("header", [False, True])
def test_optdigits(tmp_path: Path, header: bool) -> None:
    write_optdigits(tmp_path / "optdigits", header=header)
    dataset = load(tmp_path / "optdigits")
    assert dataset.train is not None
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (20, 5)
    assert dataset.test.labels is not None
    assert dataset.test.labels.tolist() == [5, 6, 7, 8, 9]
    assert np.array_equal(dataset.test.images, dataset.train.images[-5:])


def test_a_cut_line_is_refused(tmp_path: Path) -> None:
    write_semeion(tmp_path)
    path = tmp_path / "semeion.data"
    path.write_text(path.read_text()[:-200])
    with pytest.raises(DatasetError, match=r"266 numbers a line.* in picture 12"):
        load(tmp_path)


def test_labels_that_are_not_one_of_ten(tmp_path: Path) -> None:
    write_semeion(tmp_path)
    path = tmp_path / "semeion.data"
    path.write_text(path.read_text().replace("1 0 0 0 0 0 0 0 0 0", "1 0 0 0 0 0 1 0 0 0"))
    with pytest.raises(DatasetError, match="of which one is 1"):
        load(tmp_path)


def test_an_empty_file_and_words(tmp_path: Path) -> None:
    write_optdigits(tmp_path, header=False)
    (tmp_path / "optdigits.tes").write_text("")
    with pytest.raises(DatasetError, match="empty"):
        load(tmp_path)
    (tmp_path / "optdigits.tes").write_text(",".join(["1", *["ink"] * 64]))
    with pytest.raises(DatasetError, match="numbers only"):
        load(tmp_path)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "file"), [("semeion", "semeion.data"), ("optdigits", "optdigits.tra")])
def test_the_same_digits_as_in_their_npz(real_data: Path, tmp_path: Path, name: str, file: str) -> None:
    source = real_data / "digits" / name
    (tmp_path / file).write_bytes((source / file).read_bytes())
    raw, packed = load(tmp_path).train, load(source).train
    assert raw is not None
    assert packed is not None
    assert raw.labels is not None
    assert packed.labels is not None
    assert np.array_equal(raw.labels, packed.labels)
    # The packed ones may hold bytes in place of counts to 16; rounding then moves a few by a pixel.
    difference = np.abs(raw.images.astype(int) - packed.images).max(axis=(1, 2))
    assert (difference <= 2).mean() > 0.99
