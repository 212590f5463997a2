"""Every event that can stand in the journal, in the past tense, with the circles that may read it.

`audience` is empty for what stands in clear: public keys, recipients, the ceremony (public values and files sealed to
one-time recipients), the log's policy, hashes of messages. Everything else is sealed to its circles.
"""

from collections.abc import Callable
from datetime import date
from typing import ClassVar, Literal, get_args

from poruch.errors import BadEvent, UnknownEvent
from poruch.events.base import BOOKS, CASEWORK, OFFICERS, TREASURY, Event
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    ShareErased,
    TrialAnswered,
    TrialBegun,
)
from poruch.events.charter import Charter
from poruch.events.codec import Schema, decoder_of, encode, tag_of
from poruch.events.council import (
    CheckinMade,
    CheckinSet,
    CircleHandedOn,
    Explained,
    FundFrozen,
    KeeperNamed,
    LifeConfirmed,
    LifeOpened,
    OfficerSuspended,
    ProgramChanged,
    RosterApproved,
    RosterProposed,
    Voted,
)
from poruch.events.resolutions import CaseLeft, ErasureProposed, FrontMoved, Resolved
from poruch.events.watch import AlarmEnded, AlarmRaised

# ---- founding, roster, keys: in clear ---------------------------------------------------------


class FundFounded(Event, frozen=True, tag="fund.founded.v1"):
    """The first event of the first founder."""

    charter: Charter


class RosterKeys(Event, frozen=True, tag="roster.keys.v1"):
    """An officer's public keys: signing and log keys (32 bytes), `age1pq` recipient; never a working name."""

    number: int
    signing: bytes
    log: bytes
    recipient: str
    state: str


class CircleKeyed(Event, frozen=True, tag="circle.keyed.v1"):
    """A new key pair of a circle. `handouts` hold it sealed to each member, and as many decoys as make `n` files."""

    circle: str
    epoch: int
    x25519: str
    pq: str
    handouts: tuple[bytes, ...]


class LogPolicySet(Event, frozen=True, tag="log.policy.v1"):
    """The text of the public log's policy."""

    text: str


class NoticePublished(Event, frozen=True, tag="notice.published.v1"):
    """A text whose hash stands in the public log as a notice of `kind`; it names nobody."""

    kind: str
    text: str


class MailboxReplied(Event, frozen=True, tag="mailbox.replied.v1"):
    """A message to a person: the mailbox id and the hash of the body sealed to it (32 bytes each)."""

    mailbox: bytes
    body: bytes


# ---- all officers -----------------------------------------------------------------------------


class FundSecretsDrawn(Event, frozen=True, tag="fund.secrets.v1"):
    """What all officers know and nobody outside: the key that blinds instalments for the relay."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    tag_key: bytes


class OfficerNamed(Event, frozen=True, tag="officer.named.v1"):
    """An officer's own working name."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    number: int
    name: str


class Membership(Schema, frozen=True):
    """The members of one circle, by number."""

    circle: str
    officers: tuple[int, ...]


class CirclesAssigned(Event, frozen=True, tag="circles.assigned.v1"):
    """Who belongs to which circle from now on. `nonce`: a hash of this stands in clear and must not be guessed.

    `tag_key` is that of `fund.secrets`, for officers who cannot read what was said before they came.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    circles: tuple[Membership, ...]
    nonce: bytes = b""
    tag_key: bytes = b""


class DropAdmitted(Event, frozen=True, tag="drop.admitted.v1"):
    """A drop of the front entered the journal. `body` is the hash of its sealed bytes; `number` the case's number."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    drop: str
    kind: str
    body: bytes
    day: date
    number: int


class Instalment(Schema, frozen=True):
    """One payment of a grant: minor units of the grant's currency, not before `day`."""

    amount_minor: int
    day: date


class GrantProposed(Event, frozen=True, tag="grant.proposed.v1"):
    """Help for a loss already suffered. `case` is the drop id of the submission."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    grant: str
    case: str
    programme: str
    currency: str
    instalments: tuple[Instalment, ...]


class GrantApproved(Event, frozen=True, tag="grant.approved.v1"):
    """Approval of exactly the proposal with this event id."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    grant: str
    proposal: bytes


class CaseChecked(Event, frozen=True, tag="case.checked.v1"):
    """A check is on record: `reading` (`believable`, `doubtful`) or `screening` (`no-match`, `cleared`, `match`).

    `no_interest` is the officer's word that he is not the person, nor close to him. Reasons are notes of casework;
    `list_sha256` names the list that was searched, or is empty.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    case: str
    check: str
    outcome: str
    no_interest: bool
    list_sha256: bytes


class OpeningRequested(Event, frozen=True, tag="opening.requested.v1"):
    """One request text a file (docs/spec/quorum.md section 7), all for one purpose and one one-time recipient."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    purpose: str
    drops: tuple[str, ...]
    texts: tuple[bytes, ...]
    batch: str


