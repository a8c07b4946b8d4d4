"""Pages that show one difficulty each, drawn from digits of the bundled samples.

`tools/draw_reading_order.py` shows on them what the constants of `inkdigits.paper` are for.

Letters: H, W size of a page.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.normalizer.digit import find_digit
from inkdigits.pictures.images import read_image

__all__ = ["PAGES"]

Grey = NDArray[np.uint8]
Ink = NDArray[np.float64]

_SAMPLES = {
    "7": "7_crossed_biro.png",
    "4": "4_open_blue_ink.png",
    "0": "0_marker.png",
    "3": "3_chalk_board.jpg",
}
_SEED = 0


def _digit(name: str, height_px: int) -> Ink:
    """The ink of a sample, 0 to 1, scaled to a height."""
    folder = resources.files("inkdigits") / "samples"
    found = find_digit(read_image((folder / _SAMPLES[name]).read_bytes()))
    assert found is not None
    width = max(1, round(found.crop.shape[1] * height_px / found.crop.shape[0]))
    digit: Ink = cv2.resize(found.crop, (width, height_px), interpolation=cv2.INTER_AREA).astype(np.float64)
    return digit


def _inked(name: str = "7", side: int = 200, share: float = 0.6, dx: float = 0.0, dy: float = 0.0) -> Ink:
    """(side, side): one digit, in the middle or moved by a share of the side."""
    digit = _digit(name, round(share * side))
    height, width = digit.shape
    page = np.zeros((side, side))
    top, left = round((side - height) / 2 + dy * side), round((side - width) / 2 + dx * side)
    top, left = min(max(top, 0), side - height), min(max(left, 0), side - width)
    page[top : top + height, left : left + width] = digit
    return page


def _on(paper: float | Ink, ink: Ink, strength: float = 0.8, grain: float = 2.0) -> Grey:
    """Ink laid on paper, with the paper's grain."""
    noise = np.random.default_rng(_SEED).normal(0, grain, ink.shape)
    return np.clip(paper * (1 - strength * ink) + noise, 0, 255).astype(np.uint8)


def _slope(side: int, low: float, high: float) -> Ink:
    """Light that falls off from one corner to the other."""
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    light: Ink = low + (high - low) * (x + y) / 2
    return light


def _half_dark(side: int, dark: float, light: float, blur_share: float, edge: float = 0.4) -> Ink:
    """A shadow with a soft edge."""
    _, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    light_on_page = np.where(x < edge + 0.05, float(dark), float(light))
    blurred: Ink = cv2.GaussianBlur(light_on_page, (0, 0), blur_share * side)
    return blurred


def _ruled(ink: Ink, every: int, px: int = 2, strength: float = 0.5, *, gaps: bool = False) -> Ink:
    ruled = ink.copy()
    for top in range(every // 2, len(ink), every):
        line = np.full((px, ink.shape[1]), strength)
        if gaps:
            line[:, 20::60] = line[:, 21::60] = 0
        ruled[top : top + px] = np.maximum(ruled[top : top + px], line[: len(ruled[top : top + px])])
    return ruled


def _boxed(
    ink: Ink, inset: float, px: int = 3, degrees: float = 0.0, gap: float = 0.0, strength: float = 0.9
) -> Ink:
    """A printed box around the middle, turned, with gaps of a share of its side."""
    side = len(ink)
    box = np.zeros((side, side), np.uint8)
    near, far = round(inset * side), round((1 - inset) * side)
    cv2.rectangle(box, (near, near), (far, far), 255, px)
    if gap:
        length = round(gap * (far - near))
        middle = (near + far) // 2
        box[near + 12 : near + 12 + length, near - px : near + px + 1] = 0
        if gap < 0.1:
            box[near - px : near + px + 1, middle : middle + length] = 0
            box[middle : middle + length, far - px : far + px + 1] = 0
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1)
    turned: Ink = cv2.warpAffine(box, turn, (side, side)) / 255
    return np.maximum(ink, strength * turned)


def _fading() -> Grey:
    """A pen that runs dry downwards."""
    fade = np.linspace(1.0, 0.28, 200)[:, None]
    return _on(240.0, _inked("7") * fade)


def _smear() -> Grey:
    ink = _inked("7")
    smear = np.zeros_like(ink)
    cv2.ellipse(smear, (110, 130), (80, 22), -20, 0, 360, 0.3, -1)
    return _on(240.0, np.maximum(ink, cv2.GaussianBlur(smear, (0, 0), 5)))


