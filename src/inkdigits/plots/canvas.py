"""What every plot shares: colours, sizes, axes, checks, and how a figure becomes a file.

Colours are those of Okabe and Ito (2008), which colour-blind people can tell apart.
"""

from __future__ import annotations

import io
from pathlib import Path

from inkdigits.errors import ConfigError, DatasetError
from inkdigits.extras import needing
from inkdigits.files import write_whole
from inkdigits.ink import DIGITS

with needing("train", for_what="inkdigits.plots"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "DIGIT_NAMES",
    "DOTS_PER_INCH",
    "GREY",
    "PALE",
    "SMALL_PT",
    "TEXT_PT",
    "TITLE_PT",
    "VERMILION",
    "check_not_empty",
    "check_one_per_image",
    "figure_of",
    "name_axes",
    "new_axes",
    "save_figure",
]

DIGIT_NAMES = DIGITS

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREY = "#6E6E6E"
PALE = "#E6E6E6"
TITLE_PT = 12
TEXT_PT = 10
SMALL_PT = 8
DOTS_PER_INCH = 150


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes.

    Raises:
        ConfigError: the path does not end in .png.
    """
    if path.suffix.lower() != ".png":
        raise ConfigError(
            path,
            expected="a path that ends in .png",
            found=f"the ending {path.suffix!r}",
            remedy="Save the figure as PNG, or use its own savefig for other formats.",
        )
    picture = io.BytesIO()
    # Without this, matplotlib writes its own version into the file.
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    write_whole(path, picture.getvalue())


def new_axes(width_in: float, height_in: float) -> Axes:
    """Axes that fill a new figure."""
    figure = Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH, layout="constrained")
    return figure.add_subplot()


def figure_of(axes: Axes) -> Figure:
    """The figure that the axes are in."""
    return axes.figure.figure  # of a subfigure, the figure that it is in


def name_axes(axes: Axes, x: str, y: str) -> None:
    """Label both axes, and take away the frame on the other two sides."""
    axes.set_xlabel(x, fontsize=TEXT_PT)
    axes.set_ylabel(y, fontsize=TEXT_PT)
    axes.tick_params(labelsize=TEXT_PT)
    axes.spines[["top", "right"]].set_visible(False)


def check_not_empty(subject: str, n_found: int) -> None:
    """Raise a DatasetError where there is nothing to draw."""
    if n_found == 0:
        raise DatasetError(subject, expected="at least 1", found="0", remedy="Pass something to draw.")


def check_one_per_image(subject: str, n_images: int, n_found: int) -> None:
    """Raise a DatasetError where `n_found` values do not belong to `n_images` images one by one."""
    if n_found != n_images:
        raise DatasetError(
            subject,
            expected=f"{n_images:,}, one per image",
            found=f"{n_found:,}",
            remedy="Select from the images and from what belongs to them with the same indices.",
        )
