"""Digits within borders: scanners' edges, margins, window frames and figures, beside the same without.

    INKDIGITS_DATA=FOLDER python benchmarks/borders.py --data FOLDER --out benchmarks/results/borders.json

Every border is drawn around 130 of people's own digits, in three widths (a share of the picture's longer
side), six shades, on one side and on four; then the neighbours of those: soft and rounded edges,
grain, gradients, JPEG, two adjacent sides, a page that lies askew on a table. Forty of MNIST's test digits
go through matplotlib's `imshow` and `savefig`. A refusal counts as a mistake. Thresholds were chosen on one
half of the pictures; the other half is what is reported (--half develop shows the former).
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import PIL.Image
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inkdigits.datasets import load
from inkdigits.pictures.images import read_image
from inkdigits.reading.recognizer import Recognizer
from measuring import write_results

N_PICTURES = 130
N_FIGURES = 40
WIDTHS = (0.03, 0.10, 0.25)
SHADES = {
    "black": (0, 0, 0),
    "dark": (64, 64, 64),
    "grey": (128, 128, 128),
    "light": (205, 205, 205),
    "white": (255, 255, 255),
    "blue": (30, 60, 200),
}
ALL_SIDES = "tblr"  # top, bottom, left, right

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
Variant = Callable[[Picture, int], Picture]  # the second argument is the picture's number


def main() -> None:
    """Read every picture with every border."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="The folder that INKDIGITS_DATA names.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--only", default="", help="Only variants whose name holds this.")
    parser.add_argument("--mistakes", type=Path, metavar="DIR", help="Write what was misread there.")
    options = parser.parse_args()
    recognizer = Recognizer()
    pictures, labels = _hobby(options.data, options.half)
    found: dict[str, object] = {}
    for name, variant in variants():
        if options.only in name or name == "plain":
            bordered = [variant(picture, i) for i, picture in enumerate(pictures)]
            found[name] = _score(recognizer, bordered, labels, name, options.mistakes)
    figures: dict[str, object] = {}
    for name, drawn, digits in _figures():
        if options.only in name:
            figures[name] = _score(recognizer, drawn, digits, name, options.mistakes)
    write_results(
        options.out, {"half": options.half, "n_pictures": N_PICTURES, "n_right": found, "figures": figures}
    )


def _hobby(data: Path, half: str) -> tuple[list[Picture], list[str]]:
    """Evenly spread over one half: pictures of one hand stand beside each other."""
    folder = data / "digits" / "hobby"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))[0 if half == "develop" else 1 :: 2]
    rows = [rows[i] for i in np.linspace(0, len(rows) - 1, N_PICTURES).round().astype(int)]
    return [_rgb(folder / row["path"]) for row in rows], [row["label"] for row in rows]


def _rgb(path: Path) -> Picture:
    with PIL.Image.open(path) as image:
        if image.mode == "RGB" and not image.getexif():
            return np.array(image)
    return np.stack([read_image(path)] * 3, axis=2)


def _score(
    recognizer: Recognizer, pictures: list[Picture], labels: list[str], name: str, mistakes: Path | None
) -> int:
    """How many of the pictures are read right."""
    n_right = 0
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        answer = recognizer.predict(picture)
        right = str(answer.digit) == label
        n_right += right
        if mistakes is not None and not right:
            mistakes.mkdir(parents=True, exist_ok=True)
            said = f"{answer.label or answer.reason}"
            PIL.Image.fromarray(picture).save(
                mistakes / f"{name.replace(' ', '_')}-{i}-{label}-as-{said}.png"
            )
    return n_right


# Borders.


