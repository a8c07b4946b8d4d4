"""inkdigits reads handwritten digits.

from inkdigits import Recognizer

Recognizer().predict("seven.jpg").digit
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from inkdigits.errors import (
        ConfigError,
        DatasetError,
        ImageError,
        InkdigitsError,
        MissingExtraError,
        ModelError,
        TrainingError,
    )
    from inkdigits.pictures.images import InputLimits
    from inkdigits.reading.numbers.reader import NumberReader
    from inkdigits.reading.recognizer import Examination, Recognizer
    from inkdigits.results import Alternative, Box, Character, Number, Prediction, Reading

__all__ = [
    "Alternative",
    "Box",
    "Character",
    "ConfigError",
    "DatasetError",
    "Examination",
    "ImageError",
    "InkdigitsError",
    "InputLimits",
    "MissingExtraError",
    "ModelError",
    "Number",
    "NumberReader",
    "Prediction",
    "Reading",
    "Recognizer",
    "TrainingError",
]

__version__ = "0.1.0"

# Each name is imported when it is first asked for: who wants a `Recognizer` does not wait for the reader of
# numbers, and `inkdigits --help` waits for neither.
_HOMES = {
    "inkdigits.errors": {
        "ConfigError",
        "DatasetError",
        "ImageError",
        "InkdigitsError",
        "MissingExtraError",
        "ModelError",
        "TrainingError",
    },
    "inkdigits.pictures.images": {"InputLimits"},
    "inkdigits.reading.numbers.reader": {"NumberReader"},
    "inkdigits.reading.recognizer": {"Examination", "Recognizer"},
    "inkdigits.results": {"Alternative", "Box", "Character", "Number", "Prediction", "Reading"},
}


def __getattr__(name: str) -> object:
    """Import a name that the root exports, the first time that it is asked for (PEP 562)."""
    for module, names in _HOMES.items():
        if name in names:
            globals()[name] = value = getattr(importlib.import_module(module), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
