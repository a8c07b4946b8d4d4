"""The command line: parse, call one function, print. Each verb has a file of its own."""

from inkdigits.cli.app import app, main

__all__ = ["app", "main"]
