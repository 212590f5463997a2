"""The books: trial balance, postings, statements, donations, and the faults that they show themselves."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from poruch.desk import banking, views_books
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, page, url
from poruch.errors import NotAllowed, PoruchError

TABS = (
    ("", lazy("Trial balance")),
    ("postings", lazy("Journal of postings")),
    ("statements", lazy("Statements")),
    ("donations", lazy("Donations")),
)
SHOWN = 200


def _books(request: HttpRequest, desk: Desk, tab: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the books, or a sentence for whom they are not."""
    tabs = [{"name": n, "url": url("books", key) if key else url("books"), "here": key == tab} for key, n in TABS]
    whole = {
        "tabs": tabs,
        "tab": tab,
        "may_read": desk.within("treasury") or desk.within("auditors"),
        "in_treasury": desk.within("treasury"),
        "faults": desk.ledger.faults,
        "statements": list(reversed(desk.ledger.statements)),
        **context,
    }
    return page(request, "books", f"desk/books_{tab or 'balance'}.html", whole, status=status)


@at_desk("books")
def balance(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The trial balance and the forecast."""
    lines = views_books.balance_lines(desk)
    months = views_books.forecast(desk)
    now = next((line.debit_minor - line.credit_minor for line in lines if line.account == "bank"), 0)
    widest = max([now, *(month.left_minor for month in months), *(month.promised_minor for month in months), 1])
    context = {
        "lines": lines,
        "debit_minor": sum(line.debit_minor for line in lines),
        "credit_minor": sum(line.credit_minor for line in lines),
        "pending_minor": sum(line.pending_minor for line in lines),
        "months": months,
        "now_minor": now,
        "widest": widest,
    }
    return _books(request, desk, "", context)


@at_desk("books")
def postings(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every posting set, newest first."""
    newest = list(reversed(desk.ledger.posted))
    sets = [{"set": one, "kind": words.POSTINGS.get(one.kind, one.kind)} for one in newest[:SHOWN]]
    return _books(request, desk, "postings", {"sets": sets, "count": len(newest), "shown": len(sets)})


@at_desk("books", "GET", "POST")
def statements(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Statements that were read; a POST reads one more."""
    if request.method != "POST":
        return _books(request, desk, "statements", {"form": forms.FileForm()})
    if not desk.within("treasury"):
        raise NotAllowed("treasury")
    form = forms.FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            report = banking.import_statement(desk, form.cleaned_data["file"].read())
        except PoruchError as error:
            form.add_error("file", words.sentence(error))
        else:
            return done(_said(report), "books", "statements")
    return _books(request, desk, "statements", {"form": form}, status=422)


def _said(report: banking.Imported) -> str:
    parts = [f"{words.BOOKED.get(kind, kind)}: {count}" for kind, count in report.counts.items()]
    if report.known:
        parts.append(_("known before: %s") % report.known)
    counted = ", ".join(parts) or _("nothing new")
    return " ".join([_("The statement is booked, for treasury and auditors. %s.") % counted, *report.doubts])


@at_desk("books")
def donations(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Gifts by day and reference, what nobody can match, and what must go back."""
    ledger = desk.ledger
    quarantined = [
        {"credit": credit, "back": ledger.returned.get(entry)} for entry, credit in ledger.quarantined.items()
    ]
    context = {
        "gifts": list(reversed(ledger.donations.values()))[:SHOWN],
        "gift_count": len(ledger.donations),
        "gifts_minor": sum(gift.amount_minor for gift in ledger.donations.values()),
        "general": desk.charter.gift_reference,
        "unmatched": list(reversed(ledger.unmatched.values())),
        "quarantined": quarantined,
    }
    return _books(request, desk, "donations", context)
