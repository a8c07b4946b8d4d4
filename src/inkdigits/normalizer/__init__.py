"""The one normaliser: a grey page of any kind -> ink in MNIST's form."""

from inkdigits.normalizer.normalizing import NORMALIZER_VERSION, Normalized, normalize

__all__ = ["NORMALIZER_VERSION", "Normalized", "normalize"]
