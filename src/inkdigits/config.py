"""Settings as frozen dataclasses, to and from TOML.

The dataclasses stand beside the code that they steer; this module only converts. It knows nothing of
what a setting means beyond its type: a class checks its own values in `__post_init__`.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from inkdigits.errors import ConfigError

__all__ = ["from_dict", "from_toml", "require", "to_dict"]

Settings = TypeVar("Settings")


def from_toml(settings_type: type[Settings], text: str, source: str) -> Settings:
    """Read settings from TOML text; keys that are left out keep their defaults.

    Raises:
        ConfigError: not TOML, an unknown key, or a value of the wrong type or out of range.
    """
    import tomllib  # which a model file's settings, in JSON, do without

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            source, expected="TOML", found=str(error), remedy="Correct the file at that place."
        ) from error
    return from_dict(settings_type, table, source)


def from_dict(settings_type: type[Settings], table: Mapping[str, Any], source: str) -> Settings:
    """Build settings from nested tables, refusing keys that the dataclass does not have."""
    assert dataclasses.is_dataclass(settings_type)
    types_of = typing.get_type_hints(settings_type)
    names = [field.name for field in dataclasses.fields(settings_type)]
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{source}: {key}"
        if key not in names:
            raise ConfigError(
                where,
                expected="one of " + ", ".join(names),
                found=f"the unknown key {key!r}",
                remedy=_did_you_mean(key, names),
            )
        values[key] = _convert(value, types_of[key], where)
    return typing.cast(Settings, settings_type(**values))


def to_dict(settings: object) -> dict[str, Any]:
    """Turn settings into nested tables for TOML or JSON; None, which TOML lacks, is left out."""
    assert dataclasses.is_dataclass(settings)
    assert not isinstance(settings, type)
    table: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            table[field.name] = to_dict(value)
        elif isinstance(value, Mapping):
            table[field.name] = {key: to_dict(inner) for key, inner in value.items()}
        elif isinstance(value, tuple):
            table[field.name] = [to_dict(one) if dataclasses.is_dataclass(one) else one for one in value]
        elif value is not None:
            table[field.name] = value
    return table


def require(condition: bool, setting: str, *, expected: str, found: object) -> None:
    """Raise a `ConfigError` unless `condition` holds; for the `__post_init__` of settings."""
    if not condition:
        raise ConfigError(
            setting,
            expected=expected,
            found=repr(found),
            remedy="Change it in the recipe or on the command line.",
        )


def _convert(value: Any, wanted: Any, where: str) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(value, dict):
        return from_dict(typing.cast(type[Any], wanted), value, where)
    origin = typing.get_origin(wanted)
    if origin is tuple and isinstance(value, list):
        item = typing.get_args(wanted)[0]
        return tuple(_convert(one, item, where) for one in value)
    if origin is Mapping and isinstance(value, dict):
        item = typing.get_args(wanted)[1]
        return {key: _convert(one, item, f"{where}: {key}") for key, one in value.items()}
    if wanted is object:
        return value
    if origin is typing.Literal:
        require(value in typing.get_args(wanted), where, expected=_one_of(wanted), found=value)
        return value
    if origin is types.UnionType:
        members = typing.get_args(wanted)
        records = [one for one in members if dataclasses.is_dataclass(one) and isinstance(value, dict)]
        return _convert(value, (records or [one for one in members if one is not type(None)])[0], where)
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        require(math.isfinite(value), where, expected="a finite number", found=value)
        return float(value)
    right = (
        isinstance(wanted, type) and isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)
    )
    require(right, where, expected=_type_name(wanted), found=value)
    return value


def _one_of(literal: Any) -> str:
    return "one of " + ", ".join(repr(choice) for choice in typing.get_args(literal))


def _type_name(wanted: Any) -> str:
    plain = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return plain.get(wanted, "a list" if typing.get_origin(wanted) is tuple else "a table")


def _did_you_mean(key: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else "Remove it."
