"""A picture of what the model saw: the page with the box, the 28x28 ink, the probabilities, and why.

Of a picture that is refused no bar is in the colour of an answer, and the ten bars share what the refusal
leaves them: they say what it is if it is a digit, times how likely that is.

Drawn with Pillow alone, so that it needs no training extra.
"""

from __future__ import annotations

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont

from inkdigits.ink import to_bytes
from inkdigits.reading.recognizer import Examination
from inkdigits.reading.wording import percent, reason_in_words, verdict
from inkdigits.results import Box

__all__ = ["draw_explanation"]

_SIDE = 280  # each of the three panels
_MARGIN = 20
_HEADER = 36
_FOOTER = 64  # the refusal's own bar, and the reason in a sentence
_MOST_BARS = 10
_LONGEST_NAME = 12
_CLEARANCE = 3  # between the ink and the frame around it
# Okabe and Ito's colours, told apart by colour-blind eyes.
_ACCENT = (213, 94, 0)
_BAR = (0, 114, 178)
_TEXT = (30, 30, 30)
_FAINT = (150, 150, 150)


def draw_explanation(examination: Examination) -> PIL.Image.Image:
    """Draw an examination: an RGB image, 920 pixels wide and 420 high."""
    canvas = PIL.Image.new("RGB", (3 * _SIDE + 4 * _MARGIN, _SIDE + _HEADER + _FOOTER + 2 * _MARGIN), "white")
    draw = ImageDraw.Draw(canvas)
    is_seen_too = examination.normalized.as_it_is is not None
    the_picture = "The picture, seen as it is too" if is_seen_too else "The picture"
    titles = (the_picture, "What the model saw", verdict(examination.prediction))
    for column, title in enumerate(titles):
        _write(draw, _left(column), _MARGIN, title)
    _draw_page(canvas, examination.page, examination.normalized.box)
    _draw_ink(canvas, examination.normalized.ink)
    if examination.prediction.box is not None and not examination.normalized.others:
        _draw_probabilities(draw, examination)
        _draw_refusal(draw, examination)
    _write(draw, _left(0), _MARGIN + _HEADER + _SIDE + 38, reason_in_words(examination))
    return canvas


def _left(column: int) -> int:
    return _MARGIN + column * (_SIDE + _MARGIN)


def _write(draw: ImageDraw.ImageDraw, left: float, top: float, text: str) -> None:
    draw.text((left, top), text, fill=_TEXT, font=ImageFont.load_default(17))


def _draw_page(canvas: PIL.Image.Image, page: NDArray[np.uint8], box: Box | None) -> None:
    height, width = page.shape
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = PIL.Image.Resampling.NEAREST if scale > 3 else PIL.Image.Resampling.BOX
    picture = PIL.Image.fromarray(page).resize(size, smooth)
    left = _left(0) + (_SIDE - size[0]) // 2
    top = _MARGIN + _HEADER + (_SIDE - size[1]) // 2
    canvas.paste(picture.convert("RGB"), (left, top))
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((left - 1, top - 1, left + size[0], top + size[1]), outline=_FAINT)
    if box is not None:
        corner = (left + box.left * scale - _CLEARANCE, top + box.top * scale - _CLEARANCE)
        opposite = (
            left + (box.left + box.width) * scale + _CLEARANCE,
            top + (box.top + box.height) * scale + _CLEARANCE,
        )
        draw.rectangle((*corner, *opposite), outline=_ACCENT, width=2)


def _draw_ink(canvas: PIL.Image.Image, ink: NDArray[np.float32]) -> None:
    grey = PIL.Image.fromarray(255 - to_bytes(ink))
    left, top = _left(1), _MARGIN + _HEADER
    canvas.paste(grey.resize((_SIDE, _SIDE), PIL.Image.Resampling.NEAREST).convert("RGB"), (left, top))
    ImageDraw.Draw(canvas).rectangle((left - 1, top - 1, left + _SIDE, top + _SIDE), outline=_FAINT)


def _draw_probabilities(draw: ImageDraw.ImageDraw, examination: Examination) -> None:
    """A bar for each of ten classes; of more classes, for the ten likeliest."""
    font = ImageFont.load_default(16)
    names, is_refused = examination.class_names, examination.prediction.refused
    if is_refused and examination.prediction.reason != "unclear":
        remaining = examination.digit_probability
        probabilities = [remaining * each for each in examination.prediction.probabilities]
    else:
        probabilities = list(examination.prediction.probabilities)
    shown = sorted(range(len(names)), key=lambda number: -probabilities[number])[:_MOST_BARS]
    step = _SIDE / _MOST_BARS
    widest = max(draw.textlength(_short(names[number]), font) for number in shown)
    left, right = _left(2) + max(22, widest + 8), _left(2) + _SIDE
    longest = right - left - 68
    for row, number in enumerate(sorted(shown)):
        top = _MARGIN + _HEADER + row * step
        draw.text((_left(2), top + 3), _short(names[number]), fill=_TEXT, font=font)
        is_answer = names[number] == examination.prediction.label
        colour = _FAINT if is_refused else _ACCENT if is_answer else _BAR
        length = max(1, longest * probabilities[number])
        draw.rectangle((left, top + 4, left + length, top + step - 4), fill=colour)
        figure = percent(probabilities[number])
        draw.text((right - draw.textlength(figure, font), top + 3), figure, fill=_TEXT, font=font)


def _draw_refusal(draw: ImageDraw.ImageDraw, examination: Examination) -> None:
    """The bar of what the network gives to not being one digit, and a mark where that is refused."""
    if examination.least_digit_probability <= 0:  # a model that refuses nothing
        return
    font = ImageFont.load_default(16)
    top, step = _MARGIN + _HEADER + _SIDE + 6, _SIDE / _MOST_BARS
    left, right = _left(2) + 68, _left(2) + _SIDE
    longest = right - left - 68
    draw.text((_left(2), top + 3), "not one", fill=_TEXT, font=font)
    share = 1 - examination.digit_probability
    colour = _ACCENT if examination.prediction.reason in ("not_a_digit", "several") else _FAINT
    draw.rectangle((left, top + 4, left + max(1, longest * share), top + step - 4), fill=colour)
    mark = left + longest * (1 - examination.least_digit_probability)
    draw.line((mark, top, mark, top + step), fill=_TEXT, width=2)
    figure = percent(share)
    draw.text((right - draw.textlength(figure, font), top + 3), figure, fill=_TEXT, font=font)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
