"""Fills marked regions of the documentation from the code: `python tools/write_docs.py [--check] [PAGE...]`.

What stands between `<!-- generated: KIND ARGUMENTS -->` and `<!-- end -->` is replaced; the rest of a page is
written by hand. The kinds, and where each comes from:

    help [VERB]             what `inkdigits VERB --help` prints
    settings CLASS          a dataclass: fields, defaults, and the `Attributes:` of its docstring
    attributes CLASS        the same without defaults
    arguments CALLABLE      a signature, and the `Args:` of the docstring
    json FUNCTION [CLASS]   the keys of the dictionary that FUNCTION returns; their meanings come from the
                            list in its docstring, and otherwise from the attributes of the class
    errors, reasons, models, datasets, recipes, run-folder, floors, packages, map [PACKAGE],
    constants MODULE, reading-order [STEP]
    handwriting             the figures of benchmarks/results/handwriting.json

With --check nothing is written, and it fails where a page is out of date. Run it after every change of an
option, a setting, a docstring or a module; a test and CI check.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from typer.testing import CliRunner

from docs_from_code import (
    UndocumentedError,
    described_arguments,
    described_fields,
    described_json,
    described_members,
    first_sentence,
    python_literal,
    resolve,
    toml_literal,
)
from draw_reading_order import constants_of
from floors import FLOORS
from reading_order import step_lines, table_of_steps

__all__ = ["PAGES", "main", "render"]

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "inkdigits"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# The terminal of whoever runs this must not decide where lines break.
_TERMINAL = {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}
_SETS = {
    "mnist": "MNIST's test images",
    "hobby": "hobby: drawings, scans, phone photographs",
    "kensanata": "kensanata: pens of two Swiss writers",
    "hole": "hole: drawings",
    "choice": "choice: cursive, cut from pages by a program",
    "hwd1000": "hwd1000: drawings",
    "usps": "USPS: envelopes",
}
_REGION = re.compile(r"(<!-- generated: ([^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Bring the pages up to date, or say which are not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="All pages by default.")
    parser.add_argument("--check", action="store_true", help="Write nothing; fail where a page is stale.")
    options = parser.parse_args()
    stale = []
    for page in options.pages or PAGES:
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if before == after:
            continue
        stale.append(page.name)
        if options.check:
            lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(*lines, f"{page.name} as it is", "from the code", n=0))
        else:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.name}")
    if options.check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run: python tools/write_docs.py")


def render(page: str) -> str:
    """The page with its regions as the code has them now."""

    def region(match: re.Match[str]) -> str:
        kind, *arguments = match[2].split()
        if kind not in _KINDS:
            raise SystemExit(f"unknown region {match[2]!r}; known: {', '.join(_KINDS)}")
        try:
            return f"{match[1]}{_KINDS[kind](*arguments)}\n{match[3]}"
        except UndocumentedError as error:
            raise SystemExit(f"region {match[2]!r}: {error}") from error

    return _REGION.sub(region, page)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _help(verb: str = "") -> str:
    from inkdigits.cli import app

    arguments = [verb, "--help"] if verb else ["--help"]
    result = CliRunner().invoke(app, arguments, prog_name="inkdigits", env=_TERMINAL)
    if result.exit_code != 0:
        raise SystemExit(f"inkdigits {verb} --help failed: {result.output}")
    text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
    return f"```text\n{text}\n```"


def _settings(name: str) -> str:
    literal = toml_literal if ".recipes." in name or ".augmentation." in name else python_literal
    rows = [
        (f"`{field}`", f"`{literal(default)}`", meaning)
        for field, default, meaning in described_fields(resolve(name))
        if not ((literal is toml_literal and hasattr(default, "__dataclass_fields__")) or default == {})
    ]
    return _table(("setting", "default", "meaning"), rows)


def _attributes(name: str) -> str:
    rows = [(f"`{field}`", meaning) for field, _, meaning in described_fields(resolve(name))]
    return _table(("attribute", "meaning"), rows)


def _arguments(name: str) -> str:
    rows = [
        (f"`{argument}`", f"`{default}`" if default else "", meaning)
        for argument, default, meaning in described_arguments(resolve(name))
    ]
    return _table(("argument", "default", "meaning"), rows)


def _json(function: str, owner: str = "") -> str:
    owner = owner or function.rpartition(".")[0]
    rows = [(f"`{key}`", meaning) for key, meaning in described_json(resolve(function), resolve(owner))]
    return _table(("key", "value"), rows)


def _errors() -> str:
    errors = importlib.import_module("inkdigits.errors")
    kinds = sorted((getattr(errors, name) for name in errors.__all__), key=lambda kind: len(kind.__mro__))
    return _table(
        ("error", "meaning"), [(f"`{kind.__name__}`", first_sentence(kind.__doc__ or "")) for kind in kinds]
    )


def _reasons() -> str:
    rows = [(f"`{name}`", meaning) for name, meaning in described_members()]
    return _table(("reason", "meaning"), rows)


def _models() -> str:
    models = importlib.import_module("inkdigits.models").MODELS
    rows = [
        (f"`{name}`", first_sentence(importlib.import_module(build.__module__).__doc__ or ""))
        for name, build in models.items()
    ]
    return _table(("model", "what it is"), rows)


def _datasets() -> str:
    """With how each comes, by where the catalogue lists it."""
    names = importlib.import_module("inkdigits.datasets").NAMES
    catalogue = importlib.import_module("inkdigits.datasets.catalogue")

    def way(name: str) -> str:
        if name in catalogue.CATALOGUE:
            return "downloaded"
        return "put there by you" if name in catalogue.COLLECTIONS else "part of scikit-learn"

    rows = [(f"`{name}`", _sentence(text), way(name)) for name, text in names.items()]
    return _table(("name", "what it is", "how it comes"), rows)


def _recipes() -> str:
    """The first paragraph of comments at the top of each file."""
    rows = []
    for path in sorted(PACKAGE.glob("recipes/*.toml")):
        comments = re.match(r"(?:# .*\n)+", path.read_text(encoding="utf-8"))
        if comments is None:
            raise UndocumentedError(f"{path.name}: say in a comment on its first line what it is")
        rows.append((f"`{path.stem}`", " ".join(line[2:] for line in comments[0].splitlines())))
    return _table(("recipe", "what it is"), rows)


def _run_folder() -> str:
    """The list in the docstring of the module that owns the run folder."""
    text = importlib.import_module("inkdigits.runs.folder").__doc__ or ""
    rows = re.findall(r"^ {4}(\w+\.\w+) {2,}(.+)$", text, re.MULTILINE)
    if not rows:
        raise UndocumentedError("inkdigits.runs.folder: list the files in the module's docstring")
    return _table(("file", "what it holds"), [(f"`{name}`", _sentence(text)) for name, text in rows])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _floors() -> str:
    rows = [
        (str(number), ", ".join(f"`{name}`" for name in sorted(floor)))
        for number, floor in enumerate(FLOORS[""])
        if "__init__" not in floor
    ]
    return _table(("floor", "modules and packages"), rows)


def _map(package: str = "") -> str:
    """A line a module, in the order of the floors."""
    rows = []
    for path in sorted(PACKAGE.rglob("*.py"), key=_place):
        name = path.relative_to(PACKAGE).as_posix()
        if path.name in ("__init__.py", "__main__.py") and path.parent == PACKAGE:
            continue
        if path.name == "__init__.py":
            name = name.removesuffix("__init__.py")
        if name.startswith(package.replace(".", "/")):
            rows.append((f"`{name}`", first_sentence(_docstring(path))))
    return _table(("module", "what it does"), rows)


def _packages() -> str:
    """A line for each module and package at the root."""
    rows = []
    for floor in FLOORS[""][:-1]:
        for name in sorted(floor):
            module = PACKAGE / f"{name}.py"
            path = module if module.exists() else PACKAGE / name / "__init__.py"
            shown = f"`{name}.py`" if module.exists() else f"`{name}/`"
            rows.append((shown, first_sentence(_docstring(path))))
    return _table(("where", "what"), rows)


def _constants(module: str) -> str:
    """The numbers at the top of a module of `inkdigits.paper`, with the remarks beside them."""
    rows = [(f"`{name}`", value, why) for name, (value, why) in constants_of(module).items()]
    return _table(("constant", "value", "what it is"), rows)


def _handwriting() -> str:
    """What is read of people's digits, and what a peer reads of them with and without the normaliser."""
    results = json.loads((ROOT / "benchmarks" / "results" / "handwriting.json").read_text(encoding="utf-8"))
    peer = results["peers_percent"]["Keras's MNIST example"]
    reached = {name: digits["accuracy_percent"] for name, digits in results["digits"].items()}
    worst = min(reached, key=reached.__getitem__)
    rows = []
    for name, percent in reached.items():
        shown = f"{percent:.1f}"
        rows.append(
            (
                _SETS.get(name, name) + (" (the worst)" if name == worst else ""),
                f"{results['digits'][name]['n']:,}",
                f"**{shown}**" if name == worst else shown,
                "" if peer[name]["naive"] is None else f"{peer[name]['naive']:.1f}",
                f"{peer[name]['normalised']:.1f}",
            )
        )
    headings = ("digits", "images", "inkdigits", "Keras's example, as tutorials use it")
    return _table((*headings, "the same, behind our normaliser"), rows)


def _place(path: Path) -> list[tuple[int, str]]:
    """The floor of each package on the way to a module, so that they sort from the ground up."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    place = []
    for depth, name in enumerate(parts):
        floors = FLOORS.get(".".join(parts[:depth]), ())
        floor = next((number for number, names in enumerate(floors) if name in names), len(floors))
        place.append((-1 if name == "__init__" and depth else floor, name))
    return place


def _docstring(path: Path) -> str:
    """Read and not imported, as some modules need an extra."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


_KINDS: dict[str, Callable[..., str]] = {
    "help": _help,
    "settings": _settings,
    "attributes": _attributes,
    "arguments": _arguments,
    "json": _json,
    "errors": _errors,
    "reasons": _reasons,
    "models": _models,
    "datasets": _datasets,
    "recipes": _recipes,
    "run-folder": _run_folder,
    "floors": _floors,
    "map": _map,
    "packages": _packages,
    "constants": _constants,
    "handwriting": _handwriting,
    "reading-order": lambda *step: step_lines(*step) if step else table_of_steps(),
}


if __name__ == "__main__":
    main()
