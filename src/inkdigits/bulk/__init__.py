"""Many pictures, one table: on one machine's cores, or on a Ray cluster."""

__all__ = ()
