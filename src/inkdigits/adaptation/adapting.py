"""Labelled pictures of one person's digits -> a model that reads this person better, and others as before.

Only the last layer is changed, so it takes seconds, NumPy and ONNX Runtime. What keeps other hands are shapes
that the package draws itself: docs/log.md#one-persons-hand.

Letters: N samples, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.adaptation.fitting import Samples, fit_change
from inkdigits.adaptation.last_layer import find_last_layer, with_kernel, with_metadata, with_output
from inkdigits.datasets import Dataset, load
from inkdigits.datasets.classes import name_some
from inkdigits.errors import DatasetError, ModelError
from inkdigits.ink import DIGITS, Grey, to_ink
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import ModelRecord, bundled_model, read_model
from inkdigits.reading.session import open_session
from inkdigits.results import brief
from inkdigits.synthesis.drawings import drawing
from inkdigits.synthesis.rare_shapes import rare_shape

__all__ = ["Adapted", "adapt"]

_MOST_SAMPLES = 1000
_N_SHAPES = 1000
_BATCH = 250


@dataclass(frozen=True, eq=False)
class Adapted:
    """A model that was adapted to samples, and what came of it.

    Attributes:
        model: The bytes of its ONNX file.
        samples: Name of the samples' folder or file.
        counts: Number of samples of each digit, 0 to 9.
        repeated: Number of pictures that were there more than once, and counted once.
        right_before: Number of samples whose likeliest digit was right before.
        right_after: The same after, where each sample is judged by a model that was adapted to others.
    """

    model: bytes
    samples: str
    counts: tuple[int, ...]
    repeated: int
    right_before: int
    right_after: int

    __repr__ = brief

    def to_json(self) -> dict[str, object]:
        """The figures as a dictionary for `json.dumps`, without the model."""
        return {
            "samples": self.samples,
            "counts": list(self.counts),
            "repeated": self.repeated,
            "right_before": self.right_before,
            "right_after": self.right_after,
        }


def adapt(samples: str | Path | Dataset, model: str | Path | bytes | None = None) -> Adapted:
    """Adapt the last layer of a model to one person's digits.

    The same samples and the same model give the same bytes.

    Args:
        samples: Labelled pictures: whatever `inkdigits.datasets.load` takes, or what it returns. Its training
            part is used.
        model: Path or bytes of the ONNX file to begin with; None is the bundled model.

    Raises:
        DatasetError: there are no samples, too many, or some without labels, or they show no digits.
        ModelError: the file is not a model of the ten digits that this inkdigits trained, or is adapted
            already.
    """
    network = _Network(bundled_model() if model is None else model)
    dataset = samples if isinstance(samples, Dataset) else load(samples)
    images, labels = _labelled_images(dataset)
    images, labels, n_repeated = _without_repetitions(images, labels)
    seen = network.see(images, labels)
    change, held_out = fit_change(seen, network.see(*_shapes()).features, np.random.default_rng(0))
    counts = tuple(np.bincount(labels, minlength=len(DIGITS)).tolist())
    return Adapted(
        model=network.changed(change, dataset.name, counts),
        samples=dataset.name,
        counts=counts,
        repeated=n_repeated,
        right_before=int((seen.logits.argmax(axis=1) == labels).sum()),
        right_after=int((held_out.argmax(axis=1) == labels).sum()),
    )


class _Network:
    """A model file whose last layer can be changed.

    Raises:
        ModelError: it is not a model of the ten digits that this inkdigits trained, or is adapted already.
    """

    def __init__(self, model: str | Path | bytes) -> None:
        classifier = Classifier(model)
        self._content = model if isinstance(model, bytes) else read_model(model)
        self._record = classifier.record
        _check(self._record, classifier.name)
        self._input, self._shape, _, self._output = classifier.signature
        self._layer = find_last_layer(self._content, self._output, classifier.name)
        widened = with_output(self._content, self._layer.features)
        self._session = open_session(widened, classifier.name, 1)

    def see(self, images: Grey, labels: NDArray[np.int64]) -> Samples:
        """What the network makes of images (N, 28, 28)."""
        ink = to_ink(images).reshape(len(images), *self._shape)
        wanted = [self._layer.features, self._output]
        starts = range(0, len(ink), _BATCH)
        seen = [self._session.run(wanted, {self._input: ink[at : at + _BATCH]}) for at in starts]
        features, logits = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        return Samples(features, logits[:, : len(DIGITS)], labels)

    def changed(self, change: NDArray[np.float64], samples: str, counts: tuple[int, ...]) -> bytes:
        """The file with its kernel changed by (F, C), and a record that says so.

        The bounds on errors are left out: nobody has measured whether they hold for this model.
        """
        kernel = self._layer.kernel.astype(np.float64)  # (F, C + R)
        kernel[:, : len(DIGITS)] += change
        record = replace(self._record, risk_bounds=(), adapted_to=samples, adapted_counts=counts)
        return with_metadata(with_kernel(self._content, self._layer, kernel), record.to_metadata())


@cache
def _shapes() -> tuple[Grey, NDArray[np.int64]]:
    """Digits as others write them, always the same ones; drawing them takes most of the time."""
    generator = np.random.default_rng(1)
    shapes = [rare_shape(generator) for _ in range(_N_SHAPES)]
    images = np.stack([drawing(strokes, generator) for _, strokes in shapes])
    return images, np.array([digit for digit, _ in shapes], np.int64)


def _check(record: ModelRecord, name: str) -> None:
    if record.adapted_to is not None:
        raise ModelError(
            name,
            expected="a model as it was trained",
            found=f"one that is adapted to {record.adapted_to} already",
            remedy="Adapt the model that it was made from, to all samples together.",
        )
    if record.classes != DIGITS or record.normalizer_version != NORMALIZER_VERSION:
        raise ModelError(
            name,
            expected=f"a model of the ten digits for version {NORMALIZER_VERSION} of the normaliser",
            found="other classes"
            if record.classes != DIGITS
            else f"version {record.normalizer_version or 'unknown'}",
            remedy="Adapt the bundled model, or one that this inkdigits trained.",
        )


def _labelled_images(dataset: Dataset) -> tuple[Grey, NDArray[np.int64]]:
    split = dataset.train
    if split is None or split.labels is None or not len(split):
        raise DatasetError(
            dataset.name,
            expected="labelled pictures to learn from",
            found="none"
            if not dataset.parts
            else "pictures without labels"
            if split is not None
            else f"only a part to judge on ({', '.join(dataset.parts)})",
            remedy="Put the pictures into folders 0 to 9 by what they show, none called test or val.",
        )
    if dataset.class_names != DIGITS:
        raise DatasetError(
            dataset.name,
            expected="pictures of the digits 0 to 9",
            found=f"the classes {name_some(dataset.class_names)}",
            remedy="Leave other pictures out: only digits can be adapted to.",
        )
    if len(split) > _MOST_SAMPLES:
        raise DatasetError(
            dataset.name,
            expected=f"at most {_MOST_SAMPLES:,} samples of one hand",
            found=f"{len(split):,}",
            remedy="Choose a hundred of them, or train on all: inkdigits train --data mnist --data SAMPLES.",
        )
    return split.images, split.labels


def _without_repetitions(images: Grey, labels: NDArray[np.int64]) -> tuple[Grey, NDArray[np.int64], int]:
    """Each picture once, for the estimate; what was sent twice would be judged by a model that knows it."""
    first: dict[bytes, int] = {}
    for number, image in enumerate(images):
        first.setdefault(image.tobytes(), number)
    kept = list(first.values())
    return images[kept], labels[kept], len(images) - len(kept)
