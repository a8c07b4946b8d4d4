"""What a training run is made of, and the recipes that ship."""

__all__ = ()
