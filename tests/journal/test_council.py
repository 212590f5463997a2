"""Who is an officer, who decides, what stands still: a table that a reader can audit line by line."""

import os
from datetime import date
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from journal.assembly import Assembly, newcomer
from poruch.errors import (
    AlreadyDone,
    BadEvent,
    BadKey,
    BadOfficers,
    NotAllowed,
    PoruchError,
    RightResting,
    RightUsed,
    StaleRoster,
    Suspended,
    TooManyProposals,
)
from poruch.events.council import FundFrozen, LifeConfirmed, Pin, RosterApproved, Voted
from poruch.journal.council import MOST_OPEN, REST_DAYS, quorum_without

# `by`: the first proposes. `after`: k, the quorum and, where they are more, all officers; or that it waits for more
# approvals; or how the last word is refused.
TABLE = """
what                             | n k | before      | change                             | by      | after
k approve, he is gone            | 5 3 |             | remove 5                           | 1-3     | k 3, 1-4
k-1 approve                      | 5 3 |             | remove 5                           | 1 2     | waits
one approves three times         | 5 3 |             | remove 5                           | 1 1 1 1 | waits
he approves his own removal      | 5 3 |             | remove 5                           | 5 1 2   | k 3, 1-4
three founders, two decide       | 3 2 |             | admit 4, k 3                       | 1 2     | k 3, 1-4
nine founders, five decide       | 9 5 |             | remove 9                           | 1-5     | k 5, 1-8
nine founders, four are too few  | 9 5 |             | remove 9                           | 1-4     | waits
nine founders, eight decide      | 9 8 |             | remove 9, k 5                      | 1-7     | waits
not of the quorum                | 5 3 | out 5       | remove 4, k 2                      | 1 5     | NotOfQuorum
nor proposes                     | 5 3 | out 5       | remove 4, quorum 1-3               | 5       | NotOfQuorum
a stranger                       | 5 3 |             | remove 5                           | 1 6     | NotOfQuorum
a suspended one                  | 5 3 | suspend 5 4 | k 3, quorum 1 2 3 5                | 1 4     | Suspended
nor does he propose              | 5 3 | suspend 5 4 | k 3, quorum 1 2 3 5                | 4       | Suspended
a removed one                    | 5 3 | remove 5    | remove 4, k 2                      | 1 5     | NotOfQuorum
a newcomer of the quorum         | 5 3 | admit 6 4   | remove 5, k 3                      | 6 1 2 3 | k 3, 1 2 3 4 6
frozen: nobody proposes          | 5 3 | freeze 5    | remove 5                           | 1       | FundFrozenNow
thawed: again                    | 5 3 | thaw 5      | remove 5                           | 1-3     | k 3, 1-4
k must be above half             | 5 3 |             | k 2                                | 1       | BadOfficers
k must be below n                | 5 3 |             | k 5                                | 1       | BadOfficers
k below half after a removal     | 5 3 |             | remove 5, k 2                      | 1       | BadOfficers
a negative k                     | 5 3 |             | k -3                               | 1       | BadOfficers
of three none can go             | 3 2 |             | remove 3                           | 1       | BadOfficers
but be replaced at once          | 3 2 |             | remove 3, admit 4                  | 1 2     | k 2, 1 2 4
a tenth holds no share           | 9 5 |             | admit 10                           | 1       | BadOfficers
but may work without one         | 9 5 |             | admit 10, quorum 1-9               | 1-5     | k 5, 1-9, all 1-10
k changes alone                  | 5 3 |             | k 4                                | 1-3     | k 4, 1-5
the old k decides on the new     | 5 4 |             | k 3                                | 1-3     | waits
just enough are left unsuspended | 5 3 | suspend 4 5 | k 4, quorum 1-5                    | 1-3     | k 4, 1-5
and now truly too few            | 5 3 | two away    | k 4                                | 1       | BadOfficers
leaving out who is suspended     | 5 3 | two away    | quorum 1-3, k 2                    | 1-3     | k 2, 1-3, all 1-5
removing who is suspended        | 5 3 | suspend 4 5 | remove 5                           | 1-3     | k 3, 1-4
a quorum out of order            | 5 3 |             | quorum 2 1 3 4 5                   | 1       | BadEvent
a quorum that repeats            | 5 3 |             | quorum 1 2 3 4 4                   | 1       | BadEvent
a quorum of a stranger           | 5 3 |             | quorum 1 2 3 4 6                   | 1       | BadEvent
a quorum with who is removed     | 5 3 |             | remove 5, quorum 1-5               | 1       | BadEvent
admitted with a share            | 5 3 |             | admit 6, k 4                       | 1-3     | k 4, 1-6
a number of today                | 5 3 |             | admit 5, quorum 1-5                | 1       | BadEvent
a number that was removed        | 5 3 | remove 5    | admit 5, k 3                       | 1       | BadEvent
one number twice                 | 5 3 |             | admit 6 6, quorum 1-6, k 4         | 1       | BadEvent
number 0                         | 5 3 |             | admit 0, quorum 1-5                | 1       | BadEvent
number 65536                     | 5 3 |             | admit 65536, quorum 1-5            | 1       | BadEvent
without circles                  | 5 3 |             | admit 6, k 4, circles 0            | 1       | BadEvent
circles of another length        | 5 3 |             | circles 31                         | 1       | BadEvent
history for a stranger           | 5 3 |             | history 6                          | 1       | BadEvent
history for who is removed       | 5 3 |             | remove 5, history 5                | 1       | BadEvent
removed and not there            | 5 3 |             | remove 6                           | 1       | BadEvent
removed twice in one change      | 5 3 |             | remove 5 5                         | 1       | BadEvent
removed a second time            | 5 3 | remove 5    | remove 5, quorum 1-4               | 1       | BadEvent
a pin of another                 | 5 3 |             | remove 5, pins 4:3                 | 1       | BadEvent
no pin                           | 5 3 |             | remove 5, pins                     | 1       | BadEvent
a pin too many                   | 5 3 |             | pins 5:3                           | 1       | BadEvent
a pin before the first place     | 5 3 |             | remove 5, pins 5:-2                | 1       | BadEvent
a pin for nothing said           | 5 3 |             | remove 5, pins 5:-1                | 1-3     | k 3, 1-4
of the epoch before              | 5 3 | remove 5    | remove 4, quorum 1-3, k 2, epoch 0 | 1       | StaleRoster
of an epoch to come              | 5 3 |             | remove 5, epoch 1                  | 1       | StaleRoster
approved after it was taken      | 5 3 |             | remove 5                           | 1-4     | StaleRoster
"""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    fund: list[int]
    before: str
    change: dict[str, Any]
    by: list[int]
    after: str


