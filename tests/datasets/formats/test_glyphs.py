"""Archives of pictures: what they show, and the archives that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.formats.glyphs import read_glyphs
from inkdigits.errors import DatasetError

IMAGES = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)


def test_digits_by_writers(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "digits.npz", images=IMAGES, labels=[7, 1, 4], writer=["a", "b", "a"], note=["", "", ""]
    )
    glyphs = read_glyphs(tmp_path / "digits.npz")
    assert len(glyphs) == 3
    assert glyphs.labels.tolist() == ["7", "1", "4"]
    assert glyphs.writers.tolist() == ["a", "b", "a"]
    np.testing.assert_array_equal(glyphs.images, IMAGES)


def test_copies_of_another_font_are_left_out(tmp_path: Path) -> None:
    is_copy = np.array([False, True, False])
    np.savez(tmp_path / "glyphs.npz", images=IMAGES, char=["7", "7", "x"], digit_set_copy=is_copy)
    glyphs = read_glyphs(tmp_path / "glyphs.npz")
    assert glyphs.labels.tolist() == ["7", "x"]
    assert glyphs.writers.tolist() == ["", ""]
    assert glyphs.images[:, 0, 0].tolist() == [0, 2]


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": IMAGES},
        {"images": IMAGES / 2, "labels": [7, 1, 4]},
        {"images": IMAGES, "labels": [7, 1]},
        {"images": IMAGES, "labels": np.array([7, None, 4], object)},
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "digits.npz", **arrays)
    with pytest.raises(DatasetError, match="an archive of pictures"):
        read_glyphs(tmp_path / "digits.npz")
