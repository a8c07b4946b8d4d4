"""Parquet: flat columns, and the layout of the Hugging Face Hub."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inkdigits.datasets import load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def png(image: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def test_flat_columns(tmp_path: Path, pair: Pair) -> None:
    images, labels = pair
    columns = {"label": labels} | {f"p{i}": images.reshape(12, -1)[:, i] for i in range(784)}
    parquet.write_table(pyarrow.table(columns), tmp_path / "test.parquet")
    dataset = load(tmp_path / "test.parquet")
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.test.images, images)
    np.testing.assert_array_equal(dataset.test.labels, labels)


def test_hugging_face_pictures_come_out_unchanged(tmp_path: Path, pair: Pair) -> None:
    images, labels = pair
    pictures = [{"bytes": png(image), "path": None} for image in images]
    parquet.write_table(pyarrow.table({"image": pictures, "label": labels}), tmp_path / "train-0.parquet")
    dataset = load(tmp_path / "train-0.parquet")
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.images, images)
    np.testing.assert_array_equal(dataset.train.labels, labels)


def test_hugging_face_picture_that_is_broken(tmp_path: Path, pair: Pair) -> None:
    pictures = [{"bytes": png(image), "path": None} for image in pair[0]]
    pictures[2]["bytes"] = b"no picture"
    parquet.write_table(pyarrow.table({"image": pictures, "label": pair[1]}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match=r"a\.parquet, picture 3"):
        load(tmp_path / "a.parquet")


def test_pictures_by_path_only(tmp_path: Path) -> None:
    table = pyarrow.table({"image": [{"bytes": None, "path": "a.png"}], "label": [1]})
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="embedded"):
        load(tmp_path / "a.parquet")


def test_cut_short(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"label": [1] * 1000}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(DatasetError, match="Parquet"):
        load(tmp_path / "a.parquet")


@pytest.mark.parametrize(("image", "label"), [("image", "labels"), ("img", "digit"), ("Image", "Label")])
def test_other_names_of_hugging_faces_columns(tmp_path: Path, pair: Pair, image: str, label: str) -> None:
    pictures = [{"bytes": png(one), "path": None} for one in pair[0]]
    table = pyarrow.table({image: pictures, label: pair[1], "source": ["x"] * 12})
    parquet.write_table(table, tmp_path / "train.parquet")
    dataset = load(tmp_path / "train.parquet")
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.labels, pair[1])
    assert "left out the columns source" in dataset.notes


def test_no_column_of_labels_is_said(tmp_path: Path, pair: Pair) -> None:
    pictures = [{"bytes": png(one), "path": None} for one in pair[0]]
    parquet.write_table(pyarrow.table({"image": pictures, "what": pair[1]}), tmp_path / "train.parquet")
    assert (
        "none of the columns image, what is called label: unlabelled"
        in load(tmp_path / "train.parquet").notes
    )
