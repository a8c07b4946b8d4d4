"""What is ink on a page, and what is paper, ruling or a printed box."""

__all__ = ()
