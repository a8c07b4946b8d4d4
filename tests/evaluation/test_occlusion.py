"""Occlusion against its definition, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, ImageError, ModelError
from inkdigits.evaluation.occlusion import occlude


class PixelReader:
    """Is as sure of 3 as one pixel is dark, and otherwise of 8; counts its calls."""

    def __init__(self, row: int, column: int, full: float = 1.0) -> None:
        self.row, self.column, self.full = row, column, full
        self.batches: list[NDArray[Any]] = []

    def __call__(self, images: NDArray[Any]) -> NDArray[np.floating]:
        self.batches.append(images)
        probabilities = np.zeros((len(images), 10))
        probabilities[:, 3] = images[:, self.row, self.column] / self.full
        probabilities[:, 8] = 1 - probabilities[:, 3]
        return probabilities


def slow_occlude(reader: PixelReader, ink: NDArray[np.floating], patch_px: int) -> NDArray[np.float64]:
    """The definition, pixel by pixel, with stride 1."""
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for top in range(28 - patch_px + 1):
        for left in range(28 - patch_px + 1):
            patch = (slice(top, top + patch_px), slice(left, left + patch_px))
            blanked = ink.copy()
            blanked[patch] = 0
            total[patch] += reader(ink[None])[0, 3] - reader(blanked[None])[0, 3]
            count[patch] += 1
    return total / count


def test_occlusion_follows_its_definition() -> None:
    ink = np.full((28, 28), 0.9)
    importance = occlude(PixelReader(10, 20), ink, patch_px=4)
    np.testing.assert_allclose(importance, slow_occlude(PixelReader(10, 20), ink, 4), atol=1e-12)
    assert importance[10, 20] == pytest.approx(0.9), "every patch on the pixel blanks it"
    assert importance[10, 24] == 0, "no patch holds both"


def test_occlusion_asks_once_and_keeps_the_type() -> None:
    ink = np.full((28, 28), 255, dtype=np.uint8)
    reader = PixelReader(0, 0, full=255)
    importance = occlude(reader, ink)
    (batch,) = reader.batches
    assert batch.shape == (577, 28, 28)
    assert batch.dtype == np.uint8
    np.testing.assert_array_equal(batch[0], ink)
    assert ((batch[1:] == 0).sum(axis=(1, 2)) == 25).all()
    assert importance[0, 0] == 1
    assert (ink == 255).all(), "the caller's picture is left alone"


def test_wider_strides_reach_the_edge() -> None:
    ink = np.ones((28, 28), dtype=np.float32)
    reader = PixelReader(27, 27)
    importance = occlude(reader, ink, patch_px=5, stride_px=5)
    assert len(reader.batches[0]) == 1 + 6 * 6, "five steps of 5 px, and the patch at the edge"
    assert importance[27, 27] == 1
    assert np.isfinite(importance).all()


def test_what_speaks_against_the_answer_is_negative() -> None:
    ink = np.full((28, 28), 0.2)
    assert occlude(PixelReader(5, 5), ink)[5, 5] == pytest.approx(-0.2), "the answer is 8"


def test_occlusion_refuses_what_it_cannot_do() -> None:
    ink, reader = np.ones((28, 28)), PixelReader(5, 5)
    with pytest.raises(ImageError, match=r"\(28, 28\).*found the shape \(1, 28, 28\)"):
        occlude(reader, ink[None])
    for patch_px in (0, 29):
        with pytest.raises(ConfigError, match=f"patch_px: expected 1 to 28, found {patch_px}"):
            occlude(reader, ink, patch_px=patch_px)
    for stride_px in (0, 6):
        with pytest.raises(ConfigError, match="stride_px: expected 1 to 5"):
            occlude(reader, ink, stride_px=stride_px)
    with pytest.raises(ModelError, match=r"expected probabilities of the shape \(577, 10\)"):
        occlude(lambda images: np.zeros((len(images), 3)), ink)
