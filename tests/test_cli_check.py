"""`poruch check`: what it says of a log that holds, of one that was touched, and of codes and receipts."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from command import files_in, flip, run
from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.tlog.slips import SLIP_SIZE, open_slip

OWN_POLICY = "Only the log's own policy was used"
STEP = re.compile(r"^ *([0-9]+(?:\.[0-9]+)?)  (\S.*?) {2,}(holds|FAILS|not finished)$", re.MULTILINE)


def steps(said: str) -> list[tuple[str, str]]:
    """Number and result of each step, in the order printed."""
    return [(number, result) for number, _, result in STEP.findall(said)]


def code_of(receipt: Path) -> str:
    return receipt.read_text().strip()


def keys_of(once: Path, receipt: Path) -> CodeKeys:
    return CodeKeys.from_code(codes.parse(code_of(receipt)), (once / "log" / "code-salt").read_bytes())


def proof_of(once: Path, receipt: Path) -> bytes:
    """The .tlog-proof that the slip of a code holds."""
    keys = keys_of(once, receipt)
    return open_slip(keys, (once / "log" / "slips" / keys.lookup_id.hex()).read_bytes()).receipt


@pytest.fixture
def log(once: Path, tmp_path: Path) -> Path:
    """A copy of the log that a test may change."""
    return Path(shutil.copytree(once / "log", tmp_path / "log"))


@pytest.fixture
def person(once: Path) -> Path:
    return sorted((once / "receipts").glob("*-person.txt"))[0]


def test_a_good_log_holds_step_by_step(once: Path) -> None:
    done = run("check", once / "log")
    assert (done.returncode, done.stderr) == (0, "")
    assert {result for _, result in steps(done.stdout)} == {"holds"}
    numbers = [number for number, _ in steps(done.stdout)]
    assert numbers[:8] == ["2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"]
    assert {f"5.{step}" for step in range(1, 14)} <= set(numbers)
    assert done.stdout.rstrip().endswith("Everything holds.")
    assert OWN_POLICY in done.stdout


def test_it_tells_totals_and_balances(once: Path) -> None:
    said = run("check", once / "log").stdout
    assert re.search(r"opened +0\.00 EUR +\(a statement of the fund\)\n", said)
    assert re.search(r"came in +returned +0\.00 EUR\n", said)
    assert re.search(r"went out +grants +3600\.00 EUR\n", said)  # six people, 600.00 each, as the plan's example grant
    assert re.search(r"went out +cost-bank +2\.90 EUR\n", said)
    gifts, closed = (re.search(pattern, said)[1] for pattern in (r"general +([0-9.]+) EUR", r"closed +([0-9.]+) EUR"))
    assert float(gifts) - 3602.90 == pytest.approx(float(closed))
    assert "Signed by 3 of 5 officers (3 must) and 0 of 0 witnesses." in said


def test_with_a_policy_that_the_reader_trusts(once: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    shutil.copy(once / "log" / "policy", policy)
    done = run("check", once / "log", "--policy", policy)
    assert done.returncode == 0
    assert OWN_POLICY not in done.stdout
    lines = policy.read_text().splitlines(keepends=True)
    policy.write_text("".join([lines[0], *lines[2:]]))  # without the first officer, who signed
    done = run("check", once / "log", "--policy", policy)
    assert (done.returncode, dict(steps(done.stdout))["2.6"]) == (1, "FAILS")


# ---- tampering --------------------------------------------------------------------------------


TOUCHED = {
    "policy": ({"2", "2.2", "2.5", "2.6"}, []),
    "checkpoint": ({"2.1", "2.2", "2.5", "2.6"}, []),
    "tile/entries": ({"1", "5.13"}, []),
    "tile/0": ({"1"}, []),
}


@pytest.mark.parametrize("where", [0.3, 0.5, 0.95])
@pytest.mark.parametrize("part", TOUCHED)
def test_one_flipped_bit_fails_a_step(log: Path, part: str, where: float) -> None:
    [file] = [path for path in files_in(log) if str(path.relative_to(log)).startswith(part)]
    flip(file, int(file.stat().st_size * where))
    done = run("check", log)
    failed = [number for number, result in steps(done.stdout) if result == "FAILS"]
    assert done.returncode == 1
    assert len(failed) == 1
    assert failed[0] in TOUCHED[part][0]
    assert "This does not hold." in done.stdout
    assert "Everything holds." not in done.stdout


def test_every_file_of_the_log_is_among_those_that_were_touched(log: Path) -> None:
    names = {str(path.relative_to(log)) for path in files_in(log)}
    others = {name for name in names if not name.startswith(tuple(TOUCHED))}
    assert {name.partition("/")[0] for name in others} == {"code-salt", "slips"}


@pytest.mark.parametrize("part", TOUCHED)
def test_a_missing_file_fails_a_step(log: Path, part: str) -> None:
    [file] = [path for path in files_in(log) if str(path.relative_to(log)).startswith(part)]
    file.unlink()
    done = run("check", log)
    assert done.returncode == 1
    assert f"unavailable: {file.relative_to(log)} cannot be read" in done.stdout


# ---- codes and receipts -----------------------------------------------------------------------


def test_every_payee_finds_his_amount(once: Path) -> None:
    for receipt in sorted((once / "receipts").glob("*-person.txt")):
        done = run("check", once / "log", "--code", code_of(receipt))
        assert done.returncode == 0, done.stdout
        assert re.search(r"^  600\.00 EUR  went out, account grants, epoch 1  \(entry ", done.stdout, re.MULTILINE)


def test_every_giver_finds_his_gift_and_together_they_are_the_total(once: Path) -> None:
    found = []
    for receipt in sorted((once / "receipts").glob("*-giver.txt")):
        done = run("check", once / "log", "--code", "-", typed=receipt.read_text())
        assert done.returncode == 0, done.stdout
        found += re.findall(r"^  ([0-9]+\.[0-9]{2}) EUR  came in, account general", done.stdout, re.MULTILINE)
    assert len(found) == 6
    total = re.search(r"came in +general +([0-9.]+) EUR", run("check", once / "log").stdout)
    assert round(sum(map(float, found)), 2) == float(total[1])


def test_digits_are_the_same_code(once: Path, person: Path) -> None:
    figures = codes.digits(codes.parse(code_of(person)))
    assert run("check", once / "log", "--code", figures).returncode == 0


def test_a_mistyped_code_is_named_and_not_repeated(once: Path, person: Path) -> None:
    words = code_of(person).split()
    done = run("check", once / "log", "--code", " ".join([*words[:2], "blether", *words[3:]]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "This is not a receipt code. Check each word, or the digits. (word 3)\n"


def test_a_code_of_nobody_shows_no_amount(once: Path) -> None:
    done = run("check", once / "log", "--code", " ".join(codes.words(codes.new_code())))
    assert done.returncode == 1
    assert "No slip lies under this code" in done.stdout
    assert "Everything holds." not in done.stdout


def test_an_empty_list_of_slips_is_no_slip(once: Path, log: Path, person: Path) -> None:
    (log / "slips" / keys_of(once, person).lookup_id.hex()).write_bytes(b"")
    done = run("check", log, "--code", code_of(person))
    assert done.returncode == 1
    assert "No slip lies under this code" in done.stdout


def _flip_slip(log: Path, slip: Path, other: Path) -> None:
    flip(slip, 4000)


def _cut_slip(log: Path, slip: Path, other: Path) -> None:
    slip.write_bytes(slip.read_bytes()[:-1])


def _double_slip(log: Path, slip: Path, other: Path) -> None:
    slip.write_bytes(slip.read_bytes() * 2)


def _foreign_slip(log: Path, slip: Path, other: Path) -> None:
    slip.write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    ("change", "step"), [(_flip_slip, "7.1"), (_cut_slip, "7.1"), (_double_slip, "7.4"), (_foreign_slip, "7.1")]
)
def test_a_touched_slip_fails_its_step(
    once: Path, log: Path, person: Path, change: Callable[[Path, Path, Path], None], step: str
) -> None:
    slip = log / "slips" / keys_of(once, person).lookup_id.hex()
    other = next(file for file in files_in(log / "slips") if file != slip and file.stat().st_size == SLIP_SIZE)
    change(log, slip, other)
    done = run("check", log, "--code", code_of(person))
    failed = [number for number, result in steps(done.stdout) if result == "FAILS"]
    assert (done.returncode, failed) == (1, [step])


@pytest.mark.parametrize("salt", [b"", b"too short", None])
def test_without_a_salt_no_code_is_checked(log: Path, person: Path, salt: bytes | None) -> None:
    (log / "code-salt").unlink()
    if salt is not None:
        (log / "code-salt").write_bytes(salt)
    done = run("check", log, "--code", code_of(person))
    assert done.returncode == 1
    assert "There is no salt of codes" in done.stdout


def test_the_receipt_of_everybody_holds(once: Path, tmp_path: Path) -> None:
    for receipt in files_in(once / "receipts"):
        file = tmp_path / "one.tlog-proof"
        file.write_bytes(proof_of(once, receipt))
        done = run("check", once / "log", "--receipt", file)
        assert done.returncode == 0, done.stdout
        if "person" in receipt.name:
            assert "  600.00 EUR  went out, account grants" in done.stdout
        else:
            assert "EUR  came in, account general" in done.stdout


def test_a_touched_receipt_fails(once: Path, tmp_path: Path, person: Path) -> None:
    proof = tmp_path / "one.tlog-proof"
    proof.write_bytes(
        proof_of(once, person).replace(b"\nindex 3\n", b"\nindex 0\n").replace(b"\nindex 4\n", b"\nindex 0\n")
    )
    done = run("check", once / "log", "--receipt", proof)
    assert (done.returncode, dict(steps(done.stdout))["6.3"]) == (1, "FAILS")


# ---- addresses --------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a word on standard error; remembers what was asked for."""

    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()


