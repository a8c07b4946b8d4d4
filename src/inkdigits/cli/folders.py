"""Folders that a verb is asked to write into, and what it left out of those that it read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from inkdigits.errors import ConfigError
from inkdigits.pictures.walking import Skipped, summarize

__all__ = ["show_skipped", "writing_into"]


@contextmanager
def writing_into(folder: Path, option: str) -> Iterator[None]:
    """Make the folder, and turn what the system says while it is written into an error about the option.

    Raises:
        ConfigError: the folder cannot be made, or not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ConfigError(
            f"{option} {folder}",
            expected="a folder that can be written",
            found="a file" if folder.is_file() else error.strerror or str(error),
            remedy="Name another folder, or make room in this one.",
        ) from error


def show_skipped(skipped: Sequence[Skipped], *, as_json: bool) -> None:
    """One line on stderr that counts what was left out; as JSON, an object for each after the answers."""
    if as_json:
        for each in skipped:
            typer.echo(json.dumps({"path": str(each.path), "skipped": each.what}))
    if skipped:
        typer.echo(summarize(skipped), err=True)
