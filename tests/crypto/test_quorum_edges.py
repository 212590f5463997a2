"""The edges of the quorum's checks: what is just allowed, what is just not. Many stand here because a mutant lived."""

import hashlib

import pytest

from crypto.quorum_fund import PLACE, REQUESTER, TODAY, answers_of, hold_ceremony, request_for, seeded
from crypto.quorum_points import is_on_curve, plain_multiply
from crypto.quorum_vectors import group, unhex
from poruch.crypto import ceremony, dleq
from poruch.crypto.age import Stanza, encrypt_payload, parse_header, write_header
from poruch.crypto.dealing import parse_subshare_message
from poruch.crypto.group import (
    _MIXED_ORDER,
    H2,
    HIGHEST_OFFICER,
    IDENTITY,
    B,
    L,
    add,
    encode_scalar,
    generator,
    hash_to_scalar,
    lagrange,
    lift,
    montgomery,
    multiply,
    multiply_base,
    multiply_from_outside,
    random_scalar,
)
from poruch.crypto.opening import (
    ANSWER_SIZE,
    OpeningRequest,
    Partial,
    check_answer,
    combine,
    combine_partials,
    give_partial,
    parse_request,
    sort_answers,
)
from poruch.crypto.opening_request import MAX_REQUEST
from poruch.crypto.quorum_file import check_file, seal_to_quorum
from poruch.crypto.quorum_group import MOST_OFFICERS, Group, check_officers
from poruch.errors import (
    BadDealing,
    BadOfficers,
    BadPartial,
    BadPoint,
    BadProof,
    BadRequest,
    BadSubshare,
    BadU,
    NoProof,
    NotForThisGroup,
    TooFew,
)

SESSION = bytes(range(32))
FUND = hold_ceremony(3, (1, 2, 3, 4, 5), seeded(31))
FILE = seal_to_quorum(b"payee", FUND.group.Y, PLACE, seeded(32))
REQUEST = request_for(FUND, FILE)


def request(**changes: object) -> OpeningRequest:
    fields = {"group": bytes(32), "file": bytes(32), "place": PLACE, "officer": 1, "recipient": REQUESTER}
    return OpeningRequest(**{**fields, "until": TODAY, "purpose": "pay", **changes})  # type: ignore[arg-type]


# ---- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "officers"),
    [(2, (1, 2)), (3, (1, 2, 3)), (2, (1, 65535)), (2, tuple(range(1, 65))), (64, tuple(range(1, 65)))],
    ids=lambda value: str(value)[:30],
)
def test_possible_groups(k: int, officers: tuple[int, ...]) -> None:
    assert check_officers(k, officers[::-1]) == officers


