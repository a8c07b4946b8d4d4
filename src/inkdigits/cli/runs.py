"""inkdigits runs: the runs of a folder, side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from inkdigits.cli.terminal import say
from inkdigits.errors import TrainingError
from inkdigits.runs.history import RunOrder

if TYPE_CHECKING:
    from inkdigits.runs.comparison import RunSummary
    from inkdigits.runs.folder import Setting

__all__ = ["runs"]

_NUMBERS = ("epochs", "accuracy", "loss", "test accuracy", "images/s")
_MOST_NAMES = 3  # of a setting that is a list; more are counted


def runs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that holds the runs.")] = Path("runs"),
    sort: Annotated[
        RunOrder,
        typer.Option(
            help="What to sort by, best first: accuracy or loss on the validation images, time (images per "
            "second in training), or name.",
        ),
    ] = RunOrder.ACCURACY,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Compare the runs in a folder: their settings and figures.

    Example: inkdigits runs --sort loss
    """
    from inkdigits.runs.comparison import best_first, summarize_runs
    from inkdigits.runs.folder import RunFolder

    comparison = summarize_runs(folder)
    for error in comparison.unreadable:
        say(f"error: {error}", err=True, colour="red")
    listed = best_first(comparison.runs, sort)
    if as_json:
        for run in listed:
            typer.echo(json.dumps(run.to_json()))
    elif listed:
        _show([_row(run) for run in listed])
    if comparison.unreadable:
        raise typer.Exit(1)
    if not listed:
        is_run = RunFolder(folder).holds_run()
        raise TrainingError(
            folder,
            expected="a folder with runs in it, as inkdigits train makes them",
            found="a run" if is_run else "none",
            remedy="Name the folder that it lies in." if is_run else "Train one, or name another folder.",
        )


def _row(run: RunSummary) -> dict[str, str]:
    """The columns of a run, by their headings; accuracy and loss are the validation's."""
    return {
        "run": run.name,
        "model": run.model,
        "data": "+".join(run.data),
        "epochs": f"{run.epochs_done}/{run.epochs_planned}",
        "accuracy": _figure(run.validation_accuracy, ".2%"),
        "loss": _figure(run.validation_loss, ".4f"),
        "test accuracy": _figure(run.test_accuracy, ".2%"),
        "images/s": _figure(run.images_per_second, ",.0f"),
        "state": run.state,
        "settings": " ".join(f"{name}={_brief(value)}" for name, value in run.settings.items()),
    }


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _brief(value: Setting) -> str:
    if not isinstance(value, list):
        return str(value)
    return ",".join(value) or "none" if len(value) <= _MOST_NAMES else f"{len(value)} names"


def _show(rows: list[dict[str, str]]) -> None:
    """Print tables that fit the terminal, or else plain text with one line per run."""
    headings = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    if not sys.stdout.isatty():
        _print_lines(rows, headings)
        return
    _print_table(rows, [heading for heading in headings if heading != "settings"])
    if "settings" in headings:  # in a table of their own: beside the figures there is no room for them
        typer.echo()
        _print_table(rows, ["run", "settings"])


def _print_lines(rows: list[dict[str, str]], headings: list[str]) -> None:
    widths = {heading: max(len(heading), *(len(row[heading]) for row in rows)) for heading in headings}
    for row in [{heading: heading for heading in headings}, *rows]:
        cells = [
            row[heading].rjust(width) if heading in _NUMBERS else row[heading].ljust(width)
            for heading, width in widths.items()
        ]
        typer.echo("  ".join(cells).rstrip())


def _print_table(rows: list[dict[str, str]], headings: list[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading in _NUMBERS else "left"
        table.add_column(heading, justify=justify, no_wrap=heading in ("run", "state"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[heading]) for heading in headings))  # brackets in a name are no markup
    Console().print(table)
