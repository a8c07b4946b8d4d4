"""What the service does not put up with: too much, too slow, from elsewhere. All limits are small here."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from inkdigits.errors import ConfigError, ImageError
from inkdigits.reading.recognizer import Examination, Recognizer
from inkdigits.web.http.connections import Connection
from inkdigits.web.http.limits import Limits
from inkdigits.web.http.problems import Problem
from inkdigits.web.settings import ServiceSettings
from tests.web.serving import Served, drawn, head_of, problem_in, read_all, served

PNG = {"content-type": "image/png"}
LIMIT_S = 0.4
SLACK_S = 3.0  # a busy machine is late
PICTURE = drawn()
LARGE = drawn(side=400)  # which the engine reads in a thread


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    settings = ServiceSettings(
        max_bytes=100_000,
        max_pixels=40_000,
        max_parts=3,
        max_header_bytes=8_000,
        header_s=LIMIT_S,
        stall_s=LIMIT_S,
        least_bytes_per_s=50_000,
        write_s=LIMIT_S,
        keep_alive_s=LIMIT_S,
    )
    with served(settings) as running:
        yield running


def answers_well(service: Served) -> bool:
    answer = service.client.post("/v1/predict", content=PICTURE, headers=PNG)
    return bool(answer.status_code == 200 and answer.json()["digit"] == 7)


# Too much.


def test_a_body_that_says_it_is_too_large_is_not_read(service: Served) -> None:
    status, came = service.exchange(head_of(content_type="image/png", content_length=100_001))
    assert (status, problem_in(came)["status"]) == (413, 413)
    assert "100000 bytes" in str(problem_in(came)["detail"])


def test_a_body_that_grows_too_large_is_cut_off(service: Served) -> None:
    with service.connect() as connection:
        connection.sendall(head_of(content_type="image/png", transfer_encoding="chunked"))
        chunk = b"2710\r\n" + bytes(10_000) + b"\r\n"
        n_sent = 0
        with suppress(ConnectionError, TimeoutError):
            for _ in range(3_000):  # thirty megabytes, of which it takes little more than twice the limit
                connection.sendall(chunk)
                n_sent += 10_000
        with suppress(ConnectionError):
            assert read_all(connection)[0] in (413, 0)  # the answer may be lost to who goes on sending
    assert n_sent < 20_000_000
    assert answers_well(service)


def test_who_stops_sending_reads_the_answer(service: Served) -> None:
    with service.connect() as connection:
        connection.sendall(head_of(content_type="image/png", transfer_encoding="chunked"))
        for _ in range(11):
            connection.sendall(b"2710\r\n" + bytes(10_000) + b"\r\n")
        status, came = read_all(connection)
    assert status == 413
    assert b"connection: close" in came


@pytest.mark.parametrize("announced", [None, 99_000])
def test_what_is_read_of_it_ends_at_the_limit(announced: int | None) -> None:
    n_read = 0

    async def read_all_of_it(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    async def receive() -> Message:
        nonlocal n_read
        n_read += 10_000
        return {"type": "http.request", "body": bytes(10_000), "more_body": True}

    async def send(message: Message) -> None:
        raise AssertionError("nothing is answered")

    length = (b"transfer-encoding", b"chunked") if announced is None else (b"content-length", b"99000")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/predict",
        "headers": [(b"host", b"localhost"), length],
        "state": {"request_id": "1"},
    }
    limited = Limits(read_all_of_it, settings=ServiceSettings(max_bytes=100_000))
    with pytest.raises(Problem) as raised:
        asyncio.run(limited(scope, receive, send))
    assert raised.value.status_code == 413
    assert n_read == 110_000  # the piece that is too much, and no other


def test_exactly_the_limit_is_let_in(service: Served) -> None:
    padded = PICTURE + bytes(100_000 - len(PICTURE))
    assert service.client.post("/v1/predict", content=padded, headers=PNG).status_code == 200
    assert service.client.post("/v1/predict", content=padded + b"\0", headers=PNG).status_code == 413


def test_too_many_pixels(service: Served) -> None:
    answer = service.client.post("/v1/predict", content=drawn(side=201), headers=PNG)
    assert (answer.status_code, "40000 pixels" in answer.json()["detail"]) == (422, True)


def test_too_many_parts(service: Served) -> None:
    parts = [("a", (f"{n}.png", PICTURE)) for n in range(4)]
    assert service.client.post("/v1/predict", files=parts[:3]).status_code == 200
    answer = service.client.post("/v1/predict", files=parts)
    assert (answer.status_code, "at most 3 parts" in answer.json()["detail"]) == (413, True)


def test_endless_heads(service: Served) -> None:
    for content in (b"GET /" + b"a" * 9_000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2_000):
        status, came = service.exchange(content)
        assert (status, problem_in(came)["title"]) == (431, "Request Header Fields Too Large")
    assert answers_well(service)


def test_endless_framing(service: Served) -> None:
    start = head_of(content_type="image/png", transfer_encoding="chunked")
    for rest in (b"1;" + b"a" * 9_000, b"0\r\n" + b"a: b\r\n" * 2_000):
        status, _ = service.exchange(start + rest)
        assert status in (431, 422)  # what ended before the framing did may be answered first
    assert answers_well(service)


def test_tiny_chunks_are_a_body_like_any_other(service: Served) -> None:
    chunks = b"".join(b"1\r\n" + PICTURE[at : at + 1] + b"\r\n" for at in range(len(PICTURE)))
    head = head_of(content_type="image/png", transfer_encoding="chunked", connection="close")
    status, came = service.exchange(head + chunks + b"0\r\n\r\n")
    assert (status, b'"digit":7' in came) == (200, True)


def test_too_many_requests_in_a_row(service: Served) -> None:
    request = head_of("/v2/health/live", method="GET")
    assert (
        service.exchange(request * 3 + head_of("/v2", method="GET", connection="close"))[1].count(b" 200 OK")
        == 4
    )
    _, came = service.exchange(request * 500)
    assert came.count(b" 200 OK") < 500
    assert answers_well(service)


# Too slow.


def test_stalled_heads_are_cut_off(service: Served) -> None:
    for content, expected in (
        (b"", 0),
        (b"POST /v1/pre", 408),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\n", 408),
    ):
        started_s = time.monotonic()
        status, came = service.exchange(content)
        assert LIMIT_S * 0.9 < time.monotonic() - started_s < LIMIT_S + SLACK_S
        assert status == expected
        assert came == b"" or problem_in(came)["title"] == "Request Timeout"


def test_a_head_that_drips_is_cut_off(service: Served) -> None:
    with service.connect() as connection:
        started_s = time.monotonic()
        with suppress(ConnectionError):
            for byte in head_of("/v2", method="GET") * 10:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - started_s < LIMIT_S + SLACK_S


def test_the_second_head_has_a_clock_too(service: Served) -> None:
    with service.connect() as connection:
        connection.sendall(head_of("/v2", method="GET"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        started_s = time.monotonic()
        connection.sendall(b"\r\nGET ")
        status, _ = read_all(connection)
    assert status == 408
    assert time.monotonic() - started_s < LIMIT_S + SLACK_S


def test_idle_connections_are_closed(service: Served) -> None:
    with service.connect() as connection:
        connection.sendall(head_of("/v2", method="GET"))
        started_s = time.monotonic()
        status, _ = read_all(connection)
    assert status == 200
    assert LIMIT_S * 0.9 < time.monotonic() - started_s < LIMIT_S + SLACK_S


@pytest.mark.parametrize("begun", [b"", b"abc"])
def test_stalled_bodies_are_cut_off(service: Served, begun: bytes) -> None:
    started_s = time.monotonic()
    status, came = service.exchange(head_of(content_type="image/png", content_length=1_000) + begun)
    assert (status, problem_in(came)["title"]) == (408, "Request Timeout")
    assert LIMIT_S * 0.9 < time.monotonic() - started_s < LIMIT_S + SLACK_S


@pytest.mark.parametrize("n_at_once", [0, 90_000], ids=["from the start", "after much at once"])
def test_a_body_that_drips_is_cut_off(service: Served, n_at_once: int) -> None:
    with service.connect() as connection:
        started_s = time.monotonic()
        connection.sendall(head_of(content_type="image/png", content_length=99_000) + bytes(n_at_once))
        with suppress(ConnectionError):
            for _ in range(1_000):
                connection.sendall(b"a")
                time.sleep(LIMIT_S / 8)
        assert time.monotonic() - started_s < 2 * LIMIT_S + SLACK_S


def test_a_body_may_take_its_time_while_it_comes(service: Served) -> None:
    picture = PICTURE + bytes(90_000)
    with service.connect() as connection:
        connection.sendall(head_of(content_type="image/png", content_length=len(picture), connection="close"))
        started_s = time.monotonic()
        for at in range(0, len(picture), 10_000):
            connection.sendall(picture[at : at + 10_000])
            time.sleep(LIMIT_S / 4)
        assert time.monotonic() - started_s > 2 * LIMIT_S
        assert read_all(connection)[0] == 200


def test_the_rest_of_a_refused_body_is_not_waited_for(service: Served) -> None:
    for path in ("/nowhere", "/v1/corrections?label=4"):
        started_s = time.monotonic()
        status, came = service.exchange(head_of(path, content_type="image/png", content_length=1_000) + b"a")
        assert status == 404
        assert b"connection: close" in came
        assert time.monotonic() - started_s < LIMIT_S + SLACK_S


def test_answers_that_nobody_reads_are_dropped(service: Served) -> None:
    def is_open(port: int) -> bool:
        connections = service.server.server_state.connections
        return port in {one.client[1] for one in connections if isinstance(one, Connection) and one.client}

    with service.connect(receive_buffer=2_048) as connection:
        port = connection.getsockname()[1]
        connection.sendall(head_of("/openapi.json", method="GET") * 60)  # more than all buffers hold
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert is_open(port)
        deadline_s = time.monotonic() + 4 * LIMIT_S + SLACK_S
        while is_open(port) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert not is_open(port)
    assert answers_well(service)


@pytest.mark.parametrize("encoding", ["gzip, chunked", "identity", "chunked\r\ntransfer-encoding: chunked"])
def test_other_transfers_are_refused(service: Served, encoding: str) -> None:
    status, _ = service.exchange(head_of(transfer_encoding=encoding, connection="close") + b"0\r\n\r\n")
    assert status == 400


# From elsewhere.


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:8000", "[::1]", "[::1]:8000"])
def test_names_of_this_machine_are_answered_to(service: Served, host: str) -> None:
    assert service.client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "0.0.0.0", "", "[::2]", ":80"],
)
def test_other_names_are_not(service: Served, host: str) -> None:
    answer = service.client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert service.client.get("/v2/health/live", headers={"host": host}).status_code == 200


def test_one_host_and_no_more(service: Served) -> None:
    for content in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
    ):
        assert service.exchange(content)[0] == 400


def test_the_pages_own_origin_and_no_other(service: Served) -> None:
    def status_from(origin: str, host: str = "localhost:8000") -> int:
        headers = {"origin": origin, "host": host, **PNG}
        return service.client.post("/v1/predict", content=PICTURE, headers=headers).status_code

    assert status_from("http://localhost:8000") == 200
    assert status_from("https://localhost:8000") == 200  # a proxy may do the encryption
    for origin in (
        "http://evil.example",
        "http://localhost:8001",
        "null",
        "",
        "http://localhost",
        "http://[",
    ):
        assert status_from(origin) == 403
    assert service.client.get("/", headers={"origin": "http://evil.example"}).status_code == 200


def test_names_that_are_allowed() -> None:
    with served(ServiceSettings(host="127.0.0.1", allowed_hosts=("Digits.example",))) as running:
        get, post = running.client.get, running.client.post
        assert get("/v2", headers={"host": "digits.example"}).status_code == 200
        assert get("/v2", headers={"host": "digits.example:443"}).status_code == 200
        assert get("/v2", headers={"host": "other.example"}).status_code == 421
        headers = {"origin": "https://digits.example", **PNG}  # a proxy may have changed the Host
        assert post("/v1/predict", content=PICTURE, headers=headers).status_code == 200


# At once.


@contextmanager
def held_up() -> Iterator[threading.Event]:
    """The engine's threads wait until the event is set."""
    opened = threading.Event()
    examine_many = Recognizer.examine_many

    def wait_and_read(recognizer: Recognizer, pictures: list[bytes]) -> Iterator[Examination | ImageError]:
        if threading.current_thread().name.startswith("reader"):
            assert opened.wait(20)
        return examine_many(recognizer, pictures)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recognizer, "examine_many", wait_and_read)
        try:
            yield opened
        finally:
            opened.set()


