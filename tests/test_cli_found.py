"""`poruch found`: a plan becomes a fund that runs, or is refused with a sentence, and nothing is left behind."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from command import ENVIRONMENT, EXAMPLES, PROGRAM, files_in, lines, run
from poruch.crypto import keyfile
from poruch.crypto.ceremony import Group
from poruch.crypto.group import B, lagrange, multiply_base
from poruch.desk import founding
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk
from poruch.errors import WrongPassphrase
from poruch.journal.sync import HttpRelay

NAMES = ("Ruta", "Klon", "Kalina", "Busel", "Verba")
PASSPHRASES = {name: f"{name} sows nine quiet fields" for name in NAMES}
TYPED = lines(PASSPHRASES[name] for name in NAMES for _ in range(2))
PLAN = (EXAMPLES / "fund.toml").read_text()
LONGEST_SECONDS = 90


@dataclass(frozen=True)
class Founded:
    """A fund as `found` left it."""

    folder: Path
    said: str

    def key(self, name: str) -> keyfile.OfficerKey:
        return founding.unlock(self.folder / "desks" / name.lower(), PASSPHRASES[name])

    @property
    def id(self) -> bytes:
        return bytes.fromhex((self.folder / "desks" / "ruta" / "fund.id").read_text().strip())


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    folder = tmp_path_factory.mktemp("founding") / "fund"
    done = run("found", folder, "--plan", EXAMPLES / "fund.toml", typed=TYPED, seconds=LONGEST_SECONDS)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return Founded(folder, done.stdout)


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def desks(founded: Founded) -> Iterator[list[Desk]]:
    """All desks, opened with the passphrases that were typed, and without a front."""
    opened = [
        Desk(founded.folder / "desks" / name.lower(), founded.key(name), founded.id, None, today) for name in NAMES
    ]
    yield opened
    for desk in opened:
        desk.close()


# ---- a fund -----------------------------------------------------------------------------------


def test_it_leaves_a_desk_for_each_officer_and_a_front(founded: Founded) -> None:
    assert sorted(path.name for path in founded.folder.iterdir()) == ["desks", "front"]
    for name in NAMES:
        desk = founded.folder / "desks" / name.lower()
        assert sorted(path.name for path in desk.iterdir()) == ["desk.db", "fund.id", "officer.key"]
        assert re.fullmatch("[0-9a-f]{64}\n", (desk / "fund.id").read_text())
    assert sorted(path.name for path in founded.folder.parent.iterdir()) == ["fund"]


def test_nobody_else_on_the_machine_can_read_it(founded: Founded) -> None:
    for path in [founded.folder, *founded.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_each_key_file_opens_with_its_founders_passphrase_and_no_other(founded: Founded) -> None:
    for number, name in enumerate(NAMES, 1):
        key = founded.key(name)
        assert (key.number, key.name) == (number, name)
    with pytest.raises(WrongPassphrase):
        founding.unlock(founded.folder / "desks" / "ruta", PASSPHRASES["Klon"])


def test_nothing_is_in_clear(founded: Founded) -> None:
    """No passphrase and no working name in any file, and nothing of the related parties, whom the plan names."""
    told = [*PASSPHRASES.values(), *NAMES, "Muravejnik", "LT553250022511792253"]
    for file in files_in(founded.folder):
        data = file.read_bytes()
        if file.name == "desk.db":
            assert not data.startswith(b"SQLite format 3")
        assert [one for one in told if one.encode() in data and len(one) > 4] == [], file
        assert [name for name in ("Ruta", "Klon") if b"\xa4" + name.encode() in data] == [], file


def test_any_three_shares_are_the_quorum_key_and_two_are_not(desks: list[Desk]) -> None:
    group = desks[0].public.ceremonies.group
    assert isinstance(group, Group)
    assert (group.k, group.officers) == (3, (1, 2, 3, 4, 5))
    shares = {desk.number: own_share(desk, group) for desk in desks}

    def joined(officers: tuple[int, ...]) -> bytes:
        weights = lagrange(officers)
        return multiply_base(sum(weights[number] * shares[number] for number in officers))

    assert joined((1, 2, 3)) == joined((2, 4, 5)) == joined((1, 3, 5)) == group.Y
    assert joined((1, 2)) != group.Y
    assert group.Y != B


def test_all_desks_know_one_fund(desks: list[Desk], founded: Founded) -> None:
    assert {desk.public.ceremonies.latest.session for desk in desks} == {desks[0].public.ceremonies.latest.session}
    assert len({desk.public.fingerprint for desk in desks}) == 1
    for desk in desks:
        assert set(desk.members.names.values()) == set(NAMES)
        assert desk.charter.name == "Poruch"
        assert not desk.public.faults


def test_it_says_who_did_what_and_what_to_do_next(founded: Founded) -> None:
    said = founded.said
    for name in NAMES:
        for what in (
            "announced the public keys",
            "joined the ceremony of the quorum key",
            "announced a dealing",
            "dealt",
            "certified the quorum key",
            "took the keys of the circles",
        ):
            assert len(re.findall(rf"^  {name} +{what}$", said, re.MULTILINE)) == 1
        assert f"bin/poruch desk {founded.folder}/desks/{name.lower()} --front http://127.0.0.1:8000\n" in said
    assert f"bin/poruch front {founded.folder}/front\n" in said
    assert "belongs on its officer's own computer" in said
    assert re.search(r"fingerprint, .*:\n  ([a-z-]+ ){7}[a-z-]+\n", said)
    assert not any(passphrase in said for passphrase in PASSPHRASES.values())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def fetch(address: str) -> str:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  an address of loopback
                return str(answer.read().decode())
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError("the front does not answer")


def test_the_commands_it_names_run(founded: Founded) -> None:
    """The front serves, and a desk that is opened finds its fund there."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    front = subprocess.Popen(
        [*PROGRAM, "front", str(founded.folder / "front"), "--port", str(port)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert "Poruch" in fetch(f"{address}/en/")
        assert fetch(f"{address}/log/policy").startswith("# poruch/log-policy/v1 officers 3\n")
        key = founded.key("Kalina")
        folder = founded.folder / "desks" / "kalina"
        desk = Desk(folder, key, founded.id, HttpRelay(address, key.number, key.signing, today), today)
        assert desk.sync() == 0  # nothing new: the front knows what the desk knows
        assert desk.public.ready
        desk.close()
    finally:
        front.terminate()
        front.wait(20)


# ---- passphrases ------------------------------------------------------------------------------


TOO_SHORT = "The passphrase is shorter than 12 characters."
DIFFER = "The two passphrases are not the same; type the same one twice."


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", TOO_SHORT),
        (lines(["short"] * 10), TOO_SHORT),
        (lines([PASSPHRASES["Ruta"], PASSPHRASES["Ruta"] + "x"]), DIFFER),
        (lines([PASSPHRASES["Ruta"]] * 2 + [PASSPHRASES["Klon"]] * 2), TOO_SHORT),  # three founders said nothing
    ],
)
def test_without_all_passphrases_nothing_is_left(tmp_path: Path, typed: str, sentence: str) -> None:
    done = run("found", tmp_path / "fund", "--plan", EXAMPLES / "fund.toml", typed=typed)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert list(tmp_path.iterdir()) == []


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.ours, theirs = pty.openpty()
        self.said = self.everything = ""
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=ENVIRONMENT,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def wait_for(self, text: str, seconds: float = LONGEST_SECONDS) -> None:
        """Read until `text` is said; what was said before is forgotten."""
        end = time.monotonic() + seconds
        while text not in self.said and time.monotonic() < end:
            if not select.select([self.ours], [], [], 1)[0]:
                continue
            try:
                read = os.read(self.ours, 4096).decode(errors="replace")
            except OSError:
                break
            self.said += read
            self.everything += read
        assert text in self.said, self.said
        self.said = self.said.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode() + b"\n")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal("found", str(tmp_path / "fund"), "--plan", str(EXAMPLES / "fund.toml"))
    yield opened
    opened.close()


