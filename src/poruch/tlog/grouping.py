"""Making the leaves of a group: padding to its step, mixing, range proofs, the total (docs/spec/log.md section 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from poruch.crypto import commitments, rangeproof
from poruch.crypto.group import encode_scalar
from poruch.tlog.leaves import COMMITMENTS, Amounts, GroupKey, Total, encode_leaf, proof_context

FEWEST_AMOUNTS = 5
EXEMPT_ACCOUNTS = "cost-"


@dataclass(frozen=True)
class HiddenAmount:
    """One amount with the blinding factor that hides it: `blind_for` a code holder, `fresh_blind` for anybody else."""

    amount_minor: int = field(repr=False)
    blind: int = field(repr=False)


@dataclass(frozen=True)
class MadeGroup:
    """Leaves ready for the log. `places[i]` is leaf (counted in `amounts`) and position of the i-th amount given."""

    amounts: tuple[bytes, ...]
    total: bytes
    total_minor: int
    places: tuple[tuple[int, int], ...]


def step_for(count: int) -> int:
    """How many commitments a group of `count` amounts shows: 8, 16, 32, 64 ..."""
    return max(COMMITMENTS, 1 << max(count - 1, 0).bit_length())


def may_be_totalled(account: str, people: int) -> bool:
    """Whether a group with amounts of so many different people may be published: none, five or more, or of `cost-`."""
    return people == 0 or people >= FEWEST_AMOUNTS or account.startswith(EXEMPT_ACCOUNTS)


def make_group(
    origin: str, epoch: int, key: GroupKey, given: Sequence[HiddenAmount], random: Callable[[int], bytes]
) -> MadeGroup:
    """The leaves of one group. The caller has asked `may_be_totalled`. Raises BadAmount, BadScalar, BadLeaf."""
    padding = [HiddenAmount(0, commitments.fresh_blind(random)) for _ in range(step_for(len(given)) - len(given))]
    order = _shuffled(len(given) + len(padding), random)
    everything = [*given, *padding]
    shown = [everything[number] for number in order]
    leaves = [
        _amounts_leaf(origin, epoch, key, shown[start : start + COMMITMENTS], random)
        for start in range(0, len(shown), COMMITMENTS)
    ]
    total_minor = sum(one.amount_minor for one in shown)
    blind = commitments.add_blinds(one.blind for one in shown)
    total = encode_leaf(Total(epoch, *key, total_minor, encode_scalar(blind)))
    where = {number: divmod(place, COMMITMENTS) for place, number in enumerate(order)}
    return MadeGroup(tuple(leaves), total, total_minor, tuple(where[number] for number in range(len(given))))


def _amounts_leaf(
    origin: str, epoch: int, key: GroupKey, eight: Sequence[HiddenAmount], random: Callable[[int], bytes]
) -> bytes:
    amounts = [one.amount_minor for one in eight]
    blinds = [one.blind for one in eight]
    points = tuple(commitments.commit(amount, blind) for amount, blind in zip(amounts, blinds, strict=True))
    proof = rangeproof.prove(amounts, blinds, proof_context(origin, epoch, key), random)
    return encode_leaf(Amounts(epoch, *key, points, proof))


def _shuffled(count: int, random: Callable[[int], bytes]) -> list[int]:
    """The numbers below `count` in a uniform order (Fisher and Yates); 16 bytes a draw leave no bias to speak of."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = int.from_bytes(random(16), "big") % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order
