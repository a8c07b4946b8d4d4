"""inkdigits tune: better settings for a recipe."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.progress import ProgressDisplay
from inkdigits.cli.terminal import columns, command_line, wrapped

if TYPE_CHECKING:
    from inkdigits.training.tuning import Study, Trial

__all__ = ["tune"]


def tune(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE", help="Recipe with a [search] table, by name or path."),
    ] = "search",
    trials: Annotated[
        int, typer.Option(metavar="N", help="Number of trials in the whole study, pruned ones included.")
    ] = 20,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Start no trial after this many seconds.", show_default="no limit"
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Database that several processes share.", show_default="DIR/study.db"
        ),
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
        int | None, typer.Option(metavar="N", help="Epochs per trial.", show_default="the recipe's")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the runs and of best.toml.", show_default="tuning/RECIPE"
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as a JSON object.")] = False,
) -> None:
    """Search for better settings of a recipe.

    Trials are judged on validation images. Repeating the command continues the study.

    Example: inkdigits tune search --trials 40 --timeout 3600
    """
    from inkdigits.recipes.recipe import load_recipe
    from inkdigits.recipes.sources import DataSource

    settings = load_recipe(recipe)
    if data:
        settings = replace(settings, data=tuple(map(DataSource.parse, data)))
    if epochs is not None:
        settings = replace(settings, training=replace(settings.training, epochs=epochs))

    from inkdigits.training.tuning import tune as search

    with ProgressDisplay(quiet=quiet) as display:
        study = search(
            settings,
            out or Path("tuning") / Path(recipe).stem,
            n_trials=trials,
            timeout_s=timeout,
            storage=storage,
            show=display.show_step,
            finished=lambda trial: display.write(wrapped(_line(trial), columns(), " " * 21)),
            warn=display.warn,
        )
    typer.echo(json.dumps(study.to_json()) if as_json else _text(study))
    if study.interrupted:
        typer.echo(f"interrupted; go on with it:\n  {command_line()}", err=True)
        raise typer.Exit(130)


def _line(trial: Trial) -> str:
    accuracy = "        -" if trial.accuracy is None else f"{trial.accuracy:>9.2%}"
    state = "" if trial.state == "complete" else f"  ({trial.state})"
    return f"trial {trial.number:>3} {accuracy}  {_settings(trial)}{state}"


def _settings(trial: Trial) -> str:
    return " ".join(f"{name.rpartition('.')[2]}={_shown(value)}" for name, value in trial.settings.items())


def _text(study: Study) -> str:
    """The result as a screenful."""
    counts = ", ".join(f"{n} {state}" for state, n in study.to_json()["trials"].items() if n)  # type: ignore[attr-defined]
    lines = [
        f"{len(study.trials)} trials: {counts}",
        f"best: trial {study.best.number}, {study.best.accuracy:.2%} of the validation images",
        *(f"  {name:<32} {_shown(value)}" for name, value in study.best.settings.items()),
    ]
    if study.importances:
        lines += ["what mattered, as a share of the variation"]
        lines += [f"  {name:<32} {share:.0%}" for name, share in study.importances.items()]
    best = shlex.quote(str(study.folder / "best.toml"))
    return "\n".join([*lines, "train it:", f"  inkdigits train {best}"])


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
