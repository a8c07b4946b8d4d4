"""What the code says about itself: fields with their defaults, arguments, JSON keys, and what each means.

Meanings come from Google-style docstrings. What has none is a `UndocumentedError` that names the docstring
to complete, so that a table is never short of a row or a word.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

__all__ = [
    "UndocumentedError",
    "described_arguments",
    "described_fields",
    "described_json",
    "described_members",
    "first_sentence",
    "python_literal",
    "resolve",
    "toml_literal",
]


class UndocumentedError(Exception):
    """A docstring that should say something does not."""


def resolve(dotted: str) -> Any:
    """The object of a full name, such as `inkdigits.results.Prediction.to_json`."""
    parts = dotted.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:depth]))
        except ModuleNotFoundError as error:
            if not ".".join(parts).startswith(error.name or "?"):
                raise
            continue
        try:
            for name in parts[depth:]:
                found = getattr(found, name)
        except AttributeError as error:
            raise UndocumentedError(f"there is no {dotted}; correct the marker") from error
        return found
    raise UndocumentedError(f"there is no module {dotted}; correct the marker")


def first_sentence(text: str) -> str:
    """The first paragraph up to its first full stop, on one line."""
    paragraph = " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
    sentence = re.match(r"(.+?\.)(?= [A-Z`]|$)", paragraph)
    return (sentence[1] if sentence else paragraph).rstrip(":.") + "."


def described_fields(settings: type) -> list[tuple[str, Any, str]]:
    """Each field of a dataclass: its name, its default (or its factory's value), what it means."""
    meanings = _section(settings, "Attributes")
    return [
        (field.name, _default(field), _meaning(meanings, field.name, settings, "Attributes"))
        for field in dataclasses.fields(settings)
    ]


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def described_arguments(function: Any) -> list[tuple[str, str, str]]:
    """Each argument of a function or class: its name, its default as code, what it means."""
    meanings = _section(function, "Args")
    return [
        (
            parameter.name,
            "" if parameter.default is parameter.empty else python_literal(parameter.default),
            _meaning(meanings, parameter.name, function, "Args"),
        )
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]


def described_json(function: Any, owner: type) -> list[tuple[str, str]]:
    """Each key of the dictionary that a function returns, with its meaning."""
    listed = dict(re.findall(r"^- `(\w+)`: (.+?)(?=^- |\n\n|\Z)", _doc(function), re.DOTALL | re.MULTILINE))
    attributes = _section(owner, "Attributes")
    rows = []
    for key in _keys(function, owner):
        meaning = _tidy(listed[key]) if key in listed else _meaning(attributes, key, owner, "Attributes")
        rows.append((key, re.sub(r"\bNone\b", "null", meaning)))
    return rows


def _keys(function: Any, owner: type) -> list[str]:
    """The literal keys of what it returns; the fields of the owner where it returns those."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)][-1]
    if not isinstance(returned, ast.Dict):
        return [field.name for field in dataclasses.fields(owner)]
    return list(_keys_of(returned))


def _keys_of(literal: ast.Dict) -> Iterator[str]:
    for key, value in zip(literal.keys, literal.values, strict=True):
        if isinstance(key, ast.Constant):
            yield str(key.value)
        elif isinstance(value, ast.IfExp) and isinstance(value.body, ast.Dict):
            yield from _keys_of(value.body)  # a key that is there at times


def described_members() -> list[tuple[str, str]]:
    """The reasons to refuse: members of the enumeration, or what the docstring of `Prediction` lists."""
    for module in ("inkdigits.results", "inkdigits.reading.decision"):
        try:
            reasons = getattr(importlib.import_module(module), "Reason", None)
        except ModuleNotFoundError:
            continue
        if isinstance(reasons, type) and issubclass(reasons, Enum):
            return [(member.value, _member_meaning(reasons, member.name)) for member in reasons]
    text = _section(resolve("inkdigits.results.Prediction"), "Attributes")["reason"]
    return [(name, _tidy(meaning)) for name, meaning in re.findall(r"`(\w+)`: ([^`]+)\.", text)]


def _member_meaning(kind: type[Enum], name: str) -> str:
    """From `Attributes:`, or from the string below the member."""
    meanings = _section(kind, "Attributes")
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    for node, following in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(node, ast.Assign) and isinstance(following, ast.Expr):
            value, (target,) = following.value, node.targets
            if isinstance(value, ast.Constant) and isinstance(target, ast.Name):
                meanings.setdefault(target.id, str(value.value))
    return _meaning(meanings, name, kind, "Attributes")


def _section(documented: Any, heading: str) -> dict[str, str]:
    """The entries of a section of a docstring: several names before one colon share what follows it."""
    found = re.search(rf"^{heading}:\n(.+?)(?=^\S|\Z)", _doc(documented), re.DOTALL | re.MULTILINE)
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in textwrap.dedent(found[1]).splitlines() if found else ():
        entry = re.match(r"(\w+(?:, \w+)*): (.*)", line)
        if entry:
            names = entry[1].split(", ")
            meanings.update(dict.fromkeys(names, entry[2]))
        elif line.strip():
            meanings.update({name: f"{meanings[name]} {line.strip()}" for name in names})
    return meanings


def _doc(documented: Any) -> str:
    return inspect.cleandoc(documented.__doc__ or "")


def _meaning(meanings: Mapping[str, str], name: str, documented: Any, section: str) -> str:
    if name not in meanings:
        where = f"{documented.__module__}.{documented.__qualname__}"
        raise UndocumentedError(f"{where}: say what {name!r} is, under {section}: in its docstring")
    return _tidy(meanings[name])


def _tidy(text: str) -> str:
    text = " ".join(text.split()).rstrip(".;,") + "."
    return text[:1].upper() + text[1:]


def python_literal(value: Any) -> str:
    """A default as Python has it, with underscores in long numbers."""
    if isinstance(value, Path | str):
        return json.dumps(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if value >= 10_000 else str(value)
    if isinstance(value, tuple) and value:
        return "(" + ", ".join(map(python_literal, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def toml_literal(value: Any) -> str:
    """A default as a recipe has it."""
    return json.dumps(value)
