"""What is refused, whatever its name says, and how it is said."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import NAMES, load
from inkdigits.errors import DatasetError, InkdigitsError
from tests.datasets.made_up import Pair, idx_bytes


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("train.csv", b"", "an empty file"),
        ("train.csv.gz", gzip.compress(b""), "an empty file"),
        ("train-images-idx3-ubyte", b"\n<!DOCTYPE html>\n<html>", "a web page"),
        ("libsvm.txt", b"<html><body>404</body>", "a web page"),
        ("usps.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
        ("train.npy", npy(), "a single NumPy array"),
        ("digits.mat", b"MATLAB 5.0 MAT-file" + bytes(100), "a MATLAB file"),
        ("seven.png", b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        ("notes.txt", b"these are notes", "something else"),
        ("noise.bin", b"\x17\x00\x99" * 50, "something else"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: bytes, found: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=found) as caught:
        load(tmp_path / name)
    assert caught.value.subject == str(tmp_path / name)
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("pack", [False, True])
def test_pickles_are_never_opened(tmp_path: Path, protocol: int, pack: bool) -> None:
    content = pickle.dumps(Trap(tmp_path / "sprung"), protocol)
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(content) if pack else content)
    with pytest.raises(DatasetError, match="pickle"):
        load(path)
    assert not (tmp_path / "sprung").exists()


def test_torch_files_are_pickles_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "training.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("archive/version", b"3")
    with pytest.raises(DatasetError, match="pickle"):
        load(tmp_path / "training.pt")


def test_zip_of_many_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "kaggle.zip", "w") as archive:
        archive.writestr("train.csv", "1,2")
        archive.writestr("test.csv", "1,2")
    with pytest.raises(DatasetError, match="2 files in it"):
        load(tmp_path / "kaggle.zip")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        load(tmp_path)


def test_folder_with_several_candidates(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text("1,2", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"a\.csv, b\.csv, c\.csv"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("typed", "meant"), [("minst", "mnist"), ("MNIST", "mnist"), ("fashion", "fashion-mnist")]
)
def test_unknown_name_suggests_a_known_one(typed: str, meant: str) -> None:
    with pytest.raises(DatasetError, match=f"Did you mean {meant}") as caught:
        load(typed, environ={})
    assert all(name in caught.value.expected for name in NAMES)


def test_a_file_nearby_is_suggested_before_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "my_digits.csv").write_text("1,2", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"Did you mean my_digits\.csv\?"):
        load(tmp_path / "my-digits.csv", environ={})
    with pytest.raises(DatasetError, match="Check the spelling") as caught:
        load(tmp_path / "digits-of-mine.csv", environ={})
    assert "Did you mean" not in caught.value.remedy, "no known name ends in .csv"


def test_missing_file_lists_the_names(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="mnist, fashion-mnist, kmnist, uci"):
        load(tmp_path / "absent.qqq")


def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.csv").write_text("1,2", encoding="utf-8")
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InkdigitsError, match=r"inkdigits\[train\]"):
        load(tmp_path / "train.csv")


def test_content_decides_not_the_suffix(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "train.csv").write_bytes(gzip.compress(idx_bytes(pair[0])))
    dataset = load(tmp_path / "train.csv")
    assert dataset.train is not None
    assert len(dataset.train) == 12
