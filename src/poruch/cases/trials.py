"""Trials of the quorum key: files of nothing that k officers open, to show that they could open others.

        begun ──k answers verify and open it──> succeeded
          └──the last day passes──> expired    └──it does not open──> failed, and its author is named

The trial of a new key follows a resharing (docs/spec/quorum.md, section 5); a rehearsal, with an empty session, is
answered from paper once a year. All answers stand in the journal, sealed to the officers and to nobody else.

A partial for such a file opens nothing else:

1. The file passes the officer's check (section 6) at its place `trial/...`: its author knew `e` with `E = e*B`. So he
   could have computed each partial `s_i*E = e*P_i` himself, from what is public: he learns nothing by it.
2. He cannot give out another's file, or a blinded copy of one, as a trial: the proof in its header is bound to its own
   place, and nothing but trials has a place under `trial/`; drops are at `drop/...`, named by each desk's own journal.
3. The answer's proof is bound to group, file, `u(E)` and the request with its place: under another request it is void.
4. The file is as long as the known bytes, sealed: there is no room for anything that somebody might want opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import ClassVar, Literal

from poruch.crypto.age import parse_header
from poruch.crypto.opening import ANSWER_SIZE, OpeningRequest, Partial, check_answer, combine, parse_request
from poruch.crypto.padding import pad
from poruch.crypto.quorum_file import check_file
from poruch.crypto.quorum_group import Group, u16
from poruch.errors import BadAnswer, BadEvent, BadPartial, BadRequest, PoruchError, WrongFile, WrongGroup, WrongPlace
from poruch.events.ceremony import TrialAnswered, TrialBegun
from poruch.events.heard import Heard
from poruch.journal.folds import Fold, Handler

KNOWN = pad(bytes(32))
"""What every trial's file holds: 256 bytes."""
FILE_SIZE = 358 + 16 + len(KNOWN) + 16
"""Header of section 6, nonce of the payload, one chunk and its tag: 646 bytes."""
PLACES = "trial/"
REHEARSAL = "Rehearsal: the papers of enough officers would open a file. This one holds nothing."
OF_A_KEY = "Trial of a new key: the new shares open a file. This one holds nothing."
MOST_DAYS = 30
"""How long a trial may be answered."""

_PLACE = re.compile(re.escape(PLACES) + "[0-9a-f]{32}")
_SESSION_SIZE = 32
_OFFICER_AT = slice(ANSWER_SIZE - 100, ANSWER_SIZE - 98)  # behind the request hash; section 7

State = Literal["waiting", "succeeded", "expired", "failed"]


