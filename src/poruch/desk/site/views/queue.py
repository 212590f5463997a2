"""The queue: what waits, the nearest clock first; every list is an address."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.pages import at_desk, page, url
from poruch.desk.site.room import current
from poruch.desk.views_cases import WITH_THE_PERSON, Row, recent_and_before, rows
from poruch.web.words import SPOKEN

PAGE_ROWS = 25

FILTERS: dict[str, tuple[Any, Callable[[Row], bool]]] = {
    "all": (_("All open"), lambda row: row.step.open),
    "mine": (_("For me"), lambda row: row.step.mine),
    "new": (_("Unread"), lambda row: row.step.key == "read"),
    "over": (_("Over"), lambda row: row.days_left is not None and row.days_left < 0),
    "others": (
        _("Waits for others"),
        lambda row: row.step.open and not row.step.mine and row.step.key not in WITH_THE_PERSON,
    ),
    "person": (_("Waits for the person"), lambda row: row.step.key in WITH_THE_PERSON),
    "closed": (_("Closed"), lambda row: not row.step.open),
}


def chosen(request: HttpRequest, everything: list[Row]) -> tuple[dict[str, str], list[Row]]:
    """The filter in the address, and the rows that pass it."""
    query = {
        "show": request.GET.get("show", "") if request.GET.get("show", "") in FILTERS else "all",
        "language": request.GET.get("language", "") if request.GET.get("language", "") in SPOKEN else "",
        "who": request.GET.get("who", "") if request.GET.get("who", "") in words.WHO else "",
    }
    wanted = FILTERS[query["show"]][1]

    def passes(row: Row) -> bool:
        story = row.story
        language = not query["language"] or (story is not None and story.language == query["language"])
        who = not query["who"] or (story is not None and story.who == query["who"])
        return wanted(row) and language and who

    return {key: value for key, value in query.items() if value}, [row for row in everything if passes(row)]


def _filters(everything: list[Row], query: dict[str, str]) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for row in everything:
        counts.update(key for key, (_name, passes) in FILTERS.items() if passes(row))
    return [
        {
            "name": name,
            "count": counts[key],
            "here": key == query["show"],
            "url": f"{url('queue')}?{urlencode({**query, 'show': key})}",
        }
        for key, (name, _passes) in FILTERS.items()
        if counts[key] or key in ("all", "mine", query["show"])
    ]


def _page_number(request: HttpRequest, last: int) -> int:
    typed = request.GET.get("page", "1")
    return min(int(typed), last) if typed.isascii() and typed.isdigit() and int(typed[:9]) > 0 else 1


@at_desk("queue")
def queue(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The list, its score and its filters."""
    everything = rows(desk, current().story)
    query, found = chosen(request, everything)
    last = max(1, -(-len(found) // PAGE_ROWS))
    number = _page_number(request, last)
    shown = found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    median, before = recent_and_before(desk)
    unread = [row for row in everything if row.step.key == "read"]
    over = [row for row in everything if row.days_left is not None and row.days_left < 0]
    languages = sorted({row.story.language for row in everything if row.story})
    context = {
        "rows": shown,
        "found": len(found),
        "first": (number - 1) * PAGE_ROWS + 1,
        "last": (number - 1) * PAGE_ROWS + len(shown),
        "filters": _filters(everything, query),
        "query": query,
        "here_query": urlencode(query),
        "previous": f"?{urlencode({**query, 'page': number - 1})}" if number > 1 else "",
        "next": f"?{urlencode({**query, 'page': number + 1})}" if number < last else "",
        "median": median,
        "before": before,
        "mine": sum(row.step.mine for row in everything),
        "open": sum(row.step.open for row in everything),
        "unread": len(unread),
        "oldest": max((desk.today() - row.case.day).days for row in unread) if unread else 0,
        "over": len(over),
        "over_mine": sum(row.step.mine for row in over),
        "languages": [(code, SPOKEN.get(code, code)) for code in languages],
        "kinds": list(words.WHO.items()),
        "steps": words.STEPS,
        "reads_stories": desk.within("casework"),
    }
    return page(request, "queue", "desk/queue.html", context)
