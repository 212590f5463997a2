"""A small fund for tests: five officers of whom three sign, one witness, epochs with real range proofs."""

import os
from collections.abc import Sequence
from functools import cache

from poruch.crypto.commitments import fresh_blind
from poruch.crypto.signatures import SigningKey
from poruch.tlog.checkpoints import Head, cosign, sign_head, write_checkpoint
from poruch.tlog.grouping import HiddenAmount, MadeGroup, make_group
from poruch.tlog.leaves import Balance, GroupKey, Notice, encode_leaf
from poruch.tlog.notes import COSIGNATURE, VerifierKey
from poruch.tlog.policy import Witness, make_policy
from poruch.tlog.tiles import Edge

ORIGIN = "fund.test/log"
KEYS = [SigningKey(bytes([number]) * 32) for number in range(1, 6)]
WITNESS_KEY = SigningKey(b"w" * 32)
WITNESS_NAME = "witness.test/w"
WITNESS = Witness("w", VerifierKey(WITNESS_NAME, COSIGNATURE, WITNESS_KEY.public))
POLICY = make_policy(3, ORIGIN, [key.public for key in KEYS])
WITNESSED = make_policy(3, ORIGIN, [key.public for key in KEYS], [WITNESS], quorum="w")


@cache
def group(epoch: int, key: GroupKey, amounts: tuple[int, ...]) -> MadeGroup:
    """A group of these amounts. Proving is slow, so each is made once; one epoch never shows the same group twice."""
    return make_group(ORIGIN, epoch, key, [HiddenAmount(one, fresh_blind()) for one in amounts], os.urandom)


def epoch_entries(
    epoch: int, opening_minor: int, gifts: tuple[int, ...] = (), payouts: tuple[int, ...] = ()
) -> tuple[list[bytes], int]:
    """The leaves of an epoch in euros, and its closing balance."""
    came = group(epoch, ("in", "general", "EUR"), gifts)
    went = group(epoch, ("out", "grants", "EUR"), payouts)
    closing = opening_minor + came.total_minor - went.total_minor
    balance = Balance(epoch, "EUR", opening_minor, came.total_minor, went.total_minor, closing)
    entries = [*came.amounts, came.total, *went.amounts, went.total, encode_leaf(balance)]
    return entries, closing


def notice(epoch: int, kind: str = "auditor-report", digest: str = "ab" * 32) -> bytes:
    return encode_leaf(Notice(epoch, kind, digest))


def signed(head: Head, officers: Sequence[int] = (0, 1, 2), witness_time: int = 0) -> bytes:
    """A checkpoint signed by these officers, and at this time by the witness if it is not 0."""
    lines = [sign_head(head, KEYS[number]) for number in officers]
    if witness_time:
        lines.append(cosign(head, WITNESS_NAME, WITNESS_KEY, witness_time))
    return write_checkpoint(head, lines)


def folder_of(entries: Sequence[bytes], source: bytes | None = None) -> dict[str, bytes]:
    """The public files of a log with these leaves."""
    edge, files = Edge().grown(entries)
    checkpoint = signed(Head(ORIGIN, edge.size, edge.root)) if source is None else source
    return {**dict(files), "checkpoint": checkpoint, "policy": POLICY.source}


class Folder(dict[str, bytes]):
    """Files in memory, read as a folder on disk is."""

    def read(self, path: str) -> bytes:
        try:
            return self[path]
        except KeyError:
            raise FileNotFoundError(path) from None
