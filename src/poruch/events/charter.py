"""The charter: what a fund is, fixed by its founders. The fund's id is the hash of its bytes."""

import hashlib

from poruch.errors import BadCharter, BadOfficers
from poruch.events.codec import Schema, encode

CIRCLES = ("officers", "casework", "treasury", "auditors")
LANGUAGES = ("be", "ru", "uk", "pl", "lt", "en")
LEAST_OFFICERS, MOST_OFFICERS = 3, 9
RETENTION_DAYS, MOST_RETENTION_DAYS = 1826, 36525
"""How long bank details of a payment stay if the founders say nothing else (5 years), and at most."""


class Founder(Schema, frozen=True):
    """One founder: his number and his public Ed25519 signing key (32 bytes)."""

    number: int
    signing: bytes


class Programme(Schema, frozen=True):
    """A kind of help: its key, its account in the public log, and how many of casework approve a grant."""

    key: str
    account: str
    approvals: int
    example_minor: tuple[int, ...]


class Charter(Schema, frozen=True):
    """`origin` is the public address without scheme and `/log`; `related` are salted hashes of related parties."""

    name: str
    origin: str
    languages: tuple[str, ...]
    currency: str
    k: int
    founders: tuple[Founder, ...]
    code_salt: bytes
    programmes: tuple[Programme, ...]
    gift_reference: str
    account_holder: str
    account_iban: str
    remittance: str
    refused_countries: tuple[str, ...]
    related: tuple[bytes, ...]
    publication_days: int
    silent_days: int = 7
    retention_days: int = RETENTION_DAYS

    @property
    def n(self) -> int:
        """The number of founders."""
        return len(self.founders)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The founders' numbers, ascending."""
        return tuple(founder.number for founder in self.founders)


def check_threshold(k: int, n: int) -> None:
    """n from 3 to 9 and n/2 < k < n. Raises `BadOfficers` whose detail is the sentence for founders."""
    if n < LEAST_OFFICERS:
        raise BadOfficers("A fund needs at least three founders, so that no two people alone can open a name.")
    if n > MOST_OFFICERS:
        raise BadOfficers("At most nine officers can hold the quorum key; others can work cases without a share.")
    if not n < 2 * k < 2 * n:
        raise BadOfficers(f"Of {n} officers at least {n // 2 + 1} and at most {n - 1} must agree, not {k}.")


def check_charter(charter: Charter) -> Charter:
    """`charter`, if it is possible; else `BadCharter` or `BadOfficers`."""
    check_threshold(charter.k, charter.n)
    numbers = charter.numbers
    if list(numbers) != sorted(set(numbers)) or not all(0 < number < 65536 for number in numbers):
        raise BadOfficers("numbers must ascend and none may repeat")
    if not 0 < len(charter.name) <= 80 or any(ord(c) < 32 for c in charter.name):
        raise BadCharter("The name must have 1 to 80 characters.")
    if not charter.languages or not set(charter.languages) <= set(LANGUAGES):
        raise BadCharter("The languages must be some of " + ", ".join(LANGUAGES) + ".")
    if len(charter.currency) != 3 or not charter.currency.isascii() or not charter.currency.isupper():
        raise BadCharter("The currency must be three capital letters of ISO 4217.")
    if len(charter.code_salt) != 16 or not charter.origin.endswith("/log"):
        raise BadCharter("The address or the salt is not of the right form.")
    if not 1 <= charter.silent_days <= 90:
        raise BadCharter("A ceremony waits from 1 to 90 days for somebody silent.")
    if not 0 <= charter.retention_days <= MOST_RETENTION_DAYS:
        raise BadCharter("Bank details of a payment stay for 0 to 36525 days.")
    if any(programme.approvals < 1 for programme in charter.programmes) or not charter.programmes:
        raise BadCharter("A programme must be there, and name how many approve its grants.")
    return charter


def fund_id(charter: Charter) -> bytes:
    """32 bytes: SHA-256 of `poruch/fund/v1`, a newline and the charter's bytes."""
    return hashlib.sha256(b"poruch/fund/v1\n" + encode(charter)).digest()
