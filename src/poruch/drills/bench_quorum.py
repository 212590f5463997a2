"""The quorum key and the key file, measured."""

import os
from datetime import date
from functools import cache

from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13

from poruch.crypto import age, ceremony, group, keyfile, opening, quorum_file
from poruch.crypto.quorum_file import check_file, seal_to_quorum
from poruch.crypto.quorum_group import Group
from poruch.drills.bench_measure import Bench, Row, bare_points, counted_points, row, side_by_side

K, OFFICERS = 4, (1, 2, 3, 4, 5, 6)
DAY = date(2026, 9, 1)
PLACE = "drop/" + "5" * 32 + "/person"
PAYEES = 200
PASSPHRASE = "a passphrase for measuring only"  # noqa: S105  opens nothing


@cache
def _group() -> tuple[Group, dict[int, int]]:
    """A group of six officers of whom four open, and their shares, made as in a ceremony."""
    session = os.urandom(32)
    secret = {number: ceremony.new_polynomial(K) for number in OFFICERS}
    dealings = []
    for number in OFFICERS:
        dealing = ceremony.make_dealing(session, number, secret[number])
        digest = ceremony.dealing_digest(session, dealing)
        dealings.append(ceremony.check_dealing(session, dealing, number, K, digest))
    shares = {
        officer: sum(ceremony.subshare(secret[dealer], officer) for dealer in OFFICERS) % group.L
        for officer in OFFICERS
    }
    return ceremony.form_group(OFFICERS, dealings), shares


@cache
def _request() -> tuple[bytes, opening.OpeningRequest]:
    made, _ = _group()
    file = seal_to_quorum(bytes(512), made.Y, PLACE)
    recipient = age.PqIdentity.generate().recipient.text
    return file, opening.OpeningRequest(made.id, age.header_hash(file), PLACE, 1, recipient, DAY, "Measure.")


def _answer(officer: int) -> bytes:
    made, shares = _group()
    file, request = _request()
    return opening.give_partial(file, request, made, officer, shares[officer], DAY, place=PLACE)


def _partial(what: str) -> Row:
    _answer(1)
    with counted_points() as calls:
        _answer(1)
    ours, limit = side_by_side(lambda: _answer(1), bare_points(calls), turns=15, times=5)
    return row(what, "ms", ours * 1e3, limit * 1e3)


def _combination(what: str) -> Row:
    made, _ = _group()
    file, request = _request()
    answers = [_answer(officer) for officer in OFFICERS[:K]]

    def combine() -> bytes:
        return opening.combine(file, request, made, answers)

    combine()
    with counted_points() as calls:
        combine()
    ours, limit = side_by_side(combine, bare_points(calls), turns=15, times=2)
    return row(what, "ms", ours * 1e3, limit * 1e3)


@cache
def _batch() -> tuple[tuple[str, bytes], ...]:
    """The files of a batch of payees, by place."""
    made, _ = _group()
    places = (f"drop/{payee:032x}/payee" for payee in range(PAYEES))
    return tuple((place, seal_to_quorum(bytes(512), made.Y, place)) for place in places)


def _ask_and_answer() -> list[bytes]:
    """What an officer does for a batch in one event: the request texts, read again as a colleague does; the partials.

    The requester does both halves, everybody else the second.
    """
    quorum_file._lifted.cache_clear()  # as on a desk that never looked at these files
    made, shares = _group()
    recipient = age.PqIdentity.generate().recipient.text
    texts = []
    for place, file in _batch():
        name = check_file(file, made.Y, place).header_hash
        texts.append(opening.OpeningRequest(made.id, name, place, 1, recipient, DAY, "Measure.").encode())
    requests = [opening.parse_request(text) for text in texts]
    answers = [
        opening.give_partial(file, request, made, 1, shares[1], DAY, place=place)
        for (place, file), request in zip(_batch(), requests, strict=True)
    ]
    age.seal(b"".join(answers), [age.PqRecipient.parse(recipient)], os.urandom)
    return answers


def _batch_opening(what: str) -> Row:
    _ask_and_answer()
    with counted_points() as calls:
        _ask_and_answer()
    ours, limit = side_by_side(_ask_and_answer, bare_points(calls), turns=5)
    return row(what, "ms", ours * 1e3 / PAYEES, limit * 1e3 / PAYEES)


def _key_file(what: str) -> Row:
    key = keyfile.OfficerKey.generate(1, "Measure")
    file = keyfile.seal_key(key, PASSPHRASE)
    memory, salt = keyfile.MEMORY_KIB * 1024, os.urandom(16)

    def derive() -> bytes:
        return crypto_pwhash_alg(32, PASSPHRASE.encode(), salt, 3, memory, crypto_pwhash_ALG_ARGON2ID13)

    ours, limit = side_by_side(lambda: keyfile.open_key(file, PASSPHRASE), derive, turns=3)
    return row(what, "ms", ours * 1e3, limit * 1e3)


BENCHES = (
    Bench("one partial", "<= 0.6 ms", _partial),
    Bench("one combination, k = 4", "<= 2.2 ms", _combination),
    Bench("batch of 200 asked and answered, a payee", "<= 2.2 ms", _batch_opening),
    Bench("key file opened, 128 MiB", "", _key_file),
)
