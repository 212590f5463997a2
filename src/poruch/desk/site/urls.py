"""Where everything lies. Screens stand under their language; nothing else does."""

from django.urls import path, register_converter

from poruch.desk.site.views import (
    batches,
    books,
    case,
    ceremony,
    council,
    door,
    files,
    heard,
    invitations,
    journal,
    keeping,
    log,
    officers,
    openings,
    paper,
    presence,
    queue,
    resolutions,
    roster,
    trials,
    troubles,
    watch,
)
from poruch.web.words import LANGUAGES


class Language:
    """One of the languages of the screens."""

    regex = "|".join(LANGUAGES)

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class Id(Language):
    """A drop, a batch, an opening or a publication, in hex."""

    regex = "[0-9a-f]{24,64}"


register_converter(Language, "language")
register_converter(Id, "id")

urlpatterns = [
    path("", door.first),
    path("start/<str:token>", door.start),
    path("favicon.ico", files.no_icon),
    path("static/<str:name>", files.stylesheet),
    path("<language:language>/", door.home),
    path("<language:language>/locked/", door.locked),
    path("<language:language>/lock/", door.lock),
    path("<language:language>/rest/", door.rest),
    path("<language:language>/queue/", queue.queue),
    path("<language:language>/case/<id:drop>/", case.case),
    path("<language:language>/case/<id:drop>/erase/", resolutions.erase),
    path("<language:language>/case/<id:drop>/<slug:action>/", case.case),
    path("<language:language>/openings/", openings.openings),
    path("<language:language>/openings/list/", openings.keep_list),
    path("<language:language>/openings/<id:opening>/", openings.opening),
    path("<language:language>/openings/<id:opening>/object/", openings.object_to),
    path("<language:language>/openings/<id:opening>/uphold/", openings.uphold),
    path("<language:language>/batches/", batches.batches),
    path("<language:language>/batches/new/", batches.propose),
    path("<language:language>/batches/<id:batch>/", batches.batch),
    path("<language:language>/batches/<id:batch>/approve/", batches.approve),
    path("<language:language>/batches/<id:batch>/again/", batches.ask_again),
    path("<language:language>/batches/<id:batch>/export/", batches.export),
    path("<language:language>/batches/<id:batch>/file/", batches.save),
    path("<language:language>/books/", books.balance),
    path("<language:language>/books/postings/", books.postings),
    path("<language:language>/books/statements/", books.statements),
    path("<language:language>/books/donations/", books.donations),
    path("<language:language>/log/", log.log),
    path("<language:language>/log/new/", log.propose),
    path("<language:language>/log/<id:publication>/", log.publication),
    path("<language:language>/log/<id:publication>/sign/", log.sign),
    path("<language:language>/log/<id:publication>/send/", log.send),
    path("<language:language>/log/<id:publication>/slips/", log.slips),
    path("<language:language>/journal/", journal.journal),
    path("<language:language>/journal/proof/<id:trouble>/", troubles.proof),
    path("<language:language>/journal/watch/", watch.watch),
    path("<language:language>/journal/watch/look/", watch.look),
    path("<language:language>/journal/folder/", keeping.folder),
    path("<language:language>/officers/keeper/", keeping.keeper),
    path("<language:language>/officers/keeper/file/", keeping.keeper_file),
    path("<language:language>/words/", heard.heard),
    path("<language:language>/officers/", officers.officers),
    path("<language:language>/officers/freeze/", council.freeze),
    path("<language:language>/officers/measures/", council.measures),
    path("<language:language>/officers/measure/<id:event>/", council.measure),
    path("<language:language>/officers/measure/<id:event>/confirm/", council.confirm),
    path("<language:language>/officers/suspend/<int:number>/", council.suspend),
    path("<language:language>/officers/life/<int:number>/<int:life>/", council.life),
    path("<language:language>/officers/resolutions/", resolutions.resolutions),
    path("<language:language>/officers/resolutions/move/", resolutions.move),
    path("<language:language>/officers/resolutions/<id:event>/", resolutions.resolution),
    path("<language:language>/officers/roster/", roster.roster),
    path("<language:language>/officers/roster/<id:event>/", roster.proposal),
    path("<language:language>/officers/roster/remove/<int:number>/", roster.remove),
    path("<language:language>/officers/roster/circles/", roster.circles),
    path("<language:language>/officers/roster/quorum/", roster.quorum),
    path("<language:language>/officers/roster/without/", roster.leave_out),
    path("<language:language>/officers/roster/read/<int:number>/", roster.let_read),
    path("<language:language>/officers/roster/invite/", invitations.invite),
    path("<language:language>/officers/roster/invited/<int:number>/", invitations.invited),
    path("<language:language>/officers/roster/invited/<int:number>/show/", invitations.show_again),
    path("<language:language>/officers/roster/invited/<int:number>/answer/", invitations.tell),
    path("<language:language>/officers/roster/invited/<int:number>/forget/", invitations.forget),
    path("<language:language>/officers/ceremony/", ceremony.ceremony),
    path("<language:language>/officers/ceremony/again/", ceremony.again),
    path("<language:language>/officers/ceremony/agree/", ceremony.agree),
    path("<language:language>/officers/ceremony/erase/", ceremony.erase),
    path("<language:language>/officers/presence/", presence.presence),
    path("<language:language>/officers/paper/", paper.paper),
    path("<language:language>/officers/rehearsal/", trials.rehearsal),
    path("<language:language>/officers/duress/", paper.duress),
    path("<language:language>/officers/duress/remove/", paper.no_duress),
]

handler400 = "poruch.desk.site.views.door.bad_request"
handler404 = "poruch.desk.site.views.door.not_found"
handler500 = "poruch.desk.site.views.door.failed"
