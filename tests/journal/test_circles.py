"""Circle keys: members read, others do not, and nobody outside sees which circle or how many are in it."""

import os
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto.age import PqIdentity, parse_header, seal
from poruch.crypto.padding import pad, padme
from poruch.errors import BadEvent, Malformed
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.kinds import DonationReceived, GrantApproved, MailboxReplied, NoteWritten, event_bytes, parse_event
from poruch.journal.circles import (
    CircleKey,
    Place,
    hand_out,
    key_of,
    new_secret,
    open_entry,
    parse_recipients,
    seal_event,
    take_handout,
)
from poruch.journal.segments import Clear, Sealed

FUND = os.urandom(32)
SECRETS = {circle: new_secret(circle, 1, os.urandom) for circle in CIRCLES}
KEYS = {circle: key_of(secret) for circle, secret in SECRETS.items()}
RECIPIENTS = {circle: key.recipients for circle, key in KEYS.items()}
OLD = key_of(new_secret("casework", 0, os.urandom))
NOTE = NoteWritten("c" * 32, "The dates agree.")
GIFT = DonationReceived(bytes(32), date(2026, 9, 1), 5000, "EUR", "RF18539007547034")
PLACE = (2, 0, 7, 0)


def sealed(event: Event, place: Place = PLACE, *, held: tuple[str, ...] = CIRCLES) -> Sealed:
    made = seal_event(event, FUND, place, RECIPIENTS, {name: KEYS[name] for name in held}, os.urandom)
    assert isinstance(made, Sealed)
    return made


MEMBERS = [
    # event, circles of the reader, whether he reads it
    (NOTE, ("casework",), True),
    (NOTE, CIRCLES, True),
    (NOTE, ("officers", "treasury", "auditors"), False),
    (NOTE, (), False),
    (GIFT, ("treasury",), True),
    (GIFT, ("auditors",), True),
    (GIFT, ("officers", "casework"), False),
    (GrantApproved("g", bytes(32)), ("officers",), True),
    (GrantApproved("g", bytes(32)), ("casework", "treasury", "auditors"), False),
]


@pytest.mark.parametrize(("event", "circles", "reads"), MEMBERS)
@pytest.mark.parametrize("writer", [CIRCLES, ()])
def test_members_read_and_nobody_else(
    event: Event, circles: tuple[str, ...], reads: bool, writer: tuple[str, ...]
) -> None:
    """Also what a writer sealed who is not of the circle himself, and has no hint to give."""
    opened = open_entry(sealed(event, held=writer), FUND, PLACE, [KEYS[name] for name in circles])
    assert opened == (event_bytes(event) if reads else None)


def test_an_older_key_of_the_circle_opens_nothing_newer() -> None:
    assert open_entry(sealed(NOTE), FUND, PLACE, [OLD]) is None
    assert open_entry(sealed(NOTE), FUND, PLACE, [OLD, KEYS["casework"]]) == event_bytes(NOTE)


def test_what_has_no_audience_stands_in_clear() -> None:
    event = MailboxReplied(bytes(32), bytes(32))
    assert seal_event(event, FUND, PLACE, {}, {}, os.urandom) == Clear(event_bytes(event))


@settings(max_examples=40, deadline=None)
@given(st.text("ab", max_size=3000), st.text("ab", max_size=3000))
def test_the_size_tells_a_step_and_no_more(one: str, other: str) -> None:
    texts = [event_bytes(NoteWritten("c" * 32, text)) for text in (one, other)]
    steps = [padme(max(256, 4 + len(raw))) for raw in texts]
    sizes = [len(sealed(parse_event(raw)).file) for raw in texts]
    assert (sizes[0] == sizes[1]) == (steps[0] == steps[1])


def test_hints_do_not_repeat_and_differ_by_place_and_fund() -> None:
    places = [(author, life, seq, at) for author in (1, 2) for life in (0, 1) for seq in range(10) for at in range(3)]
    hints = [sealed(NOTE, place).hints for place in places]
    hints += [sealed(GrantApproved("g", bytes(32)), place).hints for place in places]
    other_fund = seal_event(NOTE, bytes(32), PLACE, RECIPIENTS, KEYS, os.urandom)
    assert isinstance(other_fund, Sealed)
    flat = [hint for group in [*hints, other_fund.hints] for hint in group]
    assert len(set(flat)) == len(flat)
    assert {len(hint) for hint in flat} == {8}


def test_hints_are_no_marks_of_their_circle_for_others() -> None:
    """For one place the hint is fixed by the key: only who holds the key can tell it from chance."""
    assert sealed(NOTE).hints == sealed(NOTE).hints
    assert sealed(NOTE).hints != sealed(NOTE, held=()).hints
    assert len(sealed(GIFT).hints) == 2
    assert len(parse_header(sealed(GIFT).file).stanzas) == 2


def test_a_hint_that_lies_hides_nothing_from_a_member_of_that_circle_alone() -> None:
    true = sealed(NOTE)
    lying = Sealed((os.urandom(8),), true.file)
    assert open_entry(lying, FUND, PLACE, [KEYS["officers"], KEYS["casework"]]) == event_bytes(NOTE)


