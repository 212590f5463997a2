"""Opening a desk after a power cut, as the desk does, and what must be true of what is found."""

from collections.abc import Iterable
from pathlib import Path

from crash.work_desk import DAY, KEY, PASSPHRASE, acts
from poruch.desk.founding import unlock
from poruch.desk.program import FUND_FILE, KEY_FILE, STORE_FILE, open_desk
from poruch.journal.folder import Folder, funds_in
from poruch.journal.segments import SignedSegment
from poruch.journal.store import MemoryStore, Store

Whole = tuple[object, ...]


def whole(store: Store) -> Whole:
    """All that a store holds."""
    return (
        tuple(signed.id for signed in store.segments()),
        frozenset(signed.id for signed in store.unpushed_segments()),
        frozenset((sha256, store.body(sha256)) for sha256 in store.body_hashes()),
        frozenset(store.unpushed_bodies()),
        frozenset(store.erased()),
        frozenset((name, store.secret(name)) for name in map("share/{}".format, range(-1, 6))),
        store.fact("life"),
        frozenset(store.heard().items()),
    )


def read_store(folder: Path) -> Whole:
    """All that the store holds after a start; its log is empty then, and with it the pages of what was erased."""
    store = Store(folder / STORE_FILE, KEY)
    try:
        log = folder / f"{STORE_FILE}-wal"
        if log.exists() and log.stat().st_size:
            raise ValueError("old pages stay in the log")
        return whole(store)
    finally:
        store.close()


class Moments:
    """What a store held after each act; a disk after a power cut must show one of them, and none too old."""

    def __init__(self, segments: list[SignedSegment]) -> None:
        """Do all acts in memory."""
        store = MemoryStore()
        self.moments = [whole(store)]
        for act in acts(segments):
            act(store)
            self.moments.append(whole(store))
        store.close()

    def lost(self, found: object, told: tuple[str, ...]) -> Iterable[str]:
        """What is told and not found; at most one act more than told can be there."""
        done = max((int(line) for line in told), default=0)
        return [] if found in self.moments[done : done + 2] else [f"the state after act {done} is not there"]


def read_found(folder: Path) -> set[str]:
    """What a founder finds in his folder, in the words in which it was told."""
    home = folder / "1"
    if not (home / KEY_FILE).exists():
        return set()
    if not (home / FUND_FILE).exists():
        unlock(home, PASSPHRASE)
        return {"key"}
    fund = bytes.fromhex((home / FUND_FILE).read_text().strip())
    if len(fund) != 32:
        raise ValueError("the name of the fund is torn")
    found = {"key", f"fund {fund.hex()}"}
    desk = open_desk(home, PASSPHRASE, lambda key: None, lambda: DAY)
    found |= {f"segment {signed.id.hex()}" for signed in desk.held} | {f"body {sha256.hex()}" for sha256 in desk.bodies}
    desk.close()
    return found


def read_folder(folder: Path) -> set[str]:
    """What another desk finds in a shared folder; nothing that is damaged has the name of something whole."""
    found: set[str] = set()
    for fund in funds_in(folder):
        shared = Folder(folder, fund, lambda: DAY)
        found |= {f"segment {signed.id.hex()}" for part in shared.segments_beyond({}) for signed in part}
        whole_bodies = {sha256 for sha256 in shared.body_hashes() if shared.body(sha256) is not None}
        found |= {f"body {sha256.hex()}" for sha256 in whole_bodies}
        found |= {f"drop {drop.drop}" for drop in shared.drops(())}
        if shared.troubles:
            raise ValueError(str(shared.troubles))
    return found


def lost_found(found: object, told: tuple[str, ...]) -> Iterable[str]:
    """What was told and is not found."""
    assert isinstance(found, set)
    return sorted({line for lines in told for line in lines.splitlines()} - found)
