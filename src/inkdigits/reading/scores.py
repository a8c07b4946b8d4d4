"""What a network says about images: its outputs, as probabilities and as the log-odds of being a digit.

Outputs are taken for probabilities where every row is one, and for logits otherwise. Letters: N images,
C classes, R refusals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.model_file import ModelRecord
from inkdigits.results import Reason

__all__ = ["Scores"]


@dataclass(frozen=True, eq=False)
class Scores:
    """The outputs of a model for N images.

    Attributes:
        values: (N, C + R), of the classes first, then of the refusals.
        record: the model's own account of its outputs.
    """

    values: NDArray[np.float32]
    record: ModelRecord

    def probabilities(self) -> NDArray[np.float32]:
        """Calibrated probabilities (N, C) of each class, if the image shows one; rows sum to 1."""
        if self._are_probabilities():
            return self.values
        return _softmax(self._of_classes() / self.record.temperature)

    def digit_log_odds(self) -> NDArray[np.float32]:
        """(N,) natural log-odds that the image is a single digit; infinite for a model without refusals."""
        if not self.record.refusals:
            return np.full(len(self.values), np.inf, np.float32)
        return _log_sum_exp(self._of_classes()) - _log_sum_exp(self._of_refusals())

    def log_odds_against(self) -> NDArray[np.float32]:
        """(N, R) natural log-odds that the image is a single digit, against each refusal alone."""
        against: NDArray[np.float32] = _log_sum_exp(self._of_classes())[:, None] - self._of_refusals()
        return against

    def likeliest_refusals(self) -> list[Reason | None]:
        """N refusals, of each image the one that scores highest; None for a model without refusals."""
        if not self.record.refusals:
            return [None] * len(self.values)
        return [Reason(self.record.refusals[number]) for number in self._of_refusals().argmax(axis=1)]

    def mean(self, other: Scores) -> NDArray[np.float32]:
        """(N, C + R) the scores that belong to the mean of both probabilities, image by image."""
        if self._are_probabilities():
            return (self.values + other.values) / np.float32(2)
        first, second = (logits - _log_sum_exp(logits)[:, None] for logits in (self.values, other.values))
        mean: NDArray[np.float32] = np.logaddexp(first, second) - np.log(np.float32(2))
        return mean

    def __getitem__(self, rows: slice | list[int]) -> Scores:
        return Scores(self.values[rows], self.record)

    def _of_classes(self) -> NDArray[np.float32]:
        return self.values[:, : len(self.record.classes)]

    def _of_refusals(self) -> NDArray[np.float32]:
        return self.values[:, len(self.record.classes) :]

    def _are_probabilities(self) -> bool:
        sums = self.values.sum(axis=1)
        is_all_classes = not self.record.refusals
        return bool(is_all_classes and (self.values >= 0).all() and np.allclose(sums, 1, atol=1e-3))


def _log_sum_exp(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    highest = logits.max(axis=1, keepdims=True)
    result: NDArray[np.float32] = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
    return result


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = exponents / exponents.sum(axis=1, keepdims=True)
    return result
