"""The front is seized: canaries go in through every form, then every byte that it left anywhere is searched.

The same search finds them at once where somebody added a debug line; that is shown on two planted ones.
"""

import base64
import contextlib
import os
import re
import textwrap
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from front.browser import ANSWERS, Browser, open_mailbox, retyped, to_check
from front.fund import make_fund
from front.process import SERVERS, Front, new_front, today
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.events.mailbox import Message

CANARIES = {
    "happened": "Zymarodak на мосце каля Крынічанска",
    "when": "vosem-lipienia-kanarak",
    "danger": "Прыйшлі-ў-суботу-канарак",
    "need": "need-kanarejka-4417",
    "other_funds": "other-kanarejka-9921",
    "name": "Валянціна Канарэйкіна-Птах",
    "contact": "+375 29 000 44 17 kanarejka",
    "letter": "Ліст-канарэйка пра сястру",
    "payee": "Maryja Kanarejkina-Ptach",
    "iban": "FR1420041010050500013M02606",
    "reply": "Адказ-канарэйка фонду",
    "mistyped": "mistyped kanarejka code words",
    "long": "doŭhi-kanarejka-",
    "file": "kanarejka-in-a-photo",
    "address": "kanarejka-in-the-address",
    "agent": "kanarejka-agent/1.0",
}


def shapes(text: str) -> Iterator[bytes]:
    """The text as it may lie on a disk: plain, UTF-16, hex, address, and base64 at each of its three alignments."""
    for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.upper().encode()):
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for skip in range(3):
            whole = base64.b64encode(b"\0" * skip + raw)
            yield whole[4 if skip else 0 : -4]
            yield whole[4 if skip else 0 : -4].translate(bytes.maketrans(b"+/", b"-_"))
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield text.encode("unicode_escape")


def seized(front: Front) -> dict[str, bytes]:
    """Every file of the front, its output and its temporary folder; and those of its PostgreSQL."""
    files = [front.out]
    for folder in (front.folder, front.temp):
        files += [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files} | files_of_server(front)


def files_of_server(front: Front) -> dict[str, bytes]:
    """The server's log, its write-ahead log, its tables; of other databases' nothing."""
    if not SERVERS:
        return {}
    [server] = SERVERS
    [(own,)] = front.rows("SELECT oid::text FROM pg_database WHERE datname = current_database()")
    bases = server.data / "base"
    found: dict[str, bytes] = {}
    for path in server.folder.rglob("*"):
        if not path.is_relative_to(bases) or path.is_relative_to(bases / own):
            with contextlib.suppress(FileNotFoundError):  # a server deletes what it needs no more
                if path.is_file():  # no canary has so many zeros, and half of a server's files is nothing else
                    found[str(path)] = re.sub(rb"\0{64,}", bytes(64), path.read_bytes())
    assert any("/pg_wal/" in name for name in found)
    return found


def found(front: Front, secrets: dict[str, str]) -> set[str]:
    """Names of the canaries that somebody who took the machine would read."""
    everything = seized(front)
    return {
        name
        for name, text in secrets.items()
        for shape in shapes(text)
        if any(shape in content for content in everything.values())
    }


def plant(front: Front) -> dict[str, str]:
    """Use the site as people do, mistakes included; returns all that must not be found."""
    browser, secrets = front.browser, dict(CANARIES)
    answers = {
        key: {name: CANARIES.get(name, value) for name, value in typed.items()} for key, typed in ANSWERS.items()
    }
    long = CANARIES["long"] * 60_000
    browser.send(browser.get("/en/ask/"), "/ask/who/", who=CANARIES["long"])
    browser.post("/en/ask/happened/", {"happened": long, "mark": CANARIES["long"]})
    browser.post("/en/ask/happened/", {"happened": CANARIES["long"] * 700_000})
    check = to_check(browser, "be", answers)
    browser.send(check, "/ask/check/", go="send", word1=CANARIES["mistyped"])
    browser.send(check, "/ask/check/", **retyped(check), go="send")
    code = codes.parse(check.code)
    plant_mailbox(front, browser, code)
    browser.post("/en/mailbox/", {"code": CANARIES["mistyped"]})
    browser.ask(
        "GET", "/en/" + CANARIES["address"] + "?q=" + CANARIES["address"], headers={"User-Agent": CANARIES["agent"]}
    )
    part = b'--b\r\nContent-Disposition: form-data; name="x"; filename="y"\r\n\r\n'
    photo = part + CANARIES["file"].encode() * 200_000 + b"\r\n--b--\r\n"
    browser.ask("POST", "/en/ask/need/", photo, {"Content-Type": "multipart/form-data; boundary=b"})
    gift = browser.send(browser.get("/en/give/"), "/give/", code="1")
    [reference] = gift.tree.xpath("//dd[contains(@class, 'mono')]/b/text()")
    secrets |= {"reference": reference.replace(" ", ""), "reference as shown": reference}
    for name, one in (("code", code), ("gift code", codes.parse(gift.code))):
        keys = CodeKeys.from_code(one, front.fund.charter.code_salt)
        words = codes.words(one)
        secrets |= {
            f"{name} in words": " ".join(words[:3]),
            f"{name} in digits": codes.digits(one)[:19],
            f"{name} as a number": str(one)[:20],
            f"{name} secret": keys.secret.hex(),
            f"{name} slip key": keys.slip_key.hex(),
            f"{name} blind key": keys.blind_key.hex(),
        }
        everything = seized(front).values()
        for key in (keys.secret, keys.slip_key, keys.blind_key):
            assert not any(key in content for content in everything)
    return secrets


