"""Sync with a folder, and the officer's keeper."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.desk import keeping as acts
from poruch.desk import syncing
from poruch.desk.program import Desk
from poruch.desk.site import words
from poruch.desk.site.forms_keeping import FolderForm
from poruch.desk.site.pages import AGAIN, AGAIN_SECONDS, at_desk, done, page, url
from poruch.desk.site.room import current
from poruch.errors import FolderBroken
from poruch.journal.folder import Folder
from poruch.journal.keepers import NAME


@at_desk("journal", "GET", "POST", whole=False)
def folder(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Sync with a folder whose path is typed; the page then says how far it is, and what came of it."""
    room = current()
    form = FolderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        path = Path(form.cleaned_data["folder"])
        try:
            Folder(path, desk.fund, desk.today).check()
        except FolderBroken as error:
            form.add_error("folder", words.sentence(error))
        else:
            room.carry(path)
            return done(_("The sync with the folder has begun."), "journal", "folder")
    errand = room.errand
    runs = errand is not None and not errand.done
    context = {
        "form": form,
        "errand": errand,
        "runs": runs,
        "failure": words.sentence(errand.failure) if errand and errand.failure else "",
        "troubles": [(one.value, count) for one, count in errand.troubles.items()] if errand else [],
    }
    response = page(request, "journal", "desk/folder.html", context, status=422 if form.errors else 200)
    if runs:
        response["Refresh"] = f"{AGAIN_SECONDS}; url={url('journal', 'folder')}?{AGAIN}=1"
    return response


@at_desk("officers", "GET", "POST", whole=False)
def keeper(request: HttpRequest, desk: Desk) -> HttpResponse:
    """How it stands with the keeper; a POST names one, ends it, or says whether this desk holds every body."""
    if request.method == "POST":
        what = request.POST.get("do", "")
        if what == "name":
            acts.name_keeper(desk)
            return done(_("The keeper is named. Save its key and carry it to its machine."), "officers", "keeper")
        if what == "end":
            acts.end_keeper(desk)
            return done(_("The keeper is ended; the front answers it no more."), "officers", "keeper")
        if what in ("all", "wanted"):
            desk.store.keep_fact(syncing.KEEPS_ALL, b"1" if what == "all" else b"")
            said = _("This desk fetches every body from now on.") if what == "all" else _("It fetches what it needs.")
            return done(said, "officers", "keeper")
    context = {"keeper": acts.keeper_of(desk), "all": syncing.keeps_all(desk), "front": current().relay_address}
    return page(request, "officers", "desk/keeper.html", context)


@at_desk("officers", "POST", whole=False)
def keeper_file(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The keeper's key as a download."""
    response = HttpResponse(acts.key_file(desk), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return response
