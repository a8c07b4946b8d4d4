"""Written lines: what they say is on them, inside their box, and the same seed writes the same line."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from inkdigits.layout.line import LINE_HEIGHT, MARKS
from inkdigits.synthesis.hands import Hand, glyph_of_picture, glyph_of_strokes, pen_of_pictures
from inkdigits.synthesis.scans import Papers, scan
from inkdigits.synthesis.strings import CANVAS_HEIGHT, OTHER, write_line
from inkdigits.synthesis.wording import wording


def picture_hand() -> Hand:
    """Ten printed digits as pictures."""
    glyphs = {}
    for digit in "0123456789":
        image = np.zeros((40, 40), np.uint8)
        cv2.putText(image, digit, (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 2, cv2.LINE_AA)
        glyph = glyph_of_picture(image)
        assert glyph is not None
        glyphs[digit] = [glyph]
    return Hand("printed", "test", glyphs, pen=0.1)


def path_hand() -> Hand:
    """Ten zigzags as pen paths, and some letters."""
    generator = np.random.default_rng(0)
    glyphs = {}
    for char in "0123456789AK":
        glyph = glyph_of_strokes([np.cumsum(generator.uniform(-1, 1, (8, 2)), axis=0) for _ in range(2)])
        assert glyph is not None
        glyphs[char] = [glyph]
    return Hand("drawn", "test", glyphs)


@pytest.mark.parametrize("hand", [picture_hand(), path_hand()], ids=["pictures", "paths"])
@pytest.mark.parametrize("seed", range(40))
def test_a_line_has_ink_in_its_box_and_a_label_of_known_marks(hand: Hand, seed: int) -> None:
    line = write_line(hand, np.random.default_rng(seed))
    assert line.ink.shape[0] == CANVAS_HEIGHT
    assert re.fullmatch(f"[{re.escape(''.join(MARKS))}{OTHER}]+", line.label)
    assert OTHER * 2 not in line.label
    left, top, right, bottom = line.box
    assert 0 <= left < right <= line.ink.shape[1]
    assert line.ink[max(round(top) - 3, 0) : round(bottom) + 3, round(left) : round(right)].max() > 100


def test_the_same_seed_writes_the_same_line() -> None:
    first, again, other = (write_line(path_hand(), np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert first.label == again.label
    assert np.array_equal(first.ink, again.ink)
    assert not np.array_equal(first.ink, other.ink)


def test_whole_numbers_of_a_hand_are_drawn_as_they_were_written() -> None:
    strokes = [np.array([[0, 0], [0, 1]], float), np.array([[0.6, 0], [0.6, 1]], float)]
    glyph = glyph_of_strokes(strokes)
    assert glyph is not None
    hand = Hand("someone", "test", {}, strings=[("11", glyph)])
    line = write_line(hand, np.random.default_rng(0))
    assert line.label == "11"
    left, _, right, _ = line.box
    assert 0.4 <= (right - left) / 30 <= 1.6


def test_a_glyph_stands_on_the_baseline() -> None:
    glyph = glyph_of_strokes([np.array([[3, 5], [4, 9]], float)])
    assert glyph is not None
    points = np.concatenate(glyph.strokes)
    assert points.min(axis=0).tolist() == [0, -1]
    assert points.max(axis=0).tolist() == [0.25, 0]
    assert glyph_of_strokes([np.array([[3, 5], [4, 5]], float)]) is None
    assert glyph_of_picture(np.zeros((9, 9), np.uint8)) is None


def test_the_width_of_a_pen_is_found_in_pictures() -> None:
    image = np.zeros((60, 60), np.uint8)
    cv2.line(image, (30, 5), (30, 54), 255, 6)
    assert pen_of_pictures([image]) == pytest.approx(6 / 60, abs=0.03)


def test_every_kind_of_number_is_written_and_every_digit_is_as_likely() -> None:
    generator = np.random.default_rng(0)
    texts = [wording(generator) for _ in range(4000)]
    for kind in (
        r"\d",
        r"\d{5}",
        r"0\d+",
        r"\d{1,3}\.\d{3}",
        r"\d+,\d",
        r"\d+/\d+/\d+",
        r"\d{12}",
        r"\d+:\d+",
    ):
        assert any(re.fullmatch(kind, text) for text in texts), kind
    plain = "".join(text for text in texts if text.isdigit())
    shares = np.bincount([int(digit) for digit in plain], minlength=10) / len(plain)
    assert shares[1:].min() > 0.08
    assert shares.max() < 0.15


def test_a_scan_is_a_line_that_shows_the_number() -> None:
    generator = np.random.default_rng(1)
    papers = Papers(generator, n_papers=12)
    hand = picture_hand()
    inked = []
    for _ in range(40):
        written = write_line(hand, generator)
        line = scan(written.ink, written.box, papers, generator)
        assert line.shape[0] == LINE_HEIGHT
        assert line.dtype == np.float32
        assert np.isfinite(line).all()
        assert -0.5 <= line.min() <= line.max() <= 1.5
        inked.append(float((line > 0.6).mean()))
    assert 0.02 < np.median(inked) < 0.4
