"""Puts written lines onto paper and scans them: the part of the road that is new in every epoch.

A line is cut out with margins of any size, leaned and stretched a little, its pen made fatter or thinner. It
is laid on one of a few hundred papers (plain, grainy, printed with waves as cheques are, squared, in a
shadow), and blurred, shrunk, compressed or made black and white. Two lines in five meet less of all that, as
most scans do.

Letters: H, W size of a written line's canvas; w, columns of the line that comes out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Plane
from inkdigits.layout.line import LINE_HEIGHT, line_of_darkness

__all__ = ["Papers", "scan"]

_PAPER_SHAPE = (40, 720)
_WIDEST_LINE = 640
_KINDS = 6
_MILD_SHARE = 0.4  # of the lines
_MILD = 0.4  # so much of the paper, the noise and the broken pens


class Papers:
    """Some hundred papers, made once: darkness from 0 to about 1, (40, 720) each."""

    def __init__(self, generator: np.random.Generator, n_papers: int = 300) -> None:
        self._papers = [_paper(generator) for _ in range(n_papers)]

    def cut(self, width: int, generator: np.random.Generator) -> Plane:
        """(32, width) of one of them, perhaps mirrored."""
        paper = self._papers[generator.integers(len(self._papers))]
        top = int(generator.integers(0, _PAPER_SHAPE[0] - LINE_HEIGHT + 1))
        left = int(generator.integers(0, _PAPER_SHAPE[1] - width + 1))
        piece = paper[top : top + LINE_HEIGHT, left : left + width]
        return piece[:, ::-1] if generator.random() < 0.5 else piece


def scan(
    ink: Grey,
    box: tuple[float, float, float, float],
    papers: Papers,
    generator: np.random.Generator,
) -> Plane:
    """Scan a written line.

    Args:
        ink: (H, W), 0 paper to 255 ink.
        box: left, top, right, bottom of the number in it.
        papers: what it may be written on.
        generator: where the randomness comes from.

    Returns:
        (32, w) a line as the line model takes it.
    """
    harm = _MILD if generator.random() < _MILD_SHARE else 1.0
    writing = _penned(_cut_out(ink, box, generator), harm, generator)
    darkness = _laid_on_paper(writing, harm, papers, generator)
    return line_of_darkness(_seen(darkness, harm, generator))


def _cut_out(ink: Grey, box: tuple[float, float, float, float], generator: np.random.Generator) -> Plane:
    """The number and a margin, leaned, turned and stretched a little: (32, w), 0 to 255."""
    left, top, right, bottom = box
    scale = LINE_HEIGHT * generator.uniform(0.52, 0.97) / max(bottom - top, 8.0)
    stretch = float(np.exp(generator.normal(0, 0.09)))
    before, after = generator.uniform(-1, 15, 2)  # pixels of the line
    width = int(np.clip((right - left) * scale * stretch + before + after, 12, _WIDEST_LINE))
    free = LINE_HEIGHT - scale * (bottom - top)
    y = generator.uniform(0.1, 0.9) * free if free > 0 else free / 2
    lean, turn = generator.normal(0, 0.08), generator.normal(0, 0.012)
    matrix = np.array(
        [
            [
                scale * stretch,
                -scale * lean,
                before - scale * stretch * left + scale * lean * (top + bottom) / 2,
            ],
            [scale * turn, scale, y - scale * top - scale * turn * (left + right) / 2],
        ]
    )
    return np.asarray(cv2.warpAffine(ink, matrix, (width, LINE_HEIGHT), flags=cv2.INTER_LINEAR), np.float32)


def _penned(ink: Plane, harm: float, generator: np.random.Generator) -> Plane:
    """Ink from 0 to 1 with a fatter, thinner, softer, broken or grainy stroke."""
    kind = generator.random()
    ink = ink * np.float32(1 / 255)
    if kind < 0.45 * harm:  # a soft threshold moves the rims in or out
        ink = cv2.GaussianBlur(ink, (0, 0), generator.uniform(0.5, 0.9))
        threshold, sharpness = generator.uniform(0.2, 0.55), generator.uniform(1.5, 5)
        ink = np.clip((ink - np.float32(threshold)) * np.float32(sharpness) + np.float32(0.5), 0, 1)
        ink -= np.float32(max(0.5 - threshold * sharpness, 0))  # paper stays at 0
        np.maximum(ink, 0, out=ink)
    elif kind < 0.6 * harm:
        ink = cv2.dilate(ink, np.ones((2, 2) if generator.random() < 0.8 else (3, 3), np.uint8))
    if generator.random() < 0.2 * harm:
        noise = generator.standard_normal(ink.shape, dtype=np.float32)
        if generator.random() < 0.6:
            noise = cv2.GaussianBlur(noise, (0, 0), generator.uniform(0.5, 1.5)) * np.float32(2.5)
        ink = ink * np.clip(1 + np.float32(generator.uniform(0.1, 0.5)) * (noise - np.float32(0.3)), 0, 1)
    return np.asarray(ink, np.float32)


def _laid_on_paper(writing: Plane, harm: float, papers: Papers, generator: np.random.Generator) -> Plane:
    """Darkness (32, w) in grey levels."""
    contrast = np.float32(255 * generator.uniform(0.15, 0.9))
    darkness = contrast * writing
    if generator.random() < 0.8:
        strength = np.float32(harm * contrast * generator.uniform(0.02, 0.55) ** 1.2)
        paper = strength * papers.cut(writing.shape[1], generator)
        # Ink on print is as dark as ink, or darker by part of the print.
        darkness = np.maximum(darkness, paper) + np.float32(0.4) * np.minimum(darkness, paper)
    return darkness


def _seen(darkness: Plane, harm: float, generator: np.random.Generator) -> Plane:
    """Through a lens and a file format."""
    if generator.random() < 0.5:
        darkness = cv2.GaussianBlur(darkness, (0, 0), generator.uniform(0.3, 0.95))
    kind = generator.random()
    if kind < 0.15 * harm:
        shrink = generator.uniform(0.5, 0.85)
        small = cv2.resize(darkness, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        darkness = cv2.resize(small, darkness.shape[::-1], interpolation=cv2.INTER_LINEAR)
    elif kind < 0.22 * harm:
        level = np.float32(generator.uniform(0.25, 0.5) * float(darkness.max()))
        darkness = np.where(darkness > level, np.float32(255), np.float32(0))
        darkness = cv2.GaussianBlur(darkness, (0, 0), generator.uniform(0.3, 0.7))
    if generator.random() < 0.5:
        noise = generator.standard_normal(darkness.shape, dtype=np.float32)
        sigma = harm * generator.uniform(0.01, 0.28) ** 1.6 * float(darkness.max()) + generator.uniform(0, 2)
        darkness = darkness + np.float32(sigma) * noise
    if generator.random() < 0.2:
        grey = np.clip(235 - darkness, 0, 255).astype(np.uint8)
        quality = int(generator.integers(25, 85))
        _, file = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
        darkness = 235 - np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
    return np.asarray(darkness, np.float32)


def _paper(generator: np.random.Generator) -> Plane:
    kind = generator.integers(_KINDS)
    if kind == 0:
        paper = _grain(generator)
    elif kind <= 2:
        paper = _waves(generator) + np.float32(0.2) * _grain(generator)
    elif kind == 3:
        paper = _waves(generator) + _waves(generator)
    elif kind == 4:
        paper = _grid(generator) + np.float32(0.2) * _grain(generator)
    else:
        paper = _light(generator)
    if generator.random() < 0.3:
        paper = paper + _light(generator)
    paper -= np.float32(paper.min())
    return np.asarray(paper / np.float32(max(float(paper.max()), 1e-6)), np.float32)


def _grain(generator: np.random.Generator) -> Plane:
    noise = generator.standard_normal(_PAPER_SHAPE, dtype=np.float32)
    sigma = generator.uniform(0.3, 3)
    grain = cv2.GaussianBlur(noise, (0, 0), sigma, sigmaY=sigma * generator.uniform(0.5, 1.5))
    return np.asarray(np.float32(0.2) * grain / np.float32(max(float(grain.std()), 1e-6)), np.float32)


def _places() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.indices(_PAPER_SHAPE, dtype=np.float32)
    return rows, columns


def _waves(generator: np.random.Generator) -> Plane:
    """Fine parallel lines that swing together, as on cheques and banknotes."""
    rows, columns = _places()
    angle = generator.uniform(-0.5, 0.5) if generator.random() < 0.7 else generator.uniform(0, np.pi)
    across = np.cos(angle) * rows + np.sin(angle) * columns
    along = np.cos(angle) * columns - np.sin(angle) * rows
    swing = generator.uniform(0, 4) * np.sin(
        2 * np.pi * along / generator.uniform(15, 90) + generator.uniform(0, 6)
    )
    swing += generator.uniform(0, 3) * np.sin(2 * np.pi * along / generator.uniform(40, 300))
    pitch = generator.uniform(2.2, 8)
    waves = np.sin(2 * np.pi * (across + swing) / pitch)
    edge = generator.uniform(-0.3, 0.9)  # thin lines or even stripes
    return np.asarray(np.clip((waves - edge) / (1 - edge), 0, 1), np.float32)


def _grid(generator: np.random.Generator) -> Plane:
    """Squares, dots or a raster of print."""
    rows, columns = _places()
    pitch = generator.uniform(2.5, 14)
    width = min(generator.uniform(0.5, 1.4), pitch / 2)
    is_row = np.mod(rows + generator.uniform(0, pitch), pitch) < width
    is_column = np.mod(columns + generator.uniform(0, pitch), pitch) < width
    both = is_row & is_column if generator.random() < 0.4 else is_row | is_column
    return np.asarray(cv2.GaussianBlur(both.astype(np.float32), (0, 0), 0.5), np.float32)


def _light(generator: np.random.Generator) -> Plane:
    """A shadow that falls off, or a darker band with a sharp side."""
    rows, columns = _places()
    angle = generator.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * (columns - generator.uniform(0, _PAPER_SHAPE[1])) + 4 * np.sin(angle) * rows
    if generator.random() < 0.6:
        return np.asarray((ramp / generator.uniform(60, 400)).clip(-1, 1), np.float32)
    return np.asarray(1 / (1 + np.exp(-ramp.clip(-60, 60) / generator.uniform(0.5, 6))), np.float32)
