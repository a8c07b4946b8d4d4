"""The service against too much at a time: stalled, dripping and deaf clients, and ten times its load."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from importlib import resources

import pytest

from inkdigits.web.settings import ServiceSettings
from tests.web.hostile import GOOD, Answer, LiveService, running_service

resource = pytest.importorskip("resource", reason="signals and limits are POSIX's")
pytestmark = pytest.mark.usefixtures("lives_on")

LARGE = (resources.files("inkdigits") / "samples" / "5_photo_shadow.jpg").read_bytes()
HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
LIMIT_S = 1.5
MOST_WAITING = 8
N_STALLED = min(500, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100) // 2)


@pytest.fixture(scope="module")
def service() -> Iterator[LiveService]:
    """The real service with a short queue and short limits."""
    settings = ServiceSettings(
        header_s=LIMIT_S,
        stall_s=LIMIT_S,
        write_s=LIMIT_S,
        keep_alive_s=LIMIT_S,
        max_waiting=MOST_WAITING,
        max_waiting_per_client=MOST_WAITING,
    )
    with running_service(settings) as running:
        yield running


def seconds_until_closed(connections: list[socket.socket], at_most_s: float) -> float:
    """How long it takes until the other side has closed them all."""
    started = time.monotonic()
    poller = select.poll()
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poller.register(number, select.POLLIN | select.POLLHUP)
    while by_number and time.monotonic() - started < at_most_s:
        for number, _ in poller.poll(100):
            try:
                is_closed = not by_number[number].recv(65_536)
            except ConnectionError:
                is_closed = True
            if is_closed:
                poller.unregister(number)
                del by_number[number]
    assert not by_number, f"{len(by_number)} of {len(connections)} are still open after {at_most_s} s"
    return time.monotonic() - started


def slowest_health_s(service: LiveService, n: int = 30) -> float:
    """The slowest of several health checks, one after another."""
    times = []
    for _ in range(n):
        started = time.monotonic()
        assert service.request("GET", "/v2/health/live").status == 200
        times.append(time.monotonic() - started)
    return max(times)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v1/pre",
        HEAD,
        HEAD + b"Content-Length: 1000\r\n\r\n",
        HEAD + b"Content-Length: 1000\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["nothing", "half a line", "half a head", "no body", "half a body", "half a chunk", "continue"],
)
def test_stalled_sockets_are_cut_off_while_others_are_served(
    service: LiveService, answer_before: bytes, sent: bytes
) -> None:
    n = N_STALLED if sent in (b"", HEAD) else 50
    with ExitStack() as stack:
        stalled = [stack.enter_context(service.connect()) for _ in range(n)]
        for connection in stalled:
            connection.sendall(sent)
        assert service.post(GOOD, "image/png").body == answer_before
        assert slowest_health_s(service) < 0.5
        assert seconds_until_closed(stalled, at_most_s=LIMIT_S + 5) < LIMIT_S + 3


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
        HEAD + b"Content-Length: 9999\r\n\r\n",
        HEAD + b"Content-Length: 20000000\r\n\r\n" + bytes(5_000_000),
    ],
    ids=["head", "body", "body that came fast"],
)
def test_who_drips_is_cut_off(service: LiveService, start: bytes) -> None:
    """A byte now and then, always within the longest silence; fast bytes before earn no credit."""
    with service.connect() as connection:
        connection.sendall(start)
        started = time.monotonic()
        while time.monotonic() - started < 10:
            readable, _, _ = select.select([connection], [], [], 0.2)
            try:
                if readable:
                    while connection.recv(65_536):
                        pass
                    break
                connection.send(b"x")
            except ConnectionError:
                break
    assert time.monotonic() - started < LIMIT_S + 4


def test_who_does_not_read_the_answers_is_cut_off(service: LiveService) -> None:
    """A few requests now and then on one connection, and nobody takes the answers away."""
    asked = b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20
    started = time.monotonic()
    n_sent, is_open = 0, True
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect((service.host, service.settings.port))
        connection.setblocking(False)
        while is_open and time.monotonic() - started < 30:
            try:
                n_sent += connection.send(asked) // (len(asked) // 20)
            except BlockingIOError:
                pass
            except ConnectionError:
                is_open = False
            time.sleep(0.05)
    assert not is_open, "the connection is still open"
    assert n_sent >= 40, "it was refused for something else"


def test_who_goes_away_keeps_no_place(service: LiveService, answer_before: bytes) -> None:
    for _ in range(5 * MOST_WAITING):
        with service.connect() as connection:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
    give_up = time.monotonic() + service.settings.wait_s + 2
    while (answer := service.post(GOOD, "image/png")).status in (429, 503) and time.monotonic() < give_up:
        time.sleep(0.1)  # what was begun for those who went is read to its end
    assert answer.body == answer_before


def test_ten_times_overload(service: LiveService, answer_before: bytes) -> None:
    n_clients, n_each = 10 * MOST_WAITING, 6
    start = threading.Barrier(n_clients + 1)

    def send_many(client: int) -> list[Answer]:
        start.wait()
        return [service.post(LARGE, "image/jpeg") for _ in range(n_each)]

    with ThreadPoolExecutor(n_clients) as pool:
        sending = [pool.submit(send_many, client) for client in range(n_clients)]
        start.wait()
        slowest_s = slowest_health_s(service, 20)
        answers = [answer for one in sending for answer in one.result()]
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 429, 503}, statuses
    assert statuses[200] >= MOST_WAITING, statuses
    assert statuses[429] + statuses[503] > 0, "this was no overload"
    for answer in answers:
        if answer.status != 200:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["content-type"] == "application/problem+json"
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    assert slowest_s < 2


def asked_in_a_row(service: LiveService, n: int) -> bytes:
    """All that comes back for numbered requests that are sent before the first of them is answered."""
    asked = [b"GET /v1/service HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: n%d\r\n" % i for i in range(n)]
    received = bytearray()
    with service.connect() as connection:
        connection.sendall(b"\r\n".join([*asked[:-1], asked[-1] + b"Connection: close\r\n\r\n"]))
        with suppress(ConnectionError):
            while piece := connection.recv(65_536):
                received += piece
    return bytes(received).lower()


def test_requests_in_a_row_are_answered_in_order(service: LiveService) -> None:
    received = asked_in_a_row(service, 50)
    at = [received.find(b"x-request-id: n%d\r" % i) for i in range(50)]
    assert at[0] > 0
    assert at == sorted(at)


def test_very_many_requests_in_a_row_are_cut_off(service: LiveService) -> None:
    assert asked_in_a_row(service, 20_000).count(b"x-request-id") < 2_000
