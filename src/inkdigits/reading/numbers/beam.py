"""Prefix beam search: the likeliest texts of a line, all ways to write each in frames counted together.

With an expectation, the search walks its automaton: only texts that can still be completed stay in the beam.
Their probabilities stay those of the line model, so their sum says how far the line fits the expectation.

Source: Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification", 2006; the search by
prefixes as in Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition using
bi-directional recurrent DNNs", 2014.

Letters: T frames, C outputs; V views; K texts, L places of the longest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.numbers.expectations import Expectation, State
from inkdigits.reading.numbers.line_model import BLANK, OUTPUTS

__all__ = ["Beam", "Span", "align", "beam_search", "log_likelihoods"]

Span = tuple[int, int]
"""First and last frame of a character."""

_SURE_BLANK = 0.9995  # such frames change nothing but the odds of all texts alike
_LOWEST = -1e30
_LEAST_LOG = -60.0  # of a mark in a frame
_RESCALED_EVERY = 8  # frames; products of so many are still far above what a float can hold
_LEAST = 1e-300
_CODE_OF = {mark: code for code, mark in enumerate(OUTPUTS)}

_Entry = tuple[float, float, State]  # how likely it ends in a blank and in a mark; the state


@dataclass(frozen=True)
class Beam:
    """How much of what a line may say is followed.

    Attributes:
        width: texts kept after each frame.
        depth: how much less likely than the best one a text may become, a natural logarithm.
        least: probability of a mark in a frame; less likely ones start no text.
    """

    width: int
    depth: float
    least: float


#: For a line that may say anything, and for one whose likeliest texts may not be what is expected.
_FREE, _EXPECTANT = Beam(12, 9.0, 1e-3), Beam(64, 20.0, 1e-6)


def beam_search(
    frames: NDArray[np.float32], *, beam: Beam | None = None, expectation: Expectation | None = None
) -> list[tuple[str, float]]:
    """Find the likeliest texts.

    Args:
        frames: (T, C) natural logarithms of probabilities.
        beam: how much is followed; None for what suits the expectation.
        expectation: what the text has to be; None for anything. Other marks, `x`, are no part of it.

    Returns:
        Texts and the natural logarithm of their probability, likeliest first; perhaps none.
    """
    beam = beam or (_FREE if expectation is None else _EXPECTANT)
    start: State = expectation.start if expectation is not None else 0
    texts: dict[str, _Entry] = {"": (1.0, 0.0, start)}
    passed = 0.0  # the logarithm of what the likeliest text was divided by so far
    for row in _odds(frames).tolist():
        if row[BLANK] > _SURE_BLANK:
            passed += math.log(row[BLANK])
            texts = {text: (blank + mark, 0.0, state) for text, (blank, mark, state) in texts.items()}
            continue
        likely = [code for code in range(1, len(row)) if row[code] > beam.least]
        texts, scale = _pruned(_advance(texts, row, likely, expectation), beam)
        passed += math.log(scale)
    found = [
        (text, passed + math.log(blank + mark))
        for text, (blank, mark, state) in texts.items()
        if expectation is None or expectation.accepts(state)
    ]
    return sorted(found, key=lambda item: -item[1])


def _pruned(texts: dict[str, _Entry], beam: Beam) -> tuple[dict[str, _Entry], float]:
    """The likeliest texts, divided by how likely the likeliest one is, and that number."""
    scores = sorted([blank + mark for blank, mark, _ in texts.values()], reverse=True)
    scale = scores[0]
    least = max(scale * math.exp(-beam.depth), scores[min(beam.width, len(scores)) - 1])
    return {
        text: (blank / scale, mark / scale, state)
        for text, (blank, mark, state) in texts.items()
        if blank + mark >= least
    }, scale


def _advance(
    texts: dict[str, _Entry], row: list[float], likely: list[int], expectation: Expectation | None
) -> dict[str, _Entry]:
    """The beam after one more frame."""
    following: dict[str, _Entry] = {}
    unseen = (0.0, 0.0, 0)
    for text, (blank, mark, state) in texts.items():
        either = blank + mark
        last = text[-1:]
        held = mark * row[_CODE_OF[last]] if last else 0.0
        known = following.get(text, unseen)
        following[text] = (known[0] + either * row[BLANK], known[1] + held, state)
        for code in likely:
            char = OUTPUTS[code]
            after = state
            if expectation is not None and char != OUTPUTS[-1]:
                stepped = expectation.step(state, char)
                if stepped is None:
                    continue
                after = stepped
            before = blank if char == last else either
            if before:
                longer = text + char
                known = following.get(longer, unseen)
                following[longer] = (known[0], known[1] + before * row[code], after)
    return following


def log_likelihoods(views: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> NDArray[np.float64]:
    """(V, K) how likely each text is in each view (T, C), all ways to write it counted: CTC's forward sum."""
    longest = max((len(text) for text in texts), default=0)
    codes = np.zeros((len(texts), 2 * longest + 1), np.int64)  # (K, 2L + 1): blanks between the marks
    for row, text in enumerate(texts):
        codes[row, 1 : 2 * len(text) : 2] = [_CODE_OF[char] for char in text]
    may_skip = np.zeros(codes.shape)
    may_skip[:, 2:] = (codes[:, 2:] != BLANK) & (codes[:, 2:] != codes[:, :-2])
    emitted = _odds(_of_one_length(views))[:, :, codes]  # (T, V, K, 2L + 1)
    forward = np.zeros(emitted.shape[1:])
    forward[..., :2] = emitted[0, ..., :2]
    passed = np.zeros(forward.shape[:-1])
    for t in range(1, len(emitted)):
        following = forward.copy()
        following[..., 1:] += forward[..., :-1]
        following[..., 2:] += may_skip[:, 2:] * forward[..., :-2]
        following *= emitted[t]
        forward = following
        if t % _RESCALED_EVERY == 0:
            scale = np.maximum(forward.max(axis=-1), _LEAST)
            passed += np.log(scale)
            forward /= scale[..., None]
    ends = np.array([2 * len(text) for text in texts], np.int64)
    rows = np.arange(len(texts))
    last = np.where(ends > 0, forward[:, rows, np.maximum(ends - 1, 0)], 0.0)
    result: NDArray[np.float64] = passed + np.log(np.maximum(forward[:, rows, ends] + last, _LEAST))
    return result


