"""inkdigits export-serving: the files that Triton, KServe and Kubernetes take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.folders import writing_into

__all__ = ["export_serving"]


def export_serving(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An ONNX model.", show_default="the bundled one")
    ] = None,
    image: Annotated[
        str, typer.Option(metavar="NAME", help="Container image of the service, built from Containerfile.")
    ] = "inkdigits:latest",
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Host name that the service will be called by.")
    ] = "inkdigits.example",
    storage: Annotated[
        str, typer.Option(metavar="URL", help="Where KServe finds the model repository.")
    ] = "pvc://models/model_repository",
) -> None:
    """Write the files that Triton, KServe and Kubernetes take.

    Example: inkdigits export-serving serving/ --host digits.example
    """
    from inkdigits.deployment.serving_files import write_serving_files

    with writing_into(folder, "DIR"):
        for path in write_serving_files(folder, model, image=image, host=host, storage=storage):
            typer.echo(path)
