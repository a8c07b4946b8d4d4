"""How well a model reads, and what it has learned."""

__all__ = ()
