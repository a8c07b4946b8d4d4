"""Which parts of a digit a model's answer depends on: blank one patch at a time, and measure the change.

A patch is blanked to paper. That finds the ink that matters; it cannot find the empty paper that matters,
such as the gap that tells a 4 from a 9. Where either of two strokes is enough, neither seems to matter, since
only one patch is blank at a time. A model is any function from images to probabilities.

Source:
    Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks", arXiv:1311.2901,
    section 4.2. There the patches are grey; here they are paper, which pictures of ink are made of.

Letters: P patches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, ImageError, ModelError
from inkdigits.ink import DIGITS, SIDE

__all__ = ["occlude"]


def occlude(
    classify: Callable[[NDArray[Any]], NDArray[np.floating]],
    ink: NDArray[Any],
    *,
    patch_px: int = 5,
    stride_px: int = 1,
) -> NDArray[np.float64]:
    """How much the probability of the model's answer falls where a patch is blanked to paper.

    All patches go through `classify` in one call: 577 images with the defaults, the untouched one first.

    Args:
        classify: maps images (N, 28, 28) to probabilities (N, 10), such as `Recognizer.classify`.
        ink: (28, 28), 0 paper, of the type and range that `classify` takes: uint8 to 255 for a Recognizer.
        patch_px: side of the square patch.
        stride_px: distance between patches; the last in a row always ends at the edge.

    Returns:
        (28, 28), the fall of the probability, averaged over the patches that cover the pixel: -1 to 1,
        negative where the answer becomes more confident without the patch.

    Raises:
        ImageError: the ink has another shape.
        ConfigError: the patch does not fit into the image, or the patches leave gaps.
        ModelError: `classify` does not return ten probabilities per image.
    """
    _check(ink, patch_px, stride_px)
    covered = _patches(patch_px, stride_px)  # (P, 28, 28)
    images = np.concatenate([ink[None], np.where(covered, ink.dtype.type(0), ink)])  # (1 + P, 28, 28)
    probabilities = np.asarray(classify(images), dtype=np.float64)  # (1 + P, 10)
    if probabilities.shape != (len(images), len(DIGITS)):
        raise ModelError(
            "classifier",
            expected=f"probabilities of the shape {(len(images), len(DIGITS))}",
            found=f"{probabilities.shape}",
            remedy="Return one row of ten probabilities per image.",
        )
    answer = int(probabilities[0].argmax())
    falls = probabilities[0, answer] - probabilities[1:, answer]  # (P,)
    importance: NDArray[np.float64] = np.tensordot(falls, covered, axes=1) / covered.sum(axis=0)
    return importance


def _check(ink: NDArray[Any], patch_px: int, stride_px: int) -> None:
    if ink.shape != (SIDE, SIDE):
        raise ImageError(
            "ink",
            expected=f"one image of the shape {(SIDE, SIDE)}",
            found=f"the shape {ink.shape}",
            remedy="Pass one image at a time, as in MNIST.",
        )
    if not 1 <= patch_px <= SIDE:
        raise ConfigError(
            "patch_px", expected=f"1 to {SIDE}", found=f"{patch_px}", remedy="Choose a side such as 5."
        )
    if not 1 <= stride_px <= patch_px:
        raise ConfigError(
            "stride_px",
            expected=f"1 to {patch_px}, as wider steps than the patch leave gaps",
            found=f"{stride_px}",
            remedy="Choose a smaller stride, or a larger patch.",
        )


def _patches(patch_px: int, stride_px: int) -> NDArray[np.bool_]:
    """The pixels of each patch, (P, 28, 28)."""
    last = SIDE - patch_px
    starts = np.unique([*range(0, last, stride_px), last])
    pixels = np.arange(SIDE)
    within = (pixels >= starts[:, None]) & (pixels < starts[:, None] + patch_px)  # (starts, 28)
    # Each pair of a span of rows and a span of columns is a patch.
    return (within[:, None, :, None] & within[None, :, None, :]).reshape(-1, SIDE, SIDE)
