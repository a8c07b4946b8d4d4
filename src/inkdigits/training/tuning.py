"""Look for better settings of a recipe: a study of many short runs, each judged on validation images.

The runs stand in one folder as any other runs do, so `inkdigits runs` compares them. The test images are not
loaded into a trial at all. Trials that are half through and behind the median of the others are given up.
Where a study is kept in a database, it may be stopped and gone on with, and several processes may share it.
On a database server they may run on many machines; the trial of one that dies is begun again by another.

Source: Akiba, Sano, Yanase, Ohta and Koyama, "Optuna: a next-generation hyperparameter optimization
framework", 2019; the sampler is TPE (Bergstra, Bardenet, Bengio and Kégl, 2011).
"""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.config import require, to_dict
from inkdigits.errors import ConfigError, TrainingError
from inkdigits.extras import missing, needing
from inkdigits.files import write_whole
from inkdigits.recipes.recipe import Recipe, SearchRange, with_settings, write_recipe
from inkdigits.runs.folder import RunFolder
from inkdigits.training.corpus import TrainingData, gather
from inkdigits.training.loop import train
from inkdigits.training.progress import Progress

if TYPE_CHECKING:
    import optuna

__all__ = ["Study", "Trial", "tune"]

_STUDY = "inkdigits"
_FIRST_TRIALS = 5  # drawn at random, and none of them given up
HEARTBEAT_S = 60  # between the signs of life of a process that shares a database server
GRACE_S = 180  # without one, after which a trial counts as dead
_TIMES_OPENED = 3  # processes that make the tables at the same moment get into each other's way


@dataclass(frozen=True)
class Trial:
    """One run of a study.

    Attributes:
        number: counted from 0 over all processes.
        settings: what it was given, by name.
        accuracy: on the validation images after the last epoch that it reached, a share; None before it.
        state: `complete`; `pruned`: given up early; `failed`: ended with an error; `running`: or killed.
    """

    number: int
    settings: Mapping[str, object]
    accuracy: float | None
    state: str


@dataclass(frozen=True)
class Study:
    """What tuning ended with.

    Attributes:
        folder: Folder of the runs, the database and `best.toml`.
        trials: All trials, of all processes.
        best: The complete trial with the highest validation accuracy.
        recipe: The best trial's recipe, ready to train.
        importances: Fraction of the variation of the accuracy that each setting explains; they sum to 1.
            Empty with fewer than ten complete trials.
        interrupted: Whether Ctrl-C ended the study early.
    """

    folder: Path
    trials: tuple[Trial, ...]
    best: Trial
    recipe: Recipe
    importances: Mapping[str, float]
    interrupted: bool

    def to_json(self) -> dict[str, object]:
        """The same as a dictionary that `json.dumps` takes.

        Keys that differ from the attributes:

        - `best`: An object with `number`, `settings` and `validation_accuracy` of the best complete trial.
        - `trials`: Numbers of trials that are `complete`, `pruned`, `failed` and `running`.
        """
        return {
            "folder": str(self.folder),
            "best": {
                "number": self.best.number,
                "settings": dict(self.best.settings),
                "validation_accuracy": self.best.accuracy,
            },
            "importances": dict(self.importances),
            "trials": {state: sum(one.state == state for one in self.trials) for state in _STATES.values()},
            "interrupted": self.interrupted,
        }