def variants() -> Iterator[tuple[str, Variant]]:
    """Every border, by name."""
    yield "plain", lambda picture, i: picture
    for shade, colour in SHADES.items():
        for width in WIDTHS:
            yield f"{shade} {width} four", _framed(width, colour, ALL_SIDES)
            yield f"{shade} {width} one", lambda p, i, w=width, c=colour: bordered(p, w, c, ALL_SIDES[i % 4])
    for width in (0.01, 0.06, 0.30):
        for shade in ("black", "white"):
            yield f"{shade} {width} four", _framed(width, SHADES[shade], ALL_SIDES)
    for shade in ("black", "grey", "white"):
        colour = SHADES[shade]
        yield f"{shade} adjacent", lambda p, i, c=colour: bordered(p, 0.1, c, ("tl", "tr", "bl", "br")[i % 4])
        yield f"{shade} opposite", lambda p, i, c=colour: bordered(p, 0.1, c, ("tb", "lr")[i % 2])
        yield f"{shade} three", lambda p, i, c=colour: bordered(p, 0.1, c, ("tbl", "tlr", "blr")[i % 3])
        yield f"{shade} soft", lambda p, i, c=colour: soft(p, 0.1, c)
        yield f"{shade} jpeg", lambda p, i, c=colour: jpeg(bordered(p, 0.1, c, ALL_SIDES), 50)
        yield f"{shade} grain", lambda p, i, c=colour: grainy(bordered(p, 0.1, c, ALL_SIDES), i)
        yield f"{shade} rounded", lambda p, i, c=colour: rounded(p, 0.1, c)
        for degrees in (1.0, 2.0, -2.0):
            yield f"{shade} tilted {degrees}", lambda p, i, c=colour, d=degrees: tilted(p, 0.1, c, d)
        yield f"{shade} tilted thin", lambda p, i, c=colour: tilted(p, 0.03, c, 1.5)
    yield "gradient", lambda p, i: graded(p, 0.12)
    yield "near paper 12", lambda p, i: near_paper(p, 0.1, 12)
    yield "near paper 25", lambda p, i: near_paper(p, 0.1, 25)
    yield "near paper 45", lambda p, i: near_paper(p, 0.1, 45)
    yield "table", on_table
    yield "window", window
    yield (
        "nested",
        lambda p, i: bordered(bordered(p, 0.08, (200, 200, 200), ALL_SIDES), 0.05, (0, 0, 0), ALL_SIDES),
    )


def _framed(width: float, colour: tuple[int, int, int], sides: str) -> Variant:
    return lambda picture, i: bordered(picture, width, colour, sides)


def bordered(picture: Picture, width: float, colour: tuple[int, int, int], sides: str) -> Picture:
    """With a border of one colour on some sides, outside of what was there."""
    px = max(1, round(width * max(picture.shape[:2])))
    top, bottom, left, right = (px if side in sides else 0 for side in ALL_SIDES)
    return cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT, value=colour)


def soft(picture: Picture, width: float, colour: tuple[int, int, int]) -> Picture:
    """The edge between page and border is blurred over some 3% of the side, the page is not."""
    framed = bordered(picture, width, colour, ALL_SIDES)
    px = max(1, round(width * max(picture.shape[:2])))
    inside = np.zeros(framed.shape[:2], np.float32)
    inside[px:-px, px:-px] = 1
    sigma = max(0.5, 0.01 * max(picture.shape[:2]))
    share = cv2.GaussianBlur(inside, (0, 0), sigma)[..., None]
    share = np.clip(2 * share - 1, 0, 1) if sigma < 1 else share
    beyond = cv2.copyMakeBorder(picture, px, px, px, px, cv2.BORDER_REPLICATE)
    return np.rint(share * beyond + (1 - share) * np.array(colour)).astype(np.uint8)


def jpeg(picture: Picture, quality: int) -> Picture:
    """As a JPEG gives it back."""
    file = io.BytesIO()
    PIL.Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.array(PIL.Image.open(file))


