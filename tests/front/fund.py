"""A founded fund for the front's tests: real keys, a real ceremony, real segments; three officers of whom two agree."""

import os
from dataclasses import dataclass, field
from datetime import date

from poruch.crypto import ceremony
from poruch.crypto.age import PqIdentity, seal
from poruch.crypto.codes import CodeKeys
from poruch.crypto.padding import pad
from poruch.crypto.signatures import SigningKey
from poruch.events.base import Event
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingPublished,
    GroupCertified,
    SealedSubshare,
)
from poruch.events.charter import CIRCLES, Charter, Founder, Programme, fund_id
from poruch.events.codec import encode
from poruch.events.kinds import FundFounded, LogPolicySet, MailboxReplied, RosterKeys, event_bytes
from poruch.events.mailbox import Message
from poruch.journal.ceremonies import group_bytes
from poruch.journal.circles import CircleKey, hand_out, key_of, new_secret
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, session_of, sign_segment
from poruch.tlog.policy import make_policy

DAY = date(2026, 11, 22)
ORIGIN = "fund.test/log"
OFFICERS = (1, 2, 3)
K = 2
IBAN = "LT121000011101001000"


@dataclass
class Officer:
    """One officer's keys and chain."""

    number: int
    signing: SigningKey
    log: SigningKey
    identity: PqIdentity
    chain: list[SignedSegment] = field(default_factory=list)


@dataclass
class Fund:
    """All officers' secrets in one hand, as only tests have them."""

    officers: dict[int, Officer]
    charter: Charter
    segments: list[SignedSegment] = field(default_factory=list)
    circles: dict[str, CircleKey] = field(default_factory=dict)
    shares: dict[int, int] = field(default_factory=dict)
    group: ceremony.Group | None = None
    bodies: list[bytes] = field(default_factory=list)

    @property
    def id(self) -> bytes:
        """32 bytes."""
        return fund_id(self.charter)

    def act(self, number: int, *events: Event, day: date = DAY) -> SignedSegment:
        """One act of one officer."""
        officer = self.officers[number]
        last = officer.chain[-1] if officer.chain else None
        segment = Segment(
            fund=self.id,
            author=number,
            life=0,
            seq=last.segment.seq + 1 if last else 0,
            prev=last.id if last else GENESIS,
            clock=len(self.segments) + 1,
            day=day,
            entries=tuple(Clear(event_bytes(event)) for event in events),
        )
        signed = sign_segment(segment, officer.signing)
        officer.chain.append(signed)
        self.segments.append(signed)
        return signed

    def reply(self, keys: CodeKeys, message: Message) -> tuple[SignedSegment, bytes]:
        """A message to a person: the segment that names it, and its sealed body."""
        import hashlib

        body = seal(pad(encode(message)), [keys.mailbox_identity.recipient])
        self.bodies.append(body)
        return self.act(1, MailboxReplied(keys.mailbox_id, hashlib.sha256(body).digest()), day=message.day), body


def make_fund(origin: str = ORIGIN) -> Fund:
    """A fund with everything that a front needs."""
    officers = {
        number: Officer(number, SigningKey(os.urandom(32)), SigningKey(os.urandom(32)), PqIdentity.generate())
        for number in OFFICERS
    }
    charter = Charter(
        name="Poruch",
        origin=origin,
        languages=("be", "ru", "uk", "en"),
        currency="EUR",
        k=K,
        founders=tuple(Founder(number, officer.signing.public) for number, officer in officers.items()),
        code_salt=os.urandom(16),
        programmes=(Programme("first-months", "first-months", 2, (60000, 60000)),),
        gift_reference="RF18539007547034",
        account_holder="Poruch Solidarity Fund",
        account_iban=IBAN,
        remittance="Support",
        refused_countries=("BY", "RU"),
        related=(),
        publication_days=91,
    )
    fund = Fund(officers, charter)
    for number, officer in officers.items():
        keys = RosterKeys(number, officer.signing.public, officer.log.public, officer.identity.recipient.text, "active")
        fund.act(number, *([FundFounded(charter)] if number == 1 else []), keys)
    for circle in CIRCLES:
        secret = new_secret(circle, 1, os.urandom)
        fund.circles[circle] = key_of(secret)
        members = [officer.identity.recipient for officer in officers.values()]
        fund.act(1, hand_out(secret, members, len(officers), os.urandom))
    _hold_ceremony(fund)
    policy = make_policy(K, origin, [officer.log.public for officer in officers.values()])
    fund.act(1, LogPolicySet(policy.source.decode()))
    return fund


def _hold_ceremony(fund: Fund) -> None:
    proposal = CeremonyProposed(K, OFFICERS, b"", OFFICERS, os.urandom(16))
    fund.act(1, proposal)
    session = session_of(event_bytes(proposal))
    once = {number: PqIdentity.generate() for number in OFFICERS}
    for number in OFFICERS:
        fund.act(number, CeremonyJoined(session, once[number].recipient.text))
    secret = {number: ceremony.new_polynomial(K) for number in OFFICERS}
    dealings = {number: ceremony.make_dealing(session, number, secret[number]) for number in OFFICERS}
    digests = {number: ceremony.dealing_digest(session, dealings[number]) for number in OFFICERS}
    for number in OFFICERS:
        fund.act(number, DealingAnnounced(session, digests[number]))
    messages = {
        (dealer, officer): ceremony.subshare_message(
            session, dealer, officer, ceremony.subshare(secret[dealer], officer)
        )
        for dealer in OFFICERS
        for officer in OFFICERS
    }
    sealed = {
        dealer: {officer: seal(messages[dealer, officer], [once[officer].recipient]) for officer in OFFICERS}
        for dealer in OFFICERS
    }
    for dealer in OFFICERS:
        files = tuple(SealedSubshare(officer, sealed[dealer][officer]) for officer in OFFICERS)
        fund.act(dealer, DealingPublished(session, dealings[dealer], files))
    checked = [ceremony.check_dealing(session, dealings[n], n, K, digests[n]) for n in OFFICERS]
    group = ceremony.form_group(OFFICERS, checked)
    transcript = ceremony.transcript_hash(session, None, group, digests, sealed)
    for officer in OFFICERS:
        received = {dealer: messages[dealer, officer] for dealer in OFFICERS}
        fund.shares[officer] = ceremony.my_share(session, officer, group, checked, received)
        fund.act(officer, GroupCertified(session, transcript, group_bytes(group)))
    fund.group = group
