"""Making and renewing the quorum key: every vector of sections 2 to 5, and whole ceremonies."""

from contextlib import suppress
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.quorum_fund import Fund, hold_ceremony, seeded, thresholds
from crypto.quorum_vectors import (
    RESHARED,
    VECTORS,
    by_officer,
    cases,
    ceremony_row,
    group,
    number,
    sealed_files,
    shares,
    unbase64,
    unhex,
)
from poruch.crypto import ceremony
from poruch.crypto.age import (
    PqIdentity,
    Stanza,
    X25519Recipient,
    encrypt_payload,
    open_file,
    parse_header,
    seal,
    write_header,
)
from poruch.crypto.ceremony import Group, ParsedDealing, PublishedDealing
from poruch.crypto.group import IDENTITY, L, lagrange, multiply_base
from poruch.errors import (
    BadDealing,
    BadDigest,
    BadOfficers,
    BadPoint,
    BadShare,
    BadSubshare,
    KeyChanged,
    NotOwnShare,
    PoruchError,
    TooFew,
    WrongDealers,
)

FIRST = [row["name"] for row in VECTORS["groups"]]
ALL = [*FIRST, RESHARED]
WITH_FILES = ["2-of-3", RESHARED]


def old_group(name: str) -> Group | None:
    return group(ceremony_row(name)["old_group"]) if name == RESHARED else None


def published(row: dict[str, Any]) -> list[PublishedDealing]:
    digests, dealings = by_officer(row["digests"]), by_officer(row["dealings"])
    return [PublishedDealing(dealer, digests[dealer], dealings[dealer]) for dealer in dealings]


def checked(name: str) -> tuple[ParsedDealing, ...]:
    row = ceremony_row(name)
    return ceremony.check_dealings(
        unhex(row["session"]), row["group"]["k"], row["officers"], published(row), old_group(name)
    )


def foreign(name: str, dealings: list[str]) -> list[PublishedDealing]:
    """Dealings of the vectors, each announced as it is and by whom it names."""
    session = unhex(ceremony_row(name)["session"])
    data = [unhex(dealing) for dealing in dealings]
    return [PublishedDealing(int.from_bytes(d[:2], "big"), ceremony.dealing_digest(session, d), d) for d in data]


# ---- first ceremonies and the resharing, reproduced -------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_dealings_of_the_vectors(name: str) -> None:
    row = ceremony_row(name)
    session = unhex(row["session"])
    for dealing in checked(name):
        secret = [number(value) for value in row["coefficients"][str(dealing.number)]]
        data = unhex(row["dealings"][str(dealing.number)])
        assert dealing.commitments == tuple(multiply_base(a) for a in secret)
        assert ceremony.dealing_digest(session, data) == unhex(row["digests"][str(dealing.number)])
        # All but the 64 bytes of the proof, which is random.
        ours = ceremony.make_dealing(session, dealing.number, secret)
        assert ours[:-64] == data[:-64]
        assert len(ours) == len(data) == 100 + 32 * row["group"]["k"]
        ceremony.check_dealing(session, ours, dealing.number, dealing.k, ceremony.dealing_digest(session, ours))


@pytest.mark.parametrize("name", ALL)
def test_subshares_of_the_vectors(name: str) -> None:
    row = ceremony_row(name)
    session = unhex(row["session"])
    for dealing in checked(name):
        secret = [number(value) for value in row["coefficients"][str(dealing.number)]]
        for officer, value in row["subshares"][str(dealing.number)].items():
            share = ceremony.subshare(secret, int(officer))
            assert share == number(value)
            message = ceremony.subshare_message(session, dealing.number, int(officer), share)
            assert len(message) == ceremony.SUBSHARE_MESSAGE_SIZE
            assert ceremony.check_subshare(dealing, session, int(officer), message) == share


@pytest.mark.parametrize("name", ALL)
def test_group_of_the_vectors(name: str) -> None:
    row = ceremony_row(name)
    formed = ceremony.form_group(row["officers"], checked(name), old_group(name))
    assert formed == group(name)
    assert formed.id == unhex(row["group"]["id"])
    assert formed.recipient == row["group"]["recipient"]
    assert formed.epoch == row["group"]["epoch"]
    assert X25519Recipient.parse(formed.recipient).public == formed.u
    assert (formed.n, formed.officers) == (len(row["officers"]), tuple(row["officers"]))


