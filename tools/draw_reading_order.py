"""Draws the pictures of docs/reading_order.md from the code: `python tools/draw_reading_order.py [FOLDER]`.

For each step of the path, what goes in and what comes out; and for each constant of `inkdigits.paper`, a page
that needs it, read as it is and with another value. Drawn with Pillow alone, in few grey levels, so that the
pictures stay small.

Letters: H, W size of a picture.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from example_pages import PAGES
from inkdigits import Recognizer
from inkdigits.ink import BOX_SIDE, SIDE, to_bytes, to_ink
from inkdigits.normalizer import normalize
from inkdigits.normalizer.digit import find_digit
from inkdigits.normalizer.geometry import centre_by_mass, fit_into_box, thicken
from inkdigits.paper.binarization import find_ink
from inkdigits.paper.contrast import find_contrast
from inkdigits.pictures.images import read_image
from inkdigits.reading.explanation import draw_explanation
from inkdigits.synthesis.augmentation import AugmentationConfig, augment

__all__ = ["EXAMPLES", "Example", "constants_of", "read_page"]

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images" / "reading_order"
PANEL_PX = 104
GAP_PX = 8
TEXT_PX = 12
PAPER_MODULES = ("contrast", "binarization", "ruling", "frames")

Grey = NDArray[np.uint8]
Panel = tuple[str, NDArray[Any]]  # a caption, and what is drawn below it


@dataclass(frozen=True)
class Example:
    """A page that shows what a constant is for.

    Attributes:
        constant: Its module in `inkdigits.paper`, a dot, and its name.
        page: The name of the page in `example_pages`.
        other: Another value, with which the page is read differently.
    """

    constant: str
    page: str
    other: float


EXAMPLES = (
    Example("contrast._MARGIN_SHARE", "box at the edge", 0.01),
    Example("contrast._SAME_SHADE", "pencil under a lamp", 24),
    Example("contrast._OTHER_LIGHT", "corner in the shade", 10),
    Example("contrast._SMALL_SIDE_PX", "small, fat", 20),
    Example("contrast._TINY_SIDE_PX", "tiny", 8),
    Example("contrast._SAME_SMALL_SHADE", "small, fat", 4.0),
    Example("contrast._SOLID_SHARE", "small, fat", 0.15),
    Example("contrast._CLIPPED_SHARE", "small, black, white", 1.0),
    Example("contrast._SHADOW_SHARE", "small, in shadow", 0.7),
    Example("contrast._SHADOW_MAP_SIDE_PX", "pencil, large page", 20),
    Example("contrast._WIDEST_STROKE_SHARE", "fat marker", 0.06),
    Example("contrast._DARKEST_PAPER", "deep shadow", 2.0),
    Example("contrast._NOISE_LIKENESS", "small, fat", 1.0),
    Example("contrast._SIGMA_PER_MAD", "noise", 0.4),
    Example("binarization._SMALL_SIDE_PX", "small, crossed", 10),
    Example("binarization._LEAST_CONTRAST", "fainter pencil", 3.5),
    Example("binarization._LEAST_CONTRAST_PER_GRAIN", "noise", 1.0),
    Example("binarization._SEPARATE_CLASSES", "tight crop", 1.0),
    Example("binarization._CERTAIN_INK", "smeared", 0.2),
    Example("binarization._FAINT_INK", "fading", 0.5),
    Example("ruling._THICKEST_LINE_SHARE", "thickly ruled", 0.005),
    Example("ruling._LEAST_OF_LINE", "ruled with gaps", 0.99),
    Example("frames._RIM_SHARE", "box with a wide gap", 0.02),
    Example("frames._SMALLEST_PX", "small square zero", 6),
    Example("frames._MOST_FRAMES", "box with a wide gap", 0),
    Example("frames._DIGIT_SHARE", "square zero, an eye", 0.06),
    Example("frames._RECTANGLE_SHARE", "box touched", 1.0),
    Example("frames._MOST_ASLANT_DEGREES", "box aslant", 2.0),
    Example("frames._DRAWN_SHARE", "box touched", 1.0),
    Example("frames._EDGE_PX", "box touched", 0),
    Example("frames._GAP_SHARE", "box with gaps", 0.02),
    Example("frames._PIECE_SHARE", "box touched", 1.4),
)


def constants_of(module: str) -> dict[str, tuple[str, str]]:
    """The numbers at the top of a module of `inkdigits.paper`: their values, and the remarks beside them."""
    path = import_module(f"inkdigits.paper.{module}").__file__
    assert path is not None
    text = Path(path).read_text(encoding="utf-8")
    return {
        name: (value, why)
        for name, value, why in re.findall(r"^(_[A-Z_]+) = ([\d._]+)(?:  # (.+))?$", text, re.M)
    }


def read_page(example: Example, value: float | None = None) -> NDArray[np.float32]:
    """(H, W) the ink found on the page, 0 to 1, or for frames the digit; perhaps with another value."""
    module, _, name = example.constant.partition(".")
    page = PAGES[example.page]()
    with _constant(import_module(f"inkdigits.paper.{module}"), name, value):
        return _digit_on(page) if module == "frames" else _ink_on(page)


@contextmanager
def _constant(module: Any, name: str, value: float | None) -> Iterator[None]:
    usual = getattr(module, name)
    setattr(module, name, usual if value is None else value)
    try:
        yield
    finally:
        setattr(module, name, usual)


def _ink_on(page: Grey) -> NDArray[np.float32]:
    seen = np.zeros(page.shape, np.float32)
    ink = find_ink(page)
    if ink is not None:
        height, width = ink.levels.shape
        here = np.s_[ink.top : ink.top + height, ink.left : ink.left + width]
        seen[here] = ink.levels * (ink.pieces.labels > 0)
    return seen


def _digit_on(page: Grey) -> NDArray[np.float32]:
    seen = np.zeros(page.shape, np.float32)
    found = find_digit(page)
    if found is not None:
        box = found.box
        here = np.s_[box.top : box.top + box.height, box.left : box.left + box.width]
        seen[here] = cv2.resize(found.crop, (box.width, box.height), interpolation=cv2.INTER_AREA)
    return seen


# Sheets of panels.


def _panel(picture: NDArray[Any]) -> Image.Image:
    """A page in grey, or ink from 0 to 1 in black on white, as a square panel."""
    if picture.dtype != np.uint8:
        picture = np.rint(255 - 255 * np.clip(picture, 0, 1)).astype(np.uint8)
    scale = PANEL_PX / max(picture.shape)
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    smooth = Image.Resampling.NEAREST if scale > 1.5 else Image.Resampling.BOX
    panel = Image.new("L", (PANEL_PX + 2, PANEL_PX + 2), 170)
    inside = Image.new("L", (PANEL_PX, PANEL_PX), 255)
    inside.paste(
        Image.fromarray(picture).resize(size, smooth), ((PANEL_PX - size[0]) // 2, (PANEL_PX - size[1]) // 2)
    )
    panel.paste(inside, (1, 1))
    return panel


def _row(panels: Sequence[Panel], title: str = "") -> Image.Image:
    """Panels beside each other, a caption above each, and a title above all."""
    font = ImageFont.load_default(TEXT_PX)
    top = (TEXT_PX + 6) * (2 if title else 1)
    row = Image.new("L", (len(panels) * (PANEL_PX + 2 + GAP_PX), top + PANEL_PX + 2 + GAP_PX), 255)
    draw = ImageDraw.Draw(row)
    draw.text((0, 0), title, fill=0, font=font)
    for number, (caption, picture) in enumerate(panels):
        left = number * (PANEL_PX + 2 + GAP_PX)
        draw.text((left, top - TEXT_PX - 5), caption, fill=90, font=font)
        row.paste(_panel(picture), (left, top))
    return row


def _sheet(rows: Sequence[Image.Image], n_columns: int = 1) -> Image.Image:
    """Rows below each other, in columns."""
    width = max(row.width for row in rows) + 2 * GAP_PX
    height = max(row.height for row in rows) + GAP_PX
    n_rows = -(-len(rows) // n_columns)
    sheet = Image.new("L", (n_columns * width, n_rows * height), 255)
    for number, row in enumerate(rows):
        sheet.paste(row, (number // n_rows * width + GAP_PX, number % n_rows * height + GAP_PX // 2))
    return sheet


def _save(sheet: Image.Image, folder: Path, name: str) -> None:
    """In sixteen grey levels, which suits ink, and is a quarter of the size."""
    folder.mkdir(parents=True, exist_ok=True)
    levels = sheet.point([round(level / 17) * 17 for level in range(256)])
    levels.quantize(16, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def _draw_constants(folder: Path) -> None:
    for module in PAPER_MODULES:
        values = constants_of(module)
        rows = []
        for example in EXAMPLES:
            if example.constant.partition(".")[0] == module:
                name = example.constant.partition(".")[2]
                panels: list[Panel] = [
                    (example.page, PAGES[example.page]()),
                    (f"with {values[name][0]}", read_page(example)),
                    (f"with {example.other:g}", read_page(example, example.other)),
                ]
                rows.append(_row(panels, name))
        _save(_sheet(rows, 2), folder, f"paper_{module}")


# The steps: what goes in, and what comes out.


def _sample(name: str) -> bytes:
    return (resources.files("inkdigits") / "samples" / name).read_bytes()


def _draw_ink(folder: Path) -> None:
    ink = normalize(read_image(_sample("7_crossed_biro.png"))).ink
    boxed = np.kron(255 - to_bytes(ink), np.ones((8, 8), np.uint8))
    near, far = 8 * (SIDE - BOX_SIDE) // 2, 8 * (SIDE + BOX_SIDE) // 2
    cv2.rectangle(boxed, (near, near), (far, far), 130, 1)
    cv2.drawMarker(boxed, (4 * SIDE, 4 * SIDE), 130, cv2.MARKER_CROSS, 24, 2)
    panels: list[Panel] = [("28x28 ink", ink), ("its 20x20 box", boxed), ("as bytes", to_bytes(ink))]
    _save(_sheet([_row(panels)]), folder, "ink")


def _draw_pictures(folder: Path) -> None:
    rows = []
    for name in ("6_transparent.png", "4_white_transparent.png", "5_photo_shadow.jpg"):
        content = _sample(name)
        raw = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
        rows.append(_row([("in: the bare pixels", raw), ("out: a grey page", read_image(content))], name))
    _save(_sheet(rows, 3), folder, "pictures")


def _draw_paper(folder: Path) -> None:
    rows = []
    for name in ("2_pencil_squared.jpg", "5_photo_shadow.jpg"):
        page = read_image(_sample(name))
        small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        page = small if max(small.shape) > 300 else page
        contrast = find_contrast(page).levels / np.float32(255)
        shown = np.clip(contrast / max(float(contrast.max()), 0.01), 0, 1).astype(np.float32)
        rows.append(_row([("in: a grey page", page), ("contrast", shown), ("out: ink", _ink_on(page))], name))
    _save(_sheet(rows, 2), folder, "paper")


def _draw_normalizer(folder: Path) -> None:
    rows = []
    for name in ("2_pencil_squared.jpg", "8_thin_line_large_page.png"):
        page = read_image(_sample(name))
        found = find_digit(page)
        assert found is not None
        thick = thicken(found.crop)
        fitted = fit_into_box(thick)
        panels: list[Panel] = [("in: a grey page", page), ("the digit", found.crop), ("thickened", thick)]
        panels += [("in 20x20", fitted), ("out: 28x28 ink", centre_by_mass(fitted))]
        rows.append(_row(panels, name))
    _save(_sheet(rows), folder, "normalizer")


def _draw_reading(folder: Path) -> None:
    recognizer = Recognizer()
    two = np.hstack([PAGES["box with gaps"](), PAGES["fading"]()])
    sources = (_sample("8_thin_line_large_page.png"), two)
    drawn = [draw_explanation(recognizer.examine(source)).convert("L") for source in sources]
    half = [one.resize((one.width * 3 // 5, one.height * 3 // 5), Image.Resampling.LANCZOS) for one in drawn]
    _save(_sheet(half), folder, "reading")


def _draw_model_and_training(folder: Path) -> None:
    """A small run of `cnn` on the digits of scikit-learn: seconds."""
    from inkdigits.datasets import load
    from inkdigits.models.backend import keras
    from inkdigits.recipes.recipe import Recipe, TrainingConfig
    from inkdigits.training.loop import train

    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "run"
        train(Recipe(data=("uci",), training=TrainingConfig(epochs=12, batch_size=32)), run)
        network = keras.models.load_model(run / "model.keras")
        curves = Image.open(run / "learning_curves.png").convert("L")
    curves.thumbnail((560, 560), Image.Resampling.LANCZOS)
    dataset = load("uci")
    assert dataset.train is not None
    few = dataset.train.images[:6]
    warps = AugmentationConfig(rotation_degrees=12, scale=0.12, shift_px=2, elastic_px=1, stroke_share=0.4)
    changed = augment(few, warps, np.random.default_rng(0))
    rows = [
        _row([("in: images", to_ink(few[0])), *(("", to_ink(image)) for image in few[1:])]),
        _row([("augmented", to_ink(changed[0])), *(("", to_ink(image)) for image in changed[1:])]),
        curves,
    ]
    _save(_stack(rows), folder, "training")
    features = to_ink(few[:1])
    rows = [_row([(f"in: ink {features.shape[1:]}", features[0])])]
    for layer in network.layers:
        features = np.asarray(layer(features))
        if features.ndim == 4 and features.shape[-1] > 1:
            maps = [features[0, :, :, channel] / max(float(features.max()), 1e-6) for channel in range(6)]
            rows.append(
                _row([(f"{layer.name} {features.shape[1:]}", maps[0]), *(("", one) for one in maps[1:])])
            )
    logits = ", ".join(f"{number}: {value:.1f}" for number, value in enumerate(features[0]))
    _save(_stack(rows, f"out: logits ({features.shape[1]},)   {logits}"), folder, "model")


def _stack(rows: Sequence[Image.Image], below: str = "") -> Image.Image:
    """Rows of any height below each other."""
    sheet = Image.new(
        "L", (max(row.width for row in rows) + GAP_PX, sum(row.height for row in rows) + 24), 255
    )
    top = 2
    for row in rows:
        sheet.paste(row, (GAP_PX, top))
        top += row.height
    ImageDraw.Draw(sheet).text((GAP_PX, top), below, fill=0, font=ImageFont.load_default(TEXT_PX))
    return sheet


def main(folder: Path = FOLDER) -> None:
    """Draw them all."""
    for draw in (_draw_ink, _draw_pictures, _draw_paper, _draw_constants, _draw_normalizer, _draw_reading):
        draw(folder)
    _draw_model_and_training(folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
