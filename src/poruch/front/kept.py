"""Pages that are the same for everybody, rendered once for each state of journal and log, and kept in memory."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

MOST_PAGES = 200

_VERSION = """
SELECT (SELECT max(id) FROM front_segment), size, officers, witnesses, day FROM (SELECT 1) AS one
LEFT JOIN front_logstate ON front_logstate.id = 1
"""
_pages: dict[str, tuple[object, bytes]] = {}


def version() -> object:
    """What such pages depend on: equal values, equal pages."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        return cursor.fetchone()


def forget() -> None:
    """Forget all pages; another front may begin."""
    _pages.clear()


def kept(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For views without a form: answer from memory while nothing has changed."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        now = version()
        found = _pages.get(request.path)
        if found is not None and found[0] == now:
            return HttpResponse(found[1])
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and len(_pages) < MOST_PAGES:
            _pages[request.path] = (now, response.content)
        return response

    return answer
