"""Tables as spreadsheets and scripts leave them: read with a note, or refused with what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, make_pair

PIXELS = [f"pixel{number}" for number in range(784)]
Row = list[Any]  # cells: numbers, and texts


def rows_of(pair: Pair) -> list[Row]:
    images, labels = pair
    table = np.column_stack([labels, images.reshape(len(images), -1).astype(np.int64)])
    return [list(row) for row in table.tolist()]


def write(path: Path, rows: list[Row], header: list[str] | None = None, *, mark: str = ",") -> Path:
    lines = [*([header] if header else []), *rows]
    path.write_text("\n".join(mark.join(map(str, line)) for line in lines) + "\n", encoding="utf-8")
    return path


def assert_is(path: Path, pair: Pair, note: str = "") -> None:
    dataset = load(path)
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.images, pair[0])
    np.testing.assert_array_equal(dataset.train.labels, pair[1])
    assert note in " ".join(dataset.notes)


def test_columns_in_the_order_of_texts_are_put_in_that_of_numbers(tmp_path: Path, pair: Pair) -> None:
    order = sorted(range(784), key=lambda number: f"pixel{number}")
    rows = [[row[0], *(row[1 + number] for number in order)] for row in rows_of(pair)]
    path = write(tmp_path / "a.csv", rows, ["label", *(PIXELS[number] for number in order)])
    assert_is(path, pair, "in the order of the numbers")


def test_rows_by_columns_in_the_order_of_texts(tmp_path: Path, pair: Pair) -> None:
    names = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
    order = sorted(range(784), key=names.__getitem__)
    rows = [[row[0], *(row[1 + number] for number in order)] for row in rows_of(pair)]
    assert_is(write(tmp_path / "a.csv", rows, ["label", *(names[n] for n in order)]), pair, "in the order")


@pytest.mark.parametrize("start", [0, 1])
def test_a_header_that_counts_is_no_picture(tmp_path: Path, pair: Pair, start: int) -> None:
    header = [str(number + start) for number in range(785)]
    assert_is(write(tmp_path / "a.csv", rows_of(pair), header), pair, "counts the columns")


@pytest.mark.parametrize("header", [["label", *PIXELS], None])
@pytest.mark.parametrize("closed", [True, False])
def test_a_separator_at_the_end(tmp_path: Path, pair: Pair, header: list[str] | None, closed: bool) -> None:
    rows = [[*row, ""] for row in rows_of(pair)]
    named = header if header is None or closed else [*header, ""]
    path = write(tmp_path / "a.csv", rows, named)
    assert_is(path, pair, "" if header and closed else "empty last column")


def test_a_column_that_counts_the_rows_is_named(tmp_path: Path, pair: Pair) -> None:
    rows = [[number, *row] for number, row in enumerate(rows_of(pair))]
    assert_is(write(tmp_path / "a.csv", rows, ["", "label", *PIXELS]), pair, "'Unnamed: 0'")


def test_other_columns_are_refused_by_their_names(tmp_path: Path, pair: Pair) -> None:
    rows = [[*row, 5, 6] for row in rows_of(pair)]
    path = write(tmp_path / "a.csv", rows, ["label", *PIXELS, "age", "weight"])
    with pytest.raises(DatasetError, match="2 too many: 'age', 'weight'"):
        load(path)


def test_a_gap_is_placed(tmp_path: Path, pair: Pair) -> None:
    rows = rows_of(pair)
    rows[4][7] = ""
    with pytest.raises(DatasetError, match="row 5, column 'pixel6'"):
        load(write(tmp_path / "a.csv", rows, ["label", *PIXELS]))


@pytest.mark.parametrize("named", [True, False])
def test_one_hot_labels(tmp_path: Path, pair: Pair, named: bool) -> None:
    rows = [[*np.eye(10, dtype=int)[row[0]].tolist(), *row[1:]] for row in rows_of(pair)]
    header = [*(f"label_{digit}" for digit in range(10)), *PIXELS] if named else None
    assert_is(write(tmp_path / "a.csv", rows, header), pair, "one-hot")


def test_decimal_commas(tmp_path: Path) -> None:
    pair = make_pair(4, seed=3)
    rows = [[row[0], *(f"{value / 255:.4f}".replace(".", ",") for value in row[1:])] for row in rows_of(pair)]
    assert_is(write(tmp_path / "a.csv", rows, mark=";"), pair)
    assert_is(write(tmp_path / "b.csv", rows, ["label", *PIXELS], mark=";"), pair)


def test_utf_16(tmp_path: Path, pair: Pair) -> None:
    path = write(tmp_path / "a.csv", rows_of(pair), ["label", *PIXELS], mark="\t")
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    assert_is(path, pair)


@pytest.mark.parametrize("spell", ["{}.0", "0{}", " {} "])
def test_labels_in_other_spellings(tmp_path: Path, pair: Pair, spell: str) -> None:
    rows = [[spell.format(row[0]), *row[1:]] for row in rows_of(pair)]
    assert_is(write(tmp_path / "a.csv", rows, ["label", *PIXELS]), pair)


def test_a_kaggle_download_as_it_comes(tmp_path: Path, pair: Pair) -> None:
    folder = tmp_path / "digit-recognizer"
    folder.mkdir()
    write(folder / "train.csv", rows_of(pair), ["label", *PIXELS])
    write(folder / "test.csv", [row[1:] for row in rows_of(make_pair(5, seed=9))], PIXELS)
    write(folder / "sample_submission.csv", [[1, 0], [2, 0]], ["ImageId", "Label"])
    dataset = load(folder)
    assert dataset.train is not None
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test), dataset.test.labels) == (12, 5, None)
    assert any("sample_submission.csv" in note for note in dataset.notes)


def test_a_file_for_validation(tmp_path: Path, pair: Pair) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for seed, name in enumerate(("train", "dev", "test")):
        write(folder / f"{name}.csv", rows_of(make_pair(5 + seed, seed=seed)), ["label", *PIXELS])
    dataset = load(folder)
    sizes = [part and len(part) for part in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [5, 6, 7]
