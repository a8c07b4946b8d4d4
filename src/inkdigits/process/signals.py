"""Signals: as a flag for long work that ends in good order, and as the end of a command anywhere else.

`stop_signals` lends the flag. `end_on_signals` is for the process of a command: from then on Ctrl-C and
SIGTERM raise KeyboardInterrupt, again and again until it has come through. Once is not enough: a callback of
a compiled library, a destructor or a careless `except` may swallow it, and an import may turn it into an
ImportError.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["end_on_signals", "exit_code", "is_ending", "leave_signals", "stop_signals", "withheld"]

_AGAIN_S = 0.5  # until a KeyboardInterrupt that was swallowed is raised again
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))
_ALARM = getattr(signal, "SIGALRM", None)  # Windows has none: there a swallowed Ctrl-C has to be repeated

_came: list[int] = []  # the signals that asked to stop, in order
_raised = threading.Event()  # set once one of them has ended the command where it was


@contextmanager
def stop_signals(*numbers: signal.Signals) -> Iterator[threading.Event]:
    """Lend a flag that the first of these signals sets; a second one raises KeyboardInterrupt at once.

    Only the main thread may handle signals; elsewhere the flag is never set. A signal that is ignored, as
    Ctrl-C is by what a shell started in the background, stays ignored.
    """
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.getsignal(number) for number in numbers}

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if not flag.is_set():
            _came.append(number)
            flag.set()
        elif before[signal.Signals(number)] is _end:
            _end(number, frame)
        else:
            raise KeyboardInterrupt

    replaced = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in replaced:
        signal.signal(number, ask_to_stop)
    try:
        yield flag
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextmanager
def withheld(*numbers: signal.Signals) -> Iterator[None]:
    """Hold signals back while a process is started, so that it never gets them; here they come afterwards.

    A terminal sends Ctrl-C to every process of a command; the one that was called decides for all.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# The end of a command.


def end_on_signals() -> None:
    """Have Ctrl-C and SIGTERM raise KeyboardInterrupt in the main thread until it comes through.

    For the process of a command, which ends then with `exit_code`. Nothing is printed about it.
    """
    _came.clear()
    _raised.clear()
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    sys.unraisablehook = _say_unless_ending


def leave_signals() -> None:
    """Give signals back to the system: from here on the first one ends the process, without a word."""
    for number in (*_ENDING, _ALARM):
        if number is not None and signal.getsignal(number) in (_end, signal.default_int_handler):
            if number == _ALARM:
                signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(number, signal.SIG_DFL)


def is_ending() -> bool:
    """Whether a signal has ended the command where it was; what fails after that is of no interest."""
    return _raised.is_set()


def exit_code() -> int:
    """What a command that a signal ended exits with, as shells have it: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_came[0] if _came else signal.SIGINT)


def _end(number: int, frame: FrameType | None) -> None:
    if number == _ALARM and _is_on_its_way(sys.exception()):
        return
    if number != _ALARM:
        _came.append(number)
    _raised.set()
    if _ALARM is not None:
        signal.signal(_ALARM, _end)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S, _AGAIN_S)
    raise KeyboardInterrupt


def _is_on_its_way(error: BaseException | None) -> bool:
    """Whether a KeyboardInterrupt is being handled: it was not swallowed, and to clean up may take long."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return True
        error = error.__cause__ or error.__context__
    return False


def _say_unless_ending(ignored: Any) -> None:
    if not is_ending():
        sys.__unraisablehook__(ignored)
