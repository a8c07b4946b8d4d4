"""Votes of several views, numbers with the same digits, and what an expectation does to a confidence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.reading.numbers.expectations import checked, codes
from inkdigits.reading.numbers.hypotheses import cleaned, digits_of, judge
from inkdigits.reading.numbers.line_model import OUTPUTS


def frames_that_say(*places: dict[str, float]) -> NDArray[np.float32]:
    """Blank, then a frame for each place with the probabilities of its marks, a blank between."""
    rows = []
    for place in places:
        row = np.full(len(OUTPUTS), 1e-9)
        for mark, p in place.items():
            row[OUTPUTS.index(mark)] = p
        blank = np.full(len(OUTPUTS), 1e-9)
        blank[0] = 1.0
        rows += [row / row.sum(), blank / blank.sum()]
    frames: NDArray[np.float32] = np.log(np.array(rows)).astype(np.float32)
    return frames


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("18.014", "18.014"),
        ("541.", "541"),
        ("6.075-", "6.075"),
        ("x12x", "12"),
        ("-12,5.-", "12,5"),
        ("x", ""),
        ("1x234", "234"),
        ("", ""),
    ],
)
def test_end_marks_and_other_marks_are_no_part_of_a_number(written: str, number: str) -> None:
    assert cleaned(written) == number


def test_digits_keep_their_leading_zeros() -> None:
    assert digits_of("00.7-1") == "0071"


def test_texts_with_the_same_digits_are_one_number() -> None:
    verdict = judge([frames_that_say({"1": 1.0}, {".": 0.5, ",": 0.3, "": 0.2}, {"5": 0.9, "6": 0.1})])
    best, second = verdict.candidates[:2]
    assert (best.text, second.text) == ("1.5", "1.6")
    assert best.probability == pytest.approx(0.9, abs=0.01)
    assert second.probability == pytest.approx(0.1, abs=0.01)


def test_views_vote() -> None:
    one = frames_that_say({"3": 0.6, "8": 0.4})
    other = frames_that_say({"3": 0.1, "8": 0.9})
    verdict = judge([one, other])
    assert verdict.candidates[0].text == "8"
    assert verdict.candidates[0].probability == pytest.approx(0.65, abs=0.01)


def test_an_expectation_changes_answer_and_confidence_by_bayes() -> None:
    frames = frames_that_say({"1": 0.6, "7": 0.3, "4": 0.1}, {"0": 1.0})
    free = judge([frames])
    assert free.candidates[0].text == "10"
    bound = judge([frames], codes(["70", "40"]))
    assert [candidate.text for candidate in bound.candidates] == ["70", "40"]
    # 0.3 against 0.1, and a little for a writer who did not keep to it.
    assert bound.candidates[0].probability == pytest.approx(0.75, abs=0.01)
    assert bound.unexpected < 0.01


def test_what_fits_nothing_is_unexpected() -> None:
    frames = frames_that_say({"1": 0.99999, "7": 0.00001}, {"0": 1.0})
    assert judge([frames], codes(["70"])).unexpected > 0.5
    assert judge([frames], codes(["55"])).unexpected > 0.5


def test_a_check_digit_decides_between_two_readings() -> None:
    frames = frames_that_say({"1": 0.8, "7": 0.2}, {"8": 1.0}, {"2": 1.0})
    # Luhn: 7 8 2 -> 2 + (1 + 6) + 7 = 16, no; 1 8 2 -> 2 + 7 + 1 = 10, yes.
    assert judge([frames], checked("luhn")).candidates[0].text == "182"


def test_a_rule_of_the_callers_own() -> None:
    frames = frames_that_say({"1": 0.6, "4": 0.4}, {"3": 1.0})
    verdict = judge([frames], rule=lambda text: int(text) > 20)
    assert verdict.candidates[0].text == "43"
    assert verdict.candidates[0].probability > 0.99
