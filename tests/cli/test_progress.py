"""How a run shows where it is: a bar for a terminal, lines for a log, nothing when quiet."""

from __future__ import annotations

import io
import re
import sys

import pytest

from inkdigits.cli.progress import ProgressDisplay
from inkdigits.runs.history import EpochResult
from inkdigits.training.loop import Progress


class Stream(io.StringIO):
    """Takes what is shown; says what it is told about being a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def a_run() -> list[Progress]:
    """Two epochs of two steps; only the second has validation figures."""
    reports = []
    for epoch in (1, 2):
        for step in (1, 2):
            reports.append(Progress(epoch, 2, step, 2, 0.25, 0.5, 1234.5, 61.0))
        loss, accuracy = (None, None) if epoch == 1 else (0.125, 0.75)
        done = EpochResult(epoch, 0.25, 0.5, loss, accuracy, 1234.5)
        reports.append(Progress(epoch, 2, 2, 2, 0.25, 0.5, 1234.5, 61.0, done))
    return reports


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, quiet: bool = False) -> str:
    stream = Stream(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressDisplay(quiet=quiet) as display:
        for progress in a_run():
            display.show(progress)
    return stream.getvalue()


def test_a_log_gets_a_line_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, terminal=False).splitlines() == [
        "  epoch    loss  accuracy  val loss  val accuracy  images/s   left",
        "    1/2  0.2500    50.00%         -             -     1,234   1:01",
        "    2/2  0.2500    50.00%    0.1250        75.00%     1,234   1:01",
    ]


def test_a_terminal_gets_a_bar_and_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(monkeypatch, terminal=True))
    assert "    1/2  0.2500    50.00%" in text
    assert "    2/2  0.2500    50.00%    0.1250" in text
    assert "epoch 2/2" in text
    assert "━" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    assert shown(monkeypatch, terminal=terminal, quiet=True) == ""


def test_the_bar_is_taken_away_when_training_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")

    def train() -> None:
        with ProgressDisplay(quiet=False) as display:
            display.show(a_run()[0])
            raise RuntimeError("it is over")

    with pytest.raises(RuntimeError, match="over"):
        train()
    assert "\x1b[?25h" in stream.getvalue(), "the cursor must come back"
