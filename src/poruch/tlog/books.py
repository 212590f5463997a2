"""The books: every rule that the leaves must keep among themselves (docs/spec/log.md section 5).

`follow` verifies the leaves that come after those already verified; the kept state goes into a file and comes back.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import msgspec

from poruch.crypto import commitments, group, rangeproof
from poruch.errors import (
    AfterBalance,
    AmountsAfterTotal,
    BadCount,
    BadEpoch,
    BadLeaf,
    BadRangeProof,
    BrokenChain,
    MissingBalance,
    MissingTotal,
    PoruchError,
    RepeatedCommitment,
    SecondBalance,
    SecondTotal,
    StoreBroken,
    WrongBalance,
    WrongOpening,
    WrongTotal,
)
from poruch.tlog.checkpoints import At, unheard
from poruch.tlog.leaves import COMMITMENTS, Amounts, Balance, GroupKey, Leaf, Notice, Total, parse_leaves, proof_context

PROOFS_AT_ONCE = 64

Heard = Callable[[Leaf], None]


def ignored(leaf: Leaf) -> None:
    """For callers who do not collect the leaves."""


@dataclass(frozen=True)
class Group:
    """The amounts of one (epoch, side, account, currency) so far; `added` is the sum of their points."""

    count: int
    added: bytes
    total_minor: int | None = None


@dataclass(frozen=True)
class _Claim:
    """A range proof still to be verified."""

    leaf: int
    statement: rangeproof.Statement


class Books:
    """What verified leaves add up to. Treat it as a value: `follow` leaves the given books as they were."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.size = 0
        self.epoch = 1
        self.groups: dict[str, dict[GroupKey, Group]] = {}  # of this epoch, by currency
        self.balances: dict[str, Balance] = {}
        self.before: dict[str, Balance] = {}
        self.seen: set[bytes] = set()

    def copy(self) -> "Books":
        twin = Books(self.origin)
        twin.size, twin.epoch = self.size, self.epoch
        twin.groups = {currency: dict(groups) for currency, groups in self.groups.items()}
        twin.balances, twin.before = dict(self.balances), dict(self.before)
        twin.seen = set(self.seen)
        return twin

    def all_groups(self) -> Iterator[tuple[GroupKey, Group]]:
        """The groups of the current epoch."""
        for groups in self.groups.values():
            yield from groups.items()

    def find(self, key: GroupKey) -> Group | None:
        """One group of the current epoch."""
        return self.groups.get(key[2], {}).get(key)

    def put(self, key: GroupKey, found: Group) -> None:
        self.groups.setdefault(key[2], {})[key] = found

    def encode(self) -> bytes:
        """For the keeper's own store; read again by `decode_books`."""
        groups = [(key, one.count, one.added, one.total_minor) for key, one in self.all_groups()]
        balances, before = tuple(self.balances.values()), tuple(self.before.values())
        seen = b"".join(sorted(self.seen))
        return msgspec.msgpack.encode((self.origin, self.size, self.epoch, groups, balances, before, seen))


_Stored = tuple[
    str,
    int,
    int,
    tuple[tuple[GroupKey, int, bytes, int | None], ...],
    tuple[Balance, ...],
    tuple[Balance, ...],
    bytes,
]


def decode_books(data: bytes) -> Books:
    """What `Books.encode` wrote; StoreBroken if it is not that. The store is trusted: nothing is verified again."""
    try:
        origin, size, epoch, groups, balances, before, seen = msgspec.msgpack.decode(data, type=_Stored)
    except msgspec.DecodeError:
        raise StoreBroken("the stored state of the books cannot be read") from None
    books = Books(origin)
    books.size, books.epoch = size, epoch
    for key, count, added, total in groups:
        books.put(key, Group(count, added, total))
    books.balances = {one.currency: one for one in balances}
    books.before = {one.currency: one for one in before}
    books.seen = {seen[i : i + 32] for i in range(0, len(seen), 32)}
    return books


def follow(
    books: Books,
    entries: Sequence[bytes],
    random: Callable[[int], bytes],
    *,
    at: At = unheard,
    heard: Heard = ignored,
    proofs: bool = True,
) -> Books:
    """The books after these entries, which end at a checkpoint: steps 1 to 12, range proofs last and in batches.

    Raises the error of the first step that fails, its detail naming the leaf; `books` stays as it was. `heard` gets
    each leaf as it is taken. `proofs=False` is for measuring the rest alone: it lets negative amounts pass.
    """
    reader = _Reader(books.copy(), at)
    # Closed in any case: a leaf that is refused must not leave threads at work on those after it.
    with closing(parse_leaves(entries)) as leaves:
        for leaf in leaves:
            heard(reader.take(leaf))
    reader.finish()
    if proofs:
        reader.verify_proofs(random)
    return reader.books


