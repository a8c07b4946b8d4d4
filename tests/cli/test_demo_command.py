"""inkdigits demo: the first thing that anybody runs, so it must work anywhere."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import inkdigits.cli
from tests.cli.conftest import Call

SAMPLES = sorted(path.name for path in (Path(inkdigits.cli.__file__).parents[1] / "samples").iterdir())

# Without a network and without the training extra; `atexit` looks at what has been loaded at the end.
ALONE = """
import atexit, socket, sys

class NoNetwork(socket.socket):
    def __init__(self, *_, **__):
        raise OSError("the demo must not need a network")

def look():
    heavy = {"keras", "jax", "tensorflow", "torch", "matplotlib", "scipy", "sklearn", "pandas"}
    print("loaded:", sorted(heavy & set(sys.modules)), file=sys.stderr)

socket.socket = NoNetwork
atexit.register(look)
"""


def test_every_sample_is_shown_and_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = call("demo")
    assert (ended.code, ended.err) == (0, "")
    for name in SAMPLES:
        assert Path(name).stem in ended.out.split()
    assert "Refused: blank" in ended.out
    assert "\n" * 5 not in ended.out, "nothing is drawn for a blank page"
    assert "postcode: 40721, " in ended.out
    assert "amount: 38,60, " in ended.out


@pytest.mark.parametrize(("columns", "widest"), [("10", 24), ("40", 24), ("51", 51), ("80", 80)])
def test_pictures_fit_the_terminal(
    call: Call, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    pictures = call("demo").out.split("Refused: blank")[0]
    assert max(map(len, pictures.splitlines())) <= widest
    assert "@" in pictures


def test_the_commands_at_the_end_work_as_they_are_printed(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [line for line in call("demo").out.splitlines() if line.startswith("  inkdigits ")]
    assert len(commands) == 2
    for command in commands:
        assert call(*shlex.split(command)[1:]).code == 0
    written = {path.name for path in (tmp_path / "samples").iterdir()}
    assert written == {*SAMPLES, "postcode.png", "amount.png", "7_crossed_biro.png.explained.png"}


def test_without_network_extra_or_unicode(call_process: Call) -> None:
    ended = call_process("demo", script=ALONE, PYTHONIOENCODING="ascii", COLUMNS="80")
    assert ended.code == 0
    assert ended.err == "loaded: []\n"
    assert ended.out.isascii()
    assert "@" in ended.out, "dark places are drawn in ASCII"