@pytest.mark.parametrize(
    ("k", "officers", "detail"),
    [
        (1, (1, 2), "threshold"),
        (0, (1, 2), "threshold"),
        (3, (1, 2), "threshold"),
        (2, tuple(range(1, 66)), "threshold"),
        (2, (1, 65536), "numbers"),
        (2, (0, 1), "numbers"),
        (2, (1, 1, 2), "numbers"),
        (1, (1, 1), "numbers"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_impossible_groups(k: int, officers: tuple[int, ...], detail: str) -> None:
    with pytest.raises(BadOfficers) as caught:
        check_officers(k, officers)
    assert caught.value.detail == detail


def test_the_limits_are_those_of_the_specification() -> None:
    assert (MOST_OFFICERS, HIGHEST_OFFICER, ANSWER_SIZE, dleq.SIZE) == (64, 65535, 148, 64)


def test_the_last_epoch_is_the_highest_of_four_bytes() -> None:
    first = group("2-of-3")
    last = Group(2, 2**32 - 1, first.Y, first.verification_shares)
    parts = b"".join(number.to_bytes(2, "big") + point for number, point in first.verification_shares)
    assert last.id == hashlib.sha256(b"poruch/group/v1\xff\xff\xff\xff\0\2" + first.Y + b"\0\3" + parts).digest()
    with pytest.raises(BadOfficers):
        Group(2, 2**32, first.Y, first.verification_shares)


def test_every_point_of_a_group_is_checked() -> None:
    made = group("2-of-3")
    for at in range(3):
        shares = list(made.verification_shares)
        shares[at] = (shares[at][0], bytes(32))
        with pytest.raises(BadPoint):
            Group(2, 0, made.Y, tuple(shares))
    with pytest.raises(BadPoint):
        Group(2, 0, bytes(32), made.verification_shares)


def test_lagrange_takes_the_first_and_the_last_officer() -> None:
    assert lagrange((1, 65535))[1] == 65535 * pow(65534, -1, L) % L
    assert lagrange((7,)) == {7: 1}
    assert lagrange(()) == {}


def test_a_u_has_32_bytes_however_small_its_value() -> None:
    """A zero byte more does not change the number, and is refused all the same."""
    u = group("2-of-3").u
    assert lift(u)
    for wrong in (u + b"\0", u + bytes(32), u[:31], b""):
        with pytest.raises(BadU):
            lift(wrong)
    short = next(value for e in range(1, 2000) if not (value := montgomery(multiply_base(e)))[31])
    assert lift(short)
    with pytest.raises(BadU):
        lift(short[:31])


@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [1, 2**255 - 18], ids=["1", "1 + p"])
def test_the_identity_has_no_u_in_any_spelling(y: int, sign: int) -> None:
    with pytest.raises(BadPoint):
        montgomery((y | sign).to_bytes(32, "little"))


def test_zero_times_a_point_from_outside_is_the_identity_in_any_spelling_of_zero() -> None:
    assert multiply_from_outside(0, H2) == multiply_from_outside(L, H2) == multiply_from_outside(-L, H2) == IDENTITY


def test_the_library_is_tried_with_the_base_point_plus_the_point_of_order_2() -> None:
    order_two = (2**255 - 20).to_bytes(32, "little")
    assert add(B, order_two) == _MIXED_ORDER
    assert plain_multiply(2, order_two) == IDENTITY != order_two


# ---- randomness -------------------------------------------------------------------------------


def test_a_scalar_is_drawn_from_64_bytes() -> None:
    """Twice as many as it has, so that none is likelier than another."""
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return b"\xff" * size

    assert random_scalar(random) == (2**512 - 1) % L
    assert asked == [64]


def test_the_one_time_scalar_of_a_proof_is_of_all_that_matters() -> None:
    """Exactly: its own domain, the secret, 64 fresh bytes, both bases and the context."""
    x, asked = 7, []

    def random(size: int) -> bytes:
        asked.append(size)
        return b"\x5a" * size

    proof = dleq.prove(x, B, multiply_base(x), H2, multiply(x, H2), b"context", random)
    c, z = (int.from_bytes(part, "little") for part in (proof[:32], proof[32:]))
    r = hash_to_scalar(b"poruch/dleq/nonce/v1", encode_scalar(x), b"\x5a" * 64, B, H2, b"context")
    assert (z - c * x) % L == r
    assert asked == [64]


def test_a_polynomial_has_k_coefficients_drawn_one_by_one() -> None:
    draws = iter(range(1, 9))

    def random(size: int) -> bytes:
        return next(draws).to_bytes(size, "little")

    assert ceremony.new_polynomial(4, random) == (1, 2, 3, 4)
    assert ceremony.new_polynomial(3, random, constant=99) == (99, 5, 6)


@pytest.mark.parametrize("prefix", [b"poruch/tdh2/generator/", *(b"another name %d/" % number for number in range(12))])
def test_a_generator_is_of_the_first_counter_that_decodes(prefix: bytes) -> None:
    """Found again step by step, with additions alone: bytes, decoded, times eight."""
    for counter in range(100):
        digest = bytearray(hashlib.sha512(prefix + b"%d" % counter).digest()[:32])
        digest[31] &= 0x7F
        if is_on_curve(bytes(digest)):
            break
    assert generator(prefix) == plain_multiply(8, bytes(digest))


def test_all_randomness_is_that_of_the_caller() -> None:
    """The same draws, the same bytes: so nothing random comes from elsewhere, and a drill can be repeated."""

    def dealt(seed: int) -> bytes:
        return ceremony.make_dealing(SESSION, 1, ceremony.new_polynomial(2, seeded(seed)), seeded(seed))

    def sealed(seed: int) -> bytes:
        return seal_to_quorum(b"payee", FUND.group.Y, PLACE, seeded(seed))

    def answered(seed: int) -> bytes:
        return give_partial(FILE, REQUEST, FUND.group, 1, FUND.shares[1], TODAY, seeded(seed), place=PLACE)

    for act in (dealt, sealed, answered):
        assert act(1) == act(1) != act(2)


# ---- dealings and sub-shares ------------------------------------------------------------------


def announced(dealing: bytes) -> bytes:
    return ceremony.dealing_digest(SESSION, dealing)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda dealing: dealing + b"\0", "one byte more"),
        (lambda dealing: dealing[:-1], "one byte less"),
        (lambda dealing: b"\1" + dealing[1:], "dealer 257"),
        (lambda dealing: dealing[:2] + b"\1" + dealing[3:], "threshold 258"),
        (lambda dealing: dealing[:3] + b"\3" + dealing[4:], "threshold 3"),
        (lambda dealing: b"", "nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_form_of_a_dealing(change: object, name: str) -> None:
    honest = ceremony.make_dealing(SESSION, 1, (5, 6))
    assert ceremony.check_dealing(SESSION, honest, 1, 2, announced(honest)).k == 2
    wrong = change(honest)  # type: ignore[operator]
    with pytest.raises(BadDealing) as caught:
        ceremony.check_dealing(SESSION, wrong, 1, 2, announced(wrong))
    assert (caught.value.detail, caught.value.blame) == ("form", 1)


def test_what_a_digest_and_a_message_hold() -> None:
    dealing = ceremony.make_dealing(SESSION, 1, (5, 6))
    assert announced(dealing) == hashlib.sha256(b"poruch/dealing/v1" + SESSION + dealing).digest()
    message = ceremony.subshare_message(SESSION, 258, 772, 9)
    assert message == b"poruch/subshare/v1" + SESSION + b"\1\2" + b"\3\4" + (9).to_bytes(32, "little")
    parsed = parse_subshare_message(message)
    assert (parsed.session, parsed.dealer, parsed.officer, parsed.share) == (SESSION, 258, 772, 9)


def test_a_subshare_refused_says_what_is_wrong() -> None:
    dealing = ceremony.make_dealing(SESSION, 1, (5, 6))
    checked = ceremony.check_dealing(SESSION, dealing, 1, 2, announced(dealing))
    assert ceremony.check_subshare(checked, SESSION, 3, ceremony.subshare_message(SESSION, 1, 3, 23)) == 23
    for message, detail in (
        (ceremony.subshare_message(SESSION, 1, 3, 24), "does not fit the dealing"),
        (ceremony.subshare_message(SESSION, 2, 3, 23), "names another session, dealer or officer"),
        (ceremony.subshare_message(SESSION, 1, 2, 23), "names another session, dealer or officer"),
        (ceremony.subshare_message(bytes(32), 1, 3, 23), "names another session, dealer or officer"),
    ):
        with pytest.raises(BadSubshare) as caught:
            ceremony.check_subshare(checked, SESSION, 3, message)
        assert (caught.value.detail, caught.value.blame) == (detail, 1)


def test_a_dealing_refused_says_what_is_wrong() -> None:
    honest = ceremony.make_dealing(SESSION, 1, (5, 6))
    for wrong, detail in (
        (honest[:4] + bytes(32) + honest[36:], "bad-point"),
        (honest[:36] + bytes(32) + honest[68:], "bad-point"),
        (spoiled(honest), "bad-proof"),
    ):
        with pytest.raises(BadDealing) as caught:
            ceremony.check_dealing(SESSION, wrong, 1, 2, announced(wrong))
        assert (caught.value.detail, caught.value.blame) == (detail, 1)


def test_a_transcript_wants_a_file_for_each_officer_and_no_other() -> None:
    made, digests = group("2-of-3"), dict.fromkeys((1, 2, 3), bytes(32))
    whole = {dealer: dict.fromkeys((1, 2, 3), b"file") for dealer in digests}
    assert len(ceremony.transcript_hash(SESSION, None, made, digests, whole)) == 32
    for officers in ((1, 2), (1, 2, 3, 4), (1, 2, 4)):
        with pytest.raises(BadDealing) as caught:
            ceremony.transcript_hash(SESSION, None, made, digests, {**whole, 2: dict.fromkeys(officers, b"file")})
        assert (caught.value.detail, caught.value.blame) == ("a sealed file is missing or too many", 2)


def test_each_resharing_is_one_epoch_later() -> None:
    fund = FUND
    for epoch in (1, 2, 3):
        fund = hold_ceremony(2, (1, 2, 3), seeded(epoch), fund, fund.group.officers[: fund.group.k])
        assert fund.group.epoch == epoch


def test_a_complaint_of_a_file_whose_head_was_changed_is_void() -> None:
    """The dealer did not send this head; that the payload still opens under the file key says nothing against him."""
    data = ceremony.make_dealing(SESSION, 1, (5, 6))
    dealing = ceremony.check_dealing(SESSION, data, 1, 2, announced(data))
    file_key = bytes(range(16))
    for message, outcome in ((b"no sub-share", "dealer"), (ceremony.subshare_message(SESSION, 1, 2, 17), "complainer")):
        head = write_header([Stanza(("any", "stanza"), b"")], file_key)
        payload = encrypt_payload(file_key, message, seeded(3))
        assert ceremony.judge_complaint(SESSION, dealing, 2, head + payload, file_key) == outcome
        for changed in (head.replace(b"stanza", b"stanzb"), write_header([Stanza(("any", "stanza"), b"")], bytes(16))):
            assert changed != head
            assert ceremony.judge_complaint(SESSION, dealing, 2, changed + payload, file_key) == "void"


@pytest.mark.parametrize("size", [0, 63, 65, 96])
def test_a_proof_of_equality_has_64_bytes(size: int) -> None:
    proof = dleq.prove(7, B, multiply_base(7), H2, multiply(7, H2), b"")
    with pytest.raises(BadProof) as caught:
        dleq.verify(B, multiply_base(7), H2, multiply(7, H2), b"", (proof + bytes(32))[:size])
    assert caught.value.detail == "length"


def test_a_message_has_86_bytes() -> None:
    message = ceremony.subshare_message(SESSION, 1, 2, 9)
    assert len(message) == ceremony.SUBSHARE_MESSAGE_SIZE == 86
    for wrong in (message[:-1], message + b"\0"):
        with pytest.raises(BadSubshare) as caught:
            parse_subshare_message(wrong)
        assert caught.value.detail == "form"


@pytest.mark.parametrize(("message", "detail"), [(b"", "form"), (b"poruch/subshare/v1".ljust(86, b"\0"), "range")])
def test_a_message_refused_blames_whom_it_is_told(message: bytes, detail: str) -> None:
    for blame in (None, 5):
        with pytest.raises(BadSubshare) as caught:
            parse_subshare_message(message, blame)
        assert (caught.value.detail, caught.value.blame) == (detail, blame)


# ---- requests ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"officer": 1}, {"officer": 65535}, {"purpose": "x"}, {"purpose": "x" * 500}, {"purpose": "я" * 250}],
    ids=lambda changes: str(changes)[:30],
)
def test_possible_requests(changes: dict[str, object]) -> None:
    made = request(**changes)
    assert parse_request(made.encode()) == made


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"officer": 0}, "officer"),
        ({"officer": 65536}, "officer"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"purpose": "a\nb"}, "purpose"),
        ({"group": bytes(33)}, "a hash"),
        ({"group": bytes(31)}, "a hash"),
        ({"file": bytes(31)}, "a hash"),
        ({"file": bytes(33)}, "a hash"),
        ({"place": ""}, "BadPlace"),
        ({"recipient": "age1nobody"}, "BadKey"),
        ({"purpose": chr(0xD800)}, "UnicodeEncodeError"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_impossible_requests(changes: dict[str, object], detail: str) -> None:
    with pytest.raises(BadRequest) as caught:
        request(**changes)
    assert caught.value.detail == detail


def test_the_limit_of_a_request() -> None:
    """Any request that can be is far shorter; what is longer is not even looked at."""
    for size, detail in ((MAX_REQUEST, "not the lines of a request"), (MAX_REQUEST + 1, "too long")):
        with pytest.raises(BadRequest) as caught:
            parse_request(b"x" * size)
        assert caught.value.detail == detail
    assert MAX_REQUEST == 4096


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        (b"group 00", b"group 0A", "the line group"),
        (b"group 00", b"group 0", "the line group"),
        (b"file 00", b"file 0g", "the line file"),
        (b"officer 1", b"officer 01", "the line officer"),
        (b"officer 1", b"officer 111111", "the line officer"),
        (b"officer 1", b"officer one", "the line officer"),
        (b"officer 1", b"officer 65536", "officer"),
        (b"until 2026-12-01", b"until 20261201", "the line until"),
        (b"until 2026-12-01", b"until 2026-12-32", "no such day"),
        (b"until 2026-12-01", b"until 2026-W49-2", "the line until"),
        (b"group ", b"groups ", "the line group"),
        (b"file ", b"place ", "the line file"),
        (b"purpose pay", b"purpose", "purpose"),
        (b"v1\n", b"v2\n", "not the lines of a request"),
        (b"purpose pay\n", b"purpose pay", "not the lines of a request"),
        (b"purpose pay\n", b"purpose pay\n\n", "not the lines of a request"),
        (b"purpose pay\n", b"purpose pay\nx", "another spelling"),
    ],
)
def test_each_line_of_a_request_is_held_to_its_form(old: bytes, new: bytes, detail: str) -> None:
    text = request().encode()
    assert old in text
    with pytest.raises(BadRequest) as caught:
        parse_request(text.replace(old, new, 1))
    assert caught.value.detail == detail