@pytest.mark.parametrize("name", ALL)
def test_shares_of_the_vectors(name: str) -> None:
    row = ceremony_row(name)
    session = unhex(row["session"])
    for officer in row["officers"]:
        messages = {
            int(dealer): ceremony.subshare_message(session, int(dealer), officer, number(table[str(officer)]))
            for dealer, table in row["subshares"].items()
        }
        share = ceremony.my_share(session, officer, group(name), checked(name), messages, old_group(name))
        assert share == shares(name)[officer]


@pytest.mark.parametrize("name", WITH_FILES)
def test_sealed_subshares_and_transcript(name: str) -> None:
    row = ceremony_row(name)
    session, files = unhex(row["session"]), sealed_files(row["sealed"])
    for officer, text in row["one_time_identities"].items():
        identity = PqIdentity.parse(text)
        messages = {dealer: open_file(files[dealer][int(officer)], [identity]) for dealer in files}
        share = ceremony.my_share(session, int(officer), group(name), checked(name), messages, old_group(name))
        assert share == shares(name)[int(officer)]
    old = old_group(name)
    transcript = ceremony.transcript_hash(
        session, None if old is None else old.id, group(name), by_officer(row["digests"]), files
    )
    assert transcript == unhex(row["transcript"])


def test_resharing_keeps_the_key_and_takes_dealers_in_any_order() -> None:
    row = ceremony_row(RESHARED)
    backwards = published(row)[::-1]
    old = group("3-of-5")
    dealings = ceremony.check_dealings(unhex(row["session"]), 4, reversed(row["officers"]), backwards, old)
    formed = ceremony.form_group(row["officers"], dealings, old)
    assert formed == group(RESHARED)
    assert (formed.Y, formed.recipient) == (old.Y, old.recipient)
    assert formed.id != old.id


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases(VECTORS["bad_officers"]))
def test_bad_officers(case: dict[str, Any]) -> None:
    with pytest.raises(PoruchError) as caught:
        ceremony.check_officers(case["k"], case["officers"])
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("case", cases(VECTORS["bad_digests"]))
def test_bad_digests(case: dict[str, Any]) -> None:
    session, dealing = unhex(ceremony_row(case["group"])["session"]), unhex(case["dealing"])
    with pytest.raises(PoruchError) as caught:
        ceremony.check_dealing(session, dealing, 2, 3, unhex(case["digest"]))
    assert (caught.value.name, caught.value.blame) == (case["error"], 2)
    ceremony.check_dealing(session, dealing, 2, 3, ceremony.dealing_digest(session, dealing))


@pytest.mark.parametrize("case", cases(VECTORS["bad_dealings"]))
def test_bad_dealings(case: dict[str, Any]) -> None:
    row = ceremony_row(case["group"])
    rows = [case["dealing"] if dealer == "2" else dealing for dealer, dealing in row["dealings"].items()]
    with pytest.raises(PoruchError) as caught:
        ceremony.check_dealings(unhex(row["session"]), 3, row["officers"], foreign(case["group"], rows))
    assert (caught.value.name, caught.value.blame) == (case["error"], 2)


@pytest.mark.parametrize("case", cases(VECTORS["bad_ceremonies"]))
def test_bad_ceremonies(case: dict[str, Any]) -> None:
    row = ceremony_row(case["group"])
    announced = foreign(case["group"], case["dealings"])
    with pytest.raises(PoruchError) as caught:
        ceremony.check_dealings(unhex(row["session"]), row["group"]["k"], row["officers"], announced)
    assert caught.value.name == case["error"]


@pytest.mark.parametrize("case", cases(VECTORS["resharing"]["invalid"]))
def test_bad_resharings(case: dict[str, Any]) -> None:
    row = ceremony_row(RESHARED)
    announced = foreign(RESHARED, case["dealings"])
    with pytest.raises(PoruchError) as caught:
        ceremony.check_dealings(unhex(row["session"]), 4, row["officers"], announced, group("3-of-5"))
    assert caught.value.name == case["error"]
    if case["error"] == NotOwnShare.name:
        assert caught.value.blame == 4


