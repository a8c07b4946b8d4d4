"""Every exception that inkdigits raises on purpose.

All of them are kinds of `InkdigitsError`. Each one says what was expected, what came, and what to do about
it, so a caller can show the message to a person as it is, and a program can read the parts.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "ConfigError",
    "DatasetError",
    "ImageError",
    "InkdigitsError",
    "MissingExtraError",
    "ModelError",
    "TrainingError",
]


class InkdigitsError(Exception):
    """The root of all errors here; catching it catches everything that inkdigits raises on purpose.

    Args:
        subject: what the message is about: a path, an option, a name.
        expected: what would have been right, as the end of "expected ...".
        found: what came instead, as the end of "found ...".
        remedy: the next step, as a sentence in the imperative.
    """

    def __init__(self, subject: str | Path, *, expected: str, found: str, remedy: str) -> None:
        self.subject = str(subject)
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(self.subject, expected, found, remedy)

    def __str__(self) -> str:
        return f"{self.subject}: expected {self.expected}, found {self.found}. {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not survive the trip between processes otherwise.
        return _rebuild, (type(self), self.subject, self.expected, self.found, self.remedy)


def _rebuild(
    kind: type[InkdigitsError], subject: str, expected: str, found: str, remedy: str
) -> InkdigitsError:
    return kind(subject, expected=expected, found=found, remedy=remedy)


class ImageError(InkdigitsError):
    """A picture cannot be read: missing, broken, too large, not an image, or of an unsupported format."""


class DatasetError(InkdigitsError):
    """A dataset is missing, malformed, or not what it claims to be."""


class ConfigError(InkdigitsError):
    """A recipe, an option or a limit has an unknown key, a wrong type, or a value out of range."""


class ModelError(InkdigitsError):
    """A model file cannot be used: not ONNX, unsuitable inputs or outputs, or made for another normaliser."""


class TrainingError(InkdigitsError):
    """A training run cannot start, continue or be written."""


class MissingExtraError(InkdigitsError, ImportError):
    """A feature needs optional packages that are not installed; also an `ImportError`."""
