"""A picture of what was read: a box around each number, its reading, its confidence, the runner-up.

Drawn with Pillow alone, so that it needs no training extra.
"""

from __future__ import annotations

import PIL.Image
from PIL import ImageDraw, ImageFont

from inkdigits.ink import Grey
from inkdigits.results import Box, Number, Reading

__all__ = ["draw_reading", "number_verdict"]

_LEAST_WIDTH = 480
_TEXT_PX = 14  # at least; larger on a page that is shown smaller
# Okabe and Ito's colours, told apart by colour-blind eyes.
_READ = (0, 114, 178)
_REFUSED = (213, 94, 0)


def draw_reading(page: Grey, reading: Reading) -> PIL.Image.Image:
    """Draw a reading onto its page (H, W): RGB, at least 480 pixels wide, a line of text a number."""
    scale = max(1, -(-_LEAST_WIDTH // page.shape[1]))
    picture = PIL.Image.fromarray(page).convert("RGB")
    picture = picture.resize((scale * picture.width, scale * picture.height), PIL.Image.Resampling.BICUBIC)
    text_px = max(_TEXT_PX, picture.width // 70)
    line_px = 22 * text_px // 14
    canvas = PIL.Image.new(
        "RGB", (picture.width, picture.height + line_px * len(reading.numbers) + 8), "white"
    )
    canvas.paste(picture)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(text_px)
    for row, number in enumerate(reading.numbers):
        colour = _REFUSED if number.refused else _READ
        if number.box is not None:
            _frame(draw, number.box, scale, colour, 2)
            draw.text((scale * number.box.left + 3, scale * number.box.top + 1), str(row + 1), colour, font)
        for character in number.characters:
            _frame(draw, character.box, scale, colour, 1)
        text = f"{row + 1}: {number_verdict(number)}"
        draw.text((6, picture.height + 4 + line_px * row), text, colour, font)
    return canvas


def number_verdict(number: Number) -> str:
    """The answer in a few words."""
    others = ", ".join(f"{each.text} {each.confidence:.1%}" for each in number.alternatives[:1])
    runner_up = f" (or {others})" if others else ""
    if number.refused:
        return f"refused: {(number.reason or '').replace('_', ' ')}{runner_up}"
    return f"{number.text}, {min(number.confidence, 0.999):.1%} sure{runner_up}"


def _frame(draw: ImageDraw.ImageDraw, box: Box, scale: int, colour: tuple[int, int, int], width: int) -> None:
    left, top = scale * box.left, scale * box.top
    draw.rectangle(
        (left, top, left + scale * box.width, top + scale * box.height), outline=colour, width=width
    )
