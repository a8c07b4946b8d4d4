"""The ink contract: the form that MNIST's makers gave their pictures, and every part of the package shares.

One digit is 28x28 pixels, its ink fitted into a box of 20x20 and centred by mass. It is kept as bytes, uint8,
0 paper to 255 ink, and models take the same as float32 from 0 to 1. Source: LeCun, Cortes and Burges,
http://yann.lecun.com/exdb/mnist/.

Letters: N, number of images; H, W size of a page.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOX_SIDE", "DIGITS", "SIDE", "Grey", "Mask", "Plane", "to_bytes", "to_ink"]

SIDE = 28
"""Pixels across and down one image."""

BOX_SIDE = 20
"""Pixels of the longer side of the digit in it."""

DIGITS: tuple[str, ...] = tuple("0123456789")
"""The classes that a model distinguishes unless its file names others."""

Grey = NDArray[np.uint8]
"""(H, W) grey levels, 0 black to 255 white."""

Plane = NDArray[np.float32]
"""(H, W) ink, 0 paper to 1 ink."""

Mask = NDArray[np.bool_]
"""(H, W) true where something is."""


def to_ink(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes as in MNIST, 0 paper to 255 ink, of any shape -> ink, 0 to 1, which is what models take."""
    return np.divide(images, 255, dtype=np.float32)


def to_bytes(ink: NDArray[Any]) -> NDArray[np.uint8]:
    """Ink of any shape, 0 paper to 1 ink -> bytes as in MNIST, 0 to 255."""
    images: NDArray[np.uint8] = np.rint(ink * 255).astype(np.uint8)
    return images
