"""What belongs to the whole process: its signals and its standard streams."""

__all__ = ()