class _Reader:
    """Takes leaves one by one into its own copy of the books."""

    def __init__(self, books: Books, at: At) -> None:
        self.books = books
        self.claims: list[_Claim] = []
        self._at = at

    def take(self, leaf: Leaf | BadLeaf) -> Leaf:
        books = self.books
        self._at(1)  # (1) Section 4.
        if isinstance(leaf, BadLeaf):
            raise self._refusal(BadLeaf, leaf.detail)
        self._at(2)  # (2) The epoch is the current one, or the next after the end of the current one.
        if leaf.epoch not in (books.epoch, books.epoch + 1):
            raise self._refusal(BadEpoch, f"epoch {leaf.epoch} in epoch {books.epoch}")
        if leaf.epoch == books.epoch + 1:
            self._end_epoch()
            books.epoch, books.groups, books.before, books.balances = leaf.epoch, {}, books.balances, {}
            self._at(2)
        match leaf:
            case Amounts():
                self._take_amounts(leaf)
            case Total():
                self._take_total(leaf)
            case Balance():
                self._take_balance(leaf)
            case Notice():
                pass
        books.size += 1
        return leaf

    def _take_amounts(self, leaf: Amounts) -> None:
        books = self.books
        self._at(3)  # (3) No total of this group and no balance of its currency yet.
        known = books.find(leaf.group)
        if known and known.total_minor is not None:
            raise self._refusal(AmountsAfterTotal, _name(leaf.group))
        if leaf.currency in books.balances:
            raise self._refusal(AfterBalance, _name(leaf.group))
        self._at(4)  # (4) No commitment occurs earlier, in the log or in this leaf.
        for position, commitment in enumerate(leaf.commitments):
            if commitment in books.seen:
                raise self._refusal(RepeatedCommitment, f"position {position}")
            books.seen.add(commitment)
        # (5) The range proof, in a batch after all other steps.
        context = proof_context(books.origin, leaf.epoch, leaf.group)
        self.claims.append(_Claim(books.size, (leaf.commitments, leaf.proof, context)))
        added = (known.added, *leaf.commitments) if known else leaf.commitments
        count = (known.count if known else 0) + COMMITMENTS
        books.put(leaf.group, Group(count, commitments.add_up(added)))

    def _take_total(self, leaf: Total) -> None:
        books = self.books
        self._at(6)  # (6) The first total of its group, and no balance of its currency yet.
        known = books.find(leaf.group)
        if known and known.total_minor is not None:
            raise self._refusal(SecondTotal, _name(leaf.group))
        if leaf.currency in books.balances:
            raise self._refusal(AfterBalance, _name(leaf.group))
        self._at(7)  # (7) The number of commitments is 8 times a power of two.
        if known is None or known.count & known.count - 1:
            raise self._refusal(BadCount, f"{known.count if known else 0} amounts in {_name(leaf.group)}")
        self._at(8)  # (8) Total and blinding factor open the sum of all of them. Their points were checked in step 1.
        try:
            commitments.check_total(known.added, leaf.total_minor, group.scalar(leaf.blind, zero=False))
        except WrongOpening:
            raise self._refusal(WrongTotal, _name(leaf.group)) from None
        books.put(leaf.group, replace(known, total_minor=leaf.total_minor))

    def _take_balance(self, leaf: Balance) -> None:
        books = self.books
        self._at(9)  # (9) The first balance of its currency, and every group of the currency has its total.
        if leaf.currency in books.balances:
            raise self._refusal(SecondBalance, leaf.currency)
        sums = {"in": 0, "out": 0}
        for key, one in books.groups.get(leaf.currency, {}).items():
            if one.total_minor is None:
                raise self._refusal(MissingTotal, _name(key))
            sums[key[0]] += one.total_minor
        self._at(10)  # (10) The sums are those of the totals, and the balance adds up.
        if (leaf.in_minor, leaf.out_minor) != (sums["in"], sums["out"]):
            raise self._refusal(WrongBalance, f"{leaf.currency}: the totals are {sums['in']} in, {sums['out']} out")
        if leaf.closing_minor != leaf.opening_minor + leaf.in_minor - leaf.out_minor:
            raise self._refusal(WrongBalance, f"{leaf.currency} does not add up")
        self._at(11)  # (11) It opens with what the epoch before closed with.
        before = books.before.get(leaf.currency)
        if before and before.closing_minor != leaf.opening_minor:
            raise self._refusal(BrokenChain, f"{leaf.currency}: {before.closing_minor} before {leaf.opening_minor}")
        books.balances[leaf.currency] = leaf

    def finish(self) -> None:
        """Step 12 at the checkpoint, unless the last epoch holds only notices."""
        if self.books.groups or self.books.balances:
            self._end_epoch()

    def _end_epoch(self) -> None:
        books = self.books
        self._at(12)  # (12) Every group has its total; every currency in use has its balance.
        for key, one in books.all_groups():
            if one.total_minor is None:
                raise self._refusal(MissingTotal, _name(key))
        for currency in sorted(books.groups.keys() | books.before.keys()):
            if currency not in books.balances:
                raise self._refusal(MissingBalance, f"{currency} in epoch {books.epoch}")

    def verify_proofs(self, random: Callable[[int], bytes]) -> None:
        """Step 5 for all leaves taken: a single verification costs more than one in a batch."""
        self._at(5)
        for start in range(0, len(self.claims), PROOFS_AT_ONCE):
            batch = self.claims[start : start + PROOFS_AT_ONCE]
            try:
                rangeproof.verify_batch([claim.statement for claim in batch], random)
            except BadRangeProof as error:
                raise _named(error, batch) from None
        self.claims.clear()

    def _refusal(self, kind: type[PoruchError], why: str) -> PoruchError:
        return kind(f"leaf {self.books.size}: {why}")


def _named(error: BadRangeProof, batch: Sequence[_Claim]) -> BadRangeProof:
    """The error with the leaf in place of the index in the batch, with which its detail begins."""
    index, _, why = error.detail.partition(": ")
    return BadRangeProof(f"leaf {batch[int(index)].leaf}: {why}") if index.isdecimal() else error


def _name(key: GroupKey) -> str:
    return "/".join(key)
