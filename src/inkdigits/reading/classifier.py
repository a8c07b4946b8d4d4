"""One ONNX file that turns 28x28 ink into the probabilities of the ten digits, or of other classes.

The file comes as bytes, so nothing beside it is opened: no external data, no custom operators. It need
not be ours: any classifier of the ten digits does whose input holds 784 numbers an image. Its output is
taken for probabilities where every row is, and for logits otherwise.

A file of ours names its classes in its metadata. It may have outputs beyond them, and names these too: what
the network takes for no digit, and why. Such an image is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, ModelError
from inkdigits.ink import DIGITS, SIDE, to_bytes
from inkdigits.reading.risk_control import RiskBound

__all__ = ["Classifier", "Judgement", "bundled_model"]

_BATCH = 500  # images at a time: what a network holds between layers is 100 times its input
_INPUT_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
_MAX_MODEL_BYTES = 500_000_000
_REFUSALS = {"not_a_digit", "several"}
_SECOND_VIEW_LOG_ODDS = 2.0  # so much surer of a digit has a second view to be; docs/log.md says why


def bundled_model() -> bytes:
    """The ONNX file that ships with the package."""
    return (resources.files("inkdigits") / "weights" / "digits.onnx").read_bytes()


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a classifier says of N images.

    Attributes:
        probabilities: (N, C), calibrated, of each digit if it is a digit; rows sum to 1.
        digit_log_odds: (N,), natural logarithm of the odds that it is one digit; infinite where the model
            knows nothing but digits.
        reasons: N reasons to refuse, None for an image that is accepted.
    """

    probabilities: NDArray[np.float32]
    digit_log_odds: NDArray[np.float32]
    reasons: tuple[str | None, ...]


