"""The ceremonies of the quorum key, as the journal tells them (docs/spec/quorum.md sections 2 to 4)."""

import struct
from dataclasses import dataclass, field
from functools import lru_cache

from poruch.crypto.age import PqRecipient
from poruch.crypto.dealing import check_dealing, dealing_digest
from poruch.crypto.quorum_group import Group, check_officers
from poruch.errors import BadEvent, PoruchError
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
)
from poruch.events.kinds import AnyEvent, event_bytes
from poruch.journal.segments import session_of


def group_bytes(group: Group) -> bytes:
    """What the group id hashes, without its prefix: epoch, k, Y, n, then number and verification share of each."""
    shares = b"".join(struct.pack(">H", number) + share for number, share in group.verification_shares)
    return struct.pack(">IH", group.epoch, group.k) + group.Y + struct.pack(">H", group.n) + shares


def parse_group(raw: bytes) -> Group:
    """The group spelled by `raw`. Raises `BadEvent`, `BadOfficers`."""
    if len(raw) < 40:
        raise BadEvent("group")
    epoch, k = struct.unpack(">IH", raw[:6])
    (n,) = struct.unpack(">H", raw[38:40])
    if len(raw) != 40 + 34 * n:
        raise BadEvent("group")
    rows = [raw[40 + 34 * i : 74 + 34 * i] for i in range(n)]
    shares = tuple((int.from_bytes(row[:2], "big"), row[2:]) for row in rows)
    check_officers(k, [number for number, _ in shares])
    return Group(k=k, epoch=epoch, Y=raw[6:38], verification_shares=shares)


_checked = lru_cache(maxsize=1024)(check_dealing)
"""Dealings are public, cost a proof each, and are read again at every fold. A failure is never remembered."""


@dataclass
class Ceremony:
    """One session. `stopped` says why it cannot go on, and `blamed` who is at fault; both empty while all is well."""

    session: bytes
    proposal: CeremonyProposed
    proposer: int
    joined: dict[int, PqRecipient] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)
    dealings: dict[int, bytes] = field(default_factory=dict)
    sealed: dict[int, dict[int, bytes]] = field(default_factory=dict)
    certified: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    stopped: str = ""
    blamed: tuple[int, ...] = ()

    @property
    def all_joined(self) -> bool:
        """Every officer of the new set has published a one-time recipient."""
        return set(self.joined) == set(self.proposal.officers)

    @property
    def all_announced(self) -> bool:
        """Every dealer has published his digest."""
        return set(self.digests) == set(self.proposal.dealers)

    @property
    def all_dealt(self) -> bool:
        """Every dealer has published his dealing."""
        return set(self.dealings) == set(self.proposal.dealers)

    @property
    def group(self) -> Group | None:
        """The group, once all of the new set have certified one transcript."""
        if self.stopped or set(self.certified) != set(self.proposal.officers):
            return None
        first, *others = self.certified.values()
        return parse_group(first[1]) if all(other == first for other in others) else None

    @property
    def awaited(self) -> tuple[int, ...]:
        """The officers whose part is missing at the present step."""
        officers, dealers = self.proposal.officers, self.proposal.dealers
        for everyone, done in (
            (officers, self.joined),
            (dealers, self.digests),
            (dealers, self.dealings),
            (officers, self.certified),
        ):
            missing = tuple(number for number in everyone if number not in done)
            if missing:
                return missing
        return ()

    def stop(self, why: str, blamed: tuple[int, ...]) -> None:
        """End the session; a new one may start."""
        if not self.stopped:
            self.stopped, self.blamed = why, blamed

    def deal(self, author: int, event: DealingPublished) -> None:
        """Take a dealing, or stop and blame its dealer."""
        officers = {share.officer for share in event.sealed}
        if not self.all_announced:
            self.stop("dealt before all had announced", (author,))
            return
        try:
            _checked(self.session, event.dealing, author, self.proposal.k, self.digests[author])
        except PoruchError as error:
            self.stop(error.name, (author,))
            return
        if officers != set(self.proposal.officers) or len(event.sealed) != len(officers):
            self.stop("sub-shares are missing", (author,))
            return
        self.dealings[author] = event.dealing
        self.sealed[author] = {share.officer: share.file for share in event.sealed}

    def digest_of(self, dealer: int) -> bytes:
        """The digest of a dealing that was published."""
        return dealing_digest(self.session, self.dealings[dealer])


@dataclass
class Ceremonies:
    """All sessions; `group` is the one in force."""

    sessions: dict[bytes, Ceremony] = field(default_factory=dict)
    group: Group | None = None

    @property
    def latest(self) -> Ceremony | None:
        """The session that was proposed last."""
        return next(reversed(self.sessions.values()), None)

    def apply(self, author: int, event: AnyEvent, roster: dict[int, bytes]) -> None:
        """Take one event. What does not fit is ignored or stops its session."""
        if isinstance(event, CeremonyProposed):
            self._propose(author, event, roster)
            return
        if not isinstance(
            event, CeremonyJoined | DealingAnnounced | DealingPublished | DealingDisputed | GroupCertified
        ):
            return
        ceremony = self.sessions.get(event.session)
        if ceremony is None or ceremony.stopped:
            return
        officers, dealers = ceremony.proposal.officers, ceremony.proposal.dealers
        if isinstance(event, CeremonyJoined) and author in officers:
            ceremony.joined.setdefault(author, PqRecipient.parse(event.recipient))
        elif isinstance(event, DealingAnnounced) and author in dealers and ceremony.all_joined:
            ceremony.digests.setdefault(author, event.digest)
        elif isinstance(event, DealingPublished) and author in dealers and author not in ceremony.dealings:
            ceremony.deal(author, event)
        elif isinstance(event, DealingDisputed) and author in officers and author not in ceremony.certified:
            # Who has certified had all he could dispute: later words of his must not undo a key in force.
            ceremony.stop("a sub-share was disputed", (event.dealer, author))
        elif isinstance(event, GroupCertified) and author in officers and ceremony.all_dealt:
            ceremony.certified.setdefault(author, (event.transcript, event.group))
            if len(set(ceremony.certified.values())) > 1:
                ceremony.stop("officers certified different keys", ())
            self.group = self.group or ceremony.group  # an older session that ends late changes nothing

    def _propose(self, author: int, event: CeremonyProposed, roster: dict[int, bytes]) -> None:
        check_officers(event.k, list(event.officers))
        if not set(event.officers) <= set(roster) or author not in roster:
            raise BadEvent("officers who are not on the roster")
        if self.group is not None:
            raise BadEvent("a key is in force; this version does not deal it anew")
        if event.dealers != event.officers:
            raise BadEvent("the first ceremony is dealt by all")
        session = session_of(event_bytes(event))
        self.sessions.setdefault(session, Ceremony(session, event, author))
