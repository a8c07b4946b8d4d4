"""Pen paths: what an archive says, and the archives that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.formats.pen_paths import read_pen_paths
from inkdigits.errors import DatasetError

# A seven of one stroke and a four of two.
ARRAYS: dict[str, Any] = {
    "points": np.array(
        [[0, 0], [0.5, 0], [0, 1], [0, 0], [0, 0.5], [0.8, 0.5], [0.5, 0], [0.5, 1]], np.float16
    ),
    "stroke_start": np.array([0, 3, 6, 8], np.int32),
    "digit_start": np.array([0, 1, 3], np.int32),
    "labels": np.array([7, 4], np.uint8),
    "writer": np.array([12, 30], np.int16),
    "country": np.array(["US", "?"]),
    "doubtful": np.array([0, 1], np.uint8),
}


def write(path: Path, **changes: Any) -> Path:
    np.savez(path, **{name: array for name, array in (ARRAYS | changes).items() if array is not None})
    return path


def test_strokes_and_what_is_known_of_them(tmp_path: Path) -> None:
    paths = read_pen_paths(write(tmp_path / "digits.npz"))
    assert len(paths) == 2
    assert [len(stroke) for stroke in paths.strokes(0)] == [3]
    assert [len(stroke) for stroke in paths.strokes(1)] == [3, 2]
    np.testing.assert_array_equal(paths.strokes(1)[1], [[0.5, 0], [0.5, 1]])
    assert paths.labels.tolist() == ["7", "4"]
    assert paths.writers.tolist() == ["12", "30"]
    assert paths.countries.tolist() == ["US", "?"]
    assert paths.doubtful.tolist() == [False, True]


def test_characters_without_writers(tmp_path: Path) -> None:
    renamed = {
        "digit_start": None,
        "char_start": ARRAYS["digit_start"],
        "labels": None,
        "char": np.array(["J", "t"]),
    }
    unknown = dict.fromkeys(("writer", "country", "doubtful"))
    paths = read_pen_paths(write(tmp_path / "letters.npz", **renamed, **unknown))
    assert paths.labels.tolist() == ["J", "t"]
    assert paths.writers.tolist() == paths.countries.tolist() == ["", ""]
    assert not paths.doubtful.any()


@pytest.mark.parametrize(
    "changes",
    [
        {"points": None},
        {"points": np.zeros((8, 3))},
        {"points": np.full((8, 2), np.nan)},
        {"stroke_start": np.array([0, 3, 2, 8])},
        {"stroke_start": np.array([0, 3, 6, 9])},
        {"digit_start": np.array([1, 2, 3])},
        {"labels": np.array([7, 4, 4])},
        {"string_start": np.array([0, 1, 3])},
        {"labels": np.array([None, None], object)},
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="pen paths"):
        read_pen_paths(write(tmp_path / "digits.npz", **changes))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "digits.npz").write_bytes(b"<!doctype html>")
    with pytest.raises(DatasetError, match="pen paths"):
        read_pen_paths(tmp_path / "digits.npz")