def tune(
    recipe: Recipe,
    folder: Path,
    *,
    n_trials: int,
    timeout_s: float | None = None,
    storage: str | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
    finished: Callable[[Trial], None] = lambda trial: None,
    warn: Callable[[str], None] = warnings.warn,
) -> Study:
    """Search the recipe's ranges until there are so many trials, or the time is up.

    Args:
        recipe: what to train, with a `search` table.
        folder: for the runs, `trial-0` and on, and the winner, `best.toml`; made if missing.
        n_trials: complete or pruned ones in the whole study, those of earlier calls and other processes
            included.
        timeout_s: no trial begins after so many seconds.
        storage: the URL of a database, such as postgresql://user@host/name; by default `study.db` in the
            folder.
        show: called after every few steps of each trial.
        finished: called after each trial.
        warn: called with each note about the data.

    Raises:
        ConfigError: there is nothing to search, or the study was begun with another recipe.
        TrainingError: no trial came to its end, or the folder cannot be written.
        KeyboardInterrupt: Ctrl-C came before any trial was complete.
        MissingExtraError: Optuna, or the driver of the database, is not installed.
    """
    _check(recipe, n_trials)
    optuna = _optuna()
    with RunFolder(folder).write_errors_explained():
        folder.mkdir(parents=True, exist_ok=True)
    study = _open_study(optuna, recipe, storage or f"sqlite:///{folder.resolve() / 'study.db'}")
    gathered = gather(recipe)
    for note in gathered.notes:
        warn(note)
    data = replace(gathered, test=None, notes=())
    interrupted = False

    def objective(trial: Any) -> float:
        nonlocal interrupted
        settings = {name: _suggest(trial, name, one) for name, one in recipe.search.items()}
        given = replace(with_settings(recipe, settings), search={})
        run = folder / f"trial-{trial.number}"
        accuracy, interrupted = _run_trial(optuna, trial, given, run, data, show)
        if interrupted:
            study.stop()
            raise optuna.TrialPruned
        return accuracy

    counted = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    if len(study.get_trials(deepcopy=False, states=counted)) < n_trials:
        stop = optuna.study.MaxTrialsCallback(n_trials, states=counted)
        study.optimize(
            objective, timeout=timeout_s, callbacks=[lambda _, one: finished(_as_trial(one)), stop]
        )
    return _conclude(optuna, study, recipe, folder, interrupted=interrupted)


def _check(recipe: Recipe, n_trials: int) -> None:
    if not recipe.search:
        raise ConfigError(
            "search",
            expected="a table of settings to vary",
            found="none in the recipe",
            remedy='Add [search], and "training.learning_rate" = { low = 0.0005, high = 0.02, log = true }.',
        )
    require(n_trials >= 1, "trials", expected="1 or more", found=n_trials)
    require(
        recipe.keeps_validation_images,
        "training: validation_share",
        expected="more than 0, for images to judge trials on",
        found=recipe.training.validation_share,
    )
    for name, searched in recipe.search.items():
        fixed = name.split(".")[-1] in ("seed", "epochs", "validation_share") or name.startswith("refusal.")
        if fixed or name not in {"model", *_settable(recipe)}:
            raise ConfigError(
                f"search: {name}",
                expected="model, or a setting of [training] or [augmentation] other than seed, epochs and "
                "validation_share",
                found=repr(name),
                remedy="Search what a run may change without changing what it is judged on.",
            )
        for value in searched.examples():
            with_settings(recipe, {name: value})


def _settable(recipe: Recipe) -> list[str]:
    tables = to_dict(recipe)
    return [f"{part}.{key}" for part in ("training", "augmentation") for key in tables[part]]


def _open_study(optuna: Any, recipe: Recipe, url: str) -> Any:
    seed = recipe.training.seed
    asked = json.dumps(to_dict(recipe), sort_keys=True)
    study = _create_study(optuna, url)
    begun_with = study.user_attrs.get("recipe")
    if begun_with is None:
        study.set_user_attr("recipe", asked)
    elif begun_with != asked:
        raise ConfigError(
            "storage",
            expected="a study of the same recipe",
            found="one that was begun with another",
            remedy="Name another folder with --out, or another storage.",
        )
    # Another seed for each call: processes that share a study must not all draw the same first trials.
    study.sampler = optuna.samplers.TPESampler(
        seed=seed + len(study.trials),
        n_startup_trials=2 * _FIRST_TRIALS,
        multivariate=True,
        constant_liar=True,
    )
    # A check after each epoch would let next to none pass: docs/log.md#tuning-the-dense-network
    half = max(1, recipe.training.epochs // 2)
    study.pruner = optuna.pruners.MedianPruner(
        n_startup_trials=_FIRST_TRIALS, n_warmup_steps=half, interval_steps=half
    )
    return study


def _create_study(optuna: Any, url: str) -> Any:
    """Make the study, or open the one that is there."""
    url = re.sub("^postgres(ql)?://", "postgresql+psycopg://", url)  # the driver that an extra brings
    for left in reversed(range(_TIMES_OPENED)):
        try:
            storage = _open_storage(optuna, url)
            return optuna.create_study(
                storage=storage, study_name=_STUDY, direction="maximize", load_if_exists=True
            )
        except ImportError as error:
            cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
            raise missing(cause, "postgres", for_what="a study on a database server") from error
        except (
            Exception
        ) as error:  # SQLAlchemy and its drivers raise unrelated types for what cannot be opened
            if left and type(error).__name__ in ("IntegrityError", "ProgrammingError"):
                time.sleep(1)
                continue
            raise ConfigError(
                "storage",
                expected="the URL of a database that can be written, such as sqlite:///study.db or "
                "postgresql://user@host/name",
                found=f"{_without_password(url)}: {(str(error).splitlines() or [type(error).__name__])[0]}",
                remedy="Check the URL and the permissions, and that the server runs.",
            ) from error
    raise AssertionError("the last attempt returns or raises")


def _open_storage(optuna: Any, url: str) -> Any:
    """On a server, where processes of other machines cannot see that one died, each gives signs of life."""
    if url.startswith("sqlite"):
        return url
    from sqlalchemy.pool import NullPool

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(
            url,
            {"poolclass": NullPool},  # trials are long, and servers close idle connections
            heartbeat_interval=HEARTBEAT_S,
            grace_period=GRACE_S,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=2),
        )


