"""Weights of datasets: written after a colon, which paths may hold too."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.errors import ConfigError
from inkdigits.recipes.recipe import Recipe
from inkdigits.recipes.sources import DataSource


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mnist", DataSource("mnist")),
        ("mnist:4", DataSource("mnist", 4)),
        ("my digits/:10", DataSource("my digits/", 10)),
        (r"C:\digits", DataSource(r"C:\digits")),
        (r"C:\digits:3", DataSource(r"C:\digits", 3)),
        ("C:/2024/07", DataSource("C:/2024/07")),
        ("scan:new", DataSource("scan:new")),
        ("scan:4:2", DataSource("scan:4", 2)),
        (":4", DataSource(":4")),
    ],
)
def test_the_option(text: str, expected: DataSource) -> None:
    assert DataSource.parse(text) == expected


def test_a_path_that_exists_is_not_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scan:4").mkdir()
    assert DataSource.parse("scan:4") == DataSource("scan:4")
    assert DataSource.parse("scan:4:2") == DataSource("scan:4", 2)


def test_none_is_no_weight() -> None:
    with pytest.raises(ConfigError, match="data: mnist: expected 1 time or more, found 0"):
        DataSource.parse("mnist:0")


def test_all_ways_to_say_it_are_one_recipe() -> None:
    recipes = {
        Recipe("mlp", data).data
        for data in [
            ("usps", "mnist", "usps"),
            (DataSource("usps", 2), "mnist"),
            ("usps", DataSource("mnist"), DataSource("usps")),
        ]
    }
    joined = (DataSource("usps", 2), "mnist")
    assert recipes == {joined}
    assert list(map(str, Recipe("mlp", joined).sources)) == ["2*usps", "mnist"]
