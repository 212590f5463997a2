"""The two stylesheets, read once."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse

from poruch.desk.site.door import refuse

_HERE = Path(__file__).parents[1]
SHEETS = {
    "poruch.css": _HERE.parents[1] / "web" / "static" / "poruch.css",
    "desk.css": _HERE / "static" / "desk.css",
}


def stylesheet(request: HttpRequest, name: str) -> HttpResponse:
    """One of the two."""
    if name not in SHEETS:
        return refuse(404, "There is no such file.")
    return HttpResponse(SHEETS[name].read_bytes(), content_type="text/css; charset=utf-8")


def no_icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for one."""
    return HttpResponse(status=204)
