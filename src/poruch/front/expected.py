"""What a front that tells the truth would answer to invented visitors: the pages of this program, from public facts.

`python -m poruch.front.expected` reads `Facts` (poruch.journal.shown) from standard input and writes one `Visit` a
frame. It is a process of its own, for a desk has another site; it knows no key, opens no port and keeps nothing.
"""

import io
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from poruch.errors import Malformed
from poruch.events.codec import decode, encode
from poruch.journal.frames import join
from poruch.journal.public import PublicState
from poruch.journal.shown import Facts, LogShown, ShownState, Step, Visit
from poruch.web.sameness import mark_of, without_draws
from poruch.web.words import LANGUAGES

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

LONGEST = 64 * 1024 * 1024
HOST = "front.invalid"
_ANSWERS = {
    "who": {"who": "other"},
    "happened": {"happened": "I was told to do harm and said no. Then I lost my work."},
    "when": {"when": "last month"},
    "danger": {"danger": ""},
    "need": {"need": "rent"},
    "funds": {"other_funds": ""},
    "name": {"name": "", "contact": ""},
}
"""What an invented person types. The last page is looked at and never sent."""

Asked = tuple[str, tuple[tuple[str, str], ...]]


class _Journal:
    """In the place of a front's journal: the facts, and nothing to refresh."""

    def __init__(self, state: PublicState) -> None:
        self._state = state

    def public(self) -> PublicState:
        return self._state


def expected_visits(facts: Facts, folder: Path) -> list[Visit]:
    """The visits of a fund with these facts. `folder` is empty and holds public figures meanwhile; once a process."""
    application = _site(facts, folder)
    return [_visit(application, asked) for asked in _all_visits(facts.charter.languages)]


def _site(facts: Facts, folder: Path) -> "WSGIHandler":
    from poruch.front.server import create, make_wsgi

    create(folder, bytes(32))
    application = make_wsgi(folder, lambda: facts.today)
    from poruch.front.site import current

    current().journal = _Journal(ShownState.of(facts))  # type: ignore[assignment]
    if facts.log is not None:
        _show_log(facts.log)
    (folder / "log").mkdir(exist_ok=True)
    (folder / "log" / "policy").write_bytes(facts.policy.encode())
    return application


def _show_log(log: LogShown) -> None:
    from poruch.front.models import Leaf, LogState
    from poruch.front.publishing import ROW

    LogState.objects.create(
        id=ROW, state=b"", size=log.size, checkpoint=b"", officers=log.officers, witnesses=log.witnesses, day=log.day
    )
    Leaf.objects.bulk_create([Leaf(index=index, leaf=leaf) for index, leaf in log.summaries])


def _all_visits(offered: Iterable[str]) -> Iterable[list[Asked]]:
    """In each language: a look around, a gift thought of, a mailbox's door, and every question up to the last page."""
    from poruch.front.questions import QUESTIONS
    from poruch.front.views.words import PAGES

    yield [("/", ()), ("/static/poruch.css", ()), ("/log/policy", ()), ("/log/code-salt", ()), ("/log/keys", ())]
    spoken = tuple(offered)
    for language in LANGUAGES:
        here = f"/{language}"
        yield [(f"{here}/", ()), *((f"{here}/{key}/", ()) for key in PAGES), (f"{here}/accounts/", ())]
        yield [(f"{here}/give/", ()), (f"{here}/give/check/", ()), (f"{here}/mailbox/", ())]
        answers = {name: value for given in _ANSWERS.values() for name, value in given.items()}
        answers["language"] = language if language in spoken or not spoken else spoken[0]
        form = (("mark", ""), *answers.items(), ("go", "next"))
        yield [(f"{here}/", ()), (f"{here}/ask/", ()), *((f"{here}/ask/{one.key}/", form) for one in QUESTIONS)]


def _visit(application: "WSGIHandler", asked: list[Asked]) -> Visit:
    steps: list[Step] = []
    mark = ""
    for path, form in asked:
        status, content = _answer(application, path, [(k, mark if k == "mark" else v) for k, v in form])
        mark = mark_of(content)
        steps.append(Step(path, form, status, without_draws(content)))
    return Visit(tuple(steps))


def _answer(application: "WSGIHandler", path: str, form: list[tuple[str, str]]) -> tuple[int, bytes]:
    body = urlencode(form).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if form else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "HTTP_HOST": HOST,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    begun: list[str] = []
    content = b"".join(application(environ, lambda status, headers, *rest: begun.append(status)))  # type: ignore[arg-type]
    return int(begun[0].split()[0]), content


def main() -> int:
    """Read facts, write visits."""
    from poruch.front.silence import hush

    hush()
    try:
        facts = decode(sys.stdin.buffer.read(LONGEST), Facts)
        with tempfile.TemporaryDirectory(prefix="poruch-shown-") as folder:
            visits = expected_visits(facts, Path(folder) / "front")
    except Malformed:
        return 1
    sys.stdout.buffer.write(join(encode(visit) for visit in visits))
    return 0


if __name__ == "__main__":
    sys.exit(main())
