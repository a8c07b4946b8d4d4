"""Confidence that means what it says: temperature scaling.

Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

__all__ = ["fit_temperature"]

_LOG_RANGE = (-3.0, 3.0)  # temperatures from 0.05 to 20


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Find the temperature T for which softmax(logits / T) has the least log-loss.

    Args:
        logits: (N, 10), of images that the weights were not fitted on.
        labels: (N,), 0 to 9.

    Returns:
        T: above 1 where the model was too sure of itself, below 1 where it was not sure enough.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        return -float(log_softmax(scaled, axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded").x))
