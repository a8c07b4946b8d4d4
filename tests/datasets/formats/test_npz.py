"""NumPy archives: Keras's layout, and nothing that needs unpickling."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from inkdigits.datasets import load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, make_pair


def test_keras_layout(tmp_path: Path, pair: Pair) -> None:
    images, labels = pair
    x_test, y_test = make_pair(4, seed=2)
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, x_train=images, y_train=labels.astype(np.uint8), x_test=x_test, y_test=y_test)
    dataset = load(path)
    assert dataset.train is not None
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.train.images, images)
    np.testing.assert_array_equal(dataset.test.labels, y_test)
    assert dataset.train.labels is not None
    assert dataset.train.labels.dtype == np.int64


def test_x_and_y_are_one_part(tmp_path: Path, pair: Pair) -> None:
    np.savez(tmp_path / "mine.npz", x=pair[0], y=pair[1])
    dataset = load(tmp_path / "mine.npz")
    assert dataset.train is not None
    assert dataset.test is None


def test_python_objects_are_never_unpickled(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=pair[0], y_train=np.array([{"a": 1}] * 12, dtype=object))
    with pytest.raises(DatasetError, match="Python objects in y_train"):
        load(path)


def test_other_names(tmp_path: Path, pair: Pair) -> None:
    np.savez(tmp_path / "mine.npz", pictures=pair[0])
    with pytest.raises(DatasetError, match=r"x_train.*found pictures"):
        load(tmp_path / "mine.npz")


def test_lengths_that_disagree(tmp_path: Path, pair: Pair) -> None:
    np.savez(tmp_path / "mine.npz", x=pair[0][:5], y=pair[1])
    with pytest.raises(DatasetError, match="5 pictures, found 12 labels"):
        load(tmp_path / "mine.npz")


def test_shape_that_the_content_does_not_have(tmp_path: Path) -> None:
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 28, 28)})
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue() + bytes(100))
    with pytest.raises(DatasetError, match=r"shape \(1000000000, 28, 28\)"):
        load(path)


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, x=np.zeros((2000, 28, 28), dtype=np.uint8), y=np.zeros(2000))
    monkeypatch.setattr("inkdigits.datasets.formats.content.refuse_larger.__defaults__", (1_000_000,))
    with pytest.raises(DatasetError, match="at most 1,000,000 bytes"):
        load(path)


def test_cut_short(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, x=pair[0], y=pair[1])
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DatasetError, match="cannot be read"):
        load(path)
