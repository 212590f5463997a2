"""The ceremonies of the quorum key, as the journal tells them (docs/spec/quorum.md sections 2 to 4)."""

import struct
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from poruch.crypto.age import PqRecipient
from poruch.crypto.dealing import check_dealing, dealing_digest
from poruch.crypto.quorum_group import Group, check_officers
from poruch.errors import AlreadyDone, BadEvent, NotAllowed, PoruchError, TooFew, WrongDealers
from poruch.events.base import Event
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    ShareErased,
)
from poruch.events.kinds import event_bytes
from poruch.journal.council import Council
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
    old: Group | None = None
    joined: dict[int, PqRecipient] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)
    dealings: dict[int, bytes] = field(default_factory=dict)
    sealed: dict[int, dict[int, bytes]] = field(default_factory=dict)
    certified: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    last_day: date = date.min
    stopped: str = ""
    blamed: tuple[int, ...] = ()
    complaints: dict[int, tuple[int, bytes]] = field(default_factory=dict)

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
    def is_first(self) -> bool:
        """It makes the key; every later one deals the same key anew."""
        return not self.proposal.old_group

    def silent(self, today: date, days: int) -> tuple[int, ...]:
        """Who is awaited since so many days, that the others may go on without him."""
        return self.awaited if not self.stopped and (today - self.last_day).days >= days else ()

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

    def may_dispute(self, author: int, dealer: int) -> bool:
        """Whether he may: for what was dealt to him, or, as a dealer who is not of the new set, for what he lost.

        Who has certified had all he could dispute, and who has dealt lost nothing that is still needed: later words of
        theirs must not undo a key in force.
        """
        if author in self.proposal.officers:
            return author not in self.certified
        return author == dealer and author in self.proposal.dealers and author not in self.dealings

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
            parsed = _checked(self.session, event.dealing, author, self.proposal.k, self.digests[author])
        except PoruchError as error:
            self.stop(error.name, (author,))
            return
        if officers != set(self.proposal.officers) or len(event.sealed) != len(officers):
            self.stop("sub-shares are missing", (author,))
            return
        if not self.is_first and self.old is not None:
            share = dict(self.old.verification_shares).get(author)
            if share != parsed.commitments[0]:
                self.stop("not-own-share", (author,))
                return
        self.dealings[author] = event.dealing
        self.sealed[author] = {share.officer: share.file for share in event.sealed}

    def digest_of(self, dealer: int) -> bytes:
        """The digest of a dealing that was published."""
        return dealing_digest(self.session, self.dealings[dealer])


@dataclass(frozen=True)
class Made:
    """A group that was certified by all: in which session, since which day."""

    group: Group
    session: bytes
    day: date


