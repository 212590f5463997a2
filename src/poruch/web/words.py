"""Names of things that every page says alike: languages, accounts of the log, kinds of help.

English is the source; `locale/` holds the other languages. A language is offered when its catalogue is complete.
"""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from poruch.errors import PoruchError

LANGUAGES = {"be": "Беларуская", "en": "English"}
"""Languages of the pages, each in its own words."""

SPOKEN = {
    "be": "Беларуская",
    "ru": "Русский",
    "uk": "Українська",
    "pl": "Polski",
    "lt": "Lietuvių",
    "en": "English",
}
"""Languages in which officers may answer, each in its own words."""

WHO = {
    "police": _("Police, riot police, investigator"),
    "army": _("Army, border guard, other uniform"),
    "official": _("Official, judge, election commission"),
    "worker": _("Worker, driver, clerk"),
    "striker": _("Striker, strike committee"),
    "medic": _("Doctor, nurse, ambulance"),
    "teacher": _("Teacher, scholar, student"),
    "journalist": _("Journalist, media, culture"),
    "other": _("Somebody else"),
}
"""Kinds of person: `who` of a story."""

ACCOUNTS = {
    "general": _("Gifts"),
    "gifts": _("Gifts"),
    "grants": _("Help for people"),
    "returned": _("Came back from banks"),
    "first-months": _("First months"),
    "living": _("Living"),
    "retraining": _("Retraining"),
    "legal": _("Legal help"),
    "moving": _("Moving to safety"),
    "medical": _("Medical help"),
    "family": _("Help for families"),
    "cost-bank": _("Bank charges"),
    "cost-rent": _("Rent"),
}
"""Accounts of the public log that have a name here; another is shown by its key."""


def account_name(account: str) -> str:
    """The account's name in the language in force."""
    return str(ACCOUNTS.get(account) or account.replace("-", " ").capitalize())


def sentence(error: PoruchError) -> str:
    """The error's sentence in the language in force."""
    return gettext(error.sentence)
