"""The way of one person by the screens alone: each officer at his own desk; what he may not do is refused."""

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from desk.busy import IBANS, LIST
from desk.street import Answer, RunningDesk, Street, open_street
from poruch.crypto import age
from poruch.crypto.padding import unpad
from poruch.drills.bank import Bank
from poruch.events.codec import decode
from poruch.events.mailbox import Message
from poruch.tlog.check import check_log
from story.village import FUND_IBAN, GENERAL_REFERENCE, Applicant, Village, found_village

NAME = "Zoja Lisickaja-Kanarejka"


@dataclass
class Office:
    """A street at work: one person asks."""

    village: Village
    street: Street
    person: Applicant

    def desk(self, number: int) -> RunningDesk:
        return self.street.desk(number)

    @property
    def case(self) -> str:
        return f"/en/case/{self.person.drop}/"

    def wait(self, number: int, path: str, until: Callable[[str], object]) -> str:
        """The page of a desk once its sync has brought what is awaited."""
        for _ in range(80):
            text = self.desk(number).get(path).text
            if until(text):
                return text
            time.sleep(0.25)
        raise AssertionError(f"desk {number} does not come to it: {text}")

    def do(self, number: int, path: str, **fields: str | list[str]) -> str:
        """A POST that must succeed; the page after it."""
        desk = self.desk(number)
        return desk.follow(desk.post(path, **fields)).text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    village = found_village(tmp_path)
    person = village.apply(NAME, "Мяне звольнілі за адмову.\n\nШукаю працу.")
    made = Office(village, open_street(village), person)
    yield made
    assert "".join(made.street.close()) == ""


def refused(answer: Answer, sentence: str, kept: str = "") -> None:
    """It was refused with this sentence, and what was typed is still there."""
    assert answer.status in (409, 422), answer.text
    assert sentence in answer.text
    assert kept in answer.text
    assert "Traceback" not in answer.text


def letters(office: Office) -> list[Message]:
    """What the person reads with the code."""
    front, keys = office.village.front, office.person.keys
    bodies = [front.bodies[reply.body] for reply in front.public.replies.get(keys.mailbox_id, [])]
    return [decode(unpad(age.open_file(body, [keys.mailbox_identity])), Message) for body in bodies]


def test_the_way_of_one_person_by_the_screens(office: Office) -> None:
    office.wait(1, "/en/queue/", lambda text: "Мяне звольнілі" in text)
    read_and_write(office)
    second_reader(office)
    open_and_screen(office)
    grant(office)
    file = pay(office)
    settle_and_publish(office, file)


def read_and_write(office: Office) -> None:
    one = office.desk(1)
    assert "Take the case" in one.get(office.case).text
    assert "You took the case." in office.do(1, office.case + "take/")
    refused(one.post(office.case + "take/"), "This was done before")
    refused(one.post(office.case + "message/", text="  "), "Write something first.")
    refused(one.post(office.case + "message/", text="a\u202eb"), "There is a hidden sign in this text", "a\u202eb")
    refused(one.post(office.case + "note/", text="x" * 20_001), "longer than 20 000", "x" * 20_001)
    assert "waits in the mailbox" in office.do(1, office.case + "message/", text="Калі гэта было?\n<b>Адкажыце</b>")
    assert "&lt;b&gt;Адкажыце" in one.get(office.case).text
    assert "for casework only" in office.do(1, office.case + "note/", text="Believable at first sight.")
    told = letters(office)[-1]
    assert (told.kind, told.text) == ("message", "Калі гэта было?\n<b>Адкажыце</b>")
    office.village.write(office.person, "Летам, на заводзе.")
    office.wait(1, office.case, lambda text: "Летам, на заводзе." in text)
    office.do(1, office.case + "message/", text="Дзякуй.")


def second_reader(office: Office) -> None:
    path = office.case + "reading/"
    good = {"outcome": "believable", "reason": "The dates agree.", "no_interest": "on"}
    refused(office.desk(1).post(path, **good), "Your circles do not include this work.", "The dates agree.")
    office.wait(2, office.case, lambda text: "Put my reading on record" in text)
    lonely = {key: value for key, value in good.items() if key != "no_interest"}
    refused(office.desk(2).post(path, **lonely), "ask a colleague to do this", "The dates agree.")
    refused(office.desk(2).post(path, **{**good, "outcome": "maybe"}), "Choose one.", "The dates agree.")
    refused(office.desk(5).post(path, **good), "Your circles do not include this work.")
    assert "Your reading is on record." in office.do(2, path, **good)


