"""Reads whole numbers: the line model, its decoding, and what the answer is expected to be."""

__all__ = ()
