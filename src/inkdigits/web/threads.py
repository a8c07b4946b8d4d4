"""Work in threads, so that the event loop stays free, which is given up where its turn comes too late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

from inkdigits.web.http.problems import Problem

__all__ = ["busy", "run_in_time"]

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_time(
    threads: Executor, wait_s: float, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do the work in a thread, unless it has waited longer than `wait_s` when its turn comes.

    Raises:
        Problem: 503 where it has; and whatever the work raises.
    """
    give_up_ns = time.monotonic_ns() + round(1e9 * wait_s)

    def in_time() -> T:
        if time.monotonic_ns() > give_up_ns:
            raise busy()
        return work(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(threads, in_time)


def busy() -> Problem:
    """What is answered where more waits than can be done."""
    return Problem(503, "More pictures wait than can be read soon. Try again in a moment.")
