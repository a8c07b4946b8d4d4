"""inkdigits demo: the first thing that anybody runs, so it must work anywhere."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import inkdigits.cli
from tests.cli.conftest import Call

SAMPLES = sorted(path.name for path in (Path(inkdigits.cli.__file__).parents[1] / "samples").iterdir())
BLOCKS = "▀▄█"

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


def verdicts(shown: str) -> dict[str, str]:
    """What is written below each picture, by its name; names and verdicts stand in columns of 31."""
    found = {}
    lines = shown.splitlines()
    for above, below in pairwise(lines):
        for start in range(0, len(above), 31):
            name = above[start : start + 31].strip()
            if name in SAMPLES:
                found[name] = below[start : start + 31].strip()
    return found


def test_every_sample_is_shown_and_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ended = call("demo")
    assert (ended.code, ended.err) == (0, "")
    found = verdicts(ended.out)
    assert sorted(found) == SAMPLES
    assert found["blank.png"] == "Refused: blank"
    assert found["7_crossed_biro.png"].startswith("7, ")
    assert "inkdigits predict" in ended.out


@pytest.mark.parametrize(
    ("columns", "widest"), [("10", 28), ("40", 28), ("58", 28), ("59", 59), ("100", 90), ("120", 121)]
)
def test_pictures_fit_the_terminal(
    call: Call, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    pictures = call("demo").out.split("Each picture is shown")[0]
    assert max(map(len, pictures.splitlines())) <= widest
    assert any(block in pictures for block in BLOCKS)


def test_without_network_extra_or_unicode(call_process: Call) -> None:
    ended = call_process("demo", script=ALONE, PYTHONIOENCODING="ascii", COLUMNS="100")
    assert ended.code == 0
    assert ended.err == "loaded: []\n"
    assert ended.out.isascii()
    assert "@" in ended.out, "dark places are drawn in ASCII"
    assert sorted(verdicts(ended.out)) == SAMPLES
