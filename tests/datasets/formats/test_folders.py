"""Folders as people have them: every layout, and a word on everything that is not used."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkdigits.datasets import Dataset, Split, load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, make_pair

HEIC = b"\0\0\0\x18ftypheic" + bytes(100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name says nothing: that of `tmp_path` begins with "test"."""
    (tmp_path / "digits").mkdir()
    return tmp_path / "digits"


def draw(path: Path, shift: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page = Image.new("L", (60, 80), 255)
    ImageDraw.Draw(page).line((20 + shift, 15, 30, 65), fill=0, width=6)
    page.save(path)


def sizes(dataset: Dataset) -> list[int | None]:
    return [None if part is None else len(part) for part in (dataset.train, dataset.validation, dataset.test)]


def labels(split: Split | None) -> list[int]:
    assert split is not None
    assert split.labels is not None
    return [int(label) for label in split.labels]


def said(dataset: Dataset) -> str:
    return "; ".join(dataset.notes)


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "dev"])
def test_train_validation_and_test(folder: Path, validation: str) -> None:
    for shift, part in enumerate(("train", validation, "Testing")):
        for digit in range(2):
            draw(folder / part / str(digit) / "a.png", 3 * shift + digit)
    dataset = load(folder)
    assert sizes(dataset) == [2, 2, 2]


def test_unlabelled_pictures_beside_labelled_parts_are_kept(folder: Path) -> None:
    draw(folder / "train" / "1" / "a.png")
    draw(folder / "train" / "2" / "a.png", 4)
    draw(folder / "test" / "a.png", 8)
    dataset = load(folder)
    assert sizes(dataset) == [2, None, 1]
    assert dataset.test is not None
    assert dataset.test.labels is None
    assert "unlabelled" in said(dataset)


@pytest.mark.parametrize("names", [("zero", "One", "nine"), ("00", "01", "09"), ("0", "1", "9")])
def test_folders_that_spell_digits(folder: Path, names: tuple[str, ...]) -> None:
    for shift, name in enumerate(names):
        draw(folder / name / "a.png", 3 * shift)
    dataset = load(folder)
    assert dataset.class_names == tuple("0123456789")
    assert sorted(labels(dataset.train)) == [0, 1, 9]
    assert "there is no picture of 2, 3, 4, 5, 6, 7, 8" in said(dataset)


def test_a_folder_beside_the_digits_is_named_as_a_class(folder: Path) -> None:
    for shift, name in enumerate([*"0123456789", "misc"]):
        draw(folder / name / "a.png", shift)
        draw(folder / name / "b.png", shift + 1)
    dataset = load(folder)
    assert len(dataset.class_names) == 11
    assert "11 classes: misc" in said(dataset)


def test_what_is_left_out_is_said(folder: Path) -> None:
    for digit in range(3):
        draw(folder / str(digit) / "a.png", digit)
        (folder / str(digit) / "b.ppm").write_bytes(b"P5")
        (folder / str(digit) / "c").write_bytes(b"?")
        (folder / str(digit) / "Thumbs.db").write_bytes(b"?")
    (folder / "train.csv").write_text("1,2", encoding="utf-8")
    (folder / "more").mkdir()
    dataset = load(folder)
    assert sizes(dataset) == [3, None, None]
    assert "left out 6 of 9 files" in said(dataset)
    assert "3 .ppm" in said(dataset)
    assert "left out more/, train.csv" in said(dataset)


def test_pictures_that_are_not_read_are_named(folder: Path) -> None:
    (folder / "IMG_1.HEIC").write_bytes(HEIC)
    with pytest.raises(DatasetError, match=r"IMG_1\.HEIC: a HEIC picture.* Save the pictures as JPEG"):
        load(folder)
    draw(folder / "a.png")
    dataset = load(folder)
    assert sizes(dataset) == [1, None, None]
    assert "left out IMG_1.HEIC" in said(dataset)
    for name in ("b.jpg", "c.jpg"):
        (folder / name).write_bytes(HEIC)
    with pytest.raises(DatasetError, match=r"b\.jpg.*a HEIC picture.*c\.jpg.*IMG_1\.HEIC"):
        load(folder)


