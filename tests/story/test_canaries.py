"""The search for canaries finds what it looks for; and no object, event, error or traceback shows a secret."""

import base64
import os
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from poruch.crypto import ceremony, codes, keyfile, paper
from poruch.crypto.opening import check_answer, give_partial
from poruch.crypto.opening_request import OpeningRequest
from poruch.desk import ceremony as desk_ceremony
from poruch.desk import founding, openings
from poruch.desk.paper import make_paper, print_paper
from poruch.desk.program import open_desk
from poruch.errors import (
    BadCode,
    BadPaper,
    BadPartial,
    BadShare,
    BadSubshare,
    PoruchError,
    StoreBroken,
    WrongPassphrase,
)
from poruch.events.codec import decode
from poruch.events.drops import Answer, Payee, Person
from poruch.events.kinds import parse_event
from poruch.journal.circles import CircleSecret
from poruch.journal.segments import Clear
from poruch.journal.store import Store
from story.canaries import A_NUMBER, LEAST, Nest, nest_of, spellings, watched_temporary_folder
from story.test_opening_story import newest
from story.village import PASSPHRASE, Village, found_village

SECRET = bytes(range(180, 212))
TEXT = "Kazimir Kanarejka"
CYRILLIC = "Казімір Канарэйка"


# ---- the search finds what is there -------------------------------------------------------------

WRITTEN: list[tuple[str, bytes | str, bytes]] = [
    ("raw", SECRET, SECRET),
    ("backwards", SECRET, SECRET[::-1]),
    ("hex", SECRET, SECRET.hex().encode()),
    ("HEX", SECRET, SECRET.hex().upper().encode()),
    ("hex in UTF-16", SECRET, SECRET.hex().encode("utf-16-be")),
    ("an escape", SECRET, repr({"key": SECRET}).encode()),
    ("a number", SECRET, str(int.from_bytes(SECRET, "little")).encode()),
    ("a number the other way", SECRET, str(int.from_bytes(SECRET, "big")).encode()),
    ("base64", SECRET, base64.b64encode(SECRET)),
    ("base64 one further", SECRET, base64.b64encode(b"?" + SECRET + b"?")),
    ("base64 two further", SECRET, base64.b64encode(b"??" + SECRET + b"??")),
    ("base64 for addresses", SECRET, base64.urlsafe_b64encode(b"?" + SECRET + b"?")),
    ("text", TEXT, TEXT.encode()),
    ("text in hex", TEXT, TEXT.encode().hex().encode()),
    ("text in base64", TEXT, base64.b64encode(b"name: " + TEXT.encode() + b", ")),
    ("UTF-16", TEXT, TEXT.encode("utf-16-le")),
    ("UTF-16, the other order", TEXT, TEXT.encode("utf-16-be")),
    ("Cyrillic", CYRILLIC, CYRILLIC.encode()),
    ("Cyrillic in UTF-16", CYRILLIC, CYRILLIC.encode("utf-16-le")),
    ("Cyrillic in UTF-16, the other order", CYRILLIC, CYRILLIC.encode("utf-16-be")),
]


