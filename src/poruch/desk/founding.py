"""Founding: several officers make a fund, each on a desk of his own."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from poruch.crypto import keyfile
from poruch.crypto.hidden import forgets
from poruch.desk.program import FUND_FILE, KEY_FILE, Desk
from poruch.desk.screening import name_keys
from poruch.events.base import Event
from poruch.events.charter import CIRCLES, RETENTION_DAYS, Charter, Founder, Programme, check_charter, fund_id
from poruch.events.kinds import (
    CirclesAssigned,
    FundFounded,
    FundSecretsDrawn,
    Membership,
    PartiesDeclared,
    Party,
    RosterKeys,
)
from poruch.journal.circles import hand_out, new_secret
from poruch.journal.wholefile import make_folder, write_whole
from poruch.ledger.statements import related_hash

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Plan:
    """What founders agree on before there is a key: `related` are parties whose money is never a gift."""

    name: str
    origin: str
    languages: tuple[str, ...]
    currency: str
    k: int
    circles: dict[str, tuple[int, ...]]
    programmes: tuple[Programme, ...]
    gift_reference: str
    account_holder: str
    account_iban: str
    remittance: str
    refused_countries: tuple[str, ...]
    related: tuple[Party, ...] = ()
    publication_days: int = 91
    silent_days: int = 7
    retention_days: int = RETENTION_DAYS


@forgets
def make_key(
    folder: Path, number: int, name: str, passphrase: str, *, memory_kib: int = keyfile.MEMORY_KIB
) -> keyfile.OfficerKey:
    """An officer's new keys, in a key file in his new folder. Raises `WeakPassphrase`, `StoreBroken`."""
    make_folder(folder, mode=0o700)
    key = keyfile.OfficerKey.generate(number, name)
    write_whole(folder / KEY_FILE, keyfile.seal_key(key, passphrase, memory_kib=memory_kib))
    return key


@forgets
def unlock(folder: Path, passphrase: str) -> keyfile.OfficerKey:
    """The keys in an officer's folder. Raises `WrongPassphrase`, `BadKeyFile`."""
    return keyfile.open_key((folder / KEY_FILE).read_bytes(), passphrase)


def related_hashes(salt: bytes, parties: Iterable[Party]) -> tuple[bytes, ...]:
    """The salted hashes of all names and IBANs of related parties, in an order that tells nothing."""
    texts = {text for party in parties for text in (*name_keys(party.name), *party.ibans)}
    return tuple(sorted(related_hash(salt, text) for text in texts))


def make_charter(plan: Plan, keys: Iterable[tuple[int, bytes]], random: Random = os.urandom) -> tuple[Charter, bytes]:
    """The charter, and the salt of its related parties. Raises `BadCharter`, `BadOfficers`."""
    salt = random(32)
    charter = Charter(
        name=plan.name,
        origin=plan.origin,
        languages=plan.languages,
        currency=plan.currency,
        k=plan.k,
        founders=tuple(Founder(number, signing) for number, signing in sorted(keys)),
        code_salt=random(16),
        programmes=plan.programmes,
        gift_reference=plan.gift_reference,
        account_holder=plan.account_holder,
        account_iban=plan.account_iban,
        remittance=plan.remittance,
        refused_countries=plan.refused_countries,
        related=related_hashes(salt, plan.related),
        publication_days=plan.publication_days,
        silent_days=plan.silent_days,
        retention_days=plan.retention_days,
    )
    return check_charter(charter), salt


def write_fund_id(folder: Path, charter: Charter) -> bytes:
    """Name the fund in a desk's folder; returns the 32-byte id. Raises `StoreBroken`."""
    fund = fund_id(charter)
    write_whole(folder / FUND_FILE, f"{fund.hex()}\n".encode())
    return fund


def begin(desk: Desk, charter: Charter) -> None:
    """The first segment of the fund, by the first founder."""
    key = desk.key
    keys = RosterKeys(desk.number, key.signing.public, key.log.public, key.identity.recipient.text, "active")
    desk.act([FundFounded(charter), keys])


def key_circles(desk: Desk, plan: Plan, salt: bytes) -> int:
    """The first circle keys, by the first founder, once all have announced their keys.

    Two segments, of which a second call writes only what is missing; returns how many were written.
    """
    written = 0
    if not set(CIRCLES) <= set(desk.public.circles):
        desk.act(_draw_keys(desk, plan))
        written += 1
    if not desk.members.circles:
        desk.act(_assign(plan, salt, desk.random))
        written += 1
    return written


def _draw_keys(desk: Desk, plan: Plan) -> list[Event]:
    officers = desk.public.officers
    keyed: list[Event] = []
    for circle in CIRCLES:
        members = plan.circles[circle]
        recipients = [officers[number].recipient for number in members]
        keyed.append(hand_out(new_secret(circle, 1, desk.random), recipients, len(officers), desk.random))
    return keyed


def _assign(plan: Plan, salt: bytes, random: Random) -> list[Event]:
    circles = tuple(Membership(circle, plan.circles[circle]) for circle in CIRCLES)
    told: list[Event] = [CirclesAssigned(circles), FundSecretsDrawn(random(32))]
    if plan.related:
        told.append(PartiesDeclared(plan.related, salt))
    return told
