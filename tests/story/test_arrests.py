"""Two of five officers are arrested with open desks; three go on, take in two newcomers and deal the key anew."""

import os
from pathlib import Path

import pytest

from attacks.rogue import early, same_everywhere, sign, strike
from poruch.crypto.quorum_group import Group
from poruch.desk import casework, council, founding, openings, screening, treasury
from poruch.desk.ceremony import erase_old, is_due, together, tried
from poruch.desk.council import Change
from poruch.desk.program import Desk, Mailing, head_of
from poruch.drills.cell import raid
from poruch.errors import FundFrozenNow, MissingCheck, Refused, RightUsed, TooFew
from poruch.events.council import FundFrozen, OfficerSuspended, RosterProposed, Voted
from poruch.events.drops import Person
from poruch.events.kinds import PartialGiven
from poruch.journal.council import Council
from poruch.ledger.postings import trial_balance
from story.test_opening_story import newest
from story.test_way import IBANS, LIST, grant
from story.village import PASSPHRASE, Applicant, Relay, Village

ARRESTED, FREE, NEW = (2, 4), (1, 3, 5), (6, 7)
NAMES = ("Alena Persona", "Bronia Persona", "Cyryl Persona")


@pytest.fixture
def people(village: Village) -> list[Applicant]:
    """One was paid, one waits for the payment, one was never opened."""
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    asked = [village.apply(name, "I refused and was dismissed.") for name in NAMES]
    village.sync(2)
    for person, iban in zip(asked[:2], IBANS, strict=False):
        grant(village, person)
        village.give_payee(person, iban)
        village.sync(2)
        if person is asked[0]:
            assert pay(village, 5, 3, 1) == 1
    return asked


def pay(village: Village, treasurer: int, *approvers: int) -> int:
    """How many payments are in the bank's file."""
    desk = village.desks[treasurer]
    batch = treasury.propose_batch(desk, treasury.payable(desk), village.clock()).proposal.batch
    rounds(village, treasurer, *approvers)
    for number in approvers:
        treasury.approve_batch(village.desks[number], village.desks[number].ledger.batches[batch])
    rounds(village, *approvers, treasurer)
    file = treasury.export(desk, desk.ledger.batches[batch]).file
    rounds(village, treasurer, *approvers)
    return file.count(b"<EndToEndId>")


def rounds(village: Village, *numbers: int, times: int = 2) -> None:
    """These desks sync, and do their duties."""
    Village(village.clock, village.front, {n: village.desks[n] for n in numbers}, village.charter).sync(times)


def state(village: Village) -> Council:
    return village.front.public.council


def everything_at_once(village: Village, people: list[Applicant]) -> None:
    """Whatever two officers can say: with their desks, and with a program of their own."""
    two, four = village.desks[2], village.desks[4]
    last = people[2].drop
    openings.ask(four, "Because we say so.", [last])
    rounds(village, *ARRESTED)
    openings.agree(two, newest(two))
    rounds(village, *ARRESTED)
    with pytest.raises(TooFew):
        openings.open_all(four, newest(four))
    batch = treasury.propose_batch(four, treasury.payable(four), village.clock()).proposal.batch
    rounds(village, *ARRESTED)
    treasury.approve_batch(two, two.ledger.batches[batch])
    rounds(village, *ARRESTED)
    with pytest.raises(TooFew):
        treasury.export(four, four.ledger.batches[batch])
    change = council.remove(two, 5)
    council.propose(two, change, "Out with him.")
    rounds(village, *ARRESTED)
    council.approve(four, council.open_proposals(four)[0])
    council.freeze(two, "Stop.")
    council.suspend(two, 1, "Stop.")
    rounds(village, *ARRESTED)
    council.freeze(four, "Stop.")
    council.suspend(four, 3, "Stop.")
    for desk, victim in ((two, 5), (four, 5)):
        with pytest.raises(RightUsed):
            council.suspend(desk, victim, "Stop.")
        with pytest.raises(RightUsed):
            council.freeze(desk, "Stop.")
    with pytest.raises(FundFrozenNow):
        council.propose(four, change, "Again.")
    two.push()
    four.push()


