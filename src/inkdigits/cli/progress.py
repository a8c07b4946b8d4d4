"""How a training run shows where it is: on stderr, so that stdout holds the result alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from inkdigits.cli.terminal import duration, wrapped

if TYPE_CHECKING:
    from inkdigits.training.loop import Progress

__all__ = ["ProgressDisplay"]


class ProgressDisplay:
    """A live bar on a terminal; elsewhere a line an epoch; nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._has_heading = False

    def __enter__(self) -> ProgressDisplay:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[figures]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None, figures="")
        return self

    def __exit__(self, *problem: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Show one report of a run."""
        if self._quiet:
            return
        if progress.finished_epoch is not None:
            if not self._has_heading:
                self.write(_HEADING)
                self._has_heading = True
            self.write(_epoch_line(progress))
        self.show_step(progress)

    def show_step(self, progress: Progress) -> None:
        """Show where a run is, on a terminal only: nothing that stays."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=f"epoch {progress.epoch}/{progress.epochs}",
                completed=progress.step,
                total=progress.steps,
                figures=f"loss {progress.loss:.4f}  {progress.accuracy:.2%}  "
                f"{progress.images_per_second:,.0f}/s  {duration(progress.seconds_left)} left",
            )

    def write(self, line: str) -> None:
        """Write a line that stays."""
        if not self._quiet:
            self._write(line)

    def warn(self, note: str) -> None:
        """Write a note about the data, even when quiet."""
        self._write(f"note: {note}")

    def _write(self, line: str) -> None:
        if self._bar is not None:
            width = self._bar.console.width
            self._bar.console.print(wrapped(line, width), highlight=False, markup=False, soft_wrap=True)
        else:
            typer.echo(line, err=True)


_HEADING = "  epoch    loss  accuracy  val loss  val accuracy  images/s   left"


def _epoch_line(progress: Progress) -> str:
    """One row below `_HEADING`; a run without validation images has dashes."""
    done = progress.finished_epoch
    assert done is not None
    place = f"{done.epoch}/{progress.epochs}"
    loss, accuracy = "-", "-"
    if done.validation_loss is not None and done.validation_accuracy is not None:
        loss, accuracy = f"{done.validation_loss:.4f}", f"{done.validation_accuracy:.2%}"
    return (
        f"{place:>7}  {done.loss:>6.4f}  {done.accuracy:>8.2%}  {loss:>8}  {accuracy:>12}"
        f"  {progress.images_per_second:>8,.0f}  {duration(progress.seconds_left):>5}"
    )
