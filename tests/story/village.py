"""A fund in one process: desks in folders, a relay in memory, a clock that a test turns."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from poruch.crypto import codes
from poruch.desk import founding, words_heard
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk
from poruch.errors import AlreadyTaken, BadPublication, PoruchError
from poruch.events.charter import Charter, Programme
from poruch.events.drops import Answer, Payee, Person, Story
from poruch.events.kinds import Party
from poruch.journal import dropbox
from poruch.journal.chains import Outcome
from poruch.journal.journal import Journal
from poruch.journal.public import PublicState
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import WaitingDrop
from poruch.tlog.policy import parse_policy
from poruch.tlog.publish import empty_state, publish

PASSPHRASE = "correct horse battery of {}"  # noqa: S105
FUND_IBAN = "LT121000011101001000"
GENERAL_REFERENCE = "RF18539007547034"
PLAN = founding.Plan(
    name="Village",
    origin="village.example/log",
    languages=("be", "ru", "uk", "en"),
    currency="EUR",
    k=3,
    circles={
        "officers": (1, 2, 3, 4, 5),
        "casework": (1, 2, 3, 4),
        "treasury": (3, 4, 5),
        "auditors": (2, 5),
    },
    programmes=(Programme("first-months", "grants", 2, (60000, 60000)),),
    gift_reference=GENERAL_REFERENCE,
    account_holder="Village fund",
    account_iban=FUND_IBAN,
    remittance="Support",
    refused_countries=("BY", "RU"),
    related=(Party("Muravejnik Software Ltd", ("DE89370400440532013000",)),),
)


class Clock:
    """A day that stands until it is turned."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> date:
        return self.day

    def turn(self, days: int) -> None:
        self.day += timedelta(days=days)


