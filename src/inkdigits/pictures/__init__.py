"""A picture as people have it -> one upright grey page."""

__all__ = ()
