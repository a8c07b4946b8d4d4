"""Writes the help texts into docs/command_line.md: `python tools/write_command_line_docs.py [PAGE]`.

What stands between `<!-- help VERB -->` and `<!-- end -->` is replaced by what `inkdigits VERB --help`
prints; the rest of the page is written by hand. `<!-- help -->` is for `inkdigits --help`. A test compares,
so run this after every change of an option or of its help.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from typer.testing import CliRunner

from inkdigits.cli import app

__all__ = ["help_text", "main", "render"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "command_line.md"

# The terminal of whoever runs this must not decide where lines break.
_TERMINAL = {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}
_BLOCK = re.compile(r"(<!-- help ?(\w*) -->\n).*?(<!-- end -->)", re.DOTALL)


def help_text(verb: str) -> str:
    """What `inkdigits VERB --help` prints, 80 columns wide; without a verb, what `inkdigits --help` does."""
    arguments = [verb, "--help"] if verb else ["--help"]
    result = CliRunner().invoke(app, arguments, prog_name="inkdigits", env=_TERMINAL)
    if result.exit_code != 0:
        raise SystemExit(f"inkdigits {verb} --help failed: {result.output}")
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def render(page: str) -> str:
    """The page with its help texts as they are now."""
    return _BLOCK.sub(
        lambda match: f"{match[1]}```text\n{help_text(match[2])}\n```\n{match[3]}",
        page,
    )


def main(path: Path = PAGE) -> None:
    """Bring the page up to date."""
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
