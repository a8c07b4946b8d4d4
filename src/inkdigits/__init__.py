"""inkdigits reads handwritten digits.

from inkdigits import Recognizer

Recognizer().predict("seven.jpg").digit
"""

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
