"""The state of a desk, folded from its journal, event by event; earlier states are kept for segments that come late.

What was opened is not kept opened: beside each sealed entry stands its file key, which opens it again for little. All
here is a projection, and may be thrown away at any time.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from poruch.cases.alarms import Alarms
from poruch.cases.openings import Openings
from poruch.cases.presence import Presence
from poruch.cases.state import Cases
from poruch.cases.trials import Trials
from poruch.desk import erasing, newer
from poruch.errors import BadEvent, CannotOpen, Malformed, NotAllowed, PoruchError, UnknownEvent
from poruch.events.council import CircleHandedOn
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import CircleKeyed, DropAdmitted, parse_event
from poruch.events.resolutions import CaseLeft
from poruch.journal.circles import open_again, open_entry
from poruch.journal.dropbox import open_drop
from poruch.journal.folds import Fold, Handler, Marks
from poruch.journal.members import Members
from poruch.journal.segments import Clear, Sealed, SignedSegment, event_id, first_indices
from poruch.ledger.state import Ledger

if TYPE_CHECKING:
    from poruch.desk.program import Desk

UNKEPT, MOST_FAULTS, MOST_HEARD = 256, 200, 20_000


@dataclass
class View:
    """All that is folded from the journal. `contents` are opened drops by id, `admitted` the true ones."""

    members: Members
    openings: Openings
    trials: Trials
    ledger: Ledger
    cases: Cases | None = None
    presence: Presence = field(default_factory=Presence)
    alarms: Alarms = field(default_factory=Alarms)
    programs: newer.Programs = field(default_factory=newer.Programs)
    described: dict[tuple[int, bytes], CaseLeft] = field(default_factory=dict)
    contents: dict[str, DropContent] = field(default_factory=dict)
    admitted: set[str] = field(default_factory=set)

    @classmethod
    def empty(cls) -> "View":
        """Before the first event."""
        members = Members()
        return cls(members, Openings(), Trials(), Ledger(members))

    def fork(self) -> "View":
        """A copy that goes its own way."""
        members, ledger, contents = self.members.fork(), self.ledger.fork(), dict(self.contents)
        ledger.members = members
        cases = self.cases.fork() if self.cases is not None else None
        if cases is not None:
            cases.members, cases.contents = members, contents
        return replace(
            self,
            members=members, openings=self.openings.fork(), trials=self.trials.fork(), ledger=ledger, cases=cases,
            presence=self.presence.fork(), alarms=self.alarms.fork(), programs=self.programs.fork(),
            described=dict(self.described), contents=contents, admitted=set(self.admitted),
        )  # fmt: skip

    def handlers(self) -> dict[type, tuple[Handler, ...]]:
        """Who hears what is sealed to circles. What stands in clear is the public state's, which has heard it."""
        folds: list[Fold] = [self.members, self.openings, self.trials, self.ledger, self.presence, self.alarms]
        folds += [self.programs] if self.cases is None else [self.programs, self.cases]
        table: dict[type, tuple[Handler, ...]] = {}
        for fold in folds:
            for kind, handler in fold.handlers().items():
                if kind.audience:  # type: ignore[attr-defined]
                    table[kind] = (*table.get(kind, ()), handler)
        return table


@dataclass(frozen=True, slots=True)
class NotKnown:
    """In the place of an event of a kind that this program does not know."""

    tag: str
    segment: SignedSegment


