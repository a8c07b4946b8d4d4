"""The classifier for scikit-learn: passes its checks, and works with its pipelines, searches and scores."""

from __future__ import annotations

import pickle
import random
import warnings
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from inkdigits.datasets import load
from inkdigits.datasets.formats.pixels import to_images
from inkdigits.errors import ConfigError, InkdigitsError, TrainingError
from inkdigits.ink import to_ink
from inkdigits.models.backend import keras
from inkdigits.sklearn import DigitClassifier, InputError

N = 60  # pictures that are enough to train something


class PaddedDigitClassifier(DigitClassifier):
    """Takes any number of pixels, as scikit-learn's checks have 1 to 20: lays paper after them."""

    def ink_of(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        n_pixels = pixels.shape[1]
        side = max(8, isqrt(n_pixels - 1) + 1)
        return super().ink_of(np.pad(pixels, ((0, 0), (0, side * side - n_pixels))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # points of a plane are no pictures
        return tags


@pytest.fixture(scope="module")
def counts() -> NDArray[np.float64]:
    """scikit-learn's digits as it hands them out: (60, 64), 0 to 16."""
    pixels: NDArray[np.float64] = load_digits().data
    return pixels[:N]


@pytest.fixture(scope="module")
def names() -> NDArray[np.str_]:
    """Their labels, as words: (60,)."""
    labels: NDArray[np.int64] = load_digits().target
    return np.array(["even", "odd"])[labels[:N] % 2]


@pytest.fixture(scope="module")
def fitted(counts: NDArray[np.float64], names: NDArray[np.str_]) -> DigitClassifier:
    """A classifier that every test leaves as it was."""
    return DigitClassifier(epochs=5, batch_size=16, random_state=0).fit(counts, names)


# scikit-learn's own checks.


# Named for its type, which scikit-learn does not declare.
every_check: pytest.MarkDecorator = parametrize_with_checks([PaddedDigitClassifier(epochs=1)])


@every_check
def test_scikit_learns_checks_pass_where_pictures_need_not_be_square(
    estimator: PaddedDigitClassifier, check: Callable[[PaddedDigitClassifier], None]
) -> None:
    check(estimator)


def test_scikit_learns_checks_fail_for_pictures_that_are_not_square_and_for_nothing_else() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the checks themselves
        results = check_estimator(DigitClassifier(epochs=1), on_skip=None, on_fail=None)
    failed = [result for result in results if result["status"] == "failed"]
    for result in failed:
        assert isinstance(result["exception"], InputError), result
        assert "expected square pictures" in str(result["exception"])
    assert 10 < len(failed) < len(results) / 2


# What it learns.


def test_it_learns_to_read_digits() -> None:
    train = load("uci").train
    assert train is not None
    scores = cross_val_score(
        DigitClassifier(epochs=6, batch_size=32, random_state=0), train.images, train.labels, cv=3
    )
    assert scores.shape == (3,)
    assert scores.min() > 0.9


def test_what_is_set_by_fitting(fitted: DigitClassifier) -> None:
    assert fitted.classes_.tolist() == ["even", "odd"]
    assert (fitted.n_features_in_, fitted.max_value_, fitted.n_iter_) == (64, 16, 5)
    assert len(fitted.loss_curve_) == 5
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    assert fitted.network_.name == "mlp"
    assert fitted.network_.output_shape == (None, 2)


def test_probabilities(fitted: DigitClassifier, counts: NDArray[np.float64]) -> None:
    probabilities = fitted.predict_proba(counts)
    assert probabilities.shape == (N, 2)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert (fitted.predict(counts) == fitted.classes_[probabilities.argmax(axis=1)]).all()
    logits = fitted.network_.predict(to_ink(to_images(Path("uci"), counts)[0]), verbose=0)
    np.testing.assert_allclose(
        np.log(probabilities[:, 1] / probabilities[:, 0]), logits[:, 1] - logits[:, 0], atol=1e-4
    )


def test_an_array_of_pictures_is_read_as_its_rows_are(
    fitted: DigitClassifier, counts: NDArray[np.float64]
) -> None:
    pictures = counts.reshape(N, 8, 8)
    expected = fitted.predict_proba(counts)
    np.testing.assert_array_equal(fitted.predict_proba(pictures), expected)
    np.testing.assert_array_equal(fitted.predict_proba(pictures.tolist()), expected)


def test_a_faint_picture_is_not_darkened_because_it_is_alone(
    fitted: DigitClassifier, counts: NDArray[np.float64]
) -> None:
    faint = counts[:1] / 255
    beside_others = fitted.predict_proba(np.concatenate([faint, counts[1:]]))[:1]
    np.testing.assert_array_equal(fitted.predict_proba(faint), beside_others)


@pytest.mark.parametrize(
    ("scale", "max_value"), [(1 / 16, 1), (1 / 16 * (1 + 1e-9), 1), (1, 16), (17 / 16, 255), (255 / 16, 255)]
)
def test_full_ink_is_told_from_the_largest_value(
    scale: float, max_value: int, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    assert DigitClassifier(epochs=1).fit(counts * scale, names).max_value_ == max_value


@pytest.mark.parametrize("side", [8, 28, 40])
def test_pictures_of_any_side(side: int) -> None:
    pictures = np.zeros((10, side, side), dtype=np.uint8)
    pictures[:5, :, side // 2] = 255
    pictures[5:, side // 2] = 255
    classifier = DigitClassifier(epochs=5, random_state=0).fit(pictures, [1] * 5 + [7] * 5)
    assert classifier.n_features_in_ == side * side
    assert classifier.predict(pictures).tolist() == [1] * 5 + [7] * 5


# Randomness.


def test_one_seed_gives_one_network_and_two_seeds_two(
    fitted: DigitClassifier, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    expected = fitted.predict_proba(counts)
    again, other = (clone(fitted).set_params(random_state=seed).fit(counts, names) for seed in (0, 1))
    np.testing.assert_array_equal(again.predict_proba(counts), expected)
    assert again.loss_curve_ == fitted.loss_curve_
    assert np.abs(other.predict_proba(counts) - expected).max() > 1e-3


def test_the_random_numbers_of_others_go_on_as_they_were(
    fitted: DigitClassifier, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    def next_numbers() -> tuple[float, float]:
        return random.random(), np.random.random()

    of_python, of_numpy = random.getstate(), np.random.get_state()
    expected = next_numbers()
    random.setstate(of_python)
    np.random.set_state(of_numpy)
    pickle.loads(pickle.dumps(clone(fitted).fit(counts, names))).predict(counts)
    assert next_numbers() == expected


# With the rest of scikit-learn.


def test_a_search_finds_the_learning_rate_that_learns(
    counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    search = GridSearchCV(
        DigitClassifier(epochs=5, batch_size=16, random_state=0),
        {"learning_rate": [1e-7, 3e-3]},
        cv=2,
        scoring="neg_log_loss",
    ).fit(counts, names)
    assert search.best_params_ == {"learning_rate": 3e-3}
    assert search.best_estimator_.learning_rate == 3e-3
    assert search.predict(counts).shape == (N,)


def turned_over(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return 16 - counts


def test_a_pipeline_turns_dark_paper_over(
    fitted: DigitClassifier, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    pipeline = make_pipeline(FunctionTransformer(turned_over), clone(fitted))
    pipeline.fit(turned_over(counts), names)
    np.testing.assert_array_equal(pipeline.predict_proba(turned_over(counts)), fitted.predict_proba(counts))


def test_a_clone_has_the_settings_and_nothing_learned(
    fitted: DigitClassifier, counts: NDArray[np.float64]
) -> None:
    cloned = clone(fitted)
    assert cloned.get_params() == fitted.get_params()
    assert not hasattr(cloned, "network_")
    with pytest.raises(NotFittedError):
        cloned.predict(counts)


def test_a_pickle_is_as_large_as_the_weights_and_predicts_the_same(
    fitted: DigitClassifier, counts: NDArray[np.float64]
) -> None:
    pickled = pickle.dumps(fitted)
    n_weight_bytes = 4 * fitted.network_.count_params()
    assert n_weight_bytes < len(pickled) < n_weight_bytes + 4000
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(again.predict_proba(counts), fitted.predict_proba(counts))
    assert set(vars(again)) == set(vars(fitted))


def test_a_pickle_keeps_the_network_whatever_is_set_afterwards(
    fitted: DigitClassifier, counts: NDArray[np.float64]
) -> None:
    changed = pickle.loads(pickle.dumps(fitted)).set_params(model="cnn")
    again = pickle.loads(pickle.dumps(changed))
    assert again.model == "cnn"
    np.testing.assert_array_equal(again.predict_proba(counts), fitted.predict_proba(counts))


# What is refused.


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (np.zeros((4, 65)), r"expected square pictures of at least 8x8 .* found rows of 65 pixels"),
        (np.zeros((4, 49)), "found rows of 49 pixels"),
        (np.zeros((4, 8, 9)), "found pictures of 8x9"),
        (np.zeros((4, 8, 8, 1)), "Found array with dim 4"),
        (np.zeros(64), "Expected 2D array, got 1D array"),
        (np.full((4, 64), -1), "Negative values in data"),
        (np.full((4, 64), 256), "found a pixel of 256. Divide the pixels"),
        (np.full((4, 64), np.nan), "contains NaN"),
        (np.zeros((3, 64)), "inconsistent numbers of samples"),
    ],
)
def test_pictures_that_cannot_be_trained_on(pictures: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DigitClassifier().fit(pictures, [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (np.zeros((2, 784)), "784 features, but DigitClassifier is expecting 64 features"),
        (np.full((2, 64), 17), "expected pixels from 0 to 16, .* found a pixel of 17"),
        (np.full((2, 64), -1), "Negative values in data"),
        (np.zeros((0, 64)), "Found array with 0 sample"),
    ],
)
def test_pictures_that_are_not_like_those_trained_on(
    pictures: NDArray[Any], message: str, fitted: DigitClassifier
) -> None:
    with pytest.raises(ValueError, match=message):
        fitted.predict(pictures)


def test_fractions_are_refused_by_a_classifier_of_bytes(
    counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    of_bytes = DigitClassifier(epochs=1).fit(counts * (255 / 16), names)
    with pytest.raises(InputError, match=r"from 0 to 255.*none above 1, .*Multiply the pixels by 255"):
        of_bytes.predict(counts / 16)
    assert of_bytes.predict(counts[:1] * 0).shape == (1,), "blank is blank in any range"


def test_one_class_is_not_enough(counts: NDArray[np.float64]) -> None:
    classifier = DigitClassifier()
    with pytest.raises(
        InputError, match="expected labels of 2 or more classes, found 1 class, 'seven'"
    ) as caught:
        classifier.fit(counts, ["seven"] * N)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, InkdigitsError)
    with pytest.raises(NotFittedError):
        classifier.predict(counts)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "resnet"}, "expected one of mlp"),
        ({"epochs": 0}, "epochs: expected 1 or more"),
        ({"batch_size": 0}, "batch_size: expected 1 or more"),
        ({"learning_rate": 0}, "learning_rate: expected more than 0"),
    ],
)
def test_settings_that_make_no_sense(
    settings: dict[str, Any], message: str, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    with pytest.raises(ConfigError, match=message):
        DigitClassifier(**settings).fit(counts, names)


def test_a_loss_that_is_no_number(
    monkeypatch: pytest.MonkeyPatch, counts: NDArray[np.float64], names: NDArray[np.str_]
) -> None:
    def broken(name: str, n_outputs: int) -> Any:
        logits = keras.layers.Dense(n_outputs, bias_initializer=keras.initializers.Constant(np.nan))
        return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), logits], name=name)

    monkeypatch.setattr("inkdigits.sklearn.build", broken)
    with pytest.raises(TrainingError, match=r"found nan after epoch 1. Lower the learning rate"):
        DigitClassifier(epochs=1).fit(counts, names)
