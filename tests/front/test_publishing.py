"""The log on the front: taken by docs/spec/log.md section 3, served as files, shown in sums; gifts and their codes."""

import hashlib
import os
from pathlib import Path

import pytest

from front.books import Log
from front.browser import Browser
from front.conftest import SQLITE
from front.process import Front, today
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.events.drops import GiftAnnouncement
from poruch.front.references import remainder
from poruch.journal.dropbox import open_codes, open_drop
from poruch.journal.requests import sign_request
from poruch.tlog.check import check_log


def publish(front: Front, body: bytes) -> tuple[int, bytes]:
    """Status and body of the answer."""
    headers = sign_request("POST", "/log/publish", body, 1, front.fund.officers[1].signing, today(), os.urandom(16))
    page = front.browser.ask("POST", "/log/publish", body, headers)
    return page.status, page.raw


def read_from(browser: Browser, path: str) -> bytes:
    """A public file, as `poruch check` asks for it."""
    page = browser.get(f"/log/{path}")
    if page.status != 200:
        raise FileNotFoundError(path)
    return page.raw


@pytest.fixture(scope="module")
def gift(front: Front) -> tuple[str, int]:
    """A reference and a code from the Give page."""
    browser = front.browser
    made = browser.send(browser.get("/en/give/"), "/give/", code="1")
    [reference] = made.tree.xpath("//dd[contains(@class, 'mono')]/b/text()")
    return str(reference), codes.parse(made.code)


@pytest.fixture(scope="module")
def log(front: Front, gift: tuple[str, int]) -> Log:
    """Two epochs published; the first gift of the first belongs to the holder of the code."""
    keys = CodeKeys.from_code(gift[1], front.fund.charter.code_salt)
    log = Log(front.fund)
    kinds = {"first-months": (60000,) * 5, "legal": (35000,) * 5, "cost-bank": (1250,)}
    body, slip = log.next_epoch((500000, 120000, 5000, 2500, 1000), kinds, keys)
    assert publish(front, body) == (200, b"published\n")
    front.relay().leave_slips([(keys.lookup_id, slip)])
    body, _ = log.next_epoch((90000, 80000, 70000, 60000, 50000), {"first-months": (30000,) * 6, "legal": ()})
    assert publish(front, body) == (200, b"published\n")
    return log


def test_a_gift_is_announced_once_and_its_reference_is_well_formed(front: Front, gift: tuple[str, int]) -> None:
    reference = gift[0].replace(" ", "")
    assert len(reference) == 16
    assert remainder(reference[4:] + reference[:4]) == 1
    [drop] = [drop for drop in front.relay().drops_after(0) if drop.kind == "gift"]
    told = open_codes(open_drop(drop.body, front.fund.circles["officers"]), front.fund.circles["treasury"])
    assert isinstance(told, GiftAnnouncement)
    assert told.reference == reference
    assert told.keys is not None
    assert told.keys.lookup_id == CodeKeys.from_code(gift[1], front.fund.charter.code_salt).lookup_id


def test_the_same_give_form_again_shows_the_same_and_stores_one(front: Front, browser: Browser, log: Log) -> None:
    form = browser.get("/en/give/")
    before = front.rows("SELECT count(*) FROM front_drop")[0][0]
    first, second = (browser.send(form, "/give/", code="1") for _ in "ab")
    assert first.raw == second.raw
    assert front.rows("SELECT count(*) FROM front_drop")[0][0] == before + 1
    other = browser.send(browser.get("/en/give/"), "/give/", code="1")
    assert other.code != first.code


def test_a_gift_without_a_code_has_none(browser: Browser) -> None:
    action, fields = browser.get("/be/give/").fields("/give/")
    fields.pop("code")
    page = browser.post(action, fields)
    assert page.code == ""
    assert "RF" in page.text


def test_a_give_form_from_elsewhere_makes_nothing(front: Front, browser: Browser) -> None:
    before = front.rows("SELECT count(*) FROM front_drop")
    action, fields = browser.get("/en/give/").fields("/give/")
    assert "RF18" in browser.post(action, {**fields, "mark": "00" * 48}).text
    assert browser.post(action, fields, Origin="http://evil.example").heading == "Give"
    assert browser.post(action, {}).heading == "Give"
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_the_published_log_checks_from_outside(front: Front, browser: Browser, log: Log) -> None:
    report = check_log(lambda path: read_from(browser, path), os.urandom)
    assert report.holds
    assert report.found is not None
    assert report.found.entries == tuple(log.entries)


