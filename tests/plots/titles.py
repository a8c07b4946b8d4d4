"""What a reader takes from a plot's texts, however they are worded."""

from __future__ import annotations

import re

from matplotlib.axes import Axes

__all__ = ["figures_in", "texts_of"]


def texts_of(axes: Axes) -> list[str]:
    """The texts within the axes."""
    return [text.get_text() for text in axes.texts]


def figures_in(text: str) -> list[str]:
    """The numbers in a text, digits among them, in their order."""
    return re.findall(r"−?\d+(?:\.\d+)?", text)
