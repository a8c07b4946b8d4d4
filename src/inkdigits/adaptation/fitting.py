"""The change of a last layer that reads some samples right and hardly moves the answers on other digits.

The change D (F, C) of the kernel minimises

    mean cross-entropy(logits + features @ D, labels) + strength / 2 * tr(D' M D)

where M is the second moment of the features of other people's shapes, plus a part of the identity: what would
move the logits of those shapes costs most. D lies in the samples' own space, D = M^-1 features' A, so that
A (N, C) is all that is searched for. This is kernel logistic regression, by Nesterov's steps, in a metric
like that of elastic weight consolidation.

Sources: Zhu and Hastie, "Kernel logistic regression and the import vector machine", 2005; Kirkpatrick et al.,
"Overcoming catastrophic forgetting in neural networks", 2017. Measured: docs/log.md#one-persons-hand-chosen.

Letters: N samples, F features, C classes, S shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Samples", "fit_change"]

Floats = NDArray[np.float64]

_STRENGTH = 3e-5
_IDENTITY = 0.002  # the part of the identity in M, by the mean squared length of the shapes' features
_STEPS = 200
_FOLDS = 10  # each leaves out one sample or more


@dataclass(frozen=True, eq=False)
class Samples:
    """What a network makes of pictures whose digits are known.

    Attributes:
        features: (N, F), what goes into its last layer.
        logits: (N, C), what comes out of it for the classes.
        labels: (N,).
    """

    features: NDArray[np.float32]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


def fit_change(
    samples: Samples, shapes: NDArray[np.float32], generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Fit the change, and say honestly what it does to the samples.

    Args:
        samples: to be read right.
        shapes: (S, F), the features of other people's shapes.
        generator: deals the samples into folds.

    Returns:
        The change D (F, C), and the logits (N, C) of each sample after a change that was fitted on the other
        folds.
    """
    weighted, products = _inner_products(samples.features, shapes)
    found = _coefficients(products, samples.logits, samples.labels)
    fold_of = generator.permutation(len(products)) % _FOLDS
    held_out = samples.logits.astype(np.float64)
    for fold in range(min(len(products), _FOLDS)):
        left, kept = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if len(kept):
            without = _coefficients(products[np.ix_(kept, kept)], samples.logits[kept], samples.labels[kept])
            held_out[left] += products[np.ix_(left, kept)] @ without
    return weighted.T @ found, held_out


def _inner_products(features: NDArray[np.float32], shapes: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Features @ M^-1 (N, F), and the samples' inner products in it (N, N), scaled to a mean square of 1.

    M^-1 comes from the (S, S) products of the shapes (Woodbury's identity), as S is less than F.
    """
    rows, shown = features.astype(np.float64), shapes.astype(np.float64)
    among = shown @ shown.T  # (S, S)
    identity = _IDENTITY * np.trace(among)  # S times too much, as `among` is
    among[np.diag_indices(len(among))] += identity
    weighted = rows - np.linalg.solve(among, shown @ rows.T).T @ shown  # (N, F), up to a factor
    products = rows @ weighted.T  # (N, N)
    scale = float(np.trace(products)) / len(products) or 1.0  # a network may give no features at all
    return weighted / scale, products / scale


def _coefficients(products: Floats, logits: NDArray[np.floating], labels: NDArray[np.int64]) -> Floats:
    """A (N, C), by gradient steps in the space of the samples."""
    wanted = np.eye(logits.shape[1])[labels]  # (N, C)
    strength = _STRENGTH * len(labels)  # beside the sum over the samples in place of the mean
    step = 1 / (strength + np.linalg.eigvalsh(products)[-1] / 2)  # 1/2 bounds the curvature of a softmax
    found = ahead = np.zeros_like(wanted)
    momentum = 1.0
    for _ in range(_STEPS):
        missing = wanted - _softmax(logits + products @ ahead)
        after = ahead + step * (missing - strength * ahead)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + (momentum - 1) / following * (after - found)
        found, momentum = after, following
    return found


def _softmax(logits: Floats) -> Floats:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