class Classifier:
    """An ONNX classifier; safe to share between threads.

    Args:
        model: the bytes of the file.
        name: what errors call it.
        normalizer_version: refuse a file of ours that was made for another version of the normaliser.
        n_threads: for one call; 1 is the quickest for small batches, 0 lets ONNX Runtime choose.
        digits_accepted: the share of digits that is to be accepted, as measured when the file was made; None
            for the file's own threshold.

    Attributes:
        metadata: what our export wrote into the file; empty for a file that is not ours.
        class_names: what the classes are, in the order of the outputs; the ten digits, as texts, for most.
        refusals: the names of the outputs after those.
        risk_bounds: what error each threshold of the confidence promises (`inkdigits.reading.risk_control`);
            empty where nothing is promised.

    Raises:
        ModelError: not ONNX, or inputs and outputs that do not fit.
        ConfigError: `digits_accepted` is beyond what the file has a threshold for.
    """

    def __init__(
        self,
        model: bytes,
        *,
        name: str = "model",
        normalizer_version: int | None = None,
        n_threads: int = 1,
        digits_accepted: float | None = None,
    ) -> None:
        self.name = name
        self._session = _open_session(model, name, n_threads)
        self.metadata = _read_metadata(self._session)
        made_for = self.metadata.get("normalizer_version")
        if None not in (normalizer_version, made_for) and made_for != normalizer_version:
            raise ModelError(
                name,
                expected=f"a model for version {normalizer_version} of the normaliser",
                found=f"one for version {made_for}",
                remedy="Train it again with this inkdigits, or install the inkdigits that made it.",
            )
        self._input, self._input_shape, self._input_type = _check_input(self._session, name)
        self._output = self._session.get_outputs()[0].name
        self._temperature = _number(self.metadata, "temperature", 1.0, name)
        self._least_log_odds = _number(self.metadata, "least_digit_log_odds", 0.0, name)
        if digits_accepted is not None:
            self._least_log_odds = _threshold_accepting(digits_accepted, self.metadata, name)
        self._least_confidence = _number(self.metadata, "least_confidence", 0.0, name)
        self.class_names = _class_names(self.metadata, name)
        self.refusals = _refusals(self.metadata, name)
        self.risk_bounds = _risk_bounds(self.metadata, name)
        self._check_output()

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        normalizer_version: int | None = None,
        n_threads: int = 1,
        digits_accepted: float | None = None,
    ) -> Classifier:
        """Read a file and open it.

        Raises:
            ModelError: the file cannot be read or used.
            ConfigError: as the class says.
        """
        path = Path(path)
        try:
            if path.stat().st_size > _MAX_MODEL_BYTES:
                raise OSError(f"a file of {path.stat().st_size:,} bytes")
            model = path.read_bytes()
        except OSError as error:
            raise ModelError(
                path, expected="a readable ONNX file", found=str(error), remedy="Check the path."
            ) from error
        return cls(
            model,
            name=str(path),
            normalizer_version=normalizer_version,
            n_threads=n_threads,
            digits_accepted=digits_accepted,
        )

    def probabilities(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify images (N, 28, 28), 0 paper to 1 ink -> probabilities (N, C), rows sum to 1."""
        return self._probabilities(self.scores(ink))

    def judge(
        self, ink: NDArray[np.float32], second_views: Mapping[int, NDArray[np.float32]] | None = None
    ) -> Judgement:
        """Classify images and refuse what is no digit.

        Args:
            ink: (N, 28, 28), 0 paper to 1 ink.
            second_views: for some of the images, by their number, another (28, 28) view of the same. The
                probabilities are the mean of both views', and it is a digit if it is one in either; in the
                second clearly so.
        """
        n_images, numbers = len(ink), list(second_views or ())
        if second_views:
            ink = np.concatenate([ink, np.stack(list(second_views.values()))])
        scores = self.scores(ink)
        log_odds = self._digit_log_odds(scores)
        scores, second = scores[:n_images], scores[n_images:]
        log_odds, second_odds = log_odds[:n_images], log_odds[n_images:] - _SECOND_VIEW_LOG_ODDS
        if numbers:
            scores[numbers] = self._mean(scores[numbers], second)
            log_odds[numbers] = np.maximum(log_odds[numbers], second_odds)
        probabilities = self._probabilities(scores)
        return Judgement(probabilities, log_odds, self._reasons(scores, probabilities, log_odds))

    def scores(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """The model's own output (N, C + refusals), logits for the models of this package."""
        starts = range(0, max(len(ink), 1), _BATCH)
        return np.concatenate([self._run(ink[start : start + _BATCH]) for start in starts])

    def _digit_log_odds(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.refusals:
            return np.full(len(scores), np.inf, np.float32)
        n_classes = len(self.class_names)
        return _log_sum_exp(scores[:, :n_classes]) - _log_sum_exp(scores[:, n_classes:])

    def _reasons(
        self, scores: NDArray[np.float32], probabilities: NDArray[np.float32], log_odds: NDArray[np.float32]
    ) -> tuple[str | None, ...]:
        if not self.refusals:
            return (None,) * len(scores)
        others = scores[:, len(self.class_names) :].argmax(axis=1)
        return tuple(
            self.refusals[other]
            if odds < self._least_log_odds
            else "unclear"
            if confidence < self._least_confidence
            else None
            for odds, other, confidence in zip(log_odds, others, probabilities.max(axis=1), strict=True)
        )

    def _mean(self, first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores of the mean of two images' probabilities."""
        if self._gives_probabilities(first):
            return (first + second) / np.float32(2)
        of_first, of_second = (logits - _log_sum_exp(logits)[:, None] for logits in (first, second))
        mean: NDArray[np.float32] = np.logaddexp(of_first, of_second) - np.log(np.float32(2))
        return mean

    def _gives_probabilities(self, scores: NDArray[np.float32]) -> bool:
        return not self.refusals and _are_probabilities(scores)

    def _probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._gives_probabilities(scores):
            return scores
        return _softmax(scores[:, : len(self.class_names)] / self._temperature)

    def _run(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        images = ink.reshape(len(ink), *self._input_shape)
        if self._input_type == np.uint8:
            feed = {self._input: to_bytes(images)}
        else:
            feed = {self._input: np.ascontiguousarray(images, dtype=self._input_type)}
        (scores,) = self._session.run([self._output], feed)
        result: NDArray[np.float32] = np.asarray(scores, dtype=np.float32)
        return result

    def _check_output(self) -> None:
        try:
            # Two images: many a graph that claims a free batch size works for one image only.
            shape = self.scores(np.zeros((2, SIDE, SIDE), np.float32)).shape
        except Exception as error:  # ONNX Runtime has no narrower type for what a graph may raise
            raise ModelError(
                self.name,
                expected="a model that runs on any number of images of 28x28",
                found=str(error).splitlines()[0],
                remedy="Check the model with ONNX Runtime.",
            ) from error
        n_outputs = len(self.class_names) + len(self.refusals)
        if shape != (2, n_outputs):
            raise ModelError(
                self.name,
                expected=f"an output of {n_outputs} numbers an image",
                found=f"the shape {shape} for two images",
                remedy="Use a classifier of the ten digits, or a model that inkdigits trained.",
            )


def _open_session(model: bytes, name: str, n_threads: int) -> Any:
    # Since 1.29 ONNX Runtime reports to its makers what it runs, and keeps an id of the machine, unless this
    # is set before it is loaded. Whoever wants that sets it to 0.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # a fifth of what `import inkdigits` would take; most programs load a model later

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin for work would burn a core of whoever embeds us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # External data would be looked for in the working directory; nothing can be found in this one.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises several unrelated types for a bad file
        raise ModelError(
            name,
            expected="an ONNX model in one file, with standard operators",
            found=(str(error).splitlines() or ["an empty file"])[0],
            remedy="Export it again, without external data; inkdigits train writes one.",
        ) from error


def _read_metadata(session: Any) -> dict[str, object]:
    text = session.get_modelmeta().custom_metadata_map.get("inkdigits", "{}")
    try:
        metadata = json.loads(text)
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _check_input(session: Any, name: str) -> tuple[str, tuple[int, ...], Any]:
    """The input's name, its shape without the batch, and its NumPy type."""
    inputs = session.get_inputs()
    found = ", ".join(f"{one.type} {one.shape}" for one in inputs)
    if len(inputs) == 1 and inputs[0].type in _INPUT_TYPES and len(inputs[0].shape) >= 2:
        batch, *rest = inputs[0].shape
        sizes = tuple(size if isinstance(size, int) else 1 for size in rest)
        if not isinstance(batch, int) and np.prod(sizes) == SIDE * SIDE:
            return inputs[0].name, sizes, _INPUT_TYPES[inputs[0].type]
    raise ModelError(
        name,
        expected="one input of images: (n, 28, 28), (n, 1, 28, 28), (n, 28, 28, 1) or (n, 784), with n free",
        found=found or "no input",
        remedy="Export the model with that input and a dynamic batch size.",
    )


def _number(metadata: Mapping[str, object], key: str, default: float, name: str) -> float:
    """A number of the metadata; the default for a file that is not ours."""
    value = metadata.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    if is_number and (key != "temperature" or value > 0):  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise ModelError(
        name,
        expected=f"a {key} above 0 in the metadata" if key == "temperature" else f"a finite {key}",
        found=repr(value),
        remedy="Export the model again.",
    )


def _class_names(metadata: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = metadata.get("class_names", list(DIGITS))
    is_named = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
    if is_named and len(set(value)) == len(value) >= 2:  # type: ignore[call-overload,arg-type]
        return tuple(value)  # type: ignore[arg-type]
    raise ModelError(
        name,
        expected="class_names in the metadata that are two or more different texts",
        found=repr(value)[:60],
        remedy="Export the model again.",
    )


def _threshold_accepting(share: float, metadata: Mapping[str, object], name: str) -> float:
    """The log-odds that so large a share of digits reached, between the rows of the metadata."""
    rows = metadata.get("accepted_digits", [])
    table = np.asarray(rows, np.float64).reshape(-1, 2) if isinstance(rows, list) else np.empty((0, 2))
    if not len(table):
        raise ConfigError(
            "digits_accepted",
            expected="a model that has thresholds for it, such as the bundled one",
            found=f"none in {name}",
            remedy="Leave it out, or train the model with [refusal] in its recipe.",
        )
    if not table[0, 0] <= share <= table[-1, 0]:
        raise ConfigError(
            "digits_accepted",
            expected=f"a share from {table[0, 0]} to {table[-1, 0]}",
            found=repr(share),
            remedy="Write 0.95 to accept 95 digits in a hundred, and fewer of other things.",
        )
    return float(np.interp(share, table[:, 0], table[:, 1]))


def _refusals(metadata: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = metadata.get("refusals", [])
    if isinstance(value, list) and set(value) <= _REFUSALS:
        return tuple(value)
    raise ModelError(
        name,
        expected="refusals in the metadata that are among " + ", ".join(sorted(_REFUSALS)),
        found=repr(value),
        remedy="Export the model again.",
    )


def _risk_bounds(metadata: Mapping[str, object], name: str) -> tuple[RiskBound, ...]:
    value = metadata.get("risk_bounds", [])
    try:
        rows = np.asarray(value, dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError):
        rows = np.full((1, 3), np.nan)
    if ((rows >= 0) & (rows <= 1)).all():
        return tuple((threshold, bound, coverage) for threshold, bound, coverage in rows.tolist())
    raise ModelError(
        name,
        expected="risk_bounds in the metadata that are rows of three shares",
        found=repr(value)[:60],
        remedy="Export the model again.",
    )


def _log_sum_exp(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    highest = logits.max(axis=1, keepdims=True)
    result: NDArray[np.float32] = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
    return result


def _are_probabilities(scores: NDArray[np.float32]) -> bool:
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = exponents / exponents.sum(axis=1, keepdims=True)
    return result