@dataclass
class Ceremonies:
    """All sessions and all groups. `erased`: by epoch, who destroyed his share, and whether the paper with it."""

    sessions: dict[bytes, Ceremony] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    erased: dict[int, dict[int, bool]] = field(default_factory=dict)

    @property
    def group(self) -> Group | None:
        """The group in force: the one that was certified last."""
        return self.made[-1].group if self.made else None

    @property
    def latest(self) -> Ceremony | None:
        """The session that was proposed last."""
        return next(reversed(self.sessions.values()), None)

    @property
    def running(self) -> Ceremony | None:
        """The session that is under way, if there is one."""
        latest = self.latest
        return latest if latest is not None and not latest.stopped and latest.group is None else None

    def alive(self, group: Group) -> tuple[int, ...]:
        """Officers of an older group who have not recorded that share and paper are destroyed."""
        erased = self.erased.get(group.epoch, {})
        return tuple(number for number in group.officers if not erased.get(number))

    @property
    def old_groups(self) -> list[Group]:
        """Groups that were replaced, newest first."""
        return [made.group for made in reversed(self.made[:-1])]

    def apply(self, author: int, day: date, event: Event, council: Council) -> None:
        """Take one event. What does not fit is ignored or stops its session. A day counts as far as k have come."""
        day = council.believed(author, day)
        if isinstance(event, CeremonyProposed):
            self._propose(author, day, event, council)
            return
        if isinstance(event, ShareErased):
            self._erase(author, event)
            return
        if not isinstance(
            event, CeremonyJoined | DealingAnnounced | DealingPublished | DealingDisputed | GroupCertified
        ):
            return
        ceremony = self.sessions.get(event.session)
        if ceremony is None or ceremony.stopped:
            return
        before = len(ceremony.awaited), ceremony.awaited
        self._step(ceremony, author, event)
        if (len(ceremony.awaited), ceremony.awaited) != before:
            ceremony.last_day = max(day, ceremony.last_day)
        if isinstance(event, GroupCertified):
            self._certify(ceremony, day)

    @staticmethod
    def _step(ceremony: Ceremony, author: int, event: Event) -> None:
        officers, dealers = ceremony.proposal.officers, ceremony.proposal.dealers
        if isinstance(event, CeremonyJoined) and author in officers:
            ceremony.joined.setdefault(author, PqRecipient.parse(event.recipient))
        elif isinstance(event, DealingAnnounced) and author in dealers and ceremony.all_joined:
            ceremony.digests.setdefault(author, event.digest)
        elif isinstance(event, DealingPublished) and author in dealers and author not in ceremony.dealings:
            ceremony.deal(author, event)
        elif isinstance(event, DealingDisputed) and ceremony.may_dispute(author, event.dealer):
            ceremony.complaints[author] = (event.dealer, event.file_key)
            ceremony.stop("a sub-share was disputed", (event.dealer, author))
        elif isinstance(event, GroupCertified) and author in officers and ceremony.all_dealt:
            ceremony.certified.setdefault(author, (event.transcript, event.group))
            if len(set(ceremony.certified.values())) > 1:
                ceremony.stop("officers certified different keys", ())

    def _certify(self, ceremony: Ceremony, day: date) -> None:
        group, now = ceremony.group, self.group
        if group is None or any(made.session == ceremony.session for made in self.made):
            return
        if ceremony.proposal.old_group != (now.id if now else b""):
            return  # an older session that ends late changes nothing
        expected = (now.epoch + 1, now.Y) if now else (0, group.Y)
        if (group.epoch, group.Y) != expected or group.officers != ceremony.proposal.officers:
            ceremony.stop("key-changed", tuple(sorted(ceremony.certified)))
            return
        self.made.append(Made(group, ceremony.session, day))

    def _erase(self, author: int, event: ShareErased) -> None:
        for group in self.old_groups:
            if group.epoch == event.epoch and author in group.officers:
                known = self.erased.setdefault(group.epoch, {})
                known[author] = known.get(author, False) or event.paper

    def _propose(self, author: int, day: date, event: CeremonyProposed, council: Council) -> None:
        check_officers(event.k, list(event.officers))
        if author not in council.quorum:
            raise NotAllowed("only the quorum begins a ceremony")
        if (event.k, event.officers) != (council.k, council.quorum):
            # Desks take part by themselves: none may make a key that fewer open than was decided.
            raise NotAllowed("the quorum is the one that was decided")
        now = self.group
        if now is None and (event.old_group or event.dealers != event.officers):
            raise WrongDealers("the first ceremony is dealt by all")
        if now is not None:
            if event.old_group != now.id or list(event.dealers) != sorted(set(event.dealers)):
                raise WrongDealers("the key is dealt anew by the group in force")
            if not set(event.dealers) <= set(now.officers) & council.roster:
                raise WrongDealers("the dealers are officers of the group in force")
            if len(event.dealers) < now.k:
                raise TooFew("fewer dealers than it takes to open")
        running = self.running
        if running is not None and (running.proposal.k, running.proposal.officers) == (event.k, event.officers):
            days = council.charter.silent_days if council.charter else 0
            if not running.silent(day, days):
                raise AlreadyDone("a ceremony for this quorum is under way")
            running.stop("somebody was silent too long", running.awaited)
        session = session_of(event_bytes(event))
        if session not in self.sessions:
            self.sessions[session] = Ceremony(session, event, author, now, last_day=day)
