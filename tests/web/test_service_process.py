"""The command: how it starts, how it refuses to, and how it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from inkdigits.reading.model_file import bundled_model
from inkdigits.web.http.telemetry import TextLines, logging_config
from tests.web.serving import drawn, free_port

PNG = {"content-type": "image/png"}
PICTURE = drawn()
WITHOUT_EXTRA = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from inkdigits.cli import main
main()
"""


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command in a process of its own, and its address."""
    port = free_port()
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", str(port), *options]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s and process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{address}/v2/health/ready").status_code == 200:
                    break
            time.sleep(0.05)
        else:
            pytest.fail(f"the service did not start, and returned {process.poll()}")
        yield process, address
    finally:
        process.kill()
        process.communicate()


def refused(*options: str, program: str = "from inkdigits.cli import main; main()") -> tuple[int, str]:
    """The exit code and the one line of a call that starts no service."""
    command = [sys.executable, "-c", program, "serve", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ended.stderr
    (line,) = ended.stderr.splitlines()
    return ended.returncode, line


def test_a_stop_under_load_loses_nothing_that_was_accepted() -> None:
    with started() as (process, address):
        outcomes: list[int] = []
        lost: list[str] = []

        def ask() -> None:
            """Ask again and again on one connection, until the service takes no more."""
            with httpx.Client(timeout=20) as client:
                while True:
                    try:
                        answer = client.post(f"{address}/v1/predict", content=PICTURE, headers=PNG)
                    except httpx.ConnectError:
                        return  # it does not listen any more
                    except httpx.TransportError as error:
                        lost.append(repr(error))
                        return
                    outcomes.append(answer.status_code)

        clients = [threading.Thread(target=ask) for _ in range(12)]
        for client in clients:
            client.start()
        while len(outcomes) < 60:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)
        _, errors = process.communicate(timeout=30)
        assert lost == []
        assert set(outcomes) == {200}
        assert process.returncode == 0
        assert b"Traceback" not in errors


def test_what_was_accepted_is_answered_though_it_takes_its_time() -> None:
    with started() as (process, address):
        host, port = address.removeprefix("http://").split(":")
        head = (
            f"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\n"
            f"content-length: {len(PICTURE)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(head.encode() + PICTURE[:50])
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(PICTURE[50:])
            answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        assert process.wait(20) == 0


def test_ctrl_c_ends_it_in_good_order() -> None:
    with started() as (process, _):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert b"Traceback" not in errors
        assert b"Serving on http://127.0.0.1:" in errors


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
def test_several_processes_serve_and_stop_together() -> None:
    with started("--workers", "2") as (process, address):
        for _ in range(6):
            answer = httpx.post(f"{address}/v1/predict", content=PICTURE, headers=PNG)
            assert (answer.status_code, answer.json()["digit"]) == (200, 7)
        metrics = httpx.get(f"{address}/metrics").text
        assert 'inkdigits_requests_total{route="/v1/predict",status="200"} 6.0' in metrics
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if children.exists():  # one of them dies, and another takes its place
            os.kill(max(map(int, children.read_text().split())), signal.SIGKILL)
            time.sleep(1)
            assert httpx.get(f"{address}/v2").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/v2")


def last_line(*options: str) -> str:
    """What the log says of a request."""
    with started(*options) as (process, address):
        headers = {"x-request-id": "mine"}
        httpx.post(f"{address}/v1/predict", content=PICTURE, headers={**PNG, **headers})
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    (line,) = [line for line in errors.decode().splitlines() if "mine" in line]
    return line


def test_the_log_is_json_where_it_is_piped_and_text_where_that_is_asked_for() -> None:
    line = json.loads(last_line())
    assert (line["route"], line["status"], line["id"]) == ("/v1/predict", 200, "mine")
    line = last_line("--log-format", "text")
    assert re.fullmatch(r"\d\d:\d\d:\d\d POST /v1/predict 200 [\d.]+ ms, mine", line)


@pytest.mark.skipif(os.name == "nt", reason="terminals differ")
def test_the_log_is_text_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    try:
        with os.fdopen(theirs, "w") as terminal:
            monkeypatch.setattr(sys, "stderr", terminal)
            assert logging_config("auto")["formatters"]["lines"]["()"] is TextLines
    finally:
        os.close(ours)


def test_the_model_of_a_run_folder_is_served(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(bundled_model())
    with started("--model", str(tmp_path)) as (_, address):
        assert httpx.get(f"{address}/v1/service").json()["model"] == "model.onnx"
        answer = httpx.post(f"{address}/v1/predict", content=PICTURE, headers=PNG)
    assert answer.json()["digit"] == 7


# What it does not start with.


def test_no_such_log_format() -> None:
    code, line = refused("--port", str(free_port()), "--log-format", "xml")
    assert code == 2
    assert "expected one of auto, text, json, found 'xml'" in line


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, line = refused("--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "in use" in line
    assert "--port" in line


def test_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    for workers in ("1", "2"):
        port = str(free_port())
        code, line = refused("--port", port, "--workers", workers, "--model", str(tmp_path / "model.onnx"))
        assert code == 1
        assert "expected an ONNX model" in line


@pytest.mark.parametrize("option", ["--max-error", "--digits-accepted"])
def test_no_threshold(option: str) -> None:
    code, line = refused("--port", str(free_port()), option, "0.0000001")
    assert code == 2
    assert option.removeprefix("--").replace("-", "_") in line.replace("-", "_")


def test_no_folder_for_corrections(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    code, line = refused("--port", str(free_port()), "--corrections", str(tmp_path / "kept"))
    assert code == 2
    assert "kept" in line


@pytest.mark.parametrize(
    "packages",
    [
        {"fastapi", "starlette", "uvicorn", "httptools", "python_multipart", "prometheus_client"},
        {"prometheus_client"},
    ],
    ids=["all", "one"],
)
def test_a_missing_extra_is_named(packages: set[str]) -> None:
    code, line = refused(program=WITHOUT_EXTRA.format(packages=packages))
    assert code == 1
    assert "not installed" in line
    assert "pip install 'inkdigits[web]'" in line
