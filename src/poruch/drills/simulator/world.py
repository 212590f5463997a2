"""The world of a simulation: officers at their desks, a front, people, a bank, and the day.

Desks are the product's own (`poruch.desk.program.Desk`); only their store, line, clock and chance are given.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from poruch.crypto.keyfile import OfficerKey
from poruch.desk import banking, founding, screening, words_heard
from poruch.desk.duties import do_duties
from poruch.desk.program import RESTORED, Desk
from poruch.drills.bank import Bank
from poruch.drills.simulator.chance import FIRST_DAY, Chance, Clock, SkewedClock
from poruch.drills.simulator.disk import Disk
from poruch.drills.simulator.doubled import Opened
from poruch.drills.simulator.fronts import SimulatedFront
from poruch.drills.simulator.malice import BadDesk
from poruch.drills.simulator.network import SimulatedLine, SimulatedRelay
from poruch.drills.simulator.people import People
from poruch.errors import PoruchError
from poruch.events.charter import CIRCLES, Charter, Programme, fund_id
from poruch.events.kinds import Party
from poruch.ledger.state import Batch

FUND_IBAN = "LT121000011101001000"
RELATED_IBAN = "DE89370400440532013000"
GENERAL_REFERENCE = "RF18539007547034"
LIST = b"name\nViktar Nechuvany\n"
FOUNDING_ROUNDS = 12


@dataclass
class Officer:
    """One officer: key, disk, line and clock outlive his desk, which is None while his machine is off or lost.

    `shares` are what his paper holds. `evil`: he is the bad one, and his desk does what he likes.
    """

    key: OfficerKey
    disk: Disk
    line: SimulatedLine
    clock: SkewedClock
    desk: Desk | None = None
    shares: dict[str, bytes] = field(default_factory=dict)
    evil: bool = False
    gone: bool = False

    @property
    def number(self) -> int:
        """His number."""
        return self.key.number


class Broken(AssertionError):
    """An invariant does not hold; the text says which, and what was seen."""


@dataclass
class World:
    """Everything there is.

    `items` tells for each end-to-end id the grant, the index of the instalment and the batch; `paid` are those that the
    bank executed, `sent_back` those that came back; `backers` who stood behind a batch when its file was carried,
    and `least` how many of them must have signed two, 2k-n of that day, for an instalment to be paid twice.
    """

    chance: Chance
    opened: Opened
    clock: Clock
    charter: Charter
    fund: bytes
    front: SimulatedFront
    bank: Bank
    people: People
    officers: dict[int, Officer] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    items: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    paid: list[str] = field(default_factory=list)
    sent_back: set[str] = field(default_factory=set)
    backers: dict[str, frozenset[int]] = field(default_factory=dict)
    least: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)

    def lost_with(self, old: SimulatedFront, new: SimulatedFront) -> None:
        """What nobody had collected when a front was seized is lost, and its sender sends it again."""
        self.seen["front blown"] = self.seen.get("front blown", 0) + old.fuse.blown
        kept = {drop.drop for drop in new.shelf.drops}
        self.counts["drop lost with a front"] += sum(drop.drop not in kept for drop in old.shelf.drops)
        self.people.send_again(kept)

    def ask_front(self, number: int, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Whichever front there is today."""
        return self.front.ask(number, method, path, body)

    def front_number(self) -> str:
        """What a front says of itself with every answer."""
        return self.front.number

    # ---- desks --------------------------------------------------------------------------------

    def open_desk(self, officer: Officer) -> Desk:
        """The desk over the officer's disk, as at a start of the program."""
        relay, folder = SimulatedRelay(officer.line), Path("simulated")
        kind = BadDesk if officer.evil else Desk
        desk = kind(folder, officer.key, self.fund, relay, officer.clock, self.chance.bytes, store=officer.disk)
        desk.now = officer.clock.now
        officer.desk = desk
        return desk

    def add_officer(self, number: int) -> Officer:
        """An officer with a new key and an empty desk."""
        key = OfficerKey(number=number, name=f"Officer {number}", root=self.chance.bytes(32))
        clock = SkewedClock(self.clock)
        line = SimulatedLine(number, self.ask_front, self.front_number, self.chance.bytes)
        officer = Officer(key, Disk(), line, clock)
        self.officers[number] = officer
        return officer

    def start(self, officer: Officer) -> Desk:
        """The desk of a new officer, with what an officer puts on it first."""
        desk = self.open_desk(officer)
        words_heard.at_one_table(desk)
        screening.keep_list(desk, LIST)
        return desk

    def bad(self) -> tuple[Officer, Desk] | None:
        """The bad officer, if there is one."""
        return next(((officer, desk) for officer, desk in self.there() if officer.evil), None)

    def copy_of(self, officer: Officer) -> Desk:
        """A second desk over a copy of the officer's disk: what a bad one makes to say two things at once."""
        folder, clock = Path("simulated"), officer.clock
        desk = BadDesk(folder, officer.key, self.fund, None, clock, self.chance.bytes, store=officer.disk.copy())
        desk.now = clock.now
        return desk

    def lose(self, officer: Officer) -> None:
        """The machine is gone. What the officer has on paper is his key and the shares he had."""
        officer.shares |= _shares(officer)
        officer.disk, officer.desk = Disk(), None

    def restore(self, officer: Officer) -> Desk:
        """A new desk from the paper (poruch.desk.restoring); it fills itself from the front at its first sync."""
        officer.disk = Disk()
        officer.disk.keep_fact(RESTORED, b"1")
        for name, share in officer.shares.items():
            officer.disk.keep_secret(name, share)
        return self.start(officer)

    # ---- the bank -----------------------------------------------------------------------------

    def carry(self, file: bytes, batch: Batch, desk: Desk) -> None:
        """Somebody brings the bank a file; it works on it some days later."""
        name = batch.proposal.batch
        self.backers[name] = frozenset(desk.ledger.behind(batch))
        council = desk.public.council
        self.least[name] = 2 * council.k - len(council.quorum)
        for item in batch.proposal.items:
            self.items[item.end_to_end] = (item.grant, item.index, name)
        if file:
            self.pending.append((self.clock.days + self.chance.bytes(1)[0] % 4, file))

    def bank_works(self, drawn: Random, *, finish: bool = False) -> None:
        """The bank executes what is due, and sends some of it back."""
        for due, file in list(self.pending):
            if due <= self.clock.days or finish:
                self.pending.remove((due, file))
                order = self.bank.accept_pain001(file, self.clock())
                for payment in order.payments:
                    self.paid.append(payment.end_to_end_id)
                    self.counts["instalment paid"] += payment.end_to_end_id in self.items
        for end_to_end in self.paid[-20:]:
            if end_to_end not in self.sent_back and end_to_end in self.items and not drawn.randrange(60) and not finish:
                self.bank.return_payment(end_to_end, "AC04", self.clock())
                self.sent_back.add(end_to_end)
                self.counts["payment sent back"] += 1

    def import_everything(self, desk: Desk) -> None:
        """Treasury reads the bank's statement of all the time there was."""
        banking.import_statement(desk, self.bank.statement(FIRST_DAY, self.clock() + timedelta(days=60)))

    def import_statement(self, desk: Desk) -> None:
        """Treasury reads what the bank wrote since it last did, and some days before that."""
        today = self.clock()
        file = self.bank.statement(max(FIRST_DAY, today - timedelta(days=15)), today)
        banking.import_statement(desk, file)
        self.counts["statement"] += 1

    # ---- who is there -------------------------------------------------------------------------

    def there(self) -> Iterator[tuple[Officer, Desk]]:
        """Officers whose desks run, by number."""
        for _, officer in sorted(self.officers.items()):
            if officer.desk is not None and not officer.gone:
                yield officer, officer.desk

    def honest(self) -> Iterator[tuple[Officer, Desk]]:
        """Those of them who are honest."""
        return ((officer, desk) for officer, desk in self.there() if not officer.evil)

    def settle(self, rounds: int = 3) -> bool:
        """All lines are mended, and all desks sync and do their duties until nobody has anything to add.

        Whether it came so far within `rounds`.
        """
        for _, officer in sorted(self.officers.items()):
            officer.line.cut, officer.clock.skew_days = False, 0
            officer.line.faults.clear()
            officer.disk.fuse.arm(0, after=False)
            officer.line.deliver_late()
        self.front.fuse.arm(0, after=False)
        return any(not sum(self.turn(officer) for officer, _ in list(self.there())) for _ in range(rounds))

    def turn(self, officer: Officer) -> int:
        """One sync with duties; how much was new."""
        desk = officer.desk
        if desk is None:
            return 0
        try:
            return desk.sync() + do_duties(desk) + desk.push()
        except PoruchError as error:
            self.refused[type(error).__name__] += 1
            return 0


