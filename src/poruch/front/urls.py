"""Where everything lies. Pages stand under their language; nothing else does."""

from django.urls import path, re_path, register_converter

from poruch.front.views import ask, files, give, home, mailbox, relay, rendezvous, words
from poruch.web.words import LANGUAGES


class Language:
    """One of the languages of the pages."""

    regex = "|".join(LANGUAGES)

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(Language, "language")

urlpatterns = [
    path("", home.languages),
    path("favicon.ico", files.no_icon),
    path("static/poruch.css", files.stylesheet),
    path("relay/heads", relay.ask),
    path("relay/segments", relay.ask),
    path("relay/push", relay.ask),
    path("relay/parts", relay.ask),
    path("relay/drops", relay.ask),
    path("relay/bodies/put", relay.ask),
    path("relay/bodies/get", relay.ask),
    path("relay/bodies/many", relay.ask),
    path("relay/bodies/list", relay.ask),
    path("relay/bodies/missing", relay.ask),
    path("relay/tags", relay.ask),
    path("relay/slips", relay.ask),
    path("relay/rendezvous/open", rendezvous.open_slot),
    path("relay/rendezvous/put", rendezvous.put),
    path("relay/rendezvous/get", rendezvous.get),
    path("relay/found", rendezvous.found),
    path("log/publish", relay.ask),
    re_path(r"^log/(?P<path>.+)$", files.log_file),
    path("<language:language>/", home.home),
    path("<language:language>/ask/", ask.first),
    path("<language:language>/ask/check/", ask.check),
    path("<language:language>/ask/<slug:key>/", ask.question),
    path("<language:language>/mailbox/", mailbox.door),
    path("<language:language>/mailbox/write/", mailbox.write),
    path("<language:language>/mailbox/payee/", mailbox.payee),
    path("<language:language>/give/", give.give),
    path("<language:language>/give/check/", give.check),
    path("<language:language>/accounts/", home.accounts),
    *[path(f"<language:language>/{key}/", words.words, {"key": key}) for key in words.PAGES],
]

handler400 = "poruch.front.views.words.bad_request"
handler404 = "poruch.front.views.words.not_found"
handler500 = "poruch.front.views.words.failed"
