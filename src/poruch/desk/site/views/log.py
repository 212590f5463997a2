"""The public log: prepare an epoch, sign its checkpoint, give it to the front, leave slips for codes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.desk import publishing
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.waiting import publication_waits
from poruch.errors import NotAllowed, PoruchError
from poruch.ledger.state import Publication


def row(desk: Desk, publication: Publication) -> dict[str, Any]:
    """What a list and a page say of an epoch."""
    signed = len(publication.lines)
    if publication_waits(desk, publication):
        state, colour = _("Waits for you"), "mine"
    elif publication.sent:
        state, colour = _("In the log"), "good"
    else:
        state, colour = _("Waits for colleagues"), "wait"
    prepared = publication.prepared
    return {
        "publication": publication,
        "id": publication.id.hex(),
        "epoch": publication.proposal.epoch,
        "leaves": len(publication.proposal.leaves),
        "signed": signed,
        "signers": sorted(publication.lines),
        "state": state,
        "colour": colour,
        "i_signed": desk.number in publication.lines,
        "complete": signed >= desk.charter.k,
        "waits": publication_waits(desk, publication),
        "prepared": prepared,
        "waiting": len(prepared.waiting) if prepared else None,
        "groups": _groups(publication),
        "slips_left": publication.slips_left,
    }


def _groups(publication: Publication) -> list[dict[str, Any]]:
    if publication.prepared is None:
        return []
    return [
        {
            "side": group.side,
            "account": group.account,
            "currency": group.currency,
            "count": sum(bool(amount.source) for amount in group.amounts),
            "hidden": len(group.amounts),
            "total_minor": sum(amount.amount_minor for amount in group.amounts),
        }
        for group in publication.prepared.groups
    ]


@at_desk("log")
def log(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All epochs, newest first."""
    return _list(request, desk, forms.EpochForm(desk.today(), initial={"until": desk.today()}))


def _list(request: HttpRequest, desk: Desk, form: forms.EpochForm, status: int = 200) -> HttpResponse:
    rows = [row(desk, publication) for publication in reversed(desk.ledger.publications.values())]
    context = {
        "rows": rows,
        "form": form,
        "in_treasury": desk.within("treasury"),
        "one_waits": any(not r["publication"].sent for r in rows),
        "origin": desk.charter.origin,
        "policy": desk.public.policy,
        "size": sum(r["leaves"] for r in rows if r["publication"].sent),
    }
    return page(request, "log", "desk/log.html", context, status=status)


@at_desk("log", "GET", "POST")
def propose(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Prepare an epoch."""
    if request.method != "POST":
        return _list(request, desk, forms.EpochForm(desk.today(), initial={"until": desk.today()}))
    if not desk.within("treasury"):
        raise NotAllowed("treasury")
    form = forms.EpochForm(desk.today(), request.POST)
    if form.is_valid():
        try:
            made = publishing.propose_epoch(desk, form.cleaned_data["until"])
        except PoruchError as error:
            form.add_error(None, words.sentence(error))
        else:
            said = _("Epoch %s is prepared. Sign it, and so must colleagues.") % made.proposal.epoch
            return done(said, "log", made.id.hex())
    return _list(request, desk, form, status=422)


def _found(desk: Desk, publication: str) -> Publication | None:
    return desk.ledger.publications.get(bytes.fromhex(publication)) if len(publication) == 64 else None


@at_desk("log")
def publication(request: HttpRequest, desk: Desk, publication: str) -> HttpResponse:
    """One epoch."""
    found = _found(desk, publication)
    if found is None:
        return missing(request, "log")
    return page(request, "log", "desk/publication.html", {**row(desk, found), "in_treasury": desk.within("treasury")})


@at_desk("log", "POST")
def sign(request: HttpRequest, desk: Desk, publication: str) -> HttpResponse:
    """Sign the checkpoint, once this desk has verified all of it."""
    found = _found(desk, publication)
    if found is None:
        return missing(request, "log")
    publishing.sign(desk, found)
    left = publishing.signatures_missing(desk, found)
    said = _("Your desk verified every leaf and signed.") + " "
    said += ngettext("%s more must sign.", "%s more must sign.", left) % left if left else _("It may be sent now.")
    return done(said, "log", publication)


@at_desk("log", "POST")
def send(request: HttpRequest, desk: Desk, publication: str) -> HttpResponse:
    """Give it to the front."""
    found = _found(desk, publication)
    if found is None:
        return missing(request, "log")
    publishing.send(desk, found)
    return done(_("The front took it: anybody can check it now."), "log", publication)


@at_desk("log", "POST")
def slips(request: HttpRequest, desk: Desk, publication: str) -> HttpResponse:
    """Leave a slip for every amount behind which there is a code; once, for two slips to one entry are refused."""
    found = _found(desk, publication)
    if found is None:
        return missing(request, "log")
    count = publishing.leave_slips(desk, found)
    said = ngettext("%s slip is left for holders of codes.", "%s slips are left for holders of codes.", count)
    return done(said % count, "log", publication)
