"""The verbs put together, and what becomes of errors."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from inkdigits.cli.terminal import say
from inkdigits.errors import ConfigError, InkdigitsError
from inkdigits.process.signals import is_ending
from inkdigits.process.streams import OutputFailedError, drop_output

__all__ = ["app", "main"]

_VERBS = (
    *("predict", "read", "train", "evaluate", "adapt", "runs", "tune", "data", "demo"),
    *("serve", "export-serving"),
)


class _Verbs(TyperGroup):
    """Imports and builds a verb when it is called or listed, as Click's own guide to lazy loading has it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        not_built: dict[str, Any] = dict.fromkeys(_VERBS)
        self.commands = not_built

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb of that name, or None."""
        if cmd_name not in self.commands:
            return None
        if self.commands[cmd_name] is None:
            name = cmd_name.replace("-", "_")
            verb = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
            verb.command(cmd_name)(getattr(import_module(f"inkdigits.cli.{name}"), name))
            self.commands[cmd_name] = typer.main.get_command(verb)
        return self.commands[cmd_name]


app = typer.Typer(
    name="inkdigits",
    cls=_Verbs,
    help="Reads handwritten digits; trains and evaluates the networks that do.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from importlib import metadata

        typer.echo(f"inkdigits {metadata.version('inkdigits')}")
        raise typer.Exit


def main() -> None:
    """Run the command line: 0 when all went well, 1 when some input failed, 2 for a wrong call.

    Signals and streams are those of the process, which `inkdigits.__main__` sets up.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name may hold what the terminal cannot show; that is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="inkdigits")
    except ConfigError as error:
        _stop(error, 2)
    except InkdigitsError as error:
        _stop(error, 1)
    except OutputFailedError as error:
        drop_output()
        if error.reader_has_gone:  # as `head` does
            sys.exit(1)
        _stop(_incomplete(error), 1)
    except OSError as error:
        _stop(_of_the_system(error), 1)
    except MemoryError as error:
        _stop(_out_of_memory(error), 1)


def _incomplete(error: OutputFailedError) -> InkdigitsError:
    return InkdigitsError(
        "standard output",
        expected="to write the answers to it",
        found=str(error),
        remedy="Free some space, or write the results elsewhere: they are incomplete.",
    )


def _of_the_system(error: OSError) -> InkdigitsError:
    return InkdigitsError(
        error.filename or "the system",
        expected="to be let in",
        found=error.strerror or str(error),
        remedy="Check the path, its permissions, and the room on the disk.",
    )


def _out_of_memory(error: MemoryError) -> InkdigitsError:
    return InkdigitsError(
        "memory",
        expected="enough for this",
        found=str(error) or "no more",
        remedy="Give it less at a time, or end other programs.",
    )


def _stop(error: InkdigitsError, code: int) -> None:
    if is_ending():  # an import that Ctrl-C broke off, say, is not to be called a missing package
        raise KeyboardInterrupt
    say(f"error: {error}", err=True, colour="red")
    sys.exit(code)
