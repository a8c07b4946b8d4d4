"""Reads pictures in threads, so that the event loop stays free, and refuses more than it can take.

Pictures that come in while all threads are busy are read together: the model is quicker on several, and the
threads have fewer errands. Nobody waits for others to come.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import ParamSpec, TypeVar

import cv2
from starlette.requests import Request

from inkdigits.errors import ImageError
from inkdigits.pictures.images import InputLimits
from inkdigits.reading.recognizer import Recognizer
from inkdigits.results import Prediction
from inkdigits.web.http.problems import Problem
from inkdigits.web.http.telemetry import Metrics
from inkdigits.web.settings import ServiceSettings

__all__ = ["Engine"]

P = ParamSpec("P")
T = TypeVar("T")

_MOST_TOGETHER = 8


@dataclass(frozen=True, eq=False)
class _Order:
    picture: bytes
    give_up_s: float  # on the monotonic clock
    answer: asyncio.Future[Prediction]


class Engine:
    """One model, a few threads, and a bounded number of requests that wait for them.

    Belongs to one event loop. OpenCV, Pillow and ONNX Runtime let go of the interpreter while they work,
    so threads do use several processors.

    Args:
        settings: how many of everything.
        metrics: is told how many wait.

    Attributes:
        recognizer: the model; for work in the threads.

    Raises:
        ModelError: the model cannot be used.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        limits = InputLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
        self.recognizer = Recognizer(settings.model, limits=limits)
        sample = (resources.files("inkdigits") / "samples" / "9_off_centre.png").read_bytes()
        with suppress(ImageError):  # which limits may refuse
            self.recognizer.predict(sample)  # the first call is slow, and nobody waits yet
        self._settings = settings
        self._metrics = metrics
        self._n_waiting = 0
        self._n_of_client: Counter[str] = Counter()
        n_processors = os.cpu_count() or 1
        self._n_threads = settings.n_threads or max(1, n_processors // settings.n_workers)
        self._n_busy = 0  # threads that read pictures
        self._orders: deque[_Order] = deque()
        # OpenCV's own threads would only get in the way of ours.
        self._threads = ThreadPoolExecutor(self._n_threads, "reader", cv2.setNumThreads, (1,))

    @contextmanager
    def place(self, request: Request) -> Iterator[None]:
        """Hold a place in the queue for a request.

        Raises:
            Problem: 503 where there is none, 429 where its sender holds too many of them.
        """
        client = request.client.host if request.client else ""
        if self._n_waiting >= self._settings.max_waiting:
            raise _busy()
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
        give_up_s = self._give_up_s()

        def in_time() -> T:
            if time.monotonic() > give_up_s:
                raise _busy()
            return work(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, in_time)

    async def predict(self, picture: bytes) -> Prediction:
        """Read a picture, together with others where many wait.

        Raises:
            ImageError: the picture cannot be read.
            Problem: 503 where it waited too long.
        """
        order = _Order(picture, self._give_up_s(), asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self._hand_out()
        return await order.answer

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _give_up_s(self) -> float:
        return time.monotonic() + self._settings.wait_s

    def _hand_out(self) -> None:
        """Give each free thread its share of what waits."""
        while self._orders and self._n_busy < self._n_threads:
            share = math.ceil(len(self._orders) / (self._n_threads - self._n_busy))
            together = [self._orders.popleft() for _ in range(min(share, _MOST_TOGETHER))]
            self._n_busy += 1
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read, together)
            reading.add_done_callback(partial(self._deliver, together))

    def _read(self, together: list[_Order]) -> list[Prediction | Exception]:
        """In a thread: one outcome for each order."""
        now_s = time.monotonic()
        pictures = [order.picture for order in together if order.give_up_s >= now_s]
        try:
            outcomes = iter(self._read_together(pictures))
        except Exception:  # the fault of one of them is not to be the others'
            outcomes = iter([self._read_alone(picture) for picture in pictures])
        return [next(outcomes) if order.give_up_s >= now_s else _busy() for order in together]

    def _read_together(self, pictures: list[bytes]) -> list[Prediction | Exception]:
        # One thread, this one: more of them would cost more than the work.
        return list(self.recognizer.predict_many(pictures, n_threads=1))

    def _read_alone(self, picture: bytes) -> Prediction | Exception:
        try:
            return self.recognizer.predict(picture)
        except Exception as error:
            return error

    def _deliver(self, together: list[_Order], reading: asyncio.Future[list[Prediction | Exception]]) -> None:
        self._n_busy -= 1
        for order, outcome in zip(together, reading.result(), strict=True):
            if order.answer.done():  # cancelled
                continue
            if isinstance(outcome, Exception):
                order.answer.set_exception(outcome)
            else:
                order.answer.set_result(outcome)
        self._hand_out()


def _busy() -> Problem:
    return Problem(503, "More pictures wait than can be read soon. Try again in a moment.")
