"""What the service is told, and every limit that keeps it standing."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from inkdigits.errors import ConfigError
from inkdigits.pictures.images import InputLimits

__all__ = ["LOOPBACK_NAMES", "OVER_LIMIT", "SETTINGS", "ServiceSettings", "spread"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})  # as they stand in a Host header
SETTINGS, OVER_LIMIT = "settings", "over_limit"  # in the state that application and connections share
_PATHS = ("model", "corrections")
_SPREAD = 0.25


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of the service; seconds end in `_s`.

    Attributes:
        host, port: where it listens. On a loopback address only loopback names are answered to.
        model: an ONNX file; None for the bundled model.
        n_workers: processes, each with a model of its own.
        n_threads: pictures read at a time in each process; 0 to share the processors among the processes.
        corrections: the folder for pictures that people put right; None keeps none.
        allowed_hosts: further names that the service may be called by, without port.
        max_bytes: the largest request body, counted as it comes in: stops floods.
        max_pixels: the largest picture, checked before it is decoded: stops decompression bombs.
        max_parts: pictures, or other parts, in one form.
        max_images, max_json_bytes: in one call of the Open Inference Protocol.
        max_bytes_held: of all bodies in memory together; beyond it 503.
        max_connections: open sockets of one process; beyond it 503, but for the health checks.
        max_waiting: requests whose pictures are read or wait for it; beyond it 503.
        max_waiting_per_client: the same for one address; beyond it 429.
        max_header_bytes: of a request's head, and of the framing around its body: stops endless headers.
        header_s: from the opening of a connection, or the first byte of a request, to the end of its head.
        stall_s, least_bytes_per_s: so much of a body has to come in each such time, or its end: stops
            senders that stall and senders that drip. This and `header_s` are up to a quarter longer,
            by chance: see `spread`.
        write_s: how long a client may leave an answer unread.
        keep_alive_s: how long an idle connection stays open.
        wait_s: a picture that has waited so long is refused with 503 and not read any more.
        stop_s: how long a stop waits for what was accepted.

    Raises:
        ConfigError: a value is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    model: Path | None = None
    n_workers: int = 1
    n_threads: int = 1
    corrections: Path | None = None
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
            value = getattr(self, field.name)
            least = 0 if field.name in ("port", "n_threads") else 1 if isinstance(value, int) else 0.001
            if isinstance(value, int | float) and value < least:
                raise ConfigError(
                    field.name.replace("n_workers", "workers"),
                    expected=f"at least {least}",
                    found=repr(value),
                    remedy="Leave it out to have its default.",
                )

    def to_json(self) -> str:
        """A text that `from_json` takes: how a process of several learns its settings."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> ServiceSettings:
        """The settings that `to_json` wrote."""
        values: Mapping[str, object] = json.loads(text)
        return cls(**{name: _revived(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def _revived(name: str, value: object) -> object:
    if name in _PATHS and isinstance(value, str):
        return Path(value)
    return tuple(value) if isinstance(value, list) else value


def spread(seconds: float) -> float:
    """Up to a quarter more: hundreds that stall together are not to be cut off, and answered, all at once."""
    return seconds * random.uniform(1, 1 + _SPREAD)
