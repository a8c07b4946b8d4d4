"""A second reader of lines: PP-OCRv6's recogniser, out of the package rapidocr, in the line model's marks.

It reads any text. Here its alphabet is folded to the marks of a number: what it gives to letters and signs is
the other mark's. `masked` takes that away, for whoever knows that a number stands there.

Letters: H, W size of a picture; T frames; C outputs, as the line model has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.ink import Grey, Plane
from inkdigits.layout.cuts import Band
from inkdigits.layout.line import MARKS
from inkdigits.reading.numbers.rapidocr_models import open_rapidocr

__all__ = ["MARGINS", "Frames", "SecondReader", "masked"]

MARGINS = (0.15, 0.0, 0.35)
"""Above and below a number, by the height of its band, in each view; the first one reads best."""

Frames = NDArray[np.float32]

_HEIGHT_PX = 48  # of a line, as the model takes it
_TRAINED_WIDTH_PX = 320  # shorter lines were padded to this in its training
_WIDTH_STEP_PX = 32
_PADDING_PX = 8  # at least, beside a short line
_BATCH_SIZE = 8
_MOST_WIDTH_PX = 2400
_LEAST_PROBABILITY = 1e-12
_SIDE_MARGIN = 0.1


class SecondReader:
    """Reads lines of writing; safe to share between threads.

    Args:
        n_threads: for one call.

    Raises:
        MissingExtraError: the package rapidocr is not installed.
        ModelError: its model is none that is known.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        self._session = open_rapidocr("rec", "rapidocr's recogniser", n_threads)
        listed = self._session.get_modelmeta().custom_metadata_map.get("character", "")
        # CTC's blank comes first, and a space that is no line of the list comes last.
        characters = ["", *listed.splitlines(), " "]
        n_outputs = self._session.get_outputs()[0].shape[-1]
        if len(characters) != n_outputs or not set(MARKS) <= set(characters):
            raise ModelError(
                "rapidocr's recogniser",
                expected=f"a list of {n_outputs} characters with {''.join(MARKS)} among them",
                found=f"{len(characters)} characters",
                remedy="Install a supported version: pip install 'inkdigits[pages]'.",
            )
        self._codes = [characters.index(mark) for mark in MARKS]

    def views(
        self,
        darkness: Plane,
        bands: Sequence[Band],
        margins: Sequence[float] = MARGINS,
        *,
        least_width_px: int = _TRAINED_WIDTH_PX,
    ) -> list[list[Frames]]:
        """The frames of some bands of a picture's darkness (H, W), of each one at each margin.

        Args:
            darkness: large where the ink is.
            bands: where the numbers are.
            margins: some of `MARGINS`.
            least_width_px: shorter lines are padded; the wider a line, the longer it takes.
        """
        lines = [_scaled(_cut(darkness, band, margin)) for band in bands for margin in margins]
        frames = iter(self._log_probabilities(lines, least_width_px))
        return [[next(frames) for _ in margins] for _ in bands]

    def _log_probabilities(self, lines: Sequence[Plane], least_width_px: int) -> list[Frames]:
        """What each frame of some lines (48, w) shows: (T, C) natural logarithms."""
        widths = [_padded_width(line.shape[1], least_width_px) for line in lines]
        found: dict[int, Frames] = {}
        for width, same in groupby(sorted(range(len(lines)), key=widths.__getitem__), key=widths.__getitem__):
            numbers = list(same)
            for start in range(0, len(numbers), _BATCH_SIZE):
                part = numbers[start : start + _BATCH_SIZE]
                found |= zip(part, self._read([lines[number] for number in part], width), strict=True)
        return [found[number] for number in range(len(lines))]

    def _read(self, lines: Sequence[Plane], width: int) -> Iterator[Frames]:
        """The frames of lines (48, w) that are padded to one width."""
        batch = np.zeros((len(lines), 3, _HEIGHT_PX, width), np.float32)
        for row, line in enumerate(lines):
            batch[row, :, :, : line.shape[1]] = line
        (shares,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        for known in shares[:, :, [0, *self._codes]].astype(np.float64):  # (T, marks)
            others = 1 - known.sum(axis=1, keepdims=True)
            every = np.concatenate([known, others], axis=1)  # (T, C)
            yield np.log(np.maximum(every, _LEAST_PROBABILITY)).astype(np.float32)


def masked(frames: Frames) -> Frames:
    """The frames (T, C) of a line that holds nothing but a number: no other marks."""
    kept = frames.astype(np.float64)
    kept[:, -1] = np.log(_LEAST_PROBABILITY)
    kept -= np.logaddexp.reduce(kept, axis=1, keepdims=True)
    result: Frames = kept.astype(np.float32)
    return result


def _scaled(line: Grey) -> Plane:
    """(48, w), -1 on ink to 1 on paper."""
    height, width = line.shape
    wide = min(max(-(-width * _HEIGHT_PX // max(height, 1)), 1), _MOST_WIDTH_PX)
    return np.asarray(cv2.resize(line, (wide, _HEIGHT_PX)).astype(np.float32) / 127.5 - 1, np.float32)


def _padded_width(width: int, least_width_px: int) -> int:
    """Of a few widths for short lines, so that they are read in batches."""
    if width >= _TRAINED_WIDTH_PX:
        return width
    stepped = -(-(width + _PADDING_PX) // _WIDTH_STEP_PX) * _WIDTH_STEP_PX
    return min(max(stepped, least_width_px), _TRAINED_WIDTH_PX)


def _cut(darkness: Plane, band: Band, margin: float) -> Grey:
    """The band as a picture of dark ink on light paper."""
    height, width = darkness.shape
    above, beside = margin * band.height, _SIDE_MARGIN * band.height
    top, left = (
        min(max(int(side), 0), most - 1)
        for side, most in ((band.top - above, height), (band.left - beside, width))
    )
    bottom, right = int(np.ceil(band.bottom + above)), int(np.ceil(band.right + beside))
    part = darkness[top : max(bottom, top + 1), left : max(right, left + 1)]
    return np.clip(255 - part, 0, 255).astype(np.uint8)
