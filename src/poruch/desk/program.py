"""An officer's desk without its screens: store, keys, and the state folded from the journal.

The program does no work by itself: `sync` moves bytes, `duties` (poruch.desk.duties) does what the officer need not
be asked for, and the modules casework, openings and treasury do what he decides. Each act is one signed segment.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from poruch.cases.openings import Openings
from poruch.cases.presence import Presence
from poruch.cases.state import Cases
from poruch.cases.trials import Trials
from poruch.crypto import keyfile
from poruch.crypto.hidden import forgets
from poruch.desk import syncing
from poruch.desk.keyring import KeyName, KeyRing
from poruch.errors import (
    BadEvent,
    CannotOpen,
    Malformed,
    NotAllowed,
    NotConfirmed,
    PoruchError,
    Removed,
    Suspended,
)
from poruch.events.base import Event
from poruch.events.charter import Charter
from poruch.events.council import CircleHandedOn, LifeOpened, Pin
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import CircleKeyed, DropAdmitted, parse_event
from poruch.journal.chains import REFUSED, UNSIGNED, Chains
from poruch.journal.circles import CircleKey, open_entry, seal_event
from poruch.journal.dropbox import open_drop
from poruch.journal.journal import Journal
from poruch.journal.members import Members
from poruch.journal.public import SUSPENDED_SAY, PublicState
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, event_id, sign_segment
from poruch.journal.standing import DURESS_LIFE
from poruch.journal.store import Store
from poruch.journal.sync import Relay, WaitingDrop
from poruch.ledger.state import Ledger

UNKEPT, MOST_FAULTS = 256, 200
LIFE, RESTORED = "desk/life", "desk/restored"
KEY_FILE, STORE_FILE, FUND_FILE = "officer.key", "desk.db", "fund.id"


@dataclass
class View:
    """All that is folded from the journal; thrown away and folded again when an older segment arrives."""

    members: Members
    openings: Openings
    trials: Trials
    ledger: Ledger
    cases: Cases | None = None
    presence: Presence = field(default_factory=Presence)


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
    segment = signed.segment
    return Pin(segment.author, segment.life, segment.seq, signed.id)


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
        self.contents: dict[str, DropContent] = {}
        self._opened: dict[bytes, DropContent] = {}
        self._admitted: set[str] = set()
        self.one_time_keys: Counter[bytes] = Counter()
        self.waiting_drops: list[WaitingDrop] = []
        self._arrived: dict[bytes, bytes] = {}
        self.faults: list[str] = []
        self._unkept: list[tuple[bytes, int, bytes | None]] = []
        self._heard_before = self.store.heard()
        self._parsed: dict[tuple[bytes, int], Heard | None] = {}
        self.erased = self.store.erased()
        self.bodies = self.store.body_hashes()
        self.verdicts: dict[tuple[bytes, bytes, bytes], str] = {}
        self.view = self._empty_view()
        self.journal.add(self.store.segments())
        self.journal.add(self.store.faults())
        self.proved = len(self.chains.forks)
        self.refold()

    def close(self) -> None:
        """Close the store."""
        self._keep_heard()
        self.store.close()

    def _keep_heard(self) -> None:
        """Opened events are a projection: losing some only means opening them again, so they are kept in bulk."""
        self.store.keep_heard(self._unkept)
        self._unkept = []

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
        return self.journal.standing.allows(self.number, self.life, head.segment.seq + 1 if head else 0)

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

    @staticmethod
    def _empty_view() -> View:
        members = Members()
        return View(members, Openings(), Trials(), Ledger(members))

    def refold(self) -> None:
        """Fold everything again, in the one order."""
        self.view = self._empty_view()
        self._admitted.clear()
        self._fold(self.held)

    def take(self, segments: Iterable[SignedSegment], *, pushed: bool) -> int:
        """Take segments from outside or of one's own; returns how many newly count."""
        arrived = list(segments)
        added = self.journal.add(arrived)
        for signed, outcome in zip(arrived, added.outcomes, strict=True):
            if outcome in REFUSED - UNSIGNED:
                self.store.keep_fault(signed.id, outcome.value, signed.raw)
        if added.fresh:
            self.store.keep_segments(added.fresh, pushed=pushed)
        if added.again:
            self.refold()
        elif added.fresh:
            self._fold(sorted(added.fresh, key=lambda signed: signed.order))
        return len(added.fresh)

    def _fold(self, segments: list[SignedSegment]) -> None:
        opened: list[tuple[bytes, int, bytes | None]] = []
        keys_before = len(self.keys)
        self.view.members.found(self.chains.roster.charter)
        if self.view.cases is None and self.public.charter is not None:
            self.view.cases = Cases(self.public.charter, self.view.members, self.contents)
        for handout in self.public.council.handouts:
            if handout.number == self.number:
                self._take_history(handout)
        self._erase()
        for signed in segments:
            self.view.members.follow(self.public.council.history, signed.order)
            if not self.journal.counts(signed):
                continue
            for index in range(len(signed.segment.entries)):
                self._hear(signed, index, opened)
        self._unkept += opened
        if len(self._unkept) > UNKEPT:
            self._keep_heard()
        if len(self.keys) > keys_before and any(raw is None for raw in self._heard_before.values()):
            self._keep_heard()
            self.store.forget_sealed()
            self._heard_before = self.store.heard()
            self.refold()

    def _hear(self, signed: SignedSegment, index: int, opened: list[tuple[bytes, int, bytes | None]]) -> None:
        place = (signed.id, index)
        if place not in self._parsed:
            raw = self._open(signed, index, opened)
            if raw is None:
                return
            self._parsed[place] = self._parse(signed, index, raw)
        heard = self._parsed[place]
        if heard is not None:
            self._tell(heard)

    def _open(self, signed: SignedSegment, index: int, opened: list[tuple[bytes, int, bytes | None]]) -> bytes | None:
        """The bytes of one event; None if it is for others."""
        entry = signed.segment.entries[index]
        if isinstance(entry, Clear):
            return entry.event
        if (signed.id, index) in self._heard_before:
            return self._heard_before[(signed.id, index)]
        segment = signed.segment
        raw: bytes | None = None
        try:
            raw = open_entry(entry, self.fund, (segment.author, segment.life, segment.seq, index), self.keys.values())
        except BadEvent:
            self._fault(f"A sealed event of officer {segment.author} is damaged, or sealed to others than may hear it.")
        self._heard_before[(signed.id, index)] = raw
        opened.append((signed.id, index, raw))
        return raw

    def _parse(self, signed: SignedSegment, index: int, raw: bytes) -> Heard | None:
        author, day = signed.segment.author, signed.segment.day
        try:
            event = parse_event(raw)
        except BadEvent:
            self._fault(f"An event of officer {author} is not of a known form; another program wrote it.")
            return None
        if event.audience and isinstance(signed.segment.entries[index], Clear):
            self._fault(f"Officer {author} said in clear what is for circles only; it was not counted.")
            return None
        return Heard(event_id(signed, index, raw), author, day, event)

    def _fault(self, sentence: str) -> None:
        """Keep a sentence for the errors page, once; so many that nobody reads them say no more than the first."""
        if len(self.faults) < MOST_FAULTS and sentence not in self.faults:
            self.faults.append(sentence)

    def _tell(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, CircleKeyed):
            self.ring.take(event, self.public)
        elif isinstance(event, DropAdmitted):
            self._open_content(event)
        if not event.audience:
            return  # what stands in clear is the public state's, which has heard it
        view = self.view
        folds = [view.members.apply, view.openings.apply, view.trials.apply, view.ledger.apply, view.presence.apply]
        if self.view.cases is not None:
            folds.append(self.view.cases.apply)
        for fold in folds:
            try:
                fold(heard)
            except (PoruchError, ValueError, KeyError, TypeError, ArithmeticError, AssertionError) as error:
                # The last line: whatever an officer signs, the rest of the journal is read. Never expected to happen.
                self._fault(f"An event of officer {heard.author} could not be counted: {type(error).__name__}.")

    def _erase(self) -> None:
        """Delete what k officers have erased, and know for ever that it is not to come back."""
        newly = self.public.erased - self.erased
        if not newly:
            return
        self.store.erase(newly)
        self.erased |= newly
        self.bodies -= newly
        for drop, content in list(self.contents.items()):
            if any(self._opened.get(sha256) is content for sha256 in newly):
                del self.contents[drop]
        for sha256 in newly:
            self._opened.pop(sha256, None)

    def _take_history(self, handout: CircleHandedOn) -> None:
        try:
            self.ring.take_history(handout, self.public)
        except (CannotOpen, Malformed):
            self._fault("Older keys that a colleague handed to you do not open.")

    def _open_content(self, event: DropAdmitted) -> None:
        """The content that the first true admission in the journal's order names, and no later one."""
        if event.drop in self._admitted:
            return
        self.contents.pop(event.drop, None)
        if event.body in self._opened:
            self._keep_content(event, self._opened[event.body])
            return
        body = self.store.body(event.body)
        if body is None and event.body in self._arrived:
            body = self._arrived[event.body]
            self.keep_body(body, pushed=True)
        if body is None or hashlib.sha256(body).digest() != event.body:
            return
        try:
            content = open_drop(body, *self.keys_of("officers"))
        except (CannotOpen, Malformed, NotAllowed):
            return
        self._opened[event.body] = content
        if content.person:
            self.one_time_keys[one_time_key(content.person)] += 1
        self._keep_content(event, content)

    def arrive(self, drops: list[WaitingDrop]) -> None:
        """Take what waits on a front: for the duties to admit, and for events of colleagues who have admitted it."""
        self.waiting_drops = drops
        self._arrived = {hashlib.sha256(drop.body).digest(): drop.body for drop in drops}

    def _keep_content(self, event: DropAdmitted, content: DropContent) -> None:
        if (content.drop, content.kind) == (event.drop, event.kind):
            self.contents[event.drop] = content
            self._admitted.add(event.drop)

    # ---- acting -------------------------------------------------------------------------------

    def act(self, events: Iterable[Event], mailings: Iterable[Mailing] = ()) -> SignedSegment:
        """Sign one segment with these events, keep it and fold it; it travels at the next sync.

        Raises `Suspended` or `NotConfirmed` where it would not count.
        """
        events = list(events)
        self._need_to_speak(events)
        for mailing in mailings:
            self.keep_body(mailing.body, pushed=False)
        life = self.life
        head = self.chains.heads.get((self.number, life))
        seq, prev = (head.segment.seq + 1, head.id) if head else (0, GENESIS)
        held = self.ring.in_force(self.public)
        entries = tuple(
            seal_event(event, self.fund, (self.number, life, seq, at), self.public.circles, held, self.random)
            for at, event in enumerate(events)
        )
        segment = Segment(self.fund, self.number, life, seq, prev, self.chains.clock + 1, self.today(), entries)
        signed = sign_segment(segment, self.key.signing)
        self.take([signed], pushed=False)
        return signed

    def _need_to_speak(self, events: list[Event]) -> None:
        if self.restored:
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
        self.store.keep_fact(RESTORED, b"")
        self.act([LifeOpened(pin)])

    # ---- sync ---------------------------------------------------------------------------------

    def sync(self) -> int:
        """Push and pull once; returns how many segments travelled. Raises `RelayUnreachable`."""
        return syncing.sync(self)

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
    counted = [s for s in desk.held if s.segment.author == number and desk.journal.counts(s)]
    mine = [s for s in counted if s.segment.life != DURESS_LIFE]
    last = max(mine, key=lambda s: (s.segment.life, s.segment.seq), default=None)
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
