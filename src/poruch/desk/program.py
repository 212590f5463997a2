"""An officer's desk without its screens: store, keys, and the state folded from the journal.

The program does no work by itself: `sync` moves bytes, `duties` (poruch.desk.duties) does what the officer need not
be asked for, and the modules casework, openings and treasury do what he decides. Each act is one signed segment.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from poruch.cases.openings import Openings
from poruch.cases.state import Cases
from poruch.crypto import keyfile
from poruch.errors import BadEvent, CannotOpen, Malformed, NotAllowed, PoruchError, RelayUnreachable
from poruch.events.base import Event
from poruch.events.charter import Charter
from poruch.events.codec import decode, encode
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import CircleKeyed, DropAdmitted, parse_event
from poruch.journal.chains import REFUSED, UNSIGNED, Chains
from poruch.journal.circles import CircleKey, CircleSecret, key_of, open_entry, seal_event, take_handout
from poruch.journal.dropbox import open_drop
from poruch.journal.members import Members
from poruch.journal.public import PublicState
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, event_id, sign_segment
from poruch.journal.store import Store
from poruch.journal.sync import Relay, WaitingDrop
from poruch.ledger.state import Ledger

UNKEPT, MOST_FAULTS = 256, 200
ARRIVED = "drops/arrived"
ARRIVALS_AHEAD = 2**24
"""A front that numbers its drops further ahead would have this desk never ask again for those before."""
KEY_FILE, STORE_FILE, FUND_FILE = "officer.key", "desk.db", "fund.id"


@dataclass
class View:
    """All that is folded from the journal; thrown away and folded again when an older segment arrives."""

    public: PublicState
    members: Members
    openings: Openings
    ledger: Ledger
    cases: Cases | None = None


@dataclass(frozen=True)
class Mailing:
    """A body that an act leaves on the front, beside its event."""

    sha256: bytes
    body: bytes

    @classmethod
    def of(cls, body: bytes) -> "Mailing":
        """The mailing of `body`, named by its hash."""
        return cls(hashlib.sha256(body).digest(), body)


def one_time_key(file: bytes) -> bytes:
    """The line of a quorum file that holds `u(E)`: two files with one line are a trap (quorum.md section 8)."""
    return file.split(b"\n", 2)[1] if file.count(b"\n") > 1 else b""


class Desk:
    """One officer's desk in one folder. Close it to forget its keys."""

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
    ) -> None:
        """`fund` is the 32-byte id of the fund; `relay` may be None while there is no front."""
        self.folder, self.key, self.fund = folder, key, fund
        self.relay, self.today, self.random = relay, today, random
        self.store = Store(folder / STORE_FILE, key.store_key, durable=durable)
        self.chains = Chains(fund)
        kept = [decode(raw, CircleSecret) for raw in self.store.secrets("circle/")]
        self.keys: dict[tuple[str, int], CircleKey] = {(s.circle, s.epoch): key_of(s) for s in kept}
        self.contents: dict[str, DropContent] = {}
        self._opened: dict[bytes, DropContent] = {}
        self._admitted: set[str] = set()
        self.one_time_keys: Counter[bytes] = Counter()
        self.held: list[SignedSegment] = []
        self.waiting_drops: list[WaitingDrop] = []
        self._arrived: dict[bytes, bytes] = {}
        self.faults: list[str] = []
        self._unkept: list[tuple[bytes, int, bytes | None]] = []
        self._heard_before = self.store.heard()
        self._parsed: dict[tuple[bytes, int], Heard | None] = {}
        self._bodies = self.store.body_hashes()
        self._last_order: tuple[int, int, int, int] = (-1, 0, 0, 0)
        self.view = self._empty_view()
        for signed in self.store.segments():
            self.held += self.chains.add(signed)[1]
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
    def public(self) -> PublicState:
        """What a stranger may know."""
        return self.view.public

    @property
    def members(self) -> Members:
        """Who the officers are."""
        return self.view.members

    @property
    def openings(self) -> Openings:
        """All requests to open."""
        return self.view.openings

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
        held = [key for (circle, _), key in self.keys.items() if circle == name]
        if not held:
            raise NotAllowed(name)
        return max(held, key=lambda key: key.epoch)

    def within(self, circle: str) -> bool:
        """Whether this officer belongs to `circle`."""
        return self.members.within(self.number, circle)

    # ---- folding ------------------------------------------------------------------------------

    @staticmethod
    def _empty_view() -> View:
        members = Members()
        return View(PublicState(), members, Openings(), Ledger(members))

    def refold(self) -> None:
        """Fold everything again, in the one order."""
        self.view = self._empty_view()
        self._admitted.clear()
        self.held.sort(key=lambda signed: signed.order)
        self._last_order = (-1, 0, 0, 0)
        self._fold(self.held)

    def take(self, segments: Iterable[SignedSegment], *, pushed: bool) -> int:
        """Take segments from outside or of one's own; returns how many newly count."""
        fresh: list[SignedSegment] = []
        for signed in segments:
            outcome, accepted = self.chains.add(signed)
            fresh += accepted
            if outcome in REFUSED - UNSIGNED:
                self.store.keep_fault(signed.id, outcome.value, signed.raw)
        if not fresh:
            return 0
        self.store.keep_segments(fresh, pushed=pushed)
        fresh.sort(key=lambda signed: signed.order)
        in_order = fresh[0].order > self._last_order
        self.held += fresh
        if in_order:
            self._fold(fresh)
        else:
            self.refold()
        return len(fresh)

    def _fold(self, segments: list[SignedSegment]) -> None:
        opened: list[tuple[bytes, int, bytes | None]] = []
        keys_before = len(self.keys)
        self.view.members.found(self.chains.roster.charter)
        for signed in segments:
            self.view.public.apply(signed)
            if self.view.cases is None and self.view.public.charter is not None:
                self.view.cases = Cases(self.view.public.charter, self.view.members, self.contents)
            for index in range(len(signed.segment.entries)):
                self._hear(signed, index, opened)
            self._last_order = signed.order
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
            self._take_circle(event)
        elif isinstance(event, DropAdmitted):
            self._open_content(event)
        if not event.audience:
            return  # what stands in clear is the public state's, which has heard it
        folds = [self.view.members.apply, self.view.openings.apply, self.view.ledger.apply]
        if self.view.cases is not None:
            folds.append(self.view.cases.apply)
        for fold in folds:
            try:
                fold(heard)
            except (PoruchError, ValueError, KeyError, TypeError, ArithmeticError, AssertionError) as error:
                # The last line: whatever an officer signs, the rest of the journal is read. Never expected to happen.
                self._fault(f"An event of officer {heard.author} could not be counted: {type(error).__name__}.")

    def _take_circle(self, event: CircleKeyed) -> None:
        """Only a key that all seal to: another one, handed out by whomever, would hide what is sealed to that."""
        if (event.circle, event.epoch) in self.keys or not self.view.public.has_keyed(event):
            return
        secret = take_handout(event, self.key.identity)
        if secret is not None:
            self.store.keep_secret(f"circle/{secret.circle}/{secret.epoch}", encode(secret))
            self.keys[(secret.circle, secret.epoch)] = key_of(secret)

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
        for key in [key for (circle, _), key in self.keys.items() if circle == "officers"]:
            try:
                content = open_drop(body, key)
            except (CannotOpen, Malformed):
                continue
            self._opened[event.body] = content
            if content.person:
                self.one_time_keys[one_time_key(content.person)] += 1
            self._keep_content(event, content)
            return

    def _keep_content(self, event: DropAdmitted, content: DropContent) -> None:
        if (content.drop, content.kind) == (event.drop, event.kind):
            self.contents[event.drop] = content
            self._admitted.add(event.drop)

    # ---- acting -------------------------------------------------------------------------------

    def act(self, events: Iterable[Event], mailings: Iterable[Mailing] = ()) -> SignedSegment:
        """Sign one segment with these events, keep it and fold it; it travels at the next sync."""
        for mailing in mailings:
            self.keep_body(mailing.body, pushed=False)
        head = self.chains.heads.get((self.number, 0))
        seq, prev = (head.segment.seq + 1, head.id) if head else (0, GENESIS)
        held = {circle: key for (circle, _), key in sorted(self.keys.items())}
        entries = tuple(
            seal_event(event, self.fund, (self.number, 0, seq, at), self.public.circles, held, self.random)
            for at, event in enumerate(events)
        )
        segment = Segment(self.fund, self.number, 0, seq, prev, self.chains.clock + 1, self.today(), entries)
        signed = sign_segment(segment, self.key.signing)
        self.take([signed], pushed=False)
        return signed

    # ---- sync ---------------------------------------------------------------------------------

    def sync(self) -> int:
        """Push and pull once; returns how many segments travelled. Raises `RelayUnreachable`.

        Pushing comes first: a new front knows nobody before it has the charter.
        """
        relay = self.relay
        if relay is None:
            raise RelayUnreachable("no front is named")
        sent = self.push()
        self._look_for_drops(relay)
        fresh = self.take(relay.segments_beyond(self.chains.positions), pushed=True)
        if self._fetch_bodies():
            self.refold()
        return sent + fresh

    def _look_for_drops(self, relay: Relay) -> None:
        """Fetch drops before segments: a drop that a colleague has admitted is then here when its event is folded."""
        if self.view.cases is None or not self.keys:
            return
        after = int.from_bytes(self.store.fact(ARRIVED) or b"", "big")
        arrived = [drop for drop in relay.drops_after(after) if after < drop.arrival <= after + ARRIVALS_AHEAD]
        self.waiting_drops = arrived
        self._arrived = {hashlib.sha256(drop.body).digest(): drop.body for drop in arrived}

    def push(self) -> int:
        """Give the relay what it does not have yet, and return how many segments: bodies first, events rest on them."""
        relay = self.relay
        if relay is None:
            raise RelayUnreachable("no front is named")
        waiting = self.store.unpushed_segments()
        bodies = self.store.unpushed_bodies()
        for body in bodies:
            relay.put_body(body)
        self.store.mark_bodies_pushed([hashlib.sha256(body).digest() for body in bodies])
        if waiting:
            relay.push(waiting)
            self.store.mark_pushed(waiting)
        return len(waiting)

    def _fetch_bodies(self) -> int:
        """Fetch bodies of admitted drops and answers to one's own requests that are not here yet."""
        if self.view.cases is None or self.relay is None:
            return 0
        wanted = self.cases.other_bodies | {event.body for event in self.cases.drops.values()}
        for opening in self.openings.openings.values():
            if opening.requester == self.number and not opening.done:
                wanted |= set(opening.answers.values())
        fetched = 0
        for sha256 in wanted - self._bodies:
            body = self.relay.body(sha256)
            if body is not None:
                self.keep_body(body, pushed=True)
                fetched += 1
        return fetched

    def keep_body(self, body: bytes, *, pushed: bool) -> bytes:
        """Keep a body in the store; returns its hash."""
        sha256 = hashlib.sha256(body).digest()
        self.store.keep_body(sha256, body, pushed=pushed)
        self._bodies.add(sha256)
        return sha256


def open_desk(
    folder: Path, passphrase: str, relay: Callable[[keyfile.OfficerKey], Relay | None], today: Callable[[], date]
) -> Desk:
    """The desk in `folder`. Raises `WrongPassphrase`, `BadKeyFile`, `StoreBroken`."""
    key = keyfile.open_key((folder / KEY_FILE).read_bytes(), passphrase)
    fund = bytes.fromhex((folder / FUND_FILE).read_text().strip())
    return Desk(folder, key, fund, relay(key), today)