@pytest.mark.parametrize("case", cases(VECTORS["bad_subshares"]))
def test_bad_subshares(case: dict[str, Any]) -> None:
    row = ceremony_row(case["group"])
    session, dealer, officer = unhex(row["session"]), case["dealer"], case["officer"]
    dealing = next(dealing for dealing in checked(case["group"]) if dealing.number == dealer)
    head = ceremony.subshare_message(session, dealer, officer, 0)[:-32]
    with pytest.raises(PoruchError) as caught:
        ceremony.check_subshare(dealing, session, officer, head + unhex(case["subshare"]))
    assert (caught.value.name, caught.value.blame) == (case["error"], dealer)


@pytest.mark.parametrize("case", cases(VECTORS["complaints"]))
def test_complaints(case: dict[str, Any]) -> None:
    session = unhex(ceremony_row(case["group"])["session"])
    dealing = next(dealing for dealing in checked(case["group"]) if dealing.number == case["dealer"])
    sealed, key = unbase64(case["sealed"]), unhex(case["file_key"])
    assert ceremony.judge_complaint(session, dealing, case["officer"], sealed, key) == case["outcome"]
    # Whatever it says, another file or another key proves nothing.
    for file, file_key in ((sealed[:-1], key), (sealed[9:], key), (sealed, key[:15]), (sealed, key + b"\0")):
        assert ceremony.judge_complaint(session, dealing, case["officer"], file, file_key) == "void"


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message[:-1],
        lambda message: message + b"\0",
        lambda message: b"",
        lambda message: b"P" + message[1:],
        lambda message: message[:18] + bytes(32) + message[50:],
        lambda message: message[:50] + b"\0\3" + message[52:],
        lambda message: message[:52] + b"\0\3" + message[54:],
    ],
    ids=["short", "long", "empty", "domain", "session", "dealer", "officer"],
)
def test_subshare_messages_for_others(change: Any) -> None:
    row = ceremony_row("2-of-3")
    session, dealing = unhex(row["session"]), checked("2-of-3")[0]
    message = ceremony.subshare_message(session, 1, 2, number(row["subshares"]["1"]["2"]))
    assert ceremony.check_subshare(dealing, session, 2, message) > 0
    with pytest.raises(BadSubshare) as caught:
        ceremony.check_subshare(dealing, session, 2, change(message))
    assert caught.value.blame == 1


def test_a_subshare_is_not_shown() -> None:
    message = ceremony.subshare_message(bytes(32), 1, 2, 987654321)
    parsed = ceremony.parse_subshare_message(message)
    assert parsed.share == 987654321
    assert "987654321" not in repr(parsed)


@pytest.mark.parametrize("value", [0, L, 2**256 - 1], ids=["zero", "L", "all ones"])
def test_impossible_subshares(value: int) -> None:
    head = ceremony.subshare_message(bytes(32), 1, 2, 5)[:-32]
    with pytest.raises(BadSubshare):
        ceremony.parse_subshare_message(head + value.to_bytes(32, "little"))


@pytest.mark.parametrize(("size", "outcome"), [(15, "void"), (16, "dealer"), (17, "void")])
def test_a_file_key_has_16_bytes(size: int, outcome: str) -> None:
    """A file made by hand under a key that no age tool could unwrap proves nothing against its dealer."""
    file_key = bytes(size)
    file = write_header([Stanza(("any",), b"")], file_key) + encrypt_payload(file_key, b"not a sub-share", bytes)
    session, dealing = unhex(ceremony_row("2-of-3")["session"]), checked("2-of-3")[0]
    assert ceremony.judge_complaint(session, dealing, 2, file, file_key) == outcome


def test_a_missing_subshare_names_its_dealer() -> None:
    row = ceremony_row("2-of-3")
    session = unhex(row["session"])
    messages = {i: ceremony.subshare_message(session, i, 1, number(row["subshares"][str(i)]["1"])) for i in (1, 2)}
    with pytest.raises(BadSubshare) as caught:
        ceremony.my_share(session, 1, group("2-of-3"), checked("2-of-3"), messages)
    assert caught.value.blame == 3


