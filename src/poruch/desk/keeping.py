"""An officer's keeper: naming it, ending it, and what a locked desk has collected by itself.

The key lies in the desk's folder in clear, for its owner only, so that the desk can go on collecting while it is
locked; the same file carried elsewhere makes a keeper there.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from poruch.desk import mirror
from poruch.desk.carrying import Carried, give_journal, take_in
from poruch.desk.porter import COLLECTED
from poruch.desk.program import Desk
from poruch.desk.syncing import ARRIVED, Lock, Progress
from poruch.errors import BadKeeperKey, NoKeeperKey
from poruch.events.council import KeeperNamed
from poruch.journal.folder import Folder
from poruch.journal.keepers import NAME, KeeperKey
from poruch.journal.sync import Relay
from poruch.journal.wholefile import make_folder, write_whole


@dataclass(frozen=True)
class Keeper:
    """How it stands: a key is `named` in the journal; it lies `here`, so that this desk collects while locked."""

    named: bool
    here: bool


def keeper_of(desk: Desk) -> Keeper:
    """How it stands with this officer's keeper."""
    named = desk.public.keepers.get(desk.number)
    if named is None or desk.idle:
        return Keeper(named is not None, here=False)
    try:
        key = mirror.read_key(desk.folder)
    except (NoKeeperKey, BadKeeperKey):
        return Keeper(named=True, here=False)
    return Keeper(named=True, here=(key.fund, key.number, key.signing.public) == (desk.fund, desk.number, named))


def name_keeper(desk: Desk) -> KeeperKey:
    """Draw a key, say so in the journal, and keep it in the desk's folder. One that was named before ends."""
    key = KeeperKey.generate(desk.fund, desk.number, desk.random)
    desk.act([KeeperNamed(key.signing.public)])
    write_whole(desk.folder / NAME, key.file)
    make_folder(desk.folder / COLLECTED, mode=0o700)
    return key


def end_keeper(desk: Desk) -> None:
    """End it: the front answers it no more. What this desk had collected is in the desk."""
    desk.act([KeeperNamed(b"")])
    (desk.folder / NAME).unlink(missing_ok=True)
    shutil.rmtree(desk.folder / COLLECTED, ignore_errors=True)


def key_file(desk: Desk) -> bytes:
    """The file to carry to the keeper's machine. Raises `NoKeeperKey`."""
    if not keeper_of(desk).here:
        raise NoKeeperKey
    return mirror.read_key(desk.folder).file


# ---- what a locked desk collects ----------------------------------------------------------------


def take_collected(desk: Desk, lock: Lock, progress: Progress) -> Iterator[None]:
    """After unlocking: what came meanwhile, without a word to the front. What the desk holds then leaves the folder.

    The segments stay, so that the next one to collect knows where to begin.
    """
    place = desk.folder / COLLECTED
    if desk.idle or not place.is_dir():
        return
    folder, carried = Folder(place, desk.fund, desk.today), Carried()
    yield from take_in(desk, folder, lock, progress, carried)
    yield from give_journal(desk, folder, lock, carried)
    clear_collected(desk, lock)
    yield


def clear_collected(desk: Desk, lock: Lock) -> None:
    """What this desk holds need not lie in its folder a second time."""
    place = desk.folder / COLLECTED
    if desk.idle or not place.is_dir():
        return
    folder = Folder(place, desk.fund, desk.today)
    here = folder.body_hashes()
    with lock:
        done = (desk.bodies | desk.erased) & here
    folder.erase(done)
    folder.put_together()


def note_arrived(desk: Desk, relay: Relay) -> None:
    """Tell whoever collects after the next lock up to where this desk has the drops already."""
    place = desk.folder / COLLECTED
    if desk.idle or not place.is_dir():
        return
    folder = Folder(place, desk.fund, desk.today)
    arrived = int.from_bytes(desk.store.fact(ARRIVED) or b"", "big")
    known = mirror.state_in(folder, mirror.front_of(relay))
    if arrived > known.drops:
        mirror.note(folder, mirror.MirrorState(known.front, arrived))


def mirror_locked(folder: Path, front: str, today: mirror.Today) -> None:
    """What the process beside a locked desk does; it has the keeper's key and nothing else."""
    with suppress(NoKeeperKey, BadKeeperKey):
        mirror.mirror_for_ever(folder, folder / COLLECTED, front, today, lambda line: None, from_now=True)