def plant_mailbox(front: Front, browser: Browser, code: int) -> None:
    """Letters both ways, and bank details."""
    keys = CodeKeys.from_code(code, front.fund.charter.code_salt)
    browser.send(open_mailbox(browser, code), "/mailbox/write/", text=CANARIES["letter"])
    segments = []
    for kind, text, amounts in (("message", CANARIES["reply"], ()), ("grant", CANARIES["reply"], (60000,))):
        signed, body = front.fund.reply(keys, Message(kind, today(), text, amounts, "EUR"))
        front.relay().put_body(body)
        segments.append(signed)
    front.relay().push(segments)
    box = open_mailbox(browser, code)
    assert CANARIES["reply"] in box.text
    payee = browser.send(box, "/mailbox/payee/", go="open")
    browser.send(payee, "/mailbox/payee/", name=CANARIES["payee"], iban="wrong" + CANARIES["iban"], go="send")
    done = browser.send(payee, "/mailbox/payee/", name=CANARIES["payee"], iban=CANARIES["iban"], go="send")
    assert not done.mistakes


def test_a_seized_front_tells_nothing(tmp_path: Path) -> None:
    front = new_front(tmp_path, make_fund())
    try:
        secrets = plant(front)
        assert len(front.relay().drops_after(0)) == 4  # submission, letter, bank details, gift: all went in
        assert found(front, secrets) == set()
    finally:
        front.stop()
    assert found(front, secrets) == set()
    assert os.listdir(front.temp) == []


def test_a_seized_front_holds_what_it_should(tmp_path: Path) -> None:
    """The search itself works: what is public is found by it."""
    front = new_front(tmp_path, make_fund())
    try:
        assert found(front, {"holder": "Poruch Solidarity Fund", "nobody": "kanarejka"}) == {"holder"}
    finally:
        front.stop()


LEAKS = {
    "print": "sys.stderr.write(f'debug: {answers}')",
    "logging": "logging.getLogger('poruch').error('form %s', answers, exc_info=False)",
    "temporary file": "tempfile.NamedTemporaryFile('w', delete=False).write(str(answers))",
    "base64 in a file": "Path(tempfile.gettempdir(), 'x').write_bytes(base64.b64encode(str(answers).encode()))",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_search_finds_a_debug_line(tmp_path: Path, leak: str) -> None:
    program = tmp_path / "leaking.py"
    program.write_text(
        textwrap.dedent(
            f"""
            import base64, logging, sys, tempfile
            from pathlib import Path
            from poruch.front import server
            from poruch.front.server import _configure
            _configure(Path(sys.argv[2]))
            from poruch.front.views import ask
            kept = ask._seal_and_store
            def leaking(answers, code):
                {LEAKS[leak]}
                kept(answers, code)
            ask._seal_and_store = leaking
            sys.exit(server.main(sys.argv[1:]))
            """
        )
    )
    front = new_front(tmp_path, make_fund(), [str(program)])
    try:
        check = to_check(front.browser, "en", {**ANSWERS, "need": {"need": CANARIES["need"]}})
        front.browser.send(check, "/ask/check/", **retyped(check), go="send")
    finally:
        front.stop()
    # Our own logging writes no message at all, so even a careless line of it tells nothing.
    assert found(front, CANARIES) == (set() if leak == "logging" else {"need"})
