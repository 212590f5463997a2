"""What a process asks of the kernel, each tried in a process of its own, with the right to it and without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from command import ENVIRONMENT
from poruch.desk import guard

IPC_LOCK = 14
BARE = (
    f"import ctypes, os, resource, sys; ctypes.CDLL(None).prctl(24, {IPC_LOCK}, 0, 0, 0); "
    "resource.setrlimit(resource.RLIMIT_MEMLOCK, (8 << 20, 8 << 20)); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


def tried(program: str, *, bare: bool = False) -> str:
    """What `program` prints; `bare` without the right to lock memory."""
    command = [sys.executable, *(["-c", BARE] if bare else []), "-c", program]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_dumps_are_forbidden() -> None:
    program = (
        "import resource; from poruch.desk import guard; before = guard.is_dumpable(); guard.forbid_dumps(); "
        "print(before, guard.is_dumpable(), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert tried(program) == "True False (0, 0)\n"


def test_under_a_limit_memory_is_not_locked_and_the_process_can_still_grow() -> None:
    program = "from poruch.desk import guard; print(guard.lock_memory()); print(len(bytearray(64 << 20)))"
    assert tried(program, bare=True) == f"False\n{64 << 20}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root may not lock as much as he wants")
def test_without_a_limit_memory_is_locked_and_the_process_can_still_grow() -> None:
    program = (
        "from poruch.desk import guard; print(guard.lock_memory()); much = bytearray(64 << 20); "
        "print([int(l.split()[1]) > 65536 for l in open('/proc/self/status') if l.startswith('VmLck')])"
    )
    assert tried(program) == "True\n[True]\n"


def test_a_process_whose_parent_has_gone_already_ends_at_once() -> None:
    program = "import os; from poruch.desk import guard; guard.die_with(os.getppid() + 1); print('alive')"
    with pytest.raises(subprocess.CalledProcessError):
        tried(program)
    assert tried(program.replace(" + 1", "")) == "alive\n"


HEAD = "Filename\tType\tSize\tUsed\tPriority\n"


@pytest.mark.parametrize(
    ("table", "swaps"), [(HEAD, False), (HEAD + "/swapfile file 1048572 0 -2\n", True), (None, True)]
)
def test_swap_is_seen(table: str | None, swaps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "swaps"
    if table is not None:
        file.write_text(table)
    monkeypatch.setattr(guard, "_SWAPS", file)
    assert guard.has_swap() is swaps


@pytest.mark.parametrize(("minutes", "may_swap"), [(10, False), (1, True), (0, True)])
def test_the_locked_page_says_what_this_computer_allows(minutes: int, may_swap: bool) -> None:
    page = tried(
        "from poruch.desk.server import _load; _load(); from django.template.loader import render_to_string; "
        "from poruch.desk.site.forms import PassphraseForm; from poruch.desk.site import room; "
        "from poruch.desk.porter import Doorplate; room._rooms.append(type('Room', (), {'plate': Doorplate(1)})); "
        f"said = dict(form=PassphraseForm(), minutes={minutes}, may_swap={may_swap}); "
        "print(render_to_string('desk/locked.html', said))"
    )
    assert ("out of the swap" in page) is may_swap
    assert ("locks itself" in page) is (minutes > 0)
    assert ("after 1 minute of rest" in page) is (minutes == 1)
