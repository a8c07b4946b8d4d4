"""What is said of whole numbers: plain, frozen results, as those of single digits are."""

from __future__ import annotations

from dataclasses import dataclass

from inkdigits.results import Box

__all__ = ["Alternative", "Character", "Number", "Reading"]


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
