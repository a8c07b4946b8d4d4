"""The evening's path through the package: which modules, in which order, and how many lines they are.

`docs/reading_order.md` shows it; `tools/draw_reading_order.py` draws what goes into each step and what comes
out. A test holds the sum at what can be read in an evening.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MOST_LINES", "STEPS", "Step", "modules_of", "n_lines", "step_lines", "table_of_steps"]

MOST_LINES = 2800
PACKAGE = Path(__file__).resolve().parents[1] / "src" / "inkdigits"


@dataclass(frozen=True)
class Step:
    """One stage of the path.

    Attributes:
        name: What the markers in the page call it, and its heading.
        modules: Patterns below the package, in reading order.
    """

    name: str
    modules: tuple[str, ...]


STEPS = (
    Step("ink", ("ink.py", "results.py")),
    Step("pictures", ("pictures/images.py", "pictures/grey.py")),
    Step(
        "paper",
        (
            "paper/pieces.py",
            "paper/contrast.py",
            "paper/ruling.py",
            "paper/frames.py",
            "paper/binarization.py",
        ),
    ),
    Step("normalizer", ("normalizer/geometry.py", "normalizer/digit.py", "normalizer/normalizing.py")),
    Step(
        "reading",
        (
            "reading/scores.py",
            "reading/classifier.py",
            "reading/decision.py",
            "reading/recognizer.py",
        ),
    ),
    Step("model", ("models/cnn.py",)),
    Step(
        "training",
        ("training/compilation.py", "training/loop.py"),
    ),
)


def modules_of(step: Step) -> Iterator[Path]:
    """The files of a step, in order."""
    for pattern in step.modules:
        found = sorted(PACKAGE.glob(pattern))
        if not found:
            raise SystemExit(
                f"tools/reading_order.py: nothing matches {pattern}; correct the step {step.name!r}"
            )
        yield from found


def n_lines(path: Path) -> int:
    """How long a module is, as an editor counts."""
    return len(path.read_text(encoding="utf-8").splitlines())


def step_lines(name: str) -> str:
    """One line per module of a step: its length and what it does."""
    (step,) = (step for step in STEPS if step.name == name)
    return "\n".join(
        f"- `{path.relative_to(PACKAGE).as_posix()}` ({n_lines(path)} lines): {_summary(path)}"
        for path in modules_of(step)
    )


def table_of_steps() -> str:
    """The steps with their lengths, and the sum."""
    lengths = {step.name: sum(map(n_lines, modules_of(step))) for step in STEPS}
    rows = [f"| [{name}](#{name}) | {lines:,} |" for name, lines in lengths.items()]
    total = sum(lengths.values())
    return "\n".join(["| step | lines |", "| --- | --- |", *rows, f"| together | {total:,} |"])


def _summary(path: Path) -> str:
    from docs_from_code import first_sentence

    return first_sentence(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
