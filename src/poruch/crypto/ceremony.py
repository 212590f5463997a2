"""Making and renewing the quorum key (docs/spec/quorum.md, sections 2 to 5): many dealers, no one who ever has the key.

A dealer: `new_polynomial`, `make_dealing`, `dealing_digest`, and for each officer `subshare_message`, sealed by age.
An officer: `check_dealings` (steps 1 to 3), `form_group` (5, 7), `my_share` (4, 6), `transcript_hash` (8); the group is
in use only when every officer has signed the same transcript hash. Functions here do not know who speaks: that the
dealing of dealer `i` comes from `i` is what the signature on its event says.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from poruch.crypto.age import FILE_KEY_SIZE, decrypt_payload, parse_header
from poruch.crypto.dealing import (
    SUBSHARE_MESSAGE_SIZE,
    ParsedDealing,
    PublishedDealing,
    SubshareMessage,
    check_dealing,
    check_subshare,
    commitment_at,
    dealing_digest,
    make_dealing,
    new_polynomial,
    parse_subshare_message,
    subshare,
    subshare_message,
)
from poruch.crypto.group import IDENTITY, L, add, lagrange, multiply, multiply_base
from poruch.crypto.hidden import forgets
from poruch.crypto.quorum_group import Group, check_officers, u16
from poruch.errors import (
    BadDealing,
    BadHeader,
    BadMac,
    BadPayload,
    BadShare,
    BadSubshare,
    KeyChanged,
    NotOwnShare,
    TooFew,
    WrongDealers,
)

__all__ = [
    "SUBSHARE_MESSAGE_SIZE",
    "Group",
    "Outcome",
    "ParsedDealing",
    "PublishedDealing",
    "SubshareMessage",
    "check_dealers",
    "check_dealing",
    "check_dealings",
    "check_officers",
    "check_subshare",
    "dealing_digest",
    "form_group",
    "judge_complaint",
    "make_dealing",
    "my_share",
    "new_polynomial",
    "parse_subshare_message",
    "subshare",
    "subshare_message",
    "transcript_hash",
]

Outcome = Literal["dealer", "complainer", "void"]


def check_dealings(
    session: bytes, k: int, officers: Iterable[int], published: Sequence[PublishedDealing], old: Group | None = None
) -> tuple[ParsedDealing, ...]:
    """Steps 1 to 3 of section 3 for all that was published, in any order; the result ascends by dealer.

    `old` is the group that reshares, None in a first ceremony. Raises BadOfficers, WrongDealers, TooFew, BadDigest,
    BadDealing, NotOwnShare, the last three with the blame.
    """
    # (1) The dealers are exactly those who must or may deal, each once.
    check_dealers(check_officers(k, officers), [entry.dealer for entry in published], old)
    # (2) Every dealing is the announced one and is well formed.
    ascending = sorted(published)
    dealings = tuple(check_dealing(session, entry.dealing, entry.dealer, k, entry.digest) for entry in ascending)
    # (3) In a resharing everybody deals his own share.
    for dealing in dealings:
        if old is not None and dealing.commitments[0] != old.verification_share(dealing.number):
            raise NotOwnShare(blame=dealing.number)
    return dealings


def check_dealers(officers: Iterable[int], dealers: Sequence[int], old: Group | None = None) -> None:
    """Step 1: the dealers are the officers, or in a resharing at least `k` of the old ones. WrongDealers, TooFew."""
    distinct = set(dealers)
    if len(distinct) != len(dealers):
        raise WrongDealers("a dealer twice")
    if old is None and distinct != set(officers):
        raise WrongDealers("not exactly the officers")
    if old is not None and not distinct <= set(old.officers):
        raise WrongDealers("a dealer who had no share")
    if old is not None and len(distinct) < old.k:
        raise TooFew("dealers")


def form_group(officers: Iterable[int], dealings: Sequence[ParsedDealing], old: Group | None = None) -> Group:
    """Steps 5 and 7: the group that these checked dealings make. Raises KeyChanged if a resharing changed the key."""
    # (5) The sum of the dealings, in a resharing weighted so that it stays what it was.
    weights = _weights(dealings, old)
    k = dealings[0].k
    sums = [IDENTITY] * k
    for dealing in dealings:
        for place, commitment in enumerate(dealing.commitments):
            weighted = commitment if old is None else multiply(weights[dealing.number], commitment)
            sums[place] = add(sums[place], weighted)
    if old is not None and sums[0] != old.Y:
        raise KeyChanged
    # (7) The epoch, and with it the group id.
    numbers = check_officers(k, officers)
    shares = tuple((number, commitment_at(sums, number)) for number in numbers)
    return Group(k, 0 if old is None else old.epoch + 1, sums[0], shares)


def my_share(
    session: bytes,
    officer: int,
    group: Group,
    dealings: Sequence[ParsedDealing],
    messages: Mapping[int, bytes],
    old: Group | None = None,
) -> int:
    """Steps 4 and 6: the share of `officer`, a secret, from the opened messages by dealer. BadSubshare, BadShare."""
    weights = _weights(dealings, old)
    share = 0
    for dealing in dealings:
        # (4) Each sub-share fits its dealing; one that never came is as bad as a wrong one.
        share += weights[dealing.number] * check_subshare(dealing, session, officer, messages.get(dealing.number, b""))
    # (6) Together they fit the group.
    share %= L
    if multiply_base(share) != group.verification_share(officer):
        raise BadShare
    return share


# Not as a decorator: mutation testing passes over decorated functions (docs/mutation.md).
my_share = forgets(my_share)


def transcript_hash(
    session: bytes,
    old_group_id: bytes | None,
    group: Group,
    digests: Mapping[int, bytes],
    sealed_files: Mapping[int, Mapping[int, bytes]],
) -> bytes:
    """Step 8: the 32 bytes that all officers certify. `digests` by dealer, `sealed_files` by dealer and officer.

    Raises WrongDealers if the two are not of the same dealers, BadDealing if a dealer's files are not for all officers.
    """
    if digests.keys() != sealed_files.keys():
        raise WrongDealers("digests and files differ")
    parts = [b"poruch/ceremony/v1", session, old_group_id or bytes(32), group.id, u16(len(digests))]
    for dealer in sorted(digests):
        files = sealed_files[dealer]
        if tuple(sorted(files)) != group.officers:
            raise BadDealing("a sealed file is missing or too many", blame=dealer)
        parts.append(digests[dealer])
        parts += [hashlib.sha256(files[officer]).digest() for officer in group.officers]
    return hashlib.sha256(b"".join(parts)).digest()


def judge_complaint(session: bytes, dealing: ParsedDealing, officer: int, sealed: bytes, file_key: bytes) -> Outcome:
    """Who is to blame when `officer` complains of his sealed sub-share and shows its 16-byte file key (section 4).

    `sealed` is the dealer's file as the journal holds it. A complaint that proves nothing is "void".
    """
    try:
        header = parse_header(sealed)
        if len(file_key) != FILE_KEY_SIZE:
            return "void"
        header.check_mac(file_key)
        message = decrypt_payload(file_key, sealed[header.end :])
    except (BadHeader, BadMac, BadPayload):
        return "void"
    try:
        check_subshare(dealing, session, officer, message)
    except BadSubshare:
        return "dealer"
    return "complainer"


def _weights(dealings: Sequence[ParsedDealing], old: Group | None) -> dict[int, int]:
    numbers = [dealing.number for dealing in dealings]
    return lagrange(numbers) if old is not None else dict.fromkeys(numbers, 1)
