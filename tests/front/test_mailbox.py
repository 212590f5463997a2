"""The mailbox: opened by code, letters both ways, bank details after a grant, and what a stranger gets."""

from datetime import date

import pytest

from front.browser import Browser, Page, open_mailbox, submit
from front.fund import IBAN
from front.process import Front, today
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.events.mailbox import Message
from poruch.journal.dropbox import open_drop, open_story

PAYEE_IBAN = "DE89370400440532013000"
NOT_A_MAILBOX = "No mailbox opens with this code. Look at the order and at each word, and type it again"


def tell(
    front: Front, code: int, kind: str, text: str = "", amounts: tuple[int, ...] = (), day: date | None = None
) -> None:
    """The fund writes to the holder of a code."""
    keys = CodeKeys.from_code(code, front.fund.charter.code_salt)
    signed, body = front.fund.reply(keys, Message(kind, day or today(), text, amounts, "EUR"))
    relay = front.relay()
    relay.put_body(body)
    assert relay.push([signed]) == ["accepted"]


def granted(front: Front, browser: Browser) -> int:
    """A submission that the fund decided to help."""
    code = submit(browser)
    tell(front, code, "received")
    tell(front, code, "grant", "We are glad you wrote.", (60000, 60000))
    return code


def shown(page: Page) -> Page:
    """A page with a sentence of error and the code field, and nothing of a mailbox."""
    assert page.status == 200
    assert page.title.startswith("Error:")
    assert "Letters" not in page.text
    return page


def test_letters_of_the_fund_are_opened_and_the_way_is_shown(front: Front, browser: Browser) -> None:
    code = submit(browser)
    page = open_mailbox(browser, code)
    assert "No letter yet" in page.text
    assert len(page.tree.xpath("//li[@class='done']")) == 1
    tell(front, code, "received")
    tell(front, code, "message", "Were you paid in September?\n<b>Tell us</b>")
    page = open_mailbox(browser, code)
    assert "Your message reached the fund." in page.text
    assert "Were you paid in September? <b>Tell us</b>" in page.text
    assert len(page.tree.xpath("//li[@class='done']")) == 2
    assert page.tree.xpath("//button[contains(., 'Say where to pay')]") == []


def test_within_a_day_a_letter_stands_before_its_receipt(front: Front, browser: Browser) -> None:
    code = submit(browser)
    tell(front, code, "received")
    browser.send(open_mailbox(browser, code), "/mailbox/write/", text="Yes, in September.")
    tell(front, code, "received")
    letters = [str(one.text_content()) for one in open_mailbox(browser, code).tree.xpath("//article/div")]
    assert [letter.strip()[:13] for letter in letters] == ["Your message ", "A letter of y", "Your letter r"]


def test_a_grant_shows_its_payments_and_asks_where_to_pay(front: Front, browser: Browser) -> None:
    code = granted(front, browser)
    page = open_mailbox(browser, code)
    assert "Help: €\xa01\xa0200.00 in 2 payments" in page.tree.text_content()
    assert page.text.count("Promised") == 2
    check = "//a[@href='/en/give/check/'][contains(., 'Check that your amount is in the log')]"
    assert not page.tree.xpath(check)
    tell(front, code, "paid", amounts=(60000,))
    page = open_mailbox(browser, code)
    assert page.tree.xpath(check)
    assert "The code of a mailbox works here too" in browser.get("/en/give/check/").text
    assert page.text.count("Sent and confirmed") == 1
    assert page.text.count("Promised") == 1
    tell(front, code, "returned", amounts=(60000,))
    assert open_mailbox(browser, code).text.count("Promised") == 2


