"""`poruch drill seizure`: the front of a running fund is killed and its disk taken; another is made from one desk.

A small fund is founded in a temporary folder, with a front of its own process. People are helped, gifts come, epochs
are published. Then, while one colleague is away, another has just written to a person, and a third person's submission
waits for a desk, the front is killed and its folder is gone. A desk that is not even of treasury makes a new one, with
the command that an officer would type. What the old front showed is compared with what the new one shows.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from poruch.crypto.codes import CodeKeys
from poruch.desk import address, casework, screening, treasury
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk, open_desk
from poruch.drills import officers
from poruch.drills.bank import Bank
from poruch.drills.founding import keep_to_ourselves
from poruch.drills.fund import (
    Calendar,
    DrillFund,
    make_founders,
    open_desks,
    passphrase_of,
    read_plan,
    run_ceremonies,
)
from poruch.drills.people import invent
from poruch.drills.visitor import Visitor
from poruch.errors import AlreadyTaken, RelayUnreachable
from poruch.events.resolutions import FrontMoved, Resolved
from poruch.front.server import real_day
from poruch.journal.sync import HttpRelay
from poruch.tlog.check import check_code, check_log
from poruch.tlog.policy import parse_policy
from poruch.web.words import LANGUAGES

PEOPLE, GIVERS, SEED = 3, 6, 21
EPOCHS = 2
GONE = "http://127.0.0.1:9"
START_SECONDS, REBUILD_SECONDS = 20, 300
FAILED = "This is NOT what docs/threat-model.md promises."
LETTER = "We have read it all, and will write again on Monday."
Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is asked of the new front, what was found, and whether that is as promised."""

    asked: str
    found: str
    holds: bool


@dataclass
class Front:
    """A front in a process of its own, as an operator runs it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def address(self) -> str:
        """http://127.0.0.1:port."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As pulling the plug does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Life:
    """What the fund has done before the front is taken, and what the people of the drill hold."""

    fund: DrillFund
    person: int
    language: str
    givers: list[int]
    away: Desk
    writer: Desk
    rebuilder: Desk
    uncollected: int = 0


def run_seizure(plan: Path, lists: Path, say: Say = lambda line: print(line, flush=True)) -> int:
    """Run the drill and print its table; 0 if every row is as docs/threat-model.md promises, else 1."""
    keep_to_ourselves()
    folder = Path(tempfile.mkdtemp(prefix="poruch-drill-"))
    try:
        rows = drill(folder, plan, lists, say)
    finally:
        shutil.rmtree(folder)
    say("\n" + table(rows))
    return 0 if all(row.holds for row in rows) else 1


def table(rows: list[Row]) -> str:
    """The rows as text."""
    width = max(len(row.asked) for row in rows)
    lines = [f"{'' if row.holds else '! '}{row.asked:<{width}}  {row.found}" for row in rows]
    held = all(row.holds for row in rows)
    verdict = "Lost is what no desk had collected, and nothing else." if held else FAILED
    return "\n".join(["After the seizure:", "", *lines, "", verdict])


def drill(folder: Path, plan: Path, lists: Path, say: Say) -> list[Row]:
    """The rows of the table."""
    planned = read_plan(plan)
    calendar = Calendar(real_day())
    founders = make_founders(folder, planned)
    old = make_front(folder / "front", founders.fund)
    say(f"Founding a fund of {len(planned.names)} officers, {planned.plan.k} of whom decide ...")
    bank = Bank(planned.plan.account_iban, planned.plan.account_holder, planned.plan.currency, 10_000_000, os.urandom)
    desks = open_desks(founders, old.address, calendar, durable=False)
    try:
        run_ceremonies(desks, founders, planned.plan)
        for desk in desks.values():
            screening.keep_list(desk, lists.read_bytes())
        fund = DrillFund(folder, planned, founders.charter, calendar, old.address, desks, bank)
        say(f"Helping {PEOPLE} people, taking {GIVERS * EPOCHS} gifts, publishing {EPOCHS} epochs ...")
        life = live(fund)
        before = seen(life, old.address, old.folder)
        say("The front is killed, and its disk is taken ...")
        old.kill()
        shutil.rmtree(old.folder)
        new, seconds = _rebuild(life, folder / "new", say)
        try:
            return _compare(life, before, new, seconds)
        finally:
            new.kill()
    finally:
        with suppress(ProcessLookupError):
            old.kill()
        for desk in desks.values():
            desk.close()


