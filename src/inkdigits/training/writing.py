"""What writers give to a training beside datasets: pen paths drawn anew, fonts, letters, scribbles.

Writers of pen paths are dealt into folds by their names, so that no hand is on two sides: one fold is kept
to judge on, one validates, the others train. Letters and signs train the refusal; those that look like a
digit to somebody (O, l, S, brackets) are neither digits nor negatives.

Letters: N, number of pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets import Split
from inkdigits.datasets.formats.glyphs import Glyphs, read_glyphs
from inkdigits.datasets.formats.pen_paths import PenPaths, read_pen_paths
from inkdigits.datasets.loading import find_folder
from inkdigits.errors import DatasetError
from inkdigits.ink import DIGITS, SIDE, Grey, to_bytes
from inkdigits.normalizer import normalize
from inkdigits.recipes.recipe import WritingConfig
from inkdigits.recipes.sources import DataSource
from inkdigits.synthesis.corruption import corrupt
from inkdigits.synthesis.drawings import CLEAN_SHARE, drawing
from inkdigits.synthesis.rare_shapes import rare_shape
from inkdigits.synthesis.scribbles import scribble

__all__ = ["LOOKALIKES", "Written", "digits_of", "fold_of", "gather_written"]

LOOKALIKES = frozenset("OoDQIilLjJSsZzBbqgG|/\\()[]{},.;'`!^")
"""Characters that some hand or other writes as it writes a digit."""

_SLIMMEST = 0.45  # width by height; whatever is slimmer may be somebody's 1
_LETTER_FILES = ("letters_signs.npz", "glyphs.npz")
_DIGIT_FILES = ("digits.npz", "glyphs.npz")
_WRITING_FOR_HEAPS = 2000  # items whose strokes scribbles are made of


@dataclass(frozen=True, eq=False)
class Written:
    """What a recipe's writers give, in MNIST's form.

    Attributes:
        training: digits that train.
        validation: digits of the writers who validate; None without any.
        not_digits: (N, 28, 28) letters, signs and scribbles that train the refusal.
    """

    training: Split
    validation: Split | None
    not_digits: Grey


def fold_of(writer: str, n_folds: int) -> int:
    """The fold of a writer, by the name alone: the same in every file and every run."""
    return zlib.crc32(writer.encode()) % n_folds


def gather_written(config: WritingConfig, digits: Split, generator: np.random.Generator) -> Written:
    """Read and draw all that a recipe's `writing` names.

    Args:
        config: what is wanted.
        digits: training digits in MNIST's form, some of which are damaged and normalised again.
        generator: where the randomness comes from.

    Raises:
        DatasetError: an archive is missing or malformed.
    """
    training, validation = [_rare_shapes(config.n_rare_shapes, generator)], []
    for name in config.pen_paths:
        paths, numbers = _digits_in(name, config)
        folds = np.array([fold_of(writer, config.n_folds) for writer in paths.writers[numbers]])
        trains = numbers[(folds != config.kept_fold) & (folds != config.validation_fold)]
        training.append(_drawn(name, paths, np.repeat(trains, config.n_drawings), generator))
        validates = numbers[folds == config.validation_fold]
        # Once with a plain pen and once with any: thresholds and temperature are to hold for both.
        validation += [_drawn(name, paths, validates, generator, clean_share) for clean_share in (1.0, 0.0)]
    for picture in config.pictures:
        source = DataSource(picture) if isinstance(picture, str) else picture
        shown = _normalized_digits(read_glyphs(_archive(source.name, _DIGIT_FILES)))
        training.append(shown.take(np.tile(np.arange(len(shown)), source.times)))
    training.append(_damaged(digits, config.n_damaged, generator))
    joined = _joined(validation) if validation else None
    return Written(_joined(training), joined, _not_digits(config, generator))


def digits_of(name: str, fold: int, config: WritingConfig) -> tuple[PenPaths, NDArray[np.intp]]:
    """The pen paths in a folder, and the numbers of those that writers of one fold wrote."""
    paths, numbers = _digits_in(name, config)
    folds = np.array([fold_of(writer, config.n_folds) for writer in paths.writers[numbers]])
    return paths, numbers[folds == fold]


def _digits_in(name: str, config: WritingConfig) -> tuple[PenPaths, NDArray[np.intp]]:
    """Pen paths, and the numbers of those whose label is certain, so many of each writer at most."""
    paths = read_pen_paths(find_folder(name) / "digits.npz")
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    numbers = generator.permutation(np.flatnonzero(~paths.doubtful))
    kept = [
        numbers[paths.writers[numbers] == writer][: config.most_per_writer]
        for writer in np.unique(paths.writers)
    ]
    return paths, np.sort(np.concatenate(kept))


def _archive(name: str, files: Sequence[str]) -> Path:
    folder = find_folder(name)
    found = [folder / file for file in files if (folder / file).is_file()]
    if not found:
        raise DatasetError(
            folder,
            expected=f"an archive called {' or '.join(files)}",
            found="none",
            remedy="Name a folder that holds one.",
        )
    return found[0]


def _drawn(
    name: str,
    paths: PenPaths,
    numbers: NDArray[np.intp],
    generator: np.random.Generator,
    clean_share: float = CLEAN_SHARE,
) -> Split:
    images = _stacked(
        drawing(paths.strokes(number), generator, clean_share=clean_share) for number in numbers
    )
    writers = np.array([f"{name} {writer}" for writer in paths.writers[numbers]], np.str_)
    return Split(images, paths.labels[numbers].astype(np.int64), writers)


def _normalized_digits(glyphs: Glyphs) -> Split:
    chosen = np.flatnonzero(np.isin(glyphs.labels, DIGITS))
    images = _stacked(to_bytes(normalize(255 - glyphs.images[i]).ink) for i in chosen)
    seen = images.any(axis=(1, 2))
    return Split(images[seen], glyphs.labels[chosen][seen].astype(np.int64))


def _rare_shapes(n: int, generator: np.random.Generator) -> Split:
    shapes = [rare_shape(generator) for _ in range(n)]
    images = _stacked(drawing(strokes, generator) for _, strokes in shapes)
    return Split(images, np.array([digit for digit, _ in shapes], np.int64))


def _damaged(digits: Split, n: int, generator: np.random.Generator) -> Split:
    """Digits that were corrupted and then taken for a page: what the normaliser makes of such a picture."""
    assert digits.labels is not None
    numbers = generator.integers(0, len(digits), n)
    pages = corrupt(digits.images[numbers], 1.0, generator)
    images = _stacked(to_bytes(normalize(page).ink) for page in pages)
    seen = images.any(axis=(1, 2))
    return Split(images[seen], digits.labels[numbers][seen])


def _not_digits(config: WritingConfig, generator: np.random.Generator) -> Grey:
    pictures, writing = [], []
    for name in config.letters:
        file = _archive(name, _LETTER_FILES)
        if file.name == "glyphs.npz":
            pictures.append(_font_letters(read_glyphs(file)))
            continue
        paths = read_pen_paths(file)
        others = (config.kept_fold, config.validation_fold)
        chosen = [
            i
            for i in range(len(paths))
            if paths.labels[i] not in LOOKALIKES
            and fold_of(str(paths.writers[i]), config.n_folds) not in others
            and not _is_slim(np.concatenate(paths.strokes(i)))
        ]
        drawn = np.repeat(chosen, config.n_letter_drawings)
        pictures.append(_stacked(drawing(paths.strokes(i), generator) for i in drawn))
        writing += [paths.strokes(i) for i in generator.permutation(chosen)[:_WRITING_FOR_HEAPS].tolist()]
    scribbles = (drawing(scribble(writing, generator), generator) for _ in range(config.n_scribbles))
    return np.concatenate([*pictures, _stacked(scribbles)])


def _font_letters(glyphs: Glyphs) -> Grey:
    is_wanted = ~np.isin(glyphs.labels, [*LOOKALIKES, *DIGITS])
    images = _stacked(to_bytes(normalize(255 - image).ink) for image in glyphs.images[is_wanted])
    rows, columns = ((images > 63).any(axis=axis).sum(axis=1) for axis in (2, 1))
    wide: Grey = images[(columns >= _SLIMMEST * rows) & (rows > 0)]
    return wide


def _is_slim(points: NDArray[np.floating]) -> bool:
    width, height = np.ptp(points, axis=0)
    return bool(width < _SLIMMEST * height)


def _stacked(pictures: Iterator[Grey]) -> Grey:
    made = list(pictures)
    return np.stack(made) if made else np.empty((0, SIDE, SIDE), np.uint8)


def _joined(splits: Sequence[Split]) -> Split:
    return Split(
        np.concatenate([split.images for split in splits]),
        np.concatenate([split.labels for split in splits if split.labels is not None]),
    )
