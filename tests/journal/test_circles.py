"""Circle keys: members read, others do not, and nobody outside sees which circle or how many are in it."""

import os
from collections.abc import Iterable, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto.age import PqIdentity, parse_header, seal
from poruch.crypto.padding import pad, padme
from poruch.errors import BadEvent, Malformed
from poruch.events.base import Event
from poruch.events.charter import CIRCLES
from poruch.events.codec import encode
from poruch.events.kinds import DonationReceived, GrantApproved, MailboxReplied, NoteWritten, event_bytes, parse_event
from poruch.journal.circles import (
    CircleKey,
    Content,
    Opened,
    Place,
    hand_out,
    key_of,
    new_secret,
    open_again,
    open_entry,
    parse_recipients,
    seal_events,
    take_handout,
)
from poruch.journal.segments import Clear, Sealed, first_indices

FUND = os.urandom(32)
SECRETS = {circle: new_secret(circle, 1, os.urandom) for circle in CIRCLES}
KEYS = {circle: key_of(secret) for circle, secret in SECRETS.items()}
RECIPIENTS = {circle: key.recipients for circle, key in KEYS.items()}
OLD = key_of(new_secret("casework", 0, os.urandom))
NOTE = NoteWritten("c" * 32, "The dates agree.")
GIFT = DonationReceived(bytes(32), date(2026, 9, 1), 5000, "EUR", "RF18539007547034")
OTHER_NOTE = NoteWritten("c" * 32, "The dates do not agree.")
OTHER_GIFT = DonationReceived(b"g" * 32, date(2026, 9, 1), 700, "EUR", "RF18539007547034")
CHECK = GrantApproved("g" * 16, bytes(32))
LETTER = MailboxReplied(bytes(32), bytes(32))
PLACE = (2, 0, 7, 0)


def sealed(event: Event, place: Place = PLACE, *, held: tuple[str, ...] = CIRCLES) -> Sealed:
    return together([event], place, held=held)


def together(events: Sequence[Event], place: Place = PLACE, *, held: tuple[str, ...] = CIRCLES) -> Sealed:
    [made] = seal_events(events, FUND, place, RECIPIENTS, {name: KEYS[name] for name in held}, os.urandom)
    assert isinstance(made, Sealed)
    return made


def opened(entry: Sealed, keys: Iterable[CircleKey], place: Place = PLACE) -> bytes | None:
    """The one event in an entry, as `open_entry` tells it, and again with the file key that it gave."""
    found = open_entry(entry, FUND, place, keys)
    if found is None:
        return None
    assert open_again(entry, found[0]) == found[1]
    [one] = found[1]
    return one.raw


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
    read = opened(sealed(event, held=writer), [KEYS[name] for name in circles])
    assert read == (event_bytes(event) if reads else None)


def test_an_older_key_of_the_circle_opens_nothing_newer() -> None:
    assert opened(sealed(NOTE), [OLD]) is None
    assert opened(sealed(NOTE), [OLD, KEYS["casework"]]) == event_bytes(NOTE)


def test_what_has_no_audience_stands_in_clear() -> None:
    event = MailboxReplied(bytes(32), bytes(32))
    assert seal_events([event], FUND, PLACE, {}, {}, os.urandom) == (Clear(event_bytes(event)),)


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
    [other_fund] = seal_events([NOTE], bytes(32), PLACE, RECIPIENTS, KEYS, os.urandom)
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
    lying = Sealed((os.urandom(8),), 1, true.file)
    assert opened(lying, [KEYS["officers"], KEYS["casework"]]) == event_bytes(NOTE)


def test_an_event_counts_only_for_the_circles_that_may_hear_it() -> None:
    """Sealed by hand to another circle: whoever opens it learns that it does not count, and whose keys fail nothing."""
    raw = event_bytes(NOTE)
    for circle in ("officers", "treasury", "auditors"):
        strayed = Sealed((os.urandom(8),), 1, seal(pad(encode(Content(((0, raw),)))), [RECIPIENTS[circle].pq]))
        with pytest.raises(BadEvent):
            opened(strayed, KEYS.values())
        assert opened(strayed, [KEYS["casework"]]) is None


