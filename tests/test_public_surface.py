"""What users may import: exactly what is promised, documented, typed, and of the version that is claimed."""

from __future__ import annotations

import ast
import inspect
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import inkdigits

ROOT = Path(inkdigits.__file__).parent
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
PROMISED = {
    *("Recognizer", "InputLimits"),
    *("Prediction", "Box", "Examination"),
    *("NumberReader", "Reading", "Number", "Character", "Alternative"),
    *("InkdigitsError", "ImageError", "DatasetError", "ConfigError", "ModelError", "TrainingError"),
    "MissingExtraError",
}
MODULES = {
    str(path.relative_to(ROOT).with_suffix("")): path
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__main__.py"  # which is run, and never imported
}

TESTS_FOLDER = Path(__file__).parent
TESTS = sorted(TESTS_FOLDER.rglob("*.py"))

Definition = ast.FunctionDef | ast.ClassDef


def test_the_root_exports_what_is_promised_and_nothing_else() -> None:
    assert set(inkdigits.__all__) == PROMISED
    assert list(inkdigits.__all__) == sorted(inkdigits.__all__)
    public = {
        name
        for name in dir(inkdigits)
        if not name.startswith("_") and not isinstance(getattr(inkdigits, name), ModuleType)
    }
    assert public == PROMISED
    with pytest.raises(AttributeError, match="no attribute 'Recogniser'"):
        inkdigits.Recogniser  # noqa: B018


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_what_is_exported_is_documented(name: str) -> None:
    exported = getattr(inkdigits, name)
    assert inspect.getdoc(exported)
    for member, value in vars(exported).items():
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{member}"


def test_the_calls_that_are_promised_are_there() -> None:
    calls = {name for name in vars(inkdigits.Recognizer) if not name.startswith("_")}
    assert calls == {"predict", "predict_many", "examine", "examine_many", "classify"}
    assert list(inspect.signature(inkdigits.Recognizer).parameters) == [
        "model",
        "limits",
        "n_threads",
        "max_error",
        "digits_accepted",
    ]
    assert list(inkdigits.Prediction.__dataclass_fields__) == [
        *("digit", "confidence", "probabilities", "refused", "reason", "box", "label")
    ]


# Every module, read and not imported: some need a training framework.


def exports(tree: ast.Module) -> list[str]:
    """The literal `__all__` of a module."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    raise AssertionError("no __all__")


def definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    return {node.name: node for node in body if isinstance(node, Definition)}


def members(definition: Definition) -> dict[str, Definition]:
    """The public ones of a class; those of a protocol are fields, which its own docstring lists."""
    if isinstance(definition, ast.FunctionDef) or "Protocol" in map(ast.unparse, definition.bases):
        return {}
    return {name: inner for name, inner in definitions(definition.body).items() if name[0] != "_"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for_and_what_it_exports(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module's docstring says what it does"
    exported = exports(tree)
    assert exported == sorted(exported, key=lambda name: (not name.isupper(), name[0].islower(), name))
    defined = definitions(tree.body)
    for name in exported:
        if name in defined:
            assert ast.get_docstring(defined[name]), f"{name} has no docstring"
            for member, inner in members(defined[name]).items():
                assert ast.get_docstring(inner), f"{name}.{member} has no docstring"


# What the tests use: nothing that is private to the package.

# Of other packages, which have no other way.
PRIVATE_TO_OTHERS = {
    "_exit",  # of the module os, for a child of a fork
    "_protected_args",  # click's: the words behind a group's own options
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_names(tree: ast.Module) -> list[str]:
    """The private names that a test reads, imports or replaces, other than those of its own classes."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found += [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            found += [name for alias in node.names for name in alias.name.split(".")]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            found.append(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("attr", "patch", "object")):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            found += [name for text in texts if isinstance(text, str) for name in text.split(".")]
    return [name for name in found if is_private(name) and name not in PRIVATE_TO_OTHERS]


def test_reaches_into_privates_are_seen() -> None:
    reaches = """
from inkdigits.files import _a
from inkdigits._b import load
import inkdigits._c
negatives._d(Recognizer(model)._e)
super()._f
monkeypatch.setattr("inkdigits.files._g", 1)
monkeypatch.setattr(inkdigits.files, "_h", 1)
getattr(recognizer, "_i")
"""
    assert sorted(private_names(ast.parse(reaches))) == [f"_{letter}" for letter in "abcdefghi"]
    allowed = 'self._a = function.__name__; from inkdigits import __version__; "inkdigits._b"'
    assert private_names(ast.parse(allowed)) == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(TESTS_FOLDER)))
def test_tests_reach_into_nothing_private(path: Path) -> None:
    assert private_names(ast.parse(path.read_text(encoding="utf-8"))) == []


# What ships.


def test_types_ship() -> None:
    assert (ROOT / "py.typed").is_file()


def test_one_version_everywhere() -> None:
    assert metadata.version("inkdigits") == inkdigits.__version__
    if PYPROJECT.exists():  # not with an installed package
        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        assert project["version"] == inkdigits.__version__
