"""inkdigits train: from a recipe to a run folder."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.progress import ProgressDisplay
from inkdigits.cli.terminal import columns, command_line, is_terminal, paint, percent, wrapped
from inkdigits.errors import ConfigError

if TYPE_CHECKING:
    from inkdigits.recipes.recipe import Recipe
    from inkdigits.training.loop import Progress, RunResult

__all__ = ["train"]


def train(
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="A shipped recipe (--list) or a TOML file.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Architecture, such as mlp or cnn.", show_default="the recipe's"),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME_OR_PATH[:TIMES]",
            help="Dataset, and how often it counts; repeat the option to join several.",
            show_default="the recipe's",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Passes over the training images.", show_default="the recipe's"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", help="Images per training step.", show_default="the recipe's")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="Peak learning rate of Adam.", show_default="the recipe's"),
    ] = None,
    validation_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Fraction of the training images, 0 to 0.5, held out for progress and calibration.",
            show_default="the recipe's",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Seed of the initial weights, the shuffles, the dropout and the augmentation.",
            show_default="the recipe's",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder.", show_default="runs/MODEL-N")
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Run folder of the same model whose weights this training begins with.",
            show_default="new weights",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out DIR.")] = False,
    devices: Annotated[
        str | None,
        typer.Option(metavar="N", help="Devices that share each batch, or all; on JAX.", show_default="one"),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Keep the run's tensorboard/ folder up to date.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as a JSON object.")] = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the shipped recipes and exit.")] = False,
) -> None:
    """Train a model from a recipe, from options, or from both.

    Example: inkdigits train --model cnn --data mnist --epochs 10
    """
    if list_recipes:
        _list_recipes()
        return
    if resume:
        _check_begun(out)
    if recipe == "numbers":
        from inkdigits.cli.train_numbers import train_numbers

        if devices is not None:
            raise ConfigError(
                "--devices", expected="a recipe of digits", found="numbers", remedy="Leave --devices out."
            )
        train_numbers(data, epochs, seed, out, start_from, resume=resume, quiet=quiet, as_json=as_json)
        return
    training = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "validation_share": validation_share,
        "seed": seed,
        "start_from": None if start_from is None else str(start_from),
    }
    settings = _settings(recipe, model, data, training, out if resume else None)
    folder = out or _next_folder(settings.model)
    if not resume and (recipe, model, data) == (None, None, None) and set(training.values()) == {None}:
        _ask(settings, folder)

    from inkdigits.training.loop import train as train_into

    after_epoch = _event_writer(folder) if tensorboard else lambda: None
    with ProgressDisplay(quiet=quiet) as display:

        def show(progress: Progress) -> None:
            display.show(progress)
            if progress.finished_epoch is not None:
                after_epoch()

        result = train_into(settings, folder, resume=resume, devices=devices, show=show, warn=display.warn)
    after_epoch()  # with the figures of the test images
    typer.echo(json.dumps(_summary(result)) if as_json else _text(result))
    if result.interrupted:
        raise typer.Exit(130)  # as shells have it for Ctrl-C, so that no script goes on as if it were done


def _list_recipes() -> None:
    """What ships, in lines that fit the terminal."""
    from inkdigits.recipes.shipped import shipped_recipes

    width = min(columns(), 100)
    indent = " " * 13
    for each in shipped_recipes():
        text = wrapped(f"{each.name:<12} {each.description}", width, indent)
        typer.echo(paint(text[: len(each.name)], bold=True) + text[len(each.name) :])
        facts = " ".join(f"{fact}." for fact in (each.takes, each.reaches) if fact)
        if facts:
            typer.echo(
                paint(indent + wrapped(facts, width - len(indent)).replace("\n", f"\n{indent}"), "green")
            )


def _ask(settings: Recipe, folder: Path) -> None:
    """Say what a call without a recipe would train, and train it only where a person says yes.

    Raises:
        typer.Exit: 2 where nobody can be asked; 0 where the answer is no.
    """
    _list_recipes()
    names = " ".join(f"--data {shlex.quote(str(source))}" for source in settings.sources)
    typer.echo("\nName a recipe of these, or a model and its data:")
    typer.echo(f"  inkdigits train --model {settings.model} {names}")
    if not (sys.stdin.isatty() and is_terminal()):
        raise typer.Exit(2)
    data = " and ".join(str(source) for source in settings.sources)
    question = (
        f"Train the model {settings.model} on {data} for {settings.training.epochs} epochs into {folder} now?"
    )
    if not typer.confirm(wrapped(question, columns() - 6)):
        raise typer.Exit


def _check_begun(out: Path | None) -> None:
    """Refuse to resume what never began, before anything else is trained in its place.

    Raises:
        ConfigError: there is no run to resume.
    """
    from inkdigits.runs.folder import RunFolder

    if out is None:
        raise ConfigError(
            "--resume", expected="--out DIR", found="no folder", remedy="Name the run to resume."
        )
    run = RunFolder(out)
    if not run.holds_run() and not run.checkpoint.exists():
        raise ConfigError(
            f"--resume --out {out}",
            expected="the folder of a run that was interrupted",
            found="a folder without a run" if out.exists() else "no such folder",
            remedy=f"There is nothing to resume. To begin it:\n  {command_line(without='--resume')}",
        )


def _event_writer(folder: Path) -> Callable[[], object]:
    """Brings a run's event files up to date; it fails before the training where it cannot work."""
    from inkdigits.runs.folder import RunFolder
    from inkdigits.runs.tensorboard import require_tensorboardx, write_events

    require_tensorboardx()
    return lambda: write_events(RunFolder(folder))