def _of_one_length(views: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(T, V, C) all views, the shorter ones followed by blanks, which change no text's odds."""
    together = np.full((max(map(len, views)), len(views), len(OUTPUTS)), _LEAST_LOG, np.float32)
    together[..., BLANK] = 0.0
    for number, frames in enumerate(views):
        together[: len(frames), number] = frames
    return together


def _odds(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities from their logarithms, none of them 0."""
    odds: NDArray[np.float64] = np.exp(np.maximum(frames, _LEAST_LOG).astype(np.float64))
    return odds


def align(frames: NDArray[np.float32], text: str) -> list[Span]:
    """Where each character of a text stands: its frames on the likeliest way to write it (Viterbi)."""
    codes = [BLANK]
    for char in text:
        codes += [_CODE_OF[char], BLANK]
    n = len(codes)
    best = np.full(n, _LOWEST)
    best[:2] = [frames[0][code] for code in codes[:2]]
    may_skip = np.zeros(n, np.bool_)
    for place in range(3, n, 2):
        may_skip[place] = codes[place] != codes[place - 2]
    came_from = np.zeros((len(frames), n), np.int64)
    emitted = frames[:, codes].astype(np.float64)
    for t in range(1, len(frames)):
        ways = np.full((3, n), _LOWEST)
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, 2:] = np.where(may_skip[2:], best[:-2], _LOWEST)
        came_from[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + emitted[t]
    place = n - 1 if n == 1 or best[n - 1] >= best[n - 2] else n - 2
    path = [place]
    for t in range(len(frames) - 1, 0, -1):
        place -= int(came_from[t, place])
        path.append(place)
    return _spans(path[::-1], len(text))


def _spans(path: list[int], n_chars: int) -> list[Span]:
    spans: list[Span] = [(0, 0)] * n_chars
    start = 0
    for t, (here, following) in enumerate(pairwise([*path, -1])):
        if here != following:
            if here % 2:
                spans[here // 2] = (start, t)
            start = t + 1
    return spans
