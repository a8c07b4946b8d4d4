"""Datasets: the known ones by name, anybody's own by path; all of them come out as MNIST does."""

from inkdigits.datasets.catalogue import NAMES
from inkdigits.datasets.dataset import Dataset, Split, combine, describe, in_classes, shown_classes
from inkdigits.datasets.loading import load
from inkdigits.ink import DIGITS

__all__ = [
    "DIGITS",
    "NAMES",
    "Dataset",
    "Split",
    "combine",
    "describe",
    "in_classes",
    "load",
    "shown_classes",
]
