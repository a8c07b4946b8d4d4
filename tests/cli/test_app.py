"""What all verbs share: help, version, and how they end."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

import inkdigits
from inkdigits.errors import (
    ConfigError,
    DatasetError,
    ImageError,
    InkdigitsError,
    MissingExtraError,
    ModelError,
    TrainingError,
)
from tests.cli.conftest import Call, Draw

# By its name: `inkdigits.cli.app` as an attribute is the Typer application.
APP = importlib.import_module("inkdigits.cli.app")
TRAINING_PACKAGES = {
    *("HersheyFonts", "filelock", "jax", "keras", "matplotlib", "onnx", "pandas"),
    *("pooch", "pyarrow", "scipy", "sklearn", "tomli_w"),
}  # by the names that they are imported under
VERBS = (
    *("predict", "read", "train", "evaluate", "adapt", "runs", "tune", "data", "demo"),
    *("serve", "export-serving"),
)
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"

# An interpreter in which the packages of the training extra are not installed.
WITHOUT_EXTRA = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


# Help.


def test_help_shows_every_verb_with_a_whole_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = call("--help")
    assert (ended.code, ended.err) == (0, "")
    commands = ended.out.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in commands] == list(VERBS)
    assert all(line.endswith(".") and not line.endswith("...") for line in commands)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example(call: Call, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = call(verb, "--help")
    assert (ended.code, ended.err) == (0, "")
    (example,) = [line for line in ended.out.splitlines() if "Example: " in line]
    words = example.split()
    assert words[1:3] == ["inkdigits", verb]
    for option in (word for word in words if word.startswith("--")):
        assert option in ended.out.split("Options:")[1]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "read"])
def test_every_option_with_a_value_shows_its_default(verb: str) -> None:
    command = typer.main.get_command(APP.app).get_command(None, verb)  # type: ignore[attr-defined]
    for option in command.params:
        if option.param_type_name == "option" and not option.is_flag and not option.required:
            assert option.default is not None or isinstance(option.show_default, str), option.name


def test_nothing_said_gets_help_and_a_2(call: Call) -> None:
    ended = call()
    assert ended.code == 2
    assert "Usage: inkdigits" in ended.err + ended.out


def test_version(call: Call) -> None:
    ended = call("--version")
    assert (ended.code, ended.out) == (0, f"inkdigits {inkdigits.__version__}\n")


def test_python_runs_it_as_a_module() -> None:
    called = [sys.executable, "-m", "inkdigits", "predict"]
    ended = subprocess.run(called, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert "Usage: inkdigits predict" in ended.stderr


def test_a_verb_that_there_is_not(call: Call) -> None:
    ended = call("recognise")
    assert (ended.code, ended.out) == (2, "")
    assert "recognise" in ended.err


# Errors.


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InkdigitsError, 1),
        (ImageError, 1),
        (DatasetError, 1),
        (ModelError, 1),
        (TrainingError, 1),
        (MissingExtraError, 1),
        (ConfigError, 2),
    ],
)
def test_every_error_of_ours_ends_in_one_line(
    call: Call, monkeypatch: pytest.MonkeyPatch, kind: type[InkdigitsError], code: int
) -> None:
    def fail(prog_name: str) -> None:
        raise kind("the thing", expected="this", found="that", remedy="Do something.")

    monkeypatch.setattr(APP, "app", fail)
    ended = call()
    assert (ended.code, ended.out) == (code, "")
    assert ended.err == "error: the thing: expected this, found that. Do something.\n"


def test_a_module_of_nobodys_extra_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(prog_name: str) -> None:
        raise ModuleNotFoundError("No module named 'inkdigits.nowhere'", name="inkdigits.nowhere")

    monkeypatch.setattr(APP, "app", fail)
    with pytest.raises(ModuleNotFoundError):
        APP.main()


def test_the_training_packages_are_those_of_the_extra() -> None:
    if not PYPROJECT.exists():
        pytest.skip("pyproject.toml is part of the repository, not of an installed package")
    requirements = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    imported = {"Hershey-Fonts": "HersheyFonts", "scikit-learn": "sklearn", "tomli-w": "tomli_w"}
    names = [requirement.partition(">")[0] for requirement in requirements["train"]]
    assert sorted(TRAINING_PACKAGES) == sorted(imported.get(name, name) for name in names)


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        (("train", "--data", "uci"), {"keras", "scipy", "matplotlib", "pandas"}),
        (("train", "--data", "uci"), TRAINING_PACKAGES),
        (("evaluate", "bundled", "--data", "uci"), {"keras", "scipy", "matplotlib", "pandas"}),
        (("data", "uci"), {"keras", "scipy", "matplotlib", "pandas"}),
        (("data", "mnist"), {"keras", "scipy", "matplotlib", "pandas", "pooch"}),
    ],
    ids=["train", "train, all missing", "evaluate", "data uci", "data mnist"],
)
def test_a_missing_extra_is_named(
    call_process: Call, tmp_path: Path, arguments: tuple[str, ...], packages: set[str]
) -> None:
    ended = call_process(
        *arguments, script=WITHOUT_EXTRA.format(packages=packages), INKDIGITS_DATA=str(tmp_path / "none")
    )
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert "not installed" in ended.err or "No module named" in ended.err
    assert "pip install 'inkdigits[train]'" in ended.err.replace('"', "'")


def test_what_needs_no_extra_works_without_it(call_process: Call, draw: Draw) -> None:
    script = WITHOUT_EXTRA.format(packages=TRAINING_PACKAGES)
    ended = call_process("predict", draw("seven.png", 7), "--json", script=script)
    assert (ended.code, ended.json()[0]["digit"]) == (0, 7)
