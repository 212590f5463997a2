"""The public log, measured: range proofs, and everything else that a check does."""

import hashlib
import os
from functools import cache

from poruch.crypto import commitments, group, rangeproof
from poruch.drills.bench_measure import FACTOR, Bench, Row, bare_points, counted_points, row, side_by_side
from poruch.tlog import leaves as tlog
from poruch.tlog.books import Books, follow
from poruch.tlog.tree import Tree

ORIGIN = "bench.example/log"
BATCH = 64
HIDDEN = 1024  # commitments of one group: 8 times a power of two
CONTEXT = tlog.proof_context(ORIGIN, 1, ("in", "general", "EUR"))


def _eight() -> tuple[list[int], list[int]]:
    return [int.from_bytes(os.urandom(3), "big") for _ in range(8)], [commitments.fresh_blind() for _ in range(8)]


@cache
def _statement() -> rangeproof.Statement:
    amounts, blinds = _eight()
    points = [commitments.commit(amount, blind) for amount, blind in zip(amounts, blinds, strict=True)]
    return points, rangeproof.prove(amounts, blinds, CONTEXT), CONTEXT


def _verify(what: str) -> Row:
    # One proof 64 times costs what 64 proofs cost: only the generators, which all share, are ever collected.
    batch = [_statement()] * BATCH
    with counted_points() as calls:
        rangeproof.verify_batch(batch)
    ours, limit = side_by_side(lambda: rangeproof.verify_batch(batch), bare_points(calls), turns=3)
    return row(what, "ms", ours / BATCH * 1e3, limit / BATCH * 1e3, peer="our reference 6.3 ms")


def _prove(what: str) -> Row:
    amounts, blinds = _eight()
    with counted_points() as calls:
        rangeproof.prove(amounts, blinds, CONTEXT)
    ours, limit = side_by_side(lambda: rangeproof.prove(amounts, blinds, CONTEXT), bare_points(calls), turns=3)
    return row(what, "ms", ours * 1e3, limit * 1e3)


def _entries() -> list[bytes]:
    """The leaves of one epoch with a group of `HIDDEN` amounts; their proofs are random bytes, which nobody reads."""
    made, blinds, total_minor = [], [], 0
    for _ in range(HIDDEN // 8):
        amounts, eight = _eight()
        points = tuple(commitments.commit(amount, blind) for amount, blind in zip(amounts, eight, strict=True))
        made.append(tlog.encode_leaf(tlog.Amounts(1, "in", "general", "EUR", points, os.urandom(tlog.PROOF_SIZE))))
        blinds += eight
        total_minor += sum(amounts)
    blind = group.encode_scalar(commitments.add_blinds(blinds))
    made.append(tlog.encode_leaf(tlog.Total(1, "in", "general", "EUR", total_minor, blind)))
    made.append(tlog.encode_leaf(tlog.Balance(1, "EUR", 0, total_minor, 0, total_minor)))
    return made


def _check(what: str) -> Row:
    entries = _entries()

    def check() -> None:
        Tree.of(entries).root()
        follow(Books(ORIGIN), entries, os.urandom, proofs=False)

    with counted_points() as calls:
        check()

    def hash_all() -> None:
        for entry in entries:
            hashlib.sha256(b"\0" + entry).digest()
            hashlib.sha256(b"\1" + FACTOR + FACTOR).digest()

    ours, limit = side_by_side(check, bare_points(calls, hash_all), turns=5)
    thousand = HIDDEN / 1000
    return row(what, "ms", ours / thousand * 1e3, limit / thousand * 1e3)


BENCHES = (
    Bench("range proof verified, a leaf in a batch of 64", "<= 8 ms", _verify),
    Bench("range proof made, a leaf", "", _prove),
    Bench("log checked without range proofs, 1,000 commitments", "<= 60 ms", _check),
)
