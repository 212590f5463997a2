"""One value, one spelling: whatever is not what the encoder would write is refused."""

import contextlib
import os
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadCharter, BadEvent, BadOfficers
from poruch.events import codec
from poruch.events.charter import Charter, Founder, Programme, check_charter, check_threshold, fund_id
from poruch.events.codec import decode, encode
from poruch.events.drops import Person, Story
from poruch.events.kinds import (
    AnyEvent,
    GrantApproved,
    Instalment,
    MailboxReplied,
    NoteWritten,
    event_bytes,
    parse_event,
)
from poruch.events.mailbox import Message

NOTE = NoteWritten("a" * 32, "text")


def charter(**changes: object) -> Charter:
    """A possible charter, with changes."""
    fields: dict[str, object] = {
        "name": "Village",
        "origin": "village.example/log",
        "languages": ("be", "en"),
        "currency": "EUR",
        "k": 2,
        "founders": tuple(Founder(number, bytes([number]) * 32) for number in (1, 2, 3)),
        "code_salt": bytes(16),
        "programmes": (Programme("first-months", "grants", 2, (60000,)),),
        "gift_reference": "RF18539007547034",
        "account_holder": "Village fund",
        "account_iban": "LT121000011101001000",
        "remittance": "Support",
        "refused_countries": ("BY",),
        "related": (),
        "publication_days": 91,
    }
    return Charter(**(fields | changes))  # type: ignore[arg-type]


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_encoded_decodes_to_the_same_event(case: str, text: str) -> None:
    try:
        raw = event_bytes(NoteWritten(case, text))
    except UnicodeEncodeError:
        return  # a lone surrogate is no text; forms refuse it before
    assert parse_event(raw) == NoteWritten(case, text)


@given(st.binary(max_size=80))
def test_any_bytes_are_an_event_in_its_one_spelling_or_refused(raw: bytes) -> None:
    try:
        event = parse_event(raw)
    except BadEvent:
        return
    assert event_bytes(event) == raw


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_gives_another_event_or_none(at: int, flip: int) -> None:
    raw = bytearray(event_bytes(MailboxReplied(bytes(32), bytes(range(32)))))
    raw[at % len(raw)] ^= flip
    with contextlib.suppress(BadEvent):
        assert parse_event(bytes(raw)) != MailboxReplied(bytes(32), bytes(range(32)))


def spelled(pairs: list[tuple[str, object]]) -> bytes:
    """A msgpack map of these pairs, doubles and all."""
    assert len(pairs) < 16
    return bytes([0x80 | len(pairs)]) + b"".join(msgspec.msgpack.encode(part) for pair in pairs for part in pair)


GOOD = [("type", "note.written.v1"), ("case", "a" * 32), ("text", "text")]


@pytest.mark.parametrize(
    ("why", "raw"),
    [
        ("a key twice, same value", spelled([*GOOD, ("text", "text")])),
        ("a key twice, the last one counts for some readers", spelled([*GOOD, ("text", "other")])),
        ("another order of keys", spelled([GOOD[0], GOOD[2], GOOD[1]])),
        ("the tag last", spelled([GOOD[1], GOOD[2], GOOD[0]])),
        ("an unknown key", spelled([*GOOD, ("who", "me")])),
        ("a missing key", spelled(GOOD[:2])),
        ("an unknown kind", spelled([("type", "note.written.v9"), *GOOD[1:]])),
        ("no kind", spelled(GOOD[1:])),
        ("bytes for a text", spelled([*GOOD[:2], ("text", b"text")])),
        ("a longer form of the length", spelled(GOOD[:2]).replace(b"\x82", b"\x83", 1) + b"\xa4text\xd9\x04text"),
        ("a map in its long form", b"\xde\x00\x03" + spelled(GOOD)[1:]),
        ("something after it", spelled(GOOD) + b"\xc0"),
        ("cut off", spelled(GOOD)[:-1]),
        ("nothing", b""),
        ("nested beyond reason", b"\x91" * 100_000),
    ],
)
def test_other_spellings_are_refused(why: str, raw: bytes) -> None:
    assert event_bytes(NOTE) == spelled(GOOD)  # the table's good case is good
    with pytest.raises(BadEvent):
        parse_event(raw)


def test_too_long_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "LIMIT_BYTES", 40)
    assert decode(event_bytes(NoteWritten("a", "b")), AnyEvent) == NoteWritten("a", "b")  # type: ignore[arg-type]
    with pytest.raises(BadEvent, match="too long"):
        parse_event(event_bytes(NOTE))


def test_money_is_an_integer() -> None:
    raw = encode(Instalment(60000, date(2026, 9, 1)))
    assert decode(raw, Instalment).amount_minor == 60000
    broken = raw.replace(msgspec.msgpack.encode(60000), msgspec.msgpack.encode(60000.0))
    assert broken != raw
    with pytest.raises(BadEvent):
        decode(broken, Instalment)


def test_every_kind_has_its_own_tag_and_version() -> None:
    tags = [kind.__struct_config__.tag for kind in AnyEvent.__args__]
    assert len(set(tags)) == len(tags)
    assert all(str(tag).endswith(".v1") for tag in tags)


def test_one_kind_is_not_taken_for_another() -> None:
    raw = encode(Person("Alena", ""))
    with pytest.raises(BadEvent):
        decode(raw, Story)
    with pytest.raises(BadEvent):
        decode(event_bytes(GrantApproved("g", bytes(32))), Message)


# ---- the charter ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(12))
@pytest.mark.parametrize("k", range(12))
def test_only_thresholds_between_half_and_all_found_a_fund(k: int, n: int) -> None:
    if 3 <= n <= 9 and n / 2 < k < n:
        check_threshold(k, n)
    else:
        with pytest.raises(BadOfficers) as caught:
            check_threshold(k, n)
        assert caught.value.detail.endswith(".")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "two\nlines"},
        {"languages": ()},
        {"languages": ("be", "xx")},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"origin": "https://village.example"},
        {"code_salt": bytes(15)},
        {"programmes": ()},
        {"programmes": (Programme("p", "grants", 0, ()),)},
        {"founders": tuple(Founder(number, bytes(32)) for number in (1, 1, 2))},
        {"founders": tuple(Founder(number, bytes(32)) for number in (2, 1, 3))},
        {"founders": tuple(Founder(number, bytes(32)) for number in (0, 1, 2))},
        {"founders": tuple(Founder(number, bytes(32)) for number in (1, 2, 65536))},
        {"k": 1},
        {"k": 3},
    ],
)
def test_an_impossible_charter_is_refused(changes: dict[str, object]) -> None:
    assert check_charter(charter()) == charter()
    with pytest.raises((BadCharter, BadOfficers)):
        check_charter(charter(**changes))


def test_the_fund_is_named_by_every_byte_of_its_charter() -> None:
    one = charter()
    changed = [charter(k=2, currency="PLN"), charter(code_salt=os.urandom(16)), charter(account_iban="LT12")]
    assert len({fund_id(one), *map(fund_id, changed)}) == 4
    assert fund_id(decode(encode(one), Charter)) == fund_id(one)