def test_on_a_terminal_passphrases_are_unseen_and_a_slip_is_asked_again(terminal: Terminal, tmp_path: Path) -> None:
    for answer in ("short", None):  # the first is refused, then all is well
        terminal.wait_for("Ruta, your passphrase: ")
        terminal.type(answer or PASSPHRASES["Ruta"])
        if answer:
            terminal.wait_for(TOO_SHORT)
    terminal.wait_for("Ruta, once more:")
    terminal.type(PASSPHRASES["Ruta"])
    for name in NAMES[1:]:
        for question in ("your passphrase: ", "once more:"):
            terminal.wait_for(f"{name}, {question}")
            terminal.type(PASSPHRASES[name])
    terminal.wait_for("Poruch is founded.")
    assert not any(passphrase in terminal.everything for passphrase in PASSPHRASES.values())
    assert terminal.process.wait(20) == 0
    assert (tmp_path / "fund" / "desks" / "verba" / "officer.key").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_half_way_it_leaves_nothing(terminal: Terminal, tmp_path: Path, number: signal.Signals) -> None:
    for question in ("Ruta, your passphrase: ", "Ruta, once more:"):
        terminal.wait_for(question)
        terminal.type(PASSPHRASES["Ruta"])
    terminal.wait_for("Klon, your passphrase: ")
    assert [path.name for path in tmp_path.rglob("officer.key")] == ["officer.key"]
    terminal.process.send_signal(number)
    assert terminal.process.wait(20) == 130
    assert list(tmp_path.iterdir()) == []