def test_the_text_is_that_of_the_specification() -> None:
    text = request(group=unhex("ab" * 32), file=unhex("cd" * 32), officer=7).text
    assert text.splitlines() == [
        "poruch/opening/v1",
        "group " + "ab" * 32,
        "file " + "cd" * 32,
        f"place {PLACE}",
        "officer 7",
        f"recipient {REQUESTER}",
        "until 2026-12-01",
        "purpose pay",
    ]
    assert text.endswith("pay\n")


# ---- combining --------------------------------------------------------------------------------


def spoiled(data: bytes) -> bytes:
    """The same bytes with a bit of the last one turned over, whatever it was."""
    return data[:-1] + bytes([data[-1] ^ 1])


def test_too_few_says_how_many_and_why() -> None:
    good, bad = answers_of(FUND, (1, 2), FILE), spoiled(answers_of(FUND, (3,), FILE)[0])
    with pytest.raises(TooFew) as caught:
        combine(FILE, REQUEST, FUND.group, [*good, bad])
    assert caught.value.detail == "2 of 3 good, 1 bad"
    assert isinstance(caught.value.__cause__, BadPartial)
    assert caught.value.__cause__.blame == 3


def test_checked_partials_are_counted_by_officer() -> None:
    partials, faults = sort_answers(answers_of(FUND, (1, 2, 3, 4), FILE), REQUEST, FUND.group, FILE)
    assert not faults
    assert combine_partials(FILE, REQUEST, FUND.group, partials[::-1]) == b"payee"
    assert combine_partials(FILE, REQUEST, FUND.group, partials[1:]) == b"payee"
    for fewer in ((), partials[:2], (*partials[:2], *partials[:2])):
        with pytest.raises(TooFew) as caught:
            combine_partials(FILE, REQUEST, FUND.group, fewer)
        assert caught.value.detail == f"{len(set(fewer))} of 3 good"


