"""Names and sentences of the desk: steps, states, events, circles, accounts. English is the source."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from poruch import errors
from poruch.errors import BadList, BadStatement, PoruchError
from poruch.events import kinds
from poruch.events.heard import Heard
from poruch.journal.members import Members
from poruch.web.words import account_name

CIRCLES = {
    "officers": _("all officers"),
    "casework": _("casework"),
    "treasury": _("treasury"),
    "auditors": _("auditors"),
}

WHO = {
    "police": _("Police"),
    "army": _("Army, border guard"),
    "official": _("Official, judge"),
    "worker": _("Worker, clerk"),
    "striker": _("Striker, strike committee"),
    "medic": _("Doctor, nurse"),
    "teacher": _("Teacher, student"),
    "journalist": _("Journalist, culture"),
    "other": _("Somebody else"),
}
"""Kinds of person, shorter than the form has them (`poruch.web.words.WHO`)."""

STEPS = {
    "read": _("Read it first"),
    "casework": _("With casework"),
    "answer": _("Answer the last message"),
    "second": _("Second reader"),
    "doubtful": _("Decide on the doubt"),
    "ask": _("Ask for the name"),
    "agree": _("Colleagues open the name"),
    "screen": _("Screen the name"),
    "match": _("Decide on the match"),
    "grant": _("Propose a grant"),
    "approve": _("Approve the grant"),
    "tell": _("Tell the person"),
    "payee": _("Waits for bank details"),
    "batch": _("Waits for a batch"),
    "bank": _("Waits for the bank"),
    "later": _("Next instalment later"),
    "failed": _("A payment failed"),
    "paid": _("Paid"),
    "refused": _("Refused"),
    "erased": _("Erased"),
}
"""The next step of a case."""

PAYMENTS = {
    "later": _("later"),
    "due": _("due"),
    "proposed": _("in a batch"),
    "exported": _("sent to the bank"),
    "settled": _("paid"),
    "returned": _("came back"),
    "left out": _("left out"),
}
"""What became of an instalment."""

OUTCOMES = {
    "believable": _("believable"),
    "doubtful": _("doubtful"),
    "no-match": _("no match"),
    "cleared": _("same name, another person"),
    "match": _("match"),
}
"""What a check found."""

LETTERS = {
    "grant": _("The fund grants help and asks for bank details."),
    "paid": _("An instalment was paid."),
    "returned": _("The bank sent an instalment back."),
    "refused": _("The fund cannot help."),
    "received": _("It reached the fund."),
    "payee-received": _("The bank details reached the fund."),
}
"""What a message without a text of its own says."""

BOOK_ACCOUNTS = {
    "bank": _("Bank"),
    "gifts": _("Gifts"),
    "unmatched": _("Came in, nobody knows for what"),
    "quarantine": _("From related parties, to go back"),
    "costs": _("Bank charges"),
}
"""Accounts of the books; grants have an account each."""

POSTINGS = {
    "gift": _("Gift"),
    "waits": _("Unmatched"),
    "quarantine": _("Quarantine"),
    "sent back": _("Sent back"),
    "cost": _("Charge"),
    "payout": _("Instalment paid"),
    "return": _("Instalment came back"),
    "unexplained": _("Unexplained"),
}
"""Kinds of posting set."""

BOOKED = {
    "DonationReceived": _("gifts"),
    "CreditUnmatched": _("unmatched"),
    "CreditQuarantined": _("in quarantine"),
    "QuarantineReturned": _("sent back"),
    "CostCharged": _("charges"),
    "DebitUnmatched": _("unexplained"),
    "InstalmentSettled": _("instalments paid"),
    "InstalmentReturned": _("instalments back"),
}
"""What the entries of a statement became."""

MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)
"""Months standing alone; Django's own Belarusian ones are neither in this case nor in this orthography."""

CEREMONY = {
    "joined": _("Everybody shows a one-time key"),
    "announced": _("Everybody announces the hash of his part"),
    "dealt": _("Everybody deals his part, sealed to each"),
    "certified": _("Everybody checks all parts and certifies the key"),
}
"""Steps of the quorum's ceremony."""

STOPPED = {
    "dealt before all had announced": _("A part was dealt before all had announced theirs; its dealer is to blame."),
    "sub-shares are missing": _("A dealing did not have a part for everybody; its dealer is to blame."),
    "a sub-share was disputed": _("An officer disputed the part that was dealt to him."),
    "officers certified different keys": _("Officers certified different keys: meet, and compare your desks."),
    "somebody was silent too long": _("Somebody was silent too long."),
}
"""Why a session of the ceremony was stopped, where it was not for an error that has a sentence."""

VERDICTS = {
    "dealer": _("The file proves it: the dealer dealt a wrong part."),
    "complainer": _("The file proves it: the part was good, and the complaint false."),
    "void": _("What was shown does not open the file, so the complaint proves nothing."),
    "nobody": _("Nothing was shown that could be judged. Talk to both."),
}
"""Who is to blame for a disputed part."""


def stopped(why: str) -> str:
    """Why a session was stopped, as a sentence; empty if it was not."""
    if why in STOPPED:
        return str(STOPPED[why])
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, PoruchError) and kind.name == why:
            return gettext((kind.__doc__ or "").strip())
    return why


def book_account(key: str) -> str:
    """The name of an account of the books."""
    if key.startswith("grants/"):
        name = key.removeprefix("grants/")
        return gettext("Help paid to people") if name == "grants" else gettext("Help: %s") % account_name(name)
    return str(BOOK_ACCOUNTS.get(key, key))


def sentence(error: PoruchError) -> str:
    """What a person reads about an error; a file that is not as it should be is told by its own sentence too."""
    said = gettext(error.sentence)
    if isinstance(error, BadStatement | BadList) and error.detail.endswith("."):
        return f"{said} {gettext(error.detail)}"
    return said


def happened(heard: Heard, case: str, members: Members, me: int) -> str:
    """One line of a case's history."""
    name = gettext("You") if heard.author == me else members.name(heard.author)
    return gettext(_line(heard.event, case)) % {"who": name}


def _line(event: kinds.AnyEvent, case: str) -> str:
    if isinstance(event, kinds.DropAdmitted):
        if event.drop == case:
            return _plain("It reached the fund.")
        return _plain("Bank details came.") if event.kind == "payee" else _plain("The person wrote.")
    if isinstance(event, kinds.CaseChecked):
        if event.check == "screening":
            return _plain("%(who)s decided the screening.")
        return _plain("%(who)s read it as second reader.")
    if isinstance(event, kinds.MessageSent):
        return _MESSAGES.get(event.kind, _plain("%(who)s wrote to the person."))
    return _LINES.get(type(event), _plain("%(who)s wrote an event."))


def _plain(text: str) -> str:
    """Marks a text for translation that is translated later."""
    return text


_LINES: dict[type, str] = {
    kinds.CaseTaken: _plain("%(who)s took the case."),
    kinds.NoteWritten: _plain("%(who)s wrote a note."),
    kinds.CaseRefused: _plain("%(who)s refused it."),
    kinds.GrantProposed: _plain("%(who)s proposed a grant."),
    kinds.GrantApproved: _plain("%(who)s approved the grant."),
    kinds.BatchProposed: _plain("%(who)s put an instalment into a batch."),
}
_MESSAGES = {
    "grant": _plain("The person was told of the grant."),
    "paid": _plain("An instalment was paid; the person was told."),
    "returned": _plain("An instalment came back; the person was told."),
    "refused": _plain("The person was told of the refusal."),
}
