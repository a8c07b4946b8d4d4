"""The results that inkdigits hands out: plain, frozen, and free of any framework's types."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Box", "Prediction"]


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
        digit: 0 to 9, or None when the picture was refused, or when the model knows other classes.
        confidence: calibrated probability, 0 to 1, that the answer is right; 0 when refused, but for
            `unclear`, where it is what the likeliest digit had.
        probabilities: numbers that sum to 1, one per digit or other class, as if it were one.
        refused: whether the picture was refused.
        reason: why it was refused, or None. `blank`: there is no ink. `not_a_digit`: a letter, a sign, a
            scribble, noise, another thing. `several`: more than one digit. `unclear`: a digit, but too
            uncertain which one.
        box: where the ink is, or None when there is none.
        label: the name of the class, such as "7", or None when the picture was refused.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    refused: bool
    reason: str | None
    box: Box | None
    label: str | None = None

    def to_json(self) -> dict[str, object]:
        """The same as a dictionary that `json.dumps` takes, in the form of `predict --json`.

        The label is left out where it is the digit.
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