def numbers(text: str) -> list[int]:
    """`1 2 5`, or `1-4` for all between."""
    if "-" in text[1:]:
        first, last = text.split("-")
        return list(range(int(first), int(last) + 1))
    return [int(number) for number in text.split()]


def p(number: int, seq: int = 3) -> Pin:
    """A pin."""
    return Pin(number, 0, seq, bytes(32))


def parse_change(text: str) -> dict[str, Any]:
    """What `Assembly.proposal` takes."""
    change: dict[str, Any] = {}
    for part in filter(None, text.split(", ")):
        word, _, rest = part.partition(" ")
        if word in ("k", "epoch"):
            change[word] = int(rest)
        elif word == "pins":
            change[word] = tuple(p(*map(int, pin.split(":"))) for pin in rest.split())
        elif word == "circles":
            change[word] = b"c" * int(rest)
        else:
            change[word] = tuple(numbers(rest))
    return change


def parse_row(line: str) -> Row:
    """A line of the table."""
    what, fund, before, change, by, after = (cell.strip() for cell in line.split("|"))
    return Row(what, numbers(fund), before, parse_change(change), numbers(by), after)


def parse_after(text: str) -> tuple[int, tuple[int, ...], set[int]]:
    """k, quorum and roster."""
    k, quorum, *rest = text.split(", ")
    holders = tuple(numbers(quorum))
    return int(k.removeprefix("k ")), holders, set(numbers(rest[0].removeprefix("all ")) if rest else holders)


ROWS = [parse_row(line) for line in TABLE.strip().splitlines()[1:]]


def prepare(assembly: Assembly, before: str) -> None:
    """What the table calls by a word."""
    word, *rest = before.split() or [""]
    match word, [int(number) for number in rest if number.isdigit()]:
        case "remove", [number]:
            assembly.change(1, 2, 3, remove=(number,))
        case "out", [number]:
            assembly.change(1, 2, 3, quorum=tuple(n for n in assembly.council.quorum if n != number))
        case "admit", [number, k]:
            assembly.change(1, 2, 3, admit=(number,), k=k)
        case "freeze", [number]:
            assembly.freeze(number)
        case "thaw", [number]:
            assembly.vote(assembly.freeze(number), "undo", 1, 2, 3)
        case "suspend", [author, number]:
            assembly.suspend(author, number)
        case "two", []:
            assembly.suspend(1, 4)
            assembly.suspend(2, 5)