def open_and_screen(office: Office) -> None:
    office.wait(1, office.case, lambda text: "Ask my colleagues" in text)
    refused(office.desk(1).post(office.case + "ask/", purpose=""), "Say why, in one sentence.")
    refused(office.desk(1).post(office.case + "ask/", purpose="x" * 241), "One short sentence is enough.", "x" * 241)
    done = office.do(1, office.case + "ask/", purpose="Screen case 0001 for the drill.")
    assert "All officers are asked to open the name" in done
    listed = office.wait(3, "/en/openings/", lambda text: "for the drill" in text)
    found = re.search(r"/en/openings/([0-9a-f]{64})/", listed)
    assert found
    opening = found[0]
    page = office.desk(3).get(opening).text
    assert "Agree, give my partial" in page
    assert "The desk of Officer 1, and nobody else." in page
    refused(office.desk(1).post(office.case + "open/"), "A check is missing")  # there is no list yet
    assert office.desk(1).upload("/en/openings/list/", b"no header\n").status == 422
    refused(office.desk(1).upload("/en/openings/list/", b""), "This file is empty.")
    assert "2 names" in office.desk(1).follow(office.desk(1).upload("/en/openings/list/", LIST)).text
    refused(office.desk(1).post(office.case + "open/"), "There are fewer answers than the fund demands.")
    for number in (3, 5):
        office.wait(number, opening, lambda text: "Agree, give my partial" in text)
        assert "Your partial is sealed to Officer 1" in office.do(number, opening)
        refused(office.desk(number).post(opening), "This was done before")
    text = office.wait(1, office.case, lambda text: "Open the name" in text and "Screen the name" in text)
    assert NAME not in text
    # the partials travel as bodies, a moment after their events
    for _ in range(40):
        shown = office.desk(1).post(office.case + "open/")
        if shown.status == 200:
            break
        time.sleep(0.25)
    assert NAME in shown.text
    assert "No name on the list is the same." in shown.text
    assert NAME not in office.desk(1).get(office.case).text
    refused(office.desk(3).post(office.case + "open/"), "A check is missing")
    typed = {"outcome": "no-match", "reason": "Nobody of that name."}
    again = office.desk(1).post(office.case + "screening/", **typed)
    refused(again, "ask a colleague to do this", "Nobody of that name.")
    assert NAME in again.text
    done = office.do(1, office.case + "screening/", **typed, no_interest="on")
    assert "The screening is on record" in done
    assert NAME not in done
    refused(office.desk(1).post(office.case + "open/"), "A check is missing")


def grant(office: Office) -> None:
    one = office.desk(1)
    path = office.case + "grant/"
    day = office.village.clock().isoformat()
    rows = {"programme": "first-months", "amount0": "600,00", "day0": day, "amount1": "1 200.50", "day1": day}
    refused(one.post(path, **{**rows, "amount1": "-5"}), "This is not an amount of money.", "-5")
    refused(one.post(path, **{**rows, "amount1": "99999999999"}), "less than 42 million", "99999999999")
    refused(one.post(path, **{**rows, "day1": ""}), "from which day", "1 200.50")
    refused(one.post(path, programme="first-months"), "Name at least one amount.")
    refused(one.post(path, **{**rows, "programme": "spying"}), "600,00")
    done = office.do(1, path, **rows)
    assert "The grant is proposed." in done
    assert "€\xa01\xa0800.50" in done
    refused(one.post(path, **rows), "This was done before", "1 200.50")
    refused(one.post(office.case + "approve/"), "Nobody approves a grant that he proposed")
    for number, have, said in ((2, "0 of 2", "others must approve too"), (3, "1 of 2", "With your approval the grant")):
        office.wait(number, office.case, lambda text, have=have: have in text)  # type: ignore[misc]
        assert said in office.do(number, office.case + "approve/")
    office.wait(1, office.case, lambda text: "Waits for bank details" in text)
    refused(one.post(office.case + "refuse/", reason="too late"), "This was done before", "too late")
    assert letters(office)[-1].amounts_minor == (60000, 120050)
    office.village.give_payee(office.person, IBANS[0])


def pay(office: Office) -> bytes:
    five = office.desk(5)
    text = office.wait(5, "/en/batches/", lambda text: 'name="items"' in text)
    items = re.findall(r'name="items" value="([^"]+)"', text)
    assert len(items) == 2
    day = office.village.clock().isoformat()
    refused(five.post("/en/batches/new/", execution=day), "A check is missing")
    refused(five.post("/en/batches/new/", execution="2020-01-01", items=items), "one of the next thirty", items[0])
    refused(five.post("/en/batches/new/", execution="soon", items=items), "This is not a day.", "soon")
    refused(five.post("/en/batches/new/", execution=day, items=["x/0"]), "may not enter a batch any more")
    refused(office.desk(1).post("/en/batches/new/", execution=day, items=[]), "Your circles do not include this work.")
    answer = five.post("/en/batches/new/", execution=day, items=items)
    batch = answer.location.split("?")[0]
    assert "Batch 1 is proposed" in five.follow(answer).text
    refused(five.post(batch + "export/"), "There are fewer answers than the fund demands.")
    refused(five.post(batch + "approve/"), "This was done before")
    for number in (2, 4):
        page = office.wait(number, batch, lambda text: "Approve, and help open 2 payees" in text)
        assert page.count("All held") == 2
        assert "You approved the batch" in office.do(number, batch + "approve/")
    refused(office.desk(2).post(batch + "export/"), "Your circles do not include this work.")
    office.wait(5, batch, lambda text: "Open the payees and write the bank file" in text)
    assert "every payee would be left out" in five.get(batch).text
    five.follow(five.upload("/be/openings/list/", LIST))
    for _ in range(40):
        exported = five.post(batch + "export/")
        if exported.status == 302:
            break
        time.sleep(0.25)
    page = five.follow(exported).text
    assert "The bank file is written" in page
    assert NAME not in page
    saved = five.post(batch + "file/")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="batch-1.pain001.xml"'
    assert saved.headers["Cache-Control"] == "no-store"
    assert five.post(batch + "file/").body == saved.body
    refused(five.post(batch + "export/"), "This was done before")
    refused(office.desk(2).post(batch + "file/"), "A check is missing")
    return saved.body