def _settings(
    recipe: str | None,
    model: str | None,
    data: list[str] | None,
    training: dict[str, Any],
    resumed: Path | None,
) -> Recipe:
    """What the options say, and for the rest the named recipe, a resumed run's own, or the defaults."""
    from inkdigits.recipes.recipe import Recipe, load_recipe
    from inkdigits.recipes.sources import DataSource
    from inkdigits.runs.folder import RunFolder

    given = {key: value for key, value in training.items() if value is not None}
    if recipe is not None:
        settings = load_recipe(recipe)
    elif resumed is not None:
        settings = RunFolder(resumed).read_recipe()
    else:
        settings = Recipe()
    if model is not None:
        settings = replace(settings, model=model)
    if data:
        settings = replace(settings, data=tuple(map(DataSource.parse, data)))
    return replace(settings, training=replace(settings.training, **given))


def _next_folder(model: str) -> Path:
    folders = (Path("runs") / f"{model}-{number}" for number in count(1))
    return next(folder for folder in folders if not folder.exists())


def _summary(result: RunResult) -> dict[str, object]:
    """The result as a dictionary that `json.dumps` takes.

    - `epochs`: Number of epochs behind the model.
    - `test_interval`: 95% Wilson interval of the accuracy, `[low, high]`; null without a test part.
    - `test_loss`: Mean log-loss on the test part, in nats; null without one.
    """
    return {
        "folder": str(result.folder),
        "epochs": len(result.history),
        "interrupted": result.interrupted,
        "test_accuracy": result.test_accuracy,
        "test_interval": result.test_interval,
        "test_loss": result.test_loss,
    }


def _text(result: RunResult) -> str:
    """What the run reached, where it is, and the command that goes on from here."""
    folder = shlex.quote(str(result.folder))
    lines = [f"the run is in {result.folder}"]
    if result.test_accuracy is not None and result.test_interval is not None:
        accuracy, low, high = (
            percent(x, result.n_test) for x in (result.test_accuracy, *result.test_interval)
        )
        figures = f"test accuracy {paint(accuracy, 'green', bold=True)}"
        lines.insert(0, f"{figures}, 95% interval {low} to {high}, {result.n_test:,} images")
    if result.interrupted:
        lines.insert(0, paint(f"interrupted in epoch {len(result.history) + 1}", "yellow"))
        lines += ["go on with it:", f"  inkdigits train --resume --out {folder}"]
    return "\n".join(lines)
