"""Scans written lines and packs them into batches of a few widths, for the CTC loss.

Letters: N lines, W columns, T frames, L places of a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Plane
from inkdigits.layout.line import MARKS, OTHER_MARK
from inkdigits.synthesis.scans import Papers, scan
from inkdigits.training.number_corpus import Shard

__all__ = ["batches", "kept_lines", "likeliest", "padded"]

_PLACES = 24  # of a label
_CODES = {mark: i + 1 for i, mark in enumerate((*MARKS, OTHER_MARK))}


def kept_lines(shard: Shard, seed: int) -> list[Plane]:
    """Lines (32, W) of a shard, scanned in the same way each time."""
    generator = np.random.default_rng([seed, 3])
    papers = Papers(generator)
    return [scan(*line, papers, generator) for line in zip(shard.canvases(), shard.boxes, strict=True)]


def batches(
    shard: Shard, columns_per_batch: int, widths: Sequence[int], generator: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """Scan the lines in a new order, and give them out (N, 32, W, 1) as soon as a width has a batch full."""
    papers = Papers(generator)
    canvases = shard.canvases()
    waiting: dict[int, list[tuple[Plane, str]]] = {width: [] for width in widths}
    for number in generator.permutation(len(shard)):
        line = scan(canvases[number], tuple(shard.boxes[number]), papers, generator)
        width = next(width for width in widths if line.shape[1] <= width)
        label = str(shard.labels[number])
        if _frames_needed(label) > line.shape[1] // 2 or len(label) > _PLACES:
            continue
        waiting[width].append((line, label))
        if len(waiting[width]) == max(columns_per_batch // width, 8):
            yield padded(waiting[width], width)
            waiting[width] = []


def _frames_needed(label: str) -> int:
    """The frames without which CTC cannot say a label: a blank stands between two equal marks."""
    return len(label) + sum(a == b for a, b in pairwise(label))


def padded(lines: Sequence[tuple[Plane, str]], width: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Lines as a batch (N, 32, W, 1), paper on the right, and their labels (N, L), 0 where they end."""
    inputs = np.zeros((len(lines), lines[0][0].shape[0], width, 1), np.float32)
    labels = np.zeros((len(lines), _PLACES), np.int32)
    for i, (line, label) in enumerate(lines):
        inputs[i, :, : line.shape[1], 0] = line
        labels[i, : len(label)] = [_CODES[mark] for mark in label]
    return inputs, labels


def likeliest(frames: NDArray[np.integer]) -> str:
    """What the likeliest marks of the frames (T,) say: repeats merged, blanks left out."""
    marks = ("", *MARKS, OTHER_MARK)
    changes = np.flatnonzero(np.diff(frames, prepend=-1))
    return "".join(marks[frames[i]] for i in changes)