def test_a_letter_to_the_fund_is_sealed_once_however_often_it_is_sent(front: Front, browser: Browser) -> None:
    page = open_mailbox(browser, submit(browser))
    before = front.relay().drops_after(0)
    first = browser.send(page, "/mailbox/write/", text="Yes, in September.")
    second = browser.send(page, "/mailbox/write/", text="Yes, in September.")
    assert "Your letter is locked and stored." in first.text
    assert second.status == 200
    [drop] = front.relay().drops_after(before[-1].arrival)
    content = open_drop(drop.body, front.fund.circles["officers"])
    assert drop.kind == content.kind == "message"
    assert open_story(content, front.fund.circles["casework"]).text == "Yes, in September."
    assert "A letter of yours, locked for the fund" in first.text
    assert "in September" not in first.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write a few words"),
        ("x" * 8001, "Make this shorter"),
        ("x" * 1_000_000, "Make this shorter"),
        ("a\x00b", "invisible signs"),
        ("a\u202eb", "invisible signs"),
    ],
)
def test_a_letter_that_is_not_one_is_refused_and_kept(
    front: Front, browser: Browser, typed: str, sentence: str
) -> None:
    page = open_mailbox(browser, submit(browser))
    before = front.rows("SELECT count(*) FROM front_drop")
    again = browser.send(page, "/mailbox/write/", text=typed)
    assert sentence in again.mistakes[0]
    assert again.value("text") == typed.replace("\x00", "").replace("\u202e", "")
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_bank_details_are_taken_after_a_grant_only(front: Front, browser: Browser) -> None:
    code = submit(browser)
    page = open_mailbox(browser, code)
    _, fields = page.fields("/mailbox/write/")
    details = {"name": "A", "iban": PAYEE_IBAN, "bic": "", "go": "send"}
    before = front.rows("SELECT count(*) FROM front_drop")
    assert browser.post("/en/mailbox/payee/", {**fields, **details}).heading == "Your mailbox"
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_bank_details_are_sealed_to_the_quorum(front: Front, browser: Browser) -> None:
    page = browser.send(open_mailbox(browser, granted(front, browser)), "/mailbox/payee/", go="open")
    assert page.heading == "Where to pay"
    before = front.relay().drops_after(0)
    done = browser.send(
        page, "/mailbox/payee/", name="Maryia Canary", iban="de89 3704 0044 0532 0130 00", bic="", go="send"
    )
    assert "Your bank details are locked and stored." in done.text
    [drop] = front.relay().drops_after(before[-1].arrival)
    content = open_drop(drop.body, front.fund.circles["officers"])
    assert (drop.kind, content.story) == ("payee", b"")
    assert content.person
    assert b"Canary" not in drop.body + content.person


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Write the name as the bank knows it"),
        ("name", "x" * 71, "Make this shorter"),
        ("name", "x" * 1_000_000, "Make this shorter"),
        ("name", "a\u202eb", "invisible signs"),
        ("iban", "", "Write the number of the account"),
        ("iban", "LT121000011101001001", "This is not an IBAN"),
        ("iban", "LT12", "This is not an IBAN"),
        ("iban", IBAN, "the fund’s own account"),
        ("iban", " ".join(IBAN.lower()), "the fund’s own account"),
        ("iban", "ЛТ121000011101001000", "This is not an IBAN"),
        ("iban", "0" * 1_000_000, "Make this shorter"),
        ("iban", "DE89\x00370400440532013000", "invisible signs"),
        ("iban", "BY86AKBB10100000002966000000", "banks of this country"),
        ("bic", "short", "This is not a BIC"),
        ("bic", "x" * 21, "Make this shorter"),
    ],
)
def test_bank_details_that_cannot_be(front: Front, browser: Browser, field: str, typed: str, sentence: str) -> None:
    page = browser.send(open_mailbox(browser, granted(front, browser)), "/mailbox/payee/", go="open")
    details = {"name": "Maryia", "iban": PAYEE_IBAN, "bic": "", field: typed}
    before = front.rows("SELECT count(*) FROM front_drop")
    again = browser.send(page, "/mailbox/payee/", **details, go="send")
    assert sentence in again.mistakes[0]
    assert again.value(field) == typed.replace("\x00", "").replace("\u202e", "")
    assert again.value("name") == details["name"].replace("\u202e", "")
    assert front.rows("SELECT count(*) FROM front_drop") == before


def test_wrong_and_unknown_codes_look_alike(browser: Browser) -> None:
    submit(browser)
    unknown = " ".join(codes.words(codes.new_code()))
    swapped = " ".join(reversed(unknown.split()))
    not_words = "these are not eight words of it"
    pages = [shown(browser.post("/en/mailbox/", {"code": text})) for text in (unknown, swapped, not_words, "1" * 32)]
    assert {page.mistakes[0] for page in pages} == {NOT_A_MAILBOX}
    texts = {page.raw.replace(page.value("code").encode(), b"") for page in pages}
    assert len(texts) == 1


@pytest.mark.parametrize("typed", ["", "x" * 1001, "x" * 1_000_000, "\x00", "\u202e", "ж" * 900])
def test_what_is_no_code_is_answered_with_a_sentence(browser: Browser, typed: str) -> None:
    assert len(shown(browser.post("/en/mailbox/", {"code": typed})).mistakes) == 1


@pytest.mark.parametrize("path", ["/en/mailbox/", "/en/mailbox/write/", "/en/mailbox/payee/"])
@pytest.mark.parametrize("carried", ["", "junk", "A" * 5000, "é"])
def test_a_pass_that_is_none_opens_the_door_and_nothing_else(browser: Browser, path: str, carried: str) -> None:
    page = browser.post(path, {"pass": carried, "text": "kept"})
    assert page.status == 200
    assert page.heading == "Your mailbox"
    assert "Letters" not in page.text


def test_a_restart_closes_the_mailbox_and_keeps_the_letter(front: Front, browser: Browser) -> None:
    code = submit(browser)
    page = open_mailbox(browser, code)
    front.restart()
    door = browser.send(page, "/mailbox/write/", text="half a letter")
    assert "The mailbox has closed by itself." in door.text
    again = browser.send(door, "/mailbox/", code=codes.digits(code))
    assert again.value("text") == "half a letter"


def test_a_damaged_letter_is_counted_and_the_others_shown(front: Front, browser: Browser) -> None:
    code = submit(browser)
    keys = CodeKeys.from_code(code, front.fund.charter.code_salt)
    other = CodeKeys.from_code(codes.new_code(), front.fund.charter.code_salt)
    from hashlib import sha256

    from poruch.events.kinds import MailboxReplied

    _, body = front.fund.reply(other, Message("message", today(), "not for you", (), ""))
    front.relay().put_body(body)
    front.fund.act(1, MailboxReplied(keys.mailbox_id, sha256(body).digest()), day=today())
    front.relay().push(front.fund.segments)
    tell(front, code, "message", "for you")
    page = open_mailbox(browser, code)
    assert "1 letter is damaged" in page.text
    assert "for you" in page.text
    assert "not for you" not in page.text
