"""The hands that whole numbers are written with, and the shards of lines that a training reads.

Whole writers are kept aside: a fifth, by a hash of the writer's name, writes the lines that check and
calibrate.

Letters: N, number of images; M, of lines in a shard; B, of bytes of all their canvases.
"""

from __future__ import annotations

import csv
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.formats.idx import read_idx
from inkdigits.datasets.formats.pen_paths import PenPaths, read_pen_paths
from inkdigits.errors import DatasetError
from inkdigits.files import temporary_beside
from inkdigits.ink import DIGITS, Grey, to_bytes
from inkdigits.layout.cuts import cut_line
from inkdigits.layout.fields import find_field
from inkdigits.pictures.images import read_image
from inkdigits.pictures.walking import find_images
from inkdigits.synthesis.hands import Glyph, Hand, glyph_of_picture, glyph_of_strokes, pen_of_pictures
from inkdigits.synthesis.strings import CANVAS_HEIGHT, write_line

__all__ = ["SHARES", "Shard", "kept_aside", "make_shard", "read_hands", "read_shard", "write_shard"]

SHARES: dict[str, float] = {
    "mnist": 0.31,
    "unipen": 0.29,
    "unipen_strings": 0.11,
    "kensanata": 0.13,
    "fonts": 0.08,
    "finn_web": 0.04,
    "german_ipad": 0.02,
    "lipitk": 0.02,
    "corrections": 0.05,
}
"""The sources, and what part of the lines each of them writes; a missing one leaves its part to the rest."""

_MOST_OF_A_CHARACTER = 14  # of one writer, where writers gave very different numbers of digits
_UNSIGNED_BLOCK = 90  # digits that make a hand where nobody noted the writers
_LEAST_DIGITS = 6  # different ones; a hand that lacks some borrows them from another of its source
# Letters and signs that do not look like a digit or a separator.
_LETTERS = frozenset("ACDEFHJKMNPRTUVWXYacdefhkmnprtuvwxy&@%$*+=?#")


@dataclass(frozen=True, eq=False)
class Shard:
    """Written lines before they meet paper.

    Attributes:
        ink: (B,) uint8, the canvases (48, W) one after another, row by row.
        widths: (M,) of the canvases.
        boxes: (M, 4) left, top, right, bottom of each number.
        labels: (M,) what each line says.
        sources: (M,) the dataset that each line's hand comes from.
    """

    ink: NDArray[np.uint8]
    widths: NDArray[np.int64]
    boxes: NDArray[np.float32]
    labels: NDArray[np.str_]
    sources: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)

    def canvases(self) -> list[Grey]:
        """The lines (48, W), views of `ink`."""
        ends = np.concatenate([[0], np.cumsum(self.widths * CANVAS_HEIGHT)])
        return [self.ink[start:end].reshape(CANVAS_HEIGHT, -1) for start, end in pairwise(ends)]


def kept_aside(hand: Hand) -> bool:
    """Whether this writer checks, and never trains."""
    return zlib.crc32(hand.name.encode()) % 5 == 0


def read_hands(root: Path) -> list[Hand]:
    """Gather the hands of all sources of `SHARES` that are in a folder of datasets.

    Raises:
        DatasetError: none is there, or one is malformed.
    """
    readers = {
        "mnist": (root / "mnist", _mnist),
        "unipen": (root / "digits" / "unipen", _unipen),
        "kensanata": (root / "digits" / "kensanata", _kensanata),
        "fonts": (root / "fonts", _fonts),
        "finn_web": (root / "digits" / "finn_web", _pictures),
        "corrections": (root / "corrections" / ".numbers", _corrections),
        **{name: (root / "digits" / name, _paths) for name in ("german_ipad", "lipitk")},
    }
    hands = [hand for folder, read in readers.values() if folder.is_dir() for hand in read(folder)]
    if not hands:
        raise DatasetError(
            root,
            expected="a folder with at least one of " + ", ".join(readers),
            found="none of them",
            remedy="Name the folder of the datasets: INKDIGITS_DATA.",
        )
    return hands


