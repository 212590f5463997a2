"""Founding from many machines as people do it: a front without a fund, three programs, lines and words by hand."""

import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command import ENVIRONMENT, EXAMPLES, PROGRAM, files_in, lines, run
from poruch.crypto.group import lagrange, multiply_base
from poruch.desk import founding, words_heard
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk

LONGEST_SECONDS = 90
NAMES = {1: "Ruta", 2: "Klon", 3: "Busel"}
PASSPHRASES = {number: f"{name} sows nine quiet fields" for number, name in NAMES.items()}


def small_plan() -> str:
    """Two of three, from the example."""
    head, _, rest = (EXAMPLES / "fund.toml").read_text().partition("[[founders]]")
    rows = [
        f'[[founders]]\nname = "{name}"\ncircles = ["casework", "treasury", "auditors"]\n' for name in NAMES.values()
    ]
    return head.replace("threshold = 3", "threshold = 2") + "".join(rows) + rest[rest.index("[[programmes]]") :]


class Program:
    """The program with pipes for its input and output: what it said, and what is typed into it."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            text=True,
            bufsize=0,
        )
        self.said = ""
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while sign := self.process.stdout.read(1):
            self.said += sign

    def wait_for(self, pattern: str) -> str:
        """What the first group of `pattern` matched, once it is said."""
        end = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < end:
            if found := re.search(pattern, self.said):
                return found[1] if found.groups() else found[0]
            if self.process.poll() is not None and not self._reading.is_alive():
                break
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} was not said: {self.said}")

    def type(self, *typed: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(lines(typed))
        self.process.stdin.flush()

    def stop(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 130, self.said

    def end(self) -> int:
        code = self.process.wait(LONGEST_SECONDS)
        self._reading.join(5)
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Place:
    """A front that waits for a fund, and whatever programs were started."""

    folder: Path
    secret: str = field(repr=False)
    address: str
    programs: list[Program] = field(default_factory=list)

    @property
    def plan(self) -> Path:
        return self.folder / "plan.toml"

    def desk(self, number: int) -> Path:
        return self.folder / NAMES[number].lower()

    def found(self) -> Program:
        """The first founder begins."""
        ruta = self.start("found", self.desk(1), "--plan", self.plan, "--front", self.address)
        ruta.type(self.secret, PASSPHRASES[1], PASSPHRASES[1])
        return ruta

    def join(self, number: int, invitation: str) -> Program:
        """An invited founder begins."""
        program = self.start("join", self.desk(number))
        program.type(invitation, NAMES[number], PASSPHRASES[number], PASSPHRASES[number])
        return program

    def start(self, *arguments: str | Path) -> Program:
        self.programs.append(Program(*arguments))
        return self.programs[-1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = run("front", tmp_path / "front", "--new")
    assert made.returncode == 0, made.stderr
    port = free_port()
    place = Place(tmp_path, made.stdout.strip(), f"http://127.0.0.1:{port}")
    place.plan.write_text(small_plan())
    front = place.start("front", tmp_path / "front", "--port", str(port))
    front.wait_for("The front listens")
    for _ in range(200):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield place
    for program in place.programs:
        program.kill()


def invitation_of(ruta: Program, name: str) -> str:
    return ruta.wait_for(rf"{name}:\n(poruch-invitation-1\S+)\n")


def spoken_invitation_of(ruta: Program, name: str) -> str:
    return ruta.wait_for(rf"{name}:\n\S+\n(http://\S+(?: [a-z-]+){{24}})\n")


def words_of(program: Program) -> str:
    return program.wait_for(r"Your three words:\s+([a-z-]+ [a-z-]+ [a-z-]+)\n")


def test_three_founders_who_never_meet(place: Place) -> None:
    """Klon stops after his hello and comes back, Ruta stops too; words go round; all have one key."""
    ruta = place.found()
    klon = place.join(2, invitation_of(ruta, "Klon"))
    klon.wait_for("You are officer 2")
    klon.wait_for("awaited: the answer")
    klon.stop()
    spoken = spoken_invitation_of(ruta, "Busel")
    ruta.wait_for("awaited: Busel")
    ruta.stop()

    busel = place.join(3, spoken.title().replace("Http", "http"))
    busel.wait_for("You are officer 3")
    ruta = place.start("found", place.desk(1))
    ruta.type(PASSPHRASES[1])
    ruta.wait_for("All are here: the charter is made.")
    klon = place.start("join", place.desk(2))
    klon.type(PASSPHRASES[2])

    words = {1: words_of(ruta), 2: words_of(klon), 3: words_of(busel)}
    assert len(set(words.values())) == 3
    busel.type(words[3])
    busel.wait_for("These are your own words")
    busel.type("zoom zoom zoom")
    busel.wait_for("No colleague's desk has these words")
    busel.type("zoom zoom zooom")
    busel.wait_for("These are not three words of the list")
    busel.type(words[2])
    busel.wait_for("These are the words of officer 2.")
    klon.type(words[1])
    ruta.wait_for("awaited|Your three words")
    assert "is founded" not in klon.said
    ruta.type(words[3].upper())
    assert [program.end() for program in (ruta, klon, busel)] == [0, 0, 0], ruta.said + klon.said + busel.said
    prints = {program.wait_for(r"compares:\n  ((?:[a-z-]+ ){7}[a-z-]+)\n") for program in (ruta, klon, busel)}
    assert len(prints) == 1
    for number, program in ((1, ruta), (2, klon), (3, busel)):
        assert f"bin/poruch desk {place.desk(number)} --front {place.address}\n" in program.said
        assert not any(one in program.said for one in PASSPHRASES.values())
    assert "delete it" in ruta.said
    _check_desks(place)
    again = run("join", place.desk(2), typed=lines([PASSPHRASES[2]]))
    assert (again.returncode, again.stderr) == (0, "")
    assert "This desk is in." in again.stdout


def _check_desks(place: Place) -> None:
    """Any two shares are the key; everybody has a name and his circles; nothing is left of the founding in clear."""
    desks = {}
    for number in NAMES:
        key = founding.unlock(place.desk(number), PASSPHRASES[number])
        fund = bytes.fromhex((place.desk(number) / "fund.id").read_text().strip())
        desks[number] = Desk(place.desk(number), key, fund, None, lambda: datetime.now(UTC).date())
    groups = {desk.public.ceremonies.group for desk in desks.values()}
    [group] = groups
    assert group is not None
    assert (group.k, group.officers) == (2, (1, 2, 3))
    for pair in ((1, 2), (1, 3), (2, 3)):
        shares = {number: own_share(desks[number], group) or 0 for number in pair}
        assert multiply_base(sum(weight * shares[n] for n, weight in lagrange(pair).items())) == group.Y
    for number, desk in desks.items():
        assert not desk.public.faults
        assert desk.members.names[number] == NAMES[number]
        assert words_heard.heard(desk)
        assert [desk.store.secret(name) for name in ("founding", "joining", "invitation/2", "answer/2")] == [None] * 4
        desk.close()
    told = [place.secret, *PASSPHRASES.values(), "poruch-invitation-", "Muravejnik"]
    for file in files_in(place.folder):
        if file != place.plan:
            assert [one for one in told if one.encode() in file.read_bytes()] == [], file


def test_an_invitation_comes_in_once_and_leaves_nothing_for_the_second(place: Place) -> None:
    ruta = place.found()
    invitation = invitation_of(ruta, "Klon")
    place.join(2, invitation).wait_for("You are officer 2")
    typed = lines([invitation, "Other", PASSPHRASES[3], PASSPHRASES[3]])
    second = run("join", place.folder / "other", typed=typed)
    assert second.returncode == 2
    assert second.stderr.startswith("Somebody has used this invitation before")
    assert not (place.folder / "other").exists()
    ruta.stop()
    again = place.start("found", place.desk(1), "--again", "2")
    again.type(PASSPHRASES[1])
    assert invitation_of(again, "Klon") != invitation
    again.wait_for("awaited: Klon, Busel")


def test_without_the_founding_secret_nobody_takes_a_waiting_front(place: Place) -> None:
    other = run("front", place.folder / "other-front", "--new").stdout.strip()
    for secret, sentence in (
        (other, "This front waits for another founding secret"),
        (place.secret[:-1] + ("q" if place.secret[-1] != "q" else "p"), "This is not the founding secret of a front"),
        ("", "This is not the founding secret of a front"),
    ):
        typed = lines([secret, PASSPHRASES[1], PASSPHRASES[1]])
        done = run("found", place.desk(1), "--plan", place.plan, "--front", place.address, typed=typed)
        assert done.returncode == 2
        assert done.stderr.startswith(sentence)
        assert not place.desk(1).exists()
    assert sorted(path.name for path in place.folder.iterdir()) == ["front", "other-front", "plan.toml"]


def test_the_plan_is_fixed_when_invitations_are_made(place: Place) -> None:
    ruta = place.found()
    invitation_of(ruta, "Klon")
    ruta.stop()
    place.plan.write_text(small_plan().replace("threshold = 2", "threshold  = 2"))
    done = run("found", place.desk(1), "--plan", place.plan, "--front", place.address, typed=lines([PASSPHRASES[1]]))
    assert (done.returncode, done.stderr) == (
        2,
        "The invitations were made for another plan or front; go on with the old one, or begin in a new folder.\n",
    )


def test_found_and_join_refuse_with_a_sentence(tmp_path: Path) -> None:
    done = run("found", tmp_path / "fund")
    assert (done.returncode, done.stderr.partition(" (")[0]) == (
        2,
        "No founding was begun in this folder; name the plan and the front.",
    )
    done = run("join", tmp_path / "desk", typed=lines(["poruch-invitation-1qqqqqq"]))
    assert done.returncode == 2
    assert done.stderr.startswith("This is not an invitation;")
    assert list(tmp_path.iterdir()) == []


def test_a_front_is_made_once(tmp_path: Path) -> None:
    made = run("front", tmp_path / "front", "--new")
    assert re.fullmatch(r"poruch-founding-1[a-z0-9]+\n", made.stdout)
    again = run("front", tmp_path / "front", "--new")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("There is something in this folder already; name a new one.")
    assert not any(made.stdout.strip().encode() in file.read_bytes() for file in files_in(tmp_path))
