"""inkdigits predict: one digit per picture."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.folders import named_files, show_skipped, writing_into
from inkdigits.cli.options import (
    DigitsAccepted,
    Engine,
    EngineOption,
    MaxError,
    Model,
    RayAddress,
    Resume,
    Workers,
)
from inkdigits.cli.terminal import paint, say
from inkdigits.errors import ConfigError, ImageError
from inkdigits.files import temporary_beside
from inkdigits.pictures.walking import Skipped

if TYPE_CHECKING:
    from inkdigits.reading.recognizer import Examination, Recognizer
    from inkdigits.results import Prediction

__all__ = ["predict"]

_READ = "read"
_UNREADABLE = "not readable"


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Pictures, folders of pictures, or - for one picture on stdin."
        ),
    ],
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write a picture per input that shows what the model saw.",
            show_default="none",
        ),
    ] = None,
    max_error: MaxError = None,
    digits_accepted: DigitsAccepted = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table to FILE, one row per picture: .csv, .jsonl, .parquet or .xlsx. PATH may "
            "then also be a Parquet file, a tar archive, a quoted pattern, a URL, or @LIST with one source "
            "per line.",
            show_default="none",
        ),
    ] = None,
    workers: Workers = None,
    engine: EngineOption = Engine.LOCAL,
    ray_address: RayAddress = None,
    resume: Resume = False,
) -> None:
    """Read the digit in each picture.

    Example: inkdigits predict seven.jpg scans/ --json
    """
    file = _model_file(model)
    if out is not None:
        # What a bulk run needs takes a third of the time that one picture takes.
        from inkdigits.bulk.digits import PredictJob
        from inkdigits.bulk.table import format_of
        from inkdigits.cli.bulk import write_table

        job = PredictJob(file, max_error, digits_accepted, format_of(out))
        if explain is not None or as_json or "-" in paths:
            raise ConfigError(
                "--out",
                expected="a table by itself",
                found="--json, --explain or - beside it",
                remedy="Leave them out: the table holds what --json prints.",
            )
        write_table(job, paths, out, engine=engine, workers=workers, ray_address=ray_address, resume=resume)
        return
    # Nothing here multiplies matrices: NumPy need not start a thread a core for it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from inkdigits.reading.recognizer import Recognizer

    recognizer = Recognizer(file, max_error=max_error, digits_accepted=digits_accepted)
    if max_error is not None:
        typer.echo(
            f"With 95% confidence at most {max_error:.2%} of what is read is wrong, where pictures are like "
            f"those of the calibration; {recognizer.coverage:.1%} of such digits are expected to be read.",
            err=True,
        )
    skipped: list[Skipped] = []
    inputs = _inputs(paths, skipped)
    if explain is None:
        answers = _answers(recognizer, inputs)
    else:
        answers = _explained_answers(recognizer, inputs, explain)
    outcomes: Counter[str] = Counter()
    for name, answer in answers:
        outcomes[_outcome(answer)] += 1
        _show(name, answer, as_json=as_json)
    show_skipped(skipped, as_json=as_json)
    if not as_json and outcomes.total() > 1:
        say(_counted(outcomes), err=True)
    if outcomes[_UNREADABLE]:
        raise typer.Exit(1)


def _model_file(model: Path | None) -> str | None:
    if model is None:
        return None
    from inkdigits.runs.folder import onnx_file

    return str(onnx_file(model))


def _inputs(paths: list[str], skipped: list[Skipped]) -> Iterator[tuple[str, Path | bytes]]:
    """The named files; pages after the first, which is the one that is read, are added to `skipped`."""
    for name, source in named_files(paths, skipped):
        if isinstance(source, Path):
            skipped += _further_pages(source)
        yield name, source


def _further_pages(path: Path) -> list[Skipped]:
    from inkdigits.pictures.images import n_further_pages

    return [Skipped(path, "further page")] * n_further_pages(path)


def _answers(
    recognizer: Recognizer, inputs: Iterator[tuple[str, Path | bytes]]
) -> Iterator[tuple[str, Prediction | ImageError]]:
    """Each input's name and its prediction or error, in order."""
    inputs, to_answer = tee(inputs)
    answers = recognizer.predict_many(source for _, source in inputs)
    for answer, (name, _) in zip(answers, to_answer, strict=True):
        yield name, answer


def _explained_answers(
    recognizer: Recognizer, inputs: Iterator[tuple[str, Path | bytes]], folder: Path
) -> Iterator[tuple[str, Prediction | ImageError]]:
    """Like `_answers`, and write an explanation of each picture into the folder."""
    with writing_into(folder, "--explain"):
        pass  # fail before anything is read if the folder cannot be made
    for name, source in inputs:
        try:
            examination = recognizer.examine(source)
        except ImageError as error:
            yield name, error
            continue
        with writing_into(folder, "--explain"):
            target = _write_explanation(examination, folder, "stdin" if name == "-" else Path(name).name)
        typer.echo(f"{name}: explained in {target}", err=True)
        yield name, examination.prediction


def _write_explanation(examination: Examination, folder: Path, name: str) -> Path:
    """Named after the input; a second input of the same name does not overwrite the first's."""
    from inkdigits.reading.explanation import draw_explanation

    target = folder / f"{name}.explained.png"
    number = 2
    while target.exists():
        target = folder / f"{name}-{number}.explained.png"
        number += 1
    with temporary_beside(target) as temporary:
        draw_explanation(examination).save(temporary)
    return target


def _show(name: str, answer: Prediction | ImageError, *, as_json: bool) -> None:
    if isinstance(answer, ImageError) and Path(name).is_dir():
        answer = ImageError(
            name, expected="pictures in the folder", found="none", remedy="Name a folder that holds some."
        )
    if as_json:
        result = {"error": _reason(answer)} if isinstance(answer, ImageError) else answer.to_json()
        typer.echo(json.dumps({"path": name, **result}))
    elif isinstance(answer, ImageError):
        say(f"error: {answer}", err=True, colour="red")
    else:
        from inkdigits.reading.wording import verdict

        typer.echo(f"{name}: {paint(verdict(answer), 'yellow' if answer.refused else 'green')}")


def _outcome(answer: Prediction | ImageError) -> str:
    if isinstance(answer, ImageError):
        return _UNREADABLE
    return str(answer.reason or _READ)


def _counted(outcomes: Counter[str]) -> str:
    """One line, such as `13 pictures: 10 read; 2 refused: 1 blank, 1 several; 1 not readable`."""
    n_total, n_read, n_unreadable = outcomes.total(), outcomes[_READ], outcomes[_UNREADABLE]
    reasons = [(name, n) for name, n in outcomes.most_common() if name not in (_READ, _UNREADABLE)]
    parts = [f"{n_read:,} read"]
    if reasons:
        by_reason = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in reasons)
        parts.append(f"{n_total - n_read - n_unreadable:,} refused: {by_reason}")
    if n_unreadable:
        parts.append(f"{n_unreadable:,} not readable")
    return f"{n_total:,} pictures: " + "; ".join(parts)


def _reason(error: ImageError) -> str:
    """The message without the path, which the JSON object has already."""
    return f"expected {error.expected}, found {error.found}. {error.remedy}"
