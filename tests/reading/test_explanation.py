"""The picture of what the model saw: its parts are where they belong, whatever the page's shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inkdigits.normalizer import Normalized
from inkdigits.reading.explanation import draw_explanation
from inkdigits.reading.recognizer import Examination
from inkdigits.reading.wording import reason_in_words, verdict
from inkdigits.results import Box, Prediction, Reason

SIZE = (920, 420)
PAGE, INK, BARS = (slice(20, 300), slice(320, 600), slice(620, 900))  # columns of pixels
PANELS = slice(56, 336)  # rows of pixels
ACCENT = (213, 94, 0)
DIGIT_NAMES = tuple("0123456789")


def examination(page: NDArray[np.uint8], box: Box | None, digit: int = 3) -> Examination:
    """One that nobody has to recognize anything for; the ink is a square in the middle."""
    ink = np.zeros((28, 28), np.float32)
    ink[10:18, 10:18] = 1
    if box is None:
        prediction = Prediction(None, 0.0, (0.1,) * 10, refused=True, reason=Reason.BLANK, box=None)
        return Examination(page, Normalized(ink * 0, None), prediction, DIGIT_NAMES)
    row = [0.02] * 10
    row[digit] = 0.82
    prediction = Prediction(digit, 0.82, tuple(row), refused=False, reason=None, box=box, label=str(digit))
    return Examination(page, Normalized(ink, box), prediction, DIGIT_NAMES)


def page_of(width: int, height: int, box: Box) -> NDArray[np.uint8]:
    page = np.full((height, width), 255, np.uint8)
    page[box.top : box.top + box.height, box.left : box.left + box.width] = 0
    return page


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)


def accented(pixels: NDArray[np.uint8], columns: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels in the accent's colour, counted in the whole image."""
    rows, found = np.nonzero((pixels[:, columns] == ACCENT).all(axis=2))
    return rows, found + columns.start


def test_size_and_colours_are_always_the_same() -> None:
    image = draw_explanation(examination(page_of(200, 100, Box(60, 20, 30, 50)), Box(60, 20, 30, 50)))
    assert (image.size, image.mode) == (SIZE, "RGB")


def test_the_title_says_where_the_picture_itself_was_judged_too() -> None:
    once = examination(page_of(28, 28, Box(4, 4, 20, 20)), Box(4, 4, 20, 20))
    as_it_is = replace(once.normalized, as_it_is=np.zeros((28, 28), np.float32))
    pictures = (pixels_of(draw_explanation(each)) for each in (once, replace(once, normalized=as_it_is)))
    differs = (next(pictures) != next(pictures)).any(axis=2)
    assert differs[: PANELS.start, PAGE].any()
    differs[: PANELS.start, PAGE] = False
    assert not differs.any()


def test_the_same_examination_gives_the_same_picture() -> None:
    one = examination(page_of(50, 50, Box(10, 10, 20, 20)), Box(10, 10, 20, 20))
    assert draw_explanation(one).tobytes() == draw_explanation(one).tobytes()


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (200, 100, Box(60, 20, 30, 50)),
        (28, 28, Box(4, 4, 20, 20)),
        (40, 4000, Box(5, 1800, 30, 200)),
        (4000, 40, Box(1800, 5, 200, 30)),
        (1, 1, Box(0, 0, 1, 1)),
        (5000, 1, Box(0, 0, 5000, 1)),
        (2000, 2000, Box(0, 0, 2000, 2000)),
    ],
    ids=["wide", "as in MNIST", "very tall", "very wide", "one pixel", "one row", "full"],
)
def test_the_frame_lies_around_the_ink(width: int, height: int, box: Box) -> None:
    pixels = pixels_of(draw_explanation(examination(page_of(width, height, box), box)))
    rows, columns = accented(pixels, slice(0, INK.start - 5))
    scale = 280 / max(width, height)
    left = 20 + (280 - width * scale) / 2 + box.left * scale
    top = 56 + (280 - height * scale) / 2 + box.top * scale
    assert columns.min() == pytest.approx(left - 3, abs=2)
    assert rows.min() == pytest.approx(top - 3, abs=2)
    assert columns.max() == pytest.approx(left + box.width * scale + 3, abs=2)
    assert rows.max() == pytest.approx(top + box.height * scale + 3, abs=2)


def test_the_frame_does_not_hide_the_ink() -> None:
    box = Box(48, 30, 4, 40)
    pixels = pixels_of(draw_explanation(examination(page_of(100, 100, box), box)))
    dark = (pixels[PANELS, PAGE] < 60).all(axis=2).sum()
    assert dark == pytest.approx(4 * 2.8 * 40 * 2.8, rel=0.1)


