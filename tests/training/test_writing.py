"""Writing: folds that share no writer, caps, and letters that are no lookalikes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets import Split
from inkdigits.recipes.recipe import WritingConfig
from inkdigits.recipes.sources import DataSource
from inkdigits.training.writing import LOOKALIKES, digits_of, fold_of, gather_written

WRITERS = [f"w{number}" for number in range(12)]
CONFIG = WritingConfig(pen_paths=("hands",), n_drawings=2, most_per_writer=4, n_folds=3)


def write_paths(path: Path, labels: list[str], writers: list[str], starts: str, name: str) -> None:
    """An L of its own for every item."""
    one = np.array([[0, 0], [0, 1], [0.7, 1]], np.float16)
    arrays: dict[str, Any] = {
        "points": np.concatenate([one] * len(labels)),
        "stroke_start": 3 * np.arange(len(labels) + 1),
        "writer": np.array(writers),
        starts: np.arange(len(labels) + 1),
        name: np.array(labels),
    }
    np.savez(path, **arrays)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve writers of five digits each, their letters, and a folder of pictures."""
    (tmp_path / "hands").mkdir()
    digits = [str(number % 10) for number in range(60)]
    write_paths(tmp_path / "hands" / "digits.npz", digits, WRITERS * 5, "digit_start", "labels")
    letters = [*LOOKALIKES, "a", "k", "w"]
    write_paths(
        tmp_path / "hands" / "letters_signs.npz", letters, ["w2"] * len(letters), "char_start", "char"
    )
    (tmp_path / "scans").mkdir()
    pictures = np.zeros((6, 40, 40), np.uint8)
    pictures[:, 8:32, 18:22] = 255
    np.savez(tmp_path / "scans" / "digits.npz", images=pictures, labels=np.arange(6))
    monkeypatch.setenv("INKDIGITS_DATA", str(tmp_path))
    return tmp_path


def digits() -> Split:
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return Split(images, np.arange(20) % 10)


def test_a_fold_depends_on_the_name_alone() -> None:
    assert [fold_of("anna", 6), fold_of("ben", 6)] == [fold_of("anna", 6), fold_of("ben", 6)]
    counts = np.bincount([fold_of(str(number), 6) for number in range(600)])
    assert counts.min() > 60


def test_the_folds_share_no_writer_and_no_writer_gives_more_than_the_cap() -> None:
    by_fold = [digits_of("hands", fold, CONFIG) for fold in range(3)]
    writers = [set(paths.writers[numbers]) for paths, numbers in by_fold]
    assert set().union(*writers) == set(WRITERS)
    assert sum(map(len, writers)) == len(WRITERS)
    assert sum(len(numbers) for _, numbers in by_fold) == 4 * len(WRITERS)
    written = gather_written(CONFIG, digits(), np.random.default_rng(0))
    assert written.validation is not None
    assert len(written.training) == 2 * len(by_fold[2][1])
    assert len(written.validation) == 2 * len(by_fold[1][1])  # with a plain pen, and with any


def test_lookalikes_are_neither_digits_nor_negatives() -> None:
    config = WritingConfig(letters=("hands",), n_scribbles=4, n_folds=10**6)
    written = gather_written(config, digits(), np.random.default_rng(0))
    assert len(written.not_digits) == 3 + 4
    assert len(written.training) == 0
    others = replace(config, kept_fold=fold_of("w2", 10**6))
    assert len(gather_written(others, digits(), np.random.default_rng(0)).not_digits) == 4, (
        "kept letters train"
    )


def test_pictures_count_as_often_as_they_are_named() -> None:
    config = WritingConfig(pictures=(DataSource("scans", 2),), n_rare_shapes=5, n_damaged=7)
    written = gather_written(config, digits(), np.random.default_rng(0))
    assert written.validation is None
    assert written.training.labels is not None
    assert 12 + 5 < len(written.training) <= 12 + 5 + 7
    assert written.training.images.any(axis=(1, 2)).all()
    again = gather_written(config, digits(), np.random.default_rng(0))
    np.testing.assert_array_equal(written.training.images, again.training.images)