# ---- fronts -----------------------------------------------------------------------------------


def make_front(folder: Path, fund: bytes) -> Front:
    """A new front that serves."""
    subprocess.run([sys.executable, "-P", "-m", "poruch.front.server", "create", folder, fund.hex()], check=True)
    return start_front(folder)


def start_front(folder: Path) -> Front:
    """The front in `folder`, served by the command that an operator types. Raises `RelayUnreachable`."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    command = [sys.executable, "-P", "-m", "poruch.cli", "front", str(folder), "--port", str(port)]
    front = Front(folder, port, subprocess.Popen(command, stdout=subprocess.DEVNULL))
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and front.process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return front
        time.sleep(0.05)
    front.kill()
    raise RelayUnreachable("the front did not start")


def _rebuild(life: Life, folder: Path, say: Say) -> tuple[Front, float]:
    """A new front by the very command, from a desk that is not of treasury."""
    desk = life.rebuilder
    name = life.fund.planned.names[desk.number]
    say(f"{name}'s desk makes a new one ...")
    desk.close()
    command = [sys.executable, "-P", "-m", "poruch.cli", "front", "rebuild", "--from", str(desk.folder), str(folder)]
    began = time.monotonic()
    typed = f"{passphrase_of(name)}\n".encode()
    done = subprocess.run(command, input=typed, capture_output=True, timeout=REBUILD_SECONDS, check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        raise RelayUnreachable(done.stderr.decode(errors="replace").strip())
    front = start_front(folder)
    fund = life.fund
    for number, one in fund.desks.items():
        relay = HttpRelay(front.address, number, one.key.signing, fund.calendar)
        if one is desk:
            opened = open_desk(desk.folder, passphrase_of(name), lambda key, relay=relay: relay, fund.calendar)  # type: ignore[misc]
            fund.desks[number] = life.rebuilder = opened
        else:
            one.relay = relay
    fund.address = front.address
    return front, seconds


# ---- the fund before --------------------------------------------------------------------------


def live(fund: DrillFund) -> Life:
    """What happens before the seizure."""
    told = invent(PEOPLE, SEED)
    asked = [(one, Visitor(fund.address).apply(one, "en")) for one in told]
    fund.sync()
    officers.read_quickly(fund, officers.waiting_cases(fund), lambda story, case: "The days and places agree.")
    officers.screen(fund, officers.waiting_cases(fund))
    officers.grant(fund, officers.waiting_cases(fund), lambda case: fund.charter.programmes[0].key)
    for one, code in asked:
        Visitor(fund.address).give_payee(code, "en", one.payee_name, one.payee_iban, one.payee_bic)
    fund.sync()
    officers.pay(fund)
    givers = _epoch(fund)
    away, writer, rebuilder = _three(fund)
    others = only(fund, [desk for desk in fund.desks.values() if desk is not away])
    for _ in range(EPOCHS - 1):
        givers += _epoch(others)
    life = Life(fund, asked[0][1], "en", givers, away, writer, rebuilder)
    _last_day(life, others)
    return life


def _epoch(fund: DrillFund) -> list[int]:
    """Gifts, a statement, and an epoch that tells of them; the givers' codes."""
    made = []
    for giver in range(GIVERS):
        reference, code = Visitor(fund.address).give("en")
        made.append(code)
        fund.bank.receive(
            40_000 + 100 * giver, reference, f"Giver {giver + 1}", "EE382200221020145685", fund.calendar()
        )
    fund.sync()
    officers.settle(fund, fund.bank.statement(fund.calendar(), fund.calendar()))
    officers.publish(fund, fund.calendar())
    return made