def test_the_ink_is_shown_dark_on_light_in_whole_squares() -> None:
    box = Box(10, 10, 20, 20)
    pixels = pixels_of(draw_explanation(examination(page_of(50, 50, box), box)))
    panel = pixels[PANELS, INK, 0].reshape(28, 10, 28, 10)
    squares = panel[:, 2:8, :, 2:8]  # without the panel's own outline
    assert (squares.max(axis=(1, 3)) == squares.min(axis=(1, 3))).all()
    expected = np.full((28, 28), 255)
    expected[10:18, 10:18] = 0
    np.testing.assert_array_equal(squares[:, 0, :, 0], expected)


@pytest.mark.parametrize("digit", range(10))
def test_the_bar_of_the_answer_stands_out(digit: int) -> None:
    box = Box(10, 10, 20, 20)
    pixels = pixels_of(draw_explanation(examination(page_of(50, 50, box), box, digit)))
    rows, columns = accented(pixels, BARS)
    assert 56 + 28 * digit <= rows.min() <= rows.max() < 56 + 28 * (digit + 1)
    assert columns.max() - columns.min() == pytest.approx(0.82 * 190, abs=2)


def test_nothing_touches_the_edge() -> None:
    box = Box(0, 0, 50, 50)
    sure = examination(page_of(50, 50, box), box)
    prediction = Prediction(0, 1.0, (1.0, *[0.0] * 9), refused=False, reason=None, box=box, label="0")
    for one in (sure, Examination(sure.page, sure.normalized, prediction, DIGIT_NAMES)):
        pixels = pixels_of(draw_explanation(one))
        pixels = pixels.copy()
        pixels[12:-12, 12:-12] = 255
        assert (pixels == 255).all()


def test_a_refused_picture_has_neither_frame_nor_bars() -> None:
    pixels = pixels_of(draw_explanation(examination(np.full((60, 90), 250, np.uint8), None)))
    assert len(accented(pixels, slice(0, 920))[0]) == 0
    assert (pixels[:40, BARS] < 100).any()  # the verdict
    assert (pixels[80:, BARS] == 255).all()


def refused(reason: Reason, **changes: object) -> Examination:
    box = Box(10, 10, 20, 20)
    row = (0.94, *[0.06 / 9] * 9)
    kept = 0.94 if reason is Reason.UNCLEAR else 0.0
    prediction = Prediction(None, kept, row, refused=True, reason=reason, box=box)
    once = Examination(
        page_of(50, 50, box), Normalized(np.eye(28, dtype=np.float32), box), prediction, DIGIT_NAMES
    )
    return replace(once, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", [Reason.NOT_A_DIGIT, Reason.SEVERAL])
def test_a_refused_picture_shows_the_refusal_and_no_long_bar(reason: Reason) -> None:
    one = refused(reason, digit_probability=0.1, least_digit_probability=0.3)
    pixels = pixels_of(draw_explanation(one))
    rows, columns = accented(pixels, BARS)
    assert rows.min() >= PANELS.stop  # the refusal's own bar, below the ten
    assert columns.max() - columns.min() == pytest.approx(0.9 * 144, abs=3)
    grey = (pixels[60:80, BARS] == (150, 150, 150)).all(axis=2)
    assert grey.any(axis=0).sum() == pytest.approx(0.094 * 190, abs=3)
    assert reason_in_words(one) == "10.0% for being one digit, and 30.0% is needed."


def test_what_an_unclear_digit_lacked_is_said() -> None:
    one = refused(Reason.UNCLEAR, digit_probability=0.9, least_digit_probability=0.3, least_confidence=0.99)
    assert reason_in_words(one) == "Most likely 0, but 94.0% sure, and 99.0% is needed."
    assert len(accented(pixels_of(draw_explanation(one)), BARS)[0]) == 0


def test_pieces_that_look_like_digits_are_counted_and_have_no_bars() -> None:
    one = refused(Reason.SEVERAL, digit_probability=0.985)
    one = replace(one, normalized=replace(one.normalized, others=1))
    assert reason_in_words(one) == "2 pieces of ink look like digits of their own."
    assert (pixels_of(draw_explanation(one))[60:, BARS] == 255).all()


def test_noise_is_not_an_empty_page() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
    assert reason_in_words(examination(noise, None)) == "Nothing on the page stands out from its grain."
    assert reason_in_words(examination(np.full((60, 90), 250, np.uint8), None)) == "The page is empty."


def test_an_answer_needs_no_reason() -> None:
    box = Box(10, 10, 20, 20)
    assert reason_in_words(examination(page_of(50, 50, box), box)) == ""


def test_verdicts() -> None:
    assert verdict(Prediction(7, 0.9871, (0.1,) * 10, False, None, Box(0, 0, 1, 1), "7")) == "7, 98.7% sure"
    assert verdict(Prediction(None, 0.0, (0.1,) * 10, True, Reason.BLANK, None)) == "Refused: blank"
