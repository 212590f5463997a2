"""From a selection to the leaves of an epoch: commitments, range proofs, totals, balance, notices."""

import random as shuffling
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from poruch.crypto import commitments, group, rangeproof
from poruch.events.kinds import EpochPrepared, LogAmount, LogGroup
from poruch.ledger.publication import Amount, Selection, step
from poruch.tlog import leaves as tlog
from poruch.tlog.leaves import Side

Random = Callable[[int], bytes]
BlindKeys = Mapping[str, bytes]
"""The blind key (32 bytes) of the code behind a source, where there is one."""


@dataclass(frozen=True)
class Epoch:
    """The leaves of one epoch as bytes, and what treasury keeps of it."""

    leaves: tuple[bytes, ...]
    prepared: EpochPrepared


def _hide(amount: Amount, keys: BlindKeys, random: Random) -> LogAmount:
    nonce = random(32)
    key = keys.get(amount.source)
    blind = commitments.blind_for(key, nonce) if key else commitments.fresh_blind(random)
    return LogAmount(amount.source, amount.amount_minor, nonce, group.encode_scalar(blind))


def _group(
    key: tuple[Side, str], amounts: tuple[Amount, ...], currency: str, keys: BlindKeys, random: Random
) -> LogGroup:
    zeros = [Amount("", "", 0)] * (step(len(amounts)) - len(amounts))
    hidden = [_hide(amount, keys, random) for amount in [*amounts, *zeros]]
    shuffling.Random(random(32)).shuffle(hidden)  # noqa: S311  seeded by the system's generator
    return LogGroup(key[0], key[1], currency, tuple(hidden))


def _amounts_leaf(origin: str, epoch: int, part: LogGroup, eight: tuple[LogAmount, ...], random: Random) -> bytes:
    values = [amount.amount_minor for amount in eight]
    blinds = [group.scalar(amount.blind) for amount in eight]
    points = tuple(commitments.commit(value, blind) for value, blind in zip(values, blinds, strict=True))
    context = tlog.proof_context(origin, epoch, (part.side, part.account, part.currency))
    proof = rangeproof.prove(values, blinds, context, random)
    return tlog.encode_leaf(tlog.Amounts(epoch, part.side, part.account, part.currency, points, proof))


def _total_leaf(epoch: int, part: LogGroup) -> bytes:
    total = sum(amount.amount_minor for amount in part.amounts)
    blind = sum(group.scalar(amount.blind) for amount in part.amounts) % group.L
    return tlog.encode_leaf(
        tlog.Total(epoch, part.side, part.account, part.currency, total, group.encode_scalar(blind))
    )


def make_epoch(
    origin: str,
    epoch: int,
    selection: Selection,
    opening_minor: int,
    keys: BlindKeys,
    notices: Mapping[str, str],
    random: Random,
) -> Epoch:
    """The leaves of epoch `epoch`: every group of `selection`, even an empty one, its total, and the balance.

    `notices` maps a kind to the SHA-256 (hex) of a text. `opening_minor` is the closing balance of the epoch before.
    """
    groups = [
        _group(key, amounts, selection.currency, keys, random) for key, amounts in sorted(selection.groups.items())
    ]
    made: list[bytes] = []
    for part in groups:
        for at in range(0, len(part.amounts), 8):
            made.append(_amounts_leaf(origin, epoch, part, part.amounts[at : at + 8], random))
    made += [_total_leaf(epoch, part) for part in groups]
    paid_in, paid_out = selection.sum_minor("in"), selection.sum_minor("out")
    closing = opening_minor + paid_in - paid_out
    made.append(tlog.encode_leaf(tlog.Balance(epoch, selection.currency, opening_minor, paid_in, paid_out, closing)))
    made += [tlog.encode_leaf(tlog.Notice(epoch, kind, sha256)) for kind, sha256 in sorted(notices.items())]
    return Epoch(tuple(made), EpochPrepared(epoch, tuple(groups), selection.waiting))