@dataclass(frozen=True, slots=True)
class Given:
    """One officer's answer, 148 bytes, and the day on which he gave it."""

    day: date
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What the answers to a trial come to. `gave`: whose verify; `blamed`: whose do not, or who made a false file."""

    gave: tuple[int, ...]
    blamed: tuple[int, ...]
    succeeded: date | None
    sound: bool


@dataclass
class Trial:
    """One trial: `request` is the text that `author` wrote for `file`, `session` 32 bytes, or empty for a rehearsal."""

    id: bytes
    author: int
    day: date
    session: bytes
    request: OpeningRequest
    file: bytes = field(repr=False)
    answers: dict[int, Given] = field(default_factory=dict)
    owner: object = field(default=None, compare=False, repr=False)

    @property
    def is_rehearsal(self) -> bool:
        """It is answered from paper."""
        return not self.session

    @property
    def until(self) -> date:
        """The last day on which it may be answered."""
        return self.request.until

    def result(self, group: Group) -> Result:
        """What the answers come to; `group` is the one that the request names. Raises WrongGroup for another."""
        if group.id != self.request.group:
            raise WrongGroup
        given = tuple((officer, one.day, one.answer) for officer, one in self.answers.items())
        return _judge(self.file, self.request, group, given)

    def state(self, group: Group, today: date) -> State:
        """Where it stands. Raises WrongGroup for another group than the one that the request names."""
        result = self.result(group)
        if not result.sound:
            return "failed"
        if result.succeeded is not None:
            return "succeeded"
        return "waiting" if today <= self.until else "expired"


@dataclass
class Trials(Fold):
    """All trials, oldest first, by event id."""

    TABLES: ClassVar[tuple[str, ...]] = ("trials", "faults", "_places")
    trials: dict[bytes, Trial] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _places: set[str] = field(default_factory=set)

    def handlers(self) -> Mapping[type, Handler]:
        """Trials and answers. What is not a trial, or answers none, is a sentence in `faults`."""
        return dict.fromkeys((TrialBegun, TrialAnswered), self._hear)

    def _hear(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, TrialBegun):
            self._begin(heard, event)
        elif isinstance(event, TrialAnswered):
            self._answer(heard, event)

    def _begin(self, heard: Heard, event: TrialBegun) -> None:
        try:
            made = read_trial(heard.id, heard.author, heard.day, event)
            if made.request.place in self._places:
                raise WrongPlace("another trial has this place")
        except PoruchError as error:
            self._fault(f"What officer {heard.author} began is not a trial of the key: {error.sentence}")
            return
        self._places.add(made.request.place)
        self.trials[heard.id] = made

    def _answer(self, heard: Heard, event: TrialAnswered) -> None:
        trial = self.trials.get(event.trial)
        if trial is None or heard.day > trial.until or heard.author in trial.answers:
            return
        if len(event.answer) != ANSWER_SIZE or event.answer[_OFFICER_AT] != u16(heard.author):
            self._fault(f"An answer to a trial by officer {heard.author} is damaged, or in the name of another.")
            return
        mine = self._mine(self.trials, event.trial, "answers")
        assert mine is not None
        mine.answers[heard.author] = Given(heard.day, event.answer)

    def _fault(self, sentence: str) -> None:
        if sentence not in self.faults:
            self.faults.append(sentence)


def read_trial(identity: bytes, author: int, day: date, event: TrialBegun) -> Trial:
    """The trial that an event begins; nothing is said yet about the proof in its file, for which a group is needed.

    Raises BadEvent, BadRequest, WrongPlace, BadHeader, WrongFile: the first that applies.
    """
    # (1) The session is one, or none; the request is one, its author wrote it, and it says what it is for.
    if len(event.session) not in (0, _SESSION_SIZE):
        raise BadEvent("session")
    request = parse_request(event.text)
    if request.officer != author or request.purpose != purpose_of(event.session):
        raise BadRequest("author or purpose")
    if not 0 <= (request.until - day).days <= MOST_DAYS:
        raise BadRequest("until")
    # (2) The place is a trial's, the file of a trial's length and the one that the request names.
    made = Trial(identity, author, day, event.session, request, event.file)
    check_shape(made)
    if parse_header(event.file).hash != request.file:
        raise WrongFile
    return made


def check_shape(trial: Trial) -> None:
    """Raises WrongPlace or WrongFile if the trial is where, or as long as, something that names a person may be."""
    if not _PLACE.fullmatch(trial.request.place):
        raise WrongPlace
    if len(trial.file) != FILE_SIZE:
        raise WrongFile("length")


def purpose_of(session: bytes) -> str:
    """The purpose that the request of a trial states."""
    return OF_A_KEY if session else REHEARSAL


def last_day(today: date) -> date:
    """Until when a trial that begins today may be answered."""
    return today + timedelta(days=MOST_DAYS)


@lru_cache(maxsize=256)
def _judge(file: bytes, request: OpeningRequest, group: Group, given: tuple[tuple[int, date, bytes], ...]) -> Result:
    """See `Trial.result`. Remembered: each answer costs two proofs, and screens ask often."""
    try:
        check_file(file, group.Y, request.place)
    except PoruchError:
        return Result((), (request.officer,), None, sound=False)
    good: list[tuple[date, bytes, Partial]] = []
    blamed: list[int] = []
    for officer, day, answer in given:
        try:
            good.append((day, answer, check_answer(answer, request, group, file)))
        except (BadAnswer, BadPartial):
            blamed.append(officer)
    gave = tuple(sorted(partial.officer for _, _, partial in good))
    if len(good) < group.k:
        return Result(gave, tuple(sorted(blamed)), None, sound=True)
    try:
        opens = combine(file, request, group, [answer for _, answer, _ in good]) == KNOWN
    except PoruchError:
        opens = False
    if not opens:  # each partial is proven, so it is the file that is false
        return Result(gave, tuple(sorted({*blamed, request.officer})), None, sound=False)
    return Result(gave, tuple(sorted(blamed)), sorted(day for day, _, _ in good)[group.k - 1], sound=True)
