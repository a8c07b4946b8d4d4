"""inkdigits adapt: a model that has learned one person's hand."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.options import Model
from inkdigits.cli.terminal import paint, say
from inkdigits.errors import ConfigError
from inkdigits.files import system_errors_as, write_whole

if TYPE_CHECKING:
    from inkdigits.adaptation.adapting import Adapted

__all__ = ["adapt"]

_FEW = 20  # samples, below which the estimate says little


def adapt(
    samples: Annotated[
        str,
        typer.Argument(
            metavar="SAMPLES",
            help="Labelled pictures of one person's digits: folders 0 to 9, a table, or the folder of "
            "`serve --corrections`.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The ONNX file to write; it must not exist.")],
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Adapt a model to one person's hand, in seconds.

    It takes 20 to 100 labelled pictures, and no training framework.

    Example: inkdigits adapt my-digits/ --out mine.onnx
    """
    if out.exists():
        raise ConfigError(
            f"--out {out}",
            expected="a file that is not there yet",
            found="one that is",
            remedy="Name another file, or remove this one.",
        )
    from inkdigits.adaptation.adapting import adapt as adapt_to
    from inkdigits.runs.folder import onnx_file

    adapted = adapt_to(samples, None if model is None else onnx_file(model))
    with system_errors_as(
        ConfigError,
        f"--out {out}",
        expected="a file that can be written",
        remedy="Name a file in a folder that is there.",
    ):
        write_whole(out, adapted.model)
    typer.echo(json.dumps(adapted.to_json()) if as_json else _text(adapted))
    _advise(adapted, out)


def _text(adapted: Adapted) -> str:
    n_samples = sum(adapted.counts)
    counts = ", ".join(f"{digit}: {count}" for digit, count in enumerate(adapted.counts))
    better = adapted.right_after - adapted.right_before
    after = paint(f"{adapted.right_after:,}", "green" if better > 0 else "yellow" if better < 0 else None)
    return "\n".join(
        [
            f"{adapted.samples}: {n_samples:,} samples ({counts})",
            f"  likeliest digit right before  {adapted.right_before:,} of {n_samples:,}",
            f"  and after                     {after} of {n_samples:,}, each judged by a model that had not "
            "seen it",
        ]
    )


def _advise(adapted: Adapted, out: Path) -> None:
    """Notes and the next command, on stderr."""
    n_samples = sum(adapted.counts)
    missing = [str(digit) for digit, count in enumerate(adapted.counts) if not count]
    notes = {
        f"left out {adapted.repeated:,} pictures that were there more than once": adapted.repeated > 0,
        f"no sample of {', '.join(missing)}: how this person writes them is not learned": bool(missing),
        f"with fewer than {_FEW} samples the estimate says little; 5 to 10 of each digit are best": n_samples
        < _FEW,
        "the samples give no sign that this helps: the model as it was may do as well": (
            adapted.right_after <= adapted.right_before
        ),
    }
    for note, applies in notes.items():
        if applies:
            say(f"note: {note}", err=True)
    say(f"written to {out}; next: inkdigits predict --model {quote(str(out))} PICTURES", err=True)
