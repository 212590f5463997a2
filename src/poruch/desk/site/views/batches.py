"""Batches: what is due, one click to approve and give the partials, and the bank's file."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from poruch.cases import decide
from poruch.desk import openings, screening, treasury
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, missing, page
from poruch.desk.site.room import BankFile, current
from poruch.desk.waiting import batch_waits
from poruch.errors import MissingCheck, NotAllowed, PoruchError
from poruch.events.kinds import BatchItem
from poruch.ledger.state import Batch


def _state(desk: Desk, batch: Batch) -> tuple[str, str]:
    if batch.exported is not None:
        payments = [desk.ledger.payments[item.end_to_end] for item in batch.proposal.items]
        settled = all(payment.state in ("settled", "returned", "left out") for payment in payments)
        return (_("Settled"), "good") if settled else (_("Sent to the bank"), "good")
    opening = desk.openings.for_batch(batch.proposal)
    if opening is not None and (opening.withdrawn or desk.today() > opening.until):
        return (_("Withdrawn") if opening.withdrawn else _("Expired")), "soft"
    if opening is not None and openings.stopped(desk, opening):
        return _("Stopped"), "bad"
    if treasury.approvals_missing(desk, batch) == 0:
        return _("Ready for the bank"), "mine" if batch_waits(desk, batch) else "wait"
    return (_("Waits for you"), "mine") if batch_waits(desk, batch) else (_("Waits for colleagues"), "wait")


def row(desk: Desk, batch: Batch) -> dict[str, Any]:
    """What a list and a page say of a batch."""
    state, colour = _state(desk, batch)
    credits = [desk.ledger.quarantined[one] for one in batch.proposal.returns if one in desk.ledger.quarantined]
    behind = [batch.proposer, *(number for number in sorted(batch.approvals) if number != batch.proposer)]
    return {
        "batch": batch,
        "id": batch.proposal.batch,
        "state": state,
        "colour": colour,
        "behind": behind,
        "count": len(batch.proposal.items),
        "waits": batch_waits(desk, batch),
        "missing": treasury.approvals_missing(desk, batch),
        "mine": batch.proposal.exporter == desk.number,
        "i_stand_behind": desk.number in behind,
        "returns": len(batch.proposal.returns),
        "returns_minor": sum(credit.amount_minor for credit in credits),
    }


def key_of(item: BatchItem) -> str:
    """The name of an instalment in the form."""
    return f"{item.grant}/{item.index}"


@at_desk("batches")
def batches(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All batches, newest first, and what is due."""
    return _list(request, desk, _batch_form(desk, None))


def _batch_form(desk: Desk, data: Any) -> forms.BatchForm:
    keys = [key_of(item) for item in treasury.payable(desk)]
    return forms.BatchForm(keys, desk.today(), data, initial={"execution": desk.today()})


def _list(request: HttpRequest, desk: Desk, form: forms.BatchForm, status: int = 200) -> HttpResponse:
    payable = treasury.payable(desk)
    chosen = set(form.data.getlist("items")) if form.is_bound else {key_of(item) for item in payable}  # type: ignore[attr-defined]
    due = []
    for item in payable:
        case = desk.cases.cases[item.case]
        count = len(case.live_grant.amounts_minor) if case.live_grant else 0
        due.append(
            {
                "key": key_of(item),
                "item": item,
                "case": case,
                "nth": item.index + 1,
                "of": count,
                "on": key_of(item) in chosen,
            }
        )
    context = {
        "rows": [row(desk, batch) for batch in reversed(desk.ledger.batches.values())],
        "due": due,
        "due_minor": sum(item.amount_minor for item in payable),
        "returnable": len(treasury.returnable(desk)),
        "form": form,
        "error": form.non_field_errors() if form.is_bound else [],
        "in_treasury": desk.within("treasury"),
    }
    return page(request, "batches", "desk/batches.html", context, status=status)


def _only_treasury(desk: Desk) -> None:
    if not desk.within("treasury"):
        raise NotAllowed("treasury")


