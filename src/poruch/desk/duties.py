"""What a desk does without asking its officer: his part of a ceremony, and taking in what waits on the front."""

from datetime import date, timedelta

from poruch.crypto import age
from poruch.crypto.padding import pad
from poruch.desk import inviting, newer, presence
from poruch.desk.ceremony import ceremony_duties
from poruch.desk.program import Desk, Mailing
from poruch.desk.roster import roster_duties
from poruch.desk.syncing import ARRIVED
from poruch.errors import CannotOpen, Malformed
from poruch.events.base import Event
from poruch.events.codec import encode
from poruch.events.kinds import DropAdmitted, LogPolicySet, MailboxReplied, MessageSent, OfficerNamed, RosterKeys
from poruch.events.mailbox import Message
from poruch.journal.dropbox import open_drop
from poruch.tlog.policy import make_policy

UNOPENED = "drops/unopened"
"""The first drop that did not open, and how many keys had been tried."""
WAITS_FOR_KEY = timedelta(days=30)
MOST_STEPS = 16
"""More in one go, or the same twice, would mean that what this desk says changes nothing; the next sync tries again."""


def do_duties(desk: Desk) -> int:
    """Everything that is due now; returns how many segments it wrote. Calls itself dry: do it after each sync."""
    if desk.idle or not desk.speaks:
        return 0  # suspended, or a restored desk that nobody has confirmed: what it said would not count
    written, before = inviting.go_on(desk), list[Event]()
    for _ in range(MOST_STEPS):
        events = _introduce(desk) or newer.unsaid(desk) or roster_duties(desk) or _policy(desk) or _ceremony(desk)
        if not events or events == before:
            break
        desk.act(events)
        written, before = written + 1, events
    return written + _tell_granted(desk) + collect(desk) + presence.go_on(desk)


# ---- founding ---------------------------------------------------------------------------------


def _introduce(desk: Desk) -> list[Event]:
    key = desk.key
    if desk.number in desk.public.roster.signing and desk.number not in desk.public.officers:
        keys = RosterKeys(desk.number, key.signing.public, key.log.public, key.identity.recipient.text, "active")
        return [keys]
    if desk.keys and desk.number not in desk.members.names:
        return [OfficerNamed(desk.number, key.name)]
    return []


def log_policy(desk: Desk) -> str:
    """The policy of the log: the founders' log keys, as many signatures as the charter says.

    A change of the roster does not change it yet (docs/threat-model.md); witnesses come when the fund has some.
    """
    known = desk.public.roster.former | desk.public.officers
    made = make_policy(desk.charter.k, desk.charter.origin, [known[n].log for n in desk.charter.numbers if n in known])
    return made.source.decode() if isinstance(made.source, bytes) else made.source


def _policy(desk: Desk) -> list[Event]:
    first = desk.charter.founders[0].number == desk.number if desk.public.charter else False
    if not first or desk.public.policy is not None or set(desk.public.officers) != set(desk.charter.numbers):
        return []
    return [LogPolicySet(log_policy(desk))]


def _ceremony(desk: Desk) -> list[Event]:
    public = desk.public
    if public.charter is None or public.policy is None:
        return []
    return ceremony_duties(desk)


# ---- grants -----------------------------------------------------------------------------------


def _tell_granted(desk: Desk) -> int:
    """Tell people of grants whose last approvals crossed on the way, so that no desk saw the grant complete."""
    if desk.view.cases is None:
        return 0
    told = 0
    for case in desk.cases.cases.values():
        grant = case.live_grant
        waits = grant is not None and grant.approved and grant.proposer == desk.number and case.refused is None
        if grant is None or not waits or not case.recipient or any(one.kind == "grant" for one in case.letters):
            continue
        if case.id in desk.cases.conflicted:
            continue
        message = Message("grant", desk.today(), "", grant.amounts_minor, grant.currency)
        reply, sent = mailing(desk, case.mailbox, case.recipient, message)
        desk.act([reply, MessageSent(case.id, "grant", "", sent.sha256)], [sent])
        told += 1
    return told


# ---- drops ------------------------------------------------------------------------------------


def mailing(desk: Desk, mailbox: bytes, recipient: bytes, message: Message) -> tuple[MailboxReplied, Mailing]:
    """A message to a person, sealed to the key of his code, and the clear event that lets the front serve it."""
    body = age.seal(pad(encode(message), 1024), [age.PqRecipient(recipient)], desk.random)
    sent = Mailing.of(body)
    return MailboxReplied(mailbox, sent.sha256), sent


def collect(desk: Desk) -> int:
    """Sign what the last sync found on the front into the journal, and tell each person. One segment for all."""
    if desk.view.cases is None or all(circle != "officers" for circle, _, _ in desk.keys):
        return 0
    drops, desk.waiting_drops = desk.waiting_drops, []
    events: list[Event] = []
    mailings: list[Mailing] = []
    unopened: list[int] = []
    keys = desk.keys_of("officers")
    number = desk.cases.next_number
    for drop in drops:
        kept = Mailing.of(drop.body)
        if drop.drop in desk.cases.drops:
            desk.keep_body(kept.body, pushed=True)
            continue
        try:
            content = open_drop(drop.body, *keys)
        except (CannotOpen, Malformed) as error:
            _say_once(desk, "A drop on the front is not sealed to this fund.")
            if isinstance(error, CannotOpen) and drop.day >= desk.today() - WAITS_FOR_KEY:
                unopened.append(drop.arrival)
            continue
        if (content.drop, content.kind) != (drop.drop, drop.kind):
            _say_once(desk, "A drop on the front is labelled with another id than it holds.")
            continue
        desk.keep_body(kept.body, pushed=True)
        is_case = drop.kind == "submission"
        events.append(DropAdmitted(drop.drop, drop.kind, kept.sha256, drop.day, number if is_case else 0))
        number += is_case
        if content.mailbox:
            told = _acknowledge(desk, drop.kind, content.mailbox, content.recipient, desk.today())
            events += told[0]
            mailings.append(told[1])
    if events:
        desk.act(events, mailings)
    _remember(desk, [drop.arrival for drop in drops], unopened, len(keys))
    return 1 if events else 0


def _say_once(desk: Desk, sentence: str) -> None:
    if sentence not in desk.faults:
        desk.faults.append(sentence)


def _remember(desk: Desk, arrived: list[int], unopened: list[int], keys: int) -> None:
    """Up to where drops are known here; once there is another key, back to before the first that did not open.

    Meanwhile what no key opens holds up nothing: it may be rubbish.
    """
    fact = desk.store.fact(UNOPENED) or b""
    first, keys_then = int.from_bytes(fact[:8], "big"), int.from_bytes(fact[8:], "big")
    if fact and keys_then != keys:
        desk.store.keep_fact(ARRIVED, (min([first, *unopened]) - 1).to_bytes(8, "big"))
        desk.store.keep_fact(UNOPENED, b"")
        return
    if arrived:
        desk.store.keep_fact(ARRIVED, max(arrived).to_bytes(8, "big"))
    if unopened:
        first = min([first, *unopened] if fact else unopened)
        desk.store.keep_fact(UNOPENED, first.to_bytes(8, "big") + keys.to_bytes(8, "big"))


def _acknowledge(desk: Desk, kind: str, mailbox: bytes, recipient: bytes, day: date) -> tuple[list[Event], Mailing]:
    said = "payee-received" if kind == "payee" else "received"
    reply, sent = mailing(desk, mailbox, recipient, Message(said, day, "", (), ""))
    return [reply], sent