def make_shard(hands: Sequence[Hand], n_lines: int, generator: np.random.Generator) -> Shard:
    """Write so many lines, each by a hand drawn at random from a source drawn at random."""
    by_source: dict[str, list[Hand]] = defaultdict(list)
    for hand in hands:
        by_source[hand.source].append(hand)
    sources = list(by_source)
    shares = np.array([SHARES[source] for source in sources])
    chosen = generator.choice(len(sources), n_lines, p=shares / shares.sum())
    lines = []
    for number in chosen:
        own = by_source[sources[number]]
        lines.append(write_line(own[generator.integers(len(own))], generator))
    return Shard(
        np.concatenate([line.ink.ravel() for line in lines]),
        np.array([line.ink.shape[1] for line in lines]),
        np.array([line.box for line in lines], np.float32),
        np.array([line.label for line in lines]),
        np.array([sources[number] for number in chosen]),
    )


def write_shard(path: Path, shard: Shard) -> None:
    """Write a shard whole or not at all."""
    with temporary_beside(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(  # a shard is nearly all paper: 5 MB in place of 150
            file,
            ink=shard.ink,
            widths=shard.widths,
            boxes=shard.boxes,
            labels=shard.labels,
            sources=shard.sources,
        )


def read_shard(path: Path) -> Shard:
    """Read what `write_shard` wrote."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return Shard(**{name: arrays[name] for name in ("ink", "widths", "boxes", "labels", "sources")})


# The sources, one by one.


def _mnist(folder: Path) -> Iterable[Hand]:
    paths = [folder / f"train-images-idx3-ubyte{end}" for end in (".gz", "")]
    train = read_idx(next(path for path in paths if path.exists())).train
    assert train is not None
    assert train.labels is not None
    table = folder / "train_writers.npz"
    if table.exists():
        with np.load(table, allow_pickle=False) as arrays:
            writers = arrays["writer"].astype(np.str_)
    else:
        writers = _blocks(len(train.labels))
    return _of_pictures("mnist", train.images, train.labels, writers)


def _pictures(folder: Path) -> Iterable[Hand]:
    with np.load(folder / "digits.npz", allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    order = np.random.default_rng(0).permutation(len(labels))
    return _of_pictures(folder.name, images[order], labels[order], _blocks(len(labels)))


def _blocks(n: int) -> NDArray[np.str_]:
    return (np.arange(n) // _UNSIGNED_BLOCK).astype(np.str_)


def _of_pictures(
    source: str, images: NDArray[np.uint8], labels: NDArray[np.integer], writers: NDArray[np.str_]
) -> list[Hand]:
    items: dict[str, list[tuple[str, Glyph | None]]] = defaultdict(list)
    for image, label, writer in zip(images, labels, writers, strict=True):
        items[str(writer)].append((str(label), glyph_of_picture(image)))
    return _hands(source, items)


def _unipen(folder: Path) -> Iterable[Hand]:
    digits, letters = read_pen_paths(folder / "digits.npz"), read_pen_paths(folder / "letters_signs.npz")
    items = _path_items(digits)
    known = set(items)
    for writer, found in _path_items(letters).items():
        if writer in known:
            items[writer] += [(char, glyph) for char, glyph in found if char in _LETTERS]
    strings = _path_items(read_pen_paths(folder / "strings.npz"))
    whole = [
        Hand(f"unipen {writer}", "unipen_strings", {}, strings=[(text, g) for text, g in found if g])
        for writer, found in strings.items()
    ]
    return [*_hands("unipen", items), *(hand for hand in whole if hand.strings)]


def _paths(folder: Path) -> Iterable[Hand]:
    paths = read_pen_paths(folder / "digits.npz")
    items = _path_items(paths)
    if len(items) == 1:  # nobody noted the writers
        (everything,) = items.values()
        everything = [everything[i] for i in np.random.default_rng(0).permutation(len(everything))]
        starts = range(0, len(everything), _UNSIGNED_BLOCK)
        items = {str(start): everything[start : start + _UNSIGNED_BLOCK] for start in starts}
    return _hands(folder.name, items)


def _path_items(paths: PenPaths) -> dict[str, list[tuple[str, Glyph | None]]]:
    items: dict[str, list[tuple[str, Glyph | None]]] = defaultdict(list)
    for number in np.flatnonzero(~paths.doubtful):
        glyph = glyph_of_strokes(paths.strokes(int(number)))
        items[str(paths.writers[number])].append((str(paths.labels[number]), glyph))
    return items


def _kensanata(folder: Path) -> Iterable[Hand]:
    items: dict[str, list[tuple[str, Glyph | None]]] = defaultdict(list)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            page = np.asarray(cv2.imread(str(folder / row["path"]), cv2.IMREAD_GRAYSCALE), np.uint8)
            items[row["writer"]].append((row["label"], glyph_of_picture(_ink_of_scan(page))))
    return _hands("kensanata", items)


def _ink_of_scan(page: Grey) -> Grey:
    """(H, W) ink of a scanned digit on clean paper, its specks left out."""
    darkness = np.float32(np.median(page)) - page.astype(np.float32)
    strength = max(float(np.percentile(darkness, 99)), 20.0)
    ink = (np.clip((darkness / strength - 0.25) / 0.55, 0, 1) * 255).astype(np.uint8)
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((ink > 64).astype(np.uint8), connectivity=8)
    is_speck = stats[:, cv2.CC_STAT_AREA] < 0.004 * page.size
    ink[is_speck[pieces]] = 0
    return np.asarray(ink, np.uint8)


def _corrections(folder: Path) -> Iterable[Hand]:
    """Whole numbers that `inkdigits serve` kept, each of a hand of its own."""
    hands = []
    for path in find_images([folder]):
        field = find_field(read_image(path))
        glyph = glyph_of_picture(to_bytes(cut_line(field.darkness, field.cuts[0]))) if field.cuts else None
        text = path.with_suffix(".gt.txt").read_text(encoding="utf-8").strip()
        if glyph is not None:
            hands.append(Hand(f"corrections {path.stem}", "corrections", {}, strings=[(text, glyph)]))
    return hands


def _fonts(folder: Path) -> Iterable[Hand]:
    items: dict[str, list[tuple[str, Glyph | None]]] = defaultdict(list)
    with np.load(folder / "glyphs.npz", allow_pickle=False) as arrays:
        columns = [arrays[name] for name in ("hand", "char", "images", "digit_set_copy")]
        for hand, char, image, is_copy in zip(*columns, strict=True):
            if not is_copy and (char in DIGITS or char in _LETTERS):
                items[str(hand)].append((str(char), glyph_of_picture(image)))
    return _hands("fonts", items)


def _hands(source: str, items: dict[str, list[tuple[str, Glyph | None]]]) -> list[Hand]:
    """A hand for each writer with enough different digits; those missing are lent by the writer before."""
    hands: list[Hand] = []
    lent: dict[str, list[Glyph]] = {}
    for writer, found in items.items():
        own: dict[str, list[Glyph]] = defaultdict(list)
        for char, glyph in found:
            if glyph is not None and len(own[char]) < _MOST_OF_A_CHARACTER:
                own[char].append(glyph)
        digits = [digit for digit in DIGITS if own.get(digit)]
        if len(digits) < _LEAST_DIGITS:
            continue
        missing = [digit for digit in DIGITS if digit not in digits]
        if any(digit not in lent for digit in missing):
            continue
        borrowed = {digit: lent[digit] for digit in missing}
        lent |= {digit: own[digit] for digit in digits}
        pictures = [g.picture for digit in digits for g in own[digit][:2] if g.picture is not None]
        pen = pen_of_pictures(pictures) if pictures else 0.0
        glyphs = {char: glyphs for char, glyphs in own.items() if glyphs} | borrowed
        hands.append(Hand(f"{source} {writer}", source, glyphs, pen))
    return hands
