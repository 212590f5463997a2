"""The desk that a duress passphrase opens: it looks as if it had synced little, and freezes the fund when it syncs.

Nothing of the real desk is opened or written: the store is in memory, the folder is not touched. What is shown is the
journal up to the day the fund was ready, and no later: no cases, no batches, no freeze. The freeze is one segment in a
life of its own (`DURESS_LIFE`): the real store may hold segments that no relay has seen yet, and a segment in the real
chain at the place of one of those would be an equivocation.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from poruch.crypto import keyfile
from poruch.desk.program import KEY_FILE, Desk, Mailing
from poruch.desk.syncing import Lock, Progress
from poruch.errors import PassphrasesDiffer, RelayUnreachable, WrongPassphrase
from poruch.events.base import Event
from poruch.events.council import FundFrozen
from poruch.events.kinds import event_bytes
from poruch.journal.chains import Outcome
from poruch.journal.journal import Journal
from poruch.journal.segments import GENESIS, Clear, Segment, SignedSegment, sign_segment
from poruch.journal.standing import DURESS_LIFE
from poruch.journal.store import MemoryStore
from poruch.journal.sync import Relay

MOST_PULLS = 1000
_TAKEN = frozenset({Outcome.ACCEPTED.value, Outcome.KNOWN.value})


class DuressDesk(Desk):
    """A desk in memory for a duress key."""

    idle = True

    def __init__(
        self,
        folder: Path,
        key: keyfile.DuressKey,
        fund: bytes,
        relay: Relay | None,
        today: Callable[[], date],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """As a desk; of `folder` only the path is kept."""
        self._whole = Journal(fund)
        self._freeze: SignedSegment | None = None
        self._frozen = False
        super().__init__(folder, key, fund, relay, today, random, store=MemoryStore())

    def act(self, events: Iterable[Event], mailings: Iterable[Mailing] = ()) -> SignedSegment:
        """Nothing is signed here but the freeze; the sentence is that of a line that is down."""
        raise RelayUnreachable

    def push(self) -> int:
        """There is nothing that this desk could give."""
        return 0

    def steps(self, relay: Relay, lock: Lock, progress: Progress) -> Iterator[None]:
        """Pull the journal, freeze the fund, show what a new desk would see first. Raises `RelayUnreachable`."""
        for _ in range(MOST_PULLS):
            if not self._whole.add(relay.segments_beyond(self._whole.chains.positions)).fresh:
                break
            yield
        if not self._frozen and self.number in self._whole.public.roster.signing:
            self._freeze_fund(relay)
            yield
        for signed in self._whole.held:
            with lock:
                if self.public.ready:
                    return
                self.take([signed], pushed=True)
            yield

    def _freeze_fund(self, relay: Relay) -> None:
        """The same bytes again until the relay answers: a lost answer must not lead to two segments at one place."""
        self._freeze = self._freeze or self._sign_freeze()
        outcomes = relay.push([self._freeze])
        self._frozen = set(outcomes) <= _TAKEN and bool(outcomes)
        if not self._frozen:
            self._freeze = None  # refused and not kept there: the next one follows what is pulled then

    def _sign_freeze(self) -> SignedSegment:
        head = self._whole.chains.heads.get((self.number, DURESS_LIFE))
        seq, prev = (head.segment.seq + 1, head.id) if head else (0, GENESIS)
        entries = (Clear(event_bytes(FundFrozen(self.random(16)))),)
        clock = self._whole.chains.clock + 1
        segment = Segment(self.fund, self.number, DURESS_LIFE, seq, prev, clock, self.today(), entries)
        return sign_segment(segment, self.key.signing)


# ---- the duress passphrase ------------------------------------------------------------------------


def check_passphrase(desk: Desk, passphrase: str) -> None:
    """Raises `WrongPassphrase` unless `passphrase` opens the very key that this desk was opened with."""
    key = keyfile.open_key((desk.folder / KEY_FILE).read_bytes(), passphrase)
    if not hmac.compare_digest(key.kept, desk.key.kept):  # a root, or the signing seed of a duress key
        raise WrongPassphrase


def set_duress(desk: Desk, passphrase: str, first: str, second: str, *, memory_kib: int = keyfile.MEMORY_KIB) -> None:
    """Write the key file anew with a duress passphrase, typed twice.

    Raises `WrongPassphrase`, `PassphrasesDiffer`, `WeakPassphrase`, `SamePassphrase`. A duress desk says the same and
    writes nothing.
    """
    check_passphrase(desk, passphrase)
    if not hmac.compare_digest(first.encode("utf-8", "surrogatepass"), second.encode("utf-8", "surrogatepass")):
        raise PassphrasesDiffer
    _write(
        desk,
        keyfile.seal_key(desk.key, passphrase, duress=(keyfile.DuressKey.of(desk.key), first), memory_kib=memory_kib),
    )


def remove_duress(desk: Desk, passphrase: str, *, memory_kib: int = keyfile.MEMORY_KIB) -> None:
    """Write the key file anew without a duress passphrase, whether it had one or not. Raises `WrongPassphrase`."""
    check_passphrase(desk, passphrase)
    _write(desk, keyfile.seal_key(desk.key, passphrase, memory_kib=memory_kib))


def _write(desk: Desk, file: bytes) -> None:
    if not isinstance(desk.key, keyfile.DuressKey):
        replace_key_file(desk.folder / KEY_FILE, file)


def replace_key_file(path: Path, file: bytes) -> None:
    """Put `file` in the place of the key file, whole or not at all, and overwrite the old bytes.

    On a disk that moves blocks about (every SSD does), the old bytes may stay readable to a laboratory.
    """
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with path.open("r+b") as old:
        size = os.fstat(old.fileno()).st_size
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(file)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
        old.write(os.urandom(size))
        old.flush()
        os.fsync(old.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
