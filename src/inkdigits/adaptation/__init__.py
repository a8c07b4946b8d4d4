"""A model that has learned one person's hand, without a training framework."""

from inkdigits.adaptation.adapting import Adapted, adapt

__all__ = ["Adapted", "adapt"]