def test_a_share_that_does_not_fit_the_group() -> None:
    row = ceremony_row("2-of-3")
    session, first = unhex(row["session"]), group("2-of-3")
    swapped = (first.verification_shares[0][0], first.verification_shares[1][1])
    other = Group(2, 0, first.Y, (swapped, *first.verification_shares[1:]))
    messages = {i: ceremony.subshare_message(session, i, 1, number(row["subshares"][str(i)]["1"])) for i in (1, 2, 3)}
    with pytest.raises(BadShare):
        ceremony.my_share(session, 1, other, checked("2-of-3"), messages)


def test_key_changed() -> None:
    """Dealings of other secrets than the old shares, past step 3, do not become a group."""
    with pytest.raises(KeyChanged):
        ceremony.form_group((1, 2, 3), checked("2-of-3"), group("3-of-5"))


def test_transcript_of_missing_files() -> None:
    row = ceremony_row("2-of-3")
    digests, files = by_officer(row["digests"]), sealed_files(row["sealed"])
    session, formed = unhex(row["session"]), group("2-of-3")
    with pytest.raises(WrongDealers):
        ceremony.transcript_hash(session, None, formed, {1: digests[1]}, files)
    del files[2][3]
    with pytest.raises(BadDealing) as caught:
        ceremony.transcript_hash(session, None, formed, digests, files)
    assert caught.value.blame == 2


def test_transcript_names_every_byte() -> None:
    row = ceremony_row("2-of-3")
    digests, files = by_officer(row["digests"]), sealed_files(row["sealed"])
    session, formed = unhex(row["session"]), group("2-of-3")
    hashes = {
        ceremony.transcript_hash(session, None, formed, digests, files),
        ceremony.transcript_hash(bytes(32), None, formed, digests, files),
        ceremony.transcript_hash(session, formed.id, formed, digests, files),
        ceremony.transcript_hash(session, None, group("2-of-3"), {**digests, 1: digests[2]}, files),
        ceremony.transcript_hash(session, None, formed, digests, {**files, 1: files[2]}),
    }
    assert len(hashes) == 5


@pytest.mark.parametrize("epoch", [-1, 2**32])
def test_impossible_groups(epoch: int) -> None:
    first = group("2-of-3")
    with pytest.raises(BadOfficers):
        Group(2, epoch, first.Y, first.verification_shares)
    with pytest.raises(BadOfficers):
        Group(2, 0, first.Y, first.verification_shares[::-1])
    with pytest.raises(BadPoint):
        Group(2, 0, IDENTITY, first.verification_shares)
    with pytest.raises(BadOfficers):
        first.verification_share(4)


# ---- whole ceremonies -------------------------------------------------------------------------


def key_of(fund: Fund, officers: tuple[int, ...]) -> bytes:
    weights = lagrange(officers)
    return multiply_base(sum(weights[i] * fund.shares[i] for i in officers) % L)


@pytest.mark.parametrize(("n", "k"), thresholds())
def test_any_k_shares_are_the_key_and_fewer_are_not(n: int, k: int) -> None:
    officers = tuple(range(2, 2 * n + 2, 2))
    fund = hold_ceremony(k, officers, seeded(n * 10 + k))
    assert (fund.group.k, fund.group.officers, fund.group.epoch) == (k, officers, 0)
    assert all(key_of(fund, some) == fund.group.Y for some in list(combinations(officers, k))[:20])
    assert all(key_of(fund, some) != fund.group.Y for some in list(combinations(officers, k - 1))[:20])


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(thresholds()), st.sampled_from(thresholds()), st.integers(0, 2**32), st.data())
def test_resharing_to_any_other_set(before: tuple[int, int], after: tuple[int, int], seed: int, data: Any) -> None:
    (n, k), (new_n, new_k) = before, after
    random = seeded(seed)
    old = hold_ceremony(k, range(1, n + 1), random)
    dealers = data.draw(st.lists(st.sampled_from(old.group.officers), unique=True, min_size=k))
    first = data.draw(st.integers(1, n + 1))
    new = hold_ceremony(new_k, range(first, first + new_n), random, old, dealers)
    assert (new.group.Y, new.group.epoch, new.group.k) == (old.group.Y, 1, new_k)
    assert key_of(new, new.group.officers[:new_k]) == old.group.Y
    assert not set(new.shares.values()) & set(old.shares.values())
    # k shares, some old and some new, are nothing.
    mixed = {**old.shares, new.group.officers[0]: new.shares[new.group.officers[0]]}
    some = tuple(sorted({new.group.officers[0], *[i for i in old.group.officers if i != first][: k - 1]}))
    assert key_of(Fund(old.group, mixed), some) != old.group.Y


