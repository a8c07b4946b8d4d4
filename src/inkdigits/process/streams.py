"""The standard streams of a command: there, and heard when they fail.

A stream that is closed is no stream at all to Python, and what is printed then is lost without a word. Worse,
the next file that is opened takes its number, and a library's message goes into that file.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import Any, TextIO

__all__ = ["OutputFailedError", "drop_output", "mend_streams"]


class OutputFailedError(Exception):
    """Standard output could not be written, so answers are lost.

    No OSError: where files are written, that would be taken for a failure of theirs.

    Args:
        error: what the system says of it.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__("that it is closed" if error.errno == errno.EBADF else error.strerror or str(error))
        self.reader_has_gone = error.errno == errno.EPIPE


def mend_streams() -> None:
    """Have all three standard streams of this process, with these manners.

    - Input that is closed is empty.
    - Output raises `OutputFailedError` when it cannot be written, as where it is closed or on a full disk.
    - What cannot be written to the stream of errors is dropped: no note costs an answer.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):  # to write to 1 must fail
        if not _is_open(number):
            _put_at(number, os.open(os.devnull, mode))
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = _through(_Output, sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False))
    sys.stderr = _through(_Errors, sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False))


def drop_output() -> None:
    """Drop what still waits to be written, so that the interpreter does not fail over it once more."""
    _put_at(1, os.open(os.devnull, os.O_WRONLY))


class _Output(io.RawIOBase):
    """What writes to a file, and says whose failure it was."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream  # which closes its file when it goes
        buffer: Any = stream.buffer
        self._file = getattr(buffer, "raw", buffer)

    def write(self, content: Any) -> int:
        try:
            while (n_bytes := self._file.write(content)) is None:  # nothing fits in; others may set it so
                select.select([], [self], [])
            return int(n_bytes)
        except OSError as error:
            return self._failed(error, content)

    def _failed(self, error: OSError, content: Any) -> int:
        raise OutputFailedError(error) from error

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._file.fileno())

    def isatty(self) -> bool:
        return bool(self._file.isatty())


class _Errors(_Output):
    """Takes everything, whether or not it can be written."""

    def _failed(self, error: OSError, content: Any) -> int:
        return len(content)


def _through(kind: type[_Output], stream: TextIO) -> TextIO:
    """The same stream, with all that is written going through one of ours."""
    with suppress(OSError):
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=bool(stream.line_buffering or stream.isatty()),
    )


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _put_at(number: int, opened: int) -> None:
    """Have an open file at a number of our choice."""
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