def waiting(service: Served) -> int:
    text = service.client.get("/metrics").text
    found = re.search(r"^inkdigits_waiting_requests (\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (ServiceSettings(max_waiting=4, max_waiting_per_client=9), 503),
        (ServiceSettings(max_waiting=9, max_waiting_per_client=4), 429),
    ],
    ids=["of all", "of one client"],
)
def test_more_than_can_wait_is_refused_and_health_is_not(settings: ServiceSettings, status: int) -> None:
    def ask(_: int) -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{running.settings.port}/v1/predict", content=LARGE, headers=PNG, timeout=20
        )

    with served(settings) as running, ThreadPoolExecutor(12) as clients:
        with held_up() as opened:
            asked = [clients.submit(ask, number) for number in range(4)]
            deadline_s = time.monotonic() + 10
            while waiting(running) < 4 and time.monotonic() < deadline_s:
                time.sleep(0.01)
            refused = [ask(number) for number in range(6)]
            quickest_s = 1.0
            for _ in range(5):
                started_s = time.perf_counter()
                assert running.client.get("/v2/health/ready").status_code == 200
                quickest_s = min(quickest_s, time.perf_counter() - started_s)
            opened.set()
            assert [one.result().status_code for one in asked] == [200] * 4
        assert quickest_s < 0.1
        assert {one.status_code for one in refused} == {status}
        assert {one.headers["retry-after"] for one in refused} == {"1"}
        assert answers_well(running)
        assert waiting(running) == 0


