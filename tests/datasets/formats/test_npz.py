"""NumPy archives: Keras's layout, and nothing that needs unpickling."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy
from numpy.typing import NDArray

from inkdigits.datasets import Dataset, Split, load
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


def only(dataset: Dataset) -> Split:
    assert dataset.train is not None
    return dataset.train


def test_a_validation_part_and_what_is_left_out(tmp_path: Path, pair: Pair) -> None:
    images, labels = make_pair(4, seed=2)
    np.savez(tmp_path / "a.npz", X_train=pair[0], Y_train=pair[1], x_val=images, y_val=labels, seeds=[1])
    dataset = load(tmp_path / "a.npz")
    assert dataset.validation is not None
    np.testing.assert_array_equal(dataset.validation.images, images)
    np.testing.assert_array_equal(only(dataset).labels, pair[1])
    assert "left out the arrays seeds" in dataset.notes


def test_images_labels_and_writers(tmp_path: Path, pair: Pair) -> None:
    np.savez(tmp_path / "a.npz", images=pair[0], labels=pair[1], writer=[f"w{n}" for n in range(12)])
    split = only(load(tmp_path / "a.npz"))
    assert split.writers is not None
    assert split.writers[-1] == "w11"


@pytest.mark.parametrize("axes", [(1, 2, 0), "nchw", "nhwc", "rgb", "onehot"])
def test_axes_and_channels(tmp_path: Path, pair: Pair, axes: tuple[int, ...] | str) -> None:
    images, labels = pair
    values: NDArray[np.uint8] = images
    y: NDArray[np.generic] = labels
    if isinstance(axes, tuple):
        values = images.transpose(axes)
    elif axes == "nchw":
        values = images[:, None]
    elif axes == "nhwc":
        values = images[..., None]
    elif axes == "rgb":
        values = np.repeat(images[..., None], 3, axis=3)
    else:
        y = np.eye(10)[labels]
    np.savez(tmp_path / "a.npz", x=values, y=y)
    split = only(load(tmp_path / "a.npz"))
    np.testing.assert_array_equal(split.images, images)
    np.testing.assert_array_equal(split.labels, labels)


def test_colours_become_luminance(tmp_path: Path, pair: Pair) -> None:
    red = np.zeros((12, 28, 28, 3), np.uint8)
    red[..., 0] = pair[0]
    np.savez(tmp_path / "a.npz", x=red, y=pair[1])
    split = only(load(tmp_path / "a.npz"))
    np.testing.assert_allclose(split.images, pair[0] * 0.299, atol=0.51)


def test_parts_of_two_scales_are_brought_to_one_and_it_is_said_which(tmp_path: Path, pair: Pair) -> None:
    images, labels = make_pair(4, seed=2)
    np.savez(
        tmp_path / "a.npz", x_train=pair[0], y_train=pair[1], x_test=images / 255 * 1.000001, y_test=labels
    )
    dataset = load(tmp_path / "a.npz")
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.test.images, images)
    assert dataset.notes == ("x_test: scaled pixels from 0..1 to 0..255",)


def test_counts_of_small_pictures_are_scaled(tmp_path: Path) -> None:
    images, labels = make_pair(6, seed=2, side=16)
    np.savez(tmp_path / "a.npz", x=images // 16, y=labels)
    dataset = load(tmp_path / "a.npz")
    assert only(dataset).images.max() > 200
    assert any("0..15" in note for note in dataset.notes)
