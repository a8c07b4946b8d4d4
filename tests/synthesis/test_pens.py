"""Pens: where their ink lies, how wide and how dark it is, and that the normaliser finds it on paper."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.normalizer import normalize
from inkdigits.synthesis.pens import Pen, draw, fitted, on_paper, random_pen

DOWN = [np.array([[20.0, 8.0], [20.0, 32.0]])]
SEVEN = [np.array([[0.0, 0.0], [0.6, 0.0], [0.2, 1.0]])]


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("width_px", [1.0, 2.5, 4.0])
def test_a_line_is_as_wide_as_the_pen_and_where_its_points_are(width_px: float) -> None:
    row = draw(DOWN, (40, 40), Pen(width_px), generator())[20].astype(float)
    assert row.sum() / 255 == pytest.approx(width_px, abs=0.3)
    assert (row * (np.arange(40) + 0.5)).sum() / row.sum() == pytest.approx(20, abs=0.2)


def test_a_faint_pen_is_less_dark() -> None:
    assert draw(DOWN, (40, 40), Pen(3, level=0.4), generator()).max() == pytest.approx(102, abs=1)


def test_a_pen_that_skips_leaves_gaps() -> None:
    column = draw(DOWN, (40, 40), Pen(1.5, skips=0.4), generator())[:, 20]
    assert 0.2 < np.mean(column[9:31] == 0) < 0.7


def test_pressure_and_fading_change_a_line_along_its_way() -> None:
    ink = draw(DOWN, (40, 40), Pen(3, pressure=0.5, fading=0.6), generator()).astype(float)
    rows = ink[10:30].sum(axis=1)
    assert rows.max() > 1.3 * rows.min()


def test_grain_takes_ink_away() -> None:
    clean = draw(DOWN, (40, 40), Pen(3), generator())
    grained = draw(DOWN, (40, 40), Pen(3, grain=0.8), generator())
    assert (grained <= clean).all()
    assert grained.sum() < 0.8 * clean.sum()


def test_strokes_are_fitted_around_a_place() -> None:
    points = np.concatenate(fitted(SEVEN, (40, 60), 20.0, (15, 20)))
    np.testing.assert_allclose(points.min(axis=0), [9, 10], atol=1e-4)
    np.testing.assert_allclose(points.max(axis=0), [21, 30], atol=1e-4)


def test_most_pages_show_the_normaliser_the_whole_digit() -> None:
    random = generator()
    found = 0
    for _ in range(60):
        pen = random_pen(1.6, 6.0, random)
        page = on_paper(draw(fitted(SEVEN, (64, 64), 40.0), (64, 64), pen, random), random)
        box = normalize(page).box
        found += box is not None and box.height > 32 and box.width > 16
    assert found >= 50


def test_the_same_generator_draws_the_same() -> None:
    pen = Pen(2.5, pressure=0.3, skips=0.1, fading=0.4, grain=0.5, softness_px=0.4)
    first, second = (
        on_paper(draw(DOWN, (40, 40), pen, random), random) for random in (generator(), generator())
    )
    np.testing.assert_array_equal(first, second)
