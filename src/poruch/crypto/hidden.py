"""What holds a secret: it does not show it, cannot be pickled and cannot be changed.

Python memory cannot be wiped; this only keeps secrets out of logs, tracebacks, error pages and caches.
"""

import sys
from collections.abc import Callable
from functools import wraps
from traceback import clear_frames
from typing import Any, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def forgets(function: Callable[P, R]) -> Callable[P, R]:
    """For what is given a secret that is not `Hidden`: when it raises, the traceback holds no local variables of it.

    Tools that print tracebacks with locals would else print a mistyped passphrase or a share.
    """

    @wraps(function)
    def forgetful(*args: P.args, **named: P.kwargs) -> R:
        before = sys.exception()
        try:
            return function(*args, **named)
        except BaseException as error:
            del args, named
            found: BaseException | None = error
            while found is not None and found is not before:
                clear_frames(found.__traceback__)
                found = found.__cause__ or found.__context__
            raise

    return forgetful


class Hidden:
    """Base of every key that must not be seen. Fields are set once, in `__init__`, by `_set`."""

    __slots__ = ()

    def _set(self, **fields: object) -> None:
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    def __setattr__(self, field: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, field: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} hidden>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        # Also what copy.copy, copy.deepcopy and Django's caches call.
        raise TypeError(f"{type(self).__name__} is not pickled or copied")
