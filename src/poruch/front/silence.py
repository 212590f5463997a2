"""Logging that cannot tell: which error, at which line of ours, and nothing of what was asked, typed or by whom."""

import logging
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from types import TracebackType

OURS = "poruch"


def place(trace: TracebackType | None) -> str:
    """The last line of ours on the way to the error: `poruch/front/views/ask.py:42`."""
    for frame in reversed(traceback.extract_tb(trace)):
        if f"/{OURS}/" in frame.filename:
            return f"{OURS}/{frame.filename.rsplit(f'/{OURS}/', 1)[1]}:{frame.lineno}"
    return "outside"


def what(error: BaseException | None) -> str:
    """The error and what caused it, as names of classes: their texts may repeat what somebody typed."""
    names: list[str] = []
    while error is not None and len(names) < 8:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return " from ".join(names)


class NamesOnly(logging.Handler):
    """Writes the class of an error and the place in our code; a record without an error only as logger and level."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line on standard error for errors; nothing for anything less."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            say(f"{what(error)} at {place(error.__traceback__)}")
        elif record.levelno >= logging.ERROR:
            say(f"{record.name} {record.levelname}")


def say(line: str) -> None:
    """One line on standard error; where that goes to a full disk, nobody who waits for an answer is kept by it."""
    with suppress(OSError):
        sys.stderr.write(f"front: {line}\n")


def hush() -> None:
    """Put `NamesOnly` in the place of every other way to write, in this process."""
    root = logging.getLogger()
    root.handlers[:] = [NamesOnly()]
    root.setLevel(logging.WARNING)
    for name in (
        "django",
        "django.request",
        "django.server",
        "django.security",
        "waitress",
        "waitress.queue",
        "granian",
    ):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.raiseExceptions = False
    warnings.simplefilter("ignore")
    sys.excepthook = _excepthook
    threading.excepthook = _thread_excepthook


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        say(f"{what(error)} at {place(trace)}")


def _thread_excepthook(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None:
        say(f"{what(found.exc_value)} at {place(found.exc_traceback)}")
