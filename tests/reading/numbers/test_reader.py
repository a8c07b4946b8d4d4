"""NumberReader with the bundled line model, on numbers drawn here."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from inkdigits import ConfigError, ImageError, ModelError, NumberReader
from inkdigits.ink import Grey
from inkdigits.reading.numbers.drawing import draw_reading, number_verdict

FONT = cv2.FONT_HERSHEY_SIMPLEX


def field(text: str, *, paper: int = 225, ink: int = 40, thickness: int = 3) -> Grey:
    (width, _), _ = cv2.getTextSize(text, FONT, 1.6, thickness)
    page = np.full((80, width + 60), paper, np.uint8)
    cv2.putText(page, text, (30, 58), FONT, 1.6, ink, thickness, cv2.LINE_AA)
    return page


@pytest.fixture(scope="module")
def reader() -> NumberReader:
    return NumberReader()


@pytest.mark.parametrize("text", ["4", "35", "0071", "52368", "20000"])
@pytest.mark.parametrize("is_light", [False, True])
def test_a_field_holds_one_number(reader: NumberReader, text: str, is_light: bool) -> None:
    page = field(text)
    (number,) = reader.read(255 - page if is_light else page, one=True).numbers
    assert (number.digits, number.refused, number.reason) == (text, False, None)
    assert number.confidence > 0.5
    assert [character.text for character in number.characters] == list(number.text)


def test_every_kind_of_source_is_the_same_picture(reader: NumberReader, tmp_path: Path) -> None:
    page = field("2468")
    file = io.BytesIO()
    PIL.Image.fromarray(page).save(file, "PNG")
    path = tmp_path / "field.png"
    path.write_bytes(file.getvalue())
    answers = [
        reader.read(source, one=True)
        for source in (page, file.getvalue(), path, str(path), PIL.Image.fromarray(page))
    ]
    assert all(answer == answers[0] for answer in answers)


def test_characters_stand_side_by_side_where_their_ink_is(reader: NumberReader) -> None:
    (number,) = reader.read(field("3748"), one=True).numbers
    lefts = [character.box.left for character in number.characters]
    assert lefts == sorted(lefts)
    for position, character in enumerate(number.characters):
        middle = character.box.left + character.box.width / 2
        assert middle == pytest.approx(30 + 32 * (position + 0.5), abs=14)
        assert 0 <= character.confidence <= 1


def test_an_empty_field_is_blank(reader: NumberReader) -> None:
    (number,) = reader.read(np.full((60, 200), 220, np.uint8), one=True).numbers
    assert (number.text, number.refused, number.reason, number.box) == ("", True, "blank", None)
    assert reader.read(np.full((60, 200), 220, np.uint8)).numbers == ()


def test_a_page_is_read_line_by_line(reader: NumberReader) -> None:
    page = np.full((300, 500), 225, np.uint8)
    for text, place in {"4711": (40, 80), "085": (320, 82), "33508": (40, 220)}.items():
        cv2.putText(page, text, place, FONT, 1.6, 40, 3, cv2.LINE_AA)
    reading = reader.read(page)
    assert reading.text == "4711 085\n33508"
    assert [number.line for number in reading.numbers] == [0, 0, 1]
    for number, left in zip(reading.numbers, (40, 320, 40), strict=True):
        assert number.box is not None
        assert abs(number.box.left - left) < 25


def test_an_expectation_is_kept(reader: NumberReader) -> None:
    page = field("52368")
    free, four, listed, none = (
        reader.read(page, one=True, **settings).numbers[0]
        for settings in (
            {},
            {"expect": r"\d{5}"},
            {"codes": ["52368", "10115"]},
            {"codes": ["10115", "99999"]},
        )
    )
    assert free.digits == four.digits == listed.digits == "52368"
    assert listed.confidence >= free.confidence - 0.01
    assert (none.refused, none.reason) == (True, "no_match")
    (number,) = reader.read(page, one=True, expect=lambda text: text.startswith("52")).numbers
    assert number.digits == "52368"


def test_alternatives_are_less_likely_and_as_many_as_asked(reader: NumberReader) -> None:
    page = field("7").copy()
    cv2.line(page, (30, 38), (62, 38), 40, 3)
    (number,) = reader.read(page, one=True, alternatives=2).numbers
    assert len(number.alternatives) <= 2
    assert all(each.confidence <= number.confidence for each in number.alternatives)
    (alone,) = reader.read(page, one=True, alternatives=0).numbers
    assert alone.alternatives == ()


def test_what_makes_no_sense_is_refused(reader: NumberReader, tmp_path: Path) -> None:
    page = field("1")
    with pytest.raises(ConfigError, match="expect"):
        reader.read(page, one=True, expect="(")
    with pytest.raises(ConfigError, match="check"):
        reader.read(page, one=True, check="sum")
    with pytest.raises(ImageError):
        reader.read(b"no picture")
    with pytest.raises(ModelError):
        NumberReader(tmp_path / "missing.onnx")
    with pytest.raises(ConfigError, match="max_error"):
        NumberReader(max_error=1e-9)


def test_a_bound_on_the_errors_raises_the_threshold() -> None:
    careful = NumberReader(max_error=0.08)
    assert careful.coverage is not None
    assert 0 < careful.coverage < 1


def test_it_survives_pickling_and_threads(reader: NumberReader) -> None:
    again = pickle.loads(pickle.dumps(reader))
    pages = [field(str(number)) for number in (12, 345, 6789, 90)] * 3
    expected = [reader.read(page, one=True) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda page: again.read(page, one=True), pages)) == expected


def test_any_picture_gives_an_answer(reader: NumberReader) -> None:
    generator = np.random.default_rng(0)
    for shape in ((1, 1), (3, 40), (40, 3), (64, 64), (200, 300)):
        page = generator.integers(0, 256, shape).astype(np.uint8)
        for one in (True, False):
            for number in reader.read(page, one=one).numbers:
                assert number.refused == (number.reason is not None)
                assert number.digits == "".join(char for char in number.text if char.isdigit())


def test_an_explanation_shows_the_page_and_a_line_a_number(reader: NumberReader) -> None:
    page = field("4711")
    reading = reader.read(page, one=True)
    picture = draw_reading(page, reading)
    assert picture.width >= 480
    assert picture.height > page.shape[0]
    assert number_verdict(reading.numbers[0]).startswith("4711, ")
    blank = reader.read(np.full((60, 200), 220, np.uint8), one=True)
    assert number_verdict(blank.numbers[0]) == "refused: blank"


def test_an_explanation_of_a_large_page_is_written_larger(reader: NumberReader) -> None:
    page = np.full((60, 2100), 220, np.uint8)
    picture = draw_reading(page, reader.read(page, one=True))
    assert picture.height - page.shape[0] == 22 * 30 // 14 + 8, "30 pixels a letter, not 14"
