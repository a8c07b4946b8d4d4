"""inkdigits data: fetch and check a dataset, say what is in it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from inkdigits.cli.terminal import columns, paint, wrapped

__all__ = ["data"]


def data(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A known name, or the path of a file or folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Fetch and check a dataset, and say what is in it.

    Without a name, list the known ones.

    Example: inkdigits data mnist
    """
    from inkdigits.datasets import NAMES, describe, load  # its readers take a tenth of a second to load

    if name is None:
        if as_json:
            typer.echo(json.dumps(dict(NAMES)))
            return
        width = max(map(len, NAMES))
        for known, description in NAMES.items():
            lines = wrapped(f"{known:<{width}}  {description}", columns(), " " * (width + 2))
            typer.echo(paint(lines[: len(known)], bold=True) + lines[len(known) :])
        typer.echo()
        kinds = "IDX, CSV, Parquet, .npz, ARFF, libsvm, pictures"
        typer.echo(wrapped(f"Any file or folder of yours does too: {kinds}.", columns()))
        return
    dataset = load(name)
    if not as_json:
        for line in describe(dataset).splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            typer.echo(
                indent + wrapped(line.strip(), columns() - len(indent) - 2).replace("\n", f"\n{indent}  ")
            )
        return
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    counts = {part: None if split is None else len(split) for part, split in parts.items()}
    typer.echo(json.dumps({"name": dataset.name, **counts, "notes": list(dataset.notes)}))
