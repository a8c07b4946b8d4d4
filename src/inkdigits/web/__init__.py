"""The web service: a page to draw on, and an HTTP interface. Needs the extra `web`."""

__all__ = ()
