"""The files that a verb is given: those to read, what is left out of them, and folders to write into."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from inkdigits.errors import ConfigError
from inkdigits.pictures.walking import Skipped, summarize, walk

__all__ = ["named_files", "show_skipped", "writing_into"]


def named_files(
    paths: Iterable[str], skipped: list[Skipped], *, also: Sequence[str] = ()
) -> Iterator[tuple[str, Path | bytes]]:
    """Each file that the arguments of a verb name, by its name and in order; `-` is the bytes of stdin.

    A folder stands for the pictures in it, and for itself where there are none.

    Args:
        paths: the arguments.
        skipped: to it what is left out of folders is added.
        also: suffixes of other files in folders that the verb reads.
    """
    from inkdigits.pictures.decoders import optional_suffixes
    from inkdigits.pictures.images import InputLimits

    also = (*also, *optional_suffixes())
    for path in paths:
        if path == "-":
            # One byte more than is accepted, so that a larger picture is refused as too large.
            yield "-", sys.stdin.buffer.read(InputLimits().max_bytes + 1)
            continue
        is_empty = True
        for entry in walk(Path(path), also=also) if Path(path).is_dir() else ():
            if isinstance(entry, Skipped):
                skipped.append(entry)
            else:
                is_empty = False
                yield str(entry), entry
        if is_empty:
            yield path, Path(path)


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
