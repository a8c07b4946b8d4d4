"""The verbs put together, and what becomes of errors."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from inkdigits.cli.data import data
from inkdigits.cli.demo import demo
from inkdigits.cli.evaluate import evaluate
from inkdigits.cli.export_serving import export_serving
from inkdigits.cli.predict import predict
from inkdigits.cli.read import read
from inkdigits.cli.runs import runs
from inkdigits.cli.serve import serve
from inkdigits.cli.train import train
from inkdigits.cli.tune import tune
from inkdigits.errors import ConfigError, InkdigitsError

__all__ = ["app", "main"]

app = typer.Typer(
    name="inkdigits",
    help="Reads handwritten digits; trains and judges the networks that do.",
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


app.command()(predict)
app.command()(read)
app.command()(train)
app.command()(evaluate)
app.command()(runs)
app.command()(tune)
app.command()(data)
app.command()(demo)
app.command()(serve)
app.command("export-serving")(export_serving)


def main() -> None:
    """The entry point: 0 when all went well, 1 when some input failed, 2 for a wrong call.

    Ctrl-C and a reader that has gone, as `head` does, are Typer's business: it ends without a traceback.
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


def _stop(error: InkdigitsError, code: int) -> None:
    typer.echo(f"error: {error}", err=True)
    sys.exit(code)
