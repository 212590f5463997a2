"""`poruch demo --once`: the whole way without hands, from founding to a checked log, through the real parts."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.desk import screening
from poruch.desk.banking import Imported
from poruch.drills import officers
from poruch.drills.bank import Bank
from poruch.drills.fund import DrillFund, found, read_plan
from poruch.drills.submissions import Submission, read_submissions
from poruch.drills.visitor import UnexpectedPage, Visitor
from poruch.errors import BadSubmission
from poruch.rails.camt053 import read_statements
from poruch.tlog.check import check_log

GIVERS = 6
Say = Callable[[str], None]


@dataclass
class Person:
    """An applicant of the drill, with the code he wrote down."""

    told: Submission
    language: str
    code: int


@dataclass
class Report:
    """What the run did; becomes `report.json`."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    statement: dict[str, int] = field(default_factory=dict)
    check: str = "not done"

    @contextmanager
    def stage(self, name: str, say: Say) -> Iterator[None]:
        """Time a stage."""
        say(name)
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 2)

    def encode(self) -> str:
        """The JSON text."""
        table = {**self.counts, "waiting": self.waiting, "refused": self.refused, "check": self.check}
        return json.dumps({**table, "statement": self.statement, "seconds": self.seconds}, indent=2) + "\n"


def run_once(
    out: Path, submissions: Path, plan: Path, lists: Path, statement: Path | None, say: Say = lambda _: None
) -> int:
    """Run the way and leave its traces in `out`; 0 only if the check of the log holds. Raises `BadSubmission`."""
    if out.exists() and any(out.iterdir()):
        raise BadSubmission(f"{out} is not empty")
    told = read_submissions(submissions)
    if not told:
        raise BadSubmission(f"{submissions} holds no .toml file")
    given = statement.read_bytes() if statement else None
    account, opening_minor = _account_of(given)
    planned = read_plan(plan, account)
    out.mkdir(parents=True, exist_ok=True)
    report = Report()
    today = datetime.now(UTC).date()
    began = time.perf_counter()
    bank = Bank(planned.plan.account_iban, planned.plan.account_holder, "EUR", opening_minor, os.urandom)
    entering = found(out, planned, today, bank)
    with report.stage("founding", say):
        fund = entering.__enter__()
    try:
        _work(fund, out, told, given, lists, report, say)
    finally:
        entering.__exit__(*sys.exc_info())
    report.seconds["all"] = round(time.perf_counter() - began, 2)
    (out / "report.json").write_text(report.encode(), encoding="utf-8")
    return 0 if report.check == "holds" else 1


def _account_of(statement: bytes | None) -> tuple[str, int]:
    """The fund's account is that of the statement, if it has an IBAN, and starts where the statement ends."""
    if statement is None:
        return "", 0
    last = read_statements(statement)[-1]
    return last.account if last.account_is_iban else "", max(last.closing_minor or 0, 0)


def _work(
    fund: DrillFund, out: Path, told: list[Submission], given: bytes | None, lists: Path, report: Report, say: Say
) -> None:
    for desk in fund.desks.values():
        screening.keep_list(desk, lists.read_bytes())
    with report.stage("submissions", say):
        people = _apply(fund, told, report)
    with report.stage("cases", say):
        fund.sync()
        cases = officers.waiting_cases(fund)
        officers.read_quickly(fund, cases, lambda story, case: "Read twice; the days and places agree.")
        report.counts["screening_matches"] = officers.screen(fund, officers.waiting_cases(fund))
    with report.stage("grants", say):
        first = fund.charter.programmes[0].key
        report.counts["grants"] = officers.grant(fund, officers.waiting_cases(fund), lambda case: first)
        _say_where_to_pay(fund, people, report)
        fund.sync()
    with report.stage("gifts", say):
        givers = _give(fund, report, given)
    with report.stage("payments", say):
        paid = officers.pay(fund)
        if paid is not None:
            (out / "payments.pain001.xml").write_bytes(paid[1])
    with report.stage("settlement", say):
        fund.bank.charge(290, "Account fee", fund.calendar())
        settled = officers.settle(fund, fund.bank.statement(fund.calendar(), fund.calendar()))
        report.counts["payments"] = settled.counts.get("InstalmentSettled", 0)
    with report.stage("epoch", say):
        publication = officers.publish(fund, fund.calendar())
        report.counts["leaves"] = publication.proposal.old_size + len(publication.proposal.leaves)
        report.waiting = list(publication.prepared.waiting) if publication.prepared else []
    report.counts["submissions"], report.counts["cases"] = len(told), len(next(iter(fund.desks.values())).cases.cases)
    with report.stage("check", say):
        _leave_files(fund, out, people, givers)
        checked = check_log(lambda path: (out / "log" / path).read_bytes(), os.urandom)
        report.check = "holds" if checked.holds else str(checked.error)


