"""The made-up data as fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from tests.datasets.made_up import Pair, idx_bytes, make_pair


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
