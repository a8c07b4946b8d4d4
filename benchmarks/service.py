"""The web service beside a bare FastAPI and ONNX Runtime endpoint, and how it stands up to bad clients.

    python benchmarks/service.py --out benchmarks/results/service.json
    python benchmarks/service.py --soak 600

Needs `wrk` and Linux. Everything stays on this machine. The servers run at the same time and are loaded in
turns, so that both meet the same neighbours; ours has all its limits and its log on.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from PIL import ImageDraw

from inkdigits.reading.recognizer import Recognizer
from measuring import resident_mb, spread, write_results

HERE = Path(__file__).parent
CONNECTIONS = 16  # where requests follow at once
CALM_CONNECTIONS = 48  # where they come at random moments
LOAD = 0.7
LUA = """
local file = io.open("{picture}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "image/png"
math.randomseed(1)
{delay}
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def cpu_seconds(self) -> float:
        """Processor time that its processes used so far."""
        fields = [(path / "stat").read_text().rpartition(")")[2].split() for path in self._processes()]
        return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Memory that its processes hold."""
        return sum(map(resident_mb, self._processes()))

    def _processes(self) -> list[Path]:
        own = Path(f"/proc/{self.process.pid}")
        children = (own / "task" / own.name / "children").read_text().split()
        return [own, *(Path(f"/proc/{child}") for child in children)]


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="of each server and picture")
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    parser.add_argument("--soak", type=float, default=0, metavar="SECONDS", help="a long run at 70%% load")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes of ours; the peer has one"
    )
    parser.add_argument("--stalled", type=int, default=500, metavar="N", help="sockets that stall")
    options = parser.parse_args()
    results: dict[str, object] = {
        "connections": CONNECTIONS,
        "rounds": options.rounds,
        "seconds": options.seconds,
    }
    with tempfile.TemporaryDirectory() as folder:
        pictures = _pictures(Path(folder))
        with _running("bare") as bare, _running("ours", options.workers) as ours:
            for name, picture in pictures.items():
                results[name] = _compare(ours, bare, picture, options)
        with _running("ours", options.workers) as ours:
            picture = pictures["drawn_280x280"]
            rate = results["drawn_280x280"]["ours"]["requests_per_s"]["median"] * LOAD  # type: ignore[index]
            results["stalled_sockets"] = _stall(ours, picture, rate, options)
            if options.soak:
                results["soak"] = _soak(ours, picture, rate, options.soak)
        with _running("ours", options.workers) as ours:
            results["stop_under_load"] = _stop(ours, picture)
    write_results(options.out, results)


# The pictures and the servers.


def _pictures(folder: Path) -> dict[str, Path]:
    """A seven, drawn on 280x280 as on the page, and the same in MNIST's form, black on white."""
    page = PIL.Image.new("L", (280, 280), 255)
    ImageDraw.Draw(page).line([(70, 60), (205, 62), (150, 140), (115, 225)], fill=0, width=16, joint="curve")
    ink = Recognizer().examine(page).normalized.ink
    small = PIL.Image.fromarray(255 - np.rint(ink * 255).astype(np.uint8))
    paths = {"mnist_28x28": folder / "28.png", "drawn_280x280": folder / "280.png"}
    for image, path in zip((small, page), paths.values(), strict=True):
        image.save(path)
    return paths


@contextmanager
def _running(name: str, n_workers: int = 1) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = ["-m", "inkdigits", "serve", "--workers", str(n_workers), "--port"]
    command = [sys.executable, *(serve if name == "ours" else [str(HERE / "bare_endpoint.py")]), str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stderr=log)
        try:
            deadline_s = time.monotonic() + 60
            while time.monotonic() < deadline_s:
                with (
                    suppress(OSError),
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=5),
                ):
                    break
                time.sleep(0.1)
            yield Server(name, process, port)
        finally:
            process.terminate()
            process.wait(60)


def _wrk(
    server: Server, picture: Path, seconds: float, *, rate: float | None = None, answer_ms: float = 0
) -> dict[str, float]:
    """Load a server for a while, as hard as it goes or at about so many requests a second."""
    delay = ""
    n_connections = CONNECTIONS
    if rate is not None:
        n_connections = CALM_CONNECTIONS
        mean_ms = max(0.0, 1e3 * n_connections / rate - answer_ms)
        delay = f"function delay() return math.floor(math.random() * {2 * mean_ms:.3f} + 0.5) end"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA.format(picture=picture, delay=delay))
        script.flush()
        command = ["wrk", "-t1", f"-c{n_connections}", f"-d{max(1, round(seconds))}s", "-s", script.name]
        url = f"http://127.0.0.1:{server.port}/v1/predict"
        output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output.splitlines()[-1])
    return found | {"requests_per_s": found["requests"] / found["seconds"]}


# What is measured.


