"""inkdigits read: every number in a picture, or the one in a field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.folders import named_files, show_skipped, writing_into
from inkdigits.cli.options import Engine, EngineOption, RayAddress, Resume, Workers
from inkdigits.errors import ConfigError, ImageError
from inkdigits.files import temporary_beside
from inkdigits.pictures.walking import Skipped

if TYPE_CHECKING:
    from PIL.Image import Image

    from inkdigits.results import Reading

__all__ = ["read"]


def read(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Pictures, PDF documents, folders of them, or - for one picture on stdin."
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An ONNX line model; without it, the bundled one.")
    ] = None,
    one: Annotated[
        bool, typer.Option("--one", help="Each picture is a field that holds one number, in its middle.")
    ] = False,
    expect: Annotated[
        str | None, typer.Option(metavar="PATTERN", help=r"What a number has to match, such as '\d{5}'.")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of the numbers that can occur, one per line.")
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Check digit to verify: luhn, mod11, mod97, iso7064_mod11_10."),
    ] = None,
    alternatives: Annotated[
        int, typer.Option(metavar="N", min=0, help="Number of alternatives to list for each number.")
    ] = 3,
    max_error: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Allow at most this fraction of errors among the numbers that are read, and refuse the "
            "rest. It holds for numbers like those that the model was calibrated on.",
        ),
    ] = None,
    pages: Annotated[
        bool,
        typer.Option(
            "--pages", help="Ask a second reader as well, and ignore words; needs inkdigits[pages]."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table to FILE, one row per number: .csv, .jsonl, .parquet or .xlsx. PATH may then "
            "also be a Parquet file, a tar archive, a quoted pattern, a URL, or @LIST with one source per "
            "line.",
            show_default="none",
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a picture per input that shows what was read where."),
    ] = None,
    workers: Workers = None,
    engine: EngineOption = Engine.LOCAL,
    ray_address: RayAddress = None,
    resume: Resume = False,
) -> None:
    r"""Read the handwritten numbers in each picture, in order.

    Example: inkdigits read amount.png --one --expect '\d{1,6}'
    """
    if out is not None:
        from inkdigits.bulk.numbers import ReadJob
        from inkdigits.bulk.table import format_of
        from inkdigits.cli.bulk import write_table

        if as_json or "-" in paths:
            raise ConfigError(
                "--out", expected="a table by itself", found="--json or - beside it", remedy="Leave them out."
            )
        job = ReadJob(
            model=None if model is None else str(model),
            one=one,
            expect=expect,
            codes=None if codes is None else str(codes),
            check=check,
            alternatives=alternatives,
            max_error=max_error,
            second_reader=pages,
            explain=None if explain is None else str(explain),
            table_format=format_of(out),
        )
        if explain is not None:
            with writing_into(explain, "--explain"):
                pass  # fail before anything is read if the folder cannot be made
        write_table(job, paths, out, engine=engine, workers=workers, ray_address=ray_address, resume=resume)
        return
    from inkdigits.pictures.images import InputLimits, read_image
    from inkdigits.reading.numbers.drawing import draw_reading
    from inkdigits.reading.numbers.expectations import codes as make_codes
    from inkdigits.reading.numbers.expectations import codes_in_file
    from inkdigits.reading.numbers.reader import NumberReader

    reader = NumberReader(model, max_error=max_error, second_reader=pages)
    expected = make_codes(codes_in_file(codes)) if codes is not None else None
    failed = False
    skipped: list[Skipped] = []
    for name, source in _inputs(paths, skipped):
        try:
            if isinstance(source, ImageError):
                raise source
            page = read_image(source, InputLimits())
            answer: Reading | ImageError = reader.read(
                page, one=one, expect=expect, codes=expected, check=check, alternatives=alternatives
            )
        except ImageError as error:
            answer, failed = error, True
        _show(name, answer, as_json=as_json)
        if explain is not None and not isinstance(answer, ImageError):
            with writing_into(explain, "--explain"):
                target = _free_name(explain, "stdin" if name == "-" else Path(name).name)
                with temporary_beside(target) as temporary:
                    draw_reading(page, answer).save(temporary)
    show_skipped(skipped, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _inputs(
    paths: list[str], skipped: list[Skipped]
) -> Iterator[tuple[str, Path | bytes | Image | ImageError]]:
    """Each page of the named files, by its name."""
    from inkdigits.pictures.documents import PDF_SUFFIX, document_pages

    for name, source in named_files(paths, skipped, also=(PDF_SUFFIX,)):
        if isinstance(source, Path):
            yield from document_pages(source)
        else:
            yield name, source


def _free_name(folder: Path, name: str) -> Path:
    """Named after the input; a second input of the same name does not overwrite the first's."""
    target, number = folder / f"{name}.read.png", 2
    while target.exists():
        target, number = folder / f"{name}-{number}.read.png", number + 1
    return target


def _show(name: str, answer: Reading | ImageError, *, as_json: bool) -> None:
    if isinstance(answer, ImageError):
        if as_json:
            reason = f"expected {answer.expected}, found {answer.found}. {answer.remedy}"
            typer.echo(json.dumps({"path": name, "error": reason}))
        else:
            typer.echo(f"error: {answer}", err=True)
    elif as_json:
        typer.echo(json.dumps({"path": name, **answer.to_json()}))
    else:
        from inkdigits.reading.numbers.drawing import number_verdict

        for number in answer.numbers:
            typer.echo(f"{name}: {number_verdict(number)}")
        if not answer.numbers:
            typer.echo(f"{name}: no numbers")