def test_an_event_counts_only_for_the_circles_that_may_hear_it() -> None:
    """Sealed by hand to another circle: whoever opens it learns that it does not count, and whose keys fail nothing."""
    raw = event_bytes(NOTE)
    for circle in ("officers", "treasury", "auditors"):
        strayed = Sealed((os.urandom(8),), seal(pad(raw), [RECIPIENTS[circle].pq]))
        with pytest.raises(BadEvent):
            open_entry(strayed, FUND, PLACE, KEYS.values())
        assert open_entry(strayed, FUND, PLACE, [KEYS["casework"]]) is None


def test_a_hint_that_points_to_another_circle_leads_nobody_astray() -> None:
    """All members of casework hear it, also those who hold the key that the hint names."""
    hint = sealed(GrantApproved("g", bytes(32))).hints
    lying = Sealed(hint, sealed(NOTE).file)
    for keys in (["casework"], ["officers", "casework"], ["casework", "officers"], list(CIRCLES)):
        assert open_entry(lying, FUND, PLACE, [KEYS[name] for name in keys]) == event_bytes(NOTE)


def test_more_hints_than_circles_are_refused() -> None:
    with pytest.raises(BadEvent):
        open_entry(Sealed((bytes(8),) * 5, sealed(NOTE).file), FUND, PLACE, KEYS.values())


def test_a_damaged_event_is_an_error_to_members_and_nothing_to_others() -> None:
    true = sealed(NOTE)
    damaged = Sealed(true.hints, true.file[:-1] + bytes([true.file[-1] ^ 1]))
    with pytest.raises(BadEvent):
        open_entry(damaged, FUND, PLACE, [KEYS["casework"]])
    assert open_entry(damaged, FUND, PLACE, [KEYS["officers"]]) is None
    assert open_entry(Sealed(true.hints, b"no age file"), FUND, PLACE, [KEYS["casework"]]) is None


# ---- handouts ---------------------------------------------------------------------------------

PEOPLE = [PqIdentity.generate() for _ in range(5)]


@pytest.mark.parametrize("members", range(1, 6))
def test_each_member_takes_his_handout_and_others_none(members: int) -> None:
    event = hand_out(SECRETS["treasury"], [one.recipient for one in PEOPLE[:members]], 5, os.urandom)
    taken = [take_handout(event, one) for one in PEOPLE]
    assert taken == [SECRETS["treasury"]] * members + [None] * (5 - members)
    assert parse_recipients(event) == KEYS["treasury"].recipients


def test_handouts_hide_the_number_of_members_and_who_they_are() -> None:
    """Same number of files, same size, same kind of stanza; and the members' files are not the first ones."""
    made = [hand_out(SECRETS["treasury"], [one.recipient for one in PEOPLE[:m]], 5, os.urandom) for m in range(1, 6)]
    assert {len(event.handouts) for event in made} == {5}
    assert len({len(file) for event in made for file in event.handouts}) == 1
    shapes = {
        tuple((stanza.kind, len(stanza.arguments), len(stanza.body)) for stanza in parse_header(file).stanzas)
        for event in made
        for file in event.handouts
    }
    assert len(shapes) == 1
    places = set()
    for _ in range(40):
        event = hand_out(SECRETS["treasury"], [PEOPLE[0].recipient], 5, os.urandom)
        places |= {at for at, file in enumerate(event.handouts) if opens(file, PEOPLE[0])}
    assert places == set(range(5))  # 40 draws miss one of five places once in 1,500 runs


def opens(file: bytes, identity: PqIdentity) -> bool:
    return identity.unwrap(parse_header(file).stanzas) is not None


def test_a_handout_that_does_not_fit_the_recipients_beside_it_is_not_taken() -> None:
    """Else one officer could make another read, and seal, with a key of his own."""
    event = hand_out(SECRETS["treasury"], [PEOPLE[0].recipient], 3, os.urandom)
    other = KEYS["auditors"].recipients
    for circle, epoch, x25519, pq in (
        ("auditors", 1, event.x25519, event.pq),
        ("treasury", 2, event.x25519, event.pq),
        ("treasury", 1, other.x25519.text, event.pq),
        ("treasury", 1, event.x25519, other.pq.text),
    ):
        assert take_handout(event.__class__(circle, epoch, x25519, pq, event.handouts), PEOPLE[0]) is None
    assert take_handout(event, PEOPLE[0]) == SECRETS["treasury"]


def test_recipients_of_a_wrong_form_are_refused() -> None:
    event = hand_out(SECRETS["treasury"], [], 1, os.urandom)
    for x25519, pq in (("age1", event.pq), (event.x25519, event.x25519)):
        with pytest.raises(Malformed):
            parse_recipients(event.__class__("treasury", 1, x25519, pq, ()))


def test_no_secret_shows() -> None:
    shown = repr(SECRETS["treasury"]) + repr(KEYS["treasury"])
    for secret in (SECRETS["treasury"].x25519, SECRETS["treasury"].pq, SECRETS["treasury"].hint):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
    assert isinstance(KEYS["treasury"], CircleKey)
