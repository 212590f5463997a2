"""Changes of the roster: proposed by one of the quorum, approved by k; every roster that there ever was."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.desk import council as acts
from poruch.desk import joining, views_council
from poruch.desk.council import Change
from poruch.desk.program import Desk
from poruch.desk.site.forms_council import CHOSEN, CirclesForm, QuorumForm, ReasonForm, RemoveForm
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.site.views.ceremony import without
from poruch.desk.views_journal import fingerprint
from poruch.errors import PoruchError
from poruch.journal.council import Proposal, quorum_without


@at_desk("officers")
def roster(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What may be proposed, what waits, and the roster of every epoch."""
    refusal = views_council.may_decide(desk)
    there = desk.public.council.roster
    context = {
        "refusal": refusal,
        "open": [_row(desk, proposal) for proposal in acts.open_proposals(desk)],
        "epochs": [{"epoch": one, "reason": _reason(desk, one.change)} for one in views_council.epochs(desk)],
        "invited": sorted(number for number in joining.pending(desk) if number not in there),
        "others": [number for number in sorted(there) if number != desk.number],
        "silent": views_council.silent(desk),
    }
    return page(request, "officers", "desk/roster.html", context)


def _reason(desk: Desk, proposal: Proposal | None) -> str:
    return desk.members.reason(proposal.event) if proposal else ""


def _row(desk: Desk, proposal: Proposal) -> dict[str, Any]:
    event, council = proposal.event, desk.public.council
    before = views_council.epochs(desk)[event.epoch]
    state = views_council.proposal_state(desk, proposal)
    counted = len(set(proposal.approvals) & set(council.active_quorum)) if proposal.taken is None else before.k
    return {
        "proposal": proposal,
        "event": event,
        "id": proposal.said.id.hex(),
        "state": state,
        "reason": desk.members.reason(event),
        "admitted": tuple(officer.number for officer in event.admitted),
        "approved": sorted(proposal.approvals),
        "counted": counted,
        "before": before,
        "k": before.k,
        "waits": state == "mine",
        "other_quorum": (before.quorum, before.k) != (event.quorum, event.k),
    }


# ---- one proposal -----------------------------------------------------------------------------


@at_desk("officers", "GET", "POST")
def proposal(request: HttpRequest, desk: Desk, event: str) -> HttpResponse:
    """Exactly what would change; a POST approves it."""
    found = desk.public.council.proposals.get(bytes.fromhex(event)) if len(event) % 2 == 0 else None
    if found is None:
        return missing(request, "officers")
    if request.method == "POST":
        acts.approve(desk, found)
        return done(_approved(desk, found.said.id), "officers", "roster", event)
    lines = views_council.lines(desk, found)
    context = {
        "row": _row(desk, found),
        "state": views_council.proposal_state(desk, found),
        "lines": lines,
        "unknown_circles": bool(found.event.circles) and any(one.has is None for one in lines),
        "prints": [(officer.number, fingerprint(officer.signing)) for officer in found.event.admitted],
        "refusal": views_council.may_decide(desk),
    }
    return page(request, "officers", "desk/proposal.html", context)


def _approved(desk: Desk, event: bytes) -> str:
    found, council = desk.public.council.proposals[event], desk.public.council
    if found.taken is not None:
        return _("With your approval the roster has changed.")
    left = council.k - len(set(found.approvals) & set(council.active_quorum))
    return _("You approved it.") + " " + ngettext("%s more is needed.", "%s more are needed.", left) % left


# ---- proposing --------------------------------------------------------------------------------


def propose(desk: Desk, form: ReasonForm, change: Callable[[], Change]) -> HttpResponse | None:
    """Propose what the form says and go to the proposal; a refusal is shown by the form, and nothing typed is lost."""
    before = set(desk.public.council.proposals)
    try:
        acts.propose(desk, change(), form.cleaned_data["reason"])
    except PoruchError as error:
        form.refuse(error)
        return None
    (made,) = set(desk.public.council.proposals) - before
    said = _("You proposed it, and approved it with that. Your colleagues see it with their next sync.")
    return done(said, "officers", "roster", made.hex())


def _form(
    request: HttpRequest, desk: Desk, kind: str, form: ReasonForm, change: Callable[[], Change], **more: Any
) -> HttpResponse:
    """A page with one form for one kind of change; a POST proposes it."""
    if request.method == "POST" and form.is_valid():
        answer = propose(desk, form, change)
        if answer is not None:
            return answer
    context = {"kind": kind, "form": form, "refusal": views_council.may_decide(desk), "chosen": CHOSEN, **more}
    return page(request, "officers", "desk/change.html", context, status=422 if form.errors else 200)


@at_desk("officers", "GET", "POST")
def remove(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """Remove an officer."""
    council = desk.public.council
    if number not in council.roster or number == desk.number:
        return missing(request, "officers")
    if number in council.quorum:
        left, least = quorum_without(council.quorum, council.k, (number,))
    else:
        left, least = council.quorum, council.k
    form = RemoveForm(len(left), request.POST if request.method == "POST" else None, initial={"k": least})
    return _form(
        request, desk, "remove", form, lambda: acts.remove(desk, number, form.cleaned_data["k"]),
        number=number, left=left, held=number in council.quorum,
    )  # fmt: skip


@at_desk("officers", "GET", "POST")
def circles(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Assign the circles anew."""
    now = acts.circles_now(desk)
    numbers = sorted(desk.public.council.roster)
    form = CirclesForm(numbers, request.POST if request.method == "POST" else None, initial=dict(now))

    def change() -> Change:
        return acts.change_circles(desk, {circle: tuple(sorted(form.cleaned_data[circle])) for circle in CHOSEN})

    return _form(request, desk, "circles", form, change)


@at_desk("officers", "GET", "POST")
def quorum(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Other holders of shares, or another k."""
    council = desk.public.council
    numbers = sorted(council.roster)
    initial = {"quorum": council.quorum, "k": council.k}
    form = QuorumForm(numbers, request.POST if request.method == "POST" else None, initial=initial)

    def change() -> Change:
        return acts.change_quorum(desk, form.cleaned_data["quorum"], form.cleaned_data["k"])

    ticked = form.ticked()
    return _form(request, desk, "quorum", form, change, ticks=[(number, number in ticked) for number in numbers])


@at_desk("officers", "GET", "POST")
def leave_out(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Go on without who is silent in the ceremony."""
    found = without(desk)
    if found is None:
        return missing(request, "officers")
    silent, change = found
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _form(request, desk, "without", form, lambda: change, silent=silent, after=change)


@at_desk("officers", "GET", "POST")
def let_read(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """Let an officer read what was sealed before he came."""
    if number not in desk.public.council.roster or number == desk.number:
        return missing(request, "officers")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _form(request, desk, "read", form, lambda: acts.let_read(desk, number), number=number)
