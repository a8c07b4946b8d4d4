"""A browser's visit to the page: what it draws and expects, what it asked for and complained of."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FloatRect, Page, Request, expect

# Strokes in shares of the paper's side.
Stroke = Sequence[tuple[float, float]]
ONE = [[(0.52, 0.2), (0.5, 0.5), (0.48, 0.8)]]
SEVEN = [[(0.3, 0.25), (0.5, 0.23), (0.72, 0.24), (0.6, 0.45), (0.5, 0.62), (0.44, 0.82)]]
THREE = [
    [
        *((0.33, 0.27), (0.45, 0.2), (0.6, 0.22), (0.66, 0.33), (0.6, 0.43), (0.46, 0.48)),
        *((0.6, 0.51), (0.69, 0.63), (0.62, 0.77), (0.47, 0.82), (0.32, 0.75)),
    ]
]
ZERO = [
    [
        *((0.5, 0.2), (0.38, 0.27), (0.32, 0.45), (0.34, 0.65), (0.45, 0.8), (0.56, 0.8)),
        *((0.66, 0.65), (0.68, 0.45), (0.62, 0.27), (0.5, 0.2)),
    ]
]
FOUR = [[(0.42, 0.2), (0.3, 0.55), (0.72, 0.55)], [(0.6, 0.35), (0.57, 0.82)]]
SCRIBBLE = [[(0.5, 0.15), (0.7, 0.85), (0.15, 0.4), (0.85, 0.4), (0.3, 0.85), (0.5, 0.15)]]  # a star

KEEP_WHAT_IS_SENT = """
    const ask = window.fetch;
    window.fetch = (path, options) => {
        if (options?.body) window.sent = options.body;
        return ask(path, options);
    };
"""


@dataclass
class Visit:
    """A page that is open, and what it did."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    may_fail: bool = False  # browsers log every answer that is an error

    def box(self, selector: str) -> FloatRect:
        box = self.page.locator(selector).bounding_box()
        assert box is not None
        return box

    def points(self, stroke: Stroke, on: str = "#paper") -> list[tuple[float, float]]:
        """The stroke in pixels of the window."""
        paper = self.box(on)
        return [(paper["x"] + x * paper["width"], paper["y"] + y * paper["height"]) for x, y in stroke]

    def draw(self, strokes: Sequence[Stroke], on: str = "#paper") -> None:
        for stroke in strokes:
            points = self.points(stroke, on)
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point, steps=3)
            self.page.mouse.up()

    def reads(self, digit: str) -> None:
        expect(self.page.locator("#digit")).to_have_text(digit)
        expect(self.page.locator("#answer")).to_have_attribute("data-state", "read")

    def refuses(self, verdict: str) -> None:
        expect(self.page.locator("#verdict")).to_have_text(verdict)
        expect(self.page.locator("#answer")).to_have_attribute("data-state", "refused")

    def is_empty(self) -> None:
        expect(self.page.locator("#verdict")).to_have_text("Waiting for ink")
        expect(self.page.locator("#digit")).to_have_text("")
        expect(self.page.locator("#box")).to_be_hidden()

    def notices(self, words: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(words)

    def watch(self, selector: str) -> None:
        """Keep every text that stands there from now on, in `window.watched`."""
        self.page.locator(selector).evaluate(
            """(element) => {
                window.watched = [];
                const keep = () => window.watched.push(element.textContent);
                new MutationObserver(keep).observe(element, { childList: true });
            }"""
        )

    def n_asked(self) -> int:
        return sum("/v1/predict" in one.url for one in self.requests)

    def check_manners(self) -> None:
        """Nothing was complained of, and nothing left the host."""
        expected = "Failed to load resource"
        assert [one for one in self.complaints if not (self.may_fail and expected in one)] == []
        addresses = (urlsplit(one.url) for one in self.requests)
        assert {one.hostname for one in addresses if one.scheme not in ("data", "blob")} == {"127.0.0.1"}

    def last_body(self) -> bytes:
        """What was sent last: browsers do not tell the test's driver, so the page itself is asked."""
        numbers = self.page.evaluate("window.sent.arrayBuffer().then((b) => Array.from(new Uint8Array(b)))")
        return bytes(numbers)

    def keep(self, name: str) -> None:
        if folder := os.environ.get("INKDIGITS_SCREENSHOTS"):
            self.page.mouse.move(1, 1)
            self.page.wait_for_timeout(300)  # bars and box have come to rest
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """`inkdigits serve` on a free port, and where."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", str(port), *options]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}/"
            while not _is_ready(address):
                if process.poll() is not None:
                    log.seek(0)
                    pytest.fail(f"the service ended: {log.read().decode()}")
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _is_ready(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}v2/health/ready", timeout=5).close()
    except OSError:
        return False
    return True
