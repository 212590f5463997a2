"""What only shows where a real front, desks, keepers and people meet."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from command import run
from front.browser import Browser, Page, open_mailbox
from poruch.desk import casework, keeping, newer
from poruch.desk.duties import do_duties
from poruch.desk.mirror import Mirror, relay_for
from poruch.desk.program import Desk
from poruch.events.council import ProgramChanged
from poruch.journal.folder import Folder
from poruch.journal.store import Store
from story.standing import Standing, serve, standing
from story.test_newer import FUTURE, MoneyRained, MoonReached
from story.village import PASSPHRASE


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("joints")) as made:
        yield made


def steps_done(page: Page) -> list[str]:
    """What the mailbox says has happened, without the days."""
    return [str(step.text or "").strip() for step in page.tree.xpath("//ol[@class='way']/li[@class='done']")]


# ---- the mailbox --------------------------------------------------------------------------------


def test_a_submission_reached_the_fund_when_a_desk_admitted_it_and_not_when_a_keeper_has_it(stand: Standing) -> None:
    village, folder = stand.village, stand.folder / "keeper"
    folder.mkdir()
    two = village.desks[2]
    key = keeping.name_keeper(two)
    two.push()
    mirror = Mirror(Folder(folder, two.fund, village.clock), relay_for(key, stand.front.address, village.clock))
    mirror.go_round()
    code = stand.ask("A story that waits.")
    assert mirror.go_round().drops == 1
    browser = Browser(stand.front.address)
    assert steps_done(open_mailbox(browser, code)) == ["Sent"]
    two.sync()
    two.push()
    assert two.waiting_drops, "it lies at the desk, and nobody has admitted it"
    assert steps_done(open_mailbox(browser, code)) == ["Sent"]
    do_duties(two)
    assert stand.case(two, code)
    assert steps_done(open_mailbox(browser, code)) == ["Sent"], "nobody but this desk knows of it yet"
    two.push()
    assert steps_done(open_mailbox(browser, code)) == ["Sent", "Reached the fund"]
    stand.sync()


ERASED = {
    "en": ("we erased what you had sent us, and our letters to you here", "you may write to us again", "No letter yet"),
    "be": ("мы сцерлі тое, што вы нам даслалі", "вы можаце зноў нам напісаць", "Лістоў пакуль няма"),
}


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "never answered"])
def test_who_was_erased_is_told_so_and_writes_again(stand: Standing, answered: bool) -> None:
    code = stand.ask("A story to be erased.", "Alena Persona")
    stand.sync()
    one = stand.village.desks[1]
    if answered:
        casework.take(one, stand.case(one, code))
        casework.write_message(one, stand.case(one, code), "We have read it.")
        stand.sync()
    stand.erase(code, 1, 2, 3)
    stand.sync()
    browser = Browser(stand.front.address)
    for language, (erased, again, not_so) in ERASED.items():
        page = open_mailbox(browser, code, language)
        assert page.status == 200
        assert erased in page.text
        assert again in page.text
        assert not_so not in page.text, "there were letters, and no more comes by waiting"
        assert steps_done(page) == []
        assert page.tree.xpath("//article") == []
    sent = browser.send(open_mailbox(browser, code), "/mailbox/write/", text="I am here again.")
    assert sent.status == 200
    assert len(sent.tree.xpath("//article")) == 1
    stand.sync()
    case = stand.case(one, code)
    assert casework.answer(one, case.letters[-1]) == "I am here again."
    casework.write_message(one, case, "Good to hear from you.")
    one.push()
    page = open_mailbox(browser, code)
    assert "Good to hear from you." in page.text
    assert ERASED["en"][0] in page.text


def test_nobody_else_is_told_of_an_erasure(stand: Standing) -> None:
    code = stand.ask("A story to be erased.")
    other = stand.ask("A story that stays.", "Bronia Persona")
    stand.sync()
    stand.erase(code, 1, 2, 3)
    browser = Browser(stand.front.address)
    assert ERASED["en"][0] in open_mailbox(browser, code).text
    page = open_mailbox(browser, other)
    assert "erased" not in page.text
    assert steps_done(page) == ["Sent", "Reached the fund"]


# ---- what a later program says ------------------------------------------------------------------


def fresh_desk(stand: Standing, number: int, folder: Path) -> Desk:
    """The same officer with an empty store: all that he knows is what the front gave."""
    old = stand.village.desks[number]
    folder.mkdir()
    made = Desk(folder, old.key, old.fund, old.relay, old.today, store=Store(folder / "desk.db", old.key.store_key))
    made.idle = True
    made.sync()
    return made


def heard(desk: Desk) -> list[str]:
    return sorted(one.tag for one in newer.stopping(desk))


def test_what_a_later_program_says_goes_through_the_front_and_every_new_one(tmp_path: Path) -> None:
    said = ["money.rained.v1", "moon.reached.v3"]
    with standing(tmp_path) as stand:
        village, browser = stand.village, Browser(stand.front.address)
        code = stand.ask("A story.")
        stand.sync()
        four = village.desks[4]
        signed = four.act([ProgramChanged(FUTURE), MoonReached("tomorrow"), MoneyRained(3)])
        assert four.relay.push([signed]) == ["accepted"]  # type: ignore[union-attr]
        assert (signed.id.hex(),) in stand.front.rows("SELECT segment FROM front_segment")
        stand.sync()
        assert [heard(desk) for desk in village.desks.values()] == [said] * 5
        _all_is_well(stand, browser, code, tmp_path / "fresh", said)
        stand.front.restart()
        _all_is_well(stand, browser, code, tmp_path / "after a start", said)
        two = village.desks.pop(2)
        two.close()
        done = run("front", "rebuild", "--from", two.folder, tmp_path / "new", typed=f"{PASSPHRASE.format(2)}\n")
        assert (done.returncode, done.stderr) == (0, "")
        stand.front.stop()
        stand.front = serve(tmp_path / "new", tmp_path / "beside new")
        try:
            stand.go_to(stand.front)
            _all_is_well(stand, Browser(stand.front.address), code, tmp_path / "at the new one", said)
        finally:
            stand.front.stop()


def _all_is_well(stand: Standing, browser: Browser, code: int, folder: Path, said: list[str]) -> None:
    """Pages are there, somebody asks and is admitted, and a desk that knows nothing gets all of it."""
    for path in ("/en/", "/be/", "/en/ask/", "/en/give/", "/be/accounts/", "/en/mailbox/"):
        assert browser.get(path).status == 200, path
    assert steps_done(open_mailbox(browser, code)) == ["Sent", "Reached the fund"]
    asked = stand.ask("Another story.", "Bronia Persona")
    stand.sync(1, 3)
    assert stand.case(stand.village.desks[1], asked)
    with closing(fresh_desk(stand, 3, folder)) as fresh:
        assert heard(fresh) == said
        assert [one.id for one in fresh.held] == [one.id for one in stand.village.desks[1].held]
