"""inkdigits data: fetch and check a dataset, say what is in it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

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
            typer.echo(f"{known:<{width}}  {description}")
        typer.echo("\nAny file or folder of yours does too: IDX, CSV, Parquet, .npz, ARFF, libsvm, pictures.")
        return
    dataset = load(name)
    if not as_json:
        typer.echo(describe(dataset))
        return
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    counts = {part: None if split is None else len(split) for part, split in parts.items()}
    typer.echo(json.dumps({"name": dataset.name, **counts, "notes": list(dataset.notes)}))