def _noise() -> Grey:
    return np.random.default_rng(_SEED).normal(200, 9, (200, 200)).clip(0, 255).astype(np.uint8)


def _corner_in_the_shade() -> Grey:
    """Even light, but for a corner that a hand takes a little of."""
    y, x = np.mgrid[0:1:200j, 0:1:200j]
    shade = cv2.GaussianBlur(np.where(x + y < 0.48, 32.0, 0.0), (0, 0), 2)
    return _on(225.0 - shade, _inked("4"), strength=0.25, grain=1.0)


def _crossed_small() -> Grey:
    """A small crop whose bar runs from edge to edge."""
    ink = np.zeros((30, 30))
    ink[18] = 1.0
    ink[3:28, 19:22] = 1.0
    cv2.line(ink, (18, 3), (3, 18), 1.0, 2)
    return _on(240.0, ink)


def _small_square_zero() -> Grey:
    """A zero of eleven pixels with an eye, as somebody writes it who tells it from an O."""
    ink = np.zeros((60, 60))
    cv2.rectangle(ink, (25, 25), (35, 35), 1.0, 1)
    ink[28:33, 30] = 1.0
    return _on(240.0, ink)


def _tight_crop() -> Grey:
    """A fat digit that fills its picture, on uneven paper."""
    ink = cv2.dilate(_inked("4", 60, 1.0), np.ones((5, 5)))[:, 10:52]
    return _on(
        np.broadcast_to(np.linspace(205, 230, ink.shape[1]), ink.shape), ink, strength=0.95, grain=12.0
    )


PAGES: dict[str, Callable[[], Grey]] = {
    "box at the edge": lambda: _on(
        240.0, np.maximum(_inked(share=0.5), _boxed(np.zeros((200, 200)), 0.0, 7))
    ),
    "pencil under a lamp": lambda: _on(_slope(200, 192, 232), _inked("4"), strength=0.25, grain=1.0),
    "corner in the shade": _corner_in_the_shade,
    "small, fat": lambda: _on(_slope(30, 205, 235), cv2.dilate(_inked("4", 30, 0.9), np.ones((5, 5)))),
    "small, black, white": lambda: np.where(
        cv2.dilate(_inked("0", 30, 1.0), np.ones((5, 5))) > 0.4, 0, 255
    ).astype(np.uint8),
    "tiny": lambda: _on(_slope(18, 150, 230), cv2.dilate(_inked("0", 18, 1.0), np.ones((4, 4)))),
    "small, in shadow": lambda: _on(_half_dark(32, 110, 215, 0.06), _inked("7", 32, 0.7)),
    "small, noise": lambda: np.random.default_rng(3).normal(128, 60, (28, 28)).clip(0, 255).astype(np.uint8),
    "pencil, large page": lambda: _on(_slope(400, 60, 230), _inked("7", 400, 0.7), strength=0.3),
    "fat marker": lambda: _on(_slope(200, 110, 230), cv2.dilate(_inked("7"), np.ones((17, 17)))),
    "deep shadow": lambda: _on(_half_dark(200, 10, 220, 0.03), _inked(), grain=3.0),
    "noise": _noise,
    "fainter pencil": lambda: _on(235.0, _inked("4"), strength=0.05, grain=1.0),
    "tight crop": _tight_crop,
    "smeared": _smear,
    "fading": _fading,
    "small, crossed": _crossed_small,
    "thickly ruled": lambda: _on(240.0, _ruled(_inked(), 40, 4, 0.6)),
    "ruled with gaps": lambda: _on(240.0, _ruled(_inked(), 30, 2, 0.6, gaps=True)),
    "box with a wide gap": lambda: _on(240.0, _boxed(_inked(share=0.4), 0.18, 3, 0.0, 0.2)),
    "box with gaps": lambda: _on(240.0, _boxed(_inked(share=0.4), 0.18, 3, 0.0, 0.07)),
    "small square zero": _small_square_zero,
    "square zero, an eye": lambda: _on(240.0, _boxed(_inked(share=0.08), 0.25)),
    "box aslant": lambda: _on(240.0, _boxed(_inked(share=0.6, dy=0.05), 0.2, 3, 5.0)),
    "box touched": lambda: _on(240.0, _boxed(_inked(share=0.6, dy=0.05), 0.18)),
}
