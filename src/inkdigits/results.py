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
        digit: 0 to 9; None when the picture was refused, or when the model knows other classes.
        confidence: Calibrated probability, 0 to 1, that the answer is right. It is 0 for a refused picture,
            except for `unclear`, where it is the probability of the likeliest class.
        probabilities: One probability per class, given that the picture shows one; they sum to 1.
        refused: Whether the picture was refused.
        reason: Reason of the refusal, or None. `blank`: There is no ink on the page. `not_a_digit`: The ink
            is a letter, a sign, a scribble, noise or another thing. `several`: The page shows more than one
            digit. `unclear`: It is a digit, but which one is too uncertain: below even odds, or below what
            the bound on errors requires.
        box: `Box` around the ink, in pixels of the upright picture; None when there is no ink.
        label: Name of the class, such as "7" or "Coat"; None when the picture was refused.
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
