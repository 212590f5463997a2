"""Which segments count: by any order of arrival the same ones, and nobody else's stop anybody."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.little_fund import DAY, LittleFund, chains_of, make_charter
from poruch.crypto.signatures import SigningKey
from poruch.errors import PoruchError
from poruch.events.charter import fund_id
from poruch.events.kinds import FundFounded, NoticePublished, event_bytes
from poruch.journal.chains import (
    AUTHORS_WAITING_BYTES,
    CLOCK_LEAP,
    MOST_UNSIGNED,
    REFUSED,
    STRANGERS_BYTES,
    UNSIGNED_BYTES,
    WAITING_BYTES,
    Chains,
    Outcome,
)
from poruch.journal.segments import Clear, Segment, SignedSegment, sign_segment


def notice(text: str = "A text.") -> NoticePublished:
    return NoticePublished("note", text)


def journal(fund: LittleFund, turns: int = 4) -> list[SignedSegment]:
    """A founded fund in which everybody speaks in turn."""
    made = fund.found()
    for turn in range(turns):
        made += [fund.act(author, notice(f"{turn} of {author}")) for author in (1, 2, 3)]
    return made


FUND = LittleFund()
JOURNAL = journal(FUND)
STRANGER = SigningKey(os.urandom(32))
OTHER = LittleFund()


def strays() -> list[tuple[Outcome, SignedSegment]]:
    """Segments that must not count, each with its outcome once the whole journal is there."""
    last = FUND.heads[2].segment
    goes_on = {"seq": last.seq + 1, "prev": FUND.heads[2].id, "clock": last.clock + 10}
    forged = FUND.segment(2, notice("forged"), **goes_on)
    unknown = FUND.segment(9, notice("unknown"))
    second = FUND.segment(2, notice("a second truth"), seq=last.seq, prev=last.prev, clock=last.clock)
    return [
        (Outcome.BAD_SIGNATURE, sign_segment(forged, STRANGER)),
        (Outcome.BAD_SIGNATURE, sign_segment(forged, FUND.keys[3])),
        (Outcome.UNKNOWN_OFFICER, sign_segment(unknown, STRANGER)),
        (Outcome.OTHER_FUND, OTHER.found()[0]),
        (Outcome.OTHER_FUND, sign_segment(FUND.segment(2, **{**goes_on, "fund": bytes(32)}), FUND.keys[2])),  # type: ignore[arg-type]
        (Outcome.EQUIVOCATION, sign_segment(second, FUND.keys[2])),
        (Outcome.BROKEN_LINK, signed(goes_on | {"prev": JOURNAL[0].id})),
        (Outcome.BROKEN_LINK, signed(goes_on | {"clock": last.clock})),
        (Outcome.CLOCK_AHEAD, signed(goes_on | {"clock": FUND.clock + CLOCK_LEAP + 1})),
        (Outcome.WAITING, signed(goes_on | {"seq": last.seq + 2})),
    ]


def signed(changes: dict[str, object]) -> SignedSegment:
    """A segment of officer 2, well signed."""
    return sign_segment(FUND.segment(2, notice(), **changes), FUND.keys[2])


STRAYS = strays()


def test_in_order_everything_counts() -> None:
    chains = Chains(FUND.id)
    assert [chains.add(one) for one in JOURNAL] == [(Outcome.ACCEPTED, [one]) for one in JOURNAL]
    assert not chains.faults
    assert chains.positions == {(1, 0): 4, (2, 0): 4, (3, 0): 4}
    assert [chains.add(one) for one in JOURNAL] == [(Outcome.KNOWN, []) for _ in JOURNAL]


@settings(max_examples=60, deadline=None)
@given(st.permutations(JOURNAL + [stray for _, stray in STRAYS if _ is not Outcome.EQUIVOCATION]))
def test_any_order_of_arrival_gives_the_same_set(arrived: list[SignedSegment]) -> None:
    """Strays among them; what arrived too early for its judgment may come again, as in a second sync."""
    chains = Chains(FUND.id)
    counted = [one for signed in arrived for one in chains.add(signed)[1]]
    assert sorted(one.id for one in counted) == sorted(one.id for one in JOURNAL)
    assert chains.positions == chains_of(FUND, JOURNAL).positions
    assert chains.clock == FUND.clock
    seen: dict[tuple[int, int], int] = {}
    for one in counted:  # each chain counts from its beginning, without a gap
        place = (one.segment.author, one.segment.life)
        assert one.segment.seq == seen.get(place, -1) + 1
        seen[place] = one.segment.seq


@pytest.mark.parametrize(("outcome", "stray"), STRAYS)
def test_what_does_not_count_is_named_and_kept_as_proof(outcome: Outcome, stray: SignedSegment) -> None:
    chains = chains_of(FUND, JOURNAL)
    before = dict(chains.positions)
    assert chains.add(stray) == (outcome, [])
    assert chains.positions == before
    kept = [(fault.outcome, fault.raw, fault.author) for fault in chains.faults]
    assert kept == ([(outcome, stray.raw, stray.segment.author)] if outcome in REFUSED else [])
    chains.add(stray)
    assert len(chains.faults) == len(kept)  # the same one twice is one proof


def test_strangers_cannot_fill_a_desk_with_their_rubbish() -> None:
    """Of what nobody on the roster signed a few are kept, and cut; of what an officer signed, every one, whole."""
    chains = chains_of(FUND, JOURNAL)
    for number in range(300):
        chains.add(sign_segment(FUND.segment(9, notice(str(number) * 40_000)), STRANGER))
    assert len(chains.faults) == MOST_UNSIGNED
    assert max(len(fault.raw) for fault in chains.faults) <= UNSIGNED_BYTES
    last = FUND.heads[2].segment
    large = notice("large" * 40_000)
    second = sign_segment(FUND.segment(2, large, seq=last.seq, prev=last.prev, clock=last.clock), FUND.keys[2])
    chains.add(second)
    assert chains.faults[-1].raw == second.raw


def test_a_segment_of_an_unknown_officer_stops_nothing() -> None:
    stray = next(stray for outcome, stray in STRAYS if outcome is Outcome.UNKNOWN_OFFICER)
    chains = chains_of(FUND, [stray, *JOURNAL[:4], stray, *JOURNAL[4:]])
    assert chains.positions == chains_of(FUND, JOURNAL).positions


def test_both_sides_of_an_equivocation_are_proved_by_one_key() -> None:
    stray = next(stray for outcome, stray in STRAYS if outcome is Outcome.EQUIVOCATION)
    chains = chains_of(FUND, [*JOURNAL, stray])
    [fault] = chains.faults
    kept = chains.heads[(2, 0)].segment
    other = stray.segment
    assert (kept.author, kept.life, kept.seq) == (other.author, other.life, other.seq)
    assert fault.raw == stray.raw
    assert kept != other


def test_a_gap_waits_and_closes() -> None:
    fund = LittleFund()
    start, tail = fund.found(), [fund.act(1, notice(str(number))) for number in range(5)]
    chains = chains_of(fund, start)
    for one in tail[1:]:
        assert chains.add(one) == (Outcome.WAITING, [])
    assert chains.add(tail[0]) == (Outcome.ACCEPTED, tail)
    assert not chains.faults


def test_a_long_chain_may_arrive_last_segment_first() -> None:
    """As from a folder, or from a relay that means harm: more segments than Python has room for nested calls."""
    fund = LittleFund()
    start, tail = fund.found(), [fund.act(2, notice()) for _ in range(1500)]
    chains = chains_of(fund, start)
    outcomes = [chains.add(one) for one in reversed(tail)]
    assert outcomes[-1] == (Outcome.ACCEPTED, tail)
    assert chains.positions[(2, 0)] == 1500


def test_before_the_charter_everything_waits_and_then_counts() -> None:
    fund = LittleFund()
    made = journal(fund, 2)
    chains = Chains(fund.id)
    for one in made[1:]:
        assert chains.add(one) == (Outcome.WAITING, [])
    outcome, counted = chains.add(made[0])
    assert outcome is Outcome.ACCEPTED
    assert sorted(one.id for one in counted) == sorted(one.id for one in made)


def test_the_charter_pins_the_fund() -> None:
    """The same founders under another charter: not one segment of it counts, and it does not take the place."""
    fund = LittleFund()
    rival = make_charter(fund.keys, account_iban="LT777")
    assert fund_id(rival) != fund.id
    false_start = sign_segment(
        Segment(fund.id, 1, 0, 0, bytes(32), 1, DAY, (Clear(event_bytes(FundFounded(rival))),)), fund.keys[1]
    )
    chains = Chains(fund.id)
    assert chains.add(false_start)[0] is Outcome.WAITING
    assert not chains.roster.signing
    assert chains.add(fund.found()[0])[0] is Outcome.ACCEPTED


def test_a_forged_charter_segment_gives_the_roster_to_nobody_else() -> None:
    """The charter is public: a stranger can put it into a segment of his own. It still names the same founders."""
    fund = LittleFund()
    made = journal(fund, 1)
    forged = sign_segment(fund.segment(1, FundFounded(fund.charter), seq=0, prev=bytes(32), clock=0), STRANGER)
    chains = chains_of(fund, [*made[1:], forged, made[0]])
    assert [fault.outcome for fault in chains.faults] == [Outcome.BAD_SIGNATURE]
    assert chains.positions == chains_of(fund, made).positions


@pytest.mark.parametrize(
    "changes", [{"k": 1}, {"k": 3}, {"name": ""}, {"currency": "x"}, {"languages": ()}, {"programmes": ()}]
)
def test_an_impossible_charter_founds_nothing(changes: dict[str, object]) -> None:
    fund = LittleFund()
    fund.charter = make_charter(fund.keys, **changes)
    chains = Chains(fund.id)
    assert [chains.add(one)[0] for one in fund.found()] == [Outcome.WAITING] * 3
    assert not chains.roster.signing


def test_a_clock_that_was_ahead_counts_when_the_fund_has_come_near() -> None:
    fund = LittleFund()
    chains = chains_of(fund, fund.found())
    ahead = fund.act(3, notice(), clock=fund.clock + CLOCK_LEAP + 1)
    assert chains.add(ahead) == (Outcome.CLOCK_AHEAD, [])
    near = fund.act(2, notice(), clock=ahead.segment.clock - CLOCK_LEAP)
    assert chains.add(near) == (Outcome.ACCEPTED, [near])
    assert chains.add(ahead) == (Outcome.ACCEPTED, [ahead])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=64), max_size=4))
def test_clear_rubbish_in_a_well_signed_segment_never_raises(entries: list[bytes]) -> None:
    fund = LittleFund(keys=dict(FUND.keys), identities=FUND.identities)
    chains = Chains(fund.id)
    rubbish = sign_segment(fund.segment(1, *(Clear(raw) for raw in entries)), fund.keys[1])
    try:
        assert chains.add(rubbish)[0] is Outcome.WAITING
    except PoruchError as error:  # pragma: no cover
        pytest.fail(f"{error} stopped a reader")


# ---- how much is kept of what does not count yet -----------------------------------------------


def test_an_author_fills_no_memory_with_what_waits_and_nothing_is_lost() -> None:
    """What is dropped comes again with the next sync, for no position has moved; others wait beside him."""
    fund = LittleFund()
    chains = chains_of(fund, fund.found())
    long = [fund.act(2, notice("x" * 2**20)) for _ in range(20)]
    for one in reversed(long):
        assert chains.add(one)[0] in (Outcome.WAITING, Outcome.ACCEPTED)
        assert sum(len(kept.raw) for kept in chains.waiting) <= AUTHORS_WAITING_BYTES
    missing, early = fund.act(3, notice()), fund.act(3, notice())
    assert chains.add(early) == (Outcome.WAITING, [])
    assert chains.add(missing) == (Outcome.ACCEPTED, [missing, early])
    for one in long:
        chains.add(one)
    assert chains.positions[(2, 0)] == 20
    assert not chains.waiting
    again = [fund.act(2, notice("x" * 2**20)) for _ in range(12)]  # what has counted takes no room any more
    for one in reversed(again):
        chains.add(one)
    assert chains.positions[(2, 0)] == 32


def test_before_the_charter_strangers_fill_no_memory_either() -> None:
    fund = LittleFund()
    made = fund.found()
    chains = Chains(fund.id)
    text = "x" * 2**20
    for author in range(4, 4 + WAITING_BYTES // 2**22):
        for seq in range(1, 9):
            rubbish = fund.segment(author, notice(text), seq=seq, prev=bytes([1]) * 32)
            assert chains.add(sign_segment(rubbish, STRANGER))[0] is Outcome.WAITING
    held = [one for kept in chains._waiting.values() for one in kept.values()]
    assert WAITING_BYTES - 2 * 2**20 < sum(len(one.raw) for one in held) <= WAITING_BYTES
    assert chains.add(made[0])[0] is Outcome.ACCEPTED
    assert not chains.waiting
    assert [chains.add(one)[0] for one in made[1:]] == [Outcome.ACCEPTED] * 2


def test_who_is_admitted_late_has_room_again_for_the_next() -> None:
    """Segments of strangers wait for their admission as far as there is room; then the room is free."""
    chains = chains_of(FUND, JOURNAL)
    newcomers = {number: SigningKey(os.urandom(32)) for number in (8, 9)}
    said = {
        number: [
            sign_segment(FUND.segment(number, notice(f"{at}" + "x" * 2**22), seq=0, prev=bytes(32)), key)
            for at in range(STRANGERS_BYTES // 2**22)
        ]
        for number, key in newcomers.items()
    }
    for number, key in newcomers.items():
        for one in said[number]:
            assert chains.add(one)[0] is Outcome.UNKNOWN_OFFICER
        faults = [fault.author for fault in chains.faults]
        assert number in faults
        assert len(chains.learn(number, key.public)) == 1  # of all at one place one counts, the others are proofs
        kept = [fault.outcome for fault in chains.faults if fault.author == number]
        assert set(kept) == {Outcome.EQUIVOCATION}


def test_a_proof_that_was_forgotten_is_one_again() -> None:
    stray = next(stray for outcome, stray in STRAYS if outcome is Outcome.BAD_SIGNATURE)
    chains = chains_of(FUND, JOURNAL)
    for _ in range(2):
        for _ in range(2):
            chains.add(stray)
        assert [fault.raw for fault in chains.faults] == [stray.raw]
        chains.forget_faults()
        assert not chains.faults