def _without_password(url: str) -> str:
    return re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", url)


def _suggest(trial: optuna.Trial, name: str, searched: SearchRange) -> object:
    if searched.choices:
        return trial.suggest_categorical(name, searched.choices)  # type: ignore[arg-type]
    assert searched.low is not None
    assert searched.high is not None
    return trial.suggest_float(name, searched.low, searched.high, log=searched.log)


def _run_trial(
    optuna: Any,
    trial: optuna.Trial,
    recipe: Recipe,
    run: Path,
    data: TrainingData,
    show: Callable[[Progress], None],
) -> tuple[float, bool]:
    """The validation accuracy after the last epoch, and whether Ctrl-C came before."""

    def report(progress: Progress) -> None:
        show(progress)
        finished = progress.finished_epoch
        if finished is None or finished.validation_accuracy is None:
            return
        trial.report(finished.validation_accuracy, finished.epoch)
        if finished.epoch < recipe.training.epochs and trial.should_prune():
            RunFolder(run).remove_checkpoint()
            raise optuna.TrialPruned

    result = train(recipe, run, data=data, show=report)
    accuracy = result.history[-1].validation_accuracy if result.history else None
    return accuracy or 0.0, result.interrupted


_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}


def _conclude(optuna: Any, study: Any, recipe: Recipe, folder: Path, *, interrupted: bool) -> Study:
    trials = tuple(_as_trial(one) for one in study.get_trials(deepcopy=False))
    complete = [one for one in trials if one.state == "complete" and one.accuracy is not None]
    if interrupted and not complete:
        raise KeyboardInterrupt  # there is nothing to conclude; the same command goes on
    if not complete:
        raise TrainingError(
            folder,
            expected="at least one complete trial",
            found=f"{len(trials)} trials, none complete",
            remedy="Give it more trials or more time; the same command goes on.",
        )
    best = max(complete, key=lambda one: one.accuracy or 0.0)
    winner = replace(with_settings(recipe, best.settings), search={})
    with RunFolder(folder).write_errors_explained():
        write_whole(folder / "best.toml", write_recipe(winner))
    return Study(folder, trials, best, winner, _importances(optuna, study, len(complete)), interrupted)


def _as_trial(frozen: Any) -> Trial:
    """Optuna's record of a trial as ours."""
    by_epoch = frozen.intermediate_values
    accuracy = by_epoch[max(by_epoch)] if by_epoch else frozen.value
    return Trial(frozen.number, frozen.params, accuracy, _STATES.get(frozen.state.name, "running"))


def _importances(optuna: Any, study: Any, n_complete: int) -> dict[str, float]:
    """By fANOVA (Hutter, Hoos and Leyton-Brown, 2014), the greatest first."""
    if n_complete < 2 * _FIRST_TRIALS:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    try:
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
    except (RuntimeError, ValueError):  # where all trials came out the same, nothing is to be explained
        return {}


def _optuna() -> Any:
    with needing("tune", for_what="inkdigits tune"):
        import optuna
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
