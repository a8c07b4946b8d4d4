"""The results that inkdigits hands out: plain, frozen, and free of any framework's types."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Literal

__all__ = ["Alternative", "Box", "Character", "Number", "Prediction", "Reading", "Reason", "Refusal", "brief"]

_LONGEST = 60  # characters of one value


class Reason(StrEnum):
    """Why a picture is refused; each member equals its name in the JSON."""

    BLANK = "blank"
    """There is no ink on the page."""
    NOT_A_DIGIT = "not_a_digit"
    """The ink is a letter, a symbol, a scribble, noise, or some other thing."""
    SEVERAL = "several"
    """The page shows more than one digit."""
    UNCLEAR = "unclear"
    """It is a digit, but which one is too uncertain: below even odds, or below what `max_error` requires."""


Refusal = Literal[Reason.NOT_A_DIGIT, Reason.SEVERAL]
"""The reasons that a network can have outputs for."""


def brief(record: object) -> str:
    """The `repr` of a dataclass that holds arrays, such as `Split(images=uint8 (9, 28, 28), labels=None)`."""
    values = ", ".join(f"{field.name}={_shown(getattr(record, field.name))}" for field in fields(record))  # type: ignore[arg-type]
    return f"{type(record).__name__}({values})"


def _shown(value: object) -> str:
    if hasattr(value, "dtype") and hasattr(value, "shape"):  # an array, without loading NumPy to ask
        return f"{value.dtype} {value.shape}"
    if isinstance(value, tuple) and len(value) > 1 and all(isinstance(part, float) for part in value):
        return "(" + ", ".join(f"{part:.3g}" for part in value) + ")"
    text = repr(value)
    is_record = hasattr(type(value), "__dataclass_fields__")
    return text if is_record or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture; `left` and `top` are inclusive, counted from 0."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the recognizer says about one picture.

    Attributes:
        digit: 0 to 9; None when the picture was refused, or when the model knows other classes.
        confidence: Calibrated probability, 0 to 1, that the answer is right. It is 0 for a refused picture,
            except for `unclear`, where it is the probability of the likeliest class.
        probabilities: One probability per class, given that the picture shows one; they sum to 1.
        refused: Whether the picture was refused.
        reason: Reason of the refusal, or None.
        box: `Box` around the ink, in pixels of the upright picture; None when there is no ink.
        label: Name of the class, such as "7" or "Coat"; None when the picture was refused.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    refused: bool
    reason: Reason | None
    box: Box | None
    label: str | None = None

    __repr__ = brief

    def to_json(self) -> dict[str, object]:
        """The prediction as a dictionary for `json.dumps`, in the form of `predict --json`.

        Keys that differ from the attributes:

        - `label`: Name of the class; present only when the model knows other classes than digits.
        - `box`: `[left, top, width, height]` of the ink, in pixels of the upright picture; null without ink.
        """
        box = self.box
        is_other = self.digit is None and self.label is not None
        return {
            "digit": self.digit,
            **({"label": self.label} if is_other else {}),
            "confidence": round(self.confidence, 4),
            "probabilities": [round(p, 4) for p in self.probabilities],
            "refused": self.refused,
            "reason": self.reason,
            "box": None if box is None else [box.left, box.top, box.width, box.height],
        }


# Whole numbers.


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a number: what it is, how likely that is, and where it stands."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another number that the same ink may be."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Number:
    """One number in a picture.

    Attributes:
        text: as written, with the separators between its digits; "" when refused.
        digits: the digits alone, leading zeros included.
        confidence: calibrated probability, 0 to 1, that all digits are right; 0 when refused, but for
            `unclear`, where it is what the likeliest number had.
        refused: whether nothing was read.
        reason: why, or None. `blank`: no ink. `no_number`: ink that is no number. `unclear`: too uncertain.
            `no_match`: nothing there is what was expected.
        box: where it is, or None where there is no ink.
        line: which line of the page it stands in, from 0.
        characters: digits and separators from left to right.
        alternatives: the next likely numbers, likeliest first; of one refused as unclear, the likeliest too.
        readers: who read it so, where more than one reader was asked: `inkdigits`, `rapidocr`, or both.
    """

    text: str
    digits: str
    confidence: float
    refused: bool
    reason: str | None
    box: Box | None
    line: int = 0
    characters: tuple[Character, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    readers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The same as a dictionary that `json.dumps` takes, in the form of `read --json`."""
        return {
            "text": self.text,
            "digits": self.digits,
            "confidence": round(self.confidence, 4),
            "refused": self.refused,
            "reason": self.reason,
            "box": _sides(self.box),
            "line": self.line,
            "characters": [
                {"text": each.text, "confidence": round(each.confidence, 4), "box": _sides(each.box)}
                for each in self.characters
            ],
            "alternatives": [
                {"text": each.text, "confidence": round(each.confidence, 4)} for each in self.alternatives
            ],
            **({"readers": list(self.readers)} if self.readers else {}),
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of one picture, in reading order, refused ones included."""

    numbers: tuple[Number, ...]

    @property
    def text(self) -> str:
        """The numbers that were read: a space within a line, a line feed between lines."""
        lines: dict[int, list[str]] = {}
        for number in self.numbers:
            if not number.refused:
                lines.setdefault(number.line, []).append(number.text)
        return "\n".join(" ".join(texts) for texts in lines.values())

    def to_json(self) -> dict[str, object]:
        """The same as a dictionary that `json.dumps` takes, in the form of `read --json`."""
        return {"text": self.text, "numbers": [number.to_json() for number in self.numbers]}


def _sides(box: Box | None) -> list[int] | None:
    return None if box is None else [box.left, box.top, box.width, box.height]
