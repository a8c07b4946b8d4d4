"""Datasets that are known by name: where they are, and how they are fetched and checked."""

__all__ = ()
