"""What --out does: a bulk run with its progress on stderr, and one line at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from inkdigits.bulk.job import Job
from inkdigits.bulk.local import BulkProgress, BulkResult, run_locally
from inkdigits.cli.folders import writing_into
from inkdigits.cli.options import Engine
from inkdigits.cli.terminal import command_line, say
from inkdigits.errors import ConfigError
from inkdigits.pictures.walking import summarize

__all__ = ["write_table"]


def write_table(
    job: Job,
    sources: Sequence[str],
    table: Path,
    *,
    engine: Engine,
    workers: int | None,
    ray_address: str | None,
    resume: bool,
) -> None:
    """Run a job over all sources into a table.

    Raises:
        typer.Exit: 1 where some picture could not be read; 130 where a signal ended the run.
    """
    with writing_into(table.parent, "--out"), _display() as show:
        if engine is Engine.RAY:
            from inkdigits.bulk.ray import run_on_ray

            if resume:
                raise ConfigError(
                    "--resume",
                    expected="a run on this machine's cores",
                    found="--engine ray",
                    remedy="Leave out --resume: while its cluster is up, Ray itself repeats what is lost.",
                )
            result = run_on_ray(job, sources, table, address=ray_address, n_workers=workers)
        else:
            n_workers = workers or len(os.sched_getaffinity(0))
            result = run_locally(job, sources, table, n_workers=n_workers, resume=resume, show=show)
    say(_sentence(result, job.reads, table), err=True)
    if result.skipped:
        typer.echo(summarize(result.skipped), err=True)
    if result.interrupted:
        raise typer.Exit(130)
    if result.counts.errors:
        raise typer.Exit(1)


@contextmanager
def _display() -> Iterator[Callable[[BulkProgress], None]]:
    """A live bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = BarColumn(bar_width=24), TextColumn("{task.fields[figures]}")
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, figures="looking through the sources")

        def show(progress: BulkProgress) -> None:
            bar.update(
                task, completed=progress.n_done, total=progress.n_pictures, figures=_standing(progress)
            )

        yield show


def _standing(progress: BulkProgress) -> str:
    minutes, seconds = divmod(round(min(progress.left_s, 359_999)), 60)
    rate = progress.pictures_per_second
    return f"{progress.n_done:,} of {progress.n_pictures:,}  {rate:,.0f}/s  {minutes}:{seconds:02d} left"


def _sentence(result: BulkResult, reads: str, table: Path) -> str:
    counts, progress = result.counts, result.progress
    if result.interrupted:
        done = f"{progress.n_done:,} of {progress.n_pictures:,} pictures are done"
        return f"interrupted: {done}; go on with it:\n  {command_line(also='--resume')}"
    answered = f"{counts.read:,} {reads} read, {counts.refused:,} refused, {counts.errors:,} not readable"
    is_new = progress.n_done > progress.n_before
    rate = f"{progress.pictures_per_second:,.0f} a second" if is_new else "complete already"
    return f"{progress.n_pictures:,} pictures: {answered}; {rate}; the table is {table}"
