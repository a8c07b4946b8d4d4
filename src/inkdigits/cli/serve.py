"""inkdigits serve: the page and the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.options import DigitsAccepted, MaxError, Model

__all__ = ["serve"]


def serve(
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to listen on; 0.0.0.0 for every network interface."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65_535, help="Port to listen on.")] = 8000,
    model: Model = None,
    max_error: MaxError = None,
    digits_accepted: DigitsAccepted = None,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of processes, each with its own model and queue.")
    ] = 1,
    corrections: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Store corrected pictures in DIR, for `train --data DIR`; without it, none are stored.",
            show_default="none",
        ),
    ] = None,
    log_format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="text, json, or auto: text in a terminal, a JSON object per line elsewhere.",
        ),
    ] = "auto",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Further host name that the service answers to; may be repeated.",
            show_default="none",
        ),
    ] = None,
) -> None:
    """Serve a page to draw on, and predictions over HTTP.

    Example: inkdigits serve --port 8080 --corrections corrections
    """
    from inkdigits.runs.folder import onnx_file
    from inkdigits.web.server import serve as listen
    from inkdigits.web.settings import ServiceSettings

    settings = ServiceSettings(
        host=host,
        port=port,
        model=model and onnx_file(model),
        max_error=max_error,
        digits_accepted=digits_accepted,
        n_workers=workers,
        corrections=corrections,
        log_format=log_format,
        allowed_hosts=tuple(allowed_host or ()),
    )
    address = f"[{host}]" if ":" in host else host
    listen(settings, lambda: typer.echo(f"Serving on http://{address}:{port}/ until Ctrl-C.", err=True))
