"""What a training run is made of: a recipe, as a TOML file or as options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

from inkdigits.config import from_dict, from_toml, require, to_dict
from inkdigits.errors import ConfigError
from inkdigits.extras import require as require_package
from inkdigits.files import did_you_mean, read_regular
from inkdigits.recipes.sources import DataSource, merged
from inkdigits.results import Reason, Refusal
from inkdigits.synthesis.augmentation import AugmentationConfig

__all__ = [
    "Recipe",
    "RefusalConfig",
    "SearchRange",
    "TrainingConfig",
    "WritingConfig",
    "load_recipe",
    "recipe_names",
    "with_settings",
    "write_recipe",
]

_MOST_BYTES = 1_000_000  # of a recipe


@dataclass(frozen=True)
class TrainingConfig:
    """How the weights are found.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images per training step. Images that do not fill the last batch of an epoch are left out
            of it; the next epoch shuffles again.
        learning_rate: Peak learning rate of Adam.
        schedule: `constant`, or `cosine`: a linear warm-up, then a half cosine down to 0.
        warmup_epochs: Length of the warm-up of the `cosine` schedule, in epochs.
        weight_decay: Decoupled weight decay per step (AdamW), times the learning rate; 0 is plain Adam.
        loss: `sparse_categorical_crossentropy`, or `categorical_crossentropy` on one-hot labels.
        label_smoothing: Fraction of the probability that is spread over all classes; needs the one-hot loss.
        validation_share: Fraction of the training images, 0 to 0.5, held out for progress and calibration.
        images_per_epoch: Size of the random subset that each epoch trains on; 0 trains on all images.
        patience: Number of epochs without a lower validation loss after which training stops; 0 never stops.
        average_of_weights: Decay per step, 0 to below 1, of an exponential moving average of the weights that
            is validated and exported in their place, such as 0.999; 0 takes no average.
        seed: Seed of the initial weights, the shuffles, the dropout and the augmentation.
        start_from: Folder of a finished run of the same architecture and classes, whose weights this one
            begins with; empty for new weights.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: float = 0.0
    weight_decay: float = 0.0
    loss: Literal["sparse_categorical_crossentropy", "categorical_crossentropy"] = (
        "sparse_categorical_crossentropy"
    )
    label_smoothing: float = 0.0
    validation_share: float = 0.1
    images_per_epoch: int = 0
    patience: int = 0
    average_of_weights: float = 0.0
    seed: int = 0
    start_from: str = ""

    def __post_init__(self) -> None:
        """Check the ranges."""
        one_hot = self.loss == "categorical_crossentropy"
        smoothing = self.label_smoothing
        _check(
            self,
            "training",
            epochs=(self.epochs >= 1, "1 or more"),
            batch_size=(self.batch_size >= 1, "1 or more"),
            learning_rate=(0 < self.learning_rate <= 10, "more than 0, at most 10"),
            warmup_epochs=(self.warmup_epochs >= 0, "0 or more"),
            weight_decay=(self.weight_decay >= 0, "0 or more"),
            label_smoothing=(
                0 <= smoothing < 1 and (one_hot or smoothing == 0),
                "0 to below 1, and 0 unless loss is categorical_crossentropy",
            ),
            validation_share=(0 <= self.validation_share <= 0.5, "0 to 0.5"),
            images_per_epoch=(self.images_per_epoch >= 0, "0 or more"),
            patience=(self.patience >= 0, "0 or more"),
            average_of_weights=(0 <= self.average_of_weights < 1, "0 to below 1"),
            seed=(0 <= self.seed < 2**32, "0 to below 2**32"),
        )

    def steps_per_epoch(self, n_training: int) -> int:
        """How many whole batches the training images give, at least one."""
        return max(min(n_training, self.images_per_epoch or n_training) // self.batch_size, 1)


@dataclass(frozen=True)
class RefusalConfig:
    """What a model learns to refuse; the defaults refuse nothing.

    Attributes:
        not_digits: Names or paths of datasets of non-digits. Their labels are ignored, and the last fifth of
            each is held out for checking.
        n_not_digits: Number of synthetic non-digits: letters, signs, scribbles and noise.
        n_several: Number of synthetic pictures that show several digits.
        digits_accepted: Fraction of the validation digits that the model accepts.
    """

    not_digits: tuple[str, ...] = ()
    n_not_digits: int = 0
    n_several: int = 0
    digits_accepted: float = 0.997

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(
            self,
            "refusal",
            n_not_digits=(self.n_not_digits >= 0, "0 or more"),
            n_several=(self.n_several >= 0, "0 or more"),
            digits_accepted=(0 < self.digits_accepted <= 1, "more than 0, at most 1"),
        )

    @property
    def reasons(self) -> tuple[Refusal, ...]:
        """The outputs that a network has beyond the ten digits."""
        not_a_digit: tuple[Refusal, ...] = (
            (Reason.NOT_A_DIGIT,) if self.not_digits or self.n_not_digits else ()
        )
        return not_a_digit + ((Reason.SEVERAL,) if self.n_several else ())


@dataclass(frozen=True)
class WritingConfig:
    """What writers give beside datasets; the defaults give nothing. Folders are found as datasets are.

    Attributes:
        pen_paths: Folders whose `digits.npz` holds digits as pen paths.
        n_drawings: How often each pen path is drawn, every time with another pen.
        most_per_writer: Largest number of digits that one writer contributes.
        pictures: Folders whose `digits.npz` or `glyphs.npz` holds pictures of digits; a `DataSource` counts
            several times.
        letters: Folders whose `letters_signs.npz` or `glyphs.npz` shows letters and signs to refuse.
        n_letter_drawings: How often each letter's pen path is drawn.
        n_rare_shapes: Number of digits drawn in rare shapes: open 0 and 8, looped 2, crossed 7, bowed 1.
        n_scribbles: Number of scribbles drawn, to be refused.
        n_damaged: Number of training digits that are corrupted and then normalised.
        n_folds: Number of folds into which the writers of pen paths are dealt.
        kept_fold: Fold that does not train, to check the model on.
        validation_fold: Fold that validates.
    """

    pen_paths: tuple[str, ...] = ()
    n_drawings: int = 1
    most_per_writer: int = 100
    pictures: tuple[str | DataSource, ...] = ()
    letters: tuple[str, ...] = ()
    n_letter_drawings: int = 1
    n_rare_shapes: int = 0
    n_scribbles: int = 0
    n_damaged: int = 0
    n_folds: int = 6
    kept_fold: int = 0
    validation_fold: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("n_rare_shapes", "n_scribbles", "n_damaged", "kept_fold", "validation_fold"):
            value = getattr(self, name)
            require(value >= 0, f"writing: {name}", expected="0 or more", found=value)
        for name in ("n_drawings", "n_letter_drawings", "most_per_writer", "n_folds"):
            value = getattr(self, name)
            require(value >= 1, f"writing: {name}", expected="1 or more", found=value)

    @property
    def gives_nothing(self) -> bool:
        """Whether there is nothing to read and nothing to draw."""
        counts = (self.n_rare_shapes, self.n_scribbles, self.n_damaged)
        return not (self.pen_paths or self.pictures or self.letters or any(counts))


@dataclass(frozen=True)
class SearchRange:
    """The values that tuning may give a setting: a range, or a list of choices.

    Attributes:
        low: Lower end of the range.
        high: Upper end of the range.
        log: Whether values are drawn uniformly on a logarithmic scale.
        choices: The values themselves, in place of a range.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[object, ...] = ()

    def __post_init__(self) -> None:
        """Check that it is one of the two."""
        ends = (self.low, self.high)
        is_range = None not in ends and not self.choices and self.low < self.high  # type: ignore[operator]
        is_list = ends == (None, None) and len(self.choices) >= 2 and not self.log
        require(
            is_range or is_list,
            "search",
            expected="low and a greater high, or at least two choices",
            found=f"low {self.low}, high {self.high}, choices {list(self.choices)}",
        )
        require(
            not self.log or (self.low or 0) > 0, "search", expected="low above 0 with log", found=self.low
        )

    def examples(self) -> tuple[object, ...]:
        """The ends of the range, or all choices."""
        return self.choices or (self.low, self.high)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run ends with, but for the versions of the libraries.

    Attributes:
        model: Architecture, by its name in `inkdigits.models`.
        data: Names or paths of datasets, which are joined; a `DataSource`, in a recipe
            `{ name = "my-digits/", times = 4 }`, counts several times.
        validation_writers: Writers whose digits validate, in datasets that tell writers apart.
        kept_writers: Writers whose digits are held out of training altogether, to check the model on.
        n_allographs: Number of ones with a flag, sevens with a bar and zeros with a slash that are
            synthesised from training digits.
        training: How the weights are found.
        augmentation: How training images are changed.
        refusal: Which non-digits the model learns to refuse.
        writing: What is drawn from pen paths, fonts and rare shapes beside the datasets.
        search: What `inkdigits tune` varies, by setting name, such as `training.learning_rate`.
    """

    model: str = "cnn"
    data: tuple[str | DataSource, ...] = ("mnist",)
    validation_writers: tuple[str, ...] = ()
    kept_writers: tuple[str, ...] = ()
    n_allographs: int = 0
    training: TrainingConfig = field(default_factory=TrainingConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    refusal: RefusalConfig = field(default_factory=RefusalConfig)
    writing: WritingConfig = field(default_factory=WritingConfig)
    search: Mapping[str, SearchRange] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bring the data into one form, and check that there is something to learn from."""
        object.__setattr__(self, "data", merged(self.data))
        require(
            self.training.patience == 0 or self.keeps_validation_images,
            "training: patience",
            expected="0, or validation images by validation_share or validation_writers",
            found=self.training.patience,
        )
        require(self.n_allographs >= 0, "n_allographs", expected="0 or more", found=self.n_allographs)
        require(len(self.data) > 0, "data", expected="at least one dataset", found=self.data)

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """The datasets with their weights, each once."""
        return tuple(DataSource(one) if isinstance(one, str) else one for one in self.data)

    @property
    def keeps_validation_images(self) -> bool:
        """Whether images are kept out of the training to watch its progress."""
        return self.training.validation_share > 0 or bool(self.validation_writers)


def _check(settings: object, table: str, **allowed: tuple[bool, str]) -> None:
    """Refuse the first setting that is out of range; each comes with whether it is in it, and the range."""
    for name, (is_in_range, expected) in allowed.items():
        require(is_in_range, f"{table}: {name}", expected=expected, found=getattr(settings, name))


def with_settings(recipe: Recipe, settings: Mapping[str, object]) -> Recipe:
    """The recipe with other settings, by their names: `model`, or `training.learning_rate` and its like.

    A whole number where the recipe has one may come as a float.

    Raises:
        ConfigError: there is no such setting, or it does not take the value.
    """
    table = to_dict(recipe)
    for name, value in settings.items():
        part, _, key = name.rpartition(".")
        inner = table.get(part, {}) if part else table
        before = inner.get(key) if isinstance(inner, dict) else None
        if not isinstance(before, bool | int | float | str):
            raise ConfigError(
                f"search: {name}",
                expected="the name of a setting, such as training.learning_rate",
                found=repr(name),
                remedy="Write TABLE.SETTING as in the recipe, or model.",
            )
        is_whole = isinstance(before, int) and isinstance(value, float) and value.is_integer()
        inner[key] = int(value) if is_whole else value  # type: ignore[call-overload]
    return from_dict(Recipe, table, "search")


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    files = resources.files("inkdigits") / "recipes"
    return sorted(file.name.removesuffix(".toml") for file in files.iterdir() if file.name.endswith(".toml"))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read a shipped recipe by name, or a TOML file by path.

    Raises:
        ConfigError: there is no such recipe, or it does not make sense.
    """
    if str(name_or_path) in recipe_names():
        file = resources.files("inkdigits") / "recipes" / f"{name_or_path}.toml"
        return from_toml(Recipe, file.read_text(encoding="utf-8"), str(name_or_path))
    try:
        text = read_regular(Path(name_or_path), _MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            name_or_path,
            expected="a TOML file, or a shipped recipe: " + ", ".join(recipe_names()),
            found=getattr(error, "strerror", None) or str(error),
            remedy=did_you_mean(str(name_or_path), recipe_names()) or "Check the name.",
        ) from error
    return from_toml(Recipe, text, str(name_or_path))


def write_recipe(recipe: Recipe) -> str:
    """The recipe as TOML, every setting spelled out."""
    tomli_w = require_package("tomli_w", extra="train", for_what="writing a recipe, as train does")
    return str(tomli_w.dumps(to_dict(recipe)))
