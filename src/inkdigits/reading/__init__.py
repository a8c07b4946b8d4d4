"""Ink -> an answer: the model, the decision to accept or refuse, the recognizer."""

__all__ = ()
