"""How pictures lie that come as numbers: on dark paper and upright, or mended with a note, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.datasets.formats.layout import check_layout
from inkdigits.errors import DatasetError

SOURCE = Path("digits.npz")
LABELS = np.arange(40) % 10


def strokes(n: int = 40) -> NDArray[np.uint8]:
    """(N, 28, 28): an upright stroke whose row says which digit it stands for."""
    images = np.zeros((n, 28, 28), np.uint8)
    for number in range(n):
        images[number, 4 + 2 * (number % 10), 10:14] = 255
    return images


def witness(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Reads such pictures by the row of their ink, and nothing that lies on its side."""
    rows: NDArray[np.int64] = images.sum(axis=2).argmax(axis=1)
    return (rows - 4) // 2


def test_pictures_as_mnist_has_them_are_left_alone() -> None:
    images, notes = check_layout(SOURCE, strokes(), LABELS, witness)
    np.testing.assert_array_equal(images, strokes())
    assert notes == ()


def test_light_paper_is_turned_over() -> None:
    images, notes = check_layout(SOURCE, 255 - strokes(), LABELS, witness)
    np.testing.assert_array_equal(images, strokes())
    assert "paper was 255" in notes[0]


def test_grey_paper_is_refused() -> None:
    with pytest.raises(DatasetError, match="whose paper is 0, or 255, found paper of 128"):
        check_layout(SOURCE, np.maximum(strokes(), 128), LABELS, witness)


def test_noise_has_no_paper_and_is_nobodys_business() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    images, notes = check_layout(SOURCE, noise, LABELS, witness)
    np.testing.assert_array_equal(images, noise)
    assert notes == ()


def test_pictures_on_their_side_are_turned_upright_where_the_witness_agrees() -> None:
    lying = strokes().transpose(0, 2, 1)
    images, notes = check_layout(SOURCE, lying, LABELS, witness)
    np.testing.assert_array_equal(images, strokes())
    assert "exchanged rows and columns" in notes[0]


def test_handwriting_that_the_witness_reads_badly_is_turned_where_it_reads_nothing_else() -> None:
    def half_blind(images: NDArray[np.uint8]) -> NDArray[np.int64]:
        read = witness(images)
        return np.where(read % 5 < 3, read, -1)  # six digits of ten

    lying = np.ascontiguousarray(strokes().transpose(0, 2, 1))
    images, _ = check_layout(SOURCE, lying, LABELS, half_blind)
    np.testing.assert_array_equal(images, strokes())
    images, notes = check_layout(SOURCE, strokes(), LABELS, half_blind)
    np.testing.assert_array_equal(images, strokes())
    assert notes == ()


def test_without_labels_or_with_others_nothing_is_turned() -> None:
    lying = np.ascontiguousarray(strokes().transpose(0, 2, 1))
    for labels in (None, np.roll(LABELS, 3)):
        images, _ = check_layout(SOURCE, lying, labels, witness)
        np.testing.assert_array_equal(images, lying)
    _, notes = check_layout(Path("emnist-digits-images-idx3-ubyte"), lying, None, witness)
    assert "without labels" in notes[0]


def test_a_witness_that_reads_nothing_changes_nothing() -> None:
    images, notes = check_layout(SOURCE, strokes(), LABELS, lambda images: np.full(len(images), -1))
    np.testing.assert_array_equal(images, strokes())
    assert notes == ()


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Real ones, of scikit-learn."""
    train = load("uci").train
    assert train is not None
    assert train.labels is not None
    return train.images[:200], train.labels[:200]


def test_the_bundled_model_is_the_witness(
    tmp_path: Path, digits: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> None:
    images, labels = digits
    np.savez(tmp_path / "lying.npz", x=images.transpose(0, 2, 1), y=labels)
    lying = load(tmp_path / "lying.npz")
    assert lying.train is not None
    np.testing.assert_array_equal(lying.train.images, images)
    assert any("exchanged rows and columns" in note for note in lying.notes)
    np.savez(tmp_path / "white.npz", x=1 - images / 255.0, y=labels)
    white = load(tmp_path / "white.npz")
    assert white.train is not None
    np.testing.assert_array_equal(white.train.images, images)


@pytest.mark.parametrize("side", [8, 16, 40])
def test_light_paper_is_found_before_small_pictures_are_laid_into_28x28(tmp_path: Path, side: int) -> None:
    dark = np.zeros((30, side, side), np.uint8)
    dark[:, 2:-2, side // 2] = 255
    for name, values in (("dark", dark), ("light", 255 - dark)):
        np.savez(tmp_path / f"{name}.npz", x=values)
    dark_ones, light_ones = (load(tmp_path / f"{name}.npz").train for name in ("dark", "light"))
    assert dark_ones is not None
    assert light_ones is not None
    np.testing.assert_array_equal(light_ones.images, dark_ones.images)
