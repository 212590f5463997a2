"""A quarter of history for the demo: sixty people, week by week, and work left over for whoever looks at it."""

import os
import random as chance
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from poruch.cases.state import Case
from poruch.desk import casework, openings, treasury
from poruch.drills import officers
from poruch.drills.fund import DrillFund
from poruch.drills.notes import answer, question, reading_reason
from poruch.drills.submissions import Submission
from poruch.drills.visitor import Visitor
from poruch.events.drops import Story
from poruch.rails import references

ARRIVALS = (9, 8, 7, 6, 5, 4, 3, 3, 3, 2, 2, 2, 2, 4)
"""How many ask in each week, the last of which is this one: many at first, dozens a month in quiet times."""

EPOCH_WEEKS = (5, 9)
Say = Callable[[int, int], None]


@dataclass
class Told:
    """One applicant: what he typed, the language of the pages he used, and his code."""

    told: Submission
    language: str
    code: int
    paid_where: bool = False


@dataclass
class History:
    """People come every week, officers work in every second. `dice` is seeded: the same demo but for the keys."""

    fund: DrillFund
    people: list[Submission]
    dice: chance.Random
    told: list[Told] = field(default_factory=list)

    def play(self, say: Say) -> None:
        """All weeks; ends on the calendar's last day."""
        for week, arrivals in enumerate(ARRIVALS):
            last = week == len(ARRIVALS) - 1
            self._gifts(week)
            self._arrive(arrivals)
            if last:
                self._leave_work()
            elif week % 2:
                self._work(week)
            say(week + 1, len(ARRIVALS))
            self.fund.calendar.turn(0 if last else 7)

    # ---- people -------------------------------------------------------------------------------

    def _arrive(self, count: int) -> None:
        for told in self.people[len(self.told) : len(self.told) + count]:
            language = told.language if told.language in ("be", "en") else self.dice.choice(("be", "en"))
            code = Visitor(self.fund.address).apply(told, language)
            self.told.append(Told(told, language, code))

    def _say_where(self, granted: set[str]) -> None:
        """Whoever finds a grant in his mailbox says where to pay."""
        for person, drop in zip(self.told, self._drops(), strict=False):
            if drop in granted and not person.paid_where:
                told = person.told
                visitor = Visitor(self.fund.address)
                visitor.give_payee(person.code, person.language, told.payee_name, told.payee_iban, told.payee_bic)
                person.paid_where = True
        self.fund.sync()

    def _drops(self) -> list[str]:
        desk = next(iter(self.fund.desks.values()))
        return [case.id for case in sorted(desk.cases.cases.values(), key=lambda case: case.number)]

    def _gifts(self, week: int) -> None:
        day = self.fund.calendar()
        general = self.fund.charter.gift_reference
        for _ in range(self.dice.randint(1, 3)):
            self.fund.bank.receive(self.dice.choice((20000, 50000, 100000, 250000)), general, "Giver", _IBAN, day)
        for _ in range(1):
            reference, _ = Visitor(self.fund.address).give(self.dice.choice(("be", "en")))
            self.fund.bank.receive(self.dice.choice((500_000, 1_000_000, 1_500_000)), reference, "Giver", _IBAN, day)
        if week == 3:
            party = self.fund.planned.plan.related[0]
            self.fund.bank.receive(300_000, general, party.name, party.ibans[0], day)
        if week == 6:
            self.fund.bank.receive(4_200, references.make(os.urandom), "Giver", _IBAN, day)

    # ---- officers -----------------------------------------------------------------------------

    def _statement(self) -> bytes:
        """The bank's statement of two weeks."""
        today = self.fund.calendar()
        return self.fund.bank.statement(today - timedelta(days=13), today)

    def _reason(self, story: Story, case: Case) -> str:
        return reading_reason(story.language, case.number)

    def _programme(self, case: Case) -> str:
        programmes = self.fund.charter.programmes
        return programmes[1 if case.number % 4 == 0 else 0].key

    def _work(self, week: int) -> None:
        fund = self.fund
        fund.sync()
        cases = officers.waiting_cases(fund)
        fresh = [case for case in cases if case.state == "new"]
        officers.read_quickly(fund, fresh, self._reason)
        self._talk(fresh)
        waiting = [case for case in officers.waiting_cases(fund) if "screening" not in case.checks]
        officers.screen(fund, waiting)
        self._refuse_one(week)
        officers.grant(fund, officers.waiting_cases(fund), self._programme)
        desk = next(iter(fund.desks.values()))
        self._say_where({case.id for case in desk.cases.cases.values() if case.state == "granted"})
        paid = officers.pay(fund, execution=fund.calendar())
        if paid is not None and week == 5:
            item = paid[0].proposal.items[0]
            fund.bank.return_payment(item.end_to_end, "AC04", fund.calendar())
        if week % 4 == 3:
            fund.bank.charge(290, "Account fee", fund.calendar())
        officers.settle(fund, self._statement())
        if week in EPOCH_WEEKS:
            officers.publish(fund, fund.calendar())

    def _talk(self, cases: list[Case]) -> None:
        """Every third person is asked something, and answers."""
        fund = self.fund
        chosen = [case for case in cases if case.number % 3 == 0]
        for case in chosen:
            desk = fund.within("casework")[0]
            own = desk.cases.cases[case.id]
            casework.write_message(desk, own, question(casework.story(desk, own).language, case.number))
        fund.sync()
        by_drop = dict(zip(self._drops(), self.told, strict=False))
        for case in chosen:
            person = by_drop[case.id]
            text = answer(person.told.language, case.number)
            Visitor(fund.address).write(person.code, person.language, text)
        fund.sync()

    def _refuse_one(self, week: int) -> None:
        if week != 7:
            return
        desk = self.fund.within("casework")[0]
        undecided = [case for case in desk.cases.cases.values() if case.state in ("new", "taken")]
        if undecided:
            casework.refuse(desk, undecided[-1], "Told the same loss to another fund, which paid it in full.")
            self.fund.sync()

    def _leave_work(self) -> None:
        """The last week: read some, screen half, propose without approving, ask, and propose a batch."""
        fund = self.fund
        fund.sync()
        officers.settle(fund, self._statement())
        batch_desk = fund.within("treasury")[0]
        items = treasury.payable(batch_desk)
        if items:
            treasury.propose_batch(batch_desk, items, fund.calendar())
        fund.sync()
        fresh = [case for case in officers.waiting_cases(fund) if case.state == "new"]
        officers.read_quickly(fund, fresh[:4], self._reason)
        officers.screen(fund, fresh[:2])
        officers.grant(fund, officers.waiting_cases(fund), self._programme, approve=False)
        asker = fund.within("casework")[0]
        asked = [case.id for case in fresh[2:4]]
        openings.ask(asker, f"Screen {len(asked)} names against our lists.", asked)
        fund.sync()


_IBAN = "EE382200221020145685"
