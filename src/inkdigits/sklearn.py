"""The networks of this package as a scikit-learn classifier.

For who has pictures as rows of pixels and works with scikit-learn's pipelines, searches and scores.
It knows neither recipes nor run folders nor augmentation; `inkdigits.training.loop` does.
N is the number of pictures, S the side of one, C the number of classes.

The conventions are those of https://scikit-learn.org/stable/developers/develop.html.
"""
# ruff: noqa: N803 - the pictures are X, as scikit-learn calls them.

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkdigits.datasets.formats.pixels import MIN_SIDE, square_side, to_images
from inkdigits.errors import DatasetError, TrainingError
from inkdigits.extras import needing
from inkdigits.ink import to_ink
from inkdigits.models import build
from inkdigits.models.backend import backend_name, keras, make_deterministic
from inkdigits.recipes.recipe import TrainingConfig

with needing("train", for_what="the classifier for scikit-learn"):
    from scipy.special import softmax
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.preprocessing import LabelEncoder
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

__all__ = ["DigitClassifier", "InputError"]

_FULL_INK = (1, 16, 255)  # fractions; counts of blocks of 4x4, as in scikit-learn's own digits; bytes
_ROUNDING = 1e-6  # a scaler's 1.0000000000000002 is still 1
_PREDICTION_BATCH = 256


