"""Modes, transparency and colour: what becomes of them on the grey page."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkdigits.pictures.grey import grey_page, scale_to_bytes

SIZE = (60, 40)
BOX = (20, 10, 39, 29)  # where the drawn ink is; (30, 20) is inside, (5, 5) outside


Colour = int | tuple[int, ...]


def drawn(mode: str, paper: Colour, ink: Colour) -> Image.Image:
    image = Image.new(mode, SIZE, paper)
    ImageDraw.Draw(image).rectangle(BOX, fill=ink)
    return image


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]
)
def test_every_mode_keeps_black_ink_on_white(mode: str) -> None:
    grey = drawn("L", 255, 0)
    image = grey.convert("RGB").convert(mode) if mode in ("LAB", "HSV") else grey.convert(mode)
    page = grey_page(image)
    assert page.dtype == np.uint8
    np.testing.assert_array_equal(page, np.asarray(grey))


@pytest.mark.parametrize("mode", ["La", "RGBa"])
def test_premultiplied_modes(mode: str) -> None:
    grey = drawn("L", 255, 0)
    image = grey.convert("LA" if mode == "La" else "RGBA").convert(mode)
    np.testing.assert_array_equal(grey_page(image), np.asarray(grey))


@pytest.mark.parametrize(
    ("mode", "paper", "ink"),
    [
        ("I;16", 65535, 25700),
        ("I;16B", 65535, 25700),
        ("I;16", 4095, 1606),
        ("I", 65535, 25700),
        ("I", 255, 100),
        ("F", 1.0, 100 / 255),
        ("F", 255.0, 100.0),
        ("I", 2_000_000_000, -1),
    ],
)
def test_deep_pixels_are_scaled_not_clipped(mode: str, paper: float, ink: float) -> None:
    values = np.full((40, 60), paper)
    values[10:30, 20:40] = ink
    types = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4", "F": "<f4"}
    image = Image.frombytes(mode, SIZE, values.astype(types[mode]).tobytes())
    page = grey_page(image)
    assert page[5, 5] == 255
    assert page[20, 30] == (0 if ink < 0 else 100)


def test_sixteen_bits_round_trip_every_grey() -> None:
    greys = np.arange(256, dtype=np.uint16).reshape(16, 16)
    np.testing.assert_array_equal(scale_to_bytes(greys * 257), greys)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        scale_to_bytes(np.array([[0.0, np.nan]]))


def test_a_constant_negative_picture_is_one_shade() -> None:
    assert np.unique(scale_to_bytes(np.full((3, 3), -7))).size == 1


def test_grey_pictures_are_exactly_luminance() -> None:
    rng = np.random.default_rng(0)
    shades = rng.integers(0, 256, (50, 70, 1), dtype=np.int16)
    tinted = np.clip(shades + rng.integers(-8, 9, (50, 70, 3)), 0, 255).astype(np.uint8)
    image = Image.fromarray(tinted)
    np.testing.assert_array_equal(grey_page(image), np.asarray(image.convert("L")))
    neutral = Image.fromarray(np.repeat(shades.astype(np.uint8), 3, axis=2))
    np.testing.assert_array_equal(grey_page(neutral), shades[:, :, 0])


@pytest.mark.parametrize("ink", [(20, 40, 160), (200, 30, 30), (20, 120, 40), (90, 90, 95)])
def test_coloured_ink_on_white_stays_luminance(ink: tuple[int, int, int]) -> None:
    image = drawn("RGB", (250, 250, 245), ink)
    np.testing.assert_array_equal(grey_page(image), np.asarray(image.convert("L")))


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((60, 150, 60), (230, 63, 60)),  # red on green of the same luminance
        ((230, 63, 60), (60, 150, 60)),
        ((255, 255, 255), (255, 255, 60)),  # yellow on white
        ((0, 0, 60), (0, 0, 200)),  # blue on midnight blue
    ],
)
def test_ink_that_luminance_hides_is_found_in_a_channel(
    paper: tuple[int, int, int], ink: tuple[int, int, int]
) -> None:
    page = grey_page(drawn("RGB", paper, ink)).astype(int)
    assert abs(page[20, 30] - page[5, 5]) >= 80


def test_noise_on_a_blank_page_changes_no_choice() -> None:
    rng = np.random.default_rng(1)
    noisy = np.clip(240 + rng.normal(0, 5, (200, 200, 3)), 0, 255).astype(np.uint8)
    image = Image.fromarray(noisy)
    np.testing.assert_array_equal(grey_page(image), np.asarray(image.convert("L")))


@pytest.mark.parametrize(
    ("ink", "backdrop"),
    [
        ((0, 0, 0, 255), 255),
        ((30, 60, 180, 255), 255),
        ((255, 255, 255, 255), 0),
        ((230, 230, 200, 255), 0),
        ((255, 255, 255, 120), 0),  # faint all over
    ],
)
def test_transparency_is_laid_where_the_ink_shows(ink: tuple[int, int, int, int], backdrop: int) -> None:
    page = grey_page(drawn("RGBA", (0, 0, 0, 0), ink)).astype(int)
    assert page[5, 5] == backdrop
    assert abs(page[20, 30] - page[5, 5]) >= 80


def test_hidden_colour_under_full_transparency_is_ignored() -> None:
    page = grey_page(drawn("RGBA", (0, 0, 0, 0), (255, 0, 0, 0)))
    assert page.min() == 255


def test_paper_with_transparent_corners_is_not_taken_for_ink() -> None:
    image = drawn("RGBA", (250, 250, 250, 255), (20, 20, 20, 255))
    image.paste((0, 0, 0, 0), (0, 0, 12, 8))
    assert grey_page(image)[2, 2] == 255
    board = drawn("RGBA", (30, 50, 40, 255), (240, 240, 240, 255))
    board.paste((0, 0, 0, 0), (0, 0, 12, 8))
    assert grey_page(board)[2, 2] == 0


def test_a_note_cut_out_of_its_page_is_laid_on_white() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    image.paste((250, 250, 250, 255), (20, 20, 80, 80))
    image.paste((20, 20, 20, 255), (48, 30, 52, 70))
    assert grey_page(image)[5, 5] == 255


def test_a_transparent_palette_entry_is_laid_on_white() -> None:
    image = drawn("P", 0, 1)
    image.putpalette([9, 9, 9, 40, 40, 40])
    image.info["transparency"] = 0
    page = grey_page(image)
    assert (page[5, 5], page[20, 30]) == (255, 40)


def test_the_page_is_the_callers_own() -> None:
    image = drawn("L", 255, 0)
    page = grey_page(image)
    page[:] = 7
    assert image.getpixel((5, 5)) == 255