def test_resharing_with_too_few_or_foreign_dealers() -> None:
    random = seeded(5)
    old = hold_ceremony(3, (1, 2, 3, 4, 5), random)
    with pytest.raises(TooFew):
        hold_ceremony(2, (1, 2, 3), random, old, (1, 2))
    stranger = Fund(old.group, {**old.shares, 6: 5})
    with pytest.raises(WrongDealers):
        hold_ceremony(2, (1, 2, 3), random, stranger, (1, 2, 3, 6))
    liar = Fund(old.group, {**old.shares, 3: 5})
    with pytest.raises(NotOwnShare) as caught:
        hold_ceremony(2, (1, 2, 3), random, liar, (1, 2, 3))
    assert caught.value.blame == 3


@given(st.integers(0, 164 * 8 - 1))
@settings(max_examples=60, deadline=None)
def test_every_bit_of_a_dealing_counts(bit: int) -> None:
    random = seeded(bit)
    session = random(32)
    dealing = ceremony.make_dealing(session, 1, ceremony.new_polynomial(2, random), random)
    assert len(dealing) == 164
    digest = ceremony.dealing_digest(session, dealing)
    changed = (int.from_bytes(dealing, "big") ^ 1 << bit).to_bytes(164, "big")
    with pytest.raises(BadDigest):
        ceremony.check_dealing(session, changed, 1, 2, digest)
    # The commitments above A_0 are not under the proof; the digest holds them, and the sub-shares must fit.
    another = ceremony.dealing_digest(session, changed)
    if 36 <= 163 - bit // 8 < 68:
        with suppress(BadDealing):
            assert ceremony.check_dealing(session, changed, 1, 2, another).commitments[1] == changed[36:68]
        return
    with pytest.raises(BadDealing) as caught:
        ceremony.check_dealing(session, changed, 1, 2, another)
    assert caught.value.blame == 1


def test_a_whole_ceremony_with_sealed_subshares_and_a_liar() -> None:
    """Three officers, each with a one-time key; officer 2 sends officer 3 a wrong sub-share and is found out."""
    random = seeded(77)
    session, officers = random(32), (1, 2, 3)
    one_time = {i: PqIdentity.generate(random) for i in officers}
    secret = {i: ceremony.new_polynomial(2, random) for i in officers}
    dealings = {i: ceremony.make_dealing(session, i, secret[i], random) for i in officers}
    announced = [PublishedDealing(i, ceremony.dealing_digest(session, dealings[i]), dealings[i]) for i in officers]
    parsed = ceremony.check_dealings(session, 2, officers, announced)
    formed = ceremony.form_group(officers, parsed)

    def sealed(dealer: int, officer: int, lie: int = 0) -> bytes:
        share = ceremony.subshare(secret[dealer], officer) + lie
        message = ceremony.subshare_message(session, dealer, officer, share)
        return seal(message, [one_time[officer].recipient], random)

    files = {i: {j: sealed(i, j, lie=int((i, j) == (2, 3))) for j in officers} for i in officers}
    inbox = {j: {i: open_file(files[i][j], [one_time[j]]) for i in officers} for j in officers}
    assert all(ceremony.my_share(session, j, formed, parsed, inbox[j]) for j in (1, 2))
    with pytest.raises(BadSubshare) as caught:
        ceremony.my_share(session, 3, formed, parsed, inbox[3])
    assert caught.value.blame == 2

    def complain(dealer: int, officer: int) -> str:
        file, dealing = files[dealer][officer], parsed[dealer - 1]
        file_key = one_time[officer].unwrap(parse_header(file).stanzas)
        assert file_key is not None
        return ceremony.judge_complaint(session, dealing, officer, file, file_key)

    assert complain(2, 3) == "dealer"
    assert complain(1, 3) == "complainer"