def past_the_program(village: Village) -> None:
    """What no desk would write: measures beyond one's right, dated back; false answers; two segments at one place."""
    nonce = os.urandom(16)
    two, four = village.desks[2], village.desks[4]
    opening = newest(two)
    false = Mailing.of(b"no partial at all")
    strike(village, 2, FundFrozen(nonce), clock=early(village, 2))
    strike(village, 2, OfficerSuspended(head_of(two, 5), False, nonce), clock=early(village, 2))
    strike(village, 2, RosterProposed(0, (), (5,), (1, 2, 3, 4), 3, b"", (), (head_of(two, 5),), nonce))
    strike(village, 4, PartialGiven(opening.id, tuple(one.hash for one in opening.requests), false.sha256))
    twin = sign(village, 4, [OfficerSuspended(head_of(four, 5), False, nonce)])
    strike(village, 4, Voted(os.urandom(32), "confirm", False))
    village.front.push([twin])
    assert state(village).liars == {4}


def undo_all(village: Village) -> None:
    for number in FREE:
        desk = village.desks[number]
        found = desk.public.council
        for measure in [m for m in [*found.freezes.values(), *found.suspensions.values()] if m.over is None]:
            if measure.said.author in ARRESTED:
                council.undo(desk, measure.said.id, rest=True)
    rounds(village, *FREE)


def new_desk(village: Village, number: int) -> Desk:
    """A newcomer's desk, with keys of its own."""
    folder = village.desks[1].folder.parent / str(number)
    key = founding.make_key(folder, number, f"Officer {number}", PASSPHRASE.format(number), memory_kib=8192)
    founding.write_fund_id(folder, village.charter)
    return Desk(folder, key, village.desks[1].fund, Relay(village.front), village.clock)  # type: ignore[arg-type]


def renew(village: Village) -> None:
    """Three remove two and admit two; the second newcomer may read what was before him."""
    for number in NEW:
        village.desks[number] = new_desk(village, number)
    keys = [village.desks[number].key for number in NEW]
    admitted = tuple(
        council.new_officer(key.number, key.signing.public, key.log.public, key.identity.recipient.text) for key in keys
    )
    circles = {"officers": (1, 3, 5, 6, 7), "casework": (1, 3, 6, 7), "treasury": (3, 5, 7), "auditors": (1, 5)}
    change = Change((1, 3, 5, 6, 7), 3, admitted, ARRESTED, circles, history=(7,))
    council.propose(village.desks[1], change, "Two were arrested.")
    rounds(village, *FREE)
    for number in (3, 5):
        desk = village.desks[number]
        [proposal] = [one for one in council.open_proposals(desk) if one.said.author == 1]
        council.approve(desk, proposal)
    rounds(village, *FREE, *NEW, times=8)


def test_two_of_five_are_arrested_and_the_fund_goes_on(
    village: Village, people: list[Applicant], tmp_path: Path
) -> None:
    old = village.desks[1].public.ceremonies.group
    assert old is not None
    two_desks_give_nothing_and_three_all(village, tmp_path)
    three_undo_what_two_do(village, people)
    the_key_is_dealt_anew(village, old)
    an_old_submission_opens_with_new_shares_only(village, people, tmp_path)
    payments_go_on(village)
    newcomers_read_from_their_day_on(village, people)
    those_removed_say_and_read_nothing(village)
    books_and_cases_are_whole(village)


def two_desks_give_nothing_and_three_all(village: Village, tmp_path: Path) -> None:
    desks = village.desks
    loot = raid(tmp_path / "cell", [desks[2], desks[4]], due=1)
    assert (loot.stories, loot.names, loot.payees, loot.payments) == (3, 0, 0, 0)
    assert (loot.cases, loot.accounts) == (3, 2)
    assert raid(tmp_path / "cell", [desks[2], desks[4], desks[5]], due=1).is_everything


def three_undo_what_two_do(village: Village, people: list[Applicant]) -> None:
    desks = village.desks
    everything_at_once(village, people)
    past_the_program(village)
    rounds(village, *FREE)
    assert state(village).frozen
    assert {1, 3} <= set(state(village).suspended)
    assert state(village).roster == {1, 2, 3, 4, 5}
    with pytest.raises(FundFrozenNow):
        treasury.propose_batch(desks[5], treasury.payable(desks[5]), village.clock())
    undo_all(village)
    if 2 not in state(village).suspended:
        council.suspend(desks[1], 2, "Arrested with an open desk.")
    rounds(village, *FREE)
    for desk in desks.values():
        desk.sync()
        assert set(desk.public.council.suspended) == {2, 4}
        assert not desk.public.council.frozen
        assert desk.public.council.history == []
    for number in ARRESTED:
        assert not desks[number].speaks


