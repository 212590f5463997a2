"""What the pages of a front show of its fund, as one value: for whoever renders them, and for whoever watches them."""

from datetime import date

from poruch.crypto import age
from poruch.errors import BadEvent
from poruch.events.charter import CIRCLES, Charter
from poruch.events.codec import Schema
from poruch.journal.circles import CircleRecipients
from poruch.journal.public import PublicState


class LogShown(Schema, frozen=True, tag="log-shown.v1"):
    """The log as pages speak of it: how many leaves, by how many it is signed, the day of its publication.

    `summaries` are the leaves that open a sum, with their places.
    """

    size: int
    officers: int
    witnesses: int
    day: date
    summaries: tuple[tuple[int, bytes], ...]


class Facts(Schema, frozen=True, tag="facts.v1"):
    """All that public pages are made of. `circles`: name, epoch, X25519 and `age1pq` recipient of each."""

    charter: Charter
    k: int
    quorum: tuple[int, ...]
    point: bytes
    circles: tuple[tuple[str, int, str, str], ...]
    policy: str
    address: str
    log: LogShown | None
    today: date


class Step(Schema, frozen=True, tag="step.v1"):
    """One page of a visit: what a browser asks, and what it is to be shown.

    `form` are the fields of a POST, none for a GET; the field `mark` is whatever the page before gave. `content` is the
    answer without what is drawn anew for each visitor (poruch.web.sameness).
    """

    path: str
    form: tuple[tuple[str, str], ...]
    status: int
    content: bytes


class Visit(Schema, frozen=True, tag="visit.v1"):
    """The steps of one invented visitor."""

    steps: tuple[Step, ...]


def facts_of(public: PublicState, log: LogShown | None, today: date) -> Facts:
    """The facts of a fund that is founded. Raises `BadEvent` before."""
    if public.charter is None or public.quorum_point is None or not public.ready:
        raise BadEvent("the fund is not founded yet")
    circles = tuple((c.circle, c.epoch, c.x25519.text, c.pq.text) for _, c in sorted(public.circles.items()))
    council = public.council
    return Facts(
        public.charter,
        council.k,
        council.quorum,
        public.quorum_point,
        circles,
        public.policy or "",
        public.resolutions.address,
        log,
        today,
    )


def keys_text(public: PublicState) -> bytes:
    """The keys that a front seals to, a line each, as it publishes them: charter, quorum key, circles."""
    lines = [f"fingerprint {public.fingerprint.hex()}", f"quorum {(public.quorum_point or b'').hex()}"]
    for name in CIRCLES:
        keyed = public.circles.get(name)
        if keyed is not None:
            lines += [f"{name} {keyed.epoch} {keyed.x25519.text}", f"{name} {keyed.epoch} {keyed.pq.text}"]
    return ("\n".join(lines) + "\n").encode()


class ShownState(PublicState):
    """The public state that `Facts` tell of: enough for pages, and for nothing else."""

    point: bytes = b""

    @classmethod
    def of(cls, facts: Facts) -> "ShownState":
        """The state of these facts. Raises `Malformed`."""
        state = cls()
        state.begin(facts.charter)
        state.council.k, state.council.quorum = facts.k, facts.quorum
        state.point = facts.point
        for name, epoch, x25519, pq in facts.circles:
            recipients = age.X25519Recipient.parse(x25519), age.PqRecipient.parse(pq)
            state.circles[name] = CircleRecipients(name, epoch, *recipients)
        state.policy = facts.policy or None
        state.resolutions.address = facts.address
        return state

    @property
    def quorum_point(self) -> bytes | None:
        """`Y` of the quorum key, as the facts have it."""
        return self.point
