"""Checking a log from outside, as anybody can: from a folder or an address, with nothing but its public files.

The caller gives `read(path)`, which returns the bytes of `checkpoint`, `policy` or `tile/...` and raises OSError or
Unavailable where there is none. Nothing here touches a disk or a network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from poruch.errors import BadTile, Forked, NotIncluded, PoruchError, Unavailable, WrongRoot, WrongSize
from poruch.tlog.books import Books, follow
from poruch.tlog.checkpoints import Head, SignedHead, verify_checkpoint
from poruch.tlog.leaves import Amounts, Balance, Leaf, Notice, Total
from poruch.tlog.notes import LARGEST_NOTE
from poruch.tlog.policy import LARGEST_POLICY, Policy, parse_policy
from poruch.tlog.receipts import VerifiedReceipt, parse_receipt, verify_receipt
from poruch.tlog.report import CheckStep, Record, Report, Told, untold
from poruch.tlog.slips import CheckedSlip, KeysOfCode, verify_all_different, verify_slip
from poruch.tlog.tiles import TILE_WIDTH, hash_tiles, parse_bundle, tile_path, tiles_of
from poruch.tlog.tree import HASH_SIZE, Tree, leaf_hash

__all__ = ["CheckStep", "CheckedLog", "Report", "check_code", "check_log", "check_receipt"]

Read = Callable[[str], bytes]

CHECKPOINT_TITLES = {
    1: "The checkpoint is a note of three lines",
    2: "It is of the log that the policy names",
    3: "Lines of unknown keys are left aside",
    4: "No key signs twice",
    5: "Each signature of a known key verifies",
    6: "Enough officers signed",
    7: "Enough witnesses signed",
}
CHECKPOINT_PHASES = ((1,), (2,), (3, 4, 5), (6,), (7,))
BOOKS_TITLES = {
    1: "Each entry is written as it must be",
    2: "The epochs follow each other",
    3: "No amounts after their total or balance",
    4: "No hidden amount stands in the log twice",
    5: "No amount is negative or huge",
    6: "Each group has one total",
    7: "Each group shows an allowed number of amounts",
    8: "Each total is the sum of its hidden amounts",
    9: "Each balance comes once, after all totals",
    10: "Each balance follows from the totals",
    11: "Each balance opens where the last one closed",
    12: "Each epoch is complete",
}
BOOKS_PHASES = ((1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12), (5,))
RECEIPT_TITLES = {
    1: "The receipt is written as it must be",
    2: "Its checkpoint verifies",
    3: "The entry is in the signed log",
    4: "The entry holds amounts",
    5: "The amount in the receipt is written as it must be",
    6: "The amount opens the entry",
}
RECEIPT_PHASES = tuple((number,) for number in RECEIPT_TITLES)
SLIP_TITLES = {
    1: "The slip opens with this code",
    2: "Its receipt verifies",
    3: "The entry was made for this code and no other",
}
SLIP_PHASES = tuple((number,) for number in SLIP_TITLES)


@dataclass(frozen=True)
class CheckedLog:
    """A log that holds: its head, its leaves as bytes and as read, and the books after the last."""

    policy: Policy
    signed: SignedHead
    entries: tuple[bytes, ...]
    leaves: tuple[Leaf, ...]
    tree: Tree
    books: Books

    @property
    def totals(self) -> tuple[Total, ...]:
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Total))

    @property
    def balances(self) -> tuple[Balance, ...]:
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Balance))

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Notice))

    @property
    def amounts_count(self) -> int:
        """How many commitments the log shows, padding included."""
        return sum(len(leaf.commitments) for leaf in self.leaves if isinstance(leaf, Amounts))

    @property
    def first_openings(self) -> dict[str, Balance]:
        """The first balance of each currency: its opening is a statement of the fund and follows from nothing."""
        first: dict[str, Balance] = {}
        for balance in self.balances:
            first.setdefault(balance.currency, balance)
        return first


def check_log(
    read: Read,
    random: Callable[[int], bytes],
    *,
    policy: bytes | None = None,
    known: Head | None = None,
    told: Told = untold,
) -> Report[CheckedLog]:
    """Check everything a log shows. Never raises a PoruchError: the report holds it.

    `policy` is the policy the reader trusts; without it the log's own is taken, which proves only that the log agrees
    with itself. `known` is a head seen before, which this log must contain.
    """
    record = Record(told)
    try:
        found = _check_log(read, random, policy, known, record)
    except PoruchError as error:
        return Report(tuple(record.steps), None, error)
    return Report(tuple(record.steps), found, None)


def _check_log(
    read: Read, random: Callable[[int], bytes], trusted: bytes | None, known: Head | None, record: Record
) -> CheckedLog:
    with record.step("2", "The policy is written as it must be") as details:
        policy = parse_policy(_read(read, "policy", LARGEST_POLICY) if trusted is None else trusted)
        whose = "the policy you gave" if trusted is not None else "the log's own policy: compare it with one you trust"
        details.append(f"{whose}, SHA-256 {policy.sha256}")
    with record.section("2", CHECKPOINT_TITLES, CHECKPOINT_PHASES) as at:
        at(1)
        signed = verify_checkpoint(_read(read, "checkpoint", LARGEST_NOTE), policy, at)
    with record.step("1", "The entries can be read") as details:
        entries = _read_entries(read, signed.head.size)
        details.append(f"{len(entries)} entries")
    with record.step("5.13", "Size and root are those of the entries"):
        hashes = [leaf_hash(entry) for entry in entries]
        tree = Tree(hashes)
        if len(tree) != signed.head.size:
            raise WrongSize(f"{len(tree)} entries, {signed.head.size} signed")
        if tree.root() != signed.head.root:
            raise WrongRoot
    with record.step("1", "The tiles are those of the entries"):
        _check_tiles(read, tree)
    if known is not None:
        with record.step("2", "The log continues the one you have seen") as details:
            _check_continues(tree, known)
            details.append(f"size {known.size}")
    leaves: list[Leaf] = []
    with record.section("5", BOOKS_TITLES, BOOKS_PHASES) as at:
        books = follow(Books(policy.origin), entries, random, at=at, heard=leaves.append)
    return CheckedLog(policy, signed, entries, tuple(leaves), tree, books)


def check_receipt(
    source: bytes,
    policy: Policy,
    *,
    entry: bytes | None = None,
    log: CheckedLog | None = None,
    told: Told = untold,
) -> Report[VerifiedReceipt]:
    """Check one .tlog-proof file. Its leaf is `entry`, or is looked up in `log`; one of the two must be given."""
    record = Record(told)
    try:
        with record.section("6", RECEIPT_TITLES, RECEIPT_PHASES) as at:
            if entry is None:
                at(1)
                entry = _entry_of(log, parse_receipt(source).index, at)
            found = verify_receipt(source, entry, policy, at)
        if log is not None:
            _check_same_log(record, log, [found])
    except PoruchError as error:
        return Report(tuple(record.steps), None, error)
    return Report(tuple(record.steps), found, None)


def check_code(
    slips: Sequence[bytes],
    keys: KeysOfCode,
    policy: Policy,
    *,
    log: CheckedLog | None = None,
    told: Told = untold,
) -> Report[tuple[CheckedSlip, ...]]:
    """Check all slips that lie under the lookup id of a code. No slip at all holds too, and proves nothing."""
    record = Record(told)
    found: list[CheckedSlip] = []
    try:
        for number, sealed in enumerate(slips, 1):
            titles = {step: f"Slip {number}: {title}" for step, title in SLIP_TITLES.items()}
            with record.section("7", titles, SLIP_PHASES) as at:
                found.append(verify_slip(keys, sealed, policy, at))
        with record.step("7.4", "No two slips show one entry") as details:
            verify_all_different(found)
            details.append("1 slip" if len(found) == 1 else f"{len(found)} slips")
        if log is not None:
            _check_same_log(record, log, [one.receipt for one in found])
    except PoruchError as error:
        return Report(tuple(record.steps), None, error)
    return Report(tuple(record.steps), tuple(found), None)


def _check_same_log(record: Record, log: CheckedLog, receipts: Sequence[VerifiedReceipt]) -> None:
    """Without this a receipt could be of a log that was shown to one person only."""
    with record.step("2", "The receipt is of the log that was checked"):
        for receipt in receipts:
            _check_continues(log.tree, receipt.signed.head)


def _check_continues(tree: Tree, seen: Head) -> None:
    if seen.size > len(tree):
        raise WrongSize(f"size {seen.size} was seen before, now {len(tree)}: an older log is shown")
    if tree.root(seen.size) != seen.root:
        raise Forked(f"the signed head of size {seen.size} is not in this log")


def _entry_of(log: CheckedLog | None, index: int, at: Callable[[int], None]) -> bytes:
    if log is None:
        raise ValueError("a receipt needs its entry, or the log")
    at(3)
    if index >= len(log.entries):
        raise NotIncluded(f"index {index} in a log of {len(log.entries)}")
    return log.entries[index]


def _read(read: Read, path: str, largest: int | None = None) -> bytes:
    try:
        data = read(path)
    except (OSError, Unavailable) as error:
        raise Unavailable(f"{path} cannot be read") from error
    # One byte more than allowed makes the parser refuse it, and it need not hold the rest.
    return data if largest is None else data[: largest + 1]


def _read_tile(read: Read, path: str, width: int) -> tuple[bytes, bool]:
    """A tile, and whether it is the full one: a log may delete a partial tile once the full one is there."""
    try:
        return _read(read, path), width == TILE_WIDTH
    except Unavailable as missing:
        if width == TILE_WIDTH:
            raise
        try:
            return _read(read, path.partition(".p/")[0]), True
        except Unavailable:
            raise missing from None


def _read_entries(read: Read, size: int) -> tuple[bytes, ...]:
    entries: list[bytes] = []
    for index, width in tiles_of(size):
        path = tile_path("entries", index, width)
        data, full = _read_tile(read, path, width)
        found = parse_bundle(data)
        if full and len(found) != TILE_WIDTH:
            raise BadTile(f"{path} has {len(found)} entries")
        entries += found[:width] if full else found
    return tuple(entries)


def _check_tiles(read: Read, tree: Tree) -> None:
    for level, index, width in hash_tiles(len(tree)):
        path = tile_path(level, index, width)
        data, full = _read_tile(read, path, width)
        leaves = 1 << 8 * level
        first = index * TILE_WIDTH
        expected = b"".join(tree.hash_of(i * leaves, (i + 1) * leaves) for i in range(first, first + width))
        if (data[: width * HASH_SIZE] if full else data) != expected:
            raise BadTile(f"{path} is not that of the entries")
