"""Calls that no one should make, each in a process of its own: `python -m tests.cli.fuzz --seconds 300`.

A call is a verb with some of its options, at random, with values that are right, wrong or hostile. It has
failed where a traceback comes out, where an exit code means nothing, where it fails in silence, or where
`--json` prints what is not JSON. Processes are forked, so a call costs hundredths of a second on POSIX.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import typer
from PIL import Image

from inkdigits.__main__ import main
from inkdigits.cli import app

__all__ = ["fuzz"]

CODES = {0, 1, 2}
LIMIT_S = 30  # then a call is ended: it trains or serves, or waits for a network
# Loaded once for all calls; not Keras, whose threads do not survive a fork.
LOADED = (
    "onnxruntime",
    "inkdigits.datasets",
    "inkdigits.evaluation",
    "inkdigits.web.server",
    "inkdigits.bulk.local",
)
SLOW = ("train", "tune", "evaluate")  # which load Keras, in each call
INTEGERS = ("0", "-1", "1", "2", "99999999999999999999", "1.5", "nan", "", "1e3", "٣", "0x10", "1_000")
NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "0",
    "-0.0",
    "1e-320",
    "1e400",
    "0.01",
    "0.95",
    "1",
    "2",
    "",
    "x",
    "1,5",
)
WORDS = ("", " ", "nope", "\udcff", "a\nb", "x" * 5000, "../x", "%s", "[bold]", "luhn", "mod97", "uci", "cnn")
PATTERNS = (
    r"\d{5}",
    "(",
    r"(\d+)+",
    r"((\d*)*)*",
    "{3}",
    r"\d{999999999999}",
    "[z]",
    "[",
    "\\",
    "(?:)",
    "^$",
    "(" * 5000,
    r"((\d?){99}){90}",
)
URLS = (
    "sqlite:////proc/x.db",
    "sqlite:///x.db",
    "mysql+no://x",
    "http://127.0.0.1:1/x.png",
    "s3://x/y",
    "0.0.0.0",
)
USUAL = {  # values that let a call come further than its options
    "port": ("0", "1", "65536", "x"),
    "host": ("", "300.1.1.1", "no.such.host.invalid", "::g", "*", "a" * 300, "\udcff", "127.0.0.1\n"),
    "epochs": ("0", "-1", "x", "nan", ""),
    "trials": ("0", "-1", "x"),
    "workers": ("0", "1", "-3", "x", "1.5"),
    "expect": PATTERNS,
    "engine": ("local", "ra", ""),
    "storage": URLS,
    "log_format": ("text", "json", "nope", ""),
    "sort": ("accuracy", "loss", "time", "name", "nope"),
}


def make_hostile(folder: Path) -> list[str]:
    """Files, folders and names of every unfriendly kind."""
    seven = (resources.files("inkdigits") / "samples" / "7_crossed_biro.png").read_bytes()
    contents: dict[str, bytes] = {
        "seven.png": seven,
        "a\nb.png": seven,
        "\udcff\udcfe.png": seven,
        "-dash.png": seven,
        "[bold]x.png": seven,
        "cut.png": seven[: len(seven) // 2],
        "empty.png": b"",
        "text.png": b"no picture",
        "noise.csv": random.Random(0).randbytes(3000),
        "table.csv": b"label,0,1\n3,0,255\n",
        "codes.txt": b"\xef\xbb\xbf10115\r\n\r\n10115\r\n80331",
        "recipe.toml": b"model = 3\n[training]\nepochs = 'x'\n",
        "noise.toml": b"\x00\xff[[[",
        "cut.onnx": b"\x08\x07\x12" + bytes(50),
        "cut.parquet": b"PAR1" + bytes(20) + b"PAR1",
        "cut.tar": b"x" * 600,
        "cut.npz": b"PK\x03\x04" + bytes(40),
        "x-idx3-ubyte": b"\x00\x00\x08\x03" + bytes(12),
        "list.txt": b"seven.png\nmissing.png\n@list.txt\n",
        "a.csv": b"a table that is there",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    page = Image.fromarray(np.zeros((40, 40), np.uint8))
    page.save(folder / "page.tif", save_all=True, append_images=[page])
    for name in ("none", "folder.csv", "run", "three/3", "deep/" + "d/" * 40):
        (folder / name).mkdir(parents=True)
    (folder / "run" / "recipe.toml").write_text("[[", encoding="utf-8")
    (folder / "run" / "model.onnx").write_bytes(b"")
    (folder / "run" / "history.csv").write_text("epoch\nx\n", encoding="utf-8")
    (folder / "three" / "3" / "seven.png").write_bytes(seven)
    os.mkfifo(folder / "fifo")
    os.mkfifo(folder / "fifo.png")
    (folder / "dangling.png").symlink_to("nowhere")
    (folder / "loop.png").symlink_to("loop.png")
    with (folder / "sparse.png").open("wb") as sparse:
        sparse.truncate(40_000_000_000)
    names = [*(entry.name for entry in folder.iterdir()), *("three", "deep", ".", "..", "/", "~")]
    names += [
        "seven.png/below",
        "n" * 300,
        "n/" * 3000,
        "",
        " ",
        "-",
        "@list.txt",
        "@missing",
        "*.nothing",
        "[",
        "*.png",
    ]
    names += [
        "/dev/null",
        "/dev/full",
        "/dev/zero",
        "/proc/self/mem",
        "/etc/shadow/x",
        "bundled",
        "~nobody",
        "uci",
        "missing.csv",
    ]
    names += [
        "new.csv",
        "new.jsonl",
        "new.parquet",
        "new",
        "/proc/new.csv",
        "seven.png:3",
        "uci:0",
        "uci:-1",
        "uci:x",
    ]
    return [*names, *URLS]


def draw_call(chance: random.Random, names: list[str]) -> list[str]:
    """A verb, some of its options, and arguments."""
    verbs: Any = typer.main.get_command(app)
    known = verbs.list_commands(None)
    verb = chance.choice([verb for verb in known if verb not in SLOW or chance.random() < 0.15])
    words, arguments = [verb], []
    for parameter in verbs.get_command(None, verb).params:
        kind = parameter.type.name
        if parameter.param_type_name == "argument":
            paths = [_path(chance, names) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
            arguments += paths if parameter.nargs == -1 else paths[:1]
        elif chance.random() < (0.4 if parameter.name in ("as_json", "out") else 0.15):
            words.append(chance.choice(parameter.opts))
            if kind != "boolean":
                words.append(_value(chance, parameter.name, kind, names))
        elif parameter.name == "port" or (parameter.name == "epochs" and verb in ("train", "tune")):
            words += [parameter.opts[0], chance.choice(USUAL[parameter.name])]  # none that goes on for ever
    return [*words, *arguments]


def _path(chance: random.Random, names: list[str]) -> str:
    return "seven.png" if chance.random() < 0.2 else chance.choice(names)


def _value(chance: random.Random, name: str, kind: str, names: list[str]) -> str:
    if name in USUAL and (name in ("port", "epochs", "trials") or chance.random() < 0.8):
        return chance.choice(USUAL[name])
    if "int" in kind:
        return chance.choice(INTEGERS)
    if "float" in kind:
        return chance.choice(NUMBERS)
    return _path(chance, names) if "path" in kind or chance.random() < 0.5 else chance.choice(WORDS)


def fault_of(call: list[str], folder: Path) -> str:
    """What is wrong with how a call ended; empty where it ended well."""
    out, err = folder / ".out", folder / ".err"
    child = os.fork()
    if child == 0:
        _be_the_command(call, folder, out, err)
    ended, status, deadline = 0, 0, time.monotonic() + LIMIT_S
    while not ended and time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.002)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "slow" if call[0] not in ("serve", "train", "tune") else ""
    said, answers = err.read_bytes(), out.read_bytes()
    code = os.waitstatus_to_exitcode(status)
    if b"Traceback" in said or b"Exception ignored" in said or code not in CODES:
        return f"code {code}: {said.decode(errors='replace')[-1500:]}"
    if code and not said and not answers:
        return f"code {code} without a word"
    if "--json" in call and code != 2 and "--help" not in call:
        return _fault_of_json(answers)
    return ""


def _be_the_command(call: list[str], folder: Path, out: Path, err: Path) -> None:
    try:
        os.chdir(folder)
        for number, path, mode in ((0, "/dev/null", os.O_RDONLY), (1, out, os.O_CREAT), (2, err, os.O_CREAT)):
            opened = os.open(path, mode | (os.O_WRONLY | os.O_TRUNC if number else 0), 0o644)
            os.dup2(opened, number)
            os.close(opened)
        sys.argv = ["inkdigits", *call]
        main()
        os._exit(0)
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
    except BaseException:
        traceback.print_exc()
        os._exit(99)


def _fault_of_json(answers: bytes) -> str:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        for line in answers.decode().splitlines():
            json.loads(line, parse_constant=refuse)
    except ValueError as error:
        return f"--json printed {answers[:300]!r}: {error}"
    return ""


def fuzz(seed: int, *, seconds: float, most_calls: int) -> list[str]:
    """Make calls until the time or their number is up; returns what went wrong."""
    for module in LOADED:
        importlib.import_module(module)
    chance, faults, ends = random.Random(seed), [], time.monotonic() + seconds
    for number in range(most_calls):
        if time.monotonic() > ends:
            break
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            call = draw_call(chance, make_hostile(folder))
            fault = fault_of(call, folder)
        if fault:
            faults.append(f"call {number} of seed {seed}: {' '.join(map(repr, call))[:600]}\n{fault}")
            sys.stdout.write(faults[-1] + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{number} calls, {len(faults)} faults\n")
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=10**9)
    given = parser.parse_args()
    sys.exit(bool(fuzz(given.seed, seconds=given.seconds, most_calls=given.calls)))