def _apply(fund: DrillFund, told: list[Submission], report: Report) -> list[Person]:
    people = []
    for one in told:
        language = one.language if one.language in ("be", "en") else "en"
        try:
            people.append(Person(one, language, Visitor(fund.address).apply(one, language)))
        except UnexpectedPage as error:
            report.refused.append(f"a submission of {one.who}: {error}")
    return people


def _say_where_to_pay(fund: DrillFund, people: list[Person], report: Report) -> None:
    """Whoever reads of a grant in his mailbox says where to pay."""
    for person in people:
        told = person.told
        try:
            Visitor(fund.address).give_payee(
                person.code, person.language, told.payee_name, told.payee_iban, told.payee_bic
            )
        except UnexpectedPage as error:
            report.refused.append(f"bank details: {error}")


def _give(fund: DrillFund, report: Report, given: bytes | None) -> list[int]:
    """Givers with codes, enough for what was granted; then the statements: the one that was given, and the bank's."""
    day = fund.calendar()
    if given is not None:
        imported = officers.settle(fund, given)
        report.statement = _counted(imported)
    desk = next(iter(fund.desks.values()))
    granted = sum(case.live_grant.amounts_minor[0] for case in desk.cases.cases.values() if case.live_grant)
    share = max(5_000, granted // GIVERS + 1_000)
    made = []
    for giver in range(GIVERS):
        reference, code = Visitor(fund.address).give(("be", "en")[giver % 2])
        made.append(code)
        fund.bank.receive(share + 100 * giver, reference, f"Giver {giver + 1}", "EE382200221020145685", day)
    fund.sync()
    report.counts["gifts"] = GIVERS + report.statement.get("gifts", 0)
    officers.settle(fund, fund.bank.statement(day, day))
    return made


def _counted(imported: Imported) -> dict[str, int]:
    names = {
        "DonationReceived": "gifts",
        "CreditUnmatched": "unmatched",
        "CreditQuarantined": "quarantined",
        "CostCharged": "costs",
        "DebitUnmatched": "debits_unmatched",
    }
    return {said: imported.counts.get(kind, 0) for kind, said in names.items()}


def _leave_files(fund: DrillFund, out: Path, people: list[Person], givers: list[int]) -> None:
    """The public log with the slips of the codes, and one receipt code a file."""
    shutil.copytree(out / "front" / "log", out / "log", dirs_exist_ok=True)
    visitor = Visitor(fund.address)
    (out / "log" / "code-salt").write_bytes(visitor.fetch("/log/code-salt"))
    (out / "log" / "slips").mkdir(exist_ok=True)
    (out / "receipts").mkdir(exist_ok=True)
    everybody = [("person", person.code) for person in people] + [("giver", code) for code in givers]
    for number, (kind, code) in enumerate(everybody, 1):
        keys = CodeKeys.from_code(code, fund.charter.code_salt)
        name = keys.lookup_id.hex()
        (out / "log" / "slips" / name).write_bytes(visitor.fetch(f"/log/slips/{name}"))
        (out / "receipts" / f"{number:03}-{kind}.txt").write_text(" ".join(codes.words(code)) + "\n")


def last_quarter(today: date) -> date:
    """The day on which a history of a quarter begins."""
    return date.fromordinal(today.toordinal() - 91)
