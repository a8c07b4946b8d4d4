"""The architectures, one a file. To add one: write its file, and name it here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inkdigits.errors import ConfigError
from inkdigits.files import did_you_mean
from inkdigits.ink import DIGITS
from inkdigits.models import best, cnn, mlp, mlp2, quick, strided

__all__ = ["MODELS", "build"]

MODELS: dict[str, Callable[[int], Any]] = {
    "mlp": mlp.build,
    "mlp2": mlp2.build,
    "cnn": cnn.build,
    "quick": quick.build,
    "best": best.build,
    "hands": best.build_hands,
    "strided": strided.build,
}


def build(name: str, n_outputs: int = len(DIGITS)) -> Any:
    """Build an untrained Keras model: ink (N, 28, 28) float32, 0 to 1 -> logits (N, n_outputs).

    Raises:
        ConfigError: there is no architecture of that name.
    """
    if name not in MODELS:
        raise ConfigError(
            "model",
            expected="one of " + ", ".join(MODELS),
            found=repr(name),
            remedy=did_you_mean(name, MODELS) or "Choose one of these.",
        )
    return MODELS[name](n_outputs)
