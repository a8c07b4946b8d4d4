"""One ONNX file that turns 28x28 ink into scores for the ten digits, or for other classes.

The file comes as bytes, so nothing beside it is opened: no external data, no custom operators. It need not
be one of this package: any classifier of the ten digits works whose input holds 784 numbers an image. Of
several outputs, the first that has a number for each class is used; exporters such as sklearn-onnx put the
label first, and the probabilities into dictionaries.

What scores mean stands in `inkdigits.reading.scores`; `inkdigits.reading.decision` answers from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.ink import SIDE, to_bytes
from inkdigits.reading.model_file import METADATA_KEY, ModelRecord, read_model
from inkdigits.reading.scores import Scores
from inkdigits.reading.session import open_session

__all__ = ["Classifier"]

_BATCH = 500  # images at a time: what a network holds between layers is 100 times its input
_INPUT_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
# Two images: many a graph that claims a free batch size works for one image only.
_PROBE = np.zeros((2, SIDE, SIDE), np.float32)


class Classifier:
    """An ONNX classifier; safe to share between threads, and to pickle.

    Args:
        model: the path or the bytes of the file.
        n_threads: threads for one call; 1 is fastest for small batches, 0 lets ONNX Runtime choose.

    Attributes:
        name: what errors call the model: its path, or "model".
        record: what the file says about itself; all defaults for a file from elsewhere.

    Raises:
        ModelError: the file is not ONNX, or its metadata, inputs or outputs do not fit.
    """

    def __init__(self, model: str | Path | bytes, *, n_threads: int = 1) -> None:
        self.name = "model" if isinstance(model, bytes) else str(model)
        self._model = model if isinstance(model, bytes) else read_model(model)
        self._n_threads = n_threads
        self._session = open_session(self._model, self.name, n_threads)
        self.record = _read_record(self._session, self.name)
        self._input, self._input_shape, self._input_type = _check_input(self._session, self.name)
        self._output = self._choose_output()
        self.scores(_PROBE)  # which refuses NaN

    @property
    def signature(self) -> tuple[str, tuple[int, ...], str, str]:
        """The input's name, its shape without the batch, its NumPy type, and the output's name."""
        return self._input, self._input_shape, np.dtype(self._input_type).name, self._output

    def probabilities(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify images (N, 28, 28), 0 paper to 1 ink -> probabilities (N, C), rows sum to 1."""
        return self.scores(ink).probabilities()

    def scores(self, ink: NDArray[np.float32]) -> Scores:
        """Run the model on images (N, 28, 28), 0 paper to 1 ink.

        Raises:
            ModelError: an output is NaN or infinite.
        """
        starts = range(0, max(len(ink), 1), _BATCH)
        values = np.concatenate([self._run(ink[start : start + _BATCH]) for start in starts])
        if not np.isfinite(values).all():
            raise ModelError(
                self.name,
                expected="finite outputs",
                found="NaN or infinity",
                remedy="Train or export the model again: its weights are broken, or too large for its type.",
            )
        return Scores(values, self.record)

    def __getstate__(self) -> dict[str, object]:
        """All but the session, which belongs to one process."""
        return {name: value for name, value in vars(self).items() if name != "_session"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._session = open_session(self._model, self.name, self._n_threads)

    def _run(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        (output,) = self._session.run([self._output], self._feed(ink))
        return self._as_array(output).astype(np.float32, copy=False)

    def _feed(self, ink: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        images = ink.reshape(len(ink), *self._input_shape)
        if self._input_type == np.uint8:
            return {self._input: to_bytes(images)}
        return {self._input: np.ascontiguousarray(images, dtype=self._input_type)}

    def _as_array(self, output: Any) -> NDArray[Any]:
        """An output as an array; a ZipMap gives a dictionary for each image, with the classes as keys."""
        if isinstance(output, list) and {str(key) for row in output for key in row} == {*self.record.classes}:
            output = [[row[key] for key in sorted(row)] for row in output]
        return np.asarray(output)

    def _choose_output(self) -> str:
        n_outputs = len(self.record.classes) + len(self.record.refusals)
        try:
            outputs = self._session.run(None, self._feed(_PROBE))
            shapes = [self._as_array(output).shape for output in outputs]
        except Exception as error:  # ONNX Runtime has no narrower type for what a graph may raise
            raise ModelError(
                self.name,
                expected="a model that runs on any number of images of 28x28",
                found=str(error).splitlines()[0],
                remedy="Check the model with ONNX Runtime.",
            ) from error
        if (len(_PROBE), n_outputs) in shapes:
            return str(self._session.get_outputs()[shapes.index((len(_PROBE), n_outputs))].name)
        raise ModelError(
            self.name,
            expected=f"an output of {n_outputs} numbers an image",
            found=f"the shape {' and '.join(map(str, shapes))} for two images",
            remedy="Use a classifier of the ten digits, or a model that inkdigits trained.",
        )


def _read_record(session: Any, name: str) -> ModelRecord:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, "{}")
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError):
        metadata = None
    return ModelRecord.from_metadata(metadata if isinstance(metadata, dict) else {}, name)


def _check_input(session: Any, name: str) -> tuple[str, tuple[int, ...], Any]:
    """The input's name, its shape without the batch, and its NumPy type."""
    inputs = session.get_inputs()
    found = ", ".join(f"{value.type} {value.shape}" for value in inputs) or "no input"
    batch, *rest = inputs[0].shape if len(inputs) == 1 and inputs[0].shape else [1]
    sizes = tuple(size if isinstance(size, int) else 1 for size in rest)
    has_right_shape = not isinstance(batch, int) and np.prod(sizes) == SIDE * SIDE
    if has_right_shape and inputs[0].type in _INPUT_TYPES:
        return inputs[0].name, sizes, _INPUT_TYPES[inputs[0].type]
    raise ModelError(
        name,
        expected="an input of type float32 or float16, 0 paper to 1 ink, or uint8, to 255 ink"
        if has_right_shape
        else "one input of images: (n, 28, 28), (n, 1, 28, 28), (n, 28, 28, 1) or (n, 784), with n free",
        found=found,
        remedy="Export the model with such an input, and cast or reshape inside the graph.",
    )
