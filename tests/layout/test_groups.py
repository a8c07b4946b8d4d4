"""Groups of writing: digits in boxes, tables, touching rows, large digits among small print."""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.ink import Grey
from inkdigits.layout.groups import Group, group_writing

FONT = cv2.FONT_HERSHEY_SIMPLEX


def blank(height: int = 300, width: int = 700) -> Grey:
    return np.zeros((height, width), np.uint8)


def write(mask: Grey, text: str, left: int, bottom: int, scale: float = 1.6) -> None:
    cv2.putText(mask, text, (left, bottom), FONT, scale, 1, 3)


def comb(mask: Grey, text: str, pitch: int = 70) -> None:
    """Draw a digit a box, from column 40 on."""
    for number, char in enumerate(text):
        cv2.rectangle(mask, (40 + number * pitch, 100), (40 + (number + 1) * pitch, 190), 1, 3)
        write(mask, char, 60 + number * pitch, 163)


def middles(groups: tuple[Group, ...]) -> list[int]:
    return [round((group.band.left + group.band.right) / 2) for group in groups]


def test_digits_in_boxes_are_one_number_its_1s_included() -> None:
    mask = blank()
    comb(mask, "2041598")
    (group,) = group_writing(mask)
    assert abs(group.band.left - 50) < 14  # three tenths of a digit before its first one
    assert abs(group.band.right - 524) < 14
    assert abs(group.band.top - 128) < 8
    assert abs(group.band.bottom - 164) < 8


def test_numbers_in_the_cells_of_a_table_stay_apart() -> None:
    mask = blank()
    for number, text in enumerate(("43", "61", "63")):
        cv2.rectangle(mask, (40 + number * 150, 100), (190 + number * 150, 190), 1, 3)
        write(mask, text, 80 + number * 150, 163)
    groups = group_writing(mask)
    assert len(groups) == 3
    offsets = [middle - 112 - 150 * number for number, middle in enumerate(middles(groups))]
    assert max(map(abs, offsets)) < 12


def test_large_spaced_digits_among_small_print_are_one_group() -> None:
    mask = blank(700, 900)
    for row in range(12):
        cv2.putText(mask, "the small print of a form, line by line", (40, 300 + 30 * row), FONT, 0.5, 1, 1)
    for number, char in enumerate("413"):
        write(mask, char, 60 + 50 * number, 100)
    assert group_writing(mask)[0].band.right - group_writing(mask)[0].band.left > 120
    assert sum(group.band.height > 28 for group in group_writing(mask)) == 1


def test_rows_that_touch_are_cut_apart() -> None:
    mask = blank()
    for row, text in enumerate(("161", "069", "008")):
        write(mask, text, 60, 70 + 50 * row)
    cv2.line(mask, (160, 60), (160, 85), 1, 3)  # a tail down into the next row
    assert [group.line for group in group_writing(mask)] == [0, 1, 2]


def test_nothing_is_no_group() -> None:
    assert group_writing(blank()) == ()
    assert group_writing(np.zeros((1, 1), np.uint8)) == ()


def test_the_top_of_a_tall_letter_is_no_row() -> None:
    mask = np.zeros((120, 300), np.uint8)
    for left in range(40, 220, 26):
        cv2.circle(mask, (left, 80), 10, 1, 3)
    cv2.line(mask, (104, 90), (110, 44), 1, 3)
    (word,) = group_writing(mask)
    assert word.band.top < 46
