"""Files that put a model, or the service, onto other people's servers."""

__all__ = ()