def _three(fund: DrillFund) -> tuple[Desk, Desk, Desk]:
    """One who will be away, one of casework who writes, and one who makes the front and is not of treasury."""
    rebuilder = next(desk for desk in fund.desks.values() if not desk.within("treasury"))
    writer = next(desk for desk in fund.desks.values() if desk is not rebuilder and desk.within("casework"))
    away = next(desk for desk in fund.desks.values() if desk not in (rebuilder, writer) and desk.within("casework"))
    return away, writer, rebuilder


def _last_day(life: Life, others: DrillFund) -> None:
    """A letter reaches the front and no colleague; a submission reaches the front and no desk."""
    fund, told = life.fund, invent(PEOPLE + 2, SEED)
    Visitor(fund.address).apply(told[PEOPLE], "en")
    others.sync()
    casework.write_message(life.writer, life.writer.cases.cases[_case_of(life)], LETTER)
    life.writer.push()
    Visitor(fund.address).apply(told[PEOPLE + 1], "en")
    life.uncollected = 1


def only(fund: DrillFund, desks: list[Desk]) -> DrillFund:
    """The same fund with some of its desks only."""
    some = {desk.number: desk for desk in desks}
    return DrillFund(fund.folder, fund.planned, fund.charter, fund.calendar, fund.address, some, fund.bank)


def _case_of(life: Life) -> str:
    """The case of the person whose mailbox is looked into."""
    mailbox = CodeKeys.from_code(life.person, life.fund.charter.code_salt).mailbox_id
    return next(case.id for case in life.writer.cases.cases.values() if case.mailbox == mailbox)


# ---- what is seen -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What a front shows: pages and log files by path, letters of one person, slips of each giver's code."""

    pages: dict[str, bytes]
    log: dict[str, bytes]
    letters: list[str]
    slips: dict[str, bytes]


def seen(life: Life, address: str, folder: Path) -> Seen:
    """Look at a front as everybody may, and at its log's files."""
    visitor = Visitor(address)
    paths = [f"/{code}/{page}" for code in LANGUAGES for page in ("", "accounts/", "give/", "built/", "limits/")]
    pages = {path: visitor.fetch(path) for path in paths if "give/" not in path}
    log = {str(file.relative_to(folder)): file.read_bytes() for file in (folder / "log").rglob("*") if file.is_file()}
    box = visitor.mailbox(life.person, life.language)
    letters = [" ".join(item.text_content().split()) for item in box.tree.xpath("//main//li | //main//article")]
    keys = [CodeKeys.from_code(code, life.fund.charter.code_salt) for code in life.givers]
    slips = {key.lookup_id.hex(): visitor.fetch(f"/log/slips/{key.lookup_id.hex()}") for key in keys}
    return Seen(pages, log, letters, slips)


def _compare(life: Life, before: Seen, front: Front, seconds: float) -> list[Row]:
    fund = life.fund
    first = seen(life, front.address, front.folder)
    rows = [
        Row("made from one desk, not of treasury", f"in {seconds:.1f} s", True),
        _same("public pages", before.pages, first.pages),
        _same("files of the public log", before.log, first.log),
        _checked(front),
        _same("slips, by the codes of givers", before.slips, first.slips),
        _receipts(life, first),
    ]
    rows.append(_again_paid(life))
    rows.append(_away(life))
    fund.sync()
    after = seen(life, front.address, front.folder)
    missing = [one for one in before.letters if one not in after.letters]
    rows.append(
        Row(
            "letters in a mailbox, once the writer has synced",
            f"{len(after.letters)} of {len(before.letters)}",
            not missing and len(after.letters) == len(before.letters),
        )
    )
    rows.append(_collects(life, front))
    rows.append(_moved(life, front))
    rows.append(_keys_in(life, front))
    rows.append(_lost(life))
    return rows


def _same(asked: str, before: dict[str, bytes], after: dict[str, bytes]) -> Row:
    same = sum(after.get(path) == content for path, content in before.items())
    more = len(set(after) - set(before))
    found = f"{same} of {len(before)} byte for byte" + (f", and {more} that were not there" if more else "")
    return Row(asked, found, bool(before) and same == len(before) and not more)


