"""A village at a real front: desks in this process, the front a process of its own, people with a bare browser."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from front.browser import ANSWERS, Browser, submit
from front.process import Front, free_port, make_folder
from poruch.cases.state import Case
from poruch.crypto.codes import CodeKeys
from poruch.desk import resolutions
from poruch.desk.duties import do_duties
from poruch.desk.program import Desk
from poruch.journal.sync import HttpRelay
from story.village import Village, found_village


def serve(folder: Path, beside: Path) -> Front:
    """A front that runs in `folder`; what it writes goes beside it."""
    beside.mkdir(exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "poruch.front.server", "serve", str(folder), "127.0.0.1", str(port)]
    front = Front(folder, beside / "out", beside / "temp", None, port, command)  # type: ignore[arg-type]
    front.start()
    return front


@dataclass
class Standing:
    """The village, its front, and where both have their folders."""

    village: Village
    front: Front
    folder: Path

    def go_to(self, front: Front, *numbers: int) -> None:
        """These desks sync with this front from now on."""
        for number in numbers or tuple(self.village.desks):
            desk = self.village.desks[number]
            desk.relay = HttpRelay(front.address, number, desk.key.signing, self.village.clock)

    def sync(self, *numbers: int, rounds: int = 2) -> None:
        """These desks, or all, sync and do their duties."""
        for _ in range(rounds):
            for number in numbers or tuple(self.village.desks):
                desk = self.village.desks[number]
                desk.sync()
                do_duties(desk)
                desk.push()

    def ask(self, happened: str, name: str = "Alena Persona") -> int:
        """Somebody asks the fund with a browser; the code."""
        answers = {**ANSWERS, "happened": {"happened": happened}, "name": {**ANSWERS["name"], "name": name}}
        return submit(Browser(self.front.address), answers=answers)

    def keys(self, code: int) -> CodeKeys:
        return CodeKeys.from_code(code, self.village.charter.code_salt)

    def case(self, desk: Desk, code: int) -> Case:
        """The case of a code, as this desk knows it."""
        mailbox = self.keys(code).mailbox_id
        [case] = [case for case in desk.cases.cases.values() if case.mailbox == mailbox]
        return case

    def erase(self, code: int, *numbers: int) -> None:
        """The first proposes, the others approve; each of them hears of it."""
        first = self.village.desks[numbers[0]]
        resolutions.propose_erasure(first, self.case(first, code), "The person asked us by telephone.")
        [id] = [one.said.id for one in resolutions.waiting(first)]
        self.sync(*numbers, rounds=1)
        for number in numbers[1:]:
            resolutions.approve(self.village.desks[number], id)
            self.sync(*numbers, rounds=1)


@contextmanager
def standing(folder: Path) -> Iterator[Standing]:
    """A founded village at a front that has its journal."""
    village = found_village(folder / "desks", day=datetime.now(UTC).date())
    make_folder(folder / "front", SimpleNamespace(id=village.desks[1].fund))  # type: ignore[arg-type]
    front = serve(folder / "front", folder / "beside")
    try:
        made = Standing(village, front, folder)
        made.go_to(front)
        village.desks[1].relay.push(village.front.segments)  # type: ignore[union-attr]
        made.sync(rounds=1)
        yield made
    finally:
        front.stop()
        village.close()
