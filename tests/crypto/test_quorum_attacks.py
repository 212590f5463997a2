"""The attacks of section 8 of the specification, each carried through as far as it goes.

Where one rule stops an attack, a test shows first that the attack would succeed without the rule.
"""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crypto.quorum_fund import PLACE, REQUESTER, TODAY, Fund, hold_ceremony, request_for, seeded
from poruch.crypto import ceremony, dleq
from poruch.crypto.age import (
    Stanza,
    X25519Identity,
    decrypt_payload,
    encode_base64,
    encrypt_payload,
    header_hash,
    open_file,
    parse_header,
    seal,
    unwrap_file_key,
    write_header,
)
from poruch.crypto.ceremony import Group, PublishedDealing
from poruch.crypto.group import (
    H2,
    IDENTITY,
    B,
    L,
    add,
    encode_scalar,
    hash_to_scalar,
    lagrange,
    montgomery,
    multiply,
    multiply_base,
    subtract,
)
from poruch.crypto.opening import OpeningRequest, check_answer, give_partial, sort_answers
from poruch.crypto.quorum_file import check_file, check_unproven, seal_to_quorum
from poruch.errors import BadAnswer, BadDealing, BadDigest, BadPartial, BadProof, NoProof, WrongGroup, WrongPlace

FUND = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(11))
Y = FUND.group.Y
VICTIM = seal_to_quorum(b"the name of somebody else", Y, PLACE, seeded(12))
LOCK = check_file(VICTIM, Y, PLACE).locks[0]
THIEF_PLACE = "drop/thief/payee"


def asked(file: bytes, place: str, fund: Fund = FUND, **options: Any) -> list[bytes]:
    """The answers of three officers whose journals hold `file` at `place`, as its filer asks for them."""
    request = request_for(fund, file, place)
    return [
        give_partial(file, request, fund.group, i, fund.shares[i], TODAY, place=place, **options) for i in (1, 2, 3)
    ]


def summed(file: bytes, place: str, answers: list[bytes]) -> bytes:
    """What the requester learns: the key times the one-time point of the file, as a point."""
    partials, faults = sort_answers(answers, request_for(FUND, file, place), FUND.group, file)
    assert not faults
    weights, total = lagrange(partial.officer for partial in partials), IDENTITY
    for partial in partials:
        total = add(total, multiply(weights[partial.officer], partial.points[0]))
    return total


def opened_with(shared: bytes) -> bytes:
    """The victim's plaintext, by the X25519 shared secret of the victim's own stanza."""
    file_key = unwrap_file_key(LOCK.body, montgomery(shared), LOCK.u, FUND.group.u)
    return decrypt_payload(file_key, VICTIM[parse_header(VICTIM).end :])


# ---- blinding ---------------------------------------------------------------------------------


def blinding(start: int = 1) -> tuple[int, bytes]:
    """A scalar `r` and `E + r*B`, where the sum has sign 0 so that a reader lifts it as it is."""
    r = start
    while (blinded := add(LOCK.E, multiply_base(r)))[31] >> 7:
        r += 1
    return r, blinded


def file_of(point: bytes, *, proof: bytes | None, wrapped: bytes = bytes(32)) -> bytes:
    """A file with this one-time point, filed by somebody who need not know its scalar."""
    share = encode_base64(montgomery(point))
    stanzas = [Stanza(("X25519", share), wrapped)]
    if proof is not None:
        stanzas.append(Stanza(("poruch/tdh2", share), proof))
    return write_header(stanzas, bytes(16)) + encrypt_payload(bytes(16), b"mine, I swear", bytes)


@pytest.mark.parametrize("start", [1, 2**200])
def test_without_the_proof_blinding_opens_somebody_elses_file(start: int) -> None:
    """The attack works wherever three officers answer an unproven file: it is the proof that stops it."""
    r, blinded = blinding(start)
    mine = file_of(blinded, proof=None)
    answers = asked(mine, THIEF_PLACE, allow_unproven=True)
    shared = subtract(summed(mine, THIEF_PLACE, answers), multiply(r, Y))
    assert opened_with(shared) == b"the name of somebody else"


def test_without_the_proof_a_multiple_works_as_well() -> None:
    """`r*E` instead of `E + r*B`: the same attack by multiplication."""
    r = 2
    while multiply(r, LOCK.E)[31] >> 7:
        r += 1
    mine = file_of(multiply(r, LOCK.E), proof=None)
    shared = multiply(pow(r, -1, L), summed(mine, THIEF_PLACE, asked(mine, THIEF_PLACE, allow_unproven=True)))
    assert opened_with(shared) == b"the name of somebody else"