@pytest.mark.parametrize("row", ROWS, ids=[row.what for row in ROWS])
def test_changes_of_the_roster(row: Row) -> None:
    assembly = Assembly(*row.fund)
    prepare(assembly, row.before)
    council = assembly.council
    before = (council.k, council.quorum, set(council.roster), council.epoch)
    *first, last = row.by
    proposal = assembly.change(*first, **row.change) if first else b""
    name = assembly.tries(last, RosterApproved(proposal, pins_of(row)) if first else assembly.proposal(**row.change))
    after = (council.k, council.quorum, council.roster)
    if row.after.startswith("k "):
        assert name == ""
        assert after == parse_after(row.after)
        assert council.epoch == before[3] + 1
    else:
        assert name == ("" if row.after == "waits" else row.after)
        if row.what != "approved after it was taken":
            assert (*after, council.epoch) == before


def pins_of(row: Row) -> tuple[Pin, ...]:
    """The pins of who approves."""
    return row.change.get("pins", tuple(p(number) for number in row.change.get("remove", ())))


@pytest.mark.parametrize("n", range(3, 10))
def test_exactly_k_of_any_fund_decide(n: int) -> None:
    for k in range(n // 2 + 1, n):
        assembly = Assembly(n, k)
        proposal = assembly.change(*range(1, k), admit=(20,), quorum=tuple(range(1, n + 1)))
        assert 20 not in assembly.council.roster
        assembly.approve(proposal, n)
        assert 20 in assembly.council.roster


@pytest.mark.parametrize("spoil", ["signing", "log", "recipient"])
def test_keys_of_a_newcomer_are_keys(spoil: str) -> None:
    assembly = Assembly(5, 3)
    fields = {"number": 6, "signing": bytes(32), "log": bytes(32), "recipient": newcomer(6).recipient}
    fields[spoil] = "age1pq1x" if spoil == "recipient" else bytes(31)
    event = assembly.proposal(k=4, admit=(6,))
    spoiled = type(event)(**{f: getattr(event, f) for f in event.__struct_fields__ if f != "admitted"},
                          admitted=(type(event.admitted[0])(**fields),))  # fmt: skip
    with pytest.raises((BadEvent, BadKey)):
        assembly.say(1, spoiled)
    assert assembly.council.proposals == {}


def test_an_officer_has_a_few_open_proposals_and_no_more() -> None:
    assembly = Assembly(5, 3)
    for number in range(MOST_OPEN):
        assembly.say(1, assembly.proposal(admit=(20 + number,), k=4))
    with pytest.raises(TooManyProposals):
        assembly.say(1, assembly.proposal(admit=(30,), k=4))
    assembly.say(2, assembly.proposal(admit=(30,), k=4))


def test_of_two_proposals_of_one_epoch_one_is_taken() -> None:
    assembly = Assembly(5, 3)
    one = assembly.change(1, 2, remove=(5,))
    other = assembly.change(1, 2, remove=(4,))
    assembly.approve(other, 3)
    with pytest.raises(StaleRoster):
        assembly.approve(one, 3)
    assert assembly.council.roster == {1, 2, 3, 5}


def test_an_approval_of_who_was_suspended_since_does_not_count_until_he_is_back() -> None:
    assembly = Assembly(5, 3)
    proposal = assembly.change(1, 2, k=4)
    suspension = assembly.suspend(3, 2)
    assembly.approve(proposal, 4)
    assert assembly.council.epoch == 0
    assembly.vote(suspension, "undo", 1, 2, 5)
    assembly.approve(proposal, 4)
    assert assembly.council.epoch == 1


@pytest.mark.parametrize(
    ("n", "k", "seqs", "taken"),
    [
        (3, 2, (7, -1), 7),  # one of two may be a rogue, and makes it no less
        (4, 3, (7, 7, -1), 7),
        (5, 3, (7, -1, -1), 7),  # two of three
        (5, 4, (7, 7, 7, -1), 7),
        (5, 4, (7, 7, 7, 9), 7),  # nor does one make it more, where k leave room for that
    ],
)
def test_rogue_approvers_cannot_make_less_of_what_a_removed_officer_said(
    n: int, k: int, seqs: tuple[int, ...], taken: int
) -> None:
    assembly = Assembly(n, k)
    event = assembly.proposal(remove=(n,), admit=(20,), pins=(p(n, seqs[0]),))
    proposal = assembly.say(1, event)
    for author, seq in enumerate(seqs[1:], start=2):
        assembly.say(author, RosterApproved(proposal, (p(n, seq),)))
    assert assembly.council.removed[n][2].seq == taken


# ---- freeze and suspend -----------------------------------------------------------------------


def test_one_freezes_and_k_thaw() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2)
    assert assembly.council.frozen
    assembly.vote(freeze, "undo", 2)
    assert assembly.council.frozen
    assembly.vote(freeze, "undo", 3)
    assert not assembly.council.frozen
    with pytest.raises(AlreadyDone):
        assembly.vote(freeze, "undo", 4)


