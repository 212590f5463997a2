"""What holds a secret: it does not show it, cannot be pickled and cannot be changed.

Python memory cannot be wiped; this only keeps secrets out of logs, tracebacks, error pages and caches.
"""

from typing import Any, NoReturn


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
