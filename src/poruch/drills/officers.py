"""What officers of a drill do on a working day, each on his own desk, through the same program as the screens."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from poruch.cases.decide import missing_checks
from poruch.cases.state import Case
from poruch.desk import banking, casework, openings, publishing, screening, treasury
from poruch.desk.banking import Imported
from poruch.desk.program import Desk
from poruch.drills.fund import DrillFund
from poruch.events.drops import Person, Story
from poruch.events.kinds import Instalment
from poruch.ledger.state import Batch, Publication

Reason = Callable[[Story, Case], str]


def waiting_cases(fund: DrillFund) -> list[Case]:
    """Cases that nobody has decided, oldest first."""
    desk = fund.within("casework")[0]
    return sorted(
        (case for case in desk.cases.cases.values() if case.state in ("new", "taken")), key=lambda case: case.number
    )


def read(fund: DrillFund, cases: Iterable[Case], reason: Reason) -> None:
    """One officer takes each case, another reads it too and says why he believes it."""
    for case in list(cases):
        taker, reader, *_ = fund.within("casework")
        casework.take(taker, taker.cases.cases[case.id])
        told = casework.story(reader, reader.cases.cases[case.id])
        fund.sync()
        own = reader.cases.cases[case.id]
        casework.record_reading(reader, own, "believable", reason(told, own), no_interest=True)
    fund.sync()


def read_quickly(fund: DrillFund, cases: Iterable[Case], reason: Reason) -> None:
    """The same for many cases, with one sync between the two readers."""
    pairs = []
    for case in list(cases):
        taker, reader, *_ = fund.within("casework")
        casework.take(taker, taker.cases.cases[case.id])
        pairs.append((reader, case.id))
    fund.sync()
    for reader, drop in pairs:
        own = reader.cases.cases[drop]
        told = casework.story(reader, own)
        casework.record_reading(reader, own, "believable", reason(told, own), no_interest=True)
    fund.sync()


def screen(fund: DrillFund, cases: Iterable[Case]) -> int:
    """One opening for the names of all `cases`, screened on the requester's desk; returns how many had a match."""
    drops = [case.id for case in cases]
    if not drops:
        return 0
    asker, *others = fund.within("casework")
    labels = ", ".join(asker.cases.cases[drop].label for drop in drops[:20])
    openings.ask(asker, f"Screen {len(drops)} names against our lists: cases {labels}.", drops)
    fund.sync()
    opening_id = list(asker.openings.openings)[-1]
    _agree(fund, [desk for desk in others if desk is not asker], opening_id)
    opening = asker.openings.openings[opening_id]
    people, _ = openings.open_all(asker, opening)
    digest = screening.current_list(asker)[1]
    matched = 0
    for drop, person in zip(drops, people, strict=True):
        assert isinstance(person, Person)
        if not person.name:
            continue  # nobody is cleared without a name: the case waits until the person gives one
        found = screening.screen_name(asker, person.name)
        matched += bool(found)
        outcome = "match" if found else "no-match"
        casework.record_screening(asker, asker.cases.cases[drop], outcome, digest, no_interest=True)
    asker.act(openings.finish(asker, opening))
    fund.sync()
    return matched


def _agree(fund: DrillFund, desks: list[Desk], opening_id: bytes) -> None:
    for desk in desks[: fund.charter.k - 1]:
        openings.agree(desk, desk.openings.openings[opening_id])
    fund.sync()


def grant(fund: DrillFund, cases: Iterable[Case], programme: Callable[[Case], str], *, approve: bool = True) -> int:
    """Propose the example grant of a programme for each case whose checks hold; colleagues approve it."""
    examples = {one.key: one for one in fund.charter.programmes}
    proposed: list[tuple[str, Desk]] = []
    for case in list(cases):
        proposer = fund.within("casework")[0]
        own = proposer.cases.cases[case.id]
        if missing_checks(own) or own.live_grant or own.refused is not None:
            continue
        chosen = examples[programme(own)]
        due = [proposer.today() + timedelta(days=30 * month) for month in range(len(chosen.example_minor))]
        instalments = [Instalment(minor, day) for minor, day in zip(chosen.example_minor, due, strict=True)]
        casework.propose_grant(proposer, own, chosen.key, instalments)
        proposed.append((case.id, proposer))
    fund.sync()
    if approve:
        for drop, proposer in proposed:
            _approve(fund, drop, proposer)
        fund.sync()
    return len(proposed)


def _approve(fund: DrillFund, drop: str, proposer: Desk) -> None:
    colleagues = [desk for desk in fund.within("casework") if desk is not proposer]
    needed = proposer.cases.cases[drop].live_grant
    assert needed is not None
    for last, desk in enumerate(colleagues[: needed.programme.approvals]):
        if last:
            desk.sync()
        case = desk.cases.cases[drop]
        assert case.live_grant is not None
        casework.approve_grant(desk, case, case.live_grant)
        desk.push()


def pay(fund: DrillFund, *, execution: date | None = None, approve: bool = True) -> tuple[Batch, bytes] | None:
    """A batch of everything that is due: proposed, approved by k, exported, given to the bank. None if nothing is."""
    treasurer = fund.within("treasury")[0]
    items = treasury.payable(treasurer)
    if not items and not treasury.returnable(treasurer):
        return None
    batch = treasury.propose_batch(treasurer, items, execution or treasurer.today())
    fund.sync()
    name = batch.proposal.batch
    if not approve:
        return batch, b""
    for desk in [desk for desk in fund.desks.values() if desk is not treasurer][: fund.charter.k - 1]:
        treasury.approve_batch(desk, desk.ledger.batches[name])
    fund.sync()
    exported = treasury.export(treasurer, treasurer.ledger.batches[name])
    fund.sync()
    if exported.file:
        fund.bank.accept_pain001(exported.file, fund.calendar())
    return treasurer.ledger.batches[name], exported.file


def settle(fund: DrillFund, statement: bytes) -> Imported:
    """A treasurer imports a statement."""
    treasurer = fund.within("treasury")[0]
    report = banking.import_statement(treasurer, statement)
    fund.sync()
    return report


def publish(fund: DrillFund, until: date, *, signatures: int | None = None) -> Publication:
    """An epoch of everything until that day: prepared, signed by k officers, sent, slips left."""
    treasurer = fund.within("treasury")[0]
    publication = publishing.propose_epoch(treasurer, until)
    fund.sync()
    signers = [treasurer, *(desk for desk in fund.desks.values() if desk is not treasurer)]
    for desk in signers[: fund.charter.k if signatures is None else signatures]:
        publishing.sign(desk, desk.ledger.publications[publication.id])
    fund.sync()
    publication = treasurer.ledger.publications[publication.id]
    if signatures is None:
        publishing.send(treasurer, publication)
        publishing.leave_slips(treasurer, publication)
        fund.sync()
    return publication
