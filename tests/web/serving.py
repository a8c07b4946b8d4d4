"""What the tests of the service share: the service in a thread, raw sockets, and a picture."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
import uvicorn
from PIL import Image, ImageDraw, ImageFont

from inkdigits.web.app import create_app
from inkdigits.web.server import server_options
from inkdigits.web.settings import ServiceSettings

__all__ = ["Served", "drawn", "free_port", "head_of", "served"]


@dataclass(frozen=True)
class Served:
    """A service that listens.

    Attributes:
        client: keeps connections open, as browsers do.
        server: uvicorn's.
        settings: of the service.
    """

    client: httpx.Client
    server: uvicorn.Server
    settings: ServiceSettings

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """A raw connection."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(10)
        connection.connect((self.settings.host, self.settings.port))
        return connection

    def exchange(self, content: bytes) -> tuple[int, bytes]:
        """Send bytes, and read until the service hangs up: the status, 0 for none, and all that came."""
        with self.connect() as connection:
            connection.sendall(content)
            return read_all(connection)


def read_all(connection: socket.socket) -> tuple[int, bytes]:
    """What comes until the service hangs up, and the status in it, 0 for none."""
    came = b""
    try:
        while piece := connection.recv(65_536):
            came += piece
    except ConnectionResetError:
        pass
    return int(came[9:12]) if came.startswith(b"HTTP/1.1 ") else 0, came


def head_of(path: str = "/v1/predict", *, method: str = "POST", **headers: object) -> bytes:
    """The head of a request; the headers' underscores become hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"host": "localhost", **headers}.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def problem_in(came: bytes) -> dict[str, object]:
    """The problem that an answer holds."""
    head, _, body = came.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    found = json.loads(body)
    assert isinstance(found, dict)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drawn(digit: int | str = 7, side: int = 120) -> bytes:
    """The PNG of a printed digit, or of another sign."""
    page = Image.new("L", (side, side), 250)
    ImageDraw.Draw(page).text((side / 4, 0), str(digit), fill=20, font=ImageFont.load_default(side * 0.8))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def served(settings: ServiceSettings | None = None) -> Iterator[Served]:
    """The service in a thread of this process, on a port of its own."""
    settings = replace(settings or ServiceSettings(), port=free_port())
    options = server_options(settings) | {"host": settings.host, "port": settings.port, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(create_app(settings), **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=20) as client:
            yield Served(client, server, settings)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the service did not stop"
