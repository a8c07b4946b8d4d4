"""Small made-up data for the tests of the readers."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pair = tuple[NDArray[np.uint8], NDArray[np.int64]]


def idx_bytes(array: NDArray[Any]) -> bytes:
    """An array as IDX, written here a second time so that the reader is not checked against itself."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def make_pair(n_pictures: int, seed: int, side: int = 28) -> Pair:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n_pictures, side, side), dtype=np.uint8)
    return images, np.arange(n_pictures, dtype=np.int64) % 10
