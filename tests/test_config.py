"""Settings to TOML and back, and what is said about those that make no sense."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Literal

import pytest
import tomli_w

from inkdigits.config import from_dict, from_toml, require, to_dict
from inkdigits.errors import ConfigError


@dataclass(frozen=True)
class Pen:
    width_px: float = 2.0
    colour: Literal["black", "blue"] = "black"

    def __post_init__(self) -> None:
        require(self.width_px > 0, "pen: width_px", expected="more than 0", found=self.width_px)


@dataclass(frozen=True)
class Drawing:
    strokes: int = 1
    closed: bool = False
    title: str = "seven"
    tags: tuple[str, ...] = ()
    limit: int | None = None
    pen: Pen = field(default_factory=Pen)
    others: tuple[str | Pen, ...] = ()


def read(text: str) -> Drawing:
    return from_toml(Drawing, text, "drawing.toml")


@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(),
        Drawing(3, True, 'a "quoted" → title\n', ("x", "y"), 7, Pen(0.1 + 0.2, "blue"), ("chalk", Pen(3.0))),
    ],
)
def test_round_trip(drawing: Drawing) -> None:
    assert read(tomli_w.dumps(to_dict(drawing))) == drawing


def test_what_is_left_out_keeps_its_default() -> None:
    assert read("") == Drawing()
    assert read("strokes = 2\n[pen]\ncolour = 'blue'") == Drawing(strokes=2, pen=Pen(colour="blue"))
    assert "limit" not in to_dict(Drawing())


def test_whole_numbers_do_for_fractions() -> None:
    width = read("pen = {width_px = 3}").pen.width_px
    assert width == 3.0
    assert isinstance(width, float)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stroke = 2", "drawing.toml: stroke: expected one of strokes, .*Did you mean 'strokes'"),
        ("pen = {color = 'blue'}", "drawing.toml: pen: color: .*Did you mean 'colour'"),
        ("zzz = 1", "unknown key 'zzz'. Remove it."),
        ("strokes = 'two'", "strokes: expected a whole number, found 'two'"),
        ("strokes = 2.0", "strokes: expected a whole number, found 2.0"),
        ("strokes = true", "strokes: expected a whole number, found True"),
        ("closed = 1", "closed: expected true or false, found 1"),
        ("title = 7", "title: expected a text, found 7"),
        ("tags = 'x'", "tags: expected a list, found 'x'"),
        ("tags = ['x', 1]", "tags: expected a text, found 1"),
        ("limit = 'none'", "limit: expected a whole number, found 'none'"),
        ("pen = 5", "pen: expected a table, found 5"),
        ("pen = {width_px = true}", "width_px: expected a number, found True"),
        ("pen = {width_px = nan}", "width_px: expected a finite number, found nan"),
        ("pen = {width_px = -inf}", "width_px: expected a finite number, found -inf"),
        ("pen = {width_px = 0}", "pen: width_px: expected more than 0, found 0.0"),
        ("pen = {colour = 'red'}", "colour: expected one of 'black', 'blue', found 'red'"),
        ("pen = {colour = ['blue']}", "colour: expected one of"),
        ("strokes 2", "drawing.toml: expected TOML, found .*line 1"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(text)


def test_tables_from_elsewhere_are_read_the_same_way() -> None:
    table = tomllib.loads("strokes = 4\n[pen]\nwidth_px = 1.5")
    assert from_dict(Drawing, table, "options") == Drawing(strokes=4, pen=Pen(width_px=1.5))
