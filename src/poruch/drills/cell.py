"""What the enemy gets out of the open desks he holds: tried, not argued.

He sits alone with copies of these desks and the keys of their officers. The desks talk to each other over a relay of
his own, so nothing that he tries reaches the fund. He tries two ways: by the rules, as officers do it (lift what stands
against them, ask for an opening, agree, approve a batch, export it), and past them, with the bare shares and the
arithmetic of docs/spec/quorum.md section 7, every subset of every epoch's.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from poruch.crypto.age import decrypt_payload, parse_header, unwrap_file_key
from poruch.crypto.group import IDENTITY, add, lagrange, montgomery, multiply
from poruch.crypto.padding import unpad
from poruch.crypto.quorum_file import read_locks
from poruch.desk import casework, council, openings, treasury
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk
from poruch.errors import AlreadyTaken, PoruchError
from poruch.events.codec import decode
from poruch.events.drops import Payee, Person
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import WaitingDrop
from poruch.rails.pain001 import read_pain001

MOST_TOGETHER = 5
"""Shares in one attempt; more than the threshold of any drill."""


@dataclass(frozen=True)
class Loot:
    """What the enemy read and took: each number with how many there are; `payments` were signed for the bank."""

    stories: int
    names: int
    payees: int
    payments: int
    cases: int
    accounts: int
    due: int

    @property
    def is_nothing(self) -> bool:
        """No identity, no payee, no payment. Stories are what a circle reads."""
        return not (self.names or self.payees or self.payments)

    @property
    def is_everything(self) -> bool:
        """All of each."""
        return (self.names, self.payees, self.payments) == (self.cases, self.accounts, self.due)


@dataclass
class CellRelay:
    """A relay of the enemy's own, which the desks in the cell take for the front."""

    segments: dict[bytes, SignedSegment] = field(default_factory=dict)
    kept: dict[bytes, bytes] = field(default_factory=dict)
    tags: dict[bytes, str] = field(default_factory=dict)

    def heads(self) -> dict[tuple[int, int], int]:
        """Nothing: so that every desk gives all it has."""
        return {}

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        """All: a desk knows its own."""
        return list(self.segments.values())

    def push(self, segments: list[SignedSegment]) -> list[str]:
        """Keep them, whatever they say."""
        self.segments |= {signed.id: signed for signed in segments}
        return ["accepted"] * len(segments)

    def drops_after(self, after: int) -> list[WaitingDrop]:
        """Nobody writes to a cell."""
        return []

    def put_body(self, body: bytes) -> None:
        """Keep it."""
        self.kept[hashlib.sha256(body).digest()] = body

    def body(self, sha256: bytes) -> bytes | None:
        """A body that was left here."""
        return self.kept.get(sha256)

    def bodies(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those that were left here."""
        return [self.kept[sha256] for sha256 in hashes if sha256 in self.kept]

    def body_hashes(self, after: bytes) -> list[bytes]:
        """Of those that were left here."""
        return sorted(sha256 for sha256 in self.kept if sha256 > after)

    def missing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those that were not left here."""
        return [sha256 for sha256 in hashes if sha256 not in self.kept]

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        """As the front does it. Raises `AlreadyTaken`."""
        if any(self.tags.get(tag, batch) != batch for tag in tags):
            raise AlreadyTaken
        self.tags |= dict.fromkeys(tags, batch)

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        """Nobody fetches them."""

    def publish(self, body: bytes) -> None:
        """Nobody reads it."""

    def public(self, path: str) -> bytes | None:
        """There is no site."""
        return None


@contextmanager
def cell(folder: Path, desks: Iterable[Desk]) -> Iterator[list[Desk]]:
    """Copies of these desks in a new folder, which know together what any of them knows."""
    relay = CellRelay()
    copies = []
    for desk in desks:
        shutil.copytree(desk.folder, folder / desk.folder.name)
        copies.append(Desk(folder / desk.folder.name, desk.key, desk.fund, relay, desk.today, durable=False))
        relay.push(desk.held)
    try:
        go_round(copies)
        yield copies
    finally:
        for copy in copies:
            copy.close()
        shutil.rmtree(folder)


def go_round(desks: list[Desk], rounds: int = 2) -> None:
    """What each says reaches the others."""
    for _ in range(rounds):
        for desk in desks:
            desk.sync()


def raid(folder: Path, desks: Iterable[Desk], due: int) -> Loot:
    """Everything that can be had of copies of these desks; `due` is how many instalments a batch would pay today."""
    with cell(folder, desks) as copies:
        first = copies[0]
        files = {drop: content.person for drop, content in first.contents.items() if content.person}
        stories = sum(any(_reads(desk, drop) for desk in copies) for drop in first.cases.cases)
        _lift(copies)
        read = _by_shares(copies, files) | _by_rules(copies, list(files))
        names = sum(isinstance(one, Person) for one in read.values())
        payments = _pay(copies)
        cases = len(first.cases.cases)
        return Loot(stories, names, len(read) - names, payments, cases, len(files) - cases, due)


def _reads(desk: Desk, drop: str) -> bool:
    with suppress(PoruchError):
        return bool(casework.story(desk, desk.cases.cases[drop]).happened)
    return False


# ---- past the rules ---------------------------------------------------------------------------


def _by_shares(desks: list[Desk], files: dict[str, bytes]) -> dict[str, Person | Payee]:
    """What any subset of all shares that lie in these desks opens, old ones and new ones mixed."""
    shares = [
        (desk.number, share)
        for desk in desks
        for made in desk.public.ceremonies.made
        if (share := own_share(desk, made.group)) is not None
    ]
    read: dict[str, Person | Payee] = {}
    for size in range(1, min(len(shares), MOST_TOGETHER) + 1):
        for chosen in combinations(shares, size):
            if len(dict(chosen)) == size:
                read |= _opened(dict(chosen), desks[0], files)
    return read


def _opened(shares: dict[int, int], desk: Desk, files: dict[str, bytes]) -> dict[str, Person | Payee]:
    made = openings.quorum(desk)
    weights = lagrange(shares)
    read: dict[str, Person | Payee] = {}
    for drop, file in files.items():
        header = parse_header(file)
        [lock] = read_locks(header)
        shared = IDENTITY
        for number, share in shares.items():
            shared = add(shared, multiply(weights[number], multiply(share, lock.E)))
        with suppress(PoruchError):
            file_key = unwrap_file_key(lock.body, montgomery(shared), lock.u, made.u)
            read[drop] = _decoded(unpad(decrypt_payload(file_key, memoryview(file)[header.end :])))
    return read


def _decoded(raw: bytes) -> Person | Payee:
    return decode(raw, Person | Payee)  # type: ignore[arg-type]


# ---- by the rules -----------------------------------------------------------------------------


def _lift(desks: list[Desk]) -> None:
    """All of them vote to thaw the fund and to lift what stands against any of them."""
    for desk in desks:
        found = desk.public.council
        measures = [*found.freezes.values(), *found.suspensions.values()]
        for one in [one for one in measures if one.over is None]:
            with suppress(PoruchError):
                council.undo(desk, one.said.id)
    go_round(desks)


def _by_rules(desks: list[Desk], drops: list[str]) -> dict[str, Person | Payee]:
    """Each asks for everything, and all agree; and what one of them has asked for before is tried, too."""
    read: dict[str, Person | Payee] = {}
    for asker in desks:
        with suppress(PoruchError):
            openings.ask(asker, "Because we say so.", drops)
        go_round(desks)
        for opening in list(asker.openings.openings.values()):
            for desk in [desk for desk in desks if opening.id in desk.openings.openings]:
                with suppress(PoruchError):
                    desk.act(*openings.answer_events(desk, desk.openings.openings[opening.id]))
            go_round(desks)
            with suppress(PoruchError):
                people, _ = openings.open_all(asker, asker.openings.openings[opening.id])
                read |= dict(zip(opening.drops, people, strict=True))
    return read


def _pay(desks: list[Desk]) -> int:
    """How many payments a bank would take from them."""
    for treasurer in desks:
        with suppress(PoruchError):
            batch = treasury.propose_batch(treasurer, treasury.payable(treasurer), treasurer.today()).proposal.batch
            go_round(desks)
            for desk in [desk for desk in desks if batch in desk.ledger.batches]:
                with suppress(PoruchError):
                    treasury.approve_batch(desk, desk.ledger.batches[batch])
            go_round(desks)
            file = treasury.export(treasurer, treasurer.ledger.batches[batch]).file
            return len(read_pain001(file).payments)
    return 0
