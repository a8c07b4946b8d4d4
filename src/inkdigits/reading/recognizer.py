"""Picture in, answer out: what most users import.

    recognizer = Recognizer()
    recognizer.predict("seven.jpg").digit

It joins the parts and decides nothing: `images` reads, `normalizer` finds the ink, `classifier` scores it,
and `decision` answers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from inkdigits.errors import ImageError, ModelError
from inkdigits.ink import SIDE, to_ink
from inkdigits.normalizer import NORMALIZER_VERSION, Normalized, normalize
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.decision import Policy, decide, digit_log_odds, views
from inkdigits.reading.model_file import bundled_model
from inkdigits.results import Prediction, brief

__all__ = ["Examination", "ImageSource", "Recognizer"]

ImageSource = str | Path | bytes | PIL.Image.Image | NDArray[np.generic]

_IMAGE_SHAPES = ((SIDE, SIDE), (1, SIDE, SIDE), (SIDE, SIDE, 1), (SIDE * SIDE,))  # of one image as in MNIST
_CHUNK = 32  # pictures in memory at a time in predict_many
_PAGES_CHUNK = 8  # whole pages in memory at a time in examine_many


@dataclass(frozen=True, eq=False)
class Examination:
    """A prediction with the grey page (H, W), the ink, and the classes of the model behind it."""

    page: NDArray[np.uint8]
    normalized: Normalized
    prediction: Prediction
    class_names: tuple[str, ...]
    digit_probability: float = 1.0  # of showing a single digit, by the network
    least_digit_probability: float = 0.0  # below which the network refuses
    least_confidence: float = 0.0  # below which a digit is unclear

    __repr__ = brief


class Recognizer:
    """Reads single digits.

    Safe to share between threads; one per process is enough. It can be copied and pickled, with its model, so
    that other processes can be given one.

    Args:
        model: Path or bytes of an ONNX file; None is the bundled model.
        limits: Which pictures are accepted; None is the defaults of `InputLimits`.
        n_threads: Processor threads for one call of the model; 0 lets ONNX Runtime choose.
        max_error: Allow at most this fraction of errors among the digits that are read, and refuse the rest.
            It holds for pictures like those that the model was calibrated on, and for no others.
        digits_accepted: Tighten refusal until only this fraction of real digits is accepted, 0.9 to 0.999;
            fewer letters get through. None keeps the model's own threshold, which is lenient, and which
            `max_error` is measured with.

    Attributes:
        class_names: the classes of the model, in the order of the probabilities; "0" to "9" for digits.
        coverage: the fraction of digits that is expected to be read under `max_error`; None without it.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: the model has no threshold for `max_error` or `digits_accepted`, or both are given.
    """

    def __init__(
        self,
        model: str | Path | bytes | None = None,
        *,
        limits: InputLimits | None = None,
        n_threads: int = 1,
        max_error: float | None = None,
        digits_accepted: float | None = None,
    ) -> None:
        self._limits = limits or InputLimits()
        self._classifier = Classifier(bundled_model() if model is None else model, n_threads=n_threads)
        record = self._classifier.record
        if record.normalizer_version not in (None, NORMALIZER_VERSION):
            raise ModelError(
                self._classifier.name,
                expected=f"a model for version {NORMALIZER_VERSION} of the normaliser",
                found=f"one for version {record.normalizer_version}",
                remedy="Train it again with this inkdigits, or install the inkdigits that made it.",
            )
        self._policy = Policy.of(record, max_error=max_error, digits_accepted=digits_accepted)
        self.class_names = record.classes
        self.coverage = self._policy.coverage

    def predict(self, source: ImageSource) -> Prediction:
        """Read the digit in one picture.

        Args:
            source: a path, the bytes of a file, a Pillow image, or an array: (H, W) grey, (H, W, 3) RGB
                or (H, W, 4) RGBA.

        Raises:
            ImageError: the picture cannot be read.
        """
        return self._answer([normalize(read_image(source, self._limits))])[0]

    def predict_many(
        self, sources: Iterable[ImageSource], *, n_threads: int | None = None
    ) -> Iterator[Prediction | ImageError]:
        """Read many pictures, lazily, in their order, a few in memory at a time.

        Args:
            sources: pictures as `predict` takes them.
            n_threads: threads that decode and normalise; 1 uses the caller's own, None one per processor,
                up to eight.

        Yields:
            A prediction for each picture, or the `ImageError` of one that cannot be read, so that a bad
            picture never stops the rest.
        """
        remaining = iter(sources)
        with ThreadPoolExecutor(n_threads or min(os.cpu_count() or 1, 8)) as pool:
            for_each = map if n_threads == 1 else pool.map
            while chunk := list(islice(remaining, _CHUNK)):
                yield from self._predict_chunk(list(for_each(self._try_normalize, chunk)))

    def examine(self, source: ImageSource) -> Examination:
        """Like `predict`, with the page and the ink behind the answer."""
        page = read_image(source, self._limits)
        normalized = normalize(page)
        scores = self._classifier.scores(views([normalized]))
        (log_odds,) = digit_log_odds(scores, [normalized], self._policy)
        (prediction,) = decide(scores, [normalized], self._policy)
        return Examination(
            page,
            normalized,
            prediction,
            self.class_names,
            _sigmoid(float(log_odds)),
            _sigmoid(self._policy.least_log_odds) if scores.record.refusals else 0.0,
            self._policy.least_confidence,
        )

    def examine_many(self, sources: Iterable[ImageSource]) -> Iterator[Examination | ImageError]:
        """Like `predict_many`, in the caller's own thread, with the page and the ink behind each answer.

        Yields:
            An examination of each picture, or the `ImageError` of one that cannot be read.
        """
        remaining = iter(sources)
        while chunk := list(islice(remaining, _PAGES_CHUNK)):
            read = [self._try_read(source) for source in chunk]
            readable = [picture[1] for picture in read if not isinstance(picture, ImageError)]
            predictions = iter(self._answer(readable))
            for picture in read:
                if isinstance(picture, ImageError):
                    yield picture
                else:
                    yield Examination(*picture, next(predictions), self.class_names)

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify images that are in MNIST's form already.

        Args:
            images: (N, 28, 28) uint8, 0 paper to 255 ink; with a channel, (N, 1, 28, 28) or (N, 28, 28, 1),
                or flat, (N, 784).

        Returns:
            Calibrated probabilities (N, C), of the ten digits or of `class_names`; each row sums to 1.

        Raises:
            ImageError: another shape or type.
        """
        images = np.asarray(images)
        if images.shape[1:] not in _IMAGE_SHAPES or images.dtype != np.uint8:
            raise ImageError(
                "classify",
                expected="images of shape (N, 28, 28), (N, 1, 28, 28), (N, 28, 28, 1) or (N, 784) and type "
                "uint8, 0 paper to 255 ink",
                found=f"shape {images.shape} and type {images.dtype}",
                remedy=_remedy_for(images),
            )
        return self._classifier.probabilities(to_ink(images.reshape(-1, SIDE, SIDE)))

    def _try_normalize(self, source: ImageSource) -> Normalized | ImageError:
        read = self._try_read(source)
        return read if isinstance(read, ImageError) else read[1]

    def _try_read(self, source: ImageSource) -> tuple[NDArray[np.uint8], Normalized] | ImageError:
        try:
            page = read_image(source, self._limits)
            return page, normalize(page)
        except ImageError as error:
            return error

    def _predict_chunk(self, chunk: list[Normalized | ImageError]) -> Iterator[Prediction | ImageError]:
        readable = [page for page in chunk if isinstance(page, Normalized)]
        predictions = iter(self._answer(readable))
        for page in chunk:
            yield page if isinstance(page, ImageError) else next(predictions)

    def _answer(self, pages: list[Normalized]) -> list[Prediction]:
        return decide(self._classifier.scores(views(pages)), pages, self._policy) if pages else []


def _remedy_for(images: NDArray[np.generic]) -> str:
    """What to do about images that are not as in MNIST."""
    if images.shape in _IMAGE_SHAPES:
        return "Give one image as images[None]."
    if images.shape[1:] in _IMAGE_SHAPES:
        return "Bring the values to 0 paper to 255 ink, and convert with .astype(numpy.uint8)."
    return "Use predict() for pictures of any other form."


def _sigmoid(log_odds: float) -> float:
    """The probability that log-odds stand for, without an overflow."""
    return 0.5 + 0.5 * math.tanh(log_odds / 2)
