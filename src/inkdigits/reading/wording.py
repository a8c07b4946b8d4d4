"""An answer in words, for people: what was read, or why it was refused.

It loads nothing that draws, which a line of text should not wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkdigits.reading.recognizer import Examination
    from inkdigits.results import Prediction

__all__ = ["percent", "reason_in_words", "verdict"]

_EVEN_LEVELS = 14  # grey levels; a page with a wider range has something on it, if only grain


def reason_in_words(examination: Examination) -> str:
    """Why a picture was refused, with the figure that it lacked; empty for an answer."""
    prediction, n_others = examination.prediction, examination.normalized.others
    if not prediction.refused:
        return ""
    if prediction.box is None:
        is_even = int(examination.page.max()) - int(examination.page.min()) < _EVEN_LEVELS
        return "The page is empty." if is_even else "Nothing on the page stands out from its grain."
    if n_others:
        return f"{n_others + 1} pieces of ink look like digits of their own."
    if prediction.reason == "unclear":
        likeliest = examination.class_names[prediction.probabilities.index(max(prediction.probabilities))]
        least = percent(examination.least_confidence)
        return f"Most likely {likeliest}, but {percent(prediction.confidence)} sure, and {least} is needed."
    least = percent(examination.least_digit_probability)
    return f"{percent(examination.digit_probability)} for being one digit, and {least} is needed."


def verdict(prediction: Prediction) -> str:
    """The answer in a few words."""
    if prediction.refused:
        return f"Refused: {(prediction.reason or '').replace('_', ' ')}"
    return f"{prediction.label}, {percent(prediction.confidence)} sure"


def percent(probability: float) -> str:
    """Nothing is quite certain, so nothing is rounded to it."""
    return "> 99.9%" if probability > 0.999 else f"{probability:.1%}"