def the_key_is_dealt_anew(village: Village, old: Group) -> None:
    desks = village.desks
    renew(village)
    for desk in (desks[number] for number in (*FREE, *NEW)):
        made = desk.public.ceremonies.group
        assert made is not None
        assert (made.officers, made.k, made.epoch, made.Y) == ((1, 3, 5, 6, 7), 3, 1, old.Y)
        assert not is_due(desk)
        assert tried(desk)
        assert desk.public.council.roster == {1, 3, 5, 6, 7}
    counted = [len(alive) for _, alive, _ in together(desks[1])]
    for number in FREE:
        erase_old(desks[number])
        rounds(village, *FREE)
        counted += [len(alive) for _, alive, _ in together(desks[1])]
    assert counted == [5, 4, 3]  # and after the third nothing: two old shares are below the old three
    assert desks[1].public.ceremonies.alive(old) == ARRESTED


def an_old_submission_opens_with_new_shares_only(village: Village, people: list[Applicant], tmp_path: Path) -> None:
    desks = village.desks
    one, six, seven = desks[1], desks[6], desks[7]
    openings.ask(one, "Screen the third case.", [people[2].drop])
    rounds(village, *FREE, *NEW)
    with pytest.raises(MissingCheck):
        openings.agree(six, newest(six))
    openings.agree(seven, newest(seven))
    rounds(village, 1, 7)
    with pytest.raises(TooFew):
        openings.open_all(one, newest(one))
    openings.agree(desks[5], newest(desks[5]))
    rounds(village, 5, 1)
    assert openings.open_all(one, newest(one)) == ([Person(NAMES[2], "")], [])
    for number in ARRESTED:
        desks[number].sync()
    for more in ([], [six]):  # two old shares, and with them a new one: at a threshold of three
        stolen = raid(tmp_path / "cell", [desks[2], desks[4], *more], due=1)
        assert (stolen.names, stolen.payees, stolen.payments) == (0, 0, 0)
        assert stolen.accounts == 2


def payments_go_on(village: Village) -> None:
    """What the enemy's batch holds, k objections free."""
    desks = village.desks
    assert treasury.payable(desks[5]) == []
    for number in (1, 5, 7):
        assert treasury.payable(desks[5]) == []
        desk = desks[number]
        [theirs] = [one for one in desk.openings.openings.values() if one.batch and one.requester == 4]
        openings.object_to(desk, theirs, "Nobody free asked for this.")
        rounds(village, *FREE, 7)
    assert len(treasury.payable(desks[5])) == 1
    assert pay(village, 5, 7, 1) == 1


def newcomers_read_from_their_day_on(village: Village, people: list[Applicant]) -> None:
    six, seven = village.desks[6], village.desks[7]
    later = village.apply("Daryja Persona", "I refused, too.")
    rounds(village, *FREE, *NEW)
    first_drops = {person.drop for person in people}
    assert set(six.cases.cases) == {later.drop}
    assert not first_drops & set(six.contents)
    assert set(seven.cases.cases) == first_drops | {later.drop}
    assert casework.story(six, six.cases.cases[later.drop]).happened == "I refused, too."
    assert casework.story(seven, seven.cases.cases[people[0].drop]).happened == "I refused and was dismissed."


def those_removed_say_and_read_nothing(village: Village) -> None:
    known = set(village.desks[6].cases.cases)
    assert len(known) == 1
    for number in ARRESTED:
        desk = village.desks[number]
        desk.sync()
        assert not known & set(desk.cases.cases)
        with pytest.raises(Refused):
            desk.act([FundFrozen(os.urandom(16))])
    strike(village, 2, FundFrozen(os.urandom(16)))
    assert not any(village.desks[number].public.council.frozen for number in (*FREE, *NEW))


def books_and_cases_are_whole(village: Village) -> None:
    whole = [village.desks[number] for number in (*FREE, 7)]
    assert same_everywhere(village, whole)
    assert [len(desk.cases.cases) for desk in whole] == [4, 4, 4, 4]
    balances = [trial_balance(desk.ledger.posted) for desk in whole]
    assert all(balance == balances[0] for balance in balances)
    paid = [len([b for b in desk.ledger.batches.values() if b.exported is not None]) for desk in whole]
    assert paid == [2, 2, 2, 2]
