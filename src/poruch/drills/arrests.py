"""`poruch drill arrests`: officers of a running fund are arrested with open desks, and the enemy does all he can.

A small fund is founded in a temporary folder, with a real front on loopback, and three people are helped. Then officers
are arrested one by one. What the enemy gets is tried in a cell (poruch.drills.cell): copies of the desks that he holds.
In the fund, the open desk of who was arrested freezes and suspends; the free officers thaw, lift, suspend him and pay
what is due. Before the k-th arrest they remove who was taken and deal the quorum key anew; beside it stands what the
k-th arrest would have given if they had not.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from msgspec import structs

from poruch.desk import council, screening, treasury
from poruch.desk.ceremony import erase_old, is_due, tried
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk
from poruch.drills import officers
from poruch.drills.bank import Bank
from poruch.drills.cell import Loot, raid
from poruch.drills.founding import keep_to_ourselves
from poruch.drills.fund import ROUNDS, DrillFund, found, read_plan
from poruch.drills.people import invent
from poruch.drills.visitor import Visitor
from poruch.errors import CeremonyStopped
from poruch.journal.council import Council

PEOPLE, SEED = 3, 20
INSTALMENTS = 6
MONTH = 30  # days; one instalment of each grant becomes due in it
MOST_ROUNDS = 20
TAKEN = (2, 1, 3, 4)
"""The first is of casework and of treasury, so the enemy has a desk of each from the first day."""
FAILED = "This is NOT what docs/threat-model.md promises."
Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What one arrest gave: `votes` of the quorum in the enemy's hand, `k` decide; `paid` by the fund afterwards.

    `supposed`: it did not happen, for the key was dealt anew before.
    """

    who: str
    loot: Loot
    votes: int
    k: int
    paid: int
    answer: str
    supposed: bool = False

    @property
    def holds(self) -> bool:
        """Below k the enemy has no name, no payee and no payment, and the fund pays on; from k on he has all."""
        if self.votes >= self.k:
            return self.loot.is_everything
        return self.loot.is_nothing and self.paid == self.loot.due


def run_arrests(plan: Path, lists: Path, say: Say = lambda line: print(line, flush=True)) -> int:
    """Run the drill and print its table; 0 if every row is as docs/threat-model.md promises, else 1."""
    keep_to_ourselves()
    folder = Path(tempfile.mkdtemp(prefix="poruch-drill-"))
    try:
        rows = drill(folder, plan, lists, say)
    finally:
        shutil.rmtree(folder)
    say("\n" + table(rows))
    return 0 if all(row.holds for row in rows) else 1


def drill(folder: Path, plan: Path, lists: Path, say: Say) -> list[Row]:
    """The rows of the table. Raises `CeremonyStopped` if the fund cannot be founded or its key not be dealt anew."""
    planned = read_plan(plan)
    first = structs.replace(planned.plan.programmes[0], example_minor=(60_000,) * INSTALMENTS)
    planned = replace(planned, plan=replace(planned.plan, programmes=(first,)))
    bank = Bank(planned.plan.account_iban, planned.plan.account_holder, planned.plan.currency, 10_000_000, os.urandom)
    say(f"Founding a fund of {len(planned.names)} officers, {planned.plan.k} of whom decide ...")
    with found(folder, planned, date(2026, 9, 1), bank, durable=False) as fund:
        for desk in fund.desks.values():
            screening.keep_list(desk, lists.read_bytes())
        say(f"Helping {PEOPLE} people: asked, read, screened, granted, paid ...")
        help_people(fund)
        story = Arrests(replace(fund, desks=dict(fund.desks)), [], say)
        try:
            return story.run()
        finally:
            shutil.rmtree(folder / "cell", ignore_errors=True)


