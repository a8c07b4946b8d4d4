"""inkdigits serve: the page and the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["serve"]


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 for all of the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65_535, help="Of that address.")] = 8000,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An ONNX model; without it, the bundled one.")
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes, each with its own model.")] = 1,
    corrections: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the pictures that people correct in DIR, for `train --data DIR`; without it, none is.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A name that the service is called by, as behind a proxy; may be repeated."
        ),
    ] = None,
) -> None:
    """Serve a page to draw on, and predictions over HTTP.

    Example: inkdigits serve --port 8080 --corrections corrections
    """
    from inkdigits.web.server import serve as listen
    from inkdigits.web.settings import ServiceSettings

    settings = ServiceSettings(
        host=host,
        port=port,
        model=model,
        n_workers=workers,
        corrections=corrections,
        allowed_hosts=tuple(allowed_host or ()),
    )
    address = f"[{host}]" if ":" in host else host
    listen(settings, lambda: typer.echo(f"Serving on http://{address}:{port}/ until Ctrl-C.", err=True))
