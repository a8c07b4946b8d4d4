"""A second reader of lines: PP-OCRv6's recogniser, out of the package rapidocr, in the line model's marks.

It reads any text. Here its alphabet is folded to the marks of a number: what it gives to letters and signs is
the other mark's. `masked` takes that away, for whoever knows that a number stands there.

The model comes from the folder of the installed package: nothing is downloaded, and rapidocr itself, which
would configure the process's logging, is never imported.

Letters: H, W size of a picture; T frames; C outputs, as the line model has them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.extras import missing
from inkdigits.ink import Grey, Plane
from inkdigits.layout.cuts import Band
from inkdigits.layout.line import MARKS
from inkdigits.reading.numbers.line_model import BLANK, OUTPUTS
from inkdigits.reading.session import open_session

__all__ = ["SecondReader", "masked"]

_HEIGHT_PX = 48  # of a line, as the model takes it
_LEAST_WIDTH_PX = 320  # shorter lines are padded, as they were in its training
_MOST_WIDTH_PX = 2400
_LEAST_PROBABILITY = 1e-12
_MARGINS = (0.15, 0.0, 0.35)  # above and below, by the height of the band
_SIDE_MARGIN = 0.1

Frames = NDArray[np.float32]


class SecondReader:
    """Reads lines of writing; safe to share between threads.

    Args:
        n_threads: for one call.

    Raises:
        MissingExtraError: the package rapidocr is not installed.
        ModelError: its model is none that is known.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        self._session = open_session(_bundled_model(), "rapidocr's recogniser", n_threads)
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

    def views(self, darkness: Plane, band: Band) -> list[Frames]:
        """The frames of a band of a picture's darkness (H, W), cut at three margins."""
        return [self.log_probabilities(_cut(darkness, band, margin)) for margin in _MARGINS]

    def log_probabilities(self, line: Grey) -> Frames:
        """What each frame of a line (H, W) of dark ink on light paper shows: (T, C) natural logarithms."""
        height, width = line.shape
        wide = min(max(-(-width * _HEIGHT_PX // max(height, 1)), 1), _MOST_WIDTH_PX)
        scaled = cv2.resize(line, (wide, _HEIGHT_PX)).astype(np.float32) / 127.5 - 1
        batch = np.zeros((1, 3, _HEIGHT_PX, max(wide, _LEAST_WIDTH_PX)), np.float32)
        batch[0, :, :, :wide] = scaled
        (shares,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        every = np.asarray(shares[0], np.float64)  # (T, characters)
        found = np.zeros((len(every), len(OUTPUTS)))
        found[:, BLANK] = every[:, 0]
        found[:, 1:-1] = every[:, self._codes]
        found[:, -1] = 1 - found[:, :-1].sum(axis=1)
        frames: Frames = np.log(np.maximum(found, _LEAST_PROBABILITY)).astype(np.float32)
        return frames


def masked(frames: Frames) -> Frames:
    """The frames (T, C) of a line that holds nothing but a number: no other marks."""
    kept = frames.astype(np.float64)
    kept[:, -1] = np.log(_LEAST_PROBABILITY)
    kept -= np.logaddexp.reduce(kept, axis=1, keepdims=True)
    result: Frames = kept.astype(np.float32)
    return result


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


def _bundled_model() -> bytes:
    """The recogniser in the installed package rapidocr."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise missing(ModuleNotFoundError(name="rapidocr"), "pages", for_what="a second reader")
    folder = Path(spec.origin).parent / "models"
    files = sorted(folder.glob("*_rec_*.onnx"))
    if not files:
        raise ModelError(
            "the package rapidocr",
            expected="a recogniser named *_rec_*.onnx in its folder models",
            found=f"none in {folder}",
            remedy="Install another version: pip install 'inkdigits[pages]'.",
        )
    return files[-1].read_bytes()
