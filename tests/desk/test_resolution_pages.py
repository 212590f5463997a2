"""Erasing, moving the front, the errors page and a newer program, by the screens."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from desk.street import Street, open_street
from desk.test_council_pages import do, link, page, refused, text
from poruch.crypto.signatures import SigningKey
from poruch.desk.program import Desk
from poruch.events.base import OFFICERS, Event
from poruch.events.codec import decode
from poruch.events.council import ProgramChanged
from poruch.events.kinds import NoticePublished, event_bytes
from poruch.journal import proofs
from poruch.journal.proofs import check_evidence
from poruch.journal.segments import Clear, Segment, SignedSegment, sign_segment
from story.village import Village, found_village

RESOLUTION = "/en/officers/resolutions/[0-9a-f]{64}/"


class MoonReached(Event, frozen=True, tag="moon.reached.v1"):
    """What a later program says."""

    audience: ClassVar[tuple[str, ...]] = OFFICERS
    day: str


@pytest.fixture
def village(tmp_path: Path) -> Village:
    made = found_village(tmp_path)
    made.apply("Alena Persona", "I refused an order and was dismissed.")
    made.sync()
    return made


@pytest.fixture
def street(village: Village) -> Iterator[Street]:
    made = open_street(village)
    yield made
    assert "".join(made.close()) == ""


def test_three_erase_what_a_person_sent(street: Street) -> None:
    case = link(page(street, 1, "/en/queue/", "0001"), '/en/case/[0-9a-f]{32}/[^"]*').split("?")[0]
    assert "I refused an order" in text(page(street, 1, case))
    assert "Nothing was resolved yet" in text(page(street, 1, "/en/officers/resolutions/"))
    before = text(page(street, 1, f"{case}erase/"))
    for said in ("1 sealed thing that the person sent", "Copies that are not here", "Paper, files", "its amounts"):
        assert said in before
    refused(street.desk(1).post(f"{case}erase/", reason=" "), "Write something first.")
    said = do(street, 1, f"{case}erase/", reason="She asked us by telephone.")
    assert "You proposed it, and approved it with that." in said
    assert "Waits for colleagues" in said
    found = link(page(street, 2, "/en/officers/", "Look at what Officer 1 wants to erase"), RESOLUTION)
    assert "Officers 1 wait for you" in text(page(street, 2, "/en/queue/"))
    shown = text(page(street, 2, found, "She asked us by telephone."))
    assert "Erase what the person of case 0001 sent Waits for you" in shown
    assert "You approved it. 1 more is needed." in do(street, 2, found)
    refused(street.desk(2).post(found), "This was done before")
    page(street, 3, found, "Officer 1, Officer 2")
    assert "With your approval it is erased here" in do(street, 3, found)
    for number in (1, 2, 3, 4, 5):
        gone = text(page(street, number, case, "What this person sent was erased on 1 September 2026, by 3 officers."))
        assert "I refused an order" not in gone
        assert "Name erased" in gone
        assert "Case 0001" in gone
        assert "in force" in text(page(street, number, found))
        for path in ("queue", "openings", "batches", "books", "log", "journal", "officers"):
            assert "Error:" not in text(page(street, number, f"/en/{path}/"))
    assert "Everything holds" in text(page(street, 1, "/en/journal/"))
    assert "I refused an order" not in text(page(street, 1, "/en/queue/"))
    assert "This was done before" in text(page(street, 1, f"{case}erase/"))
    assert "Nothing fits this choice." in text(page(street, 1, "/en/officers/resolutions/?state=waits"))
    assert "case 0001" in text(page(street, 1, "/en/officers/resolutions/?state=taken"))
    assert street.desk(1).get("/en/officers/resolutions/" + "0" * 64 + "/").status == 404


def test_moving_the_front_is_typed_twice(street: Street) -> None:
    path, fields = "/en/officers/resolutions/move/", {"reason": "The machine was seized."}
    assert "People must be told by other ways" in text(page(street, 1, path))
    one = street.desk(1)
    refused(one.post(path, address="front.example", again="front.example", **fields), "This is no address of a front")
    typo = one.post(path, address="https://front.example", again="https://frond.example", **fields)
    refused(typo, "The two addresses differ")
    refused(one.post(path, address="", again="", **fields), "Type the address.")
    said = do(street, 1, path, address="https://front.example", again="https://front.example/", **fields)
    assert "https://front.example" in said
    found = link(page(street, 2, "/en/officers/", "Compare the front’s new address"), RESOLUTION)
    assert "Compare the address by voice" in text(page(street, 2, found))


def forge(desk: Desk, at: int, key: SigningKey, **changes: object) -> SignedSegment:
    """Another segment in the place of the last of officer `at`, or with what `changes` say."""
    head = desk.chains.heads[(at, 0)].segment
    fields: dict[str, object] = {
        "fund": desk.fund, "author": at, "life": 0, "seq": head.seq, "prev": head.prev, "clock": head.clock,
        "day": head.day, "entries": (Clear(event_bytes(NoticePublished("note", "Another truth."))),),
    }  # fmt: skip
    return sign_segment(Segment(**(fields | changes)), key)  # type: ignore[arg-type]


def test_the_errors_page_groups_filters_and_gives_proofs(village: Village) -> None:
    one, four = village.desks[1], village.desks[4]
    head = one.chains.heads[(4, 0)]
    beyond = {"seq": head.segment.seq + 1, "clock": one.chains.clock + 1}
    signing = four.key.signing
    one.take(
        [
            forge(one, 4, signing),
            forge(one, 4, signing, **beyond, prev=bytes([1]) * 32),
            forge(one, 4, signing, **(beyond | {"clock": 2**40}), prev=head.id),
            forge(one, 3, SigningKey(bytes(32)), seq=99),
            forge(one, 4, signing, author=77),
            forge(one, 4, signing, fund=bytes(32)),
        ],
        pushed=True,
    )
    keys = {number: desk.key.signing.public for number, desk in village.desks.items()}
    street = open_street(village)
    shown = page(street, 1, "/en/journal/", "Two segments at one place")
    whole = text(shown)
    for name in ("A broken link", "A clock far ahead", "A bad signature", "An unknown author", "Of another fund"):
        assert name in whole
    assert whole.index("4 · Officer 4") < whole.index("Nobody can say whose")
    kinds = {}
    for path in set(re.findall(r"/en/journal/proof/[0-9a-f]{64}/", shown)):
        answer = street.desk(1).get(path)
        assert "attachment" in answer.headers["Content-Disposition"]
        file = answer.body
        kind = decode(file, proofs.Evidence).kind
        kinds[kind] = file
    for kind in (proofs.EQUIVOCATION, proofs.BROKEN_LINK, proofs.CLOCK_AHEAD):
        assert check_evidence(kinds[kind], keys).author == 4
    assert {proofs.BAD_SIGNATURE, proofs.UNKNOWN_OFFICER, proofs.OTHER_FUND} <= set(kinds)
    only = text(page(street, 1, "/en/journal/?fault=broken-link"))
    assert "signed a segment that does not continue" in only
    assert "counter lies a million" not in only
    assert "Nothing fits this choice." in text(page(street, 1, "/en/journal/?fault=damaged"))
    assert "bad-signature" not in text(page(street, 1, "/en/journal/?officer=2"))
    assert street.desk(1).get("/en/journal/proof/" + "0" * 64 + "/").status == 404
    assert "Два сегменты" in text(page(street, 1, "/be/journal/"))
    street.close()


def test_every_page_says_that_a_newer_program_is_needed(village: Village) -> None:
    village.desks[4].act([ProgramChanged("9.1.0"), MoonReached("tomorrow")])
    village.sync()
    street = open_street(village)
    for path in ("queue", "books", "officers", "journal"):
        assert "Install version 9.1.0" in text(page(street, 1, f"/en/{path}/", "Install version 9.1.0"))
    case = link(page(street, 1, "/en/queue/", "0001"), '/en/case/[0-9a-f]{32}/[^"]*').split("?")[0]
    refused(street.desk(1).post(f"{case}take/"), "A colleague uses a newer Poruch")
    assert "An unknown event" in text(page(street, 1, "/en/journal/?fault=unknown-event"))
    assert "The fund is frozen." in do(street, 2, "/en/officers/freeze/", reason="I do not understand.")
    street.close()
