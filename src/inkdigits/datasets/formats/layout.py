"""Checks how pictures lie that come as numbers: ink on black paper, upright. Mends what is certain.

    paper   the edge of a digit's picture is paper: where it is light in nearly all of them, 255 is paper,
            and they are turned over
    side    EMNIST and column-major arrays hold pictures with rows and columns exchanged: where a reader of
            digits agrees with the labels only after exchanging them back, they are turned upright

Letters: N, number of pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError

__all__ = ["Witness", "check_layout", "on_dark_paper", "upright"]

#: Reads pictures (N, 28, 28), uint8 as in MNIST: the digit in each, (N,).
Witness = Callable[[NDArray[np.uint8]], NDArray[np.int64]]

_LIGHT, _DARK = 192, 64  # grey levels
_NEARLY_ALL = 0.9
_MOST_SPREAD = 40  # grey levels between the quartiles of the edge: more is no paper
_N_ASKED = 200  # pictures that the witness reads
_FEWEST_ASKED = 20
_READS = 0.7  # share of labels that the witness agrees with in pictures that it can read
_READS_TURNED = 0.5  # the same for pictures turned upright, of which it reads so much more
_AHEAD = 0.3  # how much more it must agree with pictures on their side


def check_layout(
    source: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64] | None,
    witness: Witness | None = None,
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures (N, 28, 28) as MNIST has them, and notes on what was mended.

    Args:
        source: the file, for messages.
        images: (N, 28, 28).
        labels: (N,), digits; None where nobody knows.
        witness: a reader of digits; the bundled model unless given.

    Raises:
        DatasetError: the paper is neither dark nor light.
    """
    images, notes = on_dark_paper(source, images)
    images, further = upright(source, images, labels, witness)
    return images, (*notes, *further)


def upright(
    source: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64] | None,
    witness: Witness | None = None,
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures (N, 28, 28), upright where they lay on their side; arguments are those of `check_layout`."""
    if labels is not None and len(images) >= _FEWEST_ASKED and _lie_on_their_side(images, labels, witness):
        turned = np.ascontiguousarray(images.transpose(0, 2, 1))
        return turned, ("the pictures lay on their side, as EMNIST's do: exchanged rows and columns",)
    if labels is None and "emnist" in source.name.lower():
        return images, ("EMNIST's pictures lie on their side: without labels nothing tells whether these do",)
    return images, ()


def on_dark_paper(source: Path, images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures (N, S, S) of any size, turned over where their paper is light.

    Raises:
        DatasetError: the paper is neither dark nor light.
    """
    edges = np.concatenate(
        [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1
    )  # (N, 4 * S - 4)
    paper = np.median(edges, axis=1)  # (N,)
    if (paper >= _LIGHT).mean() >= _NEARLY_ALL and np.median(images) >= _LIGHT:
        return 255 - images, ("paper was 255 and ink 0: turned over, for 0 is paper in MNIST",)
    low, middle, high = np.percentile(edges, (25, 50, 75))
    if len(images) >= _FEWEST_ASKED and _DARK < middle < _LIGHT and high - low <= _MOST_SPREAD:
        raise DatasetError(
            source,
            expected="pictures whose paper is 0, or 255",
            found=f"paper of {middle:g}",
            remedy="Bring the paper to 0 and the ink to 255, or save them as pictures in folders by class.",
        )
    return images, ()


def _lie_on_their_side(images: NDArray[np.uint8], labels: NDArray[np.int64], witness: Witness | None) -> bool:
    asked = np.linspace(0, len(images) - 1, min(_N_ASKED, len(images))).astype(np.int64)
    read = witness or _bundled_witness()
    upright = float((read(images[asked]) == labels[asked]).mean())
    if upright >= _READS:
        return False
    turned = float((read(images[asked].transpose(0, 2, 1)) == labels[asked]).mean())
    return turned >= _READS_TURNED and turned - upright >= _AHEAD


@cache
def _bundled_witness() -> Witness:
    from inkdigits.reading.recognizer import Recognizer  # reads a model: only where there is a question

    recognizer = Recognizer()

    def read(images: NDArray[np.uint8]) -> NDArray[np.int64]:
        return np.asarray(recognizer.classify(np.ascontiguousarray(images)).argmax(axis=1))

    return read
