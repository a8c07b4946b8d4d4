"""Which views the second reader is asked for on a page, and what is final after each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from inkdigits.ink import Plane
from inkdigits.layout.cuts import Band
from inkdigits.reading.numbers.agreement import Asked, ask_about_page
from inkdigits.reading.numbers.hypotheses import Candidate, Verdict
from inkdigits.reading.numbers.line_model import OUTPUTS
from inkdigits.reading.numbers.second_reader import MARGINS, Frames, SecondReader

MANY = 20  # groups of a page that is first read in narrow views
NARROW, BEST, OTHERS = (64, MARGINS[:1]), (320, MARGINS[:1]), (320, MARGINS[1:])


def frames_of(text: str, sure: float = 0.99) -> Frames:
    shares = np.full((2 * len(text) + 1, len(OUTPUTS)), (1 - sure) / (len(OUTPUTS) - 1))
    for place, mark in enumerate(text):
        shares[2 * place, 0] = shares[-1, 0] = sure
        shares[2 * place + 1, OUTPUTS.index(mark)] = sure
    return np.asarray(np.log(shares), np.float32)


class Scripted:
    """Says of each band what the script has for the view, and keeps what it was asked."""

    def __init__(self, **script: str) -> None:
        self.script = script
        self.asked: list[tuple[int, tuple[float, ...]]] = []

    def views(
        self,
        darkness: Plane,
        bands: Sequence[Band],
        margins: Sequence[float] = MARGINS,
        *,
        least_width_px: int = 320,
    ) -> list[list[Frames]]:
        if bands:
            self.asked.append((least_width_px, tuple(margins)))
        name = "narrow" if least_width_px < 320 else "best" if margins == MARGINS[:1] else "others"
        return [[frames_of(self.script[name]) for _ in margins] for _ in bands]


def said(second: Scripted, own: str, probability: float, n_groups: int = MANY) -> tuple[str, tuple[str, ...]]:
    """Of each of so many groups, which are all alike."""
    asked = Asked(Band(0, 0, 40, 20), Verdict((Candidate(own, own, probability, -0.1),), 0.0))
    page = np.zeros((20, 40), np.float32)
    joint, *others = ask_about_page(cast(SecondReader, second), page, [asked] * n_groups, None, None)
    assert all(other == joint for other in others)
    return joint.verdict.candidates[0].written, joint.readers


def test_what_both_read_alike_is_final_after_a_narrow_view() -> None:
    second = Scripted(narrow="17")
    assert said(second, "17", 0.9) == ("17", ("inkdigits", "rapidocr"))
    assert second.asked == [NARROW]


def test_a_word_is_left_alone_after_a_narrow_view() -> None:
    second = Scripted(narrow="x1x")
    assert said(second, "11", 0.6) == ("x1x", ())
    assert second.asked == [NARROW]


def test_a_number_that_looks_like_a_word_in_a_narrow_view_is_looked_at_again() -> None:
    second = Scripted(narrow="xx", best="71")
    assert said(second, "71", 0.99) == ("71", ("inkdigits", "rapidocr"))
    assert second.asked == [NARROW, BEST]
    assert said(Scripted(narrow="xx", best="xx"), "71", 0.99) == ("xx", ())


def test_where_they_differ_all_views_have_a_vote() -> None:
    second = Scripted(narrow="11", best="11", others="17")
    assert said(second, "17", 0.6) == ("17", ("inkdigits", "rapidocr"))
    assert second.asked == [NARROW, BEST, OTHERS]


def test_on_a_page_of_few_groups_all_views_have_a_vote() -> None:
    second = Scripted(others="17")
    assert said(second, "17", 0.9, n_groups=2) == ("17", ("inkdigits", "rapidocr"))
    assert second.asked == [(320, MARGINS)]
    assert said(Scripted(others="x1x"), "11", 0.9, n_groups=2) == ("x1x", ())
