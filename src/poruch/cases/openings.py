"""Requests to open what is sealed to the quorum: who has answered, who objected, who upholds them all the same.

        asked ──objection──> stopped ──k have read it and uphold──> goes on ──> done, or expired
                                └──a later objection stops it again

One's own objection to one's own request withdraws it for good. An officer has one objection to a request, so that
nobody can stop for ever what k of his colleagues want.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import ClassVar

from poruch.crypto.opening import OpeningRequest, parse_request
from poruch.errors import BadRequest
from poruch.events.heard import Heard
from poruch.events.kinds import (
    BatchProposed,
    OpeningDone,
    OpeningObjected,
    OpeningRequested,
    OpeningUpheld,
    PartialGiven,
    PartialRefuted,
)
from poruch.journal.folds import Fold, Handler

ANSWER_DAYS, MOST_DAYS = 14, 60
"""How long a request may be answered if its author says nothing else, and at most."""


@lru_cache(maxsize=4096)
def _parsed(text: bytes) -> OpeningRequest:
    """A request names no person; it is read again at every fold."""
    return parse_request(text)


@dataclass(frozen=True)
class Objection:
    """One officer's objection: `id` is its event id, which those who uphold the request name."""

    id: bytes
    author: int
    reason: str
    day: date


@dataclass
class Opening:
    """One request event: a request a file. `answers` holds, by officer, the hash of the body with his partials.

    `read` holds, by officer, the ids of the objections that he has read and upholds the request against;
    `refutations` the file keys with which the requester shows that an officer's answer does not verify. `history` are
    the events that counted, oldest first.
    """

    id: bytes
    requester: int
    day: date
    purpose: str
    drops: tuple[str, ...]
    requests: tuple[OpeningRequest, ...]
    batch: str
    answers: dict[int, bytes] = field(default_factory=dict)
    objections: dict[bytes, Objection] = field(default_factory=dict)
    read: dict[int, frozenset[bytes]] = field(default_factory=dict)
    refutations: dict[int, bytes] = field(default_factory=dict)
    history: list[Heard] = field(default_factory=list)
    done: bool = False
    owner: object = field(default=None, compare=False, repr=False)

    @property
    def until(self) -> date:
        """The last day on which it may be answered."""
        return min(request.until for request in self.requests)

    @property
    def withdrawn(self) -> bool:
        """Its author objected to it himself: nobody brings it back."""
        return self.objected(self.requester)

    @property
    def upheld_by(self) -> frozenset[int]:
        """Who has read every objection there is and wants the opening all the same; nobody while there is none."""
        every = self.objections.keys()
        return frozenset(officer for officer, read in self.read.items() if every and read >= every)

    def objected(self, officer: int) -> bool:
        """Whether `officer` objected."""
        return any(objection.author == officer for objection in self.objections.values())

    def stopped(self, quorum: Collection[int], k: int) -> bool:
        """Somebody objected, and fewer than `k` of the quorum uphold it with every objection read."""
        return bool(self.objections) and (self.withdrawn or len(self.upheld_by & set(quorum)) < k)

    def live(self, today: date, quorum: Collection[int], k: int) -> bool:
        """It may be answered and combined: not done, not expired, not stopped."""
        return not self.done and today <= self.until and not self.stopped(quorum, k)

    def hear(self, heard: Heard) -> None:
        """Take an event about this opening; what an officer repeats counts once."""
        event, author = heard.event, heard.author
        if isinstance(event, PartialGiven):
            counts = author not in self.answers and event.requests == tuple(one.hash for one in self.requests)
            if counts:
                self.answers[author] = event.sealed
        elif isinstance(event, OpeningObjected):
            counts = not self.objected(author)
            if counts:
                self.objections[heard.id] = Objection(heard.id, author, event.reason, heard.day)
        elif isinstance(event, OpeningUpheld):
            before = self.read.get(author, frozenset())
            self.read[author] = before | frozenset(event.objections)
            counts = self.read[author] > before
        elif isinstance(event, PartialRefuted):
            counts = author == self.requester and event.officer in self.answers.keys() - self.refutations.keys()
            if counts:
                self.refutations[event.officer] = event.file_key
        else:
            counts = isinstance(event, OpeningDone) and author == self.requester and not self.done
            self.done = self.done or counts
        if counts:
            self.history.append(heard)


_KEPT_APART = ("answers", "objections", "read", "refutations", "history")


@dataclass
class Openings(Fold):
    """All openings, for ever."""

    TABLES: ClassVar[tuple[str, ...]] = ("openings", "faults", "_of_batch")
    openings: dict[bytes, Opening] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _of_batch: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def handlers(self) -> Mapping[type, Handler]:
        """Requests, and what is said of them."""
        said = (PartialGiven, OpeningObjected, OpeningUpheld, PartialRefuted, OpeningDone)
        return {OpeningRequested: self._request, **dict.fromkeys(said, self._hear)}

    def _hear(self, heard: Heard) -> None:
        opening = self._mine(self.openings, heard.event.opening, *_KEPT_APART)  # type: ignore[union-attr]
        if opening is not None:
            opening.hear(heard)

    def _request(self, heard: Heard) -> None:
        event = heard.event
        assert isinstance(event, OpeningRequested)
        try:
            requests = tuple(_parsed(text) for text in event.texts)
        except BadRequest as error:
            self.faults.append(f"A request to open by officer {heard.author}: {error.sentence}")
            return
        fits = (
            len(requests) == len(event.drops) > 0
            and {request.officer for request in requests} == {heard.author}
            and {request.purpose for request in requests} == {event.purpose}
            and len({request.recipient for request in requests}) == 1
        )
        if not fits:
            self.faults.append(f"A request to open by officer {heard.author} contradicts itself.")
            return
        if max(request.until for request in requests) - heard.day > timedelta(days=MOST_DAYS):
            self.faults.append(f"A request to open by officer {heard.author} has no end that is near enough.")
            return
        made = Opening(heard.id, heard.author, heard.day, event.purpose, event.drops, requests, event.batch)
        made.history.append(heard)
        self.openings[heard.id] = made
        if event.batch:
            self._of_batch[event.batch] = (*self._of_batch.get(event.batch, ()), heard.id)

    def for_batch(self, proposal: BatchProposed) -> Opening | None:
        """The newest opening of a batch's payees, for the desk that exports it; he may have asked again.

        Approving a batch gives partials: another officer's request that names the batch must not be taken for it.
        """
        asked = (proposal.exporter, tuple(item.payee for item in proposal.items))
        named = (self.openings[id] for id in reversed(self._of_batch.get(proposal.batch, ())))
        found = (one for one in named if (one.requester, one.drops) == asked)
        return next(found, None)
