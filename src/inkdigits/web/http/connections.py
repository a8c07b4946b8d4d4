"""Sockets under a clock: what uvicorn leaves to a proxy in front of it, for those who have none.

Uvicorn waits for ever for the end of a request's head, takes heads of any length and any number of requests
in a row, and keeps an answer that nobody reads. This protocol does not. Bodies have a clock of their own, in
`inkdigits.web.http.limits`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from inkdigits.web.http.problems import PROBLEM_TYPE, problem_response
from inkdigits.web.settings import OVER_LIMIT, SETTINGS, ServiceSettings, spread

__all__ = ["Connection"]

_LAST_REQUEST_S = 0.5  # when the service stops, a request may be on its way on an idle connection
_CROWDED_HEADER_S = 1.0  # for connections beyond the limit, which get a 503
_FRAMING_PER_BYTE = 8  # a body in chunks of one byte has five bytes around each
_MAX_IN_A_ROW = 64  # requests that are sent before the first of them is answered


class Connection(HttpToolsProtocol):
    """One connection. The application's lifespan puts the settings into the state."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits: ServiceSettings = app_state[SETTINGS]
        self._header_s = self._limits.header_s
        self._clock: asyncio.TimerHandle | None = None  # until the head of a request is there
        self._unread: asyncio.TimerHandle | None = None  # until the client reads
        self._n_framing = self._n_body = 0  # bytes of the request that comes in
        self._closes_soon = False

    # From asyncio.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self.app_state = {**self.app_state, OVER_LIMIT: True}
            self._header_s = min(_CROWDED_HEADER_S, self._header_s)
            self._closes_soon = True
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        super().connection_lost(exc)
        self._stop_clock()
        if self._unread is not None:
            self._unread.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse, and see to it that what is no body stays short and comes in time."""
        self._n_framing += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._n_framing > self._limits.max_header_bytes + _FRAMING_PER_BYTE * self._n_body:
            self._refuse(431, f"Expected a head of at most {self._limits.max_header_bytes} bytes.")
        elif self._is_answering():
            self._stop_clock()
        else:
            self._expect_head()

    def pause_writing(self) -> None:
        """The client does not read: give it some time."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.write_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    # From the parser.

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        super().on_headers_complete()
        if self._closes_soon:
            self.cycle.keep_alive = False
        if len(self.pipeline) > _MAX_IN_A_ROW:
            raise ValueError("too many requests in a row")  # the parser reports it as a bad request

    def on_body(self, body: bytes) -> None:
        """Count."""
        self._n_framing -= len(body)
        self._n_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count anew."""
        self._n_framing = self._n_body = 0
        super().on_message_complete()

    # From uvicorn.

    def on_response_complete(self) -> None:
        """Do not wait for ever for a client to take the rest of its last answer."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    def timeout_keep_alive_handler(self) -> None:
        """The connection was idle for long enough."""
        self._close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(400, msg)

    def shutdown(self) -> None:
        """Answer what was accepted and what is on its way, then close."""
        self._closes_soon = True
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self._unset_keepalive_if_required()
            self._set_clock(_LAST_REQUEST_S, self._close)

    # Its own.

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_head(self) -> None:
        if self._clock is None:
            self._set_clock(spread(self._header_s), self._head_is_late)

    def _head_is_late(self) -> None:
        if self._n_framing:
            self._refuse(408, "The head of the request did not come in time.")
        else:
            self._close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer without the application, unless it has begun to."""
        if not (self._is_answering() and self.cycle.response_started):
            content = problem_response(status, detail).body
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {PROBLEM_TYPE}\r\n"
                f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + content)
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._set_clock(self._limits.write_s, self.transport.abort)

    def _set_clock(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_clock()
        self._clock = self.loop.call_later(seconds, then)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
