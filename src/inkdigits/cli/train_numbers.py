"""inkdigits train numbers: the line model, which has lines in place of images and a loop of its own."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path

import typer

from inkdigits.cli.terminal import say
from inkdigits.errors import ConfigError

__all__ = ["train_numbers"]


def train_numbers(
    data: list[str] | None,
    epochs: int | None,
    seed: int | None,
    out: Path | None,
    start_from: Path | None,
    *,
    resume: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train the line model on lines that the hands in a folder of datasets write."""
    from inkdigits.training.numbers import load_numbers_recipe, run_numbers

    places = data or [os.environ.get("INKDIGITS_DATA", "")]
    if len(places) != 1 or not Path(places[0] or "-").is_dir():
        raise ConfigError(
            "--data",
            expected="one folder of datasets, with mnist/ and digits/ in it",
            found=" ".join(places) or "none",
            remedy="Name it with --data DIR, or set INKDIGITS_DATA.",
        )
    config = load_numbers_recipe()
    if epochs is not None:
        config = replace(config, epochs=epochs, budget_minutes=0.0)
    if seed is not None:
        config = replace(config, seed=seed)
    if start_from is not None:
        config = replace(config, start_from=str(start_from))
    folder = out or _next_folder()

    def show(line: str) -> None:
        if not quiet:
            say(line, err=True)

    try:
        figures = run_numbers(config, Path(places[0]), folder, resume=resume, show=show)
    except KeyboardInterrupt:
        words = ["inkdigits", "train", "numbers", "--resume", "--out", str(folder), "--data", places[0]]
        typer.echo(f"interrupted; go on with it:\n  {shlex.join(words)}", err=True)
        raise typer.Exit(130) from None
    summary = {"folder": str(folder), "kept_exact": figures["kept_exact"], "bytes": figures["bytes"]}
    typer.echo(
        json.dumps(summary)
        if as_json
        else f"{figures['kept_exact']:.1%} of the kept writers' numbers\nthe run is in {folder}"
    )


def _next_folder() -> Path:
    number = 1
    while (folder := Path("runs") / f"numbers-{number}").exists():
        number += 1
    return folder
