"""Folders of pictures: by class, by part, in a heap; blank and broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkdigits.datasets import load
from inkdigits.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name says nothing: that of `tmp_path` begins with "test"."""
    return tmp_path / "digits"


def draw(path: Path, *, shift: int = 0, blank: bool = False) -> None:
    """A stroke on a white page, or a white page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = Image.new("L", (60, 80), 255)
    if not blank:
        ImageDraw.Draw(page).line((20 + shift, 15, 30, 65), fill=0, width=6)
    page.save(path)


def test_folders_by_class(folder: Path) -> None:
    for digit in (0, 3, 9):
        draw(folder / str(digit) / "a.png", shift=digit)
        draw(folder / str(digit) / "b.jpg", shift=digit + 5)
    (folder / "3" / ".DS_Store").write_bytes(b"?")
    (folder / "README.txt").write_text("pictures", encoding="utf-8")
    dataset = load(folder)
    assert dataset.test is None
    assert dataset.train is not None
    assert dataset.train.labels is not None
    assert dataset.train.labels.tolist() == [0, 0, 3, 3, 9, 9]
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.images[:, 0, 0].max() == 0  # the corner is paper
    assert dataset.train.images.max() > 200  # and the stroke is ink


def test_parts_of_folders_by_class(folder: Path) -> None:
    draw(folder / "train" / "1" / "a.png")
    draw(folder / "train" / "2" / "a.png", shift=9)
    draw(folder / "test" / "2" / "a.png", shift=4)
    dataset = load(folder)
    assert dataset.train is not None
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (2, 1)


def test_heap_is_unlabelled(folder: Path) -> None:
    for number in range(3):
        draw(folder / f"{number}.png", shift=number)
    dataset = load(folder)
    assert dataset.train is not None
    assert dataset.train.labels is None
    assert any("unlabelled" in note for note in dataset.notes)


def test_blank_pictures_are_skipped_with_a_note(folder: Path) -> None:
    draw(folder / "4" / "a.png")
    draw(folder / "4" / "b.png", blank=True)
    dataset = load(folder)
    assert dataset.train is not None
    assert len(dataset.train) == 1
    assert "skipped 1 blank pictures" in dataset.notes


def test_only_blank_pictures(folder: Path) -> None:
    draw(folder / "4" / "a.png", blank=True)
    with pytest.raises(DatasetError, match="all blank"):
        load(folder)


def test_broken_picture_is_named(folder: Path) -> None:
    draw(folder / "4" / "a.png")
    (folder / "4" / "b.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(DatasetError, match=r"b\.png"):
        load(folder)


def test_folders_named_by_words(folder: Path) -> None:
    draw(folder / "zero" / "a.png")
    with pytest.raises(DatasetError, match="only the folders zero"):
        load(folder)


def test_two_folders_for_the_same_part(folder: Path) -> None:
    draw(folder / "test" / "1" / "a.png")
    draw(folder / "t10k" / "1" / "a.png")
    with pytest.raises(DatasetError, match="one test part, found t10k and test"):
        load(folder)


def test_same_pictures_in_both_parts(folder: Path) -> None:
    draw(folder / "train" / "1" / "a.png")
    draw(folder / "test" / "1" / "b.png")
    with pytest.raises(DatasetError, match="the same pictures in both"):
        load(folder)
