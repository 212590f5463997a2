"""Requests to open what is sealed to the quorum, and who has answered."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from poruch.crypto.opening import OpeningRequest, parse_request
from poruch.errors import BadRequest
from poruch.events.heard import Heard
from poruch.events.kinds import BatchProposed, OpeningDone, OpeningObjected, OpeningRequested, PartialGiven


@lru_cache(maxsize=4096)
def _parsed(text: bytes) -> OpeningRequest:
    """A request names no person; it is read again at every fold."""
    return parse_request(text)


@dataclass
class Opening:
    """One request event: a request a file. `answers` holds, by officer, the hash of the body with his partials."""

    id: bytes
    requester: int
    day: date
    purpose: str
    drops: tuple[str, ...]
    requests: tuple[OpeningRequest, ...]
    batch: str
    answers: dict[int, bytes] = field(default_factory=dict)
    objections: dict[int, str] = field(default_factory=dict)
    done: bool = False

    @property
    def until(self) -> date:
        """The last day on which it may be answered."""
        return min(request.until for request in self.requests)

    def live(self, today: date) -> bool:
        """It waits for answers: not done, not expired, nobody objected."""
        return not self.done and not self.objections and today <= self.until


@dataclass
class Openings:
    """All openings, for ever."""

    openings: dict[bytes, Opening] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def apply(self, heard: Heard) -> None:
        """Take one event."""
        event = heard.event
        if isinstance(event, OpeningRequested):
            self._request(heard, event)
        elif isinstance(event, PartialGiven | OpeningObjected | OpeningDone):
            opening = self.openings.get(event.opening)
            if opening is None:
                return
            if isinstance(event, PartialGiven):
                if event.requests == tuple(request.hash for request in opening.requests):
                    opening.answers.setdefault(heard.author, event.sealed)
            elif isinstance(event, OpeningObjected):
                opening.objections.setdefault(heard.author, event.reason)
            elif heard.author == opening.requester:
                opening.done = True

    def _request(self, heard: Heard, event: OpeningRequested) -> None:
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
        self.openings[heard.id] = Opening(
            heard.id, heard.author, heard.day, event.purpose, event.drops, requests, event.batch
        )

    def for_batch(self, proposal: BatchProposed) -> Opening | None:
        """The opening of a batch's payees, for the desk that exports it.

        Approving a batch gives partials: another officer's request that names the batch must not be taken for it.
        """
        asked = (proposal.batch, proposal.exporter, tuple(item.payee for item in proposal.items))
        for opening in self.openings.values():
            if (opening.batch, opening.requester, opening.drops) == asked:
                return opening
        return None
