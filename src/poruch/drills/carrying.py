"""`poruch sync`: a desk and a folder, and the front if it is named, without a page."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from poruch.crypto.keyfile import OfficerKey
from poruch.desk import guard, keeping
from poruch.desk.carrying import Carried, exchange
from poruch.desk.duties import do_duties
from poruch.desk.mirror import Today
from poruch.desk.program import Desk, open_desk
from poruch.desk.server import real_day
from poruch.desk.syncing import Progress
from poruch.drills.rehearsing import alone, hidden
from poruch.errors import DeskRunning, RelayUnreachable, SyncInTab
from poruch.journal.folder import Folder
from poruch.journal.sync import HttpRelay, Relay

_MOVED = "{what}: {ins} to this desk, {outs} to the folder."


def run_sync(folder: Path, desk_folder: Path, front: str, today: Today = real_day) -> int:
    """Sync the desk in `desk_folder` with `folder` and, if it is named, with the front. The passphrase is asked for.

    Raises SyncInTab, NotADesk, WrongPassphrase, FolderBroken, RelayUnreachable, and what a desk raises.
    """
    os.umask(0o077)
    guard.forbid_dumps()
    guard.lock_memory()
    Folder(folder, b"", today).check()
    try:
        with alone(desk_folder):
            desk = open_desk(desk_folder, hidden("Your passphrase: "), _relay(front, today), today)
            try:
                return _sync(desk, folder, bool(front))
            finally:
                desk.close()
    except DeskRunning:
        raise SyncInTab from None


def _relay(front: str, today: Today) -> Callable[[OfficerKey], Relay | None]:
    return lambda key: HttpRelay(front, key.number, key.signing, today) if front else None


def _sync(desk: Desk, path: Path, with_front: bool) -> int:
    for _ in keeping.take_collected(desk, nullcontext(), Progress()):
        pass
    failed: RelayUnreachable | None = None
    if with_front:
        failed = _with_front(desk)  # first, so that the folder gets what comes from there
    _with_folder(desk, path)
    if with_front and failed is None:
        failed = _with_front(desk)
    if failed is not None:
        raise failed
    return 0


def _with_front(desk: Desk) -> RelayUnreachable | None:
    """A front that is away is no reason not to carry the stick."""
    try:
        moved = desk.sync()
        do_duties(desk)
        moved += desk.push()
    except RelayUnreachable as error:
        return error
    print(f"With the front: {moved} segments travelled.", flush=True)
    return None


def _with_folder(desk: Desk, path: Path) -> None:
    if desk.idle:
        print("Done.", flush=True)
        return
    folder, carried, progress = Folder(path, desk.fund, desk.today), Carried(), Progress()
    for _ in exchange(desk, folder, nullcontext(), progress, carried):
        _show(progress)
    do_duties(desk)
    for what, ins, outs in (
        ("Segments", carried.segments_in, carried.segments_out),
        ("Bodies", carried.bodies_in, carried.bodies_out),
        ("Drops that wait", carried.drops_in, carried.drops_out),
    ):
        print(_MOVED.format(what=what, ins=ins, outs=outs))
    if carried.erased:
        print(f"{carried.erased} bodies that the fund has erased were deleted from the folder.")
    for trouble, count in folder.troubles.items():
        print(f"{trouble.value} ({count})" if count > 1 else trouble.value)


def _show(progress: Progress) -> None:
    """On a terminal: how far it is, on one line that is written over."""
    if progress.catching_up and sys.stdout.isatty():
        end = "\n" if progress.taken >= progress.missing else "\r"
        print(f"{progress.taken} of {progress.missing} have come", end=end, flush=True)
