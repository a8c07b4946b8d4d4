"""The folders that training runs leave behind."""

__all__ = ()