def test_a_hint_that_points_to_another_circle_leads_nobody_astray() -> None:
    """All members of casework hear it, also those who hold the key that the hint names."""
    hint = sealed(GrantApproved("g", bytes(32))).hints
    lying = Sealed(hint, 1, sealed(NOTE).file)
    for keys in (["casework"], ["officers", "casework"], ["casework", "officers"], list(CIRCLES)):
        assert opened(lying, [KEYS[name] for name in keys]) == event_bytes(NOTE)


def test_more_hints_than_circles_are_refused() -> None:
    with pytest.raises(BadEvent):
        opened(Sealed((bytes(8),) * 5, 1, sealed(NOTE).file), KEYS.values())


def test_a_damaged_event_is_an_error_to_members_and_nothing_to_others() -> None:
    true = sealed(NOTE)
    damaged = Sealed(true.hints, 1, true.file[:-1] + bytes([true.file[-1] ^ 1]))
    with pytest.raises(BadEvent):
        opened(damaged, [KEYS["casework"]])
    assert opened(damaged, [KEYS["officers"]]) is None
    assert opened(Sealed(true.hints, 1, b"no age file"), [KEYS["casework"]]) is None


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


def test_what_is_said_to_one_audience_at_once_is_one_file_in_the_order_in_which_it_was_said() -> None:
    said = [NOTE, GIFT, LETTER, CHECK, OTHER_NOTE, OTHER_GIFT]
    entries = seal_events(said, FUND, PLACE, RECIPIENTS, KEYS, os.urandom)
    assert [entry.count for entry in entries if isinstance(entry, Sealed)] == [2, 2, 1]
    assert entries[2] == Clear(event_bytes(LETTER))
    assert first_indices(entries) == [0, 2, 4, 5]
    heard: list[Opened] = []
    for first, entry in zip(first_indices(entries), entries, strict=True):
        if isinstance(entry, Sealed):
            found = open_entry(entry, FUND, (*PLACE[:3], first), KEYS.values())
            assert found is not None
            heard += found[1]
    assert [one.event for one in sorted(heard, key=lambda one: one.place)] == [
        NOTE, GIFT, CHECK, OTHER_NOTE, OTHER_GIFT
    ]  # fmt: skip


def content(*said: tuple[int, Event]) -> bytes:
    return pad(encode(Content(tuple((place, event_bytes(event)) for place, event in said))))


@pytest.mark.parametrize(
    ("count", "inside"),
    [
        (2, content((0, NOTE))),
        (1, content((0, NOTE), (1, OTHER_NOTE))),
        (2, content((1, NOTE), (0, OTHER_NOTE))),
        (2, content((1, NOTE), (1, OTHER_NOTE))),
        (2, content((0, NOTE), (1, GIFT))),
        (1, pad(event_bytes(NOTE))),
        (1, b"no padding"),
    ],
    ids=["fewer", "more", "another order", "one place twice", "two audiences", "no content", "no padding"],
)
def test_a_file_that_does_not_hold_what_its_entry_says_counts_for_nobody(count: int, inside: bytes) -> None:
    entry = Sealed((os.urandom(8),), count, seal(inside, [key.recipients.pq for key in KEYS.values()]))
    for keys in ([KEYS["casework"]], list(KEYS.values())):
        with pytest.raises(BadEvent):
            open_entry(entry, FUND, PLACE, keys)


def test_an_entry_is_opened_again_by_its_own_file_key_alone() -> None:
    one, other = sealed(NOTE), sealed(OTHER_NOTE)
    found = open_entry(one, FUND, PLACE, KEYS.values())
    assert found is not None
    with pytest.raises(BadEvent):
        open_again(other, found[0])
