"""What a desk does without asking its officer: his part of a ceremony, and taking in what waits on the front."""

from datetime import date

from poruch.crypto import age, group
from poruch.crypto.ceremony import (
    Group,
    ParsedDealing,
    check_dealing,
    dealing_digest,
    form_group,
    make_dealing,
    my_share,
    new_polynomial,
    subshare,
    subshare_message,
    transcript_hash,
)
from poruch.crypto.padding import pad
from poruch.desk.program import ARRIVED, Desk, Mailing
from poruch.errors import CannotOpen, Malformed, PoruchError
from poruch.events.base import Event
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    SealedSubshare,
)
from poruch.events.codec import encode
from poruch.events.kinds import DropAdmitted, LogPolicySet, MailboxReplied, MessageSent, OfficerNamed, RosterKeys
from poruch.events.mailbox import Message
from poruch.journal.ceremonies import Ceremony, group_bytes
from poruch.journal.dropbox import open_drop
from poruch.tlog.policy import make_policy

MOST_SESSIONS = 5


def do_duties(desk: Desk) -> int:
    """Everything that is due now; returns how many segments it wrote. Calls itself dry: do it after each sync."""
    written = 0
    while True:
        events = _introduce(desk) or _key_duties(desk)
        if not events:
            break
        desk.act(events)
        written += 1
    return written + _tell_granted(desk) + collect(desk)


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
    """The policy of the log as the charter and the roster make it; witnesses come when the fund has some."""
    officers = desk.public.officers
    made = make_policy(desk.charter.k, desk.charter.origin, [officers[n].log for n in sorted(officers)])
    return made.source.decode() if isinstance(made.source, bytes) else made.source


def _key_duties(desk: Desk) -> list[Event]:
    public = desk.public
    if public.charter is None or set(public.officers) != set(public.roster.signing):
        return []
    first = public.charter.founders[0].number == desk.number
    ceremony = public.ceremonies.latest
    if first and public.policy is None:
        return [LogPolicySet(log_policy(desk))]
    if ceremony is None or (ceremony.stopped and public.ceremonies.group is None):
        if len(public.ceremonies.sessions) >= MOST_SESSIONS:
            return []  # somebody spoils every ceremony: founders must talk, not programs
        numbers = public.charter.numbers
        return [CeremonyProposed(public.charter.k, numbers, b"", numbers, desk.random(16))] if first else []
    return [] if ceremony.stopped else _ceremony_step(desk, ceremony)


# ---- the ceremony (docs/spec/quorum.md section 2) ---------------------------------------------


def _name(ceremony: Ceremony, what: str) -> str:
    return f"ceremony/{ceremony.session.hex()}/{what}"


def _ceremony_step(desk: Desk, ceremony: Ceremony) -> list[Event]:
    me = desk.number
    if me in ceremony.proposal.officers and me not in ceremony.joined:
        identity = age.PqIdentity.generate(desk.random)
        desk.store.keep_secret(_name(ceremony, "identity"), identity.text.encode())
        return [CeremonyJoined(ceremony.session, identity.recipient.text)]
    if me in ceremony.proposal.dealers and ceremony.all_joined and me not in ceremony.digests:
        return [_announce(desk, ceremony)]
    if me in ceremony.proposal.dealers and ceremony.all_announced and me not in ceremony.dealings:
        return [_publish(desk, ceremony)]
    if me in ceremony.proposal.officers and ceremony.all_dealt and me not in ceremony.certified:
        return [_certify(desk, ceremony)]
    if ceremony.group is not None and desk.store.secret(_name(ceremony, "identity")) is not None:
        for what in ("identity", "dealing", "polynomial"):
            desk.store.destroy_secret(_name(ceremony, what))
    return []


def _announce(desk: Desk, ceremony: Ceremony) -> DealingAnnounced:
    coefficients = new_polynomial(ceremony.proposal.k, desk.random)
    dealing = make_dealing(ceremony.session, desk.number, coefficients, desk.random)
    raw = b"".join(group.encode_scalar(coefficient) for coefficient in coefficients)
    desk.store.keep_secret(_name(ceremony, "polynomial"), raw)
    desk.store.keep_secret(_name(ceremony, "dealing"), dealing)
    return DealingAnnounced(ceremony.session, dealing_digest(ceremony.session, dealing))


