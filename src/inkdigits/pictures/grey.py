"""From a decoded Pillow image of any mode to a grey page: transparency, depth and colour resolved.

A page is an (H, W) array of uint8, 0 black to 255 white. Two choices are made by looking at the picture: the
backdrop of a transparent one, and the channel of a coloured one whose ink luminance would hide.

This module knows nothing about files, limits and orientation (`inkdigits.pictures.images` does), nor
about digits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["grey_page", "scale_to_bytes"]

_WHITE_LEVELS = (255, 4095, 65535)  # of 8, 12 and 16 bits
_BRIGHTEST_MASK = 13  # grey levels; a mask's 1 is its white, and no eye tells these levels from black


def grey_page(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn a decoded picture into a grey page.

    Args:
        image: of any mode, palettes and CMYK included; or (H, W) grey already.

    Returns:
        (H, W), 0 black to 255 white, in memory of its own.

    Raises:
        ValueError: Pillow cannot convert the picture, or its values are not finite.
    """
    return _masks_stretched(image if isinstance(image, np.ndarray) else _as_it_is(image))


def _as_it_is(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "F" or image.mode.startswith("I"):
        return scale_to_bytes(np.asarray(image))
    if image.mode == "La":  # the one mode with transparency that Pillow does not convert in one step
        image = image.convert("LA")
    if image.has_transparency_data:
        image = _on_backdrop(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    return _grey(image if image.mode == "RGB" else image.convert("RGB"))


def scale_to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale deep pixels to 0..255.

    White is the lowest of the usual white levels that the brightest pixel does not exceed: 12-bit scanners
    and 8-bit values in a wide type are common, and would be nearly black at 16 bits. Values that are
    negative or higher still are stretched from the darkest to the brightest.

    Args:
        values: any shape, integers or floats, at least one.

    Returns:
        the same shape, 0 black to 255 white.

    Raises:
        ValueError: a value is not finite.
    """
    if not np.all(np.isfinite(values)):
        raise ValueError("it holds values that are not finite")
    low, high = float(values.min()), float(values.max())
    levels = (1, *_WHITE_LEVELS) if values.dtype.kind == "f" else _WHITE_LEVELS
    white: float | None = next((level for level in levels if high <= level), None)
    black = 0.0
    if white is None or low < 0:
        black, white = low, max(high, low + 1)
    scaled: NDArray[np.float64] = (values - np.float64(black)) * (255 / (white - black))
    return np.rint(scaled).astype(np.uint8)


def _masks_stretched(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The page, or black and white where it has two levels, 0 and one that looks black too.

    That is a mask of 0 and 1, as NumPy and OpenCV make them, saved without a factor of 255.
    """
    brightest = int(page.max())
    if not 0 < brightest <= _BRIGHTEST_MASK or page.min() > 0 or ((page > 0) & (page < brightest)).any():
        return page
    return np.where(page > 0, np.uint8(255), np.uint8(0))


def _on_backdrop(image: Image.Image) -> Image.Image:
    """Lay an RGBA picture on white, or on black where that is what shows its ink."""
    alpha = np.asarray(image.getchannel("A"))
    if alpha.min() == 255:
        return image.convert("RGB")
    backdrop = _backdrop(np.asarray(image.convert("L")), alpha)
    page = Image.new("RGBA", image.size, (backdrop, backdrop, backdrop, 255))
    page.alpha_composite(image)
    return page.convert("RGB")


def _backdrop(luminance: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> int:
    """Black (0) for light ink, white (255) for the rest, a fully transparent picture included."""
    if alpha.max() == 0:
        return 255
    solid = alpha >= alpha.max() / 2
    shades = luminance[solid]
    # Strokes hardly ever fill three quarters of a picture: what does is paper, and the rest is more of it.
    if solid.mean() > 0.75:
        return 255 if np.median(shades) >= 128 else 0
    # A cut-out note is light too, but has dark ink on it, if only a half of one percent.
    has_dark_ink = np.mean(shades < 128) > 0.005
    return 255 if has_dark_ink else 0


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    """Turn RGB into grey: luminance, except where it hides the ink.

    Red ink on green paper can have the paper's own luminance (ITU-R BT.601), and is then plain to see in one
    of the three channels. That channel is taken when it has at least twice the contrast; for grey and nearly
    grey pictures the channels differ too little for it, and luminance it is.
    """
    step = math.ceil(math.sqrt(image.width * image.height / 500_000))  # half a million pixels tell enough
    size = math.ceil(image.width / step), math.ceil(image.height / step)
    sample = image if step == 1 else image.resize(size, Image.Resampling.NEAREST)
    red, green, blue = sample.split()
    if not red.tobytes() == green.tobytes() == blue.tobytes():  # scans and drawings leave no choice
        visible = _contrast(sample.convert("L"))
        by_channel = [_contrast(channel) for channel in (red, green, blue)]
        best = max(by_channel)
        if best >= 2 * visible and best >= visible + 32:
            return np.array(image.getchannel(by_channel.index(best)))
    return np.array(image.convert("L"))


def _contrast(image: Image.Image) -> int:
    """How far the darkest or the brightest thousandth of the pixels is from the middle one, 0 to 255."""
    share = np.cumsum(image.histogram()) / (image.width * image.height)
    dark, middle, bright = np.searchsorted(share, (0.001, 0.5, 0.999))
    return int(max(middle - dark, bright - middle))
