"""Where the numbers of a page are, and the form in which one line of writing is read."""

__all__ = ()
