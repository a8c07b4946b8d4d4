"""Negatives are pictures in MNIST's form, with ink in them, made repeatably, and not of lookalikes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets.known.uci import load_uci
from inkdigits.errors import DatasetError, MissingExtraError
from inkdigits.synthesis import strokes
from inkdigits.synthesis.negatives import (
    KINDS,
    Kind,
    draw_kinds,
    make_kinds,
    not_digits,
    several_digits,
)

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Make = Callable[[Images, Labels, int, np.random.Generator], Images]


@pytest.fixture(scope="module")
def digits() -> tuple[Images, Labels]:
    """1,437 real digits that come with scikit-learn."""
    split = load_uci().train
    assert split is not None
    assert split.labels is not None
    return split.images, split.labels


def has_ink(pictures: Images) -> NDArray[np.bool_]:
    return np.asarray((pictures > 127).sum(axis=(1, 2)) >= 10, dtype=np.bool_)


def boxes(pictures: Images) -> NDArray[np.int64]:
    """(n, 2): width and height of the ink."""
    return np.array([cv2.boundingRect(picture)[2:] for picture in pictures])


def off_centre_px(pictures: Images) -> NDArray[np.float64]:
    """(n,) how far the centre of mass is from the middle, along the worse axis."""
    ink = pictures.astype(np.float64)
    mass = ink.sum(axis=(1, 2))
    along_x, along_y = ink.sum(axis=1) @ np.arange(28), ink.sum(axis=2) @ np.arange(28)
    worse: NDArray[np.float64] = np.maximum(abs(along_x / mass - 13.5), abs(along_y / mass - 13.5))
    return worse


@pytest.mark.parametrize("make", [not_digits, several_digits])
def test_the_generator_decides(make: Make, digits: tuple[Images, Labels]) -> None:
    made = make(*digits, 40, np.random.default_rng(0))
    np.testing.assert_array_equal(made, make(*digits, 40, np.random.default_rng(0)))
    assert (made != make(*digits, 40, np.random.default_rng(1))).any()
    assert len(np.unique(made.reshape(40, -1), axis=0)) == 40


@pytest.mark.parametrize("make", [not_digits, several_digits])
def test_the_digits_are_left_alone(make: Make, digits: tuple[Images, Labels]) -> None:
    images = digits[0].copy()
    make(images, digits[1], 60, np.random.default_rng(2))
    np.testing.assert_array_equal(images, digits[0])


@pytest.mark.parametrize("make", [not_digits, several_digits])
@pytest.mark.parametrize("n", [0, 1, 50])
def test_as_many_pictures_as_asked_for_and_none_is_empty(
    make: Make, n: int, digits: tuple[Images, Labels]
) -> None:
    made = make(*digits, n, np.random.default_rng(3))
    assert made.dtype == np.uint8
    assert made.shape == (n, 28, 28)
    assert has_ink(made).all()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_ink_and_all_but_what_comes_raw_has_the_form_of_mnist(
    kind: Kind, digits: tuple[Images, Labels]
) -> None:
    made = make_kinds([kind] * 100, *digits, np.random.default_rng(4))
    assert has_ink(made).all()
    in_form = np.abs(boxes(made).max(axis=1) - 19) <= 1
    in_form &= off_centre_px(made) <= 1.5
    least_share = {"textures": 0.2, "spoiled": 0.4}.get(kind, 0.85)  # a long arm moves the centre
    assert in_form.mean() >= least_share


def test_kinds_come_in_their_shares(digits: tuple[Images, Labels]) -> None:
    kinds = draw_kinds(10 * sum(KINDS.values()), np.random.default_rng(5))
    assert Counter(kinds) == {kind: 10 * n_shares for kind, n_shares in KINDS.items()}
    in_order = sorted(kinds, key=list(KINDS).index)
    assert kinds not in (in_order, in_order[::-1]), "the kinds are mixed"
    generator = np.random.default_rng(5)
    made = make_kinds(draw_kinds(40, generator), *digits, generator)
    np.testing.assert_array_equal(made, not_digits(*digits, 40, np.random.default_rng(5)))


def test_several_digits_lie_side_by_side_and_now_and_then_above_each_other(
    digits: tuple[Images, Labels],
) -> None:
    width, height = boxes(several_digits(*digits, 200, np.random.default_rng(6))).T
    assert (np.abs(np.maximum(width, height) - 19) <= 1).mean() > 0.95
    assert 0.7 < (width > height).mean() < 0.95


def test_no_digit_of_a_pair_is_lost() -> None:
    """Frames stand for digits: one that were left alone would be as slim as it was."""
    images = np.zeros((10, 28, 28), np.uint8)
    for image in images:
        cv2.rectangle(image, (6, 4), (21, 23), 255, 2)
    width, height = boxes(several_digits(images, np.arange(10), 100, np.random.default_rng(7))).T
    alone = (width / height > 0.6) & (width / height < 1)
    assert not alone.any()


def test_no_character_is_a_digit_or_much_like_one() -> None:
    plain = set("".join(strokes.CHARACTERS[font] for font in ("futural", "futuram", "timesr")))
    assert not plain & set("0123456789OoQDlIi|/\\!SsZzBbgqJ()[],")
    assert {"A", "h", "x", "+", "&"} <= plain


@pytest.mark.parametrize(
    ("nine_is_open", "others_are_open", "is_usable"),
    [(False, False, True), (True, True, True), (True, False, False)],
    ids=["closed nines", "other digits that are open", "open nines, and others that are closed"],
)
def test_closed_nines_and_other_open_digits_are_turned_into_letters(
    nine_is_open: bool, others_are_open: bool, is_usable: bool
) -> None:
    """Frames stand for digits: those with a gap in their left side are open."""
    closed = cv2.rectangle(np.zeros((28, 28), np.uint8), (7, 4), (20, 23), 255, 2)
    opened = closed.copy()
    opened[10:18, :12] = 0
    images = np.stack([opened if others_are_open else closed] * 9 + [opened if nine_is_open else closed])
    if is_usable:
        assert has_ink(make_kinds(["turned"] * 10, images, np.arange(10), np.random.default_rng(10))).all()
    else:
        with pytest.raises(DatasetError, match="nothing to use"):
            make_kinds(["turned"] * 10, images, np.arange(10), np.random.default_rng(10))


@pytest.mark.parametrize(
    ("images", "labels", "found"),
    [
        (np.zeros((10, 28, 28), np.float32), np.arange(10), "float32"),
        (np.zeros((10, 8, 8), np.uint8), np.arange(10), r"\(10, 8, 8\)"),
        (np.zeros((9, 28, 28), np.uint8), np.arange(10), r"\(9, 28, 28\)"),
        (np.zeros((9, 28, 28), np.uint8), np.arange(9), r"without any \[9\]"),
        (np.zeros((10, 28, 28), np.uint8), np.arange(10), "nothing to use"),
    ],
)
@pytest.mark.parametrize("make", [not_digits, several_digits])
def test_unusable_digits_are_refused(make: Make, images: Images, labels: Labels, found: str) -> None:
    with pytest.raises(DatasetError, match=f"found .*{found}"):
        make(images, labels, 10, np.random.default_rng(8))


def test_without_the_fonts_the_message_says_how_to_get_them(
    digits: tuple[Images, Labels], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    strokes.glyphs.cache_clear()
    with pytest.raises(MissingExtraError, match=r"inkdigits\[train\]"):
        not_digits(*digits, 10, np.random.default_rng(9))
    assert several_digits(*digits, 1, np.random.default_rng(9)).any(), "which need no letters"