def _compare(ours: Server, bare: Server, picture: Path, options: argparse.Namespace) -> dict[str, object]:
    """Requests a second of both, in turns, and latency at 70% of what each can do."""
    for server in (bare, ours):
        _wrk(server, picture, 1)
    memory_mb = ours.memory_mb()
    rounds: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for _ in range(options.rounds):
        for server in (bare, ours):
            before_s = server.cpu_seconds()
            measured = _wrk(server, picture, options.seconds)
            used_ms = 1e3 * (server.cpu_seconds() - before_s)
            rounds[server.name].append(measured | {"cpu_ms_per_request": used_ms / measured["requests"]})
    result: dict[str, object] = {}
    for server in (bare, ours):
        of_server = rounds[server.name]
        fastest = statistics.median(one["requests_per_s"] for one in of_server)
        calm = _wrk(
            server, picture, options.seconds, rate=LOAD * fastest, answer_ms=_answer_ms(server, picture)
        )
        result[server.name] = {
            "requests_per_s": spread([one["requests_per_s"] for one in of_server]),
            "cpu_ms_per_request": spread([one["cpu_ms_per_request"] for one in of_server]),
            "p99_ms_at_full_load": spread([one["p99_ms"] for one in of_server]),
            "at_70_percent": calm | {"share_of_full_load": calm["requests_per_s"] / fastest},
            "errors": sum(one["errors"] for one in [*of_server, calm]),
        }
    ratios = [
        one["requests_per_s"] / other["requests_per_s"]
        for one, other in zip(rounds["ours"], rounds["bare"], strict=True)
    ]
    memory = {"before": memory_mb, "after": ours.memory_mb()}
    return {**result, "ours_over_bare": spread(ratios), "memory_mb": memory}


def _answer_ms(server: Server, picture: Path) -> float:
    """How long one request takes where there is no other."""
    return _wrk(server, picture, 1, rate=20.0)["p50_ms"]


def _stall(ours: Server, picture: Path, rate: float, options: argparse.Namespace) -> dict[str, object]:
    """Sockets that stall, half in the head and half in the body, while others are served."""
    answer_ms = _answer_ms(ours, picture)
    seconds = max(10.0, options.seconds)
    alone = _wrk(ours, picture, seconds, rate=rate, answer_ms=answer_ms)
    head = b"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\n"
    begun = head + b"content-length: 99\r\n\r\nabc"
    ends_s: list[float] = []
    stalled = [socket.create_connection(("127.0.0.1", ours.port)) for _ in range(options.stalled)]
    for number, connection in enumerate(stalled):
        connection.sendall(begun if number % 2 else head)
    watcher = threading.Thread(target=_watch, args=(stalled, time.monotonic(), ends_s))
    watcher.start()
    meanwhile = _wrk(ours, picture, seconds, rate=rate, answer_ms=answer_ms)
    watcher.join()
    return {
        "sockets": options.stalled,
        "cut_off": len(ends_s),
        "cut_off_after_s": spread(ends_s),
        "p99_ms_without": alone["p99_ms"],
        "p99_ms_meanwhile": meanwhile["p99_ms"],
        "errors": alone["errors"] + meanwhile["errors"],
    }


def _watch(stalled: list[socket.socket], started_s: float, ends_s: list[float]) -> None:
    """Note when each connection is closed from the other side; give up after a minute."""
    poll = select.poll()
    open_now = {connection.fileno(): connection for connection in stalled}
    for number in open_now:
        poll.register(number, select.POLLIN | select.POLLHUP)
    while open_now and time.monotonic() < started_s + 60:
        for number, _ in poll.poll(1_000):
            with suppress(ConnectionError):
                if open_now[number].recv(65_536):
                    continue
            ends_s.append(time.monotonic() - started_s)
            poll.unregister(number)
            open_now.pop(number).close()


def _soak(ours: Server, picture: Path, rate: float, seconds: float) -> dict[str, object]:
    """A long run; memory is read every second, and its growth is that after the first tenth."""
    memory_mb: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            memory_mb.append(ours.memory_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    measured = _wrk(ours, picture, seconds, rate=rate, answer_ms=_answer_ms(ours, picture))
    ended.set()
    watcher.join()
    settled = memory_mb[len(memory_mb) // 10 :]
    growth = {"after_a_tenth": settled[0], "at_the_end": settled[-1], "most": max(settled)}
    return {**measured, "memory_mb": growth}


def _stop(ours: Server, picture: Path) -> dict[str, object]:
    """SIGTERM while clients ask as fast as they can; what was sent whole must be answered."""
    content = picture.read_bytes()
    answered, refused, lost = [], [], []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)
        while True:
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError:
                refused.append(1)
                return
            try:
                connection.request("POST", "/v1/predict", content, {"Content-Type": "image/png"})
                answer = connection.getresponse()
                answer.read()
                answered.append(answer.status)
            except (OSError, http.client.HTTPException):
                lost.append(1)
                return

    clients = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for client in clients:
        client.start()
    time.sleep(2)
    ours.process.send_signal(signal.SIGTERM)
    started_s = time.monotonic()
    code = ours.process.wait(60)
    elapsed_s = time.monotonic() - started_s
    for client in clients:
        client.join()
    good = answered.count(200)
    return {
        "answered": good,
        "other": len(answered) - good,
        "lost": len(lost),
        "exit_code": code,
        "seconds": elapsed_s,
    }


if __name__ == "__main__":
    main()
