"""What the engine did since it started, in the terms of Triton's statistics extension.

Source: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

__all__ = ["Duration", "Statistics"]


@dataclass
class Duration:
    """How often something happened, and how long it took in all, in nanoseconds."""

    count: int = 0
    ns: int = 0

    def add(self, since_ns: int, until_ns: int) -> None:
        """Count once more."""
        self.count += 1
        self.ns += until_ns - since_ns


@dataclass
class Statistics:
    """Of one process; belongs to its event loop.

    Attributes:
        success, failure: requests that were read to the end, and those that were not.
        queue: pictures that waited for a thread.
        batches: batches that were read, by their size.
        n_pictures: pictures in those batches.
        last_ms: when the last of the requests came, in milliseconds since 1970; 0 before the first.
    """

    success: Duration = field(default_factory=Duration)
    failure: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    batches: defaultdict[int, Duration] = field(default_factory=lambda: defaultdict(Duration))
    n_pictures: int = 0
    last_ms: int = 0

    def note_request(self, since_ns: int, *, is_read: bool) -> None:
        """A request has ended that came at this time of the monotonic clock."""
        (self.success if is_read else self.failure).add(since_ns, time.monotonic_ns())
        self.last_ms = time.time_ns() // 1_000_000

    def note_batch(self, waiting_since_ns: list[int], since_ns: int, until_ns: int) -> None:
        """A batch was read, whose pictures came at these times."""
        for came_ns in waiting_since_ns:
            self.queue.add(came_ns, since_ns)
        self.batches[len(waiting_since_ns)].add(since_ns, until_ns)
        self.n_pictures += len(waiting_since_ns)
