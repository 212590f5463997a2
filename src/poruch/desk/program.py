"""An officer's desk without its screens: store, keys, and the state folded from the journal.

The program does no work by itself: `sync` moves bytes, `duties` (poruch.desk.duties) does what the officer need not
be asked for, and the modules casework, openings and treasury do what he decides. Each act is one signed segment.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from poruch.cases.openings import Openings
from poruch.cases.state import Cases
from poruch.cases.trials import Trials
from poruch.crypto import keyfile
from poruch.crypto.hidden import forgets
from poruch.desk import erasing, newer, syncing
from poruch.desk.folding import MOST_FAULTS, Folding, View
from poruch.desk.keyring import KeyName, KeyRing
from poruch.desk.snapshots import Snapshots
from poruch.errors import (
    NotAllowed,
    NotConfirmed,
    Removed,
    StoreBroken,
    Suspended,
)
from poruch.events.base import Event
from poruch.events.charter import Charter
from poruch.events.council import LifeOpened, Pin, ProgramChanged
from poruch.events.drops import DropContent
from poruch.journal.chains import MOST_UNSIGNED, REFUSED, UNSIGNED, UNSIGNED_BYTES, Chains
from poruch.journal.circles import CircleKey, seal_events
from poruch.journal.journal import Journal
from poruch.journal.members import Members
from poruch.journal.public import SUSPENDED_SAY, PublicState
from poruch.journal.segments import GENESIS, Segment, SignedSegment, sign_segment
from poruch.journal.standing import DURESS_LIFE
from poruch.journal.store import Store
from poruch.journal.sync import Relay, WaitingDrop
from poruch.ledger.state import Ledger

LIFE, RESTORED = "desk/life", "desk/restored"
KEY_FILE, STORE_FILE, FUND_FILE = "officer.key", "desk.db", "fund.id"


@dataclass(frozen=True)
class Mailing:
    """A body that an act leaves on the front, beside its event."""

    sha256: bytes
    body: bytes

    @classmethod
    def of(cls, body: bytes) -> "Mailing":
        """The mailing of `body`, named by its hash."""
        return cls(hashlib.sha256(body).digest(), body)


def pin_at(signed: SignedSegment) -> Pin:
    """The pin of a segment."""
    return Pin(signed.author, signed.life, signed.seq, signed.id)


def one_time_key(file: bytes) -> bytes:
    """The line of a quorum file that holds `u(E)`: two files with one line are a trap (quorum.md section 8)."""
    return file.split(b"\n", 2)[1] if file.count(b"\n") > 1 else b""


class Desk:
    """One officer's desk in one folder. Close it to forget its keys. An `idle` one does nothing by itself."""

    idle = False

    def __init__(
        self,
        folder: Path,
        key: keyfile.OfficerKey,
        fund: bytes,
        relay: Relay | None,
        today: Callable[[], date],
        random: Callable[[int], bytes] = os.urandom,
        *,
        durable: bool = True,
        store: Store | None = None,
    ) -> None:
        """`fund` is the 32-byte id of the fund; `relay` may be None while there is no front.

        `store` is another one than the file in `folder`.
        """
        self.folder, self.key, self.fund = folder, key, fund
        self.relay, self.today, self.random = relay, today, random
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.store = store or Store(folder / STORE_FILE, key.store_key, durable=durable)
        self.journal = Journal(fund)
        self.ring = KeyRing(self.store, key.identity)
        self.one_time_keys: Counter[bytes] = Counter()
        self.waiting_drops: list[WaitingDrop] = []
        self._arrived: dict[bytes, bytes] = {}
        self.faults: list[str] = []
        self.damaged: set[bytes] = set()
        self.unreadable: list[bytes] = []
        self.erased = self.store.erased()
        self.left = erasing.remembered(self)
        self.bodies = self.store.body_hashes()
        self.verdicts: dict[tuple[bytes, bytes, bytes], str] = {}
        self.folding = Folding(self)
        self._ahead = False
        self.snapshots = Snapshots(self)
        if not self.snapshots.wake():
            self.journal.add(self.store.segments(), own=True)
            self.journal.add(self.store.faults())
            self.refold()
            self.snapshots.keep()
        self.proved = len(self.chains.forks)

    def close(self) -> None:
        """Close the store."""
        self.folding.keep_opened()
        self.snapshots.keep(closing=True)
        self.store.close()

    # ---- what is known ------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """This officer's number."""
        return self.key.number

    @property
    def chains(self) -> Chains:
        """The chains of all officers."""
        return self.journal.chains

    @property
    def held(self) -> list[SignedSegment]:
        """All segments, in the one order."""
        return self.journal.held

    @property
    def public(self) -> PublicState:
        """What a stranger may know."""
        return self.journal.public

    @property
    def view(self) -> View:
        """All that is folded from the journal."""
        return self.folding.view

    @property
    def contents(self) -> dict[str, DropContent]:
        """What people sent, opened, by the id of the drop."""
        return self.folding.view.contents

    @property
    def life(self) -> int:
        """The life of this desk's chain; a restored desk never continues the chain it had."""
        return int.from_bytes(self.store.fact(LIFE) or b"", "big")

    @property
    def restored(self) -> bool:
        """It was restored and has not opened its new life yet."""
        return bool(self.store.fact(RESTORED))

    @property
    def speaks(self) -> bool:
        """What this desk would say now counts: it is not suspended, and its life is the first or confirmed."""
        head = self.chains.heads.get((self.number, self.life))
        return self.journal.standing.allows(self.number, self.life, head.seq + 1 if head else 0)

    @property
    def members(self) -> Members:
        """Who the officers are."""
        return self.view.members

    @property
    def openings(self) -> Openings:
        """All requests to open."""
        return self.view.openings

    @property
    def trials(self) -> Trials:
        """All trials of the quorum key, and rehearsals."""
        return self.view.trials

    @property
    def ledger(self) -> Ledger:
        """The books."""
        return self.view.ledger

    @property
    def cases(self) -> Cases:
        """The cases. Raises `NotAllowed` before the fund is founded."""
        if self.view.cases is None:
            raise NotAllowed("the fund is being founded")
        return self.view.cases

    @property
    def charter(self) -> Charter:
        """The charter. Raises `NotAllowed` before it is here."""
        if self.public.charter is None:
            raise NotAllowed("the charter is not here yet")
        return self.public.charter

    def circle(self, name: str) -> CircleKey:
        """The newest key of a circle that this officer belongs to. Raises `NotAllowed`."""
        return self.keys_of(name)[0]

    @property
    def keys(self) -> dict[KeyName, CircleKey]:
        """All circle keys of this officer."""
        return self.ring.keys

    def keys_of(self, name: str) -> list[CircleKey]:
        """The keys of a circle, the one in force first. Raises `NotAllowed` for a circle of which he has none."""
        return self.ring.of(name, self.public)

    def within(self, circle: str) -> bool:
        """Whether this officer belongs to `circle`."""
        return self.members.within(self.number, circle)

    # ---- folding ------------------------------------------------------------------------------

    def refold(self) -> None:
        """Fold everything again, in the one order."""
        self.folding.refold()

    def take(self, segments: Iterable[SignedSegment], *, pushed: bool) -> int:
        """Take segments from outside or of one's own; returns how many newly count."""
        if self._ahead:
            self._recall()
        arrived = list(segments)
        added = self.journal.add(arrived)
        try:
            for signed, outcome in zip(arrived, added.outcomes, strict=True):
                if outcome in REFUSED - UNSIGNED or (outcome in UNSIGNED and self._is_kept(signed)):
                    self.store.keep_fault(signed.id, outcome.value, signed.raw)
            if added.fresh:
                self.store.keep_segments(added.fresh, pushed=pushed)
            self.folding.follow(added.fresh, added.since)
        except StoreBroken:
            self._ahead = True
            self._recall()
            raise
        self.snapshots.keep()
        return len(added.fresh)

    def _recall(self) -> None:
        """Know no more than the disk: an act that stood on a segment which is not there would break the chain."""
        segments, faults = list(self.store.segments()), self.store.faults()
        self.journal = Journal(self.fund)
        self.journal.add(segments, own=True)
        self.journal.add(faults)
        self._ahead = False
        self.refold()

    def _is_kept(self, signed: SignedSegment) -> bool:
        """Of what nobody signed the first few are kept over a restart; whoever holds the line can make many."""
        return any(fault.raw == signed.raw for fault in self.chains.faults)

    def met_rubbish(self, raw: bytes) -> None:
        """Keep the beginning of what cannot be read as a segment, for the errors page; of many, the first few."""
        cut = raw[:UNSIGNED_BYTES]
        if len(self.unreadable) < MOST_UNSIGNED and cut not in self.unreadable:
            self.unreadable.append(cut)

    def fault(self, sentence: str) -> None:
        """Keep a sentence for the errors page, once; so many that nobody reads them say no more than the first."""
        if len(self.faults) < MOST_FAULTS and sentence not in self.faults:
            self.faults.append(sentence)

    def forget(self, hashes: set[bytes]) -> None:
        """Forget what was opened of these bodies."""
        self.folding.forget(hashes)
        for sha256 in hashes:
            self._arrived.pop(sha256, None)

    def body_of(self, sha256: bytes) -> bytes | None:
        """The body with this hash, from the store or from what waits on the front; None if it is in neither."""
        body = self.store.body(sha256)
        if body is None and sha256 in self._arrived:
            body = self._arrived[sha256]
            self.keep_body(body, pushed=True)
        return body

    def note_person(self, content: DropContent) -> None:
        """Count the one-time key of a drop that was opened for the first time."""
        if content.person:
            self.one_time_keys[one_time_key(content.person)] += 1

    def arrive(self, drops: list[WaitingDrop]) -> None:
        """Take what waits on a front: for the duties to admit, and for events of colleagues who have admitted it."""
        drops = [drop for drop in drops if hashlib.sha256(drop.body).digest() not in self.erased]
        self.waiting_drops = drops
        self._arrived = {hashlib.sha256(drop.body).digest(): drop.body for drop in drops}

    # ---- acting -------------------------------------------------------------------------------

    def act(self, events: Iterable[Event], mailings: Iterable[Mailing] = ()) -> SignedSegment:
        """Sign one segment with these events, keep it and fold it; it travels at the next sync.

        Raises `Suspended` or `NotConfirmed` where it would not count, `StoreBroken` where it is not kept.
        """
        events = list(events)
        if self._ahead:
            self._recall()
        self._need_to_speak(events)
        newer.check(self, events)
        if (said := newer.unsaid(self)) and not any(isinstance(one, (ProgramChanged, LifeOpened)) for one in events):
            self.act(said)
        for mailing in mailings:
            self.keep_body(mailing.body, pushed=False)
        life = self.life
        head = self.chains.heads.get((self.number, life))
        seq, prev = (head.seq + 1, head.id) if head else (0, GENESIS)
        held = self.ring.in_force(self.public)
        place = (self.number, life, seq, 0)
        entries = seal_events(events, self.fund, place, self.public.circles, held, self.random)
        segment = Segment(self.fund, self.number, life, seq, prev, self.chains.clock + 1, self.today(), entries)
        signed = sign_segment(segment, self.key.signing)
        self.take([signed], pushed=False)
        return signed

    def _need_to_speak(self, events: list[Event]) -> None:
        if self.restored and not all(isinstance(event, LifeOpened) for event in events):
            raise NotConfirmed("it has not synced yet")
        if self.speaks or all(isinstance(event, (*SUSPENDED_SAY, LifeOpened)) for event in events):
            return
        if self.number in self.public.council.suspended or self.number in self.public.council.liars:
            raise Suspended
        if self.number in self.public.council.removed:
            raise Removed
        raise NotConfirmed

    def open_life(self) -> None:
        """After a restored desk has synced: never continue the old chain, whose end may lie on a lost disk."""
        if not self.restored:
            return
        lives = [life for author, life in self.chains.heads if author == self.number and life != DURESS_LIFE]
        last = self.chains.heads.get((self.number, max(lives, default=0)))
        pin = pin_at(last) if last else Pin(self.number, 0, -1, b"")
        self.store.keep_fact(LIFE, (max(lives, default=0) + 1).to_bytes(2, "big"))
        self.act([LifeOpened(pin)])
        self.store.keep_fact(RESTORED, b"")  # last: who is cut off before it opens one more life

    # ---- sync ---------------------------------------------------------------------------------

    def sync(self) -> int:
        """Push and pull once; returns how many segments travelled. Raises `RelayUnreachable`."""
        return syncing.sync(self)

    def steps(self, relay: Relay, lock: syncing.Lock, progress: syncing.Progress) -> Iterator[None]:
        """The same in small steps, `lock` held only where the desk is touched."""
        return syncing.steps(self, relay, lock, progress)

    def push(self) -> int:
        """Give the relay what it does not have yet; returns how many segments."""
        return syncing.push(self)

    def keep_body(self, body: bytes, *, pushed: bool) -> bytes:
        """Keep a body in the store, unless it is erased; returns its hash."""
        sha256 = hashlib.sha256(body).digest()
        if sha256 not in self.erased:
            self.store.keep_body(sha256, body, pushed=pushed)
            self.bodies.add(sha256)
        return sha256


def head_of(desk: Desk, number: int) -> Pin:
    """The last segment of an officer's chain that counts on this desk."""
    counted = [s for s in desk.held if s.author == number and desk.journal.counts(s)]
    mine = [s for s in counted if s.life != DURESS_LIFE]
    last = max(mine, key=lambda s: (s.life, s.seq), default=None)
    return pin_at(last) if last else Pin(number, 0, -1, b"")


@forgets
def open_desk(
    folder: Path, passphrase: str, relay: Callable[[keyfile.OfficerKey], Relay | None], today: Callable[[], date]
) -> Desk:
    """The desk in `folder`. Raises `WrongPassphrase`, `BadKeyFile`, `StoreBroken`."""
    from poruch.desk.duress import DuressDesk  # it is a desk, and so imports this module

    key = keyfile.open_key((folder / KEY_FILE).read_bytes(), passphrase)
    fund = bytes.fromhex((folder / FUND_FILE).read_text().strip())
    if isinstance(key, keyfile.DuressKey):
        return DuressDesk(folder, key, fund, relay(key), today)
    return Desk(folder, key, fund, relay(key), today)
