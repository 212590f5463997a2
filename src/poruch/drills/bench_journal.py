"""The journal and its fold, measured; and names against a long list."""

import hashlib
import os
import random as drawing
import unicodedata
from collections.abc import Iterator
from datetime import date

import msgspec
from nacl.bindings import crypto_sign_open

from poruch.cases.state import Cases
from poruch.crypto.signatures import SigningKey
from poruch.desk.folding import View
from poruch.drills.bench_measure import Bench, Row, rate_row, row, side_by_side
from poruch.events.base import Event
from poruch.events.charter import Charter, Founder, Programme
from poruch.events.drops import DropContent
from poruch.events.heard import Heard
from poruch.events.kinds import (
    AnyEvent,
    CaseChecked,
    CaseTaken,
    CirclesAssigned,
    CostCharged,
    DonationReceived,
    DropAdmitted,
    GrantApproved,
    GrantProposed,
    Instalment,
    Membership,
    NoteWritten,
    event_bytes,
    parse_event,
)
from poruch.journal.chains import Chains
from poruch.journal.roster import Roster
from poruch.journal.segments import DOMAIN, GENESIS, Sealed, Segment, SignedSegment, parse_segment, sign_segment
from poruch.screening.lists import parse_list, screen

DAY = date(2026, 9, 1)
SEGMENTS, EVENTS = 200, 10
SEALED_BYTES = 2048  # a small event sealed to one circle
PEOPLE = 400
LISTED = 100_000


def _chain(key: SigningKey, fund: bytes) -> list[bytes]:
    made: list[SignedSegment] = []
    for seq in range(SEGMENTS):
        entries = tuple(Sealed((os.urandom(8),), 1, os.urandom(SEALED_BYTES)) for _ in range(EVENTS))
        prev = made[-1].id if made else GENESIS
        made.append(sign_segment(Segment(fund, 1, 0, seq, prev, seq, DAY, entries), key))
    return [signed.raw for signed in made]


def _segment(what: str) -> Row:
    key, fund = SigningKey.generate(), os.urandom(32)
    raws = _chain(key, fund)
    domain = DOMAIN.encode() + b"\n"

    def ours() -> None:
        chains = Chains(fund, Roster({1: key.public}))
        for raw in raws:
            chains.add(parse_segment(raw))
        assert chains.positions == {(1, 0): SEGMENTS - 1}

    def bare() -> None:
        for raw in raws:
            signed = domain + raw[64:]
            crypto_sign_open(raw[:64] + signed, key.public)
            hashlib.sha256(signed).digest()

    spent, floor = side_by_side(ours, bare, turns=7)
    return row(what, "us", spent / SEGMENTS * 1e6, floor / SEGMENTS * 1e6)


def _charter() -> Charter:
    founders = tuple(Founder(number, bytes([number]) * 32) for number in (1, 2, 3))
    programme = Programme("first-months", "grants", 2, (60000,))
    return Charter(
        "Bench", "bench.example/log", ("en",), "EUR", 2, founders, bytes(16), (programme,), "", "", "", "", (), (), 91
    )


def _story(person: int) -> Iterator[tuple[int, Event]]:
    """What is said of one case, and of the gifts meanwhile: (author, event)."""
    drop, grant = f"{person:032x}", f"{person:016x}"
    yield 1, DropAdmitted(drop, "submission", bytes(32), DAY, person)
    yield 1, CaseTaken(drop)
    for note in range(3):
        yield 1, NoteWritten(drop, f"Note {note}: the dates agree with what was published. " * 4)
    yield 2, CaseChecked(drop, "reading", "believable", True, b"")
    yield 2, CaseChecked(drop, "screening", "no-match", True, bytes(32))
    yield 1, GrantProposed(grant, drop, "first-months", "EUR", (Instalment(60000, DAY),))
    for author in (2, 3):
        yield author, GrantApproved(grant, bytes(32))
    for gift in range(4):
        yield 3, DonationReceived(os.urandom(32), DAY, 5000 + gift, "EUR", "RF18539007547034")
    yield 3, CostCharged(os.urandom(32), DAY, 290, "EUR")


def _fold(what: str) -> Row:
    said = [(author, event_bytes(event)) for person in range(1, PEOPLE + 1) for author, event in _story(person)]
    contents = {
        f"{person:032x}": DropContent(f"{person:032x}", "submission", person.to_bytes(32, "big"), b"", b"", b"", b"")
        for person in range(1, PEOPLE + 1)
    }
    everybody = CirclesAssigned(tuple(Membership(name, (1, 2, 3)) for name in ("officers", "casework", "treasury")))

    def ours() -> None:
        view = View.empty()
        view.members.apply(Heard(bytes(32), 1, DAY, everybody))
        view.cases = cases = Cases(_charter(), view.members, contents)
        table, none = view.handlers(), ()
        for author, raw in said:
            heard = Heard(bytes(32), author, DAY, parse_event(raw))
            for handler in table.get(type(heard.event), none):
                handler(heard)
        assert len(cases.cases) == PEOPLE

    decoder = msgspec.msgpack.Decoder(AnyEvent)

    def bare() -> None:
        for _, raw in said:
            decoder.decode(raw)

    spent, floor = side_by_side(ours, bare, turns=5)
    return rate_row(what, "events/s", len(said) / spent, len(said) / floor)


def _names() -> list[str]:
    """Invented names of three words, most of them different, half in Cyrillic and half in Latin letters."""
    draw = drawing.Random(9).choice  # noqa: S311  the same list each time
    cyrillic = [
        a + b for a in ("Вярба", "Сала", "Чарна", "Мура", "Кала") for b in ("вей", "вух", "нюк", "шэвіч", "цкі")
    ]
    latin = [
        a + b for a in ("Viar", "Sala", "Charna", "Mura", "Kala") for b in ("vey", "ukh", "niuk", "shevich", "tski")
    ]
    syllables = (("ба", "ве", "га", "дзі", "ла", "ма", "ры"), ("ba", "ve", "ha", "dzi", "la", "ma", "ry"))
    made = []
    for at in range(LISTED):
        surnames, parts = ((cyrillic, syllables[0]), (latin, syllables[1]))[at % 2]
        given, middle = ("".join(draw(parts) for _ in range(3)).title() for _ in range(2))
        made.append(f"{given} {middle} {draw(surnames)}")
    return made


def _screen(what: str) -> Row:
    names = _names()
    index = parse_list(("name\n" + "\n".join(names)).encode())
    asked = [names[at] for at in range(0, LISTED, LISTED // 50)] + ["Alena Muravejnik"]

    def ours() -> None:
        for name in asked:
            screen(name, index)

    plain = {unicodedata.normalize("NFC", name).casefold(): at for at, name in enumerate(names)}

    def bare() -> None:
        for name in asked:
            plain.get(unicodedata.normalize("NFC", name).casefold())

    spent, floor = side_by_side(ours, bare, turns=7, times=5)
    return row(
        what, "ms", spent / len(asked) * 1e3, floor / len(asked) * 1e3, peer="nomenklatura 22,000 ms (stated figure)"
    )


BENCHES = (
    Bench("segment of 10 events verified", "<= 100 us", _segment),
    Bench("journal folded", ">= 500,000 events/s", _fold),
    Bench("one name screened against 100,000", "<= 20 ms", _screen),
)