def test_who_changes_his_vote_has_one() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2)
    assembly.vote(freeze, "confirm", 1)
    assembly.vote(freeze, "undo", 3)
    assert assembly.council.frozen
    assembly.vote(freeze, "undo", 1)
    assert not assembly.council.frozen


def test_one_freeze_each_until_k_confirm_it() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    with pytest.raises(RightUsed):
        assembly.freeze(5)
    assembly.vote(freeze, "confirm", 1, 2)
    with pytest.raises(RightUsed):
        assembly.freeze(5)
    assembly.vote(freeze, "confirm", 3)
    assembly.freeze(5)


def test_one_suspension_each_until_k_confirm_it() -> None:
    assembly = Assembly(7, 4)
    suspension = assembly.suspend(7, 6)
    with pytest.raises(RightUsed):
        assembly.suspend(7, 5)
    assembly.vote(suspension, "confirm", 1, 2, 3, 4)
    assembly.suspend(7, 5)
    assert set(assembly.council.suspended) == {5, 6}


def test_what_k_confirmed_stays_so_when_one_of_them_goes() -> None:
    assembly = Assembly(5, 3)
    suspension = assembly.suspend(1, 5)
    assembly.vote(suspension, "confirm", 2, 3, 4)
    assembly.change(1, 2, 3, remove=(4,))
    assert assembly.council.confirmed(assembly.council.suspensions[suspension])


@pytest.mark.parametrize(("author", "number"), [(5, 5), (5, 6), (6, 1), (4, 1)], ids=str)
def test_who_cannot_suspend_whom(author: int, number: int) -> None:
    assembly = Assembly(5, 3)
    assembly.suspend(1, 4)
    with pytest.raises((NotAllowed, Suspended)):
        assembly.suspend(author, number)


def test_nobody_is_suspended_twice() -> None:
    assembly = Assembly(5, 3)
    assembly.suspend(1, 5)
    with pytest.raises(AlreadyDone):
        assembly.suspend(2, 5)


@pytest.mark.parametrize("n", range(3, 10))
def test_what_would_leave_fewer_than_k_becomes_a_freeze(n: int) -> None:
    for k in range(n // 2 + 1, n):
        assembly = Assembly(n, k)
        for author in range(1, n - k + 1):
            assembly.suspend(author, n + 1 - author)
        assert len(assembly.council.suspended) == n - k
        assert not assembly.council.frozen
        author = next(a for a in range(n - k + 1, k + 1) if a != n - k) if n - k < k else 1
        victim = next(a for a in assembly.council.active_quorum if a != author)
        last = assembly.suspend(author, victim)
        assert assembly.council.freezes[last].instead_of == victim
        assert assembly.council.frozen
        assert len(assembly.council.active_quorum) == k


def test_the_suspended_vote_and_equivocators_do_not() -> None:
    assembly = Assembly(5, 3, liars=frozenset({4}))
    suspension = assembly.suspend(1, 5)
    assembly.suspend(2, 4)
    freeze = assembly.freeze(3)
    with pytest.raises(NotAllowed):
        assembly.vote(freeze, "undo", 4)
    assembly.vote(freeze, "undo", 1, 2, 5)
    assert not assembly.council.frozen
    assembly.vote(suspension, "undo", 5, 1, 2)
    assert assembly.council.counts(5)


def test_an_equivocator_is_nobody_to_count_on_from_the_moment_of_the_proof() -> None:
    assembly = Assembly(5, 3, liars=frozenset({4}))
    assert not assembly.council.active(4)
    assembly.change(1, 2, 4, k=4)  # but what he said before stands: else one signature unmade the roster
    assert assembly.council.epoch == 1


@pytest.mark.parametrize("author", [5, 6])
def test_only_the_quorum_votes(author: int) -> None:
    assembly = Assembly(5, 3)
    assembly.change(1, 2, 3, quorum=(1, 2, 3, 4))
    freeze = assembly.freeze(1)
    with pytest.raises(NotAllowed):
        assembly.vote(freeze, "undo", author)


def test_an_absent_officer_comes_back_by_the_word_of_one() -> None:
    assembly = Assembly(5, 3)
    suspension = assembly.suspend(1, 5, absent=True)
    assembly.vote(suspension, "undo", 5)  # his own is a vote like others
    assert 5 in assembly.council.suspended
    assembly.vote(suspension, "undo", 2)
    assert assembly.council.suspended == {}


def test_a_suspension_on_suspicion_does_not_fall_by_one() -> None:
    assembly = Assembly(5, 3)
    assembly.vote(assembly.suspend(1, 5), "undo", 2, 3)
    assert 5 in assembly.council.suspended


def test_the_right_rests_for_thirty_days_if_k_of_those_who_thaw_say_so() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2, 3, rest=True)
    assembly.turn(REST_DAYS - 1)
    with pytest.raises(RightResting):
        assembly.freeze(5)
    assembly.turn(1)
    assembly.freeze(5)


