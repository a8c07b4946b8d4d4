"""Small pictures of digits, written into folders, for the tests of bulk runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
from sklearn.datasets import load_digits

__all__ = ["write_pictures"]


def write_pictures(folder: Path, n: int) -> list[Path]:
    """Write `n` different digits as 1.png, 2.png and on; returns their paths in natural order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.png" for number in range(1, n + 1)]
    for path, ink in zip(paths, load_digits().images, strict=False):
        page = np.pad(255 - (ink * 15).astype(np.uint8), 4, constant_values=255)
        PIL.Image.fromarray(page).resize((48, 48), PIL.Image.Resampling.BICUBIC).save(path)
    return paths
