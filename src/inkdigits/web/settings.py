"""What the service is told, and every limit that keeps it standing."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from pathlib import Path

from inkdigits.errors import ConfigError
from inkdigits.pictures.images import InputLimits

__all__ = ["LOG_FORMATS", "LOOPBACK_NAMES", "OVER_LIMIT", "SETTINGS", "ServiceSettings", "spread"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})  # as they stand in a Host header
SETTINGS, OVER_LIMIT = "settings", "over_limit"  # in the state that application and connections share
LOG_FORMATS = ("auto", "text", "json")
_FRACTIONS = ("max_error", "digits_accepted")
_SPREAD = 0.25


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of the service; seconds end in `_s`.

    Attributes:
        host: Address to listen on. A loopback address answers to loopback names only.
        port: Port to listen on.
        model: ONNX file to read with; None is the bundled model.
        max_error: Largest fraction of errors among the digits that are read, as `Recognizer` has it; None
            sets no bound.
        digits_accepted: Fraction of real digits that is still accepted, as `Recognizer` has it; None is the
            model's own threshold.
        n_workers: Number of processes, each with its own model and queue.
        n_threads: Large pictures that each process reads at a time; 0 divides the processors among the
            processes. More threads add little throughput, as they wait for the interpreter. Small PNGs need
            no thread, and overtake large pictures.
        corrections: Folder that keeps corrected pictures; None keeps none.
        log_format: `text` for lines for people, `json` for a JSON object per line, `auto` for text in a
            terminal and JSON elsewhere.
        allowed_hosts: Further host names that the service answers to, without port.
        max_bytes: Largest request body in bytes, counted while it arrives.
        max_pixels: Largest picture, width times height, checked before decoding.
        max_parts: Most parts of a form, and most pages of a document.
        max_images: Most images in one request of the Open Inference Protocol.
        max_json_bytes: Most bytes of JSON in such a request.
        max_bytes_held: Most bytes of all request bodies in memory together; beyond it the answer is 503.
        max_connections: Most open sockets of one process; beyond it all but health checks are answered 503.
        max_waiting: Most requests that are being read or wait for it; beyond it the answer is 503.
        max_waiting_per_client: The same limit for one client address; beyond it the answer is 429.
        max_header_bytes: Largest request head, and largest framing around a body, in bytes.
        header_s: Seconds for a request's head to arrive. This timeout and `stall_s` are extended by a random
            quarter at most, so that hundreds of stalled clients are not disconnected at once.
        stall_s: Length in seconds of the windows in which a body has to make progress.
        least_bytes_per_s: Bytes per second that must arrive in each such window, unless the body ends.
        write_s: Seconds that a client may leave a response unread.
        keep_alive_s: Seconds that an idle connection stays open.
        wait_s: Seconds that a picture may wait to be read; after that the answer is 503.
        stop_s: Seconds that a shutdown waits for accepted requests.

    Raises:
        ConfigError: a value is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    model: Path | None = None
    max_error: float | None = None
    digits_accepted: float | None = None
    n_workers: int = 1
    n_threads: int = 1
    corrections: Path | None = None
    log_format: str = "auto"
    allowed_hosts: tuple[str, ...] = ()
    max_bytes: int = InputLimits.max_bytes
    max_pixels: int = InputLimits.max_pixels
    max_parts: int = 32
    max_images: int = 1_000
    max_json_bytes: int = 4_000_000
    max_bytes_held: int = 200_000_000
    max_connections: int = 1_000
    max_waiting: int = 64
    max_waiting_per_client: int = 48
    max_header_bytes: int = 65_536
    header_s: float = 6.0
    stall_s: float = 6.0
    least_bytes_per_s: int = 10_000
    write_s: float = 6.0
    keep_alive_s: float = 15.0
    wait_s: float = 5.0
    stop_s: float = 20.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name in _FRACTIONS:  # which the recognizer checks
                continue
            value = getattr(self, field.name)
            least = 0 if field.name in ("port", "n_threads") else 1 if isinstance(value, int) else 0.001
            if isinstance(value, int | float) and value < least:
                raise ConfigError(
                    field.name.replace("n_workers", "workers"),
                    expected=f"at least {least}",
                    found=repr(value),
                    remedy="Omit it to use its default.",
                )

        if self.log_format not in LOG_FORMATS:
            raise ConfigError(
                "log_format",
                expected=f"one of {', '.join(LOG_FORMATS)}",
                found=repr(self.log_format),
                remedy="Omit it to get text in a terminal and JSON elsewhere.",
            )

    @property
    def input_limits(self) -> InputLimits:
        """What is accepted as a picture."""
        return InputLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)


def spread(seconds: float) -> float:
    """Up to a quarter more: hundreds that stall together are not to be cut off, and answered, all at once."""
    return seconds * random.uniform(1, 1 + _SPREAD)
