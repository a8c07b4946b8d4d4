"""inkdigits demo: the bundled model reads the bundled pictures."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["demo"]

_WIDTH = 28  # of one picture on the screen, in characters
_GAP = 3
_SHADES = " .:-=+*#%@"

_NEXT_STEPS = """
Each picture is shown as the model sees it: found on the page, scaled to 28x28, centred.

Try next:
  inkdigits predict YOUR_PICTURE.jpg               the digit in a picture of yours
  inkdigits predict YOUR_PICTURE.jpg --explain .   ... and what the model saw in it
  pip install 'inkdigits[train]'                   then train a network of your own:
  inkdigits train --model mlp --data uci           ... in seconds, without a download"""


def demo() -> None:
    """Read the bundled pictures, and show what the model saw.

    It needs neither a network nor the training extra.

    Example: inkdigits demo
    """
    from importlib import resources

    from inkdigits.reading.recognizer import Recognizer
    from inkdigits.reading.wording import verdict

    recognizer = Recognizer()
    folder = resources.files("inkdigits") / "samples"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith((".png", ".jpg")))
    pictures = []
    for name in names:
        examination = recognizer.examine((folder / name).read_bytes())
        drawing = _draw(examination.normalized.ink, halves=_can_show_blocks())
        pictures.append([*drawing, _fit(name), _fit(verdict(examination.prediction))])
    width = shutil.get_terminal_size((100, 24)).columns
    columns = max(1, (width + _GAP) // (_WIDTH + _GAP))
    for start in range(0, len(pictures), columns):
        for lines in zip(*pictures[start : start + columns], strict=True):
            typer.echo((" " * _GAP).join(lines).rstrip())
        typer.echo()
    typer.echo(_NEXT_STEPS.lstrip("\n"))


def _can_show_blocks() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _draw(ink: NDArray[np.float32], *, halves: bool) -> list[str]:
    """Fourteen lines of 28 characters: half blocks where the terminal has them, shades of ASCII elsewhere."""
    if not halves:
        rows = (ink[::2] + ink[1::2]) / 2  # a character is twice as high as it is wide
        return ["".join(_SHADES[round(float(level) * 9)] for level in row) for row in rows]
    dark = ink > 0.4
    blocks = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    return [
        "".join(blocks[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(dark[::2], dark[1::2], strict=True)
    ]


def _fit(text: str) -> str:
    return f"{text[:_WIDTH]:<{_WIDTH}}"
