"""Options that several verbs share, each said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["DigitsAccepted", "Engine", "EngineOption", "MaxError", "Model", "RayAddress", "Resume", "Workers"]

Model = Annotated[
    Path | None,
    typer.Option(metavar="RUN_OR_FILE", help="Run folder or ONNX model.", show_default="the bundled one"),
]

MaxError = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Allow at most this fraction of errors among the digits that are read, and refuse the rest. "
        "It holds for pictures like those that the model was calibrated on, and for no others.",
        show_default="no bound",
    ),
]

DigitsAccepted = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Tighten refusal until only this fraction of real digits is accepted, 0.9 to 0.999; fewer "
        "letters get through.",
        show_default="the model's own",
    ),
]


class Engine(StrEnum):
    """What a bulk run runs on."""

    LOCAL = "local"
    RAY = "ray"


Workers = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Processes for --out.", show_default="one per core")
]

EngineOption = Annotated[Engine, typer.Option(help="What --out runs on: this machine's cores, or Ray.")]

RayAddress = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="A Ray cluster to join.", show_default="Ray on this machine"),
]

Resume = Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run that writes --out.")]
