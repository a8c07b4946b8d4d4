"""What a terminal gets and a pipe does not: colour, and lines that break between words.

Colours are left out where there is no terminal or a dumb one, and where NO_COLOR is set.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

import typer

__all__ = ["columns", "command_line", "duration", "is_terminal", "paint", "percent", "say", "wrapped"]

_PIPE_COLUMNS = 80


def is_terminal(*, err: bool = False) -> bool:
    """Whether the output goes to a person's screen."""
    return (sys.stderr if err else sys.stdout).isatty()


def columns() -> int:
    """How many characters a line may have."""
    return shutil.get_terminal_size((_PIPE_COLUMNS, 24)).columns


def paint(
    text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False, err: bool = False
) -> str:
    """The text with codes for its colour, where it goes to a terminal that wants colours."""
    if not is_terminal(err=err) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return typer.style(text, fg=colour, bold=bold or None, dim=dim or None)


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Lines of at most `width` characters where words allow it.

    A line that begins with two spaces is a command: it stays as it is, to be copied. `indent` is put before
    each line but the first.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("  ") or len(line) <= width:
            lines.append(line)
        else:
            lines += textwrap.wrap(
                line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
    return "\n".join(lines)


def say(text: str, *, err: bool = False, colour: str | None = None) -> None:
    """Print a text: wrapped on a terminal, as it is elsewhere; its first word in the colour."""
    if is_terminal(err=err):
        text = wrapped(text, columns())
    first, space, rest = text.partition(" ")
    typer.echo((paint(first, colour, bold=True, err=err) if colour else first) + space + rest, err=err)


def percent(share: float, n: int) -> str:
    """A share of n things, with as many digits as n can tell: 97%, 97.2%, 97.22%."""
    return f"{share:.{0 if n < 100 else 1 if n < 2000 else 2}%}"


def duration(seconds: float) -> str:
    """0:59, 59:59, or 1h05."""
    minutes, rest = divmod(round(min(seconds, 3_599_999)), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}"


def command_line(*, without: str = "", also: str = "") -> str:
    """The command as it was called, without one option or with another one at its end."""
    from shlex import join

    words = ["inkdigits", *(word for word in sys.argv[1:] if word != without)]
    return join([*words, also] if also and also not in words else words)