@dataclass
class Front:
    """What a front keeps, in memory, with the rules of the real one for segments, tags and the log."""

    fund: bytes
    clock: Clock
    journal: Journal = field(init=False)
    segments: list[SignedSegment] = field(default_factory=list)
    proofs: list[SignedSegment] = field(default_factory=list)
    bodies: dict[bytes, bytes] = field(default_factory=dict)
    drops: list[WaitingDrop] = field(default_factory=list)
    arrived: int = 0
    tags: dict[bytes, str] = field(default_factory=dict)
    slips: list[tuple[bytes, bytes]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journal = Journal(self.fund)
        self.log = empty_state(PLAN.origin)

    @property
    def public(self) -> PublicState:
        return self.journal.public

    def receive(self, sealed: dropbox.SealedDrop) -> None:
        if all(drop.drop != sealed.drop for drop in self.drops):
            self.arrived += 1
            number = self.arrived
            self.drops.append(WaitingDrop(number, sealed.drop, sealed.kind, self.clock(), sealed.body))
            self.bodies[sealed.sha256] = sealed.body

    # ---- what a desk asks ---------------------------------------------------------------------

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        def beyond(signed: SignedSegment) -> bool:
            segment = signed.segment
            return segment.seq > positions.get((segment.author, segment.life), -1)

        return [signed for signed in self.segments if beyond(signed)] + self.proofs

    def push(self, segments: list[SignedSegment]) -> list[str]:
        added = self.journal.add(segments)
        self.segments += added.fresh
        self.proofs += [s for s, o in zip(segments, added.outcomes, strict=True) if o is Outcome.EQUIVOCATION]
        assert set(added.outcomes) <= {Outcome.ACCEPTED, Outcome.KNOWN, Outcome.EQUIVOCATION}, added.outcomes
        for sha256 in self.public.erased & self.bodies.keys():
            del self.bodies[sha256]
        self.drops = [d for d in self.drops if hashlib.sha256(d.body).digest() not in self.public.erased]
        return [outcome.value for outcome in added.outcomes]

    def drops_after(self, after: int) -> list[WaitingDrop]:
        return [drop for drop in self.drops if drop.arrival > after]

    def put_body(self, body: bytes) -> None:
        if hashlib.sha256(body).digest() not in self.public.erased:
            self.bodies[hashlib.sha256(body).digest()] = body

    def body(self, sha256: bytes) -> bytes | None:
        return self.bodies.get(sha256)

    def bodies_of(self, hashes: Sequence[bytes]) -> list[bytes]:
        return [self.bodies[sha256] for sha256 in hashes if sha256 in self.bodies]

    def heads(self) -> dict[tuple[int, int], int]:
        return self.journal.chains.positions

    def take_tags(self, batch: str, tags: list[bytes]) -> None:
        if any(self.tags.get(tag, batch) != batch for tag in tags):
            raise AlreadyTaken
        self.tags |= dict.fromkeys(tags, batch)

    def leave_slips(self, slips: list[tuple[bytes, bytes]]) -> None:
        self.slips += slips

    def publish(self, body: bytes) -> None:
        policy = parse_policy((self.public.policy or "").encode())
        try:
            published = publish(self.log, body, policy, os.urandom)
        except PoruchError as error:
            raise BadPublication(str(error)) from error
        self.log = published.state
        self.files |= dict(published.files)
        self.files["policy"] = (self.public.policy or "").encode()

    def public_file(self, path: str) -> bytes | None:
        return self.files.get(path.removeprefix("/log/"))


class Relay:
    """One desk's door to the front; `cut` simulates a broken line."""

    def __init__(self, front: Front) -> None:
        self.front = front

    def __getattr__(self, name: str) -> object:
        return getattr(self.front, {"public": "public_file", "bodies": "bodies_of"}.get(name, name))


@dataclass
class Applicant:
    """A person with a code."""

    name: str
    code: int
    keys: codes.CodeKeys
    drop: str


@dataclass
class Village:
    """The fund; desks by officer number."""

    clock: Clock
    front: Front
    desks: dict[int, Desk]
    charter: Charter

    def sync(self, rounds: int = 2) -> None:
        """Every desk syncs and does its duties, until all know all."""
        for _ in range(rounds):
            for desk in self.desks.values():
                desk.sync()
                do_duties(desk)
                desk.push()

    def apply(self, name: str, story: str = "I refused.", iban: str | None = None) -> Applicant:
        """Somebody asks through the front."""
        code = codes.new_code()
        keys = codes.CodeKeys.from_code(code, self.charter.code_salt)
        told = Story("en", "police", story, "August", "none", "rent", "", False)
        sealed = dropbox.seal_submission(self.front.public, keys, told, Person(name, ""))
        self.front.receive(sealed)
        applicant = Applicant(name, code, keys, sealed.drop)
        if iban:
            self.give_payee(applicant, iban)
        return applicant

    def give_payee(self, applicant: Applicant, iban: str) -> None:
        self.front.receive(dropbox.seal_payee(self.front.public, applicant.keys, Payee(applicant.name, iban, "")))

    def write(self, applicant: Applicant, text: str) -> None:
        self.front.receive(dropbox.seal_answer(self.front.public, applicant.keys, Answer(text)))

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()


def found_village(folder: Path, plan: founding.Plan = PLAN, day: date = date(2026, 9, 1)) -> Village:
    """A founded fund: keys, charter, circles, the ceremony, the log's policy."""
    numbers = plan.circles["officers"]
    clock = Clock(day)
    keys = {
        n: founding.make_key(folder / str(n), n, f"Officer {n}", PASSPHRASE.format(n), memory_kib=8192) for n in numbers
    }
    charter, salt = founding.make_charter(plan, [(n, key.signing.public) for n, key in keys.items()])
    front, desks = None, {}
    for n in numbers:
        fund = founding.write_fund_id(folder / str(n), charter)
        front = front or Front(fund, clock)
        desks[n] = Desk(folder / str(n), keys[n], fund, Relay(front), clock)  # type: ignore[arg-type]
        words_heard.at_one_table(desks[n])
    assert front is not None
    village = Village(clock, front, desks, charter)
    founding.begin(desks[numbers[0]], charter)
    village.sync()
    founding.key_circles(desks[numbers[0]], plan, salt)
    village.sync(8)
    return village