def settle_and_publish(office: Office, file: bytes) -> None:
    five, day = office.desk(5), office.village.clock()
    bank = Bank(FUND_IBAN, "Village fund", "EUR", 0, os.urandom)
    for amount in (100_000, 120_000, 90_000, 150_000, 45_000):
        bank.receive(amount, GENERAL_REFERENCE, "A Giver", IBANS[1], day)
    bank.receive(1_234, "no reference", "Somebody", IBANS[2], day)
    order = bank.accept_pain001(file, day)
    assert [(payment.iban, payment.amount_minor) for payment in order.payments] == [
        (IBANS[0], 60000),
        (IBANS[0], 120050),
    ]
    statement = bank.statement(day, day)
    refused(five.upload("/en/books/statements/", b"<no xml"), "This is not a bank statement that can be read.")
    refused(office.desk(1).upload("/en/books/statements/", statement), "Your circles do not include this work.")
    assert five.upload("/en/books/statements/", b"x" * (17 * 2**20)).status == 413
    page = five.follow(five.upload("/en/books/statements/", statement)).text
    assert "gifts: 5" in page
    assert "instalments paid: 2" in page
    assert "unmatched: 1" in page
    refused(five.upload("/en/books/statements/", statement), "This was done before")
    office.wait(1, "/en/queue/?show=closed", lambda text: "Paid" in text)
    assert letters(office)[-1].kind == "paid"

    refused(five.post("/en/log/new/", until="2099-01-01"), "This day has not ended yet.", "2099-01-01")
    refused(office.desk(1).post("/en/log/new/", until=day.isoformat()), "Your circles do not include this work.")
    answer = five.post("/en/log/new/", until=day.isoformat())
    epoch = answer.location.split("?")[0]
    assert "Epoch 1 is prepared." in five.follow(answer).text
    refused(five.post(epoch + "send/"), "There are fewer answers than the fund demands.")
    for number in (5, 1, 2):
        office.wait(number, epoch, lambda text: "Verify and sign" in text)
        assert "verified every leaf and signed" in office.do(number, epoch + "sign/")
        refused(office.desk(number).post(epoch + "sign/"), "This was done before")
    office.wait(5, epoch, lambda text: "Publish it" in text)
    assert "anybody can check it now" in office.do(5, epoch + "send/")
    assert "Leave the slips" in office.wait(3, epoch, lambda text: "It is public." in text)
    assert re.search(r"\d+ slips? (is|are) left", office.do(5, epoch + "slips/"))
    office.wait(3, epoch, lambda text: "Slips for codes are left." in text)  # every desk of treasury knows it
    refused(office.desk(3).post(epoch + "slips/"), "This was done before")
    refused(five.post(epoch + "slips/"), "This was done before")
    assert check_log(lambda path: office.village.front.files[path], os.urandom).holds


def test_an_objection_stops_an_opening(office: Office) -> None:
    office.wait(2, "/en/queue/", lambda text: "Мяне звольнілі" in text)
    office.do(2, office.case + "ask/", purpose="Out of curiosity.")
    listed = office.wait(3, "/en/openings/", lambda text: "curiosity" in text)
    opening = re.findall(r"/en/openings/[0-9a-f]{64}/", listed)[0]
    refused(office.desk(3).post(opening + "object/", reason=""), "Write something first.")
    assert "You objected." in office.do(3, opening + "object/", reason="Curiosity is no purpose.")
    text = office.wait(4, opening, lambda text: "Curiosity is no purpose." in text)
    assert "Agree, give my partial" not in text
    refused(office.desk(4).post(opening), "A colleague objected to this opening")


def test_nothing_that_is_opened_or_typed_is_left_on_the_disk_in_clear(office: Office) -> None:
    office.wait(1, "/en/queue/", lambda text: "Мяне звольнілі" in text)
    office.do(1, office.case + "note/", text="A canary note of 1.")
    office.desk(1).upload("/en/openings/list/", LIST)
    folder = Path(office.desk(1).folder)
    for file in folder.rglob("*"):
        for canary in ("A canary note", "Viktar Nechuvany", "Мяне звольнілі", office.desk(1).passphrase):
            assert not file.is_file() or canary.encode() not in file.read_bytes()
