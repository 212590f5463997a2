"""The ceremonies of the quorum key, in clear: public values, and files sealed to one-time recipients.

docs/spec/quorum.md section 2 has the steps.
"""

from typing import ClassVar

from poruch.events.base import OFFICERS, Event
from poruch.events.codec import Schema


class CeremonyProposed(Event, frozen=True, tag="ceremony.proposed.v1"):
    """docs/spec/quorum.md section 2, step 1; SHA-256 of this event's bytes is the session."""

    k: int
    officers: tuple[int, ...]
    old_group: bytes
    dealers: tuple[int, ...]
    nonce: bytes


class CeremonyJoined(Event, frozen=True, tag="ceremony.joined.v1"):
    """Step 2: a one-time `age1pq` recipient."""

    session: bytes
    recipient: str


class DealingAnnounced(Event, frozen=True, tag="dealing.announced.v1"):
    """Step 3: the digest of a dealing."""

    session: bytes
    digest: bytes


class SealedSubshare(Schema, frozen=True):
    """A sub-share sealed to the one-time recipient of `officer`."""

    officer: int
    file: bytes


class DealingPublished(Event, frozen=True, tag="dealing.published.v1"):
    """Step 4: the dealing and the sealed sub-shares."""

    session: bytes
    dealing: bytes
    sealed: tuple[SealedSubshare, ...]


class DealingDisputed(Event, frozen=True, tag="dealing.disputed.v1"):
    """A complaint: the file key of a wrong sub-share, or none where the file could not be unwrapped."""

    session: bytes
    dealer: int
    file_key: bytes


class GroupCertified(Event, frozen=True, tag="group.certified.v1"):
    """Step 5: the transcript hash, and the public group that it stands for."""

    session: bytes
    transcript: bytes
    group: bytes


class ShareErased(Event, frozen=True, tag="share.erased.v1"):
    """An officer of an old group destroyed his share of that `epoch`; `paper`: the paper with it, too (section 5)."""

    session: bytes
    epoch: int
    paper: bool


class TrialBegun(Event, frozen=True, tag="trial.begun.v1"):
    """A file of nothing, to be opened by k: the trial of a new group, or, with an empty `session`, a rehearsal.

    `text` is the request (section 7) for `file`. Only shares read again from paper answer a rehearsal.
    """

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    session: bytes
    text: bytes
    file: bytes


class TrialAnswered(Event, frozen=True, tag="trial.answered.v1"):
    """A partial for the file of a trial: it opens nothing else."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    trial: bytes
    answer: bytes
