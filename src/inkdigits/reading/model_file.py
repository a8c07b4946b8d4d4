"""Model files: their bytes, and what they say about themselves.

`inkdigits train` writes a JSON object into the metadata of an ONNX file, under the key `inkdigits`.
`ModelRecord` is that object, and the only place that knows its keys. A file from elsewhere has no such
object; its record says ten digits, no refusals and a temperature of 1.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from inkdigits.config import from_dict, require
from inkdigits.errors import ConfigError, ModelError
from inkdigits.files import read_regular, system_errors_as
from inkdigits.ink import DIGITS
from inkdigits.reading.risk_control import RiskBound
from inkdigits.results import Refusal

__all__ = ["METADATA_KEY", "ModelRecord", "bundled_model", "read_model"]

METADATA_KEY = "inkdigits"

_MAX_MODEL_BYTES = 500_000_000


@dataclass(frozen=True)
class ModelRecord:
    """What a model file says about itself; the fields are the keys of its metadata.

    Attributes:
        temperature: the logits are divided by it before the softmax.
        refusals: the outputs that follow those of the classes.
        least_digit_log_odds: natural log-odds of being a single digit from which on an image is accepted.
        least_log_odds_against: the same against each refusal alone; empty for no such thresholds.
        least_confidence: the confidence below which a digit is unclear, 0 to 1.
        accepted_digits: rows of a fraction of digits and the log-odds that so many of them reach, ascending.
        risk_bounds: the error that each threshold of the confidence guarantees, thresholds ascending.
        normalizer_version: the version of the normaliser that prepared the training images.
        class_names: the classes, in the order of the outputs; empty where the file does not name them.
        model: the architecture.
        data: the datasets that it was trained on.
        seed: of the training.
        epochs: of the training.
        adapted_to: the name of the samples of one hand that its last layer was adapted to; None for none.
        adapted_counts: how many samples of each class these were.
    """

    temperature: float
    refusals: tuple[Refusal, ...] = ()
    least_digit_log_odds: float = 0.0
    least_log_odds_against: tuple[float, ...] = ()
    least_confidence: float = 0.0
    accepted_digits: tuple[tuple[float, float], ...] = ()
    risk_bounds: tuple[RiskBound, ...] = ()
    normalizer_version: int | None = None
    class_names: tuple[str, ...] = ()
    model: str | None = None
    data: tuple[str, ...] = ()
    seed: int | None = None
    epochs: int | None = None
    adapted_to: str | None = None
    adapted_counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the ranges."""
        names = self.class_names
        for key, holds, expected in (
            ("temperature", self.temperature > 0, "more than 0"),
            ("least_confidence", 0 <= self.least_confidence <= 1, "0 to 1"),
            (
                "least_log_odds_against",
                len(self.least_log_odds_against) in (0, len(self.refusals)),
                "a number for each refusal, or none",
            ),
            ("class_names", len({*names} - {""}) == len(names) != 1, "two or more different names"),
            ("accepted_digits", _is_table(self.accepted_digits, 2), "ascending rows of two numbers"),
            ("risk_bounds", _is_table(self.risk_bounds, 3, 0, 1), "ascending rows of three fractions"),
        ):
            require(holds, f"metadata: {key}", expected=expected, found=getattr(self, key))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the C classes; a file that does not name them is taken to know the ten digits."""
        return self.class_names or DIGITS

    def to_metadata(self) -> dict[str, object]:
        """The JSON object for the file; fields that have their default value are left out."""
        values = {field: getattr(self, field.name) for field in fields(self)}
        return {field.name: value for field, value in values.items() if value != field.default}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object], name: str) -> ModelRecord:
        """Read the JSON object of a file; other keys are ignored, and missing ones get defaults.

        Args:
            metadata: the object; empty for a file from elsewhere.
            name: what errors call the file.

        Raises:
            ModelError: a value has a wrong type or is out of range.
        """
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in metadata.items() if key in known}
        try:
            return from_dict(cls, {"temperature": 1.0} | values, "metadata")
        except ConfigError as error:
            raise ModelError(
                f"{name}: {error.subject}",
                expected=error.expected,
                found=error.found[:60],
                remedy="Export the model again.",
            ) from error


def bundled_model() -> bytes:
    """The ONNX file that ships with the package."""
    # `importlib.resources` would load `zipfile` and `tempfile` first.
    return pkgutil.get_data("inkdigits", "weights/digits.onnx") or b""


def read_model(path: str | Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelError: the file cannot be read, or is larger than 500 MB.
    """
    with system_errors_as(ModelError, path, expected="a readable ONNX file", remedy="Check the path."):
        return read_regular(Path(path), _MAX_MODEL_BYTES)


def _is_table(
    rows: tuple[tuple[float, ...], ...], n_columns: int, low: float = -math.inf, high: float = math.inf
) -> bool:
    fits = all(len(row) == n_columns and low <= min(row) <= max(row) <= high for row in rows)
    return fits and list(rows) == sorted(rows)
