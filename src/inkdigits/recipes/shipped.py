"""What the shipped recipes say of themselves: the comment lines at the top of each file.

The first lines say what a recipe is; `# Takes: ...` and `# Reaches: ...` say how long it trains and what came
of it, where that was measured. Nothing else holds these facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from itertools import takewhile

from inkdigits.recipes.recipe import recipe_names

__all__ = ["ShippedRecipe", "shipped_recipes"]


@dataclass(frozen=True)
class ShippedRecipe:
    """One recipe on the shelf.

    Attributes:
        name: as `inkdigits train` takes it.
        description: what it is, in a sentence or more.
        takes: how long it trains, and on what; empty where that was not measured.
        reaches: the accuracy that it reached; empty where that was not measured.
    """

    name: str
    description: str
    takes: str
    reaches: str


def shipped_recipes() -> list[ShippedRecipe]:
    """All recipes by name, and last the one of the line model."""
    files = {name: f"{name}.toml" for name in recipe_names()} | {"numbers": "lines/numbers.toml"}
    folder = resources.files("inkdigits") / "recipes"
    return [_described(name, (folder / file).read_text(encoding="utf-8")) for name, file in files.items()]


def _described(name: str, text: str) -> ShippedRecipe:
    lines = [line.removeprefix("# ") for line in takewhile(lambda line: line[:1] == "#", text.splitlines())]
    facts = {
        key: line.removeprefix(f"{key}: ").rstrip(".")
        for key in ("Takes", "Reaches")
        for line in lines
        if line.startswith(f"{key}: ")
    }
    description = " ".join(line for line in lines if line.partition(": ")[0] not in facts)
    return ShippedRecipe(name, description, facts.get("Takes", ""), facts.get("Reaches", ""))