def context_of(point: bytes, wrapped: bytes = bytes(32), place: str = THIEF_PLACE) -> bytes:
    return b"poruch/tdh2/v1" + montgomery(point) + wrapped + Y + place.encode()


def victims_proof() -> tuple[bytes, int, int]:
    """`e*H2`, the challenge and the response, as everybody can read them in the victim's file."""
    body = parse_header(VICTIM).stanzas[1].body
    return body[:32], int.from_bytes(body[32:64], "little"), int.from_bytes(body[64:], "little")


def copied(r: int, blinded: bytes) -> bytes:
    point, c, z = victims_proof()
    return point + encode_scalar(c) + encode_scalar(z)


def moved_along(r: int, blinded: bytes) -> bytes:
    """`z + c*r` fits `E + r*B` and `e*H2 + r*H2` under the old challenge; but the challenge hashes the points."""
    point, c, z = victims_proof()
    return add(point, multiply(r, H2)) + encode_scalar(c) + encode_scalar(z + c * r)


def challenged_anew(r: int, blinded: bytes) -> bytes:
    """The same with the challenge that these points really have."""
    point, c, z = victims_proof()
    moved = add(point, multiply(r, H2))
    R1, R2 = (subtract(multiply(z, base), multiply(c, known)) for base, known in ((B, LOCK.E), (H2, point)))
    new = hash_to_scalar(b"poruch/dleq/v1", B, blinded, H2, moved, R1, R2, context_of(blinded))
    return moved + encode_scalar(new) + encode_scalar(z + new * r)


def of_the_blinding_only(r: int, blinded: bytes) -> bytes:
    """A true proof of what the thief does know, `r`."""
    point = multiply(r, H2)
    return point + dleq.prove(r, B, multiply_base(r), H2, point, context_of(blinded))


def claimed(r: int, blinded: bytes) -> bytes:
    """The same, over the blinded point."""
    point = multiply(r, H2)
    return point + dleq.prove(r, B, blinded, H2, point, context_of(blinded))


def simulated(r: int, blinded: bytes) -> bytes:
    """Challenge and response first, the one-time points after: what a proof is when nobody hashes."""
    return add(victims_proof()[0], multiply(r, H2)) + encode_scalar(5) + encode_scalar(6)


def empty(r: int, blinded: bytes) -> bytes:
    return bytes(96)


@pytest.mark.parametrize(
    "forge", [copied, moved_along, challenged_anew, of_the_blinding_only, claimed, simulated, empty]
)
def test_no_proof_for_a_blinded_point(forge: Callable[[int, bytes], bytes]) -> None:
    r, blinded = blinding()
    file = file_of(blinded, proof=forge(r, blinded))
    for options in ({}, {"allow_unproven": True}):
        with pytest.raises(BadProof):
            asked(file, THIEF_PLACE, **options)


def test_what_the_equations_alone_would_say() -> None:
    """The proof that was moved along fits both equations; only the hash of the new points tells it from a true one."""
    r, blinded = blinding()
    body = moved_along(r, blinded)
    point, c, z = body[:32], int.from_bytes(body[32:64], "little"), int.from_bytes(body[64:], "little")
    old_point, _, old_z = victims_proof()
    for base, new, old in ((B, blinded, LOCK.E), (H2, point, old_point)):
        left = subtract(multiply(z, base), multiply(c, new))
        assert left == subtract(multiply(old_z, base), multiply(c, old))


def test_a_blinded_file_without_the_second_stanza_is_answered_only_by_an_explicit_act() -> None:
    with pytest.raises(NoProof):
        asked(file_of(blinding()[1], proof=None), THIEF_PLACE)


# ---- copying ----------------------------------------------------------------------------------


def copy_of_the_stanzas() -> bytes:
    """Both stanzas of the victim, a MAC and a payload of the thief's own."""
    return write_header(parse_header(VICTIM).stanzas, bytes(16)) + encrypt_payload(bytes(16), b"mine, I swear", bytes)


@pytest.mark.parametrize("file", [VICTIM, copy_of_the_stanzas()], ids=["the whole file", "its stanzas"])
def test_a_copy_at_another_place(file: bytes) -> None:
    for options in ({}, {"allow_unproven": True}):
        with pytest.raises(BadProof):
            asked(file, THIEF_PLACE, **options)
    # A request that names the victim's place does not help: the officer's journal holds the copy elsewhere.
    request = request_for(FUND, file, PLACE)
    with pytest.raises(WrongPlace):
        give_partial(file, request, FUND.group, 1, FUND.shares[1], TODAY, place=THIEF_PLACE)


