"""From the frames of a line, in one view or several, to the numbers that it may say.

Each view of a line votes with the probability that it gives a text; texts with the same digits are one
number. With an expectation the probabilities are those of Bayes: among the texts that fit it, and against the
odds that the writer did not keep to it.

Letters: T frames, C outputs; K texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkdigits.layout.line import OTHER_MARK
from inkdigits.reading.numbers.beam import beam_search, log_likelihoods
from inkdigits.reading.numbers.expectations import Expectation
from inkdigits.reading.numbers.line_model import BLANK

__all__ = ["Candidate", "Verdict", "cleaned", "digits_of", "is_mostly_other", "judge", "pooled"]

_CANDIDATES_A_VIEW = 5
_SURE_BLANK = -5e-4  # the logarithm of a probability
_UNEXPECTED = 1e-3  # the odds, before anything is seen, that a number is not what was expected
_SEPARATORS = ".,-'/:"


@dataclass(frozen=True)
class Candidate:
    """A number that a line may say.

    Attributes:
        text: with the separators between its digits.
        written: with everything that the model saw, as it is aligned with the frames.
        probability: that these are the digits.
        fit: how likely the frames are for each character, a mean of natural logarithms.
    """

    text: str
    written: str
    probability: float
    fit: float


@dataclass(frozen=True)
class Verdict:
    """What a line may say, likeliest first, and how likely it is to fit no expectation at all."""

    candidates: tuple[Candidate, ...]
    unexpected: float


def cleaned(written: str) -> str:
    """The number in a text: of the parts between other marks the one with most digits, without end marks."""
    parts = [part.strip(_SEPARATORS) for part in written.split(OTHER_MARK)]
    return max(parts, key=lambda part: len(digits_of(part)))


def digits_of(text: str) -> str:
    """Its digits alone."""
    return "".join(char for char in text if char.isdigit())


def is_mostly_other(written: str) -> bool:
    """Whether letters and signs outnumber the digits, as in words that hold something like a digit."""
    return written.count(OTHER_MARK) >= max(len(digits_of(written)), 1)


def judge(
    views: Sequence[NDArray[np.float32]],
    expectation: Expectation | None = None,
    rule: Callable[[str], bool] | None = None,
) -> Verdict:
    """Weigh what a line may say.

    Args:
        views: the frames (T, C) of each view, as logarithms of probabilities.
        expectation: what the number has to be.
        rule: whether a number, as text, may be; for what no automaton can say.
    """
    is_free = expectation is None and rule is None
    views = [_condensed(frames) for frames in views]
    found = [dict(beam_search(frames, expectation=expectation)) for frames in views]
    if rule is not None:
        found = [{text: p for text, p in own.items() if _follows(text, rule)} for own in found]
    n_each = None if len(views) == 1 else _CANDIDATES_A_VIEW
    names = list(dict.fromkeys(text for own in found for text in list(own)[:n_each]))
    if not names:
        return Verdict((), 1.0)
    if len(views) == 1:
        likelihoods = np.array([[found[0][name] for name in names]])
    else:
        likelihoods = log_likelihoods(views, names)  # (views, K)
    masses = np.exp(likelihoods).mean(axis=0)  # (K,)
    total = min(float(masses.sum()), 1.0)
    unexpected = 0.0
    if not is_free:
        broken = _UNEXPECTED * max(1.0 - total, 1e-12)
        kept = (1 - _UNEXPECTED) * total
        unexpected = broken / (broken + kept)
        masses = masses * (1 - unexpected) / max(total, 1e-300)
    return Verdict(_grouped(names, masses, likelihoods.max(axis=0)), unexpected)


def pooled(one: Verdict, other: Verdict, weight: float) -> Verdict:
    """What two readers say together: the mean of their probabilities, the first one's with a weight.

    Each number keeps the text of whoever is surer of it.
    """
    shares: dict[str, list[tuple[Candidate, float]]] = {}
    for verdict, share in ((one, weight), (other, 1 - weight)):
        for candidate in verdict.candidates:
            shares.setdefault(digits_of(candidate.text), []).append((candidate, share))
    candidates = []
    for own in shares.values():
        leader = max((candidate for candidate, _ in own), key=lambda candidate: candidate.probability)
        total = sum(share * candidate.probability for candidate, share in own)
        candidates.append(replace(leader, probability=total))
    ordered = sorted(candidates, key=lambda candidate: -candidate.probability)
    return Verdict(tuple(ordered), weight * one.unexpected + (1 - weight) * other.unexpected)


def _condensed(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """The frames without those that say a blank again: they change no text, and all odds alike."""
    is_blank = frames[:, BLANK] > _SURE_BLANK
    repeats = is_blank & np.concatenate([[False], is_blank[:-1]])
    condensed: NDArray[np.float32] = frames[~repeats]
    return condensed


def _follows(written: str, rule: Callable[[str], bool]) -> bool:
    number = cleaned(written)
    return bool(digits_of(number)) and rule(number)


def _grouped(
    names: Sequence[str], masses: NDArray[np.float64], best: NDArray[np.float64]
) -> tuple[Candidate, ...]:
    """One candidate for all texts with the same digits: its likeliest text, their probabilities together."""
    groups: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        groups.setdefault(digits_of(cleaned(name)), []).append(number)
    candidates = []
    for members in groups.values():
        leader = max(members, key=lambda number: masses[number])
        written = names[leader]
        candidates.append(
            Candidate(
                cleaned(written),
                written,
                float(masses[members].sum()),
                float(best[leader]) / max(len(written), 1),
            )
        )
    return tuple(sorted(candidates, key=lambda candidate: -candidate.probability))