def test_it_does_not_rest_because_one_of_them_says_so() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2, rest=True)
    assembly.vote(freeze, "undo", 3)
    assembly.freeze(5)


def test_who_voted_late_is_counted_towards_the_rest_and_the_freezers_own_word_only_if_he_says_so() -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2, rest=True)
    assembly.vote(freeze, "undo", 5)
    assert not assembly.council.frozen
    with pytest.raises(AlreadyDone):
        assembly.vote(freeze, "undo", 5, rest=True)  # late, of himself
    with pytest.raises(AlreadyDone):
        assembly.vote(freeze, "undo", 3)  # late, and says nothing of rest
    again = assembly.freeze(5)
    assembly.vote(again, "undo", 1, 2, 4)
    assembly.vote(freeze, "undo", 3, rest=True)
    with pytest.raises(RightResting):
        assembly.freeze(5)
    with pytest.raises(AlreadyDone):
        assembly.vote(freeze, "undo", 4, rest=True)  # k have said so: a later word makes it no longer


def test_the_right_to_suspend_rests_when_k_lift_and_not_when_one_does() -> None:
    assembly = Assembly(5, 3)
    assembly.vote(assembly.suspend(5, 1, absent=True), "undo", 2)
    assembly.vote(assembly.suspend(5, 1), "undo", 1, 2, 3)
    assembly.turn(REST_DAYS - 1)
    with pytest.raises(RightResting):
        assembly.suspend(5, 1)
    with pytest.raises(RightResting):
        assembly.suspend(5, 2, absent=True)
    assembly.freeze(5)  # that is another right
    assembly.turn(1)
    assembly.suspend(5, 1)


def test_no_right_rests_for_a_proof_or_for_what_k_had_confirmed() -> None:
    assembly = Assembly(5, 3, liars=frozenset({4}))
    assembly.vote(assembly.suspend(1, 4), "undo", 2, 3, 5)
    assembly.suspend(1, 4)
    suspension = assembly.suspend(2, 5)
    assembly.vote(suspension, "confirm", 1, 2, 3)
    assembly.vote(suspension, "undo", 1, 2, 3)
    assembly.suspend(2, 5)


def test_an_absence_is_lifted_neither_by_who_said_it_nor_by_the_absent() -> None:
    assembly = Assembly(5, 3)
    suspension = assembly.suspend(1, 5, absent=True)
    assembly.vote(suspension, "undo", 1, 5)
    assert 5 in assembly.council.suspended
    assembly.vote(suspension, "undo", 3)
    assert assembly.council.suspended == {}


def test_an_earnest_suspension_takes_the_place_of_an_absence_and_ends_the_chain_where_that_did() -> None:
    assembly = Assembly(5, 3)
    absence = assembly.suspend(4, 5, absent=True)
    with pytest.raises(AlreadyDone):
        assembly.suspend(1, 5, absent=True)
    earnest = assembly.suspend(1, 5)
    council = assembly.council
    assert council.suspended[5] is council.suspensions[earnest]
    assert council.suspensions[earnest].said.order == council.suspensions[absence].said.order
    assembly.vote(absence, "undo", 2)
    assert 5 in council.suspended
    with pytest.raises(AlreadyDone):
        assembly.suspend(2, 5)