class PartialGiven(Event, frozen=True, tag="partial.given.v1"):
    """Answers to requests; `sealed` is the hash of the body that holds them, sealed to the requester."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    opening: bytes
    requests: tuple[bytes, ...]
    sealed: bytes


class OpeningObjected(Event, frozen=True, tag="opening.objected.v1"):
    """An officer objects; nothing more is given until k officers uphold the request."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    opening: bytes
    reason: str


class OpeningUpheld(Event, frozen=True, tag="opening.upheld.v1"):
    """An officer read these objections (event ids) and wants the opening all the same."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    opening: bytes
    objections: tuple[bytes, ...]


class PartialRefuted(Event, frozen=True, tag="partial.refuted.v1"):
    """The requester shows that an officer's answer does not verify: the file key (16 bytes) of the sealed answer."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    opening: bytes
    officer: int
    file_key: bytes


class OpeningDone(Event, frozen=True, tag="opening.done.v1"):
    """The requester did what the opening was for, and wiped what he had opened."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    opening: bytes


class BatchItem(Schema, frozen=True):
    """One instalment in a batch: `index` within its grant of `case`; `payee` the drop with the bank details."""

    grant: str
    index: int
    case: str
    payee: str
    end_to_end: str
    account: str
    currency: str
    amount_minor: int


class BatchProposed(Event, frozen=True, tag="batch.proposed.v1"):
    """Instalments to pay together, exported by one desk only. `roster_epoch` is the quorum's epoch.

    `returns` are quarantined credits that are sent back to where they came from.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    batch: str
    number: int
    items: tuple[BatchItem, ...]
    rail: str
    exporter: int
    execution: date
    roster_epoch: int
    returns: tuple[bytes, ...]


class BatchApproved(Event, frozen=True, tag="batch.approved.v1"):
    """Approval of exactly the proposal with this event id."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    batch: str
    proposal: bytes


class BatchExported(Event, frozen=True, tag="batch.exported.v1"):
    """The bank file was written: its hash, and the ids of the approvals that it rests on."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    batch: str
    file_sha256: bytes
    approvals: tuple[bytes, ...]
    left_out: tuple[str, ...]


class PublicationProposed(Event, frozen=True, tag="publication.proposed.v1"):
    """New leaves of the public log, to be signed by k officers as the tree with this checkpoint body."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    epoch: int
    old_size: int
    leaves: tuple[bytes, ...]
    body: str


class CheckpointSigned(Event, frozen=True, tag="checkpoint.signed.v1"):
    """An officer's signature line for a proposed publication."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    publication: bytes
    line: str


class PublicationSent(Event, frozen=True, tag="publication.sent.v1"):
    """The front took the publication. `checkpoint` is the signed note that it was given, for a front made anew."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    publication: bytes
    checkpoint: bytes = b""


# ---- casework ---------------------------------------------------------------------------------


class CaseTaken(Event, frozen=True, tag="case.taken.v1"):
    """An officer took a case."""

    audience: ClassVar[tuple[str, ...]] = CASEWORK
    case: str


class NoteWritten(Event, frozen=True, tag="note.written.v1"):
    """A note for colleagues; the reasons of a check are notes too."""

    audience: ClassVar[tuple[str, ...]] = CASEWORK
    case: str
    text: str


class MessageSent(Event, frozen=True, tag="message.sent.v1"):
    """What was written to a person, for colleagues to read; `body` is the hash of what the mailbox holds."""

    audience: ClassVar[tuple[str, ...]] = CASEWORK
    case: str
    kind: str
    text: str
    body: bytes


class CaseRefused(Event, frozen=True, tag="case.refused.v1"):
    """A case was closed without a grant, for a reason."""

    audience: ClassVar[tuple[str, ...]] = CASEWORK
    case: str
    reason: str


# ---- treasury ---------------------------------------------------------------------------------


class Party(Schema, frozen=True):
    """A related party: a company or person that must never seem to pay for the fund."""

    name: str
    ibans: tuple[str, ...]


class PartiesDeclared(Event, frozen=True, tag="parties.declared.v1"):
    """The related parties whose salted hashes stand in the charter, and the salt."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    parties: tuple[Party, ...]
    salt: bytes


class StatementImported(Event, frozen=True, tag="statement.imported.v1"):
    """A bank statement was read: hash of the file, closing balance in minor units, number of entries."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    file_sha256: bytes
    currency: str
    closing_minor: int
    entries: int
    warnings: tuple[str, ...]


class DonationReceived(Event, frozen=True, tag="donation.received.v1"):
    """A gift, by the reference of its giver. No name: `entry` is the hash that tells bank entries apart."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    day: date
    amount_minor: int
    currency: str
    reference: str


