"""Reads pen paths: what a tablet recorded of a pen, so that a digit can be drawn with any other pen.

An archive of NumPy holds all points one after another, and where strokes and items begin:

    points                                    (M, 2), x before y, y downwards, each item's longest side 1
    stroke_start                              stroke i is points[stroke_start[i]:stroke_start[i + 1]]
    digit_start | char_start | string_start   item i is the strokes from start[i] to start[i + 1]
    labels | char                             what each item says
    writer, country, doubtful                 whose hand it is, from where, and whether its label is
                                              uncertain; each may be missing

Letters: M, number of points; S, of strokes; N, of items; K, of points in one stroke.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError

__all__ = ["PenPaths", "read_pen_paths"]

_ITEM_STARTS = ("digit_start", "char_start", "string_start")
_LABELS = ("labels", "char")


@dataclass(frozen=True, eq=False)
class PenPaths:
    """Items written with a recorded pen: digits, letters, or whole numbers.

    Attributes:
        points: (M, 2) float32, x before y, y downwards; the longest side of each item is 1.
        stroke_start: (S + 1,), where each stroke begins in `points`.
        item_start: (N + 1,), with which stroke each item begins.
        labels: (N,) strings, what each item says.
        writers: (N,) strings, "" for an unknown writer.
        countries: (N,) strings, such as "US"; "" for an unknown country.
        doubtful: (N,) true where the label is uncertain.
    """

    points: NDArray[np.float32]
    stroke_start: NDArray[np.int64]
    item_start: NDArray[np.int64]
    labels: NDArray[np.str_]
    writers: NDArray[np.str_]
    countries: NDArray[np.str_]
    doubtful: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    def strokes(self, number: int) -> list[NDArray[np.float32]]:
        """The strokes of one item, each (K, 2), in the order of writing."""
        starts = self.stroke_start[self.item_start[number] : self.item_start[number + 1] + 1]
        return [self.points[start:end] for start, end in pairwise(starts)]


def read_pen_paths(path: Path) -> PenPaths:
    """Read the pen paths in an archive of NumPy; other arrays in it are ignored.

    Raises:
        DatasetError: the file cannot be read, or its arrays are missing or do not fit each other.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            wanted = {*_ITEM_STARTS, *_LABELS, "points", "stroke_start", "writer", "country", "doubtful"}
            found = {name: arrays[name] for name in arrays.files if name in wanted}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise _malformed(path, str(error)) from error
    paths = _to_paths(path, found)
    _check(path, paths)
    return paths


def _to_paths(path: Path, found: Mapping[str, NDArray[Any]]) -> PenPaths:
    starts = [found[name] for name in _ITEM_STARTS if name in found]
    labels = [found[name] for name in _LABELS if name in found]
    if "points" not in found or "stroke_start" not in found or len(starts) != 1 or len(labels) != 1:
        raise _malformed(path, f"the arrays {', '.join(sorted(found)) or 'none'}")
    n_items = len(labels[0])
    nobody, nothing = np.full(n_items, ""), np.zeros(n_items, np.bool_)
    return PenPaths(
        np.asarray(found["points"], np.float32),
        np.asarray(found["stroke_start"], np.int64),
        np.asarray(starts[0], np.int64),
        labels[0].astype(np.str_),
        found.get("writer", nobody).astype(np.str_),
        found.get("country", nobody).astype(np.str_),
        found.get("doubtful", nothing).astype(np.bool_),
    )


def _check(path: Path, paths: PenPaths) -> None:
    """Refuse starts that do not rise from the first stroke or point to the last, and lengths that differ."""
    shape = paths.points.shape
    if len(shape) != 2 or shape[1] != 2 or not np.isfinite(paths.points).all():
        raise _malformed(path, f"points of shape {shape}, or some that are not finite")
    for name, starts, n in (
        ("stroke_start", paths.stroke_start, shape[0]),
        ("the starts of the items", paths.item_start, len(paths.stroke_start) - 1),
    ):
        rises = starts.ndim == 1 and len(starts) > 0 and bool((np.diff(starts) > 0).all())
        if not rises or starts[0] != 0 or starts[-1] != n:
            raise _malformed(path, f"{name} that do not rise from 0 to {n}")
    counts = {len(paths.labels), len(paths.writers), len(paths.countries), len(paths.doubtful)}
    if counts != {len(paths.item_start) - 1}:
        raise _malformed(path, f"{len(paths.item_start) - 1} items, and labels or writers for another number")


def _malformed(path: Path, found: str) -> DatasetError:
    return DatasetError(
        path,
        expected="an archive of pen paths: points, stroke_start, digit_start or its like, and labels",
        found=found,
        remedy="Copy or download the file again.",
    )
