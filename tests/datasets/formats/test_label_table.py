"""Folders of pictures with a table of labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from inkdigits.datasets import combine, load
from inkdigits.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures by two writers; the name of the folder says nothing."""
    folder = tmp_path / "some" / "scans"
    (folder / "pictures").mkdir(parents=True)
    for number in range(3):
        page = Image.new("L", (60, 80), 255)
        ImageDraw.Draw(page).line((20 + 5 * number, 15, 30, 65), fill=0, width=6)
        page.save(folder / "pictures" / f"{number}.png")
    write(
        folder,
        "path,label,writer,size\npictures/0.png,1,anna,5\npictures/2.png,7,ben,5\npictures/1.png,1,anna,5",
    )
    return folder


def write(folder: Path, table: str) -> None:
    (folder / "labels.csv").write_text(table, encoding="utf-8")


def test_labels_and_writers_in_the_order_of_the_table(folder: Path) -> None:
    split = load(folder).train
    assert split is not None
    assert split.labels is not None
    assert split.writers is not None
    assert split.labels.tolist() == [1, 7, 1]
    assert split.writers.tolist() == ["anna", "ben", "anna"]
    assert split.images.shape == (3, 28, 28)


def test_the_writer_may_be_missing(folder: Path) -> None:
    write(folder, "path,label\npictures/0.png,1")
    split = load(folder).train
    assert split is not None
    assert split.writers is None


def test_found_by_name_where_the_data_is(folder: Path) -> None:
    for place in (folder.parent, folder.parents[1]):
        assert load("scans", environ={"INKDIGITS_DATA": str(place)}).name == "scans"
    with pytest.raises(DatasetError, match="neither a file nor a known name"):
        load("scams", environ={"INKDIGITS_DATA": str(folder.parent)})
    with pytest.raises(DatasetError, match="Get it from"):
        load("kensanata", environ={"INKDIGITS_DATA": str(folder.parent)})


def test_writers_stay_with_their_digits_when_joined(folder: Path) -> None:
    joined = combine([load("uci"), load(folder)]).train
    assert joined is not None
    assert joined.writers is not None
    assert joined.writers[-3:].tolist() == ["anna", "ben", "anna"]
    assert set(joined.writers[:-3]) == {""}
    chosen = joined.take(joined.writers == "ben")
    assert chosen.labels is not None
    assert chosen.labels.tolist() == [7]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("path,shape\npictures/0.png,1", "found no label"),
        ("path,label\n", "found no rows"),
        ("path,label\npictures/0.png,A", "a single picture of 'A'"),
        ("path,label\npictures/9.png,1", "9.png"),
        ("path,label\n../../secret.png,1", "found the path '../../secret.png'"),
    ],
)
def test_a_table_that_does_not_fit(folder: Path, table: str, said: str) -> None:
    write(folder, table)
    with pytest.raises(DatasetError, match=said):
        load(folder)


def test_a_table_that_is_no_text(folder: Path) -> None:
    (folder / "labels.csv").write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(DatasetError, match="a CSV file in UTF-8"):
        load(folder)


@pytest.mark.parametrize(
    "table",
    [
        "Path;Label;Writer\npictures/0.png;1;anna\npictures/2.png;7;ben",
        "path\tlabel\twriter\npictures/0.png\t1\tanna\npictures/2.png\t7\tben",
        "pictures/0.png,1,anna\npictures/2.png,7,ben",
        "filename,DIGIT,writer\npictures/0.png,1.0,anna\npictures/2.png,07,ben",
        "path label writer\npictures/0.png 1 anna\npictures/2.png 7 ben",
        "image_id,class,writer\npictures/0,one,anna\npictures\\2,seven,ben",
    ],
)
def test_tables_as_others_write_them(folder: Path, table: str) -> None:
    write(folder, table)
    split = load(folder).train
    assert split is not None
    assert split.labels is not None
    assert split.writers is not None
    assert (split.labels.tolist(), split.writers.tolist()) == ([1, 7], ["anna", "ben"])


def test_a_table_in_utf_16(folder: Path) -> None:
    (folder / "labels.csv").write_text("path,label\npictures/0.png,1\n", encoding="utf-16")
    split = load(folder).train
    assert split is not None
    assert len(split) == 1


def test_pictures_without_a_row_and_rows_without_a_picture_are_said(folder: Path) -> None:
    write(folder, "path,label\npictures/0.png,1\npictures/8.png,2")
    dataset = load(folder)
    assert dataset.train is not None
    assert len(dataset.train) == 1
    assert "left out 2 pictures that are not in labels.csv: 1.png, 2.png" in dataset.notes
    assert any("8.png" in note for note in dataset.notes)


def test_a_table_of_json_lines(folder: Path) -> None:
    (folder / "labels.csv").unlink()
    lines = '{"file_name": "pictures/0.png", "label": 1}\n{"file_name": "pictures/2.png", "label": 7}\n'
    (folder / "metadata.jsonl").write_text(lines, encoding="utf-8")
    split = load(folder).train
    assert split is not None
    assert split.labels is not None
    assert split.labels.tolist() == [1, 7]