def _shares(officer: Officer) -> dict[str, bytes]:
    rows = officer.disk._read("SELECT name, value FROM secret WHERE name >= 'share/' AND name < 'share0'")
    return {name: bytes(value) for name, value in rows}


def make_plan(n: int, k: int) -> founding.Plan:
    """Everybody in every circle, so that all desks can be compared; two approve a grant where there are enough."""
    numbers = tuple(range(1, n + 1))
    return founding.Plan(
        name="Simulated",
        origin="simulated.example/log",
        languages=("be", "en"),
        currency="EUR",
        k=k,
        circles=dict.fromkeys(CIRCLES, numbers),
        programmes=(Programme("first-months", "grants", 2 if n > 3 else 1, (60000,)),),
        gift_reference=GENERAL_REFERENCE,
        account_holder="Simulated fund",
        account_iban=FUND_IBAN,
        remittance="Support",
        refused_countries=("BY", "RU"),
        related=(Party("Muravejnik Software Ltd", (RELATED_IBAN,)),),
    )


def found(chance: Chance, opened: Opened, n: int, k: int) -> World:
    """A founded fund: all keys made, all desks agreed. Raises `Broken` where they do not."""
    clock = Clock()
    plan = make_plan(n, k)
    roots = {number: chance.bytes(32) for number in plan.circles["officers"]}
    keys = {number: OfficerKey(number=number, name=f"Officer {number}", root=root) for number, root in roots.items()}
    charter, salt = founding.make_charter(plan, [(m, key.signing.public) for m, key in keys.items()], chance.bytes)
    fund = fund_id(charter)
    front = SimulatedFront(fund, plan.origin, clock, chance.bytes)
    bank = Bank(FUND_IBAN, "Simulated fund", "EUR", 0, chance.bytes)
    world = World(chance, opened, clock, charter, fund, front, bank, People(charter.code_salt, chance.bytes))
    for number, key in keys.items():
        world.add_officer(number).key = key
        world.start(world.officers[number])
    first = world.officers[1].desk
    assert first is not None
    founding.begin(first, charter)
    world.settle(FOUNDING_ROUNDS)
    founding.key_circles(first, plan, salt)
    world.settle(FOUNDING_ROUNDS)
    if not all(desk.public.ready for _, desk in world.there()):
        raise Broken("the founding did not end")
    return world
