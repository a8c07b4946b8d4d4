"""How a training run shows where it is: on stderr, so that stdout holds the result alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from inkdigits.training.loop import Progress

__all__ = ["ProgressDisplay"]


class ProgressDisplay:
    """A live bar on a terminal; elsewhere a line an epoch; nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> ProgressDisplay:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[figures]}"),
                console=Console(stderr=True),
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
                figures=f"loss {progress.loss:.4f}  accuracy {progress.accuracy:.2%}  {_pace(progress)}",
            )

    def write(self, line: str) -> None:
        """Write a line that stays."""
        if not self._quiet:
            self._write(line)

    def warn(self, note: str) -> None:
        """Write a note about the data, even when quiet."""
        self._write(f"warning: {note}")

    def _write(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            typer.echo(line, err=True)


def _epoch_line(progress: Progress) -> str:
    done = progress.finished_epoch
    assert done is not None
    line = f"epoch {done.epoch:>3}/{progress.epochs}  loss {done.loss:.4f}  accuracy {done.accuracy:.2%}"
    if done.validation_accuracy is not None:
        line += f"  validation loss {done.validation_loss:.4f}  accuracy {done.validation_accuracy:.2%}"
    return f"{line}  {_pace(progress)}"


def _pace(progress: Progress) -> str:
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return f"{progress.images_per_second:,.0f} images/s  {minutes}:{seconds:02d} left"
