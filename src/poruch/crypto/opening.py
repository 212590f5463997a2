"""Opening a file together, without the key ever being in one place (docs/spec/quorum.md, section 7).

An officer gives a *partial* in an *answer*; whoever asked combines `k` of them. An answer is key material: it is sealed
to the request's recipient and never in the journal in clear.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from poruch.crypto import dleq
from poruch.crypto.age import Header, decrypt_payload, parse_header, unwrap_file_key
from poruch.crypto.group import IDENTITY, B, Random, add, lagrange, montgomery, multiply, multiply_base
from poruch.crypto.hidden import forgets
from poruch.crypto.opening_request import MAX_PURPOSE, OpeningRequest, parse_request
from poruch.crypto.quorum_file import Lock, check_header, check_unproven, read_locks
from poruch.crypto.quorum_group import Group, u16
from poruch.errors import (
    BadAnswer,
    BadOfficers,
    BadPartial,
    BadProof,
    BadShare,
    Expired,
    NotForThisGroup,
    NotForThisKey,
    TooFew,
    WrongFile,
    WrongGroup,
    WrongPlace,
)

__all__ = [
    "ANSWER_SIZE",
    "MAX_PURPOSE",
    "OpeningRequest",
    "Partial",
    "check_answer",
    "combine",
    "combine_partials",
    "give_partial",
    "parse_request",
    "sort_answers",
]

_DOMAIN = b"poruch/answer/v1"
_HEAD_SIZE = len(_DOMAIN) + 32 + 2 + 2
_PARTIAL_SIZE = 32 + dleq.SIZE
ANSWER_SIZE = _HEAD_SIZE + _PARTIAL_SIZE  # 148 bytes for a Poruch file


@dataclass(frozen=True, slots=True)
class Partial:
    """One officer's verified part of an opening: a point `D_i` for each lock of the file, in order. Key material."""

    officer: int
    points: tuple[bytes, ...] = field(repr=False)


def give_partial(
    file: bytes,
    request: OpeningRequest,
    group: Group,
    officer: int,
    share: int,
    today: date,
    random: Random = secrets.token_bytes,
    *,
    place: str,
    allow_unproven: bool = False,
) -> bytes:
    """The answer of `officer`, who has agreed to the purpose, to be sealed to the request's recipient.

    `group` is the one certified today, `today` a day of UTC, `place` where the officer's own journal holds the file.
    `allow_unproven` lets a file of another age tool pass: his explicit act in an emergency, one partial for each X25519
    stanza. Raises WrongGroup, WrongFile, Expired, WrongPlace, and what `check_file` raises; BadOfficers or BadShare if
    the share is not that of `officer`.
    """
    # (1) and (2) The request is for this group and this file.
    header = _header(file, request, group)
    # (3) It has not expired.
    if today > request.until:
        raise Expired
    # (4) The file belongs where the request says.
    if request.place != place:
        raise WrongPlace
    # (5) The file is one that officers open there. (6), the person's consent, is the caller's.
    checked = (check_unproven if allow_unproven else check_header)(header, group.Y, place)
    P_i = group.verification_share(officer)
    if multiply_base(share) != P_i:
        raise BadShare
    parts = [_DOMAIN, request.hash, u16(officer), u16(len(checked.locks))]
    for lock in checked.locks:
        D = multiply(share, lock.E)
        parts += [D, dleq.prove(share, B, P_i, lock.E, D, _context(request, lock), random)]
    return b"".join(parts)


# Not as a decorator: mutation testing passes over decorated functions (docs/mutation.md).
give_partial = forgets(give_partial)


def check_answer(answer: bytes, request: OpeningRequest, group: Group, file: bytes) -> Partial:
    """The partial in an opened answer. Raises BadAnswer, BadPartial (with the blame), WrongGroup, WrongFile."""
    return _check(answer, request, group, read_locks(_header(file, request, group)))


# Not as a decorator: mutation testing passes over decorated functions (docs/mutation.md).
check_answer = forgets(check_answer)


def sort_answers(
    answers: Iterable[bytes], request: OpeningRequest, group: Group, file: bytes
) -> tuple[tuple[Partial, ...], tuple[BadAnswer | BadPartial, ...]]:
    """The good partials, one for each officer, ascending; and the errors of the other answers, with whom to blame."""
    return _sort(answers, request, group, read_locks(_header(file, request, group)))