def grainy(picture: Picture, seed: int, sigma: float = 5) -> Picture:
    """With a camera's noise all over."""
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape[:2])[..., None]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def rounded(picture: Picture, width: float, colour: tuple[int, int, int]) -> Picture:
    """The page has round corners, as screenshots of phones have."""
    height, wide = picture.shape[:2]
    radius = round(0.06 * max(height, wide))
    page = np.zeros((height, wide), np.uint8)
    cv2.rectangle(page, (radius, 0), (wide - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(page, (0, radius), (wide - 1, height - 1 - radius), 255, -1)
    for x in (radius, wide - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(page, (x, y), radius, 255, -1)
    return bordered(np.where(page[..., None] > 0, picture, np.uint8(colour)), width, colour, ALL_SIDES)


def tilted(picture: Picture, width: float, colour: tuple[int, int, int], degrees: float) -> Picture:
    """The page lies askew on its background; what would show outside is background too."""
    framed = bordered(picture, width, colour, ALL_SIDES)
    height, wide = framed.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, height / 2), degrees, 1)
    return cv2.warpAffine(framed, turn, (wide, height), flags=cv2.INTER_LINEAR, borderValue=colour)


def graded(picture: Picture, width: float) -> Picture:
    """The border's shade goes from 20 to 110 from left to right."""
    px = max(1, round(width * max(picture.shape[:2])))
    framed = bordered(picture, width, (0, 0, 0), ALL_SIDES)
    shade = np.broadcast_to(np.linspace(20, 110, framed.shape[1])[None, :, None], framed.shape).astype(
        np.uint8
    )
    shade = shade.copy()
    shade[px:-px, px:-px] = picture
    return shade


def near_paper(picture: Picture, width: float, off: int) -> Picture:
    """The border is some levels from the page's own edge, towards the grey."""
    edge = int(np.median(np.concatenate([picture[0, :, 0], picture[-1, :, 0]])))
    level = edge - off if edge >= 128 else edge + off
    return bordered(picture, width, (level, level, level), ALL_SIDES)


def on_table(picture: Picture, i: int) -> Picture:
    """Photographed on a dark table with a grain, under a lamp, askew, the paper's edge a little soft."""
    generator = np.random.default_rng(i)
    side = max(picture.shape[:2])
    grain = generator.normal(0, 14, (3 * side // 2, 8)).astype(np.float32)
    wood = 60 + cv2.GaussianBlur(
        cv2.resize(grain, (3 * side, 3 * side), interpolation=cv2.INTER_LINEAR), (0, 0), 1
    )
    height, wide = picture.shape[:2]
    px = round(generator.uniform(0.08, 0.2) * side)
    framed = np.clip(wood[: height + 2 * px, : wide + 2 * px, None], 0, 255).repeat(3, axis=2)
    paper = np.minimum(picture, 235)
    framed[px : px + height, px : px + wide] = paper
    turn = cv2.getRotationMatrix2D((framed.shape[1] / 2, framed.shape[0] / 2), generator.uniform(-2, 2), 1)
    framed = cv2.warpAffine(framed, turn, framed.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    light = np.linspace(0.8, 1, framed.shape[1])[None, :, None]
    return np.clip(framed * light + generator.normal(0, 2, framed.shape[:2])[..., None], 0, 255).astype(
        np.uint8
    )


def window(picture: Picture, i: int) -> Picture:
    """A screenshot of a window: a title bar with words and buttons, a thin line around it, the desktop."""
    scale = max(1, round(280 / max(picture.shape[:2])))
    page = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    side = max(page.shape[:2])
    bar = max(14, round(0.08 * side))
    framed = cv2.copyMakeBorder(page, bar, 0, 0, 0, cv2.BORDER_CONSTANT, value=(225, 225, 230))
    framed = np.ascontiguousarray(framed)
    size = bar / 45
    cv2.putText(
        framed,
        "Untitled - Paint",
        (6, round(0.7 * bar)),
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        (40, 40, 40),
        1,
        cv2.LINE_AA,
    )
    for k in range(3):
        cv2.circle(
            framed, (framed.shape[1] - bar // 2 - k * bar, bar // 2), bar // 5, (90, 90, 90), 1, cv2.LINE_AA
        )
    line = bordered(framed, 1 / side, (120, 120, 120), ALL_SIDES)
    return bordered(line, 0.06, (0, 90, 130), ALL_SIDES) if i % 2 else line


# Figures.


def _figures() -> Iterator[tuple[str, list[Picture], list[str]]]:
    """Forty test digits through matplotlib, as notebooks save them."""
    test = load("mnist").test
    assert test is not None
    assert test.labels is not None
    labels = [str(label) for label in test.labels[:N_FIGURES]]
    for colours in ("gray", "gray_r", "viridis"):
        for axes in ("axes", "no axes", "title"):
            drawn = [
                figure(image, colours, axes, label) for image, label in zip(test.images, labels, strict=False)
            ]
            yield f"{colours} {axes}", drawn, labels


def figure(image: NDArray[np.uint8], colours: str, axes: str, label: str) -> Picture:
    """`imshow` and `savefig`, with axes, without, or with axes and a title."""
    with mpl.rc_context(mpl.rcParamsDefault):
        drawn = Figure()
        plot = drawn.add_subplot()
        plot.imshow(image, cmap=colours)
        if axes == "no axes":
            plot.axis("off")
        if axes == "title":
            plot.set_title(f"Label: {label}")
        file = io.BytesIO()
        drawn.savefig(file, format="png")
    return np.array(PIL.Image.open(file).convert("RGB"))


if __name__ == "__main__":
    main()