def test_an_officer_who_believed_the_place_in_the_request_would_open_the_victims_file() -> None:
    """What the officer's own journal is for: at the victim's place the copied stanzas pass, and give the key away."""
    copy = copy_of_the_stanzas()
    assert opened_with(summed(copy, PLACE, asked(copy, PLACE))) == b"the name of somebody else"


def test_the_same_stanza_beside_another_is_no_poruch_file() -> None:
    first, second = parse_header(VICTIM).stanzas
    other = parse_header(seal(b"", [X25519Identity(bytes(range(32))).recipient])).stanzas[0]
    for stanzas in ([first, first, second], [first, second, second], [second, first], [other, first, second], [second]):
        file = write_header(stanzas, bytes(16)) + bytes(32)
        with pytest.raises(NoProof):
            check_file(file, Y, PLACE)
        with pytest.raises(NoProof):
            check_unproven(parse_header(file), Y, PLACE)


def test_a_proof_belongs_to_its_wrapped_key_and_to_its_fund() -> None:
    first, second = parse_header(VICTIM).stanzas
    rewrapped = write_header([Stanza(first.arguments, bytes(32)), second], bytes(16)) + bytes(32)
    for file, key in ((rewrapped, Y), (VICTIM, multiply(2, Y))):
        with pytest.raises(BadProof):
            check_file(file, key, PLACE)


# ---- replay -----------------------------------------------------------------------------------

RESHARED = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(13), FUND, (1, 2, 3))
NEXT_EPOCH = Group(3, 1, Y, FUND.group.verification_shares)  # no resharing does this; only the epoch differs
OTHER_FILE = seal_to_quorum(b"another", Y, PLACE, seeded(14))
REQUEST = request_for(FUND, VICTIM)
ANSWER = asked(VICTIM, PLACE)[1]


def changed(**fields: Any) -> OpeningRequest:
    return dataclasses.replace(REQUEST, **fields)


REPLAYS: dict[str, tuple[OpeningRequest, Group, bytes]] = {
    "another purpose": (changed(purpose="pay me"), FUND.group, VICTIM),
    "another requester": (changed(officer=4), FUND.group, VICTIM),
    "another recipient": (changed(recipient=X25519Identity(bytes(32)).recipient.text), FUND.group, VICTIM),
    "a later day": (changed(until=TODAY + timedelta(days=1)), FUND.group, VICTIM),
    "another place": (changed(place=THIEF_PLACE), FUND.group, VICTIM),
    "another file": (changed(file=header_hash(OTHER_FILE)), FUND.group, OTHER_FILE),
    "another file of the same stanzas": (
        changed(file=header_hash(copy_of_the_stanzas())),
        FUND.group,
        copy_of_the_stanzas(),
    ),
    "the group after a resharing": (changed(group=RESHARED.group.id), RESHARED.group, VICTIM),
    "only another epoch": (changed(group=NEXT_EPOCH.id), NEXT_EPOCH, VICTIM),
}


@pytest.mark.parametrize("name", REPLAYS)
def test_a_partial_is_worth_nothing_elsewhere(name: str) -> None:
    request, group, file = REPLAYS[name]
    assert check_answer(ANSWER, REQUEST, FUND.group, VICTIM).officer == 2
    with pytest.raises(BadAnswer):
        check_answer(ANSWER, request, group, file)
    # Whoever writes the new request's hash over the old one is only blamed for it.
    with pytest.raises(BadPartial) as caught:
        check_answer(ANSWER[:16] + request.hash + ANSWER[48:], request, group, file)
    assert caught.value.blame == 2


def test_a_request_for_another_group_is_not_answered() -> None:
    for group in (RESHARED.group, NEXT_EPOCH):
        with pytest.raises(WrongGroup):
            give_partial(VICTIM, REQUEST, group, 1, FUND.shares[1], TODAY, place=PLACE)
        with pytest.raises(WrongGroup):
            check_answer(ANSWER, REQUEST, group, VICTIM)


def test_only_the_recipient_whom_all_read_can_open_an_answer() -> None:
    """A requester who shows one request to the officers and keeps a recipient of his own: the hash binds it."""
    thief = X25519Identity(bytes(range(1, 33)))
    sealed = seal(ANSWER, [X25519Identity(bytes(range(32))).recipient])
    assert X25519Identity(bytes(range(32))).recipient.text == REQUESTER == REQUEST.recipient
    assert open_file(sealed, [X25519Identity(bytes(range(32)))]) == ANSWER
    swapped = changed(recipient=thief.recipient.text)
    assert swapped.hash != REQUEST.hash
    with pytest.raises(BadAnswer):
        check_answer(ANSWER, swapped, FUND.group, VICTIM)