@pytest.mark.parametrize(("how", "secret", "written"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_a_canary_is_found_in_each_spelling(how: str, secret: bytes | str, written: bytes) -> None:
    nest = Nest()
    nest.lay("a canary", secret)
    noise = os.urandom(10_000)
    assert nest.look({"a file": noise}) == []
    assert "a canary stands in a file" in nest.look({"a file": noise + written + noise})[0]


def test_a_long_canary_is_looked_for_in_every_spelling_but_one_number() -> None:
    for size, number in ((A_NUMBER, True), (A_NUMBER + 1, False)):
        found = spellings(os.urandom(size))
        assert {"raw", "backwards", "escaped", "hex", "HEX", "base64 at 0", "base64 at 1", "base64 at 2"} <= set(found)
        assert ("a number, big" in found) == number


def test_no_spelling_is_so_short_that_chance_makes_it() -> None:
    assert min(len(spelled) for secret in (SECRET, TEXT, CYRILLIC, SECRET[:16]) for spelled in spellings(secret)) >= 3
    assert min(len(s) for secret in (SECRET, TEXT, "Officer 1") for s in spellings(secret).values()) >= LEAST


def test_a_temporary_file_is_seen_though_it_was_deleted(tmp_path: Path) -> None:
    with watched_temporary_folder(tmp_path / "t") as made:
        with tempfile.NamedTemporaryFile():
            pass
        assert len(list(made())) == 1
        assert list(made()) == []


KINDS = {
    "a root", "a store key", "a signing seed", "a log key", "an officer's identity", "a working name", "a passphrase",
    "a circle's secret", "a one-time identity", "a polynomial", "a share", "a sub-share", "words of a paper",
    "the line of a paper", "a receipt code", "a receipt code's key", "the key of instalments",
    "the salt of related parties", "Person.name", "Payee.iban", "Story.happened", "Party.name",
    "OpeningObjected.reason", "OpeningRequested.purpose",
}  # fmt: skip


def test_a_story_lays_all_kinds_and_a_leak_anywhere_is_found(tmp_path: Path) -> None:
    with nest_of() as nest:
        village = found_village(tmp_path)
        person = village.apply(TEXT, "I refused to shoot.", "DE02120300000000202051")
        village.sync(2)
        openings.ask(village.desks[2], "Screen a case.", [person.drop])
        village.sync(1)
        openings.object_to(village.desks[5], newest(village.desks[5]), "He is known to us.")
        village.sync(1)
        (tmp_path / "1" / "notes.txt").write_text(f"key: {village.desks[3].key.root.hex()}")
        village.front.put_body(b"a reason: He is known to us.")
        share = village.desks[4].store.secrets("share/")[0]
        village.front.tags[base64.b64encode(b"1" + share)] = "batch"
        found = nest.leaks(village, tmp_path)
    assert nest.kinds() >= KINDS
    assert sorted(found) == [
        "OpeningObjected.reason stands in bodies (text)",
        "a root stands in 1/notes.txt (hex)",
        "a share stands in tags (base64 at 1)",
    ]


# ---- what shows itself ----------------------------------------------------------------------------


def told(error: BaseException) -> bytes:
    """What the worst of tools would print of an error."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return f"{''.join(shown.format())}{error!r}{error}{error.args}{vars(error)}".encode()


def request_for(village: Village, number: int) -> tuple[OpeningRequest, bytes, str]:
    desk = village.desks[number]
    opening = newest(desk)
    file, place = openings._held_file(desk, opening.drops[0])
    return opening.requests[0], file, place


@pytest.fixture
def asked(village: Village) -> Village:
    person = village.apply(TEXT, "I refused to shoot.")
    village.sync(2)
    openings.ask(village.desks[2], "Screen a case.", [person.drop])
    village.sync(1)
    return village


def test_no_object_of_a_desk_shows_a_secret(asked: Village, nest: Nest) -> None:
    read_by_officers = ("a working name", "Party.", "OpeningRequested.purpose")
    for desk in asked.desks.values():
        nest.lay_paper(desk)
        made = desk.public.ceremonies.group
        assert made is not None
        [circle, *_] = [decode(raw, CircleSecret) for raw in desk.store.secrets("circle/")]
        shown: list[object] = [desk, desk.key, desk.store, desk.keys, desk.relay, circle, desk.public, desk.journal]
        shown += [make_paper(desk), make_paper(desk).key_block, make_paper(desk).share_block, print_paper(desk)]
        shown += [desk.chains.heads, desk.view, made, *desk.public.ceremonies.sessions.values(), desk.contents]
        found = nest.look({type(one).__name__: f"{one!r} {one}".encode() for one in shown})
        assert [line for line in found if not line.startswith(read_by_officers)] == []


def failing(asked: Village, nest: Nest) -> list[tuple[type[PoruchError], Callable[[], object]]]:
    """The main ways to fail with a secret in hand; what is mistyped is a canary, too."""
    two, three = asked.desks[2], asked.desks[3]
    wrong = PASSPHRASE.format("2 and some")
    words = list(paper.key_words(make_paper(two).key_block))
    share_words = list(paper.share_words(make_paper(two).share_block))  # type: ignore[arg-type]
    code = codes.words(codes.new_code())
    made = three.public.ceremonies.group
    assert made is not None
    share = desk_ceremony.own_share(three, made)
    assert share is not None
    request, file, place = request_for(asked, 3)
    answer = give_partial(file, request, made, 3, share, asked.clock(), place=place)
    [session] = three.public.ceremonies.made
    held = three.public.ceremonies.sessions[session.session]
    dealings = desk_ceremony._parsed(held)
    messages = {dealer: ceremony.subshare_message(held.session, dealer, 3, share) for dealer in held.dealings}
    for secret in (wrong, answer[-128:-96], " ".join(words[:3]), " ".join(code[:4])):
        nest.lay("what was typed", secret)
    return [
        (WrongPassphrase, lambda: founding.unlock(two.folder, wrong)),
        (WrongPassphrase, lambda: keyfile.open_key((two.folder / "officer.key").read_bytes(), wrong)),
        (WrongPassphrase, lambda: open_desk(two.folder, wrong, lambda key: None, asked.clock)),
        (BadPaper, lambda: paper.parse_key_words(" ".join([*words[:9], *words[10:], "zoom"]))),
        (BadPaper, lambda: paper.parse_share_words(" ".join(reversed(share_words)))),
        (BadPaper, lambda: paper.parse(paper.encode(make_paper(two))[:-1])),
        (BadCode, lambda: codes.parse(" ".join(reversed(code)))),
        (StoreBroken, lambda: Store(two.folder / "desk.db", three.key.store_key)),
        (BadShare, lambda: give_partial(file, request, made, 4, share, asked.clock(), place=place)),
        (BadPartial, lambda: check_answer(answer[:-1] + bytes([answer[-1] ^ 1]), request, made, file)),
        (BadSubshare, lambda: ceremony.my_share(held.session, 3, made, dealings, messages)),
    ]


def test_no_error_and_no_traceback_shows_a_secret(asked: Village, nest: Nest) -> None:
    cases = failing(asked, nest)
    for kind, fails in cases:
        with pytest.raises(kind) as caught:
            fails()
        # The first frames are this test's own, where the secrets come from.
        error = caught.value
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        assert trace is not None
        said = told(error.with_traceback(trace))
        assert kind.__name__ in said.decode()
        assert nest.look({kind.__name__: said}) == []


def test_a_traceback_with_locals_would_show_it() -> None:
    """The search of the test above finds what a plain function lets out."""

    def plain(passphrase: str) -> None:
        raise WrongPassphrase

    nest = Nest()
    nest.lay("a passphrase", TEXT)
    with pytest.raises(WrongPassphrase) as caught:
        plain(TEXT)
    assert nest.look({"the traceback": told(caught.value)}) == ["a passphrase stands in the traceback (text)"]


def test_an_event_shows_nothing_that_is_secret(asked: Village, nest: Nest) -> None:
    """Events as a debugger or a log would print them: those in clear whole, the others not at all."""
    for desk in asked.desks.values():
        nest.lay_paper(desk)
        for signed in desk.held:
            assert nest.look({"a segment": f"{signed!r}{signed.segment!r}".encode()}) == []
        heard = [one.event for one in desk.folding.events()]
        heard += [parse_event(e.event) for s in desk.held for e in s.segment.entries if isinstance(e, Clear)]
        assert {bool(event.audience) for event in heard} == {True, False}
        assert nest.look({"events": repr(heard).encode()}) == []
    told = [Person(TEXT, ""), Payee(TEXT, "DE02120300000000202051", ""), Answer("I refused to shoot.")]
    nest.lay("an answer", "I refused to shoot.")
    assert nest.look({"drops": repr(told).encode()}) == []
    secret = next(decode(raw, CircleSecret) for raw in desk.store.secrets("circle/"))
    assert nest.look({"changed": repr(structs.replace(secret, epoch=2)).encode()}) == []
