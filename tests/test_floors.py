"""The floors of the package: a module imports lower floors only, and nothing goes round in circles."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "inkdigits"

# From the ground up. A subpackage stands for all that is in it; within one, imports are free of floors.
FLOORS = (
    {"errors", "records", "files", "grey", "environment"},
    {"config", "backend", "images", "normalizer", "metrics"}
    | {"corruption", "occlusion", "risk_control", "strokes", "textures"},
    {
        "allographs",
        "augmentation",
        "models",
        "checkpoint",
        "classifier",
        "datasets",
        "plots",
        "embedding",
        "export",
        "negatives",
        "calibration",
    },
    {"recipe", "report"},
    {"progress", "run_folder", "training_data", "comparison"},
    {"recognizer", "training", "evaluation", "sklearn", "tensorboard"},
    {"explanation", "tuning"},
    {"web"},
    {"cli"},
    {"__init__", "__main__"},
)


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


def floor_of(module: str) -> int:
    part = module.partition(".")[0]
    floors = [number for number, names in enumerate(FLOORS) if part in names]
    assert floors, f"{part} stands on no floor: list it in FLOORS"
    assert len(floors) == 1, f"{part} stands on several floors"
    return floors[0]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_lower_floors_only(module: str) -> None:
    own_floor = floor_of(module)
    for imported in imports(module):
        if imported.partition(".")[0] != module.partition(".")[0]:
            assert floor_of(imported) < own_floor, f"{module} imports {imported}, which is not below it"


def test_no_module_imports_the_package_root() -> None:
    assert [module for module in MODULES if "__init__" in imports(module)] == []


def test_no_imports_go_round_in_circles() -> None:
    try:
        TopologicalSorter({module: imports(module) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_rules_are_checked_at_all() -> None:
    assert {"errors", "training", "datasets", "datasets.idx", "__init__"} <= set(MODULES)
    assert "errors" in imports("config")
    assert {"models.best", "errors"} <= imports("models")
    assert floor_of("errors") < floor_of("config") < floor_of("training")
    with pytest.raises(AssertionError, match="stands on no floor"):
        floor_of("utils")