# ---- refusals ---------------------------------------------------------------------------------


def replaced(old: str, new: str) -> Callable[[], str]:
    """The example plan with one thing changed."""

    def plan() -> str:
        assert old in PLAN
        return PLAN.replace(old, new, 1)

    return plan


def founders(count: int, k: int) -> Callable[[], str]:
    """The example plan with so many founders, of whom `k` must agree."""
    head, _, rest = PLAN.partition("[[founders]]")
    programmes = rest[rest.index("[[programmes]]") :]
    rows = [
        f'[[founders]]\nname = "F{number}"\ncircles = ["casework", "treasury", "auditors"]\n'
        for number in range(1, count + 1)
    ]
    return lambda: head.replace("threshold = 3", f"threshold = {k}") + "".join(rows) + programmes


REFUSED = {
    "no founder": (founders(0, 3), "missing or of the wrong kind"),
    "one founder": (founders(1, 1), "A fund needs at least three founders"),
    "two founders": (founders(2, 2), "A fund needs at least three founders"),
    "ten founders": (founders(10, 6), "At most nine officers can hold the quorum key"),
    "2 of 5": (founders(5, 2), "Of 5 officers at least 3 and at most 4 must agree, not 2."),
    "5 of 5": (founders(5, 5), "Of 5 officers at least 3 and at most 4 must agree, not 5."),
    "2 of 4": (founders(4, 2), "Of 4 officers at least 3 and at most 3 must agree, not 2."),
    "3 of 3": (founders(3, 3), "Of 3 officers at least 2 and at most 2 must agree, not 3."),
    "0 of 5": (founders(5, 0), "Of 5 officers at least 3 and at most 4 must agree, not 0."),
    "-1 of 5": (founders(5, -1), "Of 5 officers at least 3 and at most 4 must agree, not -1."),
    "a threshold that is true": (replaced("threshold = 3", "threshold = true"), "The plan's threshold is missing"),
    "an unknown key": (replaced('name = "Poruch"', 'name = "Poruch"\nmotto = "x"'), "unknown key: motto."),
    "a missing key": (replaced('currency = "EUR"', ""), "The plan's currency is missing or of the wrong kind."),
    "not TOML": (lambda: "name = ", "The plan is not TOML"),
    "nothing": (lambda: "", "The plan's name is missing or of the wrong kind."),
    "an empty circle": (lambda: PLAN.replace('"auditors"', '"casework"'), "Nobody belongs to auditors."),
    "an unknown circle": (replaced('"auditors"', '"cooks"'), "There is no circle cooks;"),
    "an unknown key of a founder": (replaced('name = "Ruta"', 'name = "Ruta"\nage = 3'), "A row of founders must have"),
    "a wrong IBAN": (replaced("LT121000011101001000", "LT131000011101001000"), "This is not an IBAN"),
    "a wrong IBAN of a party": (replaced("LT553250022511792253", "LT553250022511792254"), "This is not an IBAN"),
    "a wrong reference": (replaced("RF24407019365820", "RF24407019365802"), "This is not a payment reference"),
    "an empty name": (replaced('name = "Poruch"', 'name = ""'), "The name must have 1 to 80 characters."),
    "a long name": (replaced('name = "Poruch"', f'name = "{"P" * 81}"'), "The name must have 1 to 80 characters."),
    "an unknown language": (replaced('"lt", "en"', '"tlh"'), "The languages must be some of"),
    "no language": (replaced('["be", "ru", "uk", "pl", "lt", "en"]', "[]"), "The languages must be some of"),
    "an unknown currency": (replaced('"EUR"', '"QQQ"'), "three capital letters of ISO 4217"),
    "a currency in small letters": (replaced('"EUR"', '"eur"'), "three capital letters of ISO 4217"),
    "an origin that is no log": (replaced("poruch.example/log", "poruch.example"), "The origin must be"),
    "an origin without a host": (replaced("poruch.example/log", "/log"), "The origin must be"),
    "an origin with a scheme": (replaced("poruch.example/log", "https://poruch.example/log"), "The origin must be"),
    "an origin with a space": (replaced("poruch.example/log", "poruch example/log"), "The origin must be"),
    "no approvals": (replaced("approvals = 2", "approvals = 0"), "name how many approve its grants"),
    "a circle that is a list": (replaced('"auditors"', '["auditors"]'), "There is no circle"),
    "negative days": (replaced("publication_days = 91", "publication_days = -5"), "publication_days must be"),
    "a ceremony that waits for ever": (replaced("silent_days = 7", "silent_days = 1000"), "silent_days must be"),
    "a ceremony that waits for nobody": (replaced("silent_days = 7", "silent_days = 0"), "silent_days must be"),
    "no remittance": (replaced('remittance = "Support"', 'remittance = ""'), "The remittance must have"),
    "a Cyrillic remittance": (
        replaced('remittance = "Support"', 'remittance = "Дапамога"'),
        "The remittance must have",
    ),
    "a country by name": (replaced('"BY", "RU"', '"Belarus"'), "Countries are named by two capital letters"),
    "a language twice": (replaced('"lt", "en"', '"en", "en"'), "A language is named twice."),
    "a party without a name": (replaced("Muravejnik Software Ltd", " "), "A related party has no name."),
    "an instalment too large for the log": (replaced("[90000]", "[4294967296]"), "larger than the log can hold"),
    "an instalment of nothing": (replaced("[90000]", "[0]"), "amounts in minor units"),
    "an account that the log cannot write": (replaced('account = "grants"', 'account = "Grants!"'), "The account of a"),
    "an account of costs": (replaced('account = "grants"', 'account = "cost-grants"'), "The account of a programme"),
    "more approvals than casework has": (replaced("approvals = 2", "approvals = 4"), "casework has fewer members"),
    "two programmes of one key": (replaced('key = "retraining"', 'key = "first-months"'), "The key of a programme"),
    "an amount with a point": (replaced("[90000]", "[900.50]"), "amounts in minor units"),
    "two of one name": (replaced('name = "Klon"', 'name = "RUTA"'), "Two founders have the same working name."),
    "a name that leads elsewhere": (replaced('name = "Klon"', 'name = "../klon"'), "A working name must have"),
    "an empty working name": (replaced('name = "Klon"', 'name = ""'), "A working name must have"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_plan_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    make, sentence = REFUSED[case]
    plan = tmp_path / "plan.toml"
    plan.write_text(make())
    done = run("found", tmp_path / "fund", "--plan", plan, typed=TYPED)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [plan]


def test_a_plan_that_is_not_text(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_bytes(b"\xff\xfe")
    done = run("found", tmp_path / "fund", "--plan", plan)
    assert (done.returncode, done.stderr) == (2, "The plan is not UTF-8.\n")


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    done = run("found", tmp_path / "fund", "--plan", tmp_path / "plan.toml")
    assert (done.returncode, done.stderr) == (2, f"There is no file {tmp_path / 'plan.toml'}.\n")


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fund").mkdir()
    (tmp_path / "fund" / "letter.txt").write_text("keep me")
    done = run("found", tmp_path / "fund", "--plan", EXAMPLES / "fund.toml", typed=TYPED)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is something in this folder already; name a new one.")
    assert [path.name for path in tmp_path.rglob("*")] == ["fund", "letter.txt"]


def test_the_smallest_fund_in_an_empty_folder(tmp_path: Path) -> None:
    """Two of three, into a folder that is there and empty."""
    plan = tmp_path / "plan.toml"
    plan.write_text(founders(3, 2)())
    (tmp_path / "fund").mkdir()
    typed = lines(f"founder {number} passes" for number in (1, 1, 2, 2, 3, 3))
    done = run("found", tmp_path / "fund", "--plan", plan, typed=typed, seconds=LONGEST_SECONDS)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "fund" / "desks").iterdir()) == ["f1", "f2", "f3"]
    database = sqlite3.connect(tmp_path / "fund" / "front" / "front.sqlite3")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
