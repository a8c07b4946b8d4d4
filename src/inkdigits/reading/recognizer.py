"""Picture in, answer out: what most users import.

    recognizer = Recognizer()
    recognizer.predict("seven.jpg").digit

It joins the parts, and decides nothing that they do not: `images` reads, `normalizer` finds the ink,
`classifier` names the digit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, ImageError
from inkdigits.ink import DIGITS, SIDE, to_ink
from inkdigits.normalizer import NORMALIZER_VERSION, Normalized, normalize
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.reading.classifier import Classifier, bundled_model
from inkdigits.reading.risk_control import threshold_for
from inkdigits.results import Prediction

__all__ = ["Examination", "ImageSource", "Recognizer"]

ImageSource = str | Path | bytes | PIL.Image.Image | NDArray[np.generic]

_CHUNK = 32  # pictures in memory at a time in predict_many
_PAGES_CHUNK = 8  # whole pages in memory at a time in examine_many


@dataclass(frozen=True, eq=False)
class Examination:
    """A prediction with what led to it: the grey page (H, W), its ink, and the classes of the model."""

    page: NDArray[np.uint8]
    normalized: Normalized
    prediction: Prediction
    class_names: tuple[str, ...]


class Recognizer:
    """Reads single digits. Safe to share between threads; one per process is enough.

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
        class_names: what the model tells apart, in the order of the probabilities; "0" to "9" for digits.
        coverage: the share of digits that is expected to be read under `max_error`; None without it.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: the model cannot promise `max_error`, or has no threshold for `digits_accepted`; or
            both are asked for.
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
        if max_error is not None and digits_accepted is not None:
            raise ConfigError(
                "max_error and digits_accepted",
                expected="one of them",
                found="both",
                remedy="Choose: the bound on errors was measured with the model's own refusal.",
            )
        self._limits = limits or InputLimits()
        if isinstance(model, str | Path):
            self._classifier = Classifier.from_file(
                model,
                normalizer_version=NORMALIZER_VERSION,
                n_threads=n_threads,
                digits_accepted=digits_accepted,
            )
        else:
            self._classifier = Classifier(
                bundled_model() if model is None else model,
                name="the bundled model" if model is None else "model",
                normalizer_version=NORMALIZER_VERSION,
                n_threads=n_threads,
                digits_accepted=digits_accepted,
            )
        self.class_names = self._classifier.class_names
        self._are_digits = self.class_names == DIGITS
        self._least_confidence = 0.0
        self.coverage: float | None = None
        if max_error is not None:
            self._least_confidence, _, self.coverage = threshold_for(self._classifier.risk_bounds, max_error)

    def predict(self, source: ImageSource) -> Prediction:
        """Read the digit in one picture.

        Args:
            source: a path, the bytes of a file, a Pillow image, or an array: (H, W) grey, (H, W, 3) RGB
                or (H, W, 4) RGBA.

        Raises:
            ImageError: the picture cannot be read.
        """
        return self.examine(source).prediction

    def predict_many(
        self, sources: Iterable[ImageSource], *, n_threads: int | None = None
    ) -> Iterator[Prediction | ImageError]:
        """Read many pictures, lazily, in their order, a few in memory at a time.

        Args:
            sources: pictures as `predict` takes them.
            n_threads: threads that decode and normalise, 1 for the caller's own; None for one a processor, up
                to eight.

        Yields:
            The prediction for each picture; for one that cannot be read, its `ImageError`, so that one
            bad picture never stops the rest.
        """
        remaining = iter(sources)
        if n_threads == 1:
            while chunk := list(islice(remaining, _CHUNK)):
                yield from self._predict_chunk([self._try_normalize(source) for source in chunk])
            return
        with ThreadPoolExecutor(n_threads or min(os.cpu_count() or 1, 8)) as pool:
            while chunk := list(islice(remaining, _CHUNK)):
                yield from self._predict_chunk(list(pool.map(self._try_normalize, chunk)))

    def examine(self, source: ImageSource) -> Examination:
        """Like `predict`, with the page and the ink that the answer came from."""
        page = read_image(source, self._limits)
        normalized = normalize(page)
        (prediction,) = self._decide([normalized])
        return Examination(page, normalized, prediction, self.class_names)

    def examine_many(self, sources: Iterable[ImageSource]) -> Iterator[Examination | ImageError]:
        """Like `predict_many`, in the caller's own thread, with the page and the ink of each picture.

        Yields:
            The examination of each picture; for one that cannot be read, its `ImageError`.
        """
        remaining = iter(sources)
        while chunk := list(islice(remaining, _PAGES_CHUNK)):
            read = [self._try_read(source) for source in chunk]
            readable = [one[1] for one in read if not isinstance(one, ImageError)]
            predictions = iter(self._decide(readable) if readable else [])
            for one in read:
                if isinstance(one, ImageError):
                    yield one
                else:
                    yield Examination(*one, next(predictions), self.class_names)

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify images that are as in MNIST already.

        Args:
            images: (N, 28, 28) uint8, 0 paper to 255 ink.

        Returns:
            Calibrated probabilities (N, C), of the ten digits or of `class_names`; each row sums to 1.

        Raises:
            ImageError: another shape or type.
        """
        images = np.asarray(images)
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
            raise ImageError(
                "classify",
                expected="images of shape (N, 28, 28) and type uint8, 0 paper to 255 ink",
                found=f"shape {images.shape} and type {images.dtype}",
                remedy="Use predict() for pictures of any other form.",
            )
        return self._classifier.probabilities(to_ink(images))

    def _try_normalize(self, source: ImageSource) -> Normalized | ImageError:
        try:
            return normalize(read_image(source, self._limits))
        except ImageError as error:
            return error

    def _try_read(self, source: ImageSource) -> tuple[NDArray[np.uint8], Normalized] | ImageError:
        try:
            page = read_image(source, self._limits)
            return page, normalize(page)
        except ImageError as error:
            return error

    def _predict_chunk(self, chunk: list[Normalized | ImageError]) -> Iterator[Prediction | ImageError]:
        readable = [one for one in chunk if isinstance(one, Normalized)]
        predictions = iter(self._decide(readable) if readable else [])
        for one in chunk:
            yield one if isinstance(one, ImageError) else next(predictions)

    def _decide(self, pages: list[Normalized]) -> list[Prediction]:
        as_they_are = {i: page.as_it_is for i, page in enumerate(pages) if page.as_it_is is not None}
        judgement = self._classifier.judge(np.stack([page.ink for page in pages]), as_they_are)
        return [
            self._prediction(page, tuple(row), reason)
            for page, row, reason in zip(
                pages, judgement.probabilities.tolist(), judgement.reasons, strict=True
            )
        ]

    def _prediction(self, page: Normalized, row: tuple[float, ...], reason: str | None) -> Prediction:
        confidence = max(row)
        if page.box is None:
            reason = "blank"
        elif page.others:
            reason = "several"
        elif reason is None and confidence < self._least_confidence:
            reason = "unclear"
        if reason is None:
            number = row.index(confidence)
            return Prediction(
                number if self._are_digits else None,
                confidence,
                row,
                refused=False,
                reason=None,
                box=page.box,
                label=self.class_names[number],
            )
        kept = confidence if reason == "unclear" else 0.0
        return Prediction(None, kept, row, refused=True, reason=reason, box=page.box)