def test_small_pictures_do_not_wait_for_large_ones() -> None:
    with served() as running, ThreadPoolExecutor(1) as clients, held_up() as opened:
        asked = clients.submit(running.client.post, "/v1/predict", content=LARGE, headers=PNG)
        while waiting(running) < 1 and not asked.done():
            time.sleep(0.01)
        assert answers_well(running)
        assert not asked.done()
        opened.set()
        assert asked.result().status_code == 200


def test_what_waited_too_long_is_refused() -> None:
    settings = ServiceSettings(wait_s=0.2, n_threads=1)
    with served(settings) as running, ThreadPoolExecutor(4) as clients:
        with held_up() as opened:

            def ask(_: int) -> int:
                return running.client.post("/v1/predict", content=LARGE, headers=PNG).status_code

            asked = [clients.submit(ask, number) for number in range(4)]
            time.sleep(0.6)
            opened.set()
            statuses = sorted(one.result() for one in asked)
        assert statuses[0] == 200  # its turn had come in time
        assert statuses[-1] == 503


def test_bodies_have_a_bound_together() -> None:
    settings = ServiceSettings(max_bytes=1_000, max_bytes_held=1_500)
    with served(settings) as running:
        half = head_of(content_type="image/png", content_length=1_000) + bytes(900)
        with running.connect() as one, running.connect() as other:
            one.sendall(half)
            time.sleep(0.3)
            other.sendall(half)
            status, came = read_all(other)
            assert (status, b"retry-after: 1" in came) == (503, True)
            one.sendall(bytes(100))
            assert one.recv(65_536).startswith(b"HTTP/1.1 422")
        assert running.client.post("/v1/predict", content=bytes(900), headers=PNG).status_code == 422


