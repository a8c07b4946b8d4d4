"""The ONNX file that turns lines into the probabilities of marks, frame by frame.

The file comes as bytes, so nothing beside it is opened. Its metadata say which marks it knows and what its
confidence means.

Letters: N lines, W columns, T frames, C outputs: the blank, the marks, and one for other marks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.ink import Plane
from inkdigits.layout.line import LINE_HEIGHT, MARKS, OTHER_MARK
from inkdigits.reading.session import open_session

__all__ = ["BLANK", "OUTPUTS", "LineModel", "bundled_line_model"]

BLANK = 0
"""The output that stands for no mark."""

OUTPUTS: tuple[str, ...] = ("", *MARKS, OTHER_MARK)
"""What each output of the model stands for."""

_PLACE_PX = 4
_LEAST_WIDTH_PX = 16


def bundled_line_model() -> bytes:
    """The line model that ships with the package.

    Raises:
        ModelError: this installation has none.
    """
    file = resources.files("inkdigits") / "weights" / "numbers.onnx"
    if not file.is_file():
        raise ModelError(
            "the bundled line model",
            expected="weights/numbers.onnx in the package",
            found="no such file",
            remedy="Name a model that `inkdigits train numbers` wrote: --model FILE.",
        )
    return file.read_bytes()


class LineModel:
    """A line model; safe to share between threads.

    Args:
        model: the bytes of the file.
        n_threads: for one call; 1 is the quickest for single lines.

    Attributes:
        metadata: what training wrote into the file.

    Raises:
        ModelError: not a line model of inkdigits.
    """

    def __init__(self, model: bytes, *, n_threads: int = 1) -> None:
        self._session = open_session(model, "the line model", n_threads)
        properties = self._session.get_modelmeta().custom_metadata_map
        try:
            self.metadata: dict[str, Any] = dict(json.loads(properties.get("inkdigits", "{}")))
        except (ValueError, TypeError) as error:
            raise _unusable(f"metadata that are no JSON object: {error}") from error
        inputs = [(each.name, each.shape[1:2]) for each in self._session.get_inputs()]
        if inputs != [("line", [LINE_HEIGHT])] or self.metadata.get("marks") != "".join(MARKS):
            raise _unusable(f"inputs {inputs} and marks {self.metadata.get('marks')!r}")

    def log_probabilities(self, lines: Sequence[Plane]) -> list[NDArray[np.float32]]:
        """What each frame of some lines (32, W) shows: (T, C) natural logarithms, T = W / 2 rounded up."""
        found: list[NDArray[np.float32]] = [np.zeros((0, len(OUTPUTS)), np.float32)] * len(lines)
        by_width: dict[int, list[int]] = {}
        for number, line in enumerate(lines):
            width = max(-(-line.shape[1] // _PLACE_PX) * _PLACE_PX, _LEAST_WIDTH_PX)
            by_width.setdefault(width, []).append(number)
        for width, numbers in by_width.items():
            batch = np.zeros((len(numbers), LINE_HEIGHT, width), np.float32)
            for row, number in enumerate(numbers):
                batch[row, :, : lines[number].shape[1]] = lines[number]
            (logits,) = self._session.run(None, {"line": batch})
            for row, number in enumerate(numbers):
                found[number] = _log_softmax(logits[row])
        return found


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _unusable(found: str) -> ModelError:
    return ModelError(
        "the line model",
        expected=f"an ONNX file of `inkdigits train numbers` that reads {''.join(MARKS)}",
        found=found,
        remedy="Name another file, or train one.",
    )