# ---- a dealer who deals after seeing the others -----------------------------------------------

SESSION = bytes(range(32))
ROGUE_KEY = X25519Identity(bytes(range(1, 33)))
ROGUE_SCALAR = int.from_bytes(bytes(range(1, 33)), "little") & ~7 & (2**254 - 1) | 2**254
HONEST = {i: ceremony.make_dealing(SESSION, i, ceremony.new_polynomial(2, seeded(i)), seeded(i)) for i in (1, 2)}


def rogue_dealing(possession: bytes) -> bytes:
    """The dealing of officer 3 who has seen the others': `A_0` makes the sum a key that he has alone."""
    others = add(HONEST[1][4:36], HONEST[2][4:36])
    A_0 = subtract(multiply_base(ROGUE_SCALAR), others)
    return HONEST[1][:1] + b"\3\0\2" + A_0 + multiply_base(5) + possession


def published(own: bytes, digest: bytes) -> list[PublishedDealing]:
    honest = [PublishedDealing(i, ceremony.dealing_digest(SESSION, HONEST[i]), HONEST[i]) for i in HONEST]
    return [*honest, PublishedDealing(3, digest, own)]


def test_without_digest_and_possession_the_rogue_would_have_the_key() -> None:
    """Past both rules the fund's recipient is the rogue's own age key, and he reads everything alone."""
    data = rogue_dealing(bytes(96))
    commitments = [(d[4:36], d[36:68]) for d in (HONEST[1], HONEST[2], data)]
    dealings = [ceremony.ParsedDealing(i, 2, pair) for i, pair in enumerate(commitments, 1)]
    group = ceremony.form_group((1, 2, 3), dealings)
    assert group.recipient == ROGUE_KEY.recipient.text
    assert open_file(seal_to_quorum(b"everything", group.Y, PLACE), [ROGUE_KEY]) == b"everything"


def test_a_dealing_chosen_after_the_others_is_not_the_announced_one() -> None:
    """He had to announce before he saw: whatever he announced, it was not this."""
    before = ceremony.make_dealing(SESSION, 3, ceremony.new_polynomial(2))
    own = rogue_dealing(before[-96:])
    with pytest.raises(BadDigest) as caught:
        ceremony.check_dealings(SESSION, 2, (1, 2, 3), published(own, ceremony.dealing_digest(SESSION, before)))
    assert caught.value.blame == 3


def own_possession(scalar: int, *, session: bytes = SESSION, number: int = 3, A_0: bytes | None = None) -> bytes:
    point = multiply(scalar, H2)
    context = b"poruch/pop/v1" + session + number.to_bytes(2, "big")
    return point + dleq.prove(scalar, B, A_0 or multiply_base(scalar), H2, point, context)


POSSESSIONS: dict[str, bytes] = {
    "none": bytes(96),
    "a colleague's": HONEST[1][-96:],
    "of the key he wants": own_possession(ROGUE_SCALAR),
    "claimed over A_0": own_possession(ROGUE_SCALAR, A_0=rogue_dealing(b"")[4:36]),
    "his key less the others' in H2": subtract(multiply(ROGUE_SCALAR, H2), add(HONEST[1][-96:-64], HONEST[2][-96:-64]))
    + HONEST[1][-64:],
}


@pytest.mark.parametrize("name", POSSESSIONS)
def test_even_announced_a_rogue_part_has_no_possession(name: str) -> None:
    """Should he learn the others' dealings before he announces, he does not know the scalar of what he deals."""
    own = rogue_dealing(POSSESSIONS[name])
    with pytest.raises(BadDealing) as caught:
        ceremony.check_dealings(SESSION, 2, (1, 2, 3), published(own, ceremony.dealing_digest(SESSION, own)))
    assert caught.value.blame == 3


def test_a_colleagues_dealing_repeated() -> None:
    """Word for word, under one's own number: the possession is bound to the dealer and to the session."""
    own = b"\0\3" + HONEST[1][2:]
    with pytest.raises(BadDealing) as caught:
        ceremony.check_dealings(SESSION, 2, (1, 2, 3), published(own, ceremony.dealing_digest(SESSION, own)))
    assert caught.value.blame == 3
    other = ceremony.make_dealing(bytes(32), 3, (7, 8))
    with pytest.raises(BadDealing):
        ceremony.check_dealings(SESSION, 2, (1, 2, 3), published(other, ceremony.dealing_digest(SESSION, other)))