@at_desk("batches", "GET", "POST")
def propose(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Propose to pay what was chosen."""
    if request.method != "POST":
        return _list(request, desk, _batch_form(desk, None))
    _only_treasury(desk)
    form = _batch_form(desk, request.POST)
    if form.is_valid():
        wanted = set(form.cleaned_data["items"])
        items = [item for item in treasury.payable(desk) if key_of(item) in wanted]
        try:
            batch = treasury.propose_batch(desk, items, form.cleaned_data["execution"])
        except PoruchError as error:
            form.add_error(None, words.sentence(error))
        else:
            said = _("Batch %s is proposed; colleagues approve it and give their partials.")
            return done(said % batch.proposal.number, "batches", batch.proposal.batch)
    return _list(request, desk, form, status=422)


def _item(desk: Desk, item: BatchItem) -> dict[str, Any]:
    """What a page says of one instalment of a batch."""
    case = desk.cases.cases.get(item.case)
    grant = case.grants.get(item.grant) if case else None
    state = desk.ledger.payments[item.end_to_end].state
    return {
        "item": item,
        "case": case,
        "nth": item.index + 1,
        "of": len(grant.amounts_minor) if grant else 0,
        "approved_by": sorted(grant.approvals) if grant else [],
        "state": words.PAYMENTS[state],
        "key": state,
        "new_payee": case is not None and len(case.payees) > 1,
        "checks": _checks(desk, item),
    }


@at_desk("batches")
def batch(request: HttpRequest, desk: Desk, batch: str) -> HttpResponse:
    """One batch: approve it, export it, or see what became of it."""
    found = desk.ledger.batches.get(batch)
    if found is None:
        return missing(request, "batches")
    opening = desk.openings.for_batch(found.proposal)
    context = {
        **row(desk, found),
        "stopped": opening is not None and not opening.withdrawn and openings.stopped(desk, opening),
        "over": opening is not None and (opening.withdrawn or desk.today() > opening.until),
        "again": opening is not None and desk.number in (found.proposer, *found.approvals),
        "answers_missing": openings.missing(desk, opening) if opening is not None else 0,
        "opening_id": opening.id.hex() if opening is not None else "",
        "items": [_item(desk, item) for item in found.proposal.items],
        "kept": current().files.get(batch),
        "opening": opening,
        "has_list": desk.store.fact(screening.LIST) is not None,
    }
    return page(request, "batches", "desk/batch.html", context)


def _checks(desk: Desk, item: BatchItem) -> str:
    """Empty when all checks of an instalment hold by this desk's own journal, else the sentence."""
    try:
        decide.check_item(desk.cases, item)
    except PoruchError as error:
        return words.sentence(error)
    return ""


@at_desk("batches", "POST")
def approve(request: HttpRequest, desk: Desk, batch: str) -> HttpResponse:
    """Approve, and give the partials for its payees."""
    found = desk.ledger.batches.get(batch)
    if found is None:
        return missing(request, "batches")
    again = desk.number in found.approvals
    treasury.approve_batch(desk, found)
    if again:
        return done(_("You gave your partials once more."), "batches", batch)
    left = treasury.approvals_missing(desk, found)
    said = _("You approved the batch and gave your partials.") + " "
    if left:
        said += ngettext("%s more must approve.", "%s more must approve.", left) % left
    else:
        said += _("It is ready for the bank, on the desk of %s.") % desk.members.name(found.proposal.exporter)
    return done(said, "batches", batch)


@at_desk("batches", "POST")
def ask_again(request: HttpRequest, desk: Desk, batch: str) -> HttpResponse:
    """Ask once more for the payees of a batch whose opening expired."""
    found = desk.ledger.batches.get(batch)
    if found is None:
        return missing(request, "batches")
    treasury.ask_again(desk, found)
    return done(_("Colleagues are asked again for the payees; your own partials are given."), "batches", batch)


@at_desk("batches", "POST")
def export(request: HttpRequest, desk: Desk, batch: str) -> HttpResponse:
    """Open the payees, write the bank's file, and keep it in memory until it is saved or the desk is locked."""
    found = desk.ledger.batches.get(batch)
    if found is None:
        return missing(request, "batches")
    made = treasury.export(desk, found)
    name = f"batch-{found.proposal.number}.pain001.xml"
    current().files[batch] = BankFile(name, made.file, made.left_out)
    said = _("The bank file is written and what was opened is wiped. Save the file now: locking this desk forgets it.")
    return done(said, "batches", batch)


@at_desk("batches", "POST")
def save(request: HttpRequest, desk: Desk, batch: str) -> HttpResponse:
    """The bank's file as a download."""
    kept = current().files.get(batch)
    if kept is None or not kept.content:
        raise MissingCheck("the bank file is no longer here")
    response = HttpResponse(kept.content, content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{kept.name}"'
    return response
