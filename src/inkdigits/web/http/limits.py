"""What is turned away before any route sees it: wrong hosts and origins, and bodies too large or too slow.

Pure ASGI, one pass over the headers. Bodies are counted as they come, whatever they announce. A body that
was not read to its end closes the connection, after the answer and a moment of grace: a client that still
sends would otherwise see a reset and not the answer.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkdigits.web.http.problems import Problem, problem_response
from inkdigits.web.settings import LOOPBACK_NAMES, OVER_LIMIT, ServiceSettings, spread

__all__ = ["Limits"]

_GRACE_S = 1.0
_HEALTH = "/v2/health/"  # asked for by machines that know the address alone
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class _Head:
    """What counts of a request's headers."""

    hosts: list[str]
    origin: str | None
    n_bytes: int  # announced; 0 where nothing is
    encoding: bytes | None  # of the transfer

    @property
    def has_body(self) -> bool:
        return self.n_bytes > 0 or self.encoding is not None


class Limits:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings) -> None:
        self._app = app
        self._settings = settings
        self._names = LOOPBACK_NAMES | {name.lower() for name in settings.allowed_hosts}
        bound_to = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._checks_host = bound_to in LOOPBACK_NAMES or bool(settings.allowed_hosts)
        self._held = _Held()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = _head(scope)
        body = _Body(receive, send, head, self._settings, self._held)
        try:
            refusal = self._refusal(scope, head)
            if refusal is None:
                await self._app(scope, body.receive, body.send)
            else:
                status, detail = refusal
                await problem_response(
                    status, detail, request_id=scope["state"]["request_id"], path=scope["path"]
                )(scope, body.receive, body.send)
        finally:
            body.let_go()

    def _refusal(self, scope: Scope, head: _Head) -> tuple[int, str] | None:
        if len(head.hosts) != 1:
            return 400, f"Expected one Host header, found {len(head.hosts)}."
        host = head.hosts[0]
        if OVER_LIMIT in scope["state"] and not scope["path"].startswith(_HEALTH):
            return 503, "Too many connections are open. Try again in a moment."
        if self._checks_host and _name(host) not in self._names and not scope["path"].startswith(_HEALTH):
            # A page whose name was made to point here would get at the service (DNS rebinding).
            return (
                421,
                f"This service does not answer to the name {host!r}. Start it with --allowed-host to let it.",
            )
        is_foreign = head.origin is not None and not self._is_own(head.origin, host)
        if is_foreign and scope["method"] not in _READING:
            return 403, (
                f"Pages of {head.origin!r} may not use this service. Open its own page, or start it with "
                "--allowed-host and the name that the page is reached by."
            )
        if head.encoding is not None and head.encoding.lower() != b"chunked":
            return 400, "Expected the Transfer-Encoding to be chunked, or none, found another."
        if head.n_bytes > self._settings.max_bytes:
            return 413, _too_large(self._settings.max_bytes)
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        try:
            address = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return bool(address) and (address == host or _name(address) in self._names - LOOPBACK_NAMES)


class _Held:
    """Bytes of all bodies in memory."""

    n_bytes = 0


class _Body:
    """The body of one request on its way in, and the answer on its way out."""

    def __init__(
        self, receive: Receive, send: Send, head: _Head, settings: ServiceSettings, held: _Held
    ) -> None:
        self._receive, self._send = receive, send
        self._settings = settings
        self._held = held
        self._n_bytes = 0
        self._ended = not head.has_body
        self._is_late = False
        self._deadline_s = time.monotonic() + spread(settings.stall_s)
        self._n_in_time = 0  # bytes since the deadline was set

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            Problem: 413, 408 or 503.
        """
        if self._ended:
            return await self._receive()
        limits = self._settings
        try:
            async with asyncio.timeout(max(0.0, self._deadline_s - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            self._is_late = True
            raise Problem(408, "The rest of the body did not come in time.") from None
        n_new = len(message.get("body", b""))
        self._n_bytes += n_new
        self._n_in_time += n_new
        if self._n_in_time >= limits.least_bytes_per_s * limits.stall_s:
            self._deadline_s = time.monotonic() + spread(limits.stall_s)
            self._n_in_time = 0
        self._held.n_bytes += n_new
        self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        if self._n_bytes > limits.max_bytes:
            raise Problem(413, _too_large(limits.max_bytes))
        if self._held.n_bytes > limits.max_bytes_held:
            raise Problem(503, "Too many large requests come in at a time. Try again in a moment.")
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; where the body has not ended, close the connection after it."""
        if self._ended:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name != b"connection"]
            await self._send({**message, "headers": [*headers, (b"connection", b"close")]})
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            if not self._is_late:
                await self._ignore_rest()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _ignore_rest(self) -> None:
        n_left = self._settings.max_bytes
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                while n_left > 0 and not self._ended:
                    message = await self._receive()
                    n_left -= len(message.get("body", b""))
                    self._ended = not message.get("more_body", False)

    def let_go(self) -> None:
        """The body is no longer in memory."""
        self._held.n_bytes -= self._n_bytes


def _head(scope: Scope) -> _Head:
    hosts, origin, n_bytes, encoding = [], None, 0, None
    for name, value in scope["headers"]:
        if name == b"host":
            hosts.append(value.decode("latin-1").lower())
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"content-length":
            n_bytes = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            encoding = value if encoding is None else b"several"
    return _Head(hosts, origin, n_bytes, encoding)


def _name(host: str) -> str:
    """A Host header without its port."""
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _too_large(max_bytes: int) -> str:
    return f"Expected a body of at most {max_bytes} bytes, found more. Send a smaller picture."
