"""The beam search and the forward sums against all ways to write a text, counted one by one."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.reading.numbers.beam import Beam, align, beam_search, log_likelihoods
from inkdigits.reading.numbers.expectations import codes
from inkdigits.reading.numbers.line_model import OUTPUTS

EVERYTHING = Beam(width=300, depth=60.0, least=1e-6)
ALPHABET = ("", "0", "1", "2")


def frames_of(n_frames: int, seed: int) -> NDArray[np.float32]:
    """(T, C) log-probabilities where only blank, 0, 1 and 2 can be."""
    p = np.full((n_frames, len(OUTPUTS)), 1e-30)
    p[:, : len(ALPHABET)] = np.random.default_rng(seed).dirichlet(np.full(len(ALPHABET), 0.5), n_frames)
    frames: NDArray[np.float32] = np.log(p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    return frames


def every_text(frames: NDArray[np.float32]) -> dict[str, float]:
    """The probability of each text: paths summed one by one, repeats merged, blanks left out."""
    p = np.exp(frames.astype(np.float64))
    texts: dict[str, float] = {}
    for path in product(range(len(ALPHABET)), repeat=len(frames)):
        text = "".join(ALPHABET[code] for code, _ in groupby(path))
        texts[text] = texts.get(text, 0.0) + float(np.prod(p[np.arange(len(frames)), path]))
    return texts


@pytest.mark.parametrize("seed", range(8))
def test_the_beam_finds_the_likeliest_texts_and_what_they_are_worth(seed: int) -> None:
    frames = frames_of(6, seed)
    truth = every_text(frames)
    found = beam_search(frames, beam=EVERYTHING)
    best = sorted(truth, key=lambda text: -truth[text])
    assert [text for text, _ in found[:5]] == best[:5]
    for text, log_probability in found[:20]:
        assert np.exp(log_probability) == pytest.approx(truth[text], rel=0.02, abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_forward_sums_are_the_sums_over_all_paths(seed: int) -> None:
    frames = frames_of(6, seed)
    truth = every_text(frames)
    texts = ["", "0", "11", "012", "2121", "000"]
    expected = [truth[text] for text in texts]
    shorter = frames[:4]
    found = np.exp(log_likelihoods([frames, shorter], texts))
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-12)
    truth = every_text(shorter)
    np.testing.assert_allclose(found[1], [truth.get(text, 0.0) for text in texts], rtol=1e-4, atol=1e-12)


def test_an_expectation_keeps_the_probabilities_of_what_it_allows() -> None:
    frames = frames_of(7, 3)
    truth = every_text(frames)
    allowed = ["012", "102", "21", "2"]
    found = beam_search(frames, beam=EVERYTHING, expectation=codes(allowed))
    assert {text for text, _ in found} <= set(allowed)
    assert found[0][0] == max(allowed, key=lambda text: truth[text])
    for text, log_probability in found:
        assert np.exp(log_probability) == pytest.approx(truth[text], rel=0.02, abs=1e-4)


def test_a_repeated_digit_needs_a_blank_between() -> None:
    frames = np.full((5, len(OUTPUTS)), -20.0, np.float32)
    for t, code in enumerate((2, 2, 0, 2, 2)):
        frames[t, code] = -1e-6
    assert beam_search(frames)[0][0] == "11"
    assert align(frames, "11") == [(0, 1), (3, 4)]


def test_the_alignment_says_where_each_character_stands() -> None:
    frames = np.full((9, len(OUTPUTS)), -20.0, np.float32)
    for t, code in enumerate((0, 5, 5, 0, 11, 0, 0, 8, 0)):
        frames[t, code] = -1e-6
    assert beam_search(frames)[0][0] == "4.7"
    assert align(frames, "4.7") == [(1, 2), (4, 4), (7, 7)]