def combine(file: bytes, request: OpeningRequest, group: Group, answers: Iterable[bytes]) -> bytes:
    """The plaintext, if at least `k` of the answers are good; bad ones do not stop it (`sort_answers` names them).

    Raises TooFew, NotForThisGroup, BadMac, BadPayload; WrongGroup and WrongFile if the request is for others.
    """
    partials, faults = sort_answers(answers, request, group, file)
    if len(partials) < group.k:
        raise TooFew(f"{len(partials)} of {group.k} good, {len(faults)} bad") from next(iter(faults), None)
    return combine_partials(file, request, group, partials)


def combine_partials(file: bytes, request: OpeningRequest, group: Group, partials: Iterable[Partial]) -> bytes:
    """`combine` for what `check_answer` or `sort_answers` has passed for this very request; repeats count once.

    Raises TooFew, NotForThisGroup, BadMac, BadPayload; WrongGroup and WrongFile if the request is for others.
    """
    header = _header(file, request, group)
    # (1) and (2) Each answer is for this request, and each partial proves itself: whoever has a Partial checked that.
    by_officer = {partial.officer: partial for partial in partials}
    chosen = tuple(by_officer[officer] for officer in sorted(by_officer)[: group.k])
    # (3) Enough of them remain.
    if len(chosen) < group.k:
        raise TooFew(f"{len(chosen)} of {group.k} good")
    # (4) Together they unwrap the file key.
    file_key = _unwrap(read_locks(header), group, chosen)
    # (5) The header is the one that was sealed, and (6) so is the payload.
    header.check_mac(file_key)
    return decrypt_payload(file_key, memoryview(file)[header.end :])


def _header(file: bytes, request: OpeningRequest, group: Group) -> Header:
    """The head of the file, if the request is for this group and this file. Raises WrongGroup, BadHeader, WrongFile."""
    if request.group != group.id:
        raise WrongGroup
    header = parse_header(file)
    if request.file != header.hash:
        raise WrongFile
    return header


def _sort(
    answers: Iterable[bytes], request: OpeningRequest, group: Group, locks: tuple[Lock, ...]
) -> tuple[tuple[Partial, ...], tuple[BadAnswer | BadPartial, ...]]:
    partials: dict[int, Partial] = {}
    faults: list[BadAnswer | BadPartial] = []
    for answer in answers:
        try:
            partial = _check(answer, request, group, locks)
        except (BadAnswer, BadPartial) as fault:
            faults.append(fault)
        else:
            partials[partial.officer] = partial
    return tuple(partials[officer] for officer in sorted(partials)), tuple(faults)


def _check(answer: bytes, request: OpeningRequest, group: Group, locks: tuple[Lock, ...]) -> Partial:
    # (1) The answer has its length and names this request.
    if len(answer) != _HEAD_SIZE + len(locks) * _PARTIAL_SIZE:
        raise BadAnswer("length")
    head, numbers = answer[: _HEAD_SIZE - 4], answer[_HEAD_SIZE - 4 : _HEAD_SIZE]
    if head != _DOMAIN + request.hash or numbers[2:] != u16(len(locks)):
        raise BadAnswer("another request")
    officer = int.from_bytes(numbers[:2], "big")
    # (2) The officer is of the group and each point proves to be his share times the lock's.
    points = []
    try:
        P_i = group.verification_share(officer)
        for start, lock in zip(range(_HEAD_SIZE, len(answer), _PARTIAL_SIZE), locks, strict=True):
            D = answer[start : start + 32]
            proof = answer[start + 32 : start + _PARTIAL_SIZE]
            dleq.verify_checked(B, P_i, lock.E, D, _context(request, lock), proof)
            points.append(D)
    except (BadOfficers, BadProof) as error:
        raise BadPartial(error.name, blame=officer) from error
    return Partial(officer, tuple(points))


def _unwrap(locks: tuple[Lock, ...], group: Group, partials: tuple[Partial, ...]) -> bytes:
    weights = lagrange(partial.officer for partial in partials)
    for place, lock in enumerate(locks):
        shared = IDENTITY
        for partial in partials:
            shared = add(shared, multiply(weights[partial.officer], partial.points[place]))
        try:
            return unwrap_file_key(lock.body, montgomery(shared), lock.u, group.u)
        except NotForThisKey:
            continue
    raise NotForThisGroup


def _context(request: OpeningRequest, lock: Lock) -> bytes:
    # The request names the group and the file, and both were compared with what is at hand.
    return b"poruch/partial/v1" + request.group + request.file + lock.u + request.hash
