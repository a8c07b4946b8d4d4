"""The command as a process: its standard streams, and the signals that end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams and signals as POSIX has them")

SEVEN = str(resources.files("inkdigits") / "samples" / "7_crossed_biro.png")
COMMAND = f"{sys.executable} -m inkdigits"


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell line with `inkdigits` in it comes to."""
    script = f'inkdigits() {{ {COMMAND} "$@"; }}; {line}'
    ended = subprocess.run(["bash", "-c", script], capture_output=True, timeout=120)
    assert b"Traceback" not in ended.stderr, ended.stderr.decode()
    assert b"Exception ignored" not in ended.stderr, ended.stderr.decode()
    return ended


@pytest.mark.parametrize(
    ("where", "found"), [("> /dev/full", b"No space left on device"), (">&-", b"that it is closed")]
)
@pytest.mark.parametrize("verb", [f"predict {SEVEN}", "export-serving $(mktemp -d)", "--help"])
def test_answers_that_cannot_be_written_are_an_error(verb: str, where: str, found: bytes) -> None:
    if "full" in where and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    ended = shell(f"inkdigits {verb} {where}")
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"error: standard output: expected ")
    assert found in ended.stderr


@pytest.mark.parametrize("where", ["2>&-", "2> /dev/full"])
def test_notes_that_cannot_be_written_cost_no_answer(where: str) -> None:
    ended = shell(f"inkdigits predict nothing.png {SEVEN} {where}")
    assert ended.returncode == 1  # for the picture that is not there
    assert ended.stdout.startswith(SEVEN.encode() + b": 7,")


def test_a_closed_input_is_an_empty_picture() -> None:
    ended = shell("inkdigits predict - <&-")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"found an empty file" in ended.stderr


def test_a_reader_that_goes_is_no_error() -> None:
    ended = shell("inkdigits data | true; exit ${PIPESTATUS[0]}")
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert ended.stdout == b""


# Signals. A test says when one comes: after so many modules are loaded, or within a call.

PROGRAM = """
import os, signal, sys, threading

class Signal:
    left = {n_imports}
    def find_spec(self, name, path=None, target=None):
        Signal.left -= 1
        if Signal.left == 0:
            os.kill(os.getpid(), {number})

from inkdigits.__main__ import main
sys.meta_path.insert(0, Signal())
sys.argv = ["inkdigits", *{arguments}]
main()
"""


@pytest.mark.parametrize("n_imports", [1, 40, 160, 240])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_without_a_word_while_it_loads(number: int, code: int, n_imports: int) -> None:
    program = PROGRAM.format(n_imports=n_imports, number=int(number), arguments=["predict", SEVEN])
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, b"", b"")


SWALLOWED = """
import os, signal, sys, time
import inkdigits.cli

class Destroyed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def swallow():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        pass

def verb():
    if {destroyed}:
        Destroyed()
    else:
        swallow()
    time.sleep(60)

inkdigits.cli.main = verb
from inkdigits.__main__ import main
main()
"""


@pytest.mark.parametrize("destroyed", [False, True])
def test_a_ctrl_c_that_something_swallows_comes_again(destroyed: bool) -> None:
    program = SWALLOWED.format(destroyed=destroyed)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_cleaning_up_after_ctrl_c_may_take_long() -> None:
    program = SWALLOWED.format(destroyed=False).replace(
        "except BaseException:\n        pass",
        "finally:\n        time.sleep(1.2)\n        print('cleaned up', flush=True)",
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"cleaned up\n", b"")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    ended = shell(f"trap '' INT; inkdigits predict {SEVEN} & sleep 0.5; kill -INT $!; wait $!")
    assert ended.returncode == 0
    assert b": 7," in ended.stdout


def test_workers_leave_ctrl_c_to_their_parent(tmp_path: Path) -> None:
    """A terminal sends it to all of them, and they may still be loading."""
    command = [sys.executable, "-m", "inkdigits", "predict", SEVEN, "--out", "t.csv", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE) as process:
        parts = tmp_path / "t.csv.parts"
        while not parts.exists():
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert process.returncode in (0, 130)
