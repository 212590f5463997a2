"""A log that cannot tell: the class of an error and our line where it happened, never what was read or typed."""

import logging
import sys
import traceback
from contextlib import suppress
from types import TracebackType


def place(trace: TracebackType | None) -> str:
    """The last line of ours on the way to the error."""
    for frame in reversed(traceback.extract_tb(trace)):
        if "/poruch/" in frame.filename:
            return f"poruch/{frame.filename.rsplit('/poruch/', 1)[1]}:{frame.lineno}"
    return "outside"


def report(error: BaseException) -> None:
    """One line on standard error; where that goes to a full disk, the desk goes on without it."""
    with suppress(OSError):
        sys.stderr.write(f"desk: {type(error).__name__} at {place(error.__traceback__)}\n")


class NamesOnly(logging.Handler):
    """Writes errors with `report`, and nothing for anything less."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line at most."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            report(error)


def hush() -> None:
    """Put `NamesOnly` in the place of every other way to write, in this process."""
    root = logging.getLogger()
    root.handlers[:] = [NamesOnly()]
    for name in ("django", "django.request", "django.security", "waitress", "waitress.queue"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.raiseExceptions = False
