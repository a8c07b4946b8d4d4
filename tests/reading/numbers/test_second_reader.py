"""The second reader: how two readers speak with one voice, and what it is without its package."""

from __future__ import annotations

from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from inkdigits.errors import ConfigError, MissingExtraError
from inkdigits.reading.numbers.hypotheses import Candidate, Verdict, pooled
from inkdigits.reading.numbers.line_model import OUTPUTS
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.reading.numbers.second_reader import SecondReader, masked


def verdict(**shares: float) -> Verdict:
    return Verdict(tuple(Candidate(text[1:], text[1:], p, -0.1) for text, p in shares.items()), 0.0)


def test_agreement_is_surer_than_the_less_sure_reader_and_disagreement_less_sure_than_the_leader() -> None:
    alike = pooled(verdict(_17=0.9), verdict(_17=0.6), 0.4).candidates[0]
    assert alike.text == "17"
    assert alike.probability == pytest.approx(0.4 * 0.9 + 0.6 * 0.6)
    first, second = pooled(verdict(_17=0.9), verdict(_11=0.95), 0.4).candidates
    assert (first.text, second.text) == ("11", "17")
    assert first.probability < 0.95


def test_the_surer_reader_names_the_separators() -> None:
    one = Verdict((Candidate("1.7", "1.7", 0.9, -0.1),), 0.0)
    other = Verdict((Candidate("17", "17", 0.5, -0.1),), 0.0)
    assert [each.text for each in pooled(one, other, 0.4).candidates] == ["1.7"]


def test_masked_frames_are_probabilities_without_other_marks() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(len(OUTPUTS)), 9)
    frames = np.exp(masked(np.log(shares).astype(np.float32)))
    assert frames.sum(axis=1) == pytest.approx(np.ones(9), abs=1e-5)
    assert frames[:, -1].max() < 1e-6


def test_a_bound_on_the_errors_is_not_promised_for_two_readers() -> None:
    with pytest.raises(ConfigError, match="second reader"):
        NumberReader(max_error=0.08, second_reader=True)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkdigits.reading.numbers.rapidocr_models.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[pages\]"):
        SecondReader()


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs inkdigits[pages]")
def test_two_readers_read_a_number_and_leave_a_word_alone() -> None:
    reader = NumberReader(second_reader=True)
    page = np.full((80, 300), 225, np.uint8)
    cv2.putText(page, "4711", (40, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
    (number,) = reader.read(page, one=True).numbers
    assert (number.digits, number.readers) == ("4711", ("inkdigits", "rapidocr"))
    assert number.to_json()["readers"] == ["inkdigits", "rapidocr"]
    word = np.full((80, 300), 225, np.uint8)
    cv2.putText(word, "Names", (40, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3, cv2.LINE_AA)
    assert reader.read(word).text == ""
