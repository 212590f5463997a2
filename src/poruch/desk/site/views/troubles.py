"""What the errors page says of each thing that does not hold, and its proof as a file."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as lazy

from poruch.desk import newer, waiting
from poruch.desk.program import Desk
from poruch.desk.site.pages import at_desk, missing
from poruch.desk.troubles import Trouble, by_officer, troubles
from poruch.journal import proofs

SAID = {
    proofs.EQUIVOCATION: (
        lazy("Two segments at one place"),
        lazy(
            "He signed two different things as one. That is no accident of a sound program: he tells "
            "colleagues different things, or somebody else has his key. Each desk suspends him by itself. "
            "Call him, and tell the others what he says."
        ),
    ),
    proofs.BROKEN_LINK: (
        lazy("A broken link"),
        lazy(
            "He signed a segment that does not continue his own chain. It was put aside and the rest is read."
            " His disk may have been put back to an older day, or somebody has his key: call him; if he "
            "cannot explain it, suspend him."
        ),
    ),
    proofs.CLOCK_AHEAD: (
        lazy("A clock far ahead"),
        lazy(
            "He signed a segment whose counter lies a million steps ahead, so that nobody could speak after "
            "him. It was put aside. No desk of ours writes this: call him; if he cannot explain it, suspend "
            "him."
        ),
    ),
    proofs.SUSPENDED: (
        lazy("Said after a suspension"),
        lazy(
            "He is suspended or removed, and his desk went on writing. Nothing of it counts. He may not have "
            "heard of it yet; if he has, somebody else may hold his desk. There is nothing else to do."
        ),
    ),
    proofs.DAMAGED: (
        lazy("A damaged sealed event"),
        lazy(
            "He sealed something that does not open as it must, or to other circles than it says. It does not"
            " count, and what he meant is lost. Tell him which day it was, so that he says it again."
        ),
    ),
    proofs.UNKNOWN_EVENT: (
        lazy("An unknown event"),
        lazy(
            "He said something that this program does not know; a newer Poruch may. Until it is installed "
            "here, this desk decides nothing. If nobody knows of a newer one, suspend him: then the others go"
            " on."
        ),
    ),
    proofs.BAD_SIGNATURE: (
        lazy("A bad signature"),
        lazy(
            "Somebody sent a segment in an officer’s name that he did not sign. It was put aside and counts "
            "against nobody: the front, a stick or the line may have been tampered with, or a byte was lost. "
            "If it comes again and again, tell who runs the front."
        ),
    ),
    proofs.UNKNOWN_OFFICER: (
        lazy("An unknown author"),
        lazy(
            "A segment bears a number that nobody on the roster has. It was put aside. If a newcomer was "
            "admitted, this goes by itself with the next sync; else somebody tries his luck, and there is "
            "nothing to do."
        ),
    ),
    proofs.OTHER_FUND: (
        lazy("Of another fund"),
        lazy(
            "A segment of another fund came here. It was put aside. Look whether this desk is joined to the "
            "right front, and whether a stick was mixed up."
        ),
    ),
    proofs.UNREADABLE: (
        lazy("Unreadable"),
        lazy(
            "What came in the place of a segment cannot be read. It was put aside, and what is missing is "
            "asked for again. If it comes again and again, tell who runs the front."
        ),
    ),
}  # fmt: skip
"""For each kind its name, and the sentence for a tired person."""


def rows(desk: Desk, author: int | None, kind: str) -> list[dict[str, Any]]:
    """The groups of the page: by officer, filtered."""
    found = [one for one in troubles(desk) if (author is None or one.author == author) and kind in ("", one.kind)]
    return [{"author": number, "troubles": [_row(one) for one in group]} for number, group in by_officer(found)]


def _row(one: Trouble) -> dict[str, Any]:
    name, text = SAID[one.kind]
    return {"trouble": one, "name": name, "text": text, "prints": [print_[:32] for print_ in one.prints]}


def context(desk: Desk, author: int | None, kind: str) -> dict[str, Any]:
    """What the journal's page says of faults."""
    everything = troubles(desk)
    return {
        "groups": rows(desk, author, kind),
        "kinds": [(key, SAID[key][0]) for key in proofs.KINDS if any(one.kind == key for one in everything)],
        "kind": kind,
        "count_faults": len(waiting.faults(desk)),
        "sentences": waiting.sentences(desk) if author is None and not kind else [],
        "needed": newer.needed(desk),
    }


@at_desk("journal")
def proof(request: HttpRequest, desk: Desk, trouble: str) -> HttpResponse:
    """The file of one proof."""
    found = next((one for one in troubles(desk) if one.id == trouble), None)
    if found is None:
        return missing(request, "journal")
    response = HttpResponse(found.proof, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="poruch-proof-{found.kind}-{trouble[:12]}.bin"'
    return response
