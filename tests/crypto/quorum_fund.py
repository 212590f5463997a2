"""Funds for the tests: whole ceremonies in memory, and openings with any officers."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random as Dice

from poruch.crypto import ceremony
from poruch.crypto.age import X25519Identity, header_hash
from poruch.crypto.ceremony import Group, PublishedDealing
from poruch.crypto.group import Random
from poruch.crypto.opening import OpeningRequest, give_partial

TODAY = date(2026, 12, 1)
PLACE = "drop/0123456789abcdef/payee"
REQUESTER = X25519Identity(bytes(range(32))).recipient.text


@dataclass(frozen=True)
class Fund:
    """A group and all its shares, which outside tests are never in one place."""

    group: Group
    shares: Mapping[int, int]


def seeded(seed: int) -> Random:
    """Random bytes that are the same in every run."""
    counter = itertools.count()

    def random(size: int) -> bytes:
        return hashlib.shake_256(f"{seed}/{next(counter)}".encode()).digest(size)

    return random


def hold_ceremony(
    k: int, officers: Sequence[int], random: Random, old: Fund | None = None, dealers: Sequence[int] | None = None
) -> Fund:
    """A first ceremony of all officers, or a resharing by `dealers` of the old fund."""
    session = random(32)
    who_deals = officers if dealers is None else dealers
    secret = {
        dealer: ceremony.new_polynomial(k, random, None if old is None else old.shares[dealer]) for dealer in who_deals
    }
    dealings = {dealer: ceremony.make_dealing(session, dealer, secret[dealer], random) for dealer in who_deals}
    published = [PublishedDealing(i, ceremony.dealing_digest(session, dealings[i]), dealings[i]) for i in who_deals]
    old_group = None if old is None else old.group
    checked = ceremony.check_dealings(session, k, officers, published, old_group)
    group = ceremony.form_group(officers, checked, old_group)
    shares = {}
    for officer in officers:
        messages = {
            dealer: ceremony.subshare_message(session, dealer, officer, ceremony.subshare(secret[dealer], officer))
            for dealer in who_deals
        }
        shares[officer] = ceremony.my_share(session, officer, group, checked, messages, old_group)
    return Fund(group, shares)


def thresholds() -> list[tuple[int, int]]:
    """Every (n, k) that a charter allows: n from 3 to 9, n/2 < k < n."""
    return [(n, k) for n in range(3, 10) for k in range(n // 2 + 1, n)]


def choose(dice: Dice, fund: Fund, count: int) -> list[int]:
    return dice.sample(list(fund.group.officers), count)


def request_for(fund: Fund, file: bytes, place: str = PLACE) -> OpeningRequest:
    return OpeningRequest(fund.group.id, header_hash(file), place, fund.group.officers[0], REQUESTER, TODAY, "pay him")


def answers_of(
    fund: Fund, officers: Iterable[int], file: bytes, place: str = PLACE, *, allow_unproven: bool = False
) -> list[bytes]:
    request = request_for(fund, file, place)
    return [
        give_partial(file, request, fund.group, i, fund.shares[i], TODAY, place=place, allow_unproven=allow_unproven)
        for i in officers
    ]
