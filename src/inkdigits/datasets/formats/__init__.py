"""Dataset files and folders as people have them, one reader a format."""

__all__ = ()
