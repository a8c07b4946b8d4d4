"""Every error says what was expected, what came and what to do, and survives the trip between processes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from inkdigits import errors
from inkdigits.errors import ImageError, InkdigitsError, MissingExtraError

KINDS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_has_all_four_parts(kind: type[InkdigitsError]) -> None:
    error = kind(Path("a.png"), expected="a picture", found="a poem", remedy="Draw it.")
    assert str(error) == "a.png: expected a picture, found a poem. Draw it."
    assert (error.subject, error.expected, error.found, error.remedy) == (
        "a.png",
        "a picture",
        "a poem",
        "Draw it.",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_errors_can_be_pickled(kind: type[InkdigitsError]) -> None:
    error = kind("a.png", expected="a picture", found="a poem", remedy="Draw it.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_one_root_catches_everything() -> None:
    assert all(issubclass(kind, InkdigitsError) for kind in KINDS)
    assert issubclass(MissingExtraError, ImportError)
    assert not issubclass(ImageError, ImportError)