def test_more_connections_than_are_allowed() -> None:
    with served(ServiceSettings(max_connections=5)) as running:
        held = [running.connect() for _ in range(5)]
        try:
            time.sleep(0.2)
            status, came = running.exchange(head_of("/v2", method="GET"))
            assert (status, b"retry-after: 1" in came, b"connection: close" in came) == (503, True, True)
            assert problem_in(came)["title"] == "Service Unavailable"
            assert running.exchange(head_of("/v2/health/live", method="GET"))[0] == 200
        finally:
            for connection in held:
                connection.close()
        time.sleep(0.2)
        assert answers_well(running)


def test_stalled_sockets_do_not_slow_the_others() -> None:
    with served(ServiceSettings(header_s=1.0, stall_s=1.0)) as running:
        stalled = [running.connect() for _ in range(60)]
        for number, connection in enumerate(stalled):
            body = head_of(content_type="image/png", content_length=1_000) + b"abc"
            connection.sendall(body if number % 2 else b"POST /v1/pre")
        started_s = time.monotonic()
        assert answers_well(running)
        for connection in stalled:
            assert read_all(connection)[0] == 408
            connection.close()
        assert time.monotonic() - started_s < 1.0 + SLACK_S
        assert answers_well(running)


# The settings themselves.


@pytest.mark.parametrize(
    "settings", [{"max_bytes": 0}, {"n_workers": 0}, {"header_s": 0.0}, {"port": -1}, {"max_waiting": -5}]
)
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="at least"):
        ServiceSettings(**settings)  # type: ignore[arg-type]
