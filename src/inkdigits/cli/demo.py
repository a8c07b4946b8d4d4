"""inkdigits demo: the bundled models read the bundled pictures, and two numbers made of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.folders import writing_into
from inkdigits.cli.terminal import columns, is_terminal, paint

if TYPE_CHECKING:
    import numpy as np

    from inkdigits.ink import Grey, Plane
    from inkdigits.reading.recognizer import Examination

__all__ = ["demo"]

_CARD = 24  # characters across: the ink, a gap, the answer
_GAP = "   "
_INK_SIDE = 16  # pixels, and as many characters, two pixels in each line
_MARGIN_PX = 2  # of a 28x28 image, left out on each side
_SHADES = " .:-=+*#%@"
_NUMBERS = {"postcode": "40721", "amount": "38,60"}
# Each digit in five lines of three.
_LARGE = {
    digit: rows.split()
    for digit, rows in zip(
        "0123456789",
        (
            *("### #.# #.# #.# ###", ".#. ##. .#. .#. ###", "### ..# ### #.. ###", "### ..# .## ..# ###"),
            *("#.# #.# ### ..# ..#", "### #.. ### ..# ###", "### #.. ### #.# ###", "### ..# ..# .#. .#."),
            *("### #.# ### #.# ###", "### #.# ### ..# ###"),
        ),
        strict=True,
    )
}

_NEXT_STEPS = """
Each picture is shown as the model sees it: found on the page, scaled, centred.
Try next:
  inkdigits demo --save samples
  inkdigits predict samples/7_crossed_biro.png --explain samples"""


def demo(
    save: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the pictures into DIR too.", show_default="nowhere"),
    ] = None,
) -> None:
    """Read the bundled pictures, and show what the model saw.

    It needs neither a network nor the training extra.

    Example: inkdigits demo --save samples
    """
    from importlib import resources

    from inkdigits.reading.recognizer import Recognizer

    recognizer = Recognizer()
    folder = resources.files("inkdigits") / "samples"
    pictures = {
        file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith((".png", ".jpg"))
    }
    seen = {name: recognizer.examine(pictures[name]) for name in sorted(pictures)}
    width = min(columns(), 100)
    n_columns = max(1, (width + len(_GAP)) // (_CARD + len(_GAP)))
    cards = [_card(name, examination) for name, examination in seen.items()]
    for start in range(0, len(cards), n_columns):
        row = cards[start : start + n_columns]
        height = max(map(len, row))
        for lines in zip(*(_lowered(card, height) for card in row), strict=True):
            typer.echo(_GAP.join(lines).rstrip())
        typer.echo()
    numbers = {name: _written(text, list(seen.values())) for name, text in _NUMBERS.items()}
    _show_numbers(numbers)
    if save is not None:
        _save(save, pictures, numbers)
    typer.echo(_NEXT_STEPS.lstrip("\n"))


def _card(name: str, examination: Examination) -> list[str]:
    """A picture as lines of 24 characters: ink and large answer, the name, the verdict."""
    from inkdigits.reading.wording import verdict

    prediction = examination.prediction
    words = verdict(prediction)
    below = [
        f"{Path(name).stem[:_CARD]:<{_CARD}}",
        paint(f"{words[:_CARD]:<{_CARD}}", "yellow" if prediction.refused else "green"),
    ]
    if prediction.box is None:
        return below
    large = _LARGE.get(prediction.label or "", [])
    beside = ["", *(row.replace("#", "██").replace(".", "  ") for row in large)] if _has_blocks() else []
    drawing = _drawn(_shrunk(examination.normalized.ink))
    answers = [*beside, *[""] * len(drawing)]
    return [
        f"{ink}  {paint(f'{answer:<6}', 'green', bold=True)}"
        for ink, answer in zip(drawing, answers, strict=False)
    ] + below


def _lowered(card: list[str], height: int) -> list[str]:
    return [" " * _CARD] * (height - len(card)) + card


def _has_blocks() -> bool:
    return is_terminal() and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _shrunk(ink: Plane) -> Plane:
    """(28, 28) -> (16, 16): without the margin, where there is never ink."""
    import cv2
    import numpy as np

    inner = np.ascontiguousarray(ink[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX])
    size = (_INK_SIDE, _INK_SIDE)
    return np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_AREA), np.float32)


def _drawn(ink: Plane) -> list[str]:
    """Half as many lines as (H, W) has rows: greys in half blocks, or shades of ASCII without colours."""
    pairs = list(zip(ink[::2], ink[1::2], strict=True))
    if not _has_blocks() or not paint(" ", dim=True).startswith("\x1b"):
        return ["".join(_SHADES[round(float(level) * 9)] for level in (a + b) / 2) for a, b in pairs]

    def grey(level: np.floating) -> int:
        return 233 + round(min(max(float(level), 0.0), 1.0) * 22)  # of the 256 colours of a terminal

    def cell(upper: np.floating, lower: np.floating) -> str:
        return f"\x1b[38;5;{grey(upper)};48;5;{grey(lower)}m▀"

    return ["".join(map(cell, *pair)) + "\x1b[0m" for pair in pairs]


def _written(text: str, seen: list[Examination]) -> Grey:
    """A number on white paper, put together from the digits that were read: (96, W)."""
    import numpy as np

    digits = {str(each.prediction.digit): each.normalized.ink for each in reversed(seen)}
    parts = [np.zeros((28, 8), np.float32)]
    for character in text:
        mark = np.zeros((28, 4), np.float32)
        mark[21:25, 1:3] = mark[24:26, 0:2] = 1.0
        ink = digits.get(character, mark)
        parts += [np.zeros((28, 2), np.float32), ink[:, ink.max(axis=0) > 0.2]]
    line = np.pad(np.concatenate([*parts, parts[0]], axis=1), ((10, 10), (0, 0)))
    page: Grey = np.rint(255 - 235 * np.kron(line, np.ones((2, 2)))).astype(np.uint8)
    return page


def _show_numbers(numbers: dict[str, Grey]) -> None:
    import cv2
    import numpy as np

    from inkdigits.reading.numbers.drawing import number_verdict
    from inkdigits.reading.numbers.reader import NumberReader

    reader = NumberReader()
    for name, page in numbers.items():
        (number,) = reader.read(page, one=True, alternatives=0).numbers
        shown = page[20:-20]  # without the paper above and below
        scale = min(1.0, (columns() - 2) / page.shape[1], _INK_SIDE / page.shape[0] * 1.5)
        size = (round(page.shape[1] * scale), 2 * round(shown.shape[0] * scale / 2))
        ink = np.float32(1) - cv2.resize(shown, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for line in _drawn(ink):
            typer.echo(line.rstrip())
        colour = "yellow" if number.refused else "green"
        typer.echo(f"{name}: {paint(number_verdict(number), colour, bold=True)}\n")


def _save(folder: Path, pictures: dict[str, bytes], numbers: dict[str, Grey]) -> None:
    """Write every picture; one that is there already is left as it is."""
    import PIL.Image

    with writing_into(folder, "--save"):
        for name, content in pictures.items():
            if not (folder / name).exists():
                (folder / name).write_bytes(content)
        for name, page in numbers.items():
            if not (folder / f"{name}.png").exists():
                PIL.Image.fromarray(page).save(folder / f"{name}.png")
    typer.echo(f"written into {folder}", err=True)
