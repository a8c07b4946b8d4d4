"""The bundled sample pictures: their names, their weight, and that the script still draws them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

import inkdigits.pictures.images
from inkdigits.pictures.images import read_image
from inkdigits.pictures.walking import find_images

FOLDER = Path(inkdigits.__file__).parent / "samples"
SCRIPT = Path(__file__).parents[1] / "tools" / "draw_samples.py"
PICTURES = list(find_images([FOLDER]))
WRITTEN = [path for path in PICTURES if path.name != "blank.png"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    if not SCRIPT.exists():
        pytest.skip("tools/draw_samples.py is part of the repository, not of the source distribution")
    spec = importlib.util.spec_from_file_location("draw_samples", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw_samples"] = module  # Dataclasses look their module up.
    spec.loader.exec_module(module)
    return module


def test_every_digit_is_there_and_one_page_is_blank() -> None:
    assert {path.name[0] for path in WRITTEN} == set("0123456789")
    assert (FOLDER / "blank.png").exists()
    assert all(path.stem[1] == "_" for path in WRITTEN)


def test_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 150_000
    for path in PICTURES:
        with Image.open(path) as image:
            assert 120 <= min(image.size) <= max(image.size) <= 600


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_ink_stands_out_on_the_page(path: Path) -> None:
    page = read_image(path).astype(int)
    away = np.abs(page - np.median(page))
    # The pencil is the palest of them, the thin line the least; neither may vanish in the paper.
    assert np.mean(away > 60) > 0.005


def test_the_blank_page_is_blank() -> None:
    assert np.ptp(read_image(FOLDER / "blank.png").astype(int)) < 10


def test_transparent_samples_lie_on_the_backdrop_that_shows_them() -> None:
    assert read_image(FOLDER / "6_transparent.png")[0, 0] == 255
    assert read_image(FOLDER / "4_white_transparent.png")[0, 0] == 0


def test_the_script_still_draws_them(script: ModuleType, tmp_path: Path) -> None:
    script.main(tmp_path)
    drawn = list(find_images([tmp_path]))
    assert [path.name for path in drawn] == [path.name for path in PICTURES]
    for new, kept in zip(drawn, PICTURES, strict=True):
        # Another version of OpenCV or libjpeg may round otherwise.
        difference = np.abs(read_image(new).astype(int) - read_image(kept))
        assert difference.mean() < 1.5, new.name
