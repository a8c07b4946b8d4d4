"""CSV as Kaggle, MNIST tutorials and UCI write it, and as nobody should."""

from __future__ import annotations

import gzip
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import Dataset, Split, load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, make_pair

KAGGLE = ["label", *(f"pixel{number}" for number in range(784))]
GRID = ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]


def csv_text(rows: NDArray[Any] | Sequence[Sequence[object]], header: Sequence[str] = ()) -> str:
    lines = [",".join(header)] if header else []
    return "\n".join([*lines, *(",".join(map(str, row)) for row in rows)]) + "\n"


def rows_of(pair: Pair) -> NDArray[np.int64]:
    images, labels = pair
    return np.column_stack([labels, images.reshape(len(images), -1).astype(np.int64)])


def only(dataset: Dataset) -> Split:
    split = dataset.train if dataset.train is not None else dataset.test
    assert split is not None
    assert dataset.train is None or dataset.test is None
    return split


@pytest.mark.parametrize("header", [KAGGLE, GRID, [], [f'"{name}"' for name in KAGGLE]])
def test_label_first(tmp_path: Path, pair: Pair, header: list[str]) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text(rows_of(pair), header), encoding="utf-8")
    split = only(load(path))
    np.testing.assert_array_equal(split.images, pair[0])
    np.testing.assert_array_equal(split.labels, pair[1])


def test_label_last_where_the_header_says_so(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text(np.roll(rows_of(pair), -1, axis=1), [*KAGGLE[1:], "class"]), encoding="utf-8")
    np.testing.assert_array_equal(only(load(path)).labels, pair[1])


def test_label_last_without_header_as_uci_writes_it(tmp_path: Path) -> None:
    images, labels = make_pair(30, seed=4, side=8)
    images = images % 17
    images[:, 0, 0] = 0
    path = tmp_path / "optdigits.tra"
    path.write_text(csv_text(np.roll(rows_of((images, labels)), -1, axis=1)), encoding="utf-8")
    dataset = load(path)
    np.testing.assert_array_equal(only(dataset).labels, labels)
    assert any("last column" in note for note in dataset.notes)
    assert any("0..16" in note for note in dataset.notes)


@pytest.mark.parametrize("header", [KAGGLE[1:], []])
def test_without_labels_as_kaggles_test(tmp_path: Path, pair: Pair, header: list[str]) -> None:
    path = tmp_path / "test.csv"
    path.write_text(csv_text(rows_of(pair)[:, 1:], header), encoding="utf-8")
    dataset = load(path)
    assert dataset.train is None
    assert only(dataset).labels is None
    with pytest.raises(DatasetError, match="without labels"):
        dataset.for_evaluation()


@pytest.mark.parametrize(("separator", "newline"), [(";", "\n"), ("\t", "\n"), (",", "\r\n")])
def test_separators(tmp_path: Path, pair: Pair, separator: str, newline: str) -> None:
    text = csv_text(rows_of(pair), KAGGLE).replace(",", separator).replace("\n", newline)
    path = tmp_path / "train.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    np.testing.assert_array_equal(only(load(path)).labels, pair[1])


def test_packed(tmp_path: Path, pair: Pair) -> None:
    text = csv_text(rows_of(pair), KAGGLE)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", text)
    for name in ("a.csv.gz", "b.zip"):
        np.testing.assert_array_equal(only(load(tmp_path / name)).images, pair[0])


def test_folder_of_train_and_test(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "train.csv").write_text(csv_text(rows_of(pair), KAGGLE), encoding="utf-8")
    (tmp_path / "test.csv").write_text(csv_text(rows_of(make_pair(3, seed=5))[:, 1:]), encoding="utf-8")
    dataset = load(tmp_path)
    assert dataset.train is not None
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (12, 3)


def test_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", "0," * 1_000_000)
    monkeypatch.setattr("inkdigits.datasets.formats.content.read_content.__defaults__", (100_000,))
    with pytest.raises(DatasetError, match="at most 100,000 bytes"):
        load(tmp_path / "b.zip")


def test_gzip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0," * 1_000_000))
    monkeypatch.setattr("inkdigits.datasets.formats.content.read_content.__defaults__", (100_000,))
    with pytest.raises(DatasetError, match="at most 100,000 bytes"):
        load(tmp_path / "a.csv.gz")


def spoilt(pair: Pair, column: int, value: object) -> list[list[object]]:
    rows: list[list[object]] = rows_of(pair).tolist()
    rows[4][column] = value
    return rows


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, 10, "0 to 9, found 10 for picture 5"),
        (0, -1, "0 to 9, found -1 for picture 5"),
        (0, 2.5, "0 to 9, found 2.5 for picture 5"),
        (0, "", "0 to 9, found nan for picture 5"),
        (0, "four", "the word 'four'"),
        (7, "nan", "missing or infinite"),
        (7, "", "missing or infinite"),
        (7, "inf", "missing or infinite"),
        (7, 256, "values from 0 to 256"),
        (7, -1, "values from -1 to 255"),
        (7, "x", "words or gaps in column 'pixel6'"),
    ],
)
def test_bad_values(tmp_path: Path, pair: Pair, column: int, value: object, message: str) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text(spoilt(pair, column, value), KAGGLE), encoding="utf-8")
    with pytest.raises(DatasetError, match=message) as caught:
        load(path)
    assert caught.value.subject == str(path)


@pytest.mark.parametrize("surplus", [[1], [1, 2]])
@pytest.mark.parametrize("header", [KAGGLE, []])
def test_rows_of_different_lengths(tmp_path: Path, pair: Pair, surplus: list[int], header: list[str]) -> None:
    rows = rows_of(pair).tolist()
    rows[6] += surplus
    path = tmp_path / "train.csv"
    path.write_text(csv_text(rows, header), encoding="utf-8")
    with pytest.raises(DatasetError, match="cannot be parsed"):
        load(path)


def test_all_rows_longer_than_the_header(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text(rows_of(pair), KAGGLE[:-1]), encoding="utf-8")
    with pytest.raises(DatasetError, match="longer rows"):
        load(path)


def test_64_columns_where_the_name_promises_mnist(tmp_path: Path) -> None:
    path = tmp_path / "mnist_large.csv"
    path.write_text(csv_text(rows_of(make_pair(12, seed=6, side=8))), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"784 pixels.*8x8 = 64 pixels"):
        load(path)


def test_columns_that_make_no_square(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text([[1, 2, 3]] * 4), encoding="utf-8")
    with pytest.raises(DatasetError, match="found 3 numbers a row"):
        load(path)


def test_header_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(csv_text([], KAGGLE), encoding="utf-8")
    with pytest.raises(DatasetError, match="at least one picture"):
        load(path)


def test_kaggles_size_takes_seconds(tmp_path: Path) -> None:
    # A fifth of Kaggle's 42,000 rows in a fifth of its five seconds, and some room for a busy machine.
    n_rows = 8_400
    line = ",".join(["7"] + ["0", "128", "255", "31"] * 196)
    path = tmp_path / "train.csv"
    path.write_text("\n".join([",".join(KAGGLE), *[line] * n_rows]), encoding="utf-8")
    load_small = tmp_path / "small.csv"
    load_small.write_text("\n".join([",".join(KAGGLE), line]), encoding="utf-8")
    load(load_small)  # the import of pandas is not what is measured
    started_s = time.process_time()
    assert len(only(load(path))) == n_rows
    assert time.process_time() - started_s < 3