def test_home_and_accounts_show_the_sums_of_the_log(browser: Browser, log: Log) -> None:
    home, accounts = browser.get("/en/"), browser.get("/en/accounts/")
    assert "€\xa09\xa0785" in home.tree.text_content()
    assert "€\xa06\xa0550" in home.tree.text_content()
    assert "Epoch 2, by kind of help" in home.text
    assert f"Log of {len(log.entries)} entries, signed by 2 of 3 officers" in home.text
    rows = [[cell.text_content().strip() for cell in row] for row in accounts.tree.xpath("//table[1]//tr")]
    figures = {row[0]: row[-1].replace("\xa0", " ") for row in rows}
    assert figures["Received"] == "9 785.00"
    assert figures["Costs of the fund"] == "12.50"
    assert "3 222.50" in accounts.text.replace("\xa0", " ")
    belarusian = browser.get("/be/accounts/").text.replace("\xa0", " ")
    assert "9 785,00" in belarusian


def test_a_publication_against_an_old_size_is_told_the_size(front: Front, log: Log) -> None:
    twin = Log(front.fund)
    body, _ = twin.next_epoch((1000,) * 5, {})
    assert publish(front, body) == (409, f"{len(log.entries)}\n".encode())


@pytest.mark.parametrize(("change", "status"), [("cut", 400), ("signature", 403), ("leaf", 422), ("empty", 400)])
def test_a_publication_that_does_not_hold_changes_nothing(front: Front, log: Log, change: str, status: int) -> None:
    import copy

    twin = copy.copy(log)
    twin.entries = list(log.entries)
    body, _ = twin.next_epoch((1000,) * 5, {})
    head = int.from_bytes(body[:4], "big")
    before = read_from(front.browser, "checkpoint")
    if change == "cut":
        body = body[:-1]
    elif change == "signature":
        at = body.index(b"\xe2\x80\x94") + 60
        body = body[:at] + (b"B" if body[at : at + 1] == b"A" else b"A") + body[at + 1 :]
    elif change == "leaf":
        body = body[: head + 6] + body[head + 6 :].replace(b'"side":"in"', b'"side":"up"', 1)
    else:
        body = b""
    assert publish(front, body)[0] == status
    assert read_from(front.browser, "checkpoint") == before
    assert front.rows("SELECT size FROM front_logstate") == [(len(log.entries),)]


def test_the_holder_of_a_code_sees_his_gift_step_by_step(browser: Browser, gift: tuple[str, int], log: Log) -> None:
    page = browser.send(browser.get("/en/give/check/"), "/give/check/", code=codes.digits(gift[1]))
    assert "Yes: one amount was entered for your code" in page.text
    assert "€\xa05\xa0000.00" in page.tree.text_content()
    assert {pill.text for pill in page.tree.xpath("//ol[@class='steps']//span[contains(@class, 'pill')]")} == {"holds"}
    belarusian = browser.send(browser.get("/be/give/check/"), "/give/check/", code=codes.digits(gift[1]))
    assert "5 000,00 €" in belarusian.text.replace("\xa0", " ")
    assert "Slip" not in belarusian.text


@pytest.mark.parametrize("typed", ["", "x" * 1_000_000, "one two", "\u202e"])
def test_a_gift_code_that_is_none(browser: Browser, typed: str, log: Log) -> None:
    page = browser.post("/en/give/check/", {"code": typed})
    assert page.status == 200
    assert page.mistakes or "Nothing lies under this code." in page.text


def test_a_slip_of_another_log_is_shown_to_fail(front: Front, browser: Browser, log: Log) -> None:
    code = codes.new_code()
    keys = CodeKeys.from_code(code, front.fund.charter.code_salt)
    front.relay().leave_slips([(keys.lookup_id, os.urandom(8220))])
    page = browser.post("/en/give/check/", {"code": codes.digits(code)})
    assert "Something does not hold." in page.text


@pytest.mark.parametrize(
    "path",
    ["../front.sqlite3", "%2e%2e/front.sqlite3", "tile/0/../../front.sqlite3", ".checkpoint", "tile/0/", "tile//0/000",
     "tile/0/000/x", "checkpoint/", "policy%00", "/etc/passwd"],
)  # fmt: skip
def test_only_files_of_the_log_are_served(browser: Browser, path: str, log: Log) -> None:
    assert browser.get(f"/log/{path}").status == 404


def test_the_files_are_whole_again_after_a_crash_before_the_checkpoint(
    rows_in: str, front: Front, browser: Browser, log: Log
) -> None:
    before = read_from(browser, "checkpoint")
    if rows_in == SQLITE:
        Path(front.folder / "log" / "checkpoint").unlink()
    else:
        assert not (front.folder / "log").exists()  # all of it is in the database
    front.restart()
    assert read_from(browser, "checkpoint") == before
    digest = hashlib.sha256(read_from(browser, "policy")).hexdigest()
    assert len(digest) == 64
