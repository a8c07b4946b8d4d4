"""A job one of whose pictures brings down the process that reads it, as a bug in a decoder would."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkdigits import ImageError, Prediction, Recognizer
from inkdigits.bulk.digits import PredictJob

__all__ = ["MortalJob", "PoisonedJob"]


class _Victim(Recognizer):
    def predict_many(
        self, sources: Iterable[Any], *, n_threads: int | None = None
    ) -> Iterator[Prediction | ImageError]:
        """As a recognizer does, but for the poison."""
        sources = list(sources)
        if any(isinstance(source, Path) and source.name == "poison.png" for source in sources):
            os.kill(os.getpid(), signal.SIGKILL)
        yield from super().predict_many(sources, n_threads=n_threads)


class _Mortal(Recognizer):
    def __init__(self, tombstone: Path) -> None:
        super().__init__()
        self._tombstone = tombstone

    def predict_many(
        self, sources: Iterable[Any], *, n_threads: int | None = None
    ) -> Iterator[Prediction | ImageError]:
        """As a recognizer does, but the first call ends the process."""
        if not self._tombstone.exists():
            self._tombstone.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from super().predict_many(sources, n_threads=n_threads)


@dataclass(frozen=True)
class MortalJob(PredictJob):
    """As its parent, but the first worker that reads anything dies, once."""

    tombstone: Path = Path("tombstone")

    def recognizer(self) -> Recognizer:
        """One that dies unless another one has."""
        return _Mortal(self.tombstone)


@dataclass(frozen=True)
class PoisonedJob(PredictJob):
    """As its parent, but for the poison."""

    def recognizer(self) -> Recognizer:
        """One that dies of a picture called poison.png."""
        return _Victim()
