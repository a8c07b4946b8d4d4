"""Reads whole numbers in a thread of its own: a page takes seconds, and digits are not to wait for it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from inkdigits.errors import ImageError
from inkdigits.pictures.documents import NumberedPage, pages_in
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.results import Reading
from inkdigits.web.http.telemetry import Metrics
from inkdigits.web.settings import ServiceSettings
from inkdigits.web.threads import run_in_time

__all__ = ["NumberEngine", "NumberRequest", "PageReading"]


@dataclass(frozen=True)
class NumberRequest:
    """How `NumberReader` is to read, by the names of its own parameters."""

    one: bool = False
    expect: str | None = None
    check: str | None = None
    max_error: float | None = None


@dataclass(frozen=True)
class PageReading:
    """What was read on one page, or why it cannot be; its number from 1, None for a picture of one page."""

    number: int | None
    reading: Reading | ImageError


class NumberEngine:
    """One line model, and a thread that reads with it. Belongs to one event loop.

    Args:
        settings: the limits of pictures, and of waiting.
        metrics: is told what was read.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._reader = NumberReader(limits=settings.input_limits)
        self._limits, self._most_pages = settings.input_limits, settings.max_parts
        self._wait_s = settings.wait_s
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, "number-reader")

    async def read(
        self, files: Sequence[bytes], request: NumberRequest = NumberRequest()
    ) -> list[list[PageReading]]:
        """Read pictures and documents page after page; others take their turns in between.

        Returns:
            For each file its pages, a picture being one.

        Raises:
            ConfigError: the request makes no sense.
            Problem: 503 where one of the pages waited too long.
        """
        return [await self._read_file(content, request) for content in files]

    async def _read_file(self, content: bytes, request: NumberRequest) -> list[PageReading]:
        pages = pages_in(content, self._limits, most_pages=self._most_pages)
        readings: list[PageReading] = []
        try:
            while not readings or readings[-1].number is not None:
                page = await run_in_time(self._thread, self._wait_s, self._read_next, pages, request)
                if page is None:
                    break
                for outcome in _outcomes(page.reading):
                    self._metrics.numbers.labels(outcome).inc()
                readings.append(page)
        finally:
            with suppress(RuntimeError):  # the service stops
                self._thread.submit(pages.close)  # in the thread that opened it
        return readings

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _read_next(
        self, pages: Generator[NumberedPage, None, None], request: NumberRequest
    ) -> PageReading | None:
        """In the thread: render and read a page; None after the last one."""
        reader = self._reader
        if request.max_error is not None:
            reader = reader.with_max_error(request.max_error)
        following = next(pages, None)
        if following is None:
            return None
        number, page = following
        if isinstance(page, ImageError):
            return PageReading(number, page)
        try:
            reading = reader.read(page, one=request.one, expect=request.expect, check=request.check)
        except ImageError as error:
            return PageReading(number, error)
        return PageReading(number, reading)


def _outcomes(reading: Reading | ImageError) -> list[str]:
    if isinstance(reading, ImageError):
        return ["unreadable"]
    return [number.reason or "read" for number in reading.numbers]
