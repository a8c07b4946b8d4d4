"""The groups of a page: their order, their lines, the page's tilt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.ink import Grey
from inkdigits.layout.pages import find_groups

NUMBERS = {"4711": (60, 100), "085": (420, 104), "1204": (80, 230), "9": (330, 228), "33508": (60, 360)}


def page_of_numbers(degrees: float = 0.0, paper: int = 225) -> Grey:
    page = np.full((440, 640), paper, np.uint8)
    for text, place in NUMBERS.items():
        cv2.putText(page, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.7, 30, 3, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((320, 220), degrees, 0.9)
    return np.asarray(cv2.warpAffine(page, turn, (640, 440), borderValue=paper), np.uint8)


@pytest.mark.parametrize("degrees", [0.0, 4.0, -8.0, 10.0])
def test_groups_come_line_by_line_whatever_the_tilt(degrees: float) -> None:
    found = find_groups(page_of_numbers(degrees))
    assert found is not None
    assert [group.line for group in found.groups] == [0, 0, 1, 1, 2]
    lefts = [group.band.left for group in found.groups]
    assert lefts[0] < lefts[1]
    assert lefts[2] < lefts[3]


def test_rules_and_a_frame_are_no_groups() -> None:
    page = page_of_numbers()
    cv2.rectangle(page, (4, 4), (634, 434), 60, 2)
    cv2.line(page, (4, 290), (634, 290), 80, 2)
    found = find_groups(page)
    assert found is not None
    assert [group.line for group in found.groups] == [0, 0, 1, 1, 2]


def test_an_empty_page_has_no_groups() -> None:
    assert find_groups(np.full((200, 300), 230, np.uint8)) is None
