"""The routes of the service."""

__all__ = ()
