"""The page on the service is in step: its table of limits, and the tests that its threat model names."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

from inkdigits.web.routes.pages import page_routes
from inkdigits.web.settings import ServiceSettings

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


def section(heading: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_table_of_limits_is_complete_and_right() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section("Limits"), re.MULTILINE)
    described = {name: ast.literal_eval(default) for name, default in rows}
    assert described == {field.name: field.default for field in fields(ServiceSettings)}


def test_what_the_page_needs_is_named() -> None:
    (named,) = re.findall(r"The page needs (.+?)\.\n", section("Behind a proxy"), re.DOTALL)
    files = {route.path for route in page_routes()}
    assert set(re.findall(r"`([^`]+)`", named)) == {*files, "/v1/"}


def test_what_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", section("Threat model")))
    assert "test_hostile_input.py" in named
    assert [name for name in named if not (Path(__file__).parent / name).exists()] == []
