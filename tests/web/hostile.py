"""What the tests of hostile input share: the real service in a process of its own, and raw requests."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from inkdigits.web.settings import ServiceSettings
from tests.web.serving import free_port

__all__ = ["GOOD", "Answer", "LiveService", "running_service"]

GOOD = (resources.files("inkdigits") / "samples" / "7_crossed_biro.png").read_bytes()
_START_S = 60.0
_ANSWER_S = 30.0
_STARTER = """
import pickle, sys
from inkdigits.web.server import serve
serve(pickle.loads(bytes.fromhex(sys.argv[1])))
"""


@dataclass(frozen=True)
class Answer:
    """A status, headers by lower-case names, and a body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body, which is an object."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class LiveService:
    """A service that listens, and the process that it is."""

    process: subprocess.Popen[bytes]
    settings: ServiceSettings
    host: str = field(default="127.0.0.1")

    def post(
        self, body: bytes, content_type: str | None = "application/octet-stream", path: str = "/v1/predict"
    ) -> Answer:
        """Send a body as any client would."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        return self.request("POST", path, body, headers)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.settings.port, timeout=_ANSWER_S)
        try:
            connection.request(method, path, body, headers or {})
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection((self.host, self.settings.port), timeout=_ANSWER_S)

    def exchange(self, sent: bytes, method: str = "POST") -> Answer | None:
        """Send bytes as they are; the answer, or None where the service closed without one."""
        with self.connect() as connection:
            _send_while_it_listens(connection, sent)
            response = http.client.HTTPResponse(connection, method=method)
            try:
                response.begin()
                return _answer(response)
            except (http.client.BadStatusLine, ConnectionError):
                return None

    def peak_memory_bytes(self) -> int:
        """The most that the process held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])


@contextmanager
def running_service(settings: ServiceSettings) -> Iterator[LiveService]:
    """Start the service on a free port of the loopback, and stop it in the end."""
    settings = replace(settings, port=free_port())
    process = subprocess.Popen(
        [sys.executable, "-c", _STARTER, pickle.dumps(settings).hex()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        service = LiveService(process, settings)
        _wait_until_ready(service)
        yield service
        assert process.poll() is None, "the process ended on its own"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(service: LiveService) -> None:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up:
        assert service.process.poll() is None, "the process ended at the start"
        with suppress(OSError):
            if service.request("GET", "/v2/health/ready").status == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the service is not ready")


def _send_while_it_listens(connection: socket.socket, sent: bytes) -> None:
    """Send until all is sent or something comes back: a service that has refused may stop reading."""
    view = memoryview(sent)
    while view:
        readable, writable, _ = select.select([connection], [connection], [], _ANSWER_S)
        if readable or not writable:
            return
        try:
            view = view[connection.send(view[:65_536]) :]
        except ConnectionError:
            return


def _answer(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
