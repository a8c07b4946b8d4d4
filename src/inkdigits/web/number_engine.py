"""Reads whole numbers in a thread of its own: a page takes seconds, and digits are not to wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from inkdigits.errors import ImageError
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.results import Reading
from inkdigits.web.http.telemetry import Metrics
from inkdigits.web.settings import ServiceSettings
from inkdigits.web.threads import run_in_time

__all__ = ["NumberEngine", "NumberRequest"]


@dataclass(frozen=True)
class NumberRequest:
    """How `NumberReader` is to read, by the names of its own parameters."""

    one: bool = False
    expect: str | None = None
    check: str | None = None
    max_error: float | None = None


class NumberEngine:
    """One line model, and a thread that reads with it. Belongs to one event loop.

    Args:
        settings: the limits of pictures, and of waiting.
        metrics: is told what was read.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._reader = NumberReader(limits=settings.input_limits)
        self._wait_s = settings.wait_s
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, "number-reader")

    async def read(
        self, pictures: Sequence[bytes], request: NumberRequest = NumberRequest()
    ) -> list[Reading | ImageError]:
        """Read pictures one after another; others take their turns in between.

        Returns:
            For each picture what was read, or why it cannot be.

        Raises:
            ConfigError: the request makes no sense.
            Problem: 503 where one of them waited too long.
        """
        readings = []
        for picture in pictures:
            reading = await run_in_time(self._thread, self._wait_s, self._read, picture, request)
            for outcome in _outcomes(reading):
                self._metrics.numbers.labels(outcome).inc()
            readings.append(reading)
        return readings

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _read(self, picture: bytes, request: NumberRequest) -> Reading | ImageError:
        reader = self._reader
        if request.max_error is not None:
            reader = reader.with_max_error(request.max_error)
        try:
            return reader.read(picture, one=request.one, expect=request.expect, check=request.check)
        except ImageError as error:
            return error


def _outcomes(reading: Reading | ImageError) -> list[str]:
    if isinstance(reading, ImageError):
        return ["unreadable"]
    return [number.reason or "read" for number in reading.numbers]