def _checked(front: Front) -> Row:
    visitor = Visitor(front.address)
    report = check_log(lambda path: visitor.fetch(f"/log/{path}"), os.urandom)
    size = report.found.signed.head.size if report.found is not None else 0
    return Row("poruch check", f"holds, {size} leaves" if report.holds else str(report.error), report.holds)


def _receipts(life: Life, found: Seen) -> Row:
    policy = parse_policy(found.log["log/policy"])
    good = 0
    for code in life.givers:
        keys = CodeKeys.from_code(code, life.fund.charter.code_salt)
        raw = found.slips[keys.lookup_id.hex()]
        slips = [raw[at : at + 8220] for at in range(0, len(raw), 8220)]
        report = check_code(slips, keys, policy)
        good += bool(slips) and report.holds
    return Row("receipts that givers' codes open", f"{good} of {len(life.givers)}", good == len(life.givers))


def _again_paid(life: Life) -> Row:
    """Somebody tries to export what was paid in another batch."""
    treasurer = next(desk for desk in life.fund.desks.values() if desk.within("treasury") and desk is not life.away)
    tags = [tag for tag, _ in treasury.taken_tags(treasurer)]
    refused = 0
    assert treasurer.relay is not None
    for tag in tags:
        try:
            treasurer.relay.take_tags("another-batch", [tag])
        except AlreadyTaken:
            refused += 1
    return Row("second payments refused", f"{refused} of {len(tags)}", bool(tags) and refused == len(tags))


def _away(life: Life) -> Row:
    desk, before = life.away, len(life.away.held)
    for _ in range(2):
        desk.sync()
        do_duties(desk)
        desk.push()
    after = len(desk.held)
    whole = {one.id for one in life.rebuilder.held} <= {one.id for one in desk.held}
    return Row("the colleague who was away", f"synced, {after - before} segments came", whole and after > before)


def _collects(life: Life, front: Front) -> Row:
    """Somebody asks at the new front; a desk must see that drop although its number is a new one."""
    cases = {desk.number: len(desk.cases.cases) for desk in life.fund.desks.values()}
    code = Visitor(front.address).apply(invent(PEOPLE + 3, SEED)[-1], "en")
    life.fund.sync()
    grown = all(len(desk.cases.cases) == cases[desk.number] + 1 for desk in life.fund.desks.values())
    told = Visitor(front.address).mailbox(code, "en").status == 200
    return Row("a new submission reaches every desk", "yes" if grown and told else "no", grown and told)


def _moved(life: Life, front: Front) -> Row:
    """k officers confirm the new address; a desk that is opened with the old one then goes to the new by itself."""
    quorum = [life.fund.desks[number] for number in life.rebuilder.public.council.quorum]
    first, *others = quorum
    for desk in quorum:
        address.type_in(desk, GONE)
    moved = FrontMoved(front.address, os.urandom(16))
    first.act([moved])
    life.fund.sync()
    resolution = next(reversed(first.public.resolutions.all))
    for desk in others[: first.public.council.k - 1]:
        desk.act([Resolved(resolution)])
    life.fund.sync()
    found = sum(address.chosen(desk, GONE) == front.address for desk in quorum)
    return Row("desks that find it by the word of k officers", f"{found} of {len(quorum)}", found == len(quorum))


def _keys_in(life: Life, front: Front) -> Row:
    """The new front's files, searched for passphrases and for whatever opens anything."""
    secrets = [passphrase_of(name).encode() for name in life.fund.planned.names.values()]
    for desk in life.fund.desks.values():
        secrets += [desk.key.root, desk.key.store_key, desk.members.tag_key]
    wanted = [form for secret in secrets for form in (secret, secret.hex().encode())]
    files = [path.read_bytes() for path in front.folder.rglob("*") if path.is_file()]
    found = sum(form in content for content in files for form in wanted)
    return Row("keys and passphrases in its folder", f"{found} of {len(secrets)}", not found)


def _lost(life: Life) -> Row:
    lost = PEOPLE + 2 + 1 - len(life.rebuilder.cases.cases)
    return Row("submissions lost", f"{lost}, which no desk had collected", lost == life.uncollected)
