"""The results that inkdigits hands out: plain, frozen, and free of any framework's types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = ["Box", "Prediction", "Reason", "Refusal"]


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
