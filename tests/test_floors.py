"""The floors of the package and of every package in it: a module imports lower floors only.

`tools/floors.py` lists them.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

import pytest

from floors import FLOORS

PACKAGE = Path(__file__).parents[1] / "src" / "inkdigits"

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports(module: str) -> set[str]:
    """The modules of the package that a module imports, anywhere in it, without the package's own name."""
    names = []
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where they go"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    inside = [name.partition(".")[2] for name in names if name.partition(".")[0] == "inkdigits"]
    return {_module_of(name) for name in inside}


def _module_of(name: str) -> str:
    """The module that `name` is or that it is in: `from inkdigits.models import best` may mean either."""
    if name in MODULES:
        return name
    package = name.rpartition(".")[0]
    return package if package in MODULES else "__init__"


def floor_of(package: str, name: str) -> int:
    """The floor within its package of a module or of a package."""
    floors = [number for number, names in enumerate(FLOORS.get(package, ())) if name in names]
    where = package or "the root"
    assert floors, f"{name} stands on no floor of {where}: list it in tools/floors.py"
    assert len(floors) == 1, f"{name} stands on several floors of {where}"
    return floors[0]


def steps(module: str, imported: str) -> tuple[str, str, str]:
    """Where two modules part: the package that both are in, and what each of them is in there."""
    own, other = module.split("."), imported.split(".")
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(own, other, strict=False))))
    ours, theirs = (one[shared] if len(one) > shared else "__init__" for one in (own, other))
    return ".".join(own[:shared]), ours, theirs


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_lower_floors_only(module: str) -> None:
    for imported in imports(module):
        package, own, other = steps(module, imported)
        assert floor_of(package, other) < floor_of(package, own), f"{module} imports {imported}: not below it"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_stands_on_a_floor(module: str) -> None:
    parts = module.split(".")
    for depth in range(len(parts)):
        floor_of(".".join(parts[:depth]), parts[depth])


def test_every_floor_is_lived_on() -> None:
    for package, floors in FLOORS.items():
        names = set().union(*floors) - {"__init__", "__main__"}
        missing = {name for name in names if f"{package}.{name}".lstrip(".") not in MODULES}
        assert missing == set(), f"{package or 'the root'} lacks them"


def test_no_module_imports_the_package_root() -> None:
    assert [module for module in MODULES if "__init__" in imports(module)] == []


def test_no_imports_go_round_in_circles() -> None:
    try:
        TopologicalSorter({module: imports(module) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_rules_are_checked_at_all() -> None:
    assert {"errors", "training.loop", "datasets", "datasets.formats.idx", "__init__"} <= set(MODULES)
    assert "errors" in imports("config")
    assert {"models.best", "errors"} <= imports("models")
    assert floor_of("", "errors") < floor_of("", "config") < floor_of("", "training")
    assert steps("paper.contrast", "paper.pieces") == ("paper", "contrast", "pieces")
    assert steps("models", "models.best") == ("models", "__init__", "best")
    with pytest.raises(AssertionError, match="stands on no floor"):
        floor_of("", "utils")
