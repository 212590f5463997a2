"""What remains in memory after a lock: canaries are searched in every readable page of every process that is left."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.memory import WITHOUT_PTRACE, found_in, may_look_everywhere, spellings, status
from desk.street import RunningDesk, Street, open_street
from poruch.crypto import keyfile
from story.village import found_village

STORY = "Гісторыя-канарэйка: 7f3c, я адмовілася падпісаць."
PASSPHRASE = "канарэйка у клетцы 91 спявае"  # noqa: S105
SEEDS = {"root", "signing", "identity", "log", "store"}


@pytest.fixture(scope="module")
def cage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Street, dict[str, tuple[bytes, ...]]]]:
    """A street whose first officer has a passphrase like no other, and what must not remain of him."""
    village = found_village(tmp_path_factory.mktemp("cage"))
    village.apply("Канарэйка Першая", STORY)
    key = village.desks[1].key
    wanted = {"story": spellings(STORY), "passphrase": spellings(PASSPHRASE)}
    for seed in SEEDS:
        raw = key.root if seed == "root" else keyfile._part(key.root, seed)
        wanted[seed] = (raw, *spellings(raw.hex()))
    (village.desks[1].folder / "officer.key").write_bytes(keyfile.seal_key(key, PASSPHRASE, memory_kib=8192))
    street = open_street(village)
    desk = RunningDesk(village.desks[1].folder, street.relay.address, PASSPHRASE, village.clock(), unlocked=False)
    street.desks[1] = desk.start().enter()
    yield street, wanted
    assert "".join(street.close()) == ""


def read_the_story(desk: RunningDesk) -> None:
    """Unlock, open the case, and see the canary on the page."""
    assert desk.post("/en/locked/", passphrase=PASSPHRASE).location == "/en/queue/"
    queue = desk.get("/en/queue/").text
    at = queue.index("/en/case/")
    assert STORY in desk.get(queue[at : queue.index('"', at)].split("?")[0]).text


def test_a_lock_leaves_nothing_of_the_canaries(cage: tuple[Street, dict[str, tuple[bytes, ...]]]) -> None:
    street, wanted = cage
    desk = street.desks[1]
    read_the_story(desk)
    porter, unlocked = desk.porter, desk.child()
    if not may_look_everywhere():
        for pid in (porter, unlocked):
            with pytest.raises(PermissionError):
                found_in(pid, wanted)
        pytest.skip("nobody but root may look, and we are not root")
    assert found_in(unlocked, wanted) >= {"story", *SEEDS}  # the search finds what is there
    assert found_in(porter, wanted) == set()
    assert desk.follow(desk.post("/en/lock/")).text.count("This desk is locked") == 2
    fresh = desk.child()
    assert fresh != unlocked
    assert not Path(f"/proc/{unlocked}").exists()
    assert found_in(fresh, wanted) == set()
    assert found_in(porter, wanted) == set()
    assert found_in(fresh, {"source": (b"poruch.desk.site.room",)}) == {"source"}  # this one, too, can be read


def test_a_mistyped_passphrase_goes_with_its_process(cage: tuple[Street, dict[str, tuple[bytes, ...]]]) -> None:
    desk = cage[0].desks[1]
    before = desk.child()
    mistyped = PASSPHRASE[:-1] + "ць"
    assert desk.post("/en/locked/", passphrase=mistyped).status == 422
    assert desk.get("/en/locked/").status == 200
    assert desk.child() != before
    if may_look_everywhere():
        for pid in (desk.porter, desk.child()):
            assert found_in(pid, {"mistyped": spellings(mistyped)}) == set()


def test_the_porter_does_not_read_the_passphrase_that_a_desk_starts_with(
    cage: tuple[Street, dict[str, tuple[bytes, ...]]], tmp_path: Path
) -> None:
    street, wanted = cage
    desk = street.desks.pop(1)
    assert desk.stop() == ""
    started = RunningDesk(desk.folder, desk.relay, PASSPHRASE, desk.day).start()
    street.desks[1] = started.enter()
    assert STORY[:8] in started.get("/en/queue/").text
    if may_look_everywhere():
        assert found_in(started.child(), wanted) >= SEEDS
        assert found_in(started.porter, wanted) == set()


def test_no_process_of_a_desk_leaves_a_core_or_lets_others_look(tmp_path: Path) -> None:
    """Another program of the same account, without root's rights, reads of any process but the desk's."""
    village = found_village(tmp_path)
    street = open_street(village)
    bare = WITHOUT_PTRACE if may_look_everywhere() else ()
    folder, relay = village.desks[2].folder, street.relay.address
    desk = RunningDesk(folder, relay, "correct horse battery of 2", village.clock(), before=bare)
    street.desks[2] = desk.start().enter()
    open_process = subprocess.Popen([*bare, sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    look = "import os, sys; os.readlink(f'/proc/{sys.argv[1]}/exe')"  # by the same rule as the memory
    try:
        for pid, reads in ((open_process.pid, True), (desk.porter, False), (desk.child(), False)):
            done = subprocess.run([*bare, sys.executable, "-c", look, str(pid)], capture_output=True, text=True)
            assert (done.returncode == 0) is reads, done.stderr
            if not reads:
                assert "PermissionError" in done.stderr
                assert "/exe" in done.stderr
                limits = Path(f"/proc/{pid}/limits").read_text()
                core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
                assert core.split()[4:6] == ["0", "0"]
    finally:
        open_process.communicate(b"\n")
        street.close()


def test_the_memory_of_the_child_is_locked_where_that_is_allowed(street: Street) -> None:
    desk = street.desk(1)
    locked_kib = int(status(desk.child())["VmLck"].split()[0])
    if os.geteuid() == 0 and int(status(os.getpid())["CapEff"], 16) >> 14 & 1:
        assert locked_kib > 20_000
    else:
        assert locked_kib == 0 or locked_kib > 20_000


def test_the_porter_has_one_thread_when_it_forks(street: Street) -> None:
    assert status(street.desk(1).porter)["Threads"] == "1"