def table(rows: list[Row]) -> str:
    """The rows as text; under each what the free officers did."""
    head = ("arrested", "stories", "names", "payees", "payments", "votes", "the fund")
    lines: list[tuple[str, ...]] = [head]
    for row in rows:
        loot = row.loot
        counts = (loot.stories, loot.cases), (loot.names, loot.cases), (loot.payees, loot.accounts)
        mine = row.votes >= row.k
        cells = [f"{got} of {there}" for got, there in (*counts, (loot.payments, loot.due), (row.votes, row.k))]
        lines.append((row.who, *cells, "is the enemy's: he has everything" if mine else f"pays ({row.paid})"))
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    text = ["What the enemy got:", ""]
    for at, line in enumerate(lines):
        text.append("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
        text += [f"    {rows[at - 1].answer}"] if at else []
    held = all(row.holds for row in rows)
    return "\n".join([*text, "", "Below k: nothing that names or pays. At k: all of it." if held else FAILED])


def help_people(fund: DrillFund) -> None:
    """The way of one person, for some: ask at the front, be read, screened, granted, say where to pay, be paid."""
    told = invent(PEOPLE, SEED)
    asked = [(one, Visitor(fund.address).apply(one, "en")) for one in told]
    fund.sync()
    officers.read_quickly(fund, officers.waiting_cases(fund), lambda story, case: "The days and places agree.")
    officers.screen(fund, officers.waiting_cases(fund))
    officers.grant(fund, officers.waiting_cases(fund), lambda case: fund.charter.programmes[0].key)
    for one, code in asked:
        Visitor(fund.address).give_payee(code, "en", one.payee_name, one.payee_iban, one.payee_bic)
    fund.sync()
    officers.pay(fund)


@dataclass
class Arrests:
    """`fund` has the desks of free officers only; `taken` are the others, in the order of their arrest."""

    fund: DrillFund
    taken: list[Desk]
    say: Say

    def run(self) -> list[Row]:
        """Arrest officers until the enemy holds k of the quorum as it then is."""
        rows: list[Row] = []
        for number in TAKEN:
            self.fund.calendar.turn(MONTH)
            self.fund.sync()
            if self._votes(number) >= self.council.k and not self.council.epoch:
                rows.append(self._supposed(number))
                self._deal_anew()
            rows.append(self._arrest(number))
        return rows

    @property
    def free(self) -> list[Desk]:
        """The desks of free officers."""
        return list(self.fund.desks.values())

    @property
    def council(self) -> Council:
        """What free officers know of themselves; the last of them is never cut off."""
        return self.free[-1].public.council

    def _votes(self, *more: int) -> int:
        return len(({desk.number for desk in self.taken} | set(more)) & set(self.council.quorum))

    def _name(self, number: int) -> str:
        return self.fund.planned.names[number]

    def _due(self) -> int:
        return max(len(treasury.payable(desk)) for desk in self.free if desk.within("treasury"))

    def _raid(self, *more: Desk) -> Loot:
        # The one who was arrested last first: his desk has heard most.
        return raid(self.fund.folder / "cell", [*more, *reversed(self.taken)], self._due())

    def _supposed(self, number: int) -> Row:
        self.say(f"Supposing that {self._name(number)} were arrested now ...")
        loot = self._raid(self.fund.desks[number])
        answer = "it was not so: before this arrest the free officers dealt the key anew"
        return Row(f"+ {self._name(number)}, at once", loot, self._votes(number), self.council.k, 0, answer, True)

    # ---- an arrest and the answer to it -----------------------------------------------------------

    def _arrest(self, number: int) -> Row:
        self.say(f"{self._name(number)} is arrested, with an open desk ...")
        desk = self.fund.desks[number]
        loot = self._raid(desk)
        self.taken.append(self.fund.desks.pop(number))
        who = self._name(number) if len(self.taken) == 1 else f"+ {self._name(number)}"
        votes, k = self._votes(), self.council.k
        if votes >= k:
            return Row(who, loot, votes, k, 0, f"nothing that would hold: {votes} of {k} votes undo whatever they do")
        did = self._strike(desk)
        self._answer(number)
        paid = officers.pay(self.fund)
        count = len(paid[0].proposal.items) if paid else 0
        return Row(who, loot, votes, k, count, f"{did}; free officers undid both, suspended, paid {count}")

    def _strike(self, desk: Desk) -> str:
        """The arrested officer's desk does to the fund what one officer can do alone; in words, what it did."""
        victim = self.free[0].number
        council.freeze(desk, "The enemy says so.")
        council.suspend(desk, victim, "The enemy says so.")
        desk.push()
        self._sync()
        found = self.council
        if not (found.frozen and victim in found.suspended):
            raise CeremonyStopped("the enemy's own words did not reach the fund")
        return f"froze the fund, suspended {self._name(victim)}"

    def _answer(self, number: int) -> None:
        """k free officers undo it; one suspends him; they confirm that, so that he may do so again."""
        enemies = {desk.number for desk in self.taken}
        for desk in self.free:
            found = desk.public.council
            known = [*found.freezes.values(), *found.suspensions.values(), *desk.journal.aside(desk.number).values()]
            against = [measure for measure in known if measure.said.author in enemies]
            for measure in [measure for measure in against if measure.over is None]:
                council.undo(desk, measure.said.id, rest=True)
        self._sync()
        council.suspend(self.free[0], number, "He was arrested with an open desk.")
        self._sync()
        suspension = self.council.suspended[number].said.id
        for desk in self.free:
            council.confirm(desk, suspension)
        self._sync()

    def _sync(self) -> None:
        """As `DrillFund.sync`; who is suspended by the enemy gets from the relay what he votes on, and no more."""
        for _ in range(ROUNDS):
            for desk in reversed(self.free):
                desk.push()
                desk.sync()
                if desk.number not in self.council.suspended:
                    do_duties(desk)
                    desk.push()

    # ---- dealing anew -----------------------------------------------------------------------------

    def _deal_anew(self) -> None:
        """Remove who was taken; the rest deal the key anew among themselves, try it and erase their old shares."""
        gone = tuple(sorted(desk.number for desk in self.taken))
        names = " and ".join(self._name(number) for number in gone)
        self.say(f"The free officers remove {names} and deal the quorum key anew ...")
        first, *others = self.free
        old = first.public.ceremonies.group
        change = replace(council.leave_out(first, gone), removed=gone)
        council.propose(first, change, "They were arrested.")
        self.fund.sync()
        for desk in others:
            [proposal] = council.open_proposals(desk)
            council.approve(desk, proposal)
        for _ in range(MOST_ROUNDS):
            self.fund.sync()
            if not any(is_due(desk) or not tried(desk) for desk in self.free):
                break
        else:
            raise CeremonyStopped
        for desk in self.free:
            erase_old(desk)
        self.fund.sync()
        assert old is not None
        left = self.free[0].public.ceremonies.alive(old)
        self.say(f"  {len(left)} old shares are left, in the enemy's hand; it would take {old.k}.")
