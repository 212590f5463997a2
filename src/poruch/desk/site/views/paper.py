"""The officer's paper, and the duress passphrase: what stands in the key file and in nobody else's hands."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.desk import duress as acts
from poruch.desk import paper as papers
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.forms_paper import AgainForm, DuressForm
from poruch.desk.site.pages import at_desk, done, page
from poruch.errors import PassphrasesDiffer, PoruchError, SamePassphrase, WeakPassphrase, WrongPassphrase
from poruch.web.headers import POLICY

# The picture stands in the page, which holds the same as words: at an address of its own it would be a second copy in
# memory, and a print preview that loads again would find nothing. So this one page takes pictures from itself only.
SHEET_POLICY = POLICY.replace("img-src 'self'", "img-src data:")


def _answer(
    request: HttpRequest, template: str, form: AgainForm, more: Mapping[str, Any] | None = None
) -> HttpResponse:
    status = 422 if form.errors else 200
    return page(request, "officers", template, {"form": form, **(more or {})}, status=status)


@at_desk("officers", "GET", "POST")
def paper(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What a paper is worth; a POST with the passphrase shows it, to be printed."""
    form = AgainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.check_passphrase(desk, form.cleaned_data["passphrase"])
        except PoruchError as error:
            form.add_error("passphrase", words.sentence(error))
        else:
            response = page(request, "officers", "desk/paper_sheet.html", {"sheet": papers.print_paper(desk)})
            response["Content-Security-Policy"] = SHEET_POLICY
            return response
    return _answer(request, "desk/paper.html", form, {"printed": papers.printed(desk)})


@at_desk("officers", "GET", "POST")
def duress(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Set the duress passphrase."""
    form = DuressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            acts.set_duress(desk, typed["passphrase"], typed["first"], typed["second"])
        except WrongPassphrase as error:
            form.add_error("passphrase", words.sentence(error))
        except (WeakPassphrase, SamePassphrase) as error:
            form.add_error("first", words.sentence(error))
        except PassphrasesDiffer as error:
            form.add_error("second", words.sentence(error))
        else:
            return done(_("The key file was written anew, with a duress passphrase."), "officers")
    return _answer(request, "desk/duress.html", form)


@at_desk("officers", "GET", "POST")
def no_duress(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take the duress passphrase out, whether there is one or not."""
    form = AgainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.remove_duress(desk, form.cleaned_data["passphrase"])
        except WrongPassphrase as error:
            form.add_error("passphrase", words.sentence(error))
        else:
            return done(_("The key file was written anew, without a duress passphrase."), "officers")
    return _answer(request, "desk/duress_remove.html", form)
