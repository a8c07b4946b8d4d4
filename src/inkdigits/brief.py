"""Records in a line or two: arrays by their shape and type, never by their pixels."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

__all__ = ["brief"]

_LONGEST = 60  # characters of one value


def brief(record: object) -> str:
    """The `repr` of a dataclass that holds arrays, such as `Split(images=uint8 (9, 28, 28), labels=None)`."""
    values = ", ".join(f"{field.name}={_shown(getattr(record, field.name))}" for field in fields(record))  # type: ignore[arg-type]
    return f"{type(record).__name__}({values})"


def _shown(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, tuple) and len(value) > 1 and all(isinstance(part, float) for part in value):
        return "(" + ", ".join(f"{part:.3g}" for part in value) + ")"
    text = repr(value)
    is_record = hasattr(type(value), "__dataclass_fields__")
    return text if is_record or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