class Elsewhere(BaseHTTPRequestHandler):
    """Sends everybody to another address."""

    to = ""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.to + self.path)
        self.end_headers()


class Endless(Elsewhere):
    """Never stops sending."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(65536))
        except OSError:
            pass


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve on loopback with a handler; gives the address."""
    servers = []

    def start(handler: Callable[..., BaseHTTPRequestHandler]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def address(once: Path, serve: Callable[..., str]) -> str:
    """OUT on loopback: its log is at /log."""
    handler = type("OutHandler", (Quiet,), {"asked": []})
    return serve(partial(handler, directory=str(once)))


def after_first_line(said: str) -> str:
    return said.partition("\n")[2]


def test_address_and_folder_agree(once: Path, address: str) -> None:
    folder = run("check", once / "log")
    for spelling in (f"{address}/log", f"{address}/log/", address, f"{address}/"):
        done = run("check", spelling)
        assert done.returncode == 0, done.stdout + done.stderr
        assert after_first_line(done.stdout) == after_first_line(folder.stdout)
    assert after_first_line(run("check", once).stdout) == after_first_line(folder.stdout)


def test_a_log_that_lies_at_the_root_of_an_address(once: Path, serve: Callable[..., str]) -> None:
    handler = type("LogHandler", (Quiet,), {"asked": []})
    assert run("check", serve(partial(handler, directory=str(once / "log")))).returncode == 0


def test_a_code_by_address_asks_for_files_of_a_log_and_no_more(
    once: Path, serve: Callable[..., str], person: Path
) -> None:
    handler = type("LogHandler", (Quiet,), {"asked": []})
    done = run("check", serve(partial(handler, directory=str(once))) + "/log", "--code", code_of(person))
    assert done.returncode == 0
    assert "tells the server that this code is in use" in done.stdout
    there = {f"/{file.relative_to(once)}" for file in files_in(once / "log")}
    assert set(handler.asked) <= there
    slips = [path for path in handler.asked if path.startswith("/log/slips/")]
    assert slips == [f"/log/slips/{keys_of(once, person).lookup_id.hex()}"]


def test_a_redirect_is_not_followed(address: str, serve: Callable[..., str]) -> None:
    done = run("check", serve(type("Moved", (Elsewhere,), {"to": address})) + "/log")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the server answered 302; an address that moves is not followed" in done.stderr


def test_an_endless_answer_ends(serve: Callable[..., str]) -> None:
    done = run("check", serve(Endless))
    assert done.returncode == 2
    assert "No log was found here." in done.stderr


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:1/log",
        "/nowhere/at/all",
        "ftp://127.0.0.1/log",
        "file:///etc",
        "http://",
        "http://[half/log",
        "http://127.0.0.1:99999/log",
        "http://someone@127.0.0.1/log",
        "http://127.0.0.1/log?page=1",
    ],
)
def test_where_no_log_is(place: str) -> None:
    done = run("check", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("No log was found here. Look at the address or the folder, or try again later. (")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--policy", "--receipt"])
def test_a_file_of_ones_own_that_is_not_there(once: Path, option: str, tmp_path: Path) -> None:
    done = run("check", once / "log", option, tmp_path / "nothing")
    assert done.returncode == 2
    assert "nothing" in done.stderr
    done = run("check", once / "log", option, tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
