"""`poruch demo --once`: what it leaves in OUT, what its report counts, and what a thief of the front finds there."""

import base64
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sepaxml
from lxml import etree

from command import EXAMPLES, demo_once, files_in, run, some_submissions
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.drills.fund import passphrase_of
from poruch.events.charter import CIRCLES

STATEMENT = EXAMPLES / "statement.xml"
PLAN = tomllib.loads((EXAMPLES / "fund.toml").read_text())
CAMT = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}
PAIN = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
STAGES = ["founding", "submissions", "cases", "grants", "gifts", "payments", "settlement", "epoch", "check", "all"]


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text())


def told(out: Path) -> list[dict]:
    """The submissions that this OUT was made of."""
    return [tomllib.loads(file.read_text()) for file in sorted((out.parent / "submissions").glob("*.toml"))]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of four submissions, one too few to be published, and of a statement from elsewhere."""
    return demo_once(tmp_path_factory.mktemp("four"), 4, "--statement", STATEMENT)


# ---- what is left -----------------------------------------------------------------------------


def test_what_is_in_out(once: Path) -> None:
    assert {path.name for path in once.iterdir()} == {
        *("desks", "front", "log", "payments.pain001.xml", "receipts", "report.json")
    }
    assert {path.name for path in (once / "desks").iterdir()} == {one["name"].lower() for one in PLAN["founders"]}
    assert {path.name for path in (once / "log").iterdir()} == {"checkpoint", "policy", "tile", "code-salt", "slips"}
    assert (once / "log" / "policy").read_text().endswith("\nquorum none\n")
    assert len(files_in(once / "receipts")) == 12


def test_the_report_counts(once: Path) -> None:
    found = report(once)
    counted = {key: found[key] for key in ("submissions", "cases", "grants", "payments", "gifts")}
    assert counted == dict.fromkeys(counted, 6)
    assert (found["check"], found["waiting"], found["refused"]) == ("holds", [], [])
    assert found["leaves"] == int((once / "log" / "checkpoint").read_text().split("\n")[1])
    assert list(found["seconds"]) == STAGES
    assert all(seconds >= 0 for seconds in found["seconds"].values())
    assert found["seconds"]["all"] >= sum(found["seconds"][stage] for stage in STAGES[:-1]) - 0.1


def test_the_log_is_what_the_front_shows(once: Path) -> None:
    shown = {path.relative_to(once / "front" / "log"): path.read_bytes() for path in files_in(once / "front" / "log")}
    assert {path: (once / "log" / path).read_bytes() for path in shown} == shown


def test_every_receipt_code_is_a_code(once: Path) -> None:
    found = {codes.parse(file.read_text()) for file in files_in(once / "receipts")}
    assert len(found) == 12


# ---- payments ---------------------------------------------------------------------------------


def test_the_payments_are_what_a_bank_takes(once: Path) -> None:
    schema = etree.XMLSchema(file=str(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"))
    schema.assertValid(etree.parse(once / "payments.pain001.xml"))


def test_each_payee_gets_the_first_instalment_of_the_example_grant(once: Path) -> None:
    root = etree.parse(once / "payments.pain001.xml").getroot()

    def texts(path: str) -> list[str]:
        return [str(text) for text in root.xpath(f"//p:CdtTrfTxInf/{path}/text()", namespaces=PAIN)]

    assert sorted(texts("p:CdtrAcct//p:IBAN")) == sorted(one["payee"]["iban"].replace(" ", "") for one in told(once))
    example_minor = PLAN["programmes"][0]["example_minor"][0]
    assert texts("p:Amt/p:InstdAmt") == [f"{example_minor / 100:.2f}"] * 6
    assert root.xpath("//p:DbtrAcct//p:IBAN/text()", namespaces=PAIN) == [PLAN["account_iban"]]


# ---- fewer than five, and a statement ---------------------------------------------------------


def test_four_payouts_wait(four: Path) -> None:
    found = report(four)
    assert (found["submissions"], found["grants"], found["payments"]) == (4, 4, 4)
    assert len(found["waiting"]) == 4
    assert found["check"] == "holds"
    said = run("check", four / "log").stdout
    assert re.search(r"went out +grants +0\.00 EUR\n", said)
    person = files_in(four / "receipts")[0]
    assert "person" in person.name
    done = run("check", four / "log", "--code", "-", typed=person.read_text())
    assert (done.returncode, "No slip lies under this code" in done.stdout) == (1, True)


def test_the_statement_is_counted(four: Path) -> None:
    """Counted here from the XML alone: by the reference of the plan, except what a related party sent."""
    root = etree.parse(STATEMENT).getroot()
    counted = {"gifts": 0, "unmatched": 0, "quarantined": 0, "costs": 0, "debits_unmatched": 0}
    related = PLAN["related"][0]
    for entry in root.iterfind(".//c:Ntry", CAMT):
        text = "".join(entry.xpath(".//c:RmtInf//text()", namespaces=CAMT))
        iban = entry.findtext(".//c:DbtrAcct//c:IBAN", namespaces=CAMT)
        if entry.findtext("c:CdtDbtInd", namespaces=CAMT) == "DBIT":
            counted["costs"] += 1
        elif iban in related["ibans"]:
            counted["quarantined"] += 1
        elif PLAN["gift_reference"] in "".join(text.split()).upper():
            counted["gifts"] += 1
        else:
            counted["unmatched"] += 1
    assert min(counted["gifts"], counted["unmatched"], counted["quarantined"], counted["costs"]) > 0
    found = report(four)
    assert found["statement"] == counted
    assert found["gifts"] == counted["gifts"] + 6  # and the six who gave through the site


# ---- refused ----------------------------------------------------------------------------------


def test_an_unknown_key_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = some_submissions(tmp_path / "submissions", 2)
    file = sorted(folder.glob("*.toml"))[1]
    file.write_text('shoe_size = "44"\n' + file.read_text())
    done = run("demo", "--once", tmp_path / "out", "--submissions", folder)
    assert done.returncode == 2
    assert f"{file.name}: unknown key shoe_size" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_key_of_the_payee_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = some_submissions(tmp_path / "submissions", 1)
    [file] = folder.glob("*.toml")
    file.write_text(file.read_text() + 'account = "x"\n')
    done = run("demo", "--once", tmp_path / "out", "--submissions", folder)
    assert (done.returncode, "unknown key payee.account" in done.stderr) == (2, True)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("keep me")
    done = run("demo", "--once", tmp_path / "out")
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "letter.txt"]


def test_no_submission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = run("demo", "--once", tmp_path / "out", "--submissions", tmp_path / "none")
    assert (done.returncode, "holds no .toml file" in done.stderr) == (2, True)


@pytest.mark.parametrize("given", ["", "<Document/>", "no statement"])
def test_what_is_no_statement_is_refused(tmp_path: Path, given: str) -> None:
    (tmp_path / "statement.xml").write_text(given)
    done = run("demo", "--once", tmp_path / "out", "--statement", tmp_path / "statement.xml")
    assert done.returncode == 2
    assert done.stderr.startswith("This is not a bank statement that can be read.")
    assert not (tmp_path / "out").exists()


# ---- what a thief of the front finds ----------------------------------------------------------


PIECE = 24  # characters
SHORT = 5  # what is shorter comes about by chance in megabytes of ciphertext
LEAST_BASE64 = 8  # as does this, in what the front keeps as base64


def pieces(text: str) -> Iterator[str]:
    """Beginning, middle and end of each paragraph: who leaks one of them has leaked enough."""
    for part in text.strip().split("\n"):
        if len(part) <= PIECE:
            yield part
        else:
            middle = (len(part) - PIECE) // 2
            yield from (part[:PIECE], part[middle : middle + PIECE], part[-PIECE:])


def secrets_of(out: Path) -> dict[str, bytes]:
    """What nobody may find: the bytes, and what they are."""
    found: dict[str, bytes] = {}

    def add(what: str, text: str) -> None:
        for number, piece in enumerate(pieces(text)):
            if len(piece) >= SHORT:
                found[f"{what} {number}"] = piece.encode()

    for number, one in enumerate(told(out)):
        for key in ("happened", "when", "danger", "need", "other_funds", "name", "contact"):
            add(f"{key} {number}", one[key])
        for part in (one["name"] + " " + one["payee"]["name"]).split():
            add(f"a part of the names {number} {part}", part)
        add(f"IBAN {number}", one["payee"]["iban"])
    for one in PLAN["founders"]:
        add("working name", one["name"])
        add("passphrase", passphrase_of(one["name"]))
    add("related party", PLAN["related"][0]["name"])
    add("IBAN of a related party", PLAN["related"][0]["ibans"][0])
    salt = (out / "log" / "code-salt").read_bytes()
    for file in files_in(out / "receipts"):
        code = codes.parse(file.read_text())
        keys = CodeKeys.from_code(code, salt)
        for separator in (" ", "-", "+", ""):
            found[f"words of {file.name} {separator!r}"] = separator.join(codes.words(code)[:4]).encode()
        found[f"digits of {file.name}"] = codes.digits(code).replace(" ", "")[:20].encode()
        found[f"secret of {file.name}"] = keys.secret
        found[f"slip key of {file.name}"] = keys.slip_key
        found[f"blind key of {file.name}"] = keys.blind_key
    return found


def disguises(secret: bytes) -> Iterator[bytes]:
    """As it is, in hex, in UTF-16, and in base64 wherever it begins."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    with suppress(UnicodeDecodeError):
        yield from (secret.decode().encode("utf-16-le"), secret.decode().encode("utf-16-be"))
    for before in range(3):
        inner = base64.b64encode(bytes(before) + secret)
        # Without the signs that also depend on what stands before and behind.
        whole = inner[[0, 2, 3][before] : (before + len(secret)) * 8 // 6]
        if len(whole) >= LEAST_BASE64:
            yield from {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}


def found_in(data: bytes, out: Path) -> list[str]:
    return [what for what, secret in secrets_of(out).items() if any(one in data for one in disguises(secret))]


def test_the_search_finds_what_is_planted(once: Path) -> None:
    """In each disguise, wherever it begins: or the next test proves nothing."""
    name = told(once)[0]["name"]
    for planted in (
        name.encode(),
        name.encode("utf-16-le"),
        name.encode().hex().encode(),
        *(base64.b64encode(bytes(before) + name.encode() + b"...") for before in range(3)),
        *(base64.urlsafe_b64encode(b"x" * before + name.encode() + b"...") for before in range(3)),
    ):
        assert any(what.startswith("name 0") for what in found_in(b"\0" * 100 + planted + b"\0" * 100, once))
    assert found_in(b"\0" * 100, once) == []


def test_the_front_holds_nothing_of_anybody(once: Path) -> None:
    everything = b"\n".join(file.read_bytes() for file in files_in(once / "front"))
    assert len(everything) > 100_000
    assert found_in(everything, once) == []
    names = "\n".join(str(file.relative_to(once)) for file in files_in(once / "front"))
    assert found_in(names.encode(), once) == []


def test_the_front_knows_the_short_working_names_neither(once: Path) -> None:
    """Names of four letters come about by chance in megabytes of ciphertext: they are looked for as text is framed."""
    everything = b"\n".join(file.read_bytes() for file in files_in(once / "front"))
    for name in [one["name"].encode() for one in PLAN["founders"] if len(one["name"]) < SHORT]:
        framed = [b"\xa4" + name, b'"' + name + b'"', b" " + name + b" ", b"\n" + name + b"\n", b"/" + name.lower()]
        assert not any(one in everything for one in [*framed, name.hex().encode(), name.decode().encode("utf-16-le")])


def test_the_front_knows_no_giver(four: Path) -> None:
    """A statement is read on a desk; nothing of those who stand in it comes to the front."""
    root = etree.parse(STATEMENT).getroot()
    givers = root.xpath("//c:Ntry//c:RltdPties//c:Nm/text() | //c:Ntry//c:RltdPties//c:IBAN/text()", namespaces=CAMT)
    assert len(givers) == 40
    everything = b"\n".join(file.read_bytes() for file in files_in(four / "front"))
    assert [giver for giver in givers if any(one in everything for one in disguises(giver.encode()))] == []


def test_what_desks_hold_is_sealed(once: Path) -> None:
    for desk in (once / "desks").iterdir():
        database = (desk / "desk.db").read_bytes()
        assert not database.startswith(b"SQLite format 3")
        assert not any(circle.encode() in database for circle in CIRCLES)
        assert (desk / "officer.key").read_bytes().startswith(b"poruch/key-file/v1\n")
        everything = b"\n".join(file.read_bytes() for file in files_in(desk))
        assert found_in(everything, once) == []


def test_nothing_of_anybody_is_in_the_public_log(once: Path, tmp_path: Path) -> None:
    shutil.copytree(once / "log", tmp_path / "log")
    everything = b"\n".join(file.read_bytes() for file in files_in(tmp_path / "log"))
    assert found_in(everything, once) == []