class InputError(DatasetError, ValueError):
    """Pictures or labels that cannot be used; a ValueError, because scikit-learn's own refusals are."""


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that is trained from scratch on pictures of digits, or of other small signs.

    Pictures are rows of S * S pixels, or an array (N, S, S), with S at least 8. Their values go from
    0 (paper) to full ink, which is 1, 16 or 255: the least of them that no pixel of the training
    pictures exceeds. They are brought to 256 levels, and to 28x28 as `inkdigits.datasets` does it.

    Two fits with the same whole number for `random_state` on the same machine give the same weights.
    Fitting leaves the random numbers of Python, NumPy and torch as they were; TensorFlow's are seeded,
    and it stays deterministic.

    A pickle holds the name of the architecture and its weights; the network is built when it is loaded.

    Args:
        model: an architecture of `inkdigits.models`.
        epochs: passes over the training pictures.
        batch_size: pictures in a step.
        learning_rate: of Adam.
        random_state: seeds the first weights, the order of the pictures and dropout.
        verbose: 0 for silence, 1 for a bar, 2 for a line an epoch.

    Attributes:
        classes_: (C,), the labels, sorted.
        n_features_in_: S * S, the pixels of a picture.
        feature_names_in_: (S * S,), the names of the columns, where they have any.
        max_value_: full ink: 1, 16 or 255.
        n_iter_: how many epochs were run.
        loss_curve_: the mean cross-entropy of each epoch, in nats.
        network_: the Keras model: ink (N, 28, 28) -> logits (N, C).
    """

    def __init__(
        self,
        model: str = "mlp",
        *,
        epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> DigitClassifier:
        """Train a new network.

        Args:
            X: (N, S * S) or (N, S, S), the pictures.
            y: (N,), labels of any kind, of at least two classes.

        Raises:
            ConfigError: there is no such architecture, or a setting is out of range.
            ValueError: `X` are not pictures, or `y` not labels of two classes; an `InputError`, except where
                scikit-learn's own checks find it.
            TrainingError: the loss did not stay finite.
        """
        config = TrainingConfig(
            epochs=self.epochs, batch_size=self.batch_size, learning_rate=self.learning_rate
        )
        pixels, labels = validate_data(self, _rows(X), y)
        check_classification_targets(labels)
        encoder = LabelEncoder()
        targets = encoder.fit_transform(labels)  # (N,), 0 to C - 1
        if len(encoder.classes_) < 2:
            raise InputError(
                "y",
                expected="labels of 2 or more classes",
                found=f"1 class, {encoder.classes_.tolist()[0]!r}",
                remedy="Give pictures of another class as well.",
            )
        check_non_negative(pixels, "DigitClassifier.fit")
        self.classes_ = encoder.classes_
        self.max_value_ = _full_ink(pixels)
        ink = self.ink_of(pixels)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with _random_numbers_of(seed):
            network = build(self.model, len(self.classes_))
            self.loss_curve_ = _train(network, ink, targets, config, self.verbose)
        self.network_ = network
        self.n_iter_ = len(self.loss_curve_)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """The probability of each class for each picture: (N, C), in the order of `classes_`.

        A row does not depend on the others.

        Args:
            X: (N, S * S) or (N, S, S), in the range of the training pictures.

        Raises:
            NotFittedError: there is no network yet.
            ValueError: `X` are not pictures, or not such as the network was trained on.
        """
        check_is_fitted(self, "network_")
        pixels = validate_data(self, _rows(X), reset=False)
        check_non_negative(pixels, "DigitClassifier.predict_proba")
        ink = self.ink_of(pixels)
        # Batches of one size run one and the same code, so that a picture gets the same bits in any of them.
        n_blank = -len(ink) % _PREDICTION_BATCH
        batches = np.concatenate([ink, np.zeros((n_blank, *ink.shape[1:]), dtype=np.float32)])
        logits = self.network_.predict(batches, batch_size=_PREDICTION_BATCH, verbose=0)
        return np.asarray(softmax(logits[: len(ink)].astype(np.float64), axis=1))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable label of each picture: (N,); arguments and errors are `predict_proba`'s."""
        most_probable = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most_probable])

    def ink_of(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """The ink that the network sees: pixels (N, S * S), 0 to `max_value_` -> (N, 28, 28), 0 to 1.

        Raises:
            InputError: The rows are no square pictures, or their pixels are not in the range of the training.
        """
        full_ink = self.max_value_
        n, n_pixels = pixels.shape
        side = square_side(n_pixels)
        if side is None:
            raise _not_square(f"rows of {n_pixels} pixels (n_features={n_pixels})")
        if (largest := float(pixels.max())) > full_ink * (1 + _ROUNDING):
            raise InputError(
                "X",
                expected=f"pixels from 0 to {full_ink}, as in the pictures that were trained on",
                found=f"a pixel of {largest:g}",
                remedy="Scale all pictures alike; a scaler before this classifier needs clip=True.",
            )
        if full_ink == 255 and 0.5 < largest <= 1 + _ROUNDING:
            raise InputError(
                "X",
                expected="pixels from 0 to 255, as in the pictures that were trained on",
                found=f"none above {largest:g}, as if they went from 0 to 1",
                remedy="Multiply the pixels by 255.",
            )
        images, _ = to_images("X", pixels.reshape(n, side, side), full_ink=full_ink)
        return to_ink(images)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        network = state.pop("network_", None)
        if network is not None:
            # The name of the network and not `model`, which may have been set anew since.
            state["_weights"] = (network.name, network.get_weights())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        parameters = {name: value for name, value in state.items() if name != "_weights"}
        super().__setstate__(parameters)
        if "_weights" in state:
            name, weights = state["_weights"]
            with _random_numbers_of(0):
                self.network_ = build(name, len(self.classes_))
            self.network_.set_weights(weights)


def _rows(X: Any) -> Any:
    """Pictures (N, S, S) as rows (N, S * S); anything else as it is, for scikit-learn to judge."""
    pictures = X if hasattr(X, "ndim") else np.asarray(X)
    if pictures.ndim != 3:
        return X
    n, height, width = pictures.shape
    if height != width:
        raise _not_square(f"pictures of {height}x{width}")
    return np.asarray(pictures).reshape(n, height * width)


def _not_square(found: str) -> InputError:
    return InputError(
        "X",
        expected=f"square pictures of at least {MIN_SIDE}x{MIN_SIDE} pixels, such as rows of 64 or 784",
        found=found,
        remedy="Pad the pictures with paper, and leave out columns that are not pixels.",
    )


def _full_ink(pixels: NDArray[Any]) -> int:
    largest = float(pixels.max())
    for full_ink in _FULL_INK:
        if largest <= full_ink * (1 + _ROUNDING):
            return full_ink
    raise InputError(
        "X",
        expected="pixels from 0 (paper) to 1, 16 or 255 (ink)",
        found=f"a pixel of {largest:g}",
        remedy="Divide the pixels by the value of full ink.",
    )


def _train(
    network: Any, ink: NDArray[np.float32], targets: NDArray[Any], config: TrainingConfig, verbose: int
) -> list[float]:
    """Train a network on ink (N, 28, 28) and targets (N,); returns the mean loss of each epoch."""
    network.compile(
        keras.optimizers.Adam(config.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    recorded = network.fit(
        ink, targets, epochs=config.epochs, batch_size=config.batch_size, verbose=verbose
    ).history["loss"]
    losses = [float(loss) for loss in recorded]
    if not np.isfinite(losses).all():
        raise TrainingError(
            "fit",
            expected="a finite loss",
            found=f"{losses[-1]} after epoch {len(losses)}",
            remedy="Lower the learning rate.",
        )
    return losses


@contextmanager
def _random_numbers_of(seed: int) -> Iterator[None]:
    """Seed all that Keras draws from, and go on with the old random numbers afterwards."""
    of_python, of_numpy = random.getstate(), np.random.get_state()
    with ExitStack() as stack:
        if backend_name() == "torch":
            import torch

            stack.enter_context(torch.random.fork_rng())
            stack.callback(torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled())
        stack.callback(np.random.set_state, of_numpy)
        stack.callback(random.setstate, of_python)
        make_deterministic(seed)
        yield
