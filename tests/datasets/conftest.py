"""Small made-up data for the tests of the readers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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


@pytest.fixture
def pair() -> Pair:
    """Twelve pictures of noise and their labels."""
    return make_pair(12, seed=1)


@pytest.fixture
def write_pair() -> Callable[..., None]:
    """Writes a pair of IDX files into a folder: `write_pair(folder, "train", images, labels)`."""

    def write(folder: Path, part: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))

    return write
