"""Which groups stand in lines of text, with a detector that takes every dark pixel for one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.layout.cuts import Band
from inkdigits.reading.numbers.text_lines import TextLines


class Dark:
    """A session of a detector; keeps the sizes that it was given."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x")]

    def run(self, _: None, inputs: dict[str, NDArray[np.float32]]) -> list[Any]:
        self.sizes.append(inputs["x"].shape)
        return [(inputs["x"][:, :1] < 0).astype(np.float32)]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Dark:
    dark = Dark()
    monkeypatch.setattr("inkdigits.reading.numbers.text_lines.open_rapidocr", lambda *_: dark)
    return dark


def test_what_no_line_covers_is_no_text(session: Dark) -> None:
    darkness = np.zeros((300, 500), np.float32)
    darkness[100:130, 50:200] = 220
    bands = [Band(60, 95, 140, 135), Band(190, 100, 260, 130), Band(300, 240, 340, 270)]
    assert TextLines().are_text(darkness, bands) == [True, True, False]


def test_where_no_line_is_found_nothing_is_left_out(session: Dark) -> None:
    assert TextLines().are_text(np.zeros((90, 90), np.float32), [Band(0, 0, 30, 20)]) == [True]
    assert TextLines().are_text(np.zeros((90, 90), np.float32), []) == []


def test_a_page_is_shrunk_as_far_as_its_writing_allows(session: Dark) -> None:
    darkness = np.zeros((3000, 4000), np.float32)
    for height in (100, 40, 8):
        TextLines().are_text(darkness, [Band(0, 0, 200, height)])
    assert session.sizes == [(1, 3, 704, 960), (1, 3, 1216, 1600), (1, 3, 1504, 1984)]