def test_later_pages_are_left_out_and_it_is_said(folder: Path) -> None:
    pages = [Image.new("L", (40, 40), 255) for _ in range(2)]
    for page in pages:
        ImageDraw.Draw(page).line((10, 8, 30, 32), fill=0, width=4)
    (folder / "7").mkdir()
    pages[0].save(folder / "7" / "a.tif", save_all=True, append_images=pages[1:])
    pages[0].save(folder / "7" / "b.tif")
    dataset = load(folder)
    assert sizes(dataset) == [2, None, None]
    assert "left out all pages but the first of a.tif" in dataset.notes


def test_arrays_in_files_of_their_own(folder: Path) -> None:
    np.save(folder / "X.npy", np.zeros((3, 28, 28)))
    np.save(folder / "Y.npy", np.zeros(3))
    with pytest.raises(
        DatasetError, match=r"savez\('digits.npz', x=numpy.load\('X.npy'\), y=numpy.load\('Y.npy'\)\)"
    ):
        load(folder)


def test_the_folder_that_torchvision_makes(folder: Path, pair: Pair, write_pair: Callable[..., None]) -> None:
    raw = folder / "MNIST" / "raw"
    write_pair(raw, "train", *pair)
    write_pair(raw, "t10k", *make_pair(3, seed=2))
    for path in list(raw.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    for place in (folder, folder / "MNIST", raw):
        dataset = load(place)
        assert sizes(dataset) == [12, None, 3]
        assert "left out" not in said(dataset)
    assert "read the folder MNIST/raw in it" in said(load(folder))


@pytest.mark.parametrize("table", ["metadata.csv", "labels.csv", "train.csv"])
def test_hugging_faces_image_folder(folder: Path, table: str) -> None:
    for number in range(3):
        draw(folder / "train" / f"{number}.png", 4 * number)
    text = "file_name,label\n0.png,7\n1.png,1\n2.png,7\n"
    (folder / "train" / table).write_text(text, encoding="utf-8")
    assert labels(load(folder).train) == [7, 1, 7]


def test_tables_for_training_and_testing_over_one_folder_of_pictures(folder: Path) -> None:
    for number in range(4):
        draw(folder / "images" / f"{number}.png", 4 * number)
    (folder / "train.csv").write_text("id,digit\nimages/0,1\nimages/1,2\n", encoding="utf-8")
    (folder / "test.csv").write_text("id,digit\nimages/2,3\n", encoding="utf-8")
    dataset = load(folder)
    assert (labels(dataset.train), labels(dataset.test)) == ([1, 2], [3])


def test_a_table_beside_the_folder_that_it_is_about(folder: Path) -> None:
    for number in range(2):
        draw(folder / "train" / f"{number}.png", 4 * number)
    (folder / "train.csv").write_text("id,label\n0,1\n1.png,2\n", encoding="utf-8")
    assert labels(load(folder).train) == [1, 2]


def test_what_lies_in_a_part_and_is_not_used_is_said(folder: Path) -> None:
    for part in ("train", "test"):
        draw(folder / part / "1" / "a.png", len(part))
        draw(folder / part / "2" / "a.png", len(part) + 4)
    (folder / "test" / "more.csv").write_text("a,b", encoding="utf-8")
    assert "test: left out more.csv" in said(load(folder))


def test_shards_are_joined_and_a_missing_one_is_said(folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for shard in range(2):
        images, digits = make_pair(12, seed=shard)
        columns = {"label": digits} | {f"p{i}": images.reshape(12, -1)[:, i] for i in range(784)}
        parquet.write_table(pyarrow.table(columns), folder / f"train-0000{shard}-of-00002.parquet")
    dataset = load(folder)
    assert sizes(dataset) == [24, None, None]
    assert labels(dataset.train)[:12] == make_pair(12, seed=0)[1].tolist()
    (folder / "train-00000-of-00002.parquet").unlink()
    assert "joined 1 of 2 shards" in said(load(folder))
    for number in (9, 10):
        parquet.write_table(pyarrow.table(columns), folder / f"test_{number}.parquet")
    assert sizes(load(folder)) == [12, None, 24]
