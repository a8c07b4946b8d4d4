"""What two readers say together, and for which views of a number the second one is asked.

The second reader takes many times as long as the line model. So on a page of many groups it is first asked
for one narrow view of each, all of them together: where both read the same number there, or it sees a word,
that is final. The others get the view that it reads best, and only what is still open gets them all.

Letters: H, W size of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inkdigits.ink import Plane
from inkdigits.layout.cuts import Band
from inkdigits.reading.numbers.expectations import Expectation
from inkdigits.reading.numbers.hypotheses import (
    Candidate,
    Verdict,
    digits_of,
    is_mostly_other,
    judge,
    pooled,
)
from inkdigits.reading.numbers.second_reader import MARGINS, Frames, SecondReader, masked

__all__ = ["Asked", "Joint", "ask_about_field", "ask_about_page"]

_OWN_WEIGHT = 0.6  # of the line model; measured by benchmarks/joint_confidence.py
# Measured on pages: docs/log.md#two-readers-on-a-page.
_AGREED = 0.7  # of a number that both read alike: further views do not change it
_SURE_WORD = 0.9  # of a word in the narrow view ...
_PLAIN_NUMBER = 0.8  # ... unless the line model is so sure of a number
_NARROW_PX = 64  # to which short lines are padded in that view
_FEW_GROUPS = 12  # of a page: all of their views cost less than a second

Rule = Callable[[str], bool]


@dataclass(frozen=True)
class Asked:
    """A number that the second reader is asked about: where it is, and what the line model says."""

    band: Band
    own: Verdict


@dataclass(frozen=True)
class Joint:
    """What two readers say together, and who of them said what is likeliest."""

    verdict: Verdict
    readers: tuple[str, ...] = ()


def ask_about_field(
    second: SecondReader, darkness: Plane, asked: Asked, expectation: Expectation | None, rule: Rule | None
) -> Joint:
    """What both readers say of the number in a field's darkness (H, W)."""
    (views,) = second.views(darkness, [asked.band])
    return _together(asked.own, views, expectation, rule)


def ask_about_page(
    second: SecondReader,
    darkness: Plane,
    asked: Sequence[Asked],
    expectation: Expectation | None,
    rule: Rule | None,
) -> list[Joint]:
    """What both readers say of each group in a page's darkness (H, W); a word is nobody's number."""
    if len(asked) <= _FEW_GROUPS:
        views_of_all = second.views(darkness, [each.band for each in asked])
        return [
            _word_or_number(each, views, expectation, rule)
            for each, views in zip(asked, views_of_all, strict=True)
        ]
    joint: dict[int, Joint] = {}

    def still_open() -> list[int]:
        return [number for number in range(len(asked)) if number not in joint]

    bands = [each.band for each in asked]
    narrow = second.views(darkness, bands, MARGINS[:1], least_width_px=_NARROW_PX)
    for number, (each, views) in enumerate(zip(asked, narrow, strict=True)):
        word = _word_in(views)
        if word is None:
            _keep_agreed(joint, number, _together(each.own, views, expectation, rule))
        elif word.probability > _SURE_WORD and not _is_plain(each.own):
            joint[number] = Joint(Verdict((word,), 0.0))
    numbers = still_open()
    best = dict(zip(numbers, second.views(darkness, [bands[n] for n in numbers], MARGINS[:1]), strict=True))
    for number, views in best.items():
        word = _word_in(views)
        if word is None:
            _keep_agreed(joint, number, _together(asked[number].own, views, expectation, rule))
        else:
            joint[number] = Joint(Verdict((word,), 0.0))
    numbers = still_open()
    further = second.views(darkness, [bands[n] for n in numbers], MARGINS[1:])
    for number, views in zip(numbers, further, strict=True):
        joint[number] = _together(asked[number].own, best[number] + views, expectation, rule)
    return [joint[number] for number in range(len(asked))]


def _word_or_number(
    each: Asked, views: Sequence[Frames], expectation: Expectation | None, rule: Rule | None
) -> Joint:
    word = _word_in(views[:1])
    return _together(each.own, views, expectation, rule) if word is None else Joint(Verdict((word,), 0.0))


def _word_in(views: Sequence[Frames]) -> Candidate | None:
    """What the second reader sees, if that is mostly letters and signs."""
    seen = next(iter(judge(views).candidates), None)
    return seen if seen is not None and is_mostly_other(seen.written) else None


def _is_plain(verdict: Verdict) -> bool:
    """Whether the line model is sure of a number without any other mark."""
    best = next(iter(verdict.candidates), None)
    return best is not None and best.probability > _PLAIN_NUMBER and best.written.isdigit()


def _keep_agreed(joint: dict[int, Joint], number: int, together: Joint) -> None:
    if len(together.readers) == 2 and together.verdict.candidates[0].probability > _AGREED:
        joint[number] = together


def _together(
    own: Verdict, views: Sequence[Frames], expectation: Expectation | None, rule: Rule | None
) -> Joint:
    other = judge([masked(view) for view in views], expectation, rule)
    verdict = pooled(own, other, _OWN_WEIGHT)
    said = _likeliest(verdict)
    both = (("inkdigits", own), ("rapidocr", other))
    return Joint(verdict, tuple(name for name, each in both if each.candidates and _likeliest(each) == said))


def _likeliest(verdict: Verdict) -> str:
    """The digits of its likeliest number."""
    return digits_of(verdict.candidates[0].text) if verdict.candidates else ""
