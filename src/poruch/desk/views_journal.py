"""What the screens show of the journal, the officers and the quorum's ceremony. Pure reading, no act."""

import hashlib
from dataclasses import dataclass
from datetime import date

from poruch.desk.program import Desk
from poruch.journal.segments import Sealed, SignedSegment


@dataclass(frozen=True)
class Chain:
    """One officer's chain: how many segments count here, the last day, and the first bytes of its head."""

    number: int
    name: str
    life: int
    length: int
    day: date
    head: str


@dataclass(frozen=True)
class Officer:
    """An officer as colleagues know him; fingerprints are of his public keys, empty until he announced them."""

    number: int
    name: str
    circles: tuple[str, ...]
    signing: str
    log: str
    recipient: str
    is_me: bool


@dataclass(frozen=True)
class CeremonyStep:
    """One step of the quorum's ceremony: who has done his part and who is awaited, by number."""

    key: str
    done: tuple[int, ...]
    awaited: tuple[int, ...]


def fingerprint(public: bytes) -> str:
    """Eight groups of four hex digits of the SHA-256 of a public key."""
    digest = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def chains(desk: Desk) -> list[Chain]:
    """All chains, by officer."""
    found = []
    for (author, life), head in sorted(desk.chains.heads.items()):
        name = desk.members.name(author)
        found.append(Chain(author, name, life, head.seq + 1, head.day, head.id.hex()[:16]))
    return found


def latest(desk: Desk, author: int | None, count: int) -> list[SignedSegment]:
    """The newest segments in the journal's order, newest first; of one officer or of all."""
    chosen = [signed for signed in desk.held if author is None or signed.author == author]
    return sorted(chosen, key=lambda signed: signed.order, reverse=True)[:count]


def sealed_count(signed: SignedSegment) -> int:
    """How many events of a segment are sealed to circles."""
    return sum(entry.count for entry in signed.entries if isinstance(entry, Sealed))


def officers(desk: Desk) -> list[Officer]:
    """All on the roster."""
    found = []
    for number in sorted(desk.public.roster.signing):
        keys = desk.public.officers.get(number)
        prints = ("", "", "")
        if keys is not None:
            shown = (keys.signing, keys.log, keys.recipient.text.encode())
            prints = (fingerprint(shown[0]), fingerprint(shown[1]), fingerprint(shown[2]))
        circles = desk.members.circles_of(number)
        found.append(Officer(number, desk.members.name(number), circles, *prints, number == desk.number))
    return found


def ceremony(desk: Desk) -> list[CeremonyStep]:
    """The steps of the newest ceremony; empty before there is one."""
    latest_one = desk.public.ceremonies.latest
    if latest_one is None:
        return []
    proposal = latest_one.proposal
    parts = (
        ("joined", proposal.officers, latest_one.joined),
        ("announced", proposal.dealers, latest_one.digests),
        ("dealt", proposal.dealers, latest_one.dealings),
        ("certified", proposal.officers, latest_one.certified),
    )
    return [
        CeremonyStep(key, tuple(n for n in everyone if n in done), tuple(n for n in everyone if n not in done))
        for key, everyone, done in parts
    ]
