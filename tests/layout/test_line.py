"""The line contract: paper about 0, ink about 1, whatever the contrast."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.layout.line import LINE_HEIGHT, line_of_darkness, scaled_line


@pytest.mark.parametrize(("paper", "ink"), [(10.0, 240.0), (100.0, 140.0), (0.0, 30.0)])
def test_paper_is_0_and_ink_is_1(paper: float, ink: float) -> None:
    darkness = np.full((LINE_HEIGHT, 80), paper, np.float32)
    darkness[8:24, 10:40:4] = ink
    line = line_of_darkness(darkness)
    assert line[0, 0] == pytest.approx(0, abs=0.01)
    assert line[10, 10] == pytest.approx(1, abs=0.01)


def test_an_empty_line_is_not_blown_up_into_noise() -> None:
    noise = np.random.default_rng(0).normal(50, 0.5, (LINE_HEIGHT, 60)).astype(np.float32)
    assert np.abs(line_of_darkness(noise)).max() < 0.5


@pytest.mark.parametrize("shape", [(64, 300), (20, 50), (32, 3)])
def test_a_field_becomes_32_rows_of_its_own_aspect(shape: tuple[int, int]) -> None:
    line = scaled_line(np.full(shape, 200, np.uint8))
    assert line.shape == (LINE_HEIGHT, max(round(shape[1] * LINE_HEIGHT / shape[0]), 8))