class CreditUnmatched(Event, frozen=True, tag="credit.unmatched.v1"):
    """Money came in and nobody knows yet what it is; it waits."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    day: date
    amount_minor: int
    currency: str


class CreditQuarantined(Event, frozen=True, tag="credit.quarantined.v1"):
    """Money came from a related party: never a gift, to be returned to `iban`. `rule` is `iban` or `name`."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    day: date
    amount_minor: int
    currency: str
    rule: str
    iban: str


class QuarantineReturned(Event, frozen=True, tag="quarantine.returned.v1"):
    """Quarantined money went back; `entry` is the debit, `of` the credit it returns."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    of: bytes
    day: date
    amount_minor: int


class CostCharged(Event, frozen=True, tag="cost.charged.v1"):
    """The bank took a charge."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    day: date
    amount_minor: int
    currency: str


class DebitUnmatched(Event, frozen=True, tag="debit.unmatched.v1"):
    """Money went out that no batch explains."""

    audience: ClassVar[tuple[str, ...]] = BOOKS
    entry: bytes
    day: date
    amount_minor: int
    currency: str


class InstalmentSettled(Event, frozen=True, tag="instalment.settled.v1"):
    """The bank confirmed the payment with this end-to-end id."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    end_to_end: str
    entry: bytes
    day: date


class InstalmentReturned(Event, frozen=True, tag="instalment.returned.v1"):
    """The bank sent the payment back, with its reason code."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    end_to_end: str
    entry: bytes
    day: date
    reason: str


class LogAmount(Schema, frozen=True):
    """Where one amount stands in a group: `source` names gift or instalment, or is empty for a zero."""

    source: str
    amount_minor: int
    nonce: bytes
    blind: bytes


class LogGroup(Schema, frozen=True):
    """The hidden side of one group of the public log, in the order of its commitments."""

    side: Literal["in", "out"]
    account: str
    currency: str
    amounts: tuple[LogAmount, ...]


class EpochPrepared(Event, frozen=True, tag="epoch.prepared.v1"):
    """What treasury knows of a publication: amounts and blinding factors, to make receipts and to go on later."""

    audience: ClassVar[tuple[str, ...]] = TREASURY
    epoch: int
    groups: tuple[LogGroup, ...]
    waiting: tuple[str, ...]


class SlipsLeft(Event, frozen=True, tag="slips.left.v1"):
    """The slips of a publication were left at the front: once, for two slips to one entry are refused.

    `bodies` are the hashes of `KeptSlips` with the very slips, for a front made anew. All officers hear it, so that any
    desk can make one; what is in a slip only its code opens.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    publication: bytes
    bodies: tuple[bytes, ...] = ()


AnyEvent = (
    FundFounded | RosterKeys | CircleKeyed | CeremonyProposed | CeremonyJoined | DealingAnnounced | DealingPublished
    | DealingDisputed | GroupCertified | ShareErased | TrialBegun | TrialAnswered
    | RosterProposed | RosterApproved | FundFrozen | OfficerSuspended | Voted | LifeOpened | LifeConfirmed
    | ErasureProposed | CaseLeft | FrontMoved | Resolved | KeeperNamed | ProgramChanged | AlarmRaised | AlarmEnded
    | CircleHandedOn | Explained | CheckinSet | CheckinMade | LogPolicySet | NoticePublished | MailboxReplied
    | FundSecretsDrawn | OfficerNamed | CirclesAssigned | DropAdmitted
    | GrantProposed | GrantApproved | CaseChecked | OpeningRequested | PartialGiven | OpeningObjected | OpeningUpheld
    | PartialRefuted | OpeningDone
    | BatchProposed | BatchApproved | BatchExported | PublicationProposed | CheckpointSigned | PublicationSent
    | CaseTaken | NoteWritten | MessageSent | CaseRefused | PartiesDeclared | StatementImported | DonationReceived
    | CreditUnmatched | CreditQuarantined | QuarantineReturned | CostCharged | DebitUnmatched | InstalmentSettled
    | InstalmentReturned | EpochPrepared | SlipsLeft
)  # fmt: skip


TAGS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))


def _strange(raw: bytes) -> BadEvent:
    tag = tag_of(raw)
    return UnknownEvent(tag) if tag and tag not in TAGS else BadEvent("not of this form")


parse_event: Callable[[bytes], AnyEvent] = decoder_of(AnyEvent, _strange)  # type: ignore[arg-type]
"""The event spelled by these bytes. Raises `BadEvent`; `UnknownEvent` where a newer program must have written it."""


def event_bytes(event: Event) -> bytes:
    """The bytes that are hashed, sealed and stored."""
    return encode(event)
