"""Numbers to pictures: which ranges are meant, and MNIST's geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inkdigits.datasets.formats.pixels import to_images, to_labels, to_split
from inkdigits.errors import DatasetError

SOURCE = Path("digits.csv")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_whole_values_up_to_255_stay(dtype: Any) -> None:
    values = np.arange(784).reshape(1, 784) % 256
    images, notes = to_images(SOURCE, values.astype(dtype))
    np.testing.assert_array_equal(images.reshape(1, 784), values)
    assert notes == ()


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_fractions(scale: float) -> None:
    fractions = np.linspace(0, 1, 784).reshape(1, 28, 28)
    images, notes = to_images(SOURCE, fractions * scale)
    np.testing.assert_array_equal(images, np.rint(fractions * 255))
    assert len(notes) == 1


def test_black_and_white(tmp_path: Path) -> None:
    values = np.eye(28, dtype=bool)[None]
    images, notes = to_images(SOURCE, values)
    np.testing.assert_array_equal(images, values * np.uint8(255))
    assert notes == ("scaled pixels from 0..1 to 0..255",)


def test_dark_pictures_of_28x28_are_not_taken_for_16_levels() -> None:
    values = np.full((1, 784), 16)
    images, _ = to_images(SOURCE, values)
    assert images.max() == 16


def test_fractions_of_an_unknown_range_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"neither 0\.\.1 nor 0\.\.255"):
        to_images(SOURCE, np.full((1, 784), 2.5))


@pytest.mark.parametrize("shape", [(3, 28, 27), (3, 785), (3, 28, 28, 2), (784,), (3, 49)])
def test_shapes_that_are_no_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match="784 pixels"):
        to_images(SOURCE, np.zeros(shape))


@given(top=st.integers(0, 5), left=st.integers(0, 5), side=st.sampled_from([8, 16, 20]))
def test_small_pictures_are_centred_by_mass(top: int, left: int, side: int) -> None:
    image = np.zeros((1, side, side), dtype=np.uint8)
    image[0, top : top + 3, left : left + 3] = 255
    fitted, _ = to_images(SOURCE, image)
    assert fitted.shape == (1, 28, 28)
    # As far as the frame of 8 free pixels allows; the makers of MNIST moved the ink in the same way.
    centre = _centre_of_mass(fitted[0])
    box = 20 / side
    for place, start in zip(centre, (top, left), strict=True):
        wanted = np.clip(13.5 - (start + 1.5) * box + 0.5, 0, 8) + (start + 1.5) * box - 0.5
        assert place == pytest.approx(wanted, abs=0.8)


def _centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    mass = float(image.sum())
    positions = np.arange(28)
    return float(image.sum(axis=1) @ positions) / mass, float(image.sum(axis=0) @ positions) / mass


def test_large_pictures_are_shrunk_whole() -> None:
    image = np.zeros((1, 56, 56), dtype=np.uint8)
    image[0, 10:20, 30:40] = 255
    fitted, notes = to_images(SOURCE, image)
    np.testing.assert_array_equal(np.argwhere(fitted[0] == 255)[[0, -1]], [[5, 15], [9, 19]])
    assert "shrank 56x56" in notes[0]


@pytest.mark.parametrize(
    "values", [[1, 2, 9], [1.0, 2.0, 9.0], ["1", "2", "9"], [b"1", b"2", b"9"], [[1], [2], [9]]]
)
def test_labels(values: list[Any]) -> None:
    labels = to_labels(SOURCE, np.array(values))
    assert labels.dtype == np.int64
    assert labels.tolist() == [1, 2, 9]


def test_labels_of_several_columns_say_what_to_do() -> None:
    with pytest.raises(DatasetError, match="argmax"):
        to_labels(SOURCE, np.eye(10))


def test_full_ink_that_the_caller_knows_is_not_told_from_the_pictures() -> None:
    faint = np.full((1, 784), 0.5)
    images, notes = to_images("X", faint, full_ink=16)
    assert set(np.unique(images)) == {8}
    assert notes == ()


def test_a_side_that_was_promised_is_the_only_one_accepted() -> None:
    with pytest.raises(DatasetError, match=r"expected 784 pixels .28x28. a picture, found 8x8"):
        to_split(Path("mnist.csv"), np.zeros((1, 64)), None)
    assert to_images("mnist.csv", np.ones((1, 64)))[0].shape == (1, 28, 28)
