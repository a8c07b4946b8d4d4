"""Reads pictures in threads, so that the event loop stays free, and refuses more than it can take.

The one road from every route to the recognizer. Pictures that come in while all threads are busy are read as
one batch: the model is quicker on several, and the threads have fewer errands. None waits for others to come.

Small PNGs, as drawings are, and images in MNIST's form are read on the event loop itself: most take a
millisecond, and a thread that fights with it for the interpreter costs more: docs/log.md#the-service.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import ParamSpec, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

from inkdigits.errors import ImageError
from inkdigits.ink import to_bytes
from inkdigits.reading.recognizer import Examination, Recognizer
from inkdigits.results import Prediction, brief
from inkdigits.web.http.problems import Problem
from inkdigits.web.http.telemetry import Metrics
from inkdigits.web.settings import ServiceSettings
from inkdigits.web.statistics import Statistics
from inkdigits.web.threads import busy, run_in_time

__all__ = ["Engine", "Picture", "Reading"]

P = ParamSpec("P")
T = TypeVar("T")

Picture = bytes | NDArray[np.uint8]
"""The bytes of a file, or 28x28 in MNIST's form, 0 paper to 255 ink."""

_BATCH_SIZE = 8  # at most; beyond it, the others wait longer than the batch gains
_SMALL_PIXELS = 300 * 300
_SMALL_BATCH_SIZE = 4  # the worst of small pictures take 20 ms each, and the event loop stands still
_PNG_HEAD = re.compile(rb"\x89PNG\r\n\x1a\n....IHDR(.{8})", re.DOTALL)  # with width and height


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in one picture, and what it was read from.

    Attributes:
        prediction: the answer.
        ink: (28, 28) uint8, 0 paper to 255 ink: what the model saw.
        page_size: width and height in pixels of the page that the prediction's box is measured on.
    """

    prediction: Prediction
    ink: NDArray[np.uint8]
    page_size: tuple[int, int]

    __repr__ = brief


@dataclass(frozen=True, eq=False)
class _Order:
    picture: Picture
    came_ns: int  # on the monotonic clock, as the next
    give_up_ns: int
    outcome: asyncio.Future[Reading | Exception]


@dataclass(frozen=True, eq=False)
class _Outcomes:
    outcomes: list[Reading | Exception]  # of a batch
    came_ns: list[int]  # of what was read in it
    since_ns: int
    until_ns: int


class Engine:
    """One model, a few threads, and a bounded number of requests that wait for them.

    Belongs to one event loop. OpenCV, Pillow and ONNX Runtime let go of the interpreter while they work,
    so threads do use several processors.

    Args:
        settings: how many of everything.
        metrics: is told how many wait, and what was read.

    Attributes:
        class_names: what the model tells apart, in the order of the probabilities.
        statistics: what was read so far.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: it has no threshold for what the settings ask of it.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._recognizer = Recognizer(
            settings.model,
            limits=settings.input_limits,
            max_error=settings.max_error,
            digits_accepted=settings.digits_accepted,
        )
        self.class_names = self._recognizer.class_names
        sample = (resources.files("inkdigits") / "samples" / "9_off_centre.png").read_bytes()
        with suppress(ImageError):  # which limits may refuse
            self._recognizer.predict(sample)  # the first call is slow, and nobody waits yet
        self.statistics = Statistics()
        self._settings = settings
        self._wait_ns = round(1e9 * settings.wait_s)
        self._metrics = metrics
        self._pictures = cache(metrics.pictures.labels)
        self._n_waiting = 0
        self._n_of_client: Counter[str] = Counter()
        n_processors = os.cpu_count() or 1
        self._n_threads = settings.n_threads or max(1, n_processors // settings.n_workers)
        self._n_busy = 0  # threads that read pictures
        self._orders: deque[_Order] = deque()
        self._small_orders: list[_Order] = []
        cv2.setNumThreads(1)  # OpenCV's own threads would only get in the way of ours
        self._threads = ThreadPoolExecutor(self._n_threads, "reader")

    @contextmanager
    def admit(self, request: Request) -> Iterator[None]:
        """Count a request among those that wait, while it does.

        Raises:
            Problem: 503 where too many wait, 429 where too many of them are of one sender.
        """
        client = request.client.host if request.client else ""
        if self._n_waiting >= self._settings.max_waiting:
            raise busy()
        if self._n_of_client[client] >= self._settings.max_waiting_per_client:
            raise Problem(429, "Too many of your requests wait at a time. Send fewer together.")
        self._n_waiting += 1
        self._n_of_client[client] += 1
        self._metrics.waiting.inc()
        try:
            yield
        finally:
            self._metrics.waiting.dec()
            self._n_waiting -= 1
            self._n_of_client[client] -= 1
            if not self._n_of_client[client]:
                del self._n_of_client[client]

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread, unless it has waited too long when its turn comes.

        Raises:
            Problem: 503 where it has; and whatever the work raises.
        """
        return await run_in_time(self._threads, self._settings.wait_s, work, *args, **kwargs)

    async def read(self, pictures: Sequence[Picture]) -> list[Reading | ImageError]:
        """Read pictures, each in a batch with whatever else waits.

        Many pictures of one request go a batch at a time, so that other requests are not held up by it.

        Returns:
            For each picture what was read, or why it cannot be.

        Raises:
            Problem: 503 where one of them waited too long.
        """
        came_ns, is_read = time.monotonic_ns(), False
        readings: list[Reading | ImageError] = []
        try:
            for start in range(0, len(pictures), _BATCH_SIZE):
                orders = [self._order(picture) for picture in pictures[start : start + _BATCH_SIZE]]
                self._hand_out()
                for order in orders:
                    outcome = await order.outcome
                    if isinstance(outcome, Exception) and not isinstance(outcome, ImageError):
                        raise outcome
                    self._pictures(_outcome_name(outcome)).inc()
                    readings.append(outcome)
            is_read = all(isinstance(reading, Reading) for reading in readings)
        finally:
            self.statistics.note_request(came_ns, is_read=is_read)
        return readings

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _order(self, picture: Picture) -> _Order:
        now_ns, loop = time.monotonic_ns(), asyncio.get_running_loop()
        order = _Order(picture, now_ns, now_ns + self._wait_ns, loop.create_future())
        if not _is_small(picture):
            self._orders.append(order)
            return order
        self._small_orders.append(order)
        if len(self._small_orders) == 1:
            loop.call_soon(self._read_small)
        return order

    def _read_small(self) -> None:
        """On the event loop: read a batch of what came since it last had time, and put off the rest."""
        batch = self._small_orders[:_SMALL_BATCH_SIZE]
        del self._small_orders[:_SMALL_BATCH_SIZE]
        if self._small_orders:
            asyncio.get_running_loop().call_soon(self._read_small)
        self._settle(batch, self._read_batch(batch))

    def _hand_out(self) -> None:
        """Give each free thread its share of what waits."""
        while self._orders and self._n_busy < self._n_threads:
            share = math.ceil(len(self._orders) / (self._n_threads - self._n_busy))
            batch = [self._orders.popleft() for _ in range(min(share, _BATCH_SIZE))]
            self._n_busy += 1
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read_batch, batch)
            reading.add_done_callback(partial(self._deliver, batch))

    def _read_batch(self, batch: list[_Order]) -> _Outcomes:
        """One outcome for each order."""
        now_ns = time.monotonic_ns()
        in_time = [order for order in batch if order.give_up_ns >= now_ns]
        pictures = [order.picture for order in in_time]
        try:
            outcomes = iter(self._examine(pictures))
        except Exception:  # the fault of one of them is not to be the others'
            outcomes = iter([self._examine_alone(picture) for picture in pictures])
        of_all = [next(outcomes) if order.give_up_ns >= now_ns else busy() for order in batch]
        return _Outcomes(of_all, [order.came_ns for order in in_time], now_ns, time.monotonic_ns())

    def _examine(self, pictures: list[Picture]) -> list[Reading | Exception]:
        return [
            found if isinstance(found, ImageError) else _reading(found)
            for found in self._recognizer.examine_many(pictures)
        ]

    def _examine_alone(self, picture: Picture) -> Reading | Exception:
        try:
            return self._examine([picture])[0]
        except Exception as error:
            return error

    def _deliver(self, batch: list[_Order], reading: asyncio.Future[_Outcomes]) -> None:
        self._n_busy -= 1
        self._settle(batch, reading.result())
        self._hand_out()

    def _settle(self, batch: list[_Order], done: _Outcomes) -> None:
        if done.came_ns:
            self.statistics.note_batch(done.came_ns, done.since_ns, done.until_ns)
        for order, outcome in zip(batch, done.outcomes, strict=True):
            if not order.outcome.done():  # it is where the request was cancelled
                order.outcome.set_result(outcome)


def _is_small(picture: Picture) -> bool:
    if isinstance(picture, np.ndarray):
        return True
    head = _PNG_HEAD.match(picture)
    return head is not None and math.prod(struct.unpack(">II", head[1])) <= _SMALL_PIXELS


def _reading(examination: Examination) -> Reading:
    height, width = examination.page.shape
    return Reading(examination.prediction, to_bytes(examination.normalized.ink), (width, height))


def _outcome_name(outcome: Reading | ImageError) -> str:
    return "unreadable" if isinstance(outcome, ImageError) else outcome.prediction.reason or "read"
