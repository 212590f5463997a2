"""Inviting a new officer: a line passed by hand, a fingerprint compared by voice, then a proposal to admit."""

import hmac
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.desk import council as acts
from poruch.desk import joining, views_council
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.forms_council import AdmitForm
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.site.views.roster import propose
from poruch.desk.views_journal import fingerprint
from poruch.errors import BadHello, PoruchError
from poruch.journal.rendezvous import HeardHello


@at_desk("officers", "GET", "POST")
def invite(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What an invitation is; a POST draws one and shows it."""
    refusal = views_council.may_decide(desk)
    if request.method == "POST":
        if refusal is not None:
            raise refusal
        _forget_admitted(desk)
        return _line(request, desk, joining.next_number(desk))
    context = {"refusal": refusal, "number": joining.next_number(desk)}
    return page(request, "officers", "desk/invite.html", context)


def _forget_admitted(desk: Desk) -> None:
    """Who is an officer needs his invitation no more."""
    for number in set(joining.pending(desk)) & desk.public.council.roster:
        joining.end_invitation(desk, number)


def _line(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    # In the answer to the POST only: no address ever holds an invitation, and going back does not show it again.
    invitation = joining.invite(desk, number)
    return page(request, "officers", "desk/invite_line.html", {"number": number, "invitation": invitation})


@at_desk("officers", "GET", "POST")
def invited(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """Whether the invited has answered, and the form to propose him; a POST proposes."""
    if number not in joining.pending(desk) or number in desk.public.council.roster:
        return missing(request, "officers")
    heard, trouble = _heard(desk, number)
    if heard is None:
        return page(request, "officers", "desk/invited.html", {"number": number, "trouble_here": trouble})
    council = desk.public.council
    initial = {"hello": heard.digest.hex(), "k": council.k, "reason": _("Working name: %s.") % heard.name + " "}
    form = AdmitForm(len(council.quorum), request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        answer = _propose(desk, form, heard)
        if answer is not None:
            return answer
    context: dict[str, Any] = {
        "number": number,
        "heard": heard,
        "print": fingerprint(heard.officer.signing),
        "form": form,
        "refusal": views_council.may_decide(desk),
        "proposed": [p for p in acts.open_proposals(desk) if any(o.number == number for o in p.event.admitted)],
    }
    return page(request, "officers", "desk/invited.html", context, status=422 if form.errors else 200)


def _heard(desk: Desk, number: int) -> tuple[HeardHello | None, str]:
    try:
        return joining.hello_of(desk, number), ""
    except PoruchError as error:
        return None, words.sentence(error)


def _propose(desk: Desk, form: AdmitForm, heard: HeardHello) -> HttpResponse | None:
    typed = form.cleaned_data
    if not hmac.compare_digest(typed["hello"], heard.digest.hex()):
        raise BadHello("another hello than the one on the screen")
    answer = propose(
        desk, form,
        lambda: acts.admit(
            desk, heard.officer, typed["circles"], in_quorum=typed["in_quorum"], k=typed["k"], history=typed["history"]
        ),
    )  # fmt: skip
    if answer is not None:
        try:
            joining.answer(desk, heard.officer.number)
        except PoruchError:
            said = _("You proposed it, but the front did not take the answer: leave it again from here.")
            return done(said, "officers", "roster", "invited", heard.officer.number)
    return answer


@at_desk("officers", "POST")
def show_again(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """The same invitation once more."""
    if number not in joining.pending(desk) or number in desk.public.council.roster:
        return missing(request, "officers")
    return _line(request, desk, number)


@at_desk("officers", "POST")
def tell(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """Leave the answer once more, where the front was away when he was proposed."""
    if number not in joining.pending(desk):
        return missing(request, "officers")
    joining.answer(desk, number)
    return done(_("The answer lies on the front for officer %s.") % number, "officers", "roster", "invited", number)


@at_desk("officers", "GET", "POST")
def forget(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """End an invitation: nobody comes in by it any more."""
    if number not in joining.pending(desk):
        return missing(request, "officers")
    if request.method == "POST":
        joining.end_invitation(desk, number)
        return done(_("This invitation is ended. Nobody can be proposed by it."), "officers", "roster")
    return page(request, "officers", "desk/invited_forget.html", {"number": number})
