"""The command `inkdigits`, which `python -m inkdigits` is too: signals and streams first, then the rest.

To load the verbs takes half a second, in which Ctrl-C is to end the command as it does later on.
"""

import sys


def _show_fault(kind, error, trace):  # type: ignore[no-untyped-def]  # to import the types takes too long
    """Show a traceback for what is a fault; Ctrl-C is none, and Python ends with it."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _show_fault

from inkdigits.process.signals import end_on_signals, exit_code, is_ending, leave_signals  # noqa: E402

_CTRL_C = 130  # which a verb, or Typer, ends with after any signal


def main() -> None:
    """Run the command line in this process, and end as the last signal or the verb has it."""
    end_on_signals()
    try:
        from inkdigits.process.streams import mend_streams

        mend_streams()
        from inkdigits.cli import main as run

        run()
    except BaseException as error:
        if not (is_ending() or isinstance(error, KeyboardInterrupt) or getattr(error, "code", 0) == _CTRL_C):
            raise
        sys.exit(exit_code())
    finally:
        leave_signals()


if __name__ == "__main__":
    main()
