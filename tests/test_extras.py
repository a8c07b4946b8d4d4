"""A missing package is named, with the command that installs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from inkdigits.errors import MissingExtraError
from inkdigits.extras import needing, require


def test_a_package_that_is_there_is_given() -> None:
    assert require("numpy.linalg", extra="train", for_what="a test").norm([3, 4]) == 5


def test_a_missing_package_is_named_with_the_command_for_index_and_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError) as caught:
        require("optuna", extra="tune", for_what="inkdigits tune")
    error = caught.value
    assert error.subject == "inkdigits tune"
    assert "optuna" in error.expected
    assert "not installed" in error.found
    assert "pip install 'inkdigits[tune]'" in error.remedy
    assert "pip install -e '.[tune]'" in error.remedy


def test_import_statements_are_explained_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="the export: expected the package onnx"):  # noqa: SIM117
        with needing("train", for_what="the export"):
            import onnx  # noqa: F401


def test_a_package_that_is_too_old_says_what_is_not_in_it() -> None:
    with pytest.raises(MissingExtraError, match=r"cannot import name 'absent'"):  # noqa: SIM117
        with needing("train", for_what="a test"):
            from json import absent  # type: ignore[attr-defined] # noqa: F401


def test_a_module_of_ours_that_is_missing_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        require("inkdigits.nowhere", extra="train", for_what="a test")
    assert not isinstance(caught.value, MissingExtraError)


@pytest.mark.parametrize("module", ["training.tuning", "training.leaks", "metrics"])
def test_training_without_its_packages_names_the_extra(module: str) -> None:
    program = f"import sys; sys.modules['scipy'] = None\nimport inkdigits.{module}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert "pip install 'inkdigits[train]'" in ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("backend", "extra"), [("torch", "torch"), ("tensorflow", "tensorflow"), ("jax", "train")]
)
def test_a_missing_backend_is_named_with_its_extra(backend: str, extra: str) -> None:
    program = (
        f"import os, sys; os.environ['KERAS_BACKEND'] = {backend!r}; sys.modules[{backend!r}] = None\n"
        "import inkdigits.models.backend"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert f"the package {backend}" in last
    assert f"pip install 'inkdigits[{extra}]'" in last