@pytest.mark.parametrize(("admitted", "key"), [((6,), 3), ((6, 7), 6)], ids=["a founder's", "one key twice"])
def test_nobody_is_admitted_with_the_key_of_another(admitted: tuple[int, ...], key: int) -> None:
    assembly = Assembly(5, 3)
    event = assembly.proposal(admit=admitted, k=4)
    *first, last = event.admitted
    stolen = structs.replace(last, signing=bytes([key]) * 32)
    with pytest.raises(BadEvent):
        assembly.say(1, structs.replace(event, admitted=(*first, stolen)))


@pytest.mark.parametrize("day", [date.min, date.max], ids=str)
def test_whatever_day_a_voter_writes_the_council_reads_on(day: date) -> None:
    assembly = Assembly(5, 3)
    freeze = assembly.freeze(5)
    assembly.vote(freeze, "undo", 1, 2, rest=True)
    assembly.say(3, Voted(freeze, "undo", True), day)
    assert not assembly.council.frozen


def test_a_suspended_officer_does_not_freeze() -> None:
    assembly = Assembly(5, 3)
    assembly.suspend(1, 5)
    assert assembly.tries(5, FundFrozen(os.urandom(16))) == "Suspended"


# ---- lives ------------------------------------------------------------------------------------


# fmt: off
LIVES = [
    # by, whose, life, pin                        refused by
    (1, 5, 1, Pin(5, 0, 3, bytes(32)),            None),
    (5, 5, 1, Pin(5, 0, 3, bytes(32)),            NotAllowed),  # himself
    (1, 6, 1, Pin(6, 0, 3, bytes(32)),            NotAllowed),  # nobody
    (4, 5, 1, Pin(5, 0, 3, bytes(32)),            NotAllowed),  # a suspended one
    (1, 5, 0, Pin(5, 0, 3, bytes(32)),            NotAllowed),
    (1, 5, -1, Pin(5, -2, 3, bytes(32)),          NotAllowed),
    (1, 5, 65535, Pin(5, 0, 3, bytes(32)),        NotAllowed),  # the duress life is nobody's desk
    (1, 5, 1, Pin(4, 0, 3, bytes(32)),            NotAllowed),  # another's pin
    (1, 5, 1, Pin(5, 1, 3, bytes(32)),            NotAllowed),  # a pin in itself
]
# fmt: on


@pytest.mark.parametrize(("by", "whose", "life", "pin", "refused"), LIVES, ids=[str(row[:3]) for row in LIVES])
def test_who_confirms_a_life(by: int, whose: int, life: int, pin: Pin, refused: type[PoruchError] | None) -> None:
    assembly = Assembly(5, 3)
    assembly.suspend(1, 4)
    event = LifeConfirmed(whose, life, b"f" * 32, pin)
    if refused is None:
        assembly.say(by, event)
        assert (whose, life, b"f" * 32) in assembly.council.lives
    else:
        with pytest.raises(refused):
            assembly.say(by, event)


def test_a_false_confirmation_does_not_stand_before_the_true_one() -> None:
    assembly = Assembly(5, 3)
    assembly.say(4, LifeConfirmed(5, 1, b"x" * 32, p(5)))
    assembly.say(4, LifeConfirmed(5, 65534, b"x" * 32, p(5)))
    assembly.say(1, LifeConfirmed(5, 1, b"f" * 32, p(5)))
    assert (5, 1, b"f" * 32) in assembly.council.lives


# ---- the nearest possible quorum --------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "k", "gone", "left"),
    [(5, 3, (5,), 3), (5, 4, (5,), 3), (4, 3, (4,), 2), (9, 5, (9,), 5), (9, 8, (8, 9), 6), (6, 4, (6,), 4)],
)
def test_the_nearest_threshold(n: int, k: int, gone: tuple[int, ...], left: int) -> None:
    quorum, after = quorum_without(range(1, n + 1), k, gone)
    assert (quorum, after) == (tuple(m for m in range(1, n + 1) if m not in gone), left)


def test_three_cannot_become_two() -> None:
    with pytest.raises(BadOfficers):
        quorum_without((1, 2, 3), 2, (3,))
