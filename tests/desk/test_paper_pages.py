"""The paper and the duress passphrase on their screens; and a desk opened under duress, page by page."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.street import Answer, RunningDesk, Street, open_street
from poruch.crypto import paper as papers
from poruch.crypto.keyfile import DuressKey
from poruch.desk import duress, founding
from poruch.errors import WrongPassphrase
from poruch.events.council import FundFrozen
from poruch.events.kinds import parse_event
from poruch.journal.segments import Clear
from poruch.journal.standing import DURESS_LIFE
from poruch.web.headers import HEADERS, POLICY
from story.village import PASSPHRASE, found_village

OWN = PASSPHRASE.format(2)
DURESS = "under the bridge at noon"
STORE_TIMES: dict[Path, int] = {}
URLS = (Path(__file__).parents[2] / "src/poruch/desk/site/urls.py").read_text()
PAGES = re.findall(r'path\("<language:language>/([a-z/]+)/"', URLS)


def blocks(answer: Answer) -> list[str]:
    return [
        " ".join(re.findall("<li>([^<]+)</li>", part))
        for part in re.findall(r'(?s)<ol class="typed" lang="en">(.*?)</ol>', answer.text)
    ]


@pytest.mark.parametrize("language", ["en", "be"])
def test_the_page_asks_for_the_passphrase_and_shows_nothing(street: Street, language: str) -> None:
    desk = street.desk(2)
    page = desk.get(f"/{language}/officers/paper/")
    assert page.status == 200
    assert page.headers["Content-Security-Policy"] == POLICY
    assert blocks(page) == []
    assert "data:" not in page.text
    for typed, words in (("", "Type your passphrase."), ("not it at all", "does not open")):
        refused = desk.post("/en/officers/paper/", passphrase=typed)
        assert refused.status == 422
        assert words in refused.text
        assert blocks(refused) == []
        assert not typed or typed not in refused.text


@pytest.mark.parametrize("language", ["en", "be"])
def test_the_sheet_holds_key_and_share(street: Street, language: str) -> None:
    village, desk = street.village, street.desk(2)
    sheet = desk.post(f"/{language}/officers/paper/", passphrase=OWN)
    assert sheet.status == 200
    key, share = blocks(sheet)
    real = village.desks[2]
    block = papers.parse_key_words(key)
    assert (block.root, block.number, block.is_of(real.fund)) == (real.key.root, 2, True)
    papers.check_together(block, papers.parse_share_words(share), real.fund)
    (line,) = re.findall("PORUCH1[A-Z0-9]+", sheet.text)
    whole = papers.parse(line)
    assert whole.share is not None
    assert (whole.fund, whole.share.group) == (real.fund, real.public.ceremonies.made[-1].group.id)
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', sheet.text)
    assert base64.b64decode(picture).startswith(b"\x89PNG\r\n")
    assert "<svg" not in sheet.text
    assert sheet.text.count("<dt>") == 5
    assert OWN not in sheet.text


def test_only_the_sheet_may_show_a_picture_of_its_own(street: Street) -> None:
    desk = street.desk(2)
    sheet = desk.post("/en/officers/paper/", passphrase=OWN)
    policy = sheet.headers["Content-Security-Policy"]
    assert policy == POLICY.replace("img-src 'self'", "img-src data:")
    assert {name: sheet.headers[name] for name in HEADERS} == {**HEADERS, "Content-Security-Policy": policy}
    assert sheet.headers["Cache-Control"] == "no-store"
    assert desk.get("/en/officers/").headers["Content-Security-Policy"] == POLICY


def test_the_officers_page_says_whether_the_paper_is_good(street: Street) -> None:
    desk = street.desk(3)
    assert "You have printed no paper from this desk" in desk.get("/en/officers/").text
    assert desk.post("/en/officers/paper/", passphrase=PASSPHRASE.format(3)).status == 200
    said = desk.get("/en/officers/").text
    assert "it holds all that you have today" in said
    assert 'href="/en/officers/paper/"' in said
    assert 'href="/en/officers/duress/"' in said


# ---- the duress passphrase ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("", "", ""), "Type your passphrase."),
        (("not it at all", DURESS, DURESS), "does not open"),
        ((OWN, DURESS, DURESS + "x"), "are not the same"),
        ((OWN, "minsk", "minsk"), "shorter than 12"),
        ((OWN, OWN, OWN), "is the same as your own"),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(street: Street, typed: tuple[str, ...], sentence: str) -> None:
    desk = street.desk(2)
    before = (desk.folder / "officer.key").read_bytes()
    answer = desk.post("/en/officers/duress/", passphrase=typed[0], first=typed[1], second=typed[2])
    assert answer.status == 422
    assert sentence in answer.text
    assert not any(one and one in answer.text for one in typed)
    assert (desk.folder / "officer.key").read_bytes() == before


def test_setting_and_removing(street: Street) -> None:
    desk = street.desk(4)
    own = PASSPHRASE.format(4)
    set_ = desk.post("/en/officers/duress/", passphrase=own, first=DURESS, second=DURESS)
    assert "with a duress passphrase" in desk.follow(set_).text
    assert isinstance(founding.unlock(desk.folder, DURESS), DuressKey)
    assert desk.post("/en/officers/duress/remove/", passphrase=DURESS).status == 422
    removed = desk.post("/en/officers/duress/remove/", passphrase=own)
    assert "without a duress passphrase" in desk.follow(removed).text
    with pytest.raises(WrongPassphrase):
        founding.unlock(desk.folder, DURESS)
    assert founding.unlock(desk.folder, own).number == 4


# ---- a desk under duress ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Street, RunningDesk]]:
    """Officer 2 was made to open his desk, in a fund with a case."""
    village = found_village(tmp_path_factory.mktemp("forced"))
    village.apply("Alena Persona", "A story under lock.")
    village.sync()
    duress.set_duress(village.desks[2], OWN, DURESS, DURESS, memory_kib=8192)
    made = open_street(village)
    store = village.desks[2].folder / "desk.db"
    STORE_TIMES[store.parent] = store.stat().st_mtime_ns
    desk = RunningDesk(village.desks[2].folder, made.relay.address, DURESS, village.clock())
    yield made, desk.start().enter()
    assert desk.stop() == ""
    assert "".join(made.close()) == ""


def test_it_freezes_by_itself(forced: tuple[Street, RunningDesk]) -> None:
    front = forced[0].village.front
    for _ in range(100):
        found = [signed.segment for signed in front.segments if signed.segment.life == DURESS_LIFE]
        if found:
            break
        time.sleep(0.1)
    (segment,) = found
    assert segment.author == 2
    (entry,) = segment.entries
    assert isinstance(entry, Clear)
    assert isinstance(parse_event(entry.event), FundFrozen)


@pytest.mark.parametrize("language", ["en", "be"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_and_shows_nothing(forced: tuple[Street, RunningDesk], path: str, language: str) -> None:
    answer = forced[1].get(f"/{language}/{path}/")
    assert answer.status in (200, 204, 302, 404, 405, 409)  # what a desk says in order
    assert answer.status not in (200, 409) or answer.text.count("<h1") == 1
    for secret in (
        "A story under lock.",
        "Alena",
        "Officer 1",
        "Officer 3",
        ">0001<",
    ):  # a fingerprint may hold four such digits
        assert secret not in answer.text
    assert "band-head" not in answer.text  # the band above a frozen fund's pages
    assert '<b class="late">' not in answer.text


def test_it_looks_like_a_fund_without_cases(forced: tuple[Street, RunningDesk]) -> None:
    page = forced[1].get("/en/queue/").text
    assert "Village" in page
    assert "being founded" not in page


def test_it_shows_a_paper_that_opens_nothing(forced: tuple[Street, RunningDesk]) -> None:
    sheet = forced[1].post("/en/officers/paper/", passphrase=DURESS)
    (key,) = blocks(sheet)
    real = forced[0].village.desks[2].key
    assert papers.parse_key_words(key).root != real.root


def test_it_pretends_to_set_another(forced: tuple[Street, RunningDesk]) -> None:
    desk = forced[1]
    before = (desk.folder / "officer.key").read_bytes()
    answer = desk.post("/en/officers/duress/", passphrase=DURESS, first="something else", second="something else")
    assert "with a duress passphrase" in desk.follow(answer).text
    assert (desk.folder / "officer.key").read_bytes() == before


def test_the_real_store_was_not_touched(forced: tuple[Street, RunningDesk]) -> None:
    assert (forced[1].folder / "desk.db").stat().st_mtime_ns == STORE_TIMES[forced[1].folder]
    assert sorted(path.name for path in forced[1].folder.glob("desk.db*")) == ["desk.db"]
