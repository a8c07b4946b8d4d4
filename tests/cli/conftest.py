"""How the tests of the command line call it, and what they call it on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from inkdigits.cli import app, main


@dataclass(frozen=True)
class Ended:
    """What a call left behind."""

    code: int
    out: str
    err: str

    def json(self) -> list[dict[str, Any]]:
        """The objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


# What the fixtures hand out: `call("predict", path, "--json")` and `draw("folder/seven.png", 7)`.
Call = Callable[..., Ended]
Draw = Callable[[str, int], Path]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the entry point in this process: `call("predict", path, "--json")`."""

    def call_main(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["inkdigits", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ended(int(ended.value.code or 0), out, err)

    return call_main


@pytest.fixture
def call_process(tmp_path: Path) -> Call:
    """Calls it in a process of its own: for what the interpreter has a hand in."""

    def call_inkdigits(
        *arguments: object, content: bytes | None = None, script: str = "", **environ: str
    ) -> Ended:
        program = f"{script}\nfrom inkdigits.__main__ import main\nmain()"
        ended = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            input=content,
            capture_output=True,
            timeout=120,
            cwd=tmp_path,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environ,
        )
        err = ended.stderr.decode()
        assert "Traceback" not in err, err
        return Ended(ended.returncode, ended.stdout.decode(), err)

    return call_inkdigits


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Writes a picture of a digit: `draw("folder/seven.png", 7)`."""

    def write(name: str, digit: int) -> Path:
        page = Image.new("L", (160, 200), 250)
        ImageDraw.Draw(page).text((30, 10), str(digit), fill=20, font=ImageFont.load_default(120))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        page.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A run of two short epochs by the command line, and what the command said."""
    folder = tmp_path_factory.mktemp("command") / "run"
    result = CliRunner().invoke(
        app, ["train", "--model", "mlp", "--data", "uci", "--epochs", "2", "--json", "--out", str(folder)]
    )
    return folder, Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def run_folder(trained: tuple[Path, Ended]) -> Path:
    """The folder of a finished run. Not to be written into."""
    return trained[0]