class Folding:
    """Folds the segments of a desk's journal into a view."""

    def __init__(self, desk: "Desk") -> None:
        """Nothing is folded yet."""
        self._desk, self._store = desk, desk.store
        self.view = View.empty()
        self.folded = 0
        self.marks: Marks[View] = Marks()
        self.opened: dict[bytes, DropContent] = {}
        self._table: tuple[View | None, Cases | None, dict[type, tuple[Handler, ...]]] = (None, None, {})
        self._heard: dict[bytes, tuple[Heard, ...]] = {}
        self._new: set[bytes] = set()
        self._unkept: list[tuple[bytes, int, bytes | None]] = []

    def resume(self, view: View, opened: dict[bytes, DropContent], count: int) -> None:
        """Take up a view that was kept after so many segments."""
        self.view, self.opened, self.folded = view, opened, count
        if view.cases is not None:
            view.cases.left = self._desk.left
        self.marks = Marks([(count, view.fork())])

    # ---- when to fold -------------------------------------------------------------------------

    def refold(self) -> None:
        """Fold everything again, in the one order."""
        self.view, self.marks = View.empty(), Marks()
        self.folded = 0
        self.go_on()

    def follow(self, fresh: list[SignedSegment], since: int) -> None:
        """Fold what is new, and again what stands after it: `since` is the first place in the journal that changed."""
        self._new.update(signed.id for signed in fresh)
        if since < self.folded:
            self.back_to(since)
        self.go_on()

    def back_to(self, place: int) -> None:
        """Take up the last state that was kept before this place."""
        kept = self.marks.back_to(place)
        self.folded, state = kept if kept is not None else (0, None)
        self.view = View.empty() if state is None else state.fork()

    def go_on(self) -> None:
        """Fold what is not folded yet."""
        desk = self._desk
        keys_before = len(desk.keys)
        for handout in desk.public.council.handouts:
            if handout.number == desk.number:
                self._take_history(handout)
        self._fold()
        if len(self._unkept) > UNKEPT:
            self.keep_opened()
        if len(desk.keys) > keys_before:
            self._open_the_closed()
        if erasing.follow(desk):
            self.refold()

    def _open_the_closed(self) -> None:
        """A new key came: entries that were for others may be for it."""
        self.keep_opened()
        if self._store.forget_sealed():
            self._heard.clear()
            self.refold()

    def keep_opened(self) -> None:
        """Keep the file keys of what was opened: losing some only means opening it again, so they are kept in bulk."""
        self._store.keep_heard(self._unkept)
        self._unkept = []

    def events(self) -> Iterator[Heard]:
        """All that this desk has heard and still has at hand."""
        for heard in self._heard.values():
            yield from (one for one in heard if not isinstance(one.event, NotKnown))

    # ---- the fold -----------------------------------------------------------------------------

    def _fold(self) -> None:
        desk, journal = self._desk, self._desk.journal
        history, held = journal.public.council.history, journal.held
        total = len(held)
        self._begin()
        table, none = self._handlers(), ()
        for count in range(self.folded, total):
            if self.marks.due(count, total):
                self.marks.keep(count, self.view.fork())
            signed = held[count]
            self.view.members.follow(history, signed.order)
            if not journal.counts(signed):
                continue
            events = self._heard.get(signed.id)
            for heard in self._listen(signed) if events is None else events:
                for handler in table.get(type(heard.event), none):
                    try:
                        handler(heard)
                    except (PoruchError, ValueError, KeyError, TypeError, ArithmeticError, AssertionError) as error:
                        # The last line: whatever an officer signs, the rest of the journal is read. Never expected.
                        desk.fault(f"An event of officer {heard.author} could not be counted: {type(error).__name__}.")
        self.folded = total

    def _begin(self) -> None:
        desk, view = self._desk, self.view
        view.members.found(desk.chains.roster.charter)
        if view.cases is None and desk.public.charter is not None:
            view.cases = Cases(desk.public.charter, view.members, view.contents, left=desk.left)

    def _handlers(self) -> dict[type, tuple[Handler, ...]]:
        """The table of this view, made once."""
        if self._table[0] is not self.view or self._table[1] is not self.view.cases:
            self._table = self.view, self.view.cases, self._make_table()
        return self._table[2]

    def _make_table(self) -> dict[type, tuple[Handler, ...]]:
        """Who hears what, the desk's own first: a case is made of what its drop holds."""
        table: dict[type, tuple[Handler, ...]] = {
            CircleKeyed: (self._take_key,),
            DropAdmitted: (self._open_content,),
            CaseLeft: (self._describe,),
            NotKnown: (self._meet,),
        }
        for kind, handlers in self.view.handlers().items():
            table[kind] = (*table.get(kind, ()), *handlers)
        return table

    def _take_key(self, heard: Heard) -> None:
        assert isinstance(heard.event, CircleKeyed)
        self._desk.ring.take(heard.event, self._desk.public)

    def _describe(self, heard: Heard) -> None:
        assert isinstance(heard.event, CaseLeft)
        self.view.described.setdefault((heard.author, heard.event.of), heard.event)

    def _meet(self, heard: Heard) -> None:
        event: object = heard.event
        assert isinstance(event, NotKnown)
        self.view.programs.meet(event.segment, heard.id, event.tag)

    def _take_history(self, handout: CircleHandedOn) -> None:
        try:
            self._desk.ring.take_history(handout, self._desk.public)
        except (CannotOpen, Malformed):
            self._desk.fault("Older keys that a colleague handed to you do not open.")

    # ---- hearing ------------------------------------------------------------------------------

    def _listen(self, signed: SignedSegment) -> tuple[Heard, ...]:
        """The events of a segment that this desk may hear, in the order in which their author said them."""
        entries = signed.entries
        known: dict[int, bytes | None] = {}
        if signed.id not in self._new:
            known = self._store.heard_of(signed.id)
        self._new.discard(signed.id)
        found: list[tuple[int, int, Heard]] = []
        for number, (index, entry) in enumerate(zip(first_indices(entries), entries, strict=True)):
            if isinstance(entry, Clear):
                found += [(index, index, heard) for heard in self._in_clear(signed, index, entry)]
            else:
                found += self._sealed(signed, (number, index), entry, known)
        found.sort(key=lambda one: one[:2])
        heard = tuple(one for _, _, one in found)
        self._heard[signed.id] = heard
        if len(self._heard) > MOST_HEARD:
            del self._heard[next(iter(self._heard))]
        return heard

    def _in_clear(self, signed: SignedSegment, index: int, entry: Clear) -> list[Heard]:
        author, raw = signed.author, entry.event
        try:
            event = parse_event(raw)
        except UnknownEvent as error:
            return [self._not_known(signed, error)]
        except BadEvent:
            self._desk.fault(_STRANGE.format(author))
            return []
        if event.audience:
            self._desk.fault(f"Officer {author} said in clear what is for circles only; it was not counted.")
            return []
        return [Heard(event_id(signed, index, raw), author, signed.day, event)]

    def _sealed(
        self, signed: SignedSegment, at: tuple[int, int], entry: Sealed, known: dict[int, bytes | None]
    ) -> list[tuple[int, int, Heard]]:
        number, first = at
        author, life, seq = signed.order[1:]
        try:
            if number in known:
                key = known[number]
                events = open_again(entry, key) if key is not None else ()
            else:
                opened = open_entry(entry, self._desk.fund, (author, life, seq, first), self._desk.keys.values())
                key, events = opened if opened is not None else (None, ())
                self._unkept.append((signed.id, number, key))
        except BadEvent:
            if number not in known:
                self._unkept.append((signed.id, number, None))
            self._desk.damaged.add(signed.id)
            self._desk.fault(f"A sealed event of officer {author} is damaged, or sealed to others than may hear it.")
            return []
        found = []
        for index, one in enumerate(events, first):
            if one.event is None:
                found += [(one.place, index, heard) for heard in self._strange(signed, one.raw)]
            else:
                heard = Heard(event_id(signed, index, one.raw), author, signed.day, one.event)
                found.append((one.place, index, heard))
        return found

    def _strange(self, signed: SignedSegment, raw: bytes) -> list[Heard]:
        """An event that is not of a known form: of a kind that a later program knows, or of none."""
        try:
            parse_event(raw)
        except UnknownEvent as error:
            return [self._not_known(signed, error)]
        except BadEvent:
            self._desk.fault(_STRANGE.format(signed.author))
        return []

    @staticmethod
    def _not_known(signed: SignedSegment, error: UnknownEvent) -> Heard:
        event = NotKnown(error.detail, signed)
        return Heard(signed.id, signed.author, signed.day, event)  # type: ignore[arg-type]  # see _meet

    # ---- what people send ---------------------------------------------------------------------

    def _open_content(self, heard: Heard) -> None:
        """The content that the first true admission in the journal's order names, and no later one."""
        event, desk, view = heard.event, self._desk, self.view
        assert isinstance(event, DropAdmitted)
        if event.drop in view.admitted or event.body in desk.erased:
            return
        view.contents.pop(event.drop, None)
        content = self.opened.get(event.body)
        if content is None:
            body = desk.body_of(event.body)
            if body is None or hashlib.sha256(body).digest() != event.body:
                return
            try:
                content = open_drop(body, *desk.keys_of("officers"))
            except (CannotOpen, Malformed, NotAllowed):
                return
            self.opened[event.body] = content
            desk.note_person(content)
        if (content.drop, content.kind) == (event.drop, event.kind):
            view.contents[event.drop] = content
            view.admitted.add(event.drop)

    def forget(self, hashes: set[bytes]) -> None:
        """Forget what was opened of these bodies, here and in every state that was kept."""
        for sha256 in hashes:
            content = self.opened.pop(sha256, None)
            if content is not None and self.view.contents.get(content.drop) is content:
                del self.view.contents[content.drop]
        self.marks = Marks()


_STRANGE = "An event of officer {} is not of a known form; another program wrote it."