def test_a_partial_refused_says_what_is_wrong() -> None:
    answer = answers_of(FUND, (2,), FILE)[0]
    for wrong, detail, blame in (
        (spoiled(answer), "bad-proof", 2),
        (answer[:48] + b"\1\2" + answer[50:], "bad-officers", 258),
    ):
        with pytest.raises(BadPartial) as caught:
            check_answer(wrong, REQUEST, FUND.group, FILE)
        assert (caught.value.detail, caught.value.blame) == (detail, blame)


@pytest.mark.parametrize("size", [0, 64, 95, 97, 128])
def test_a_proof_of_another_size_is_none(size: int) -> None:
    first, second = parse_header(FILE).stanzas
    proof = Stanza(second.arguments, (second.body + bytes(32))[:size])
    with pytest.raises(NoProof):
        check_file(write_header([first, proof], bytes(16)) + bytes(32), FUND.group.Y, PLACE)


def test_only_the_lowest_k_are_combined() -> None:
    """Which ones does not matter to the plaintext; that it is always the same ones makes an opening repeatable."""
    partials, _ = sort_answers(answers_of(FUND, (1, 2, 3, 5), FILE), REQUEST, FUND.group, FILE)
    rubbish = Partial(5, partials[0].points)
    assert combine_partials(FILE, REQUEST, FUND.group, [rubbish, *partials[:3]]) == b"payee"
    with pytest.raises(NotForThisGroup):
        combine_partials(FILE, REQUEST, FUND.group, [rubbish, *partials[:2]])
