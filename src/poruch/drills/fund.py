"""A whole fund in one folder: a real front on loopback, a desk for each officer, a bank, and a day that can be turned."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import waitress

from poruch.desk import founding
from poruch.desk.duties import do_duties
from poruch.desk.plan import PlannedFund, parse_plan
from poruch.desk.program import Desk
from poruch.drills.bank import Bank
from poruch.events.charter import Charter
from poruch.front import server
from poruch.journal.sync import HttpRelay

ROUNDS = 3


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
        """Every desk syncs and does its duties, until all know all."""
        for _ in range(rounds):
            news = 0
            for desk in self.desks.values():
                news += desk.sync()
                do_duties(desk)
                news += desk.push()
            if not news:
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


def make_founders(folder: Path, planned: PlannedFund) -> tuple[Charter, bytes, bytes, dict[int, Path]]:
    """Key files and the charter; returns charter, salt of related parties, fund id and the desks' folders."""
    folders = {number: folder / "desks" / name.lower() for number, name in planned.names.items()}
    keys = {
        number: founding.make_key(folders[number], number, name, passphrase_of(name))
        for number, name in planned.names.items()
    }
    charter, salt = founding.make_charter(planned.plan, [(n, key.signing.public) for n, key in keys.items()])
    fund = b""
    for path in folders.values():
        fund = founding.write_fund_id(path, charter)
    return charter, salt, fund, folders


@contextmanager
def found(folder: Path, planned: PlannedFund, day: date, bank: Bank) -> Iterator[DrillFund]:
    """Found a fund in an empty folder and keep it running while the block runs."""
    calendar = Calendar(day)
    charter, salt, fund, folders = make_founders(folder, planned)
    server.create(folder / "front", fund)
    with serve_front(folder / "front", calendar) as address:
        desks = open_desks(folders, planned, fund, address, calendar)
        running = DrillFund(folder, planned, charter, calendar, address, desks, bank)
        first = desks[min(desks)]
        try:
            founding.begin(first, charter)
            running.sync()
            founding.key_circles(first, planned.plan, salt)
            while desks[max(desks)].public.quorum_point is None or not first.public.ready:
                running.sync()
            running.sync()
            yield running
        finally:
            for desk in desks.values():
                desk.close()


def open_desks(
    folders: dict[int, Path], planned: PlannedFund, fund: bytes, address: str, calendar: Calendar
) -> dict[int, Desk]:
    """Each officer's desk, unlocked with his own passphrase."""
    desks = {}
    for number, path in folders.items():
        key = founding.unlock(path, passphrase_of(planned.names[number]))
        desks[number] = Desk(path, key, fund, HttpRelay(address, number, key.signing, calendar), calendar)
    return desks
