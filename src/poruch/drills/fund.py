"""A whole fund in one folder: a real front on loopback, a desk for each officer, a bank, and a day to be turned."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import waitress

from poruch.crypto.keyfile import OfficerKey
from poruch.desk import founding, words_heard
from poruch.desk.duties import do_duties
from poruch.desk.plan import PlannedFund, parse_plan
from poruch.desk.program import Desk
from poruch.drills.bank import Bank
from poruch.errors import CeremonyStopped
from poruch.events.charter import Charter
from poruch.front import server
from poruch.journal.sync import HttpRelay

ROUNDS = 3
FOUNDING_ROUNDS = 20


class Calendar:
    """The day of the drill."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> date:
        return self.day

    def turn(self, days: int = 1) -> date:
        """Go on by some days."""
        self.day += timedelta(days=days)
        return self.day


def passphrase_of(name: str) -> str:
    """The passphrase of an invented officer; printed by the demo, good for nothing else."""
    return f"{name.lower()} walks side by side"


def unheard(desk: Desk) -> None:
    """For callers who look at the desks afterwards."""


def take_turns(desks: Iterable[Desk], rounds: int, told: Callable[[Desk], None] = unheard) -> None:
    """Each desk syncs and does its duties, round after round, until nothing is new; `told` hears of each turn."""
    for _ in range(rounds):
        news = 0
        for desk in desks:
            news += desk.sync()
            do_duties(desk)
            news += desk.push()
            told(desk)
        if not news:
            return


@dataclass
class DrillFund:
    """The parts of a drill. `address` is the front's, http://127.0.0.1:port."""

    folder: Path
    planned: PlannedFund
    charter: Charter
    calendar: Calendar
    address: str
    desks: dict[int, Desk]
    bank: Bank
    turns: int = field(default=0)

    def sync(self, rounds: int = ROUNDS) -> None:
        """All give what they have, then all take it, until nobody's duties have anything to add."""
        for desk in self.desks.values():
            desk.push()
        for _ in range(rounds):
            written = 0
            for desk in self.desks.values():
                desk.sync()
                written += do_duties(desk)
                desk.push()
            if not written:
                return

    def within(self, circle: str) -> list[Desk]:
        """The desks of one circle, each time beginning with the next officer, so that work is shared."""
        found = [desk for desk in self.desks.values() if desk.within(circle)]
        self.turns += 1
        at = self.turns % len(found)
        return found[at:] + found[:at]


@contextmanager
def serve_front(folder: Path, calendar: Calendar) -> Iterator[str]:
    """A real front on a free port of loopback while the block runs; yields its address."""
    application = server.make_wsgi(folder, calendar)
    served = waitress.create_server(application, host="127.0.0.1", port=0, threads=8, **server.waitress_options())
    thread = threading.Thread(target=served.run, name="front", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.effective_port}"
    finally:
        served.close()
        thread.join(5)


def read_plan(path: Path, account_iban: str = "") -> PlannedFund:
    """The founders' plan, with another account where a statement belongs to one."""
    planned = parse_plan(path.read_text(encoding="utf-8"))
    if account_iban:
        return PlannedFund(replace(planned.plan, account_iban=account_iban), planned.names)
    return planned


@dataclass(frozen=True)
class Founders:
    """Key files were written and the charter made: `salt` hides the related parties, `fund` is the 32-byte id."""

    charter: Charter
    salt: bytes
    fund: bytes
    folders: dict[int, Path]
    keys: dict[int, OfficerKey]


def make_founders(folder: Path, planned: PlannedFund, passphrase: Callable[[str], str] = passphrase_of) -> Founders:
    """Key files and the charter, each founder with the passphrase that `passphrase` gives for his working name."""
    folders = {number: folder / "desks" / name.lower() for number, name in planned.names.items()}
    keys = {
        number: founding.make_key(folders[number], number, name, passphrase(name))
        for number, name in planned.names.items()
    }
    charter, salt = founding.make_charter(planned.plan, [(n, key.signing.public) for n, key in keys.items()])
    fund = b""
    for path in folders.values():
        fund = founding.write_fund_id(path, charter)
    return Founders(charter, salt, fund, folders, keys)


@contextmanager
def found(folder: Path, planned: PlannedFund, day: date, bank: Bank, *, durable: bool = True) -> Iterator[DrillFund]:
    """Found a fund in an empty folder and keep it running while the block runs."""
    calendar = Calendar(day)
    founders = make_founders(folder, planned)
    server.create(folder / "front", founders.fund)
    with serve_front(folder / "front", calendar) as address:
        desks = open_desks(founders, address, calendar, durable=durable)
        try:
            run_ceremonies(desks, founders, planned.plan)
            yield DrillFund(folder, planned, founders.charter, calendar, address, desks, bank)
        finally:
            for desk in desks.values():
                desk.close()


def run_ceremonies(
    desks: dict[int, Desk], founders: Founders, plan: founding.Plan, told: Callable[[Desk], None] = unheard
) -> None:
    """Charter, keys, circles and quorum key, each desk doing its own part. Raises `CeremonyStopped`."""
    first = desks[min(desks)]
    founding.begin(first, founders.charter)
    take_turns(desks.values(), FOUNDING_ROUNDS, told)
    founding.key_circles(first, plan, founders.salt)
    take_turns(desks.values(), FOUNDING_ROUNDS, told)
    if len({desk.public.fingerprint for desk in desks.values()}) > 1:
        raise CeremonyStopped("the desks do not agree")
    if not all(desk.public.ready and set(desk.members.names) == set(desks) for desk in desks.values()):
        raise CeremonyStopped


def open_desks(founders: Founders, address: str, calendar: Calendar, *, durable: bool = True) -> dict[int, Desk]:
    """Each officer's desk. Not `durable` where a crash throws the whole folder away."""
    fund, folders = founders.fund, founders.folders
    desks = {}
    for number, key in founders.keys.items():
        relay = HttpRelay(address, number, key.signing, calendar)
        desks[number] = Desk(folders[number], key, fund, relay, calendar, durable=durable)
        words_heard.at_one_table(desks[number])
    return desks