def _publish(desk: Desk, ceremony: Ceremony) -> Event:
    raw = desk.store.secret(_name(ceremony, "polynomial"))
    dealing = desk.store.secret(_name(ceremony, "dealing"))
    if raw is None or dealing is None:
        return DealingDisputed(ceremony.session, desk.number, b"")  # this desk lost its part: the session ends
    coefficients = tuple(group.scalar(raw[at : at + 32]) for at in range(0, len(raw), 32))
    sealed = []
    for officer, recipient in sorted(ceremony.joined.items()):
        message = subshare_message(ceremony.session, desk.number, officer, subshare(coefficients, officer))
        sealed.append(SealedSubshare(officer, age.seal(message, [recipient], desk.random)))
    return DealingPublished(ceremony.session, dealing, tuple(sealed))


def _parsed(ceremony: Ceremony) -> list[ParsedDealing]:
    k = ceremony.proposal.k
    return [
        check_dealing(ceremony.session, dealing, dealer, k, ceremony.digests[dealer])
        for dealer, dealing in sorted(ceremony.dealings.items())
    ]


def _certify(desk: Desk, ceremony: Ceremony) -> Event:
    kept = desk.store.secret(_name(ceremony, "identity"))
    if kept is None:
        return DealingDisputed(ceremony.session, desk.number, b"")
    identity = age.PqIdentity.parse(kept.decode())
    messages: dict[int, bytes] = {}
    for dealer, files in ceremony.sealed.items():
        try:
            messages[dealer] = age.open_file(files[desk.number], [identity])
        except (CannotOpen, Malformed):
            return DealingDisputed(ceremony.session, dealer, b"")
    dealings = _parsed(ceremony)
    made = form_group(ceremony.proposal.officers, dealings)
    try:
        share = my_share(ceremony.session, desk.number, made, dealings, messages)
    except PoruchError as error:
        return _dispute(ceremony, error.blame or 0, desk.number, identity)
    desk.store.keep_secret(f"share/{made.id.hex()}", group.encode_scalar(share))
    digests = {dealer: ceremony.digest_of(dealer) for dealer in ceremony.dealings}
    transcript = transcript_hash(ceremony.session, None, made, digests, ceremony.sealed)
    return GroupCertified(ceremony.session, transcript, group_bytes(made))


def _dispute(ceremony: Ceremony, dealer: int, officer: int, identity: age.PqIdentity) -> DealingDisputed:
    """A complaint: the file key of the wrong sub-share, which everybody can judge (section 4)."""
    header = age.parse_header(ceremony.sealed[dealer][officer])
    return DealingDisputed(ceremony.session, dealer, identity.unwrap(header.stanzas) or b"")


def own_share(desk: Desk, made: Group) -> int | None:
    """This officer's share of the quorum key, if he has one."""
    raw = desk.store.secret(f"share/{made.id.hex()}")
    return group.scalar(raw) if raw else None


# ---- grants -----------------------------------------------------------------------------------


def _tell_granted(desk: Desk) -> int:
    """Tell people of grants whose last approvals crossed on the way, so that no desk saw the grant complete."""
    if desk.view.cases is None:
        return 0
    told = 0
    for case in desk.cases.cases.values():
        grant = case.live_grant
        waits = grant is not None and grant.approved and grant.proposer == desk.number and case.refused is None
        if grant is None or not waits or any(letter.kind == "grant" for letter in case.letters):
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
    if desk.view.cases is None or not desk.keys:
        return 0
    drops, desk.waiting_drops = desk.waiting_drops, []
    events: list[Event] = []
    mailings: list[Mailing] = []
    number = desk.cases.next_number
    for drop in drops:
        kept = Mailing.of(drop.body)
        if drop.drop in desk.cases.drops:
            desk.keep_body(kept.body, pushed=True)
            continue
        try:
            content = open_drop(drop.body, desk.circle("officers"))
        except (CannotOpen, Malformed):
            desk.faults.append("A drop on the front is not sealed to this fund.")
            continue
        if (content.drop, content.kind) != (drop.drop, drop.kind):
            desk.faults.append("A drop on the front is labelled with another id than it holds.")
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
    if drops:
        desk.store.keep_fact(ARRIVED, max(drop.arrival for drop in drops).to_bytes(8, "big"))
    return 1 if events else 0


def _acknowledge(desk: Desk, kind: str, mailbox: bytes, recipient: bytes, day: date) -> tuple[list[Event], Mailing]:
    said = "payee-received" if kind == "payee" else "received"
    reply, sent = mailing(desk, mailbox, recipient, Message(said, day, "", (), ""))
    return [reply], sent
