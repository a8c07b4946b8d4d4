"""The random streams of a training run: each use of chance has its own, so that none disturbs another."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Stream"]


class Stream(IntEnum):
    """What chance decides. The numbers are part of what a seed means: a change makes other weights of it."""

    VALIDATION_SPLIT = 0
    EPOCH = 1
    CALIBRATION = 2
    REFUSALS = 3
    ALLOGRAPHS = 4
    WRITING = 5

    def generator(self, seed: int, *part: int) -> np.random.Generator:
        """The stream of a run's seed, or of one part of it, such as an epoch by its number."""
        return np.random.default_rng([seed, int(self), *part])
