"""IDX: pairs found by name, and every way in which such a file can be broken."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.errors import DatasetError
from tests.datasets.made_up import Pair, idx_bytes, make_pair

WritePair = Callable[..., None]


@pytest.mark.parametrize("given", ["images-idx3", "labels-idx1"])
@pytest.mark.parametrize("pack", [False, True])
def test_either_file_of_a_pair_brings_both(tmp_path: Path, pair: Pair, given: str, pack: bool) -> None:
    images, labels = pair
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        content = idx_bytes(array)
        name = f"train-{name}-ubyte" + (".gz" if pack else "")
        (tmp_path / name).write_bytes(gzip.compress(content) if pack else content)
    dataset = load(tmp_path / (f"train-{given}-ubyte" + (".gz" if pack else "")))
    assert dataset.test is None
    assert dataset.train is not None
    np.testing.assert_array_equal(dataset.train.images, images)
    np.testing.assert_array_equal(dataset.train.labels, labels)
    assert dataset.train.images.flags.writeable


def test_folder_with_two_pairs(tmp_path: Path, pair: Pair, write_pair: WritePair) -> None:
    other = make_pair(3, seed=2)
    write_pair(tmp_path, "train", *pair)
    write_pair(tmp_path, "t10k", *other)
    dataset = load(tmp_path)
    assert dataset.train is not None
    assert dataset.test is not None
    assert len(dataset.train) == 12
    np.testing.assert_array_equal(dataset.test.images, other[0])


def test_plain_and_gz_of_the_same_file_count_once(tmp_path: Path, pair: Pair, write_pair: WritePair) -> None:
    write_pair(tmp_path, "train", *pair)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(pair[0])))
    dataset = load(tmp_path)
    assert dataset.train is not None
    assert len(dataset.train) == 12


def test_images_without_labels_are_unlabelled(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(pair[0]))
    dataset = load(tmp_path / "t10k-images-idx3-ubyte")
    assert dataset.test is not None
    assert dataset.test.labels is None
    assert "unlabelled" in " ".join(dataset.notes)


def test_labels_without_images_are_refused(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(pair[1]))
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte"):
        load(tmp_path / "train-labels-idx1-ubyte")


@pytest.mark.parametrize("n_bytes", [0, 3, 10, 16, 1000])
def test_truncated(tmp_path: Path, pair: Pair, n_bytes: int) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx_bytes(pair[0])[:n_bytes])
    with pytest.raises(DatasetError, match="train-images") as caught:
        load(path)
    assert caught.value.remedy


def test_longer_than_the_header_states(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx_bytes(pair[0]) + b"x")
    with pytest.raises(DatasetError, match=r"9,424 bytes, as its header states, found more"):
        load(path)


@pytest.mark.parametrize(
    "magic", [b"\x00\x00\x0d\x03", b"\x01\x00\x08\x03", b"\x00\x00\x08\x02", b"\x03\x08\0\0"]
)
def test_wrong_magic(tmp_path: Path, pair: Pair, magic: bytes) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(magic + idx_bytes(pair[0])[4:])
    with pytest.raises(DatasetError, match="magic number"):
        load(path)


def test_more_labels_than_images(tmp_path: Path, pair: Pair, write_pair: WritePair) -> None:
    images, labels = pair
    write_pair(tmp_path, "train", images[:10], labels)
    with pytest.raises(DatasetError, match=r"expected 10 labels.*found 12"):
        load(tmp_path)


def test_labels_outside_0_to_9(tmp_path: Path, pair: Pair, write_pair: WritePair) -> None:
    images, labels = pair
    write_pair(tmp_path, "train", images, np.where(labels == 7, 26, labels))
    with pytest.raises(DatasetError, match="0 to 9, found 26 for picture 8"):
        load(tmp_path)


def test_images_under_the_name_of_labels(tmp_path: Path, pair: Pair, write_pair: WritePair) -> None:
    images, _ = pair
    write_pair(tmp_path, "train", images, images)
    with pytest.raises(DatasetError, match="expected labels"):
        load(tmp_path / "train-images-idx3-ubyte")


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:50] + b"??????" + raw[56:]]
)
def test_corrupt_gzip(tmp_path: Path, pair: Pair, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(gzip.compress(idx_bytes(pair[0]))))
    with pytest.raises(DatasetError, match="cut short or damaged"):
        load(path)


def test_gzip_bomb_is_not_unpacked(tmp_path: Path, pair: Pair) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx_bytes(pair[0]) + bytes(200 << 20), compresslevel=1))
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="found more"):
            load(path)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20 << 20


def test_header_that_states_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(b"\0\0\x08\x03" + b"\xff" * 12)
    with pytest.raises(DatasetError, match="at most"):
        load(path)


def test_other_square_sizes_are_fitted(tmp_path: Path) -> None:
    images, labels = make_pair(5, seed=3, side=16)
    (tmp_path / "usps-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (tmp_path / "usps-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    dataset = load(tmp_path)
    assert dataset.train is not None
    assert dataset.train.images.shape == (5, 28, 28)
    assert "16x16" in " ".join(dataset.notes)


def test_qmnist_brings_digits_and_writers(tmp_path: Path, pair: Pair) -> None:
    images, labels = pair
    rows = np.zeros((12, 8), np.int64)
    rows[:, 0], rows[:, 2] = labels, 2000 + np.arange(12)
    header = b"\0\0\x0c\x02" + (12).to_bytes(4, "big") + (8).to_bytes(4, "big")
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(header + rows.astype(">i4").tobytes())
    for place in (tmp_path, *tmp_path.iterdir()):
        split = load(place).train
        assert split is not None
        np.testing.assert_array_equal(split.labels, labels)
        assert split.writers is not None
        assert split.writers[3] == "2003"
