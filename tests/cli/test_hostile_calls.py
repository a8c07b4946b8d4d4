"""Calls that no one should make: a few of them here, more by `python -m tests.cli.fuzz --seconds 300`.

INKDIGITS_FUZZ_S in the environment gives the test so many seconds in place of its few calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.errors import ConfigError
from inkdigits.reading.numbers.patterns import pattern
from tests.cli.conftest import Call, Draw

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="the calls are forked")
def test_no_call_ends_in_a_traceback_or_in_silence() -> None:
    seconds = os.environ.get("INKDIGITS_FUZZ_S")
    amount = ["--seconds", seconds] if seconds else ["--calls", "40", "--seconds", "120"]
    command = [sys.executable, "-m", "tests.cli.fuzz", *amount]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=4 * 3600)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_table_holds_names_that_are_no_utf8(call: Call, draw: Draw, tmp_path: Path) -> None:
    try:
        draw("\udcff.png", 7)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names alone")
    for verb in ("predict", "read"):
        for suffix in (".csv", ".jsonl", ".parquet"):
            if suffix == ".parquet":
                pytest.importorskip("pyarrow")
            table = tmp_path / f"{verb}{suffix}"
            ended = call(verb, tmp_path / "\udcff.png", "--out", table)
            assert ended.code == 0
            assert b"\\udcff.png" in table.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "found"),
    [
        (("train", "--data", "uci"), {"KERAS_BACKEND": "nope"}, 2, "KERAS_BACKEND: expected one of jax, "),
        (("data", "mnist"), {"INKDIGITS_DATA": __file__}, 1, "INKDIGITS_DATA: expected a folder"),
        (("data", "~no-such-user"), {}, 1, "expected a file, a folder, or one of"),
        (("data", "/dev/null"), {}, 1, "something that is neither"),
        (("predict", "--model", "/dev/zero", "x.png"), {}, 1, "something that is no regular file"),
        (("read", "--model", "/dev/zero", "x.png"), {}, 1, "something that is no regular file"),
        (("read", "--codes", "/dev/zero", "x.png"), {}, 2, "something that is no regular file"),
        (("train", "/dev/zero"), {}, 2, "something that is no regular file"),
        (("train", "--data", "\udcff"), {}, 2, "a name in UTF-8"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such files")
def test_what_cannot_be_used_is_named(
    call_process: Call, arguments: tuple[str, ...], environ: dict[str, str], code: int, found: str
) -> None:
    ended = call_process(*arguments, **environ)
    assert (ended.code, ended.out) == (code, "")
    assert len(ended.err.splitlines()) == 1
    assert found in ended.err


def test_a_pattern_of_many_brackets_is_refused() -> None:
    with pytest.raises(ConfigError, match="more brackets within brackets"):
        pattern("(" * 5_000 + ")" * 5_000)


def test_a_pattern_of_many_places_is_followed_quickly() -> None:
    states = pattern(r"((\d?){20}){30}")
    for _ in range(20):  # readings that begin alike, as a beam search has them
        state = states.start
        for char in "1234567890" * 5:
            following = states.step(state, char)
            assert following is not None
            state = following
        assert states.accepts(state)
