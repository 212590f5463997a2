"""Receipts and slips: the steps in order, the edges of the form, and what a dishonest fund might try."""

import os
from base64 import b64encode

import pytest
from log_fund import KEYS, ORIGIN, POLICY, epoch_entries, signed

from poruch.crypto.codes import CodeKeys
from poruch.crypto.commitments import blind_for
from poruch.errors import BadReceipt, BadSlip, NotMyBlind, PoruchError, SecondSlip
from poruch.tlog.checkpoints import Head
from poruch.tlog.grouping import HiddenAmount, make_group
from poruch.tlog.receipts import make_receipt, parse_receipt, verify_receipt
from poruch.tlog.slips import (
    PLAIN_SIZE,
    SLIP_SIZE,
    Slip,
    SlipKeys,
    open_slip,
    seal_slip,
    verify_all_different,
    verify_slip,
)
from poruch.tlog.tree import Tree

CODE = CodeKeys.from_code(7776**7 - 1, bytes(16))
OTHER = CodeKeys.from_code(0, bytes(16))
NONCES = [bytes([number]) * 32 for number in range(5)]
GIVEN = [HiddenAmount(5000, blind_for(CODE.blind_key, nonce)) for nonce in NONCES]
GIFTS = make_group(ORIGIN, 1, ("in", "general", "EUR"), GIVEN, os.urandom)
ENTRIES = [*GIFTS.amounts, GIFTS.total]
TREE = Tree.of(ENTRIES)
CHECKPOINT = signed(Head(ORIGIN, 2, TREE.root()))


def receipt(number: int = 0, amount_minor: int = 5000) -> bytes:
    leaf, position = GIFTS.places[number]
    return make_receipt(leaf, TREE.inclusion(leaf), CHECKPOINT, position, amount_minor, GIVEN[number].blind)


def slip(number: int = 0, nonce: bytes | None = None) -> bytes:
    found = Slip(nonce or NONCES[number], ENTRIES[0], receipt(number))
    return seal_slip(CODE, found, os.urandom)


@pytest.mark.parametrize("number", range(5))
def test_everybody_finds_his_amount(number: int) -> None:
    verified = verify_receipt(receipt(number), ENTRIES[0], POLICY)
    assert (verified.index, verified.position) == GIFTS.places[number]
    assert verified.amount_minor == 5000
    assert "5000" not in repr(verified)
    assert str(verified.blind) not in repr(verified)


def test_a_log_of_one_leaf_has_an_empty_path() -> None:
    checkpoint = signed(Head(ORIGIN, 1, TREE.root(1)))
    _, position = GIFTS.places[0]
    source = make_receipt(0, (), checkpoint, position, 5000, GIVEN[0].blind)
    assert parse_receipt(source).path == ()
    assert verify_receipt(source, ENTRIES[0], POLICY).index == 0


def extra(text: str) -> bytes:
    lines = receipt().split(b"\n")
    lines[1] = b"extra " + b64encode(text.encode())
    return b"\n".join(lines)


BLIND = b64encode(GIVEN[0].blind.to_bytes(32, "little")).decode()
PLACE = GIFTS.places[0][1]
EXTRA = f'{{"receipt":"poruch/receipt/v1","position":{PLACE},"amount_minor":5000,"blind":"{BLIND}"}}'


def test_the_extra_data_written_by_hand() -> None:
    assert extra(EXTRA) == receipt()


@pytest.mark.parametrize(
    ("source", "step"),
    [
        (b"", 1),
        (receipt().replace(b"@v1", b"@v2"), 1),
        (receipt().replace(b"\n\n", b"\n"), 1),
        (receipt().replace(b"index 0", b"index 00"), 1),
        (receipt().replace(b"index 0", b"index -0"), 1),
        (receipt().replace(b"index 0", b"index"), 1),
        (receipt().replace(b"index 0", b"index 0\r"), 1),
        (receipt().replace(b"index 0\n", b"index 0\nAAAA\n"), 1),
        (receipt().replace(b"index 0\n", b"index 0\n" + (b64encode(bytes(32)) + b"\n") * 64), 1),
        (receipt().replace(b"extra ", b"extra  "), 1),
        (b"\xff" + receipt(), 1),
        (b"c2sp.org/tlog-proof@v1\n\n" + CHECKPOINT, 1),
        (b"x" * 80000, 1),
        (extra(""), 5),
        (extra("[" * 600), 5),
        (extra("[" * 512), 5),
        (extra(EXTRA + " "), 5),
        (extra(EXTRA.replace('"amount_minor":5000,', "")), 5),
        (extra(EXTRA.replace("5000", "5000.0")), 5),
        (extra(EXTRA.replace("5000", "0")), 5),
        (extra(EXTRA.replace("5000", str(2**32))), 5),
        (extra(EXTRA.replace(f'"position":{PLACE}', '"position":-1')), 5),
        (extra(EXTRA.replace(f'"position":{PLACE}', '"position":true')), 5),
        (extra(EXTRA.replace("receipt/v1", "receipt/v2")), 5),
        (extra(EXTRA.replace(BLIND, b64encode(bytes(32)).decode())), 5),
        (extra(EXTRA.replace(BLIND, b64encode(bytes([255]) * 32).decode())), 5),
        (extra(EXTRA.replace(BLIND, "\u00e9")), 5),
    ],
)
def test_bad_receipt(source: bytes, step: int) -> None:
    steps: list[int] = []
    with pytest.raises(BadReceipt):
        verify_receipt(source, ENTRIES[0], POLICY, steps.append)
    assert steps[-1] == step


def test_a_receipt_that_nobody_would_accept_is_not_made() -> None:
    with pytest.raises(BadReceipt):
        receipt(amount_minor=0)


# ---- slips ------------------------------------------------------------------------------------


def test_slip() -> None:
    sealed = slip()
    assert len(sealed) == SLIP_SIZE == 8220
    checked = verify_slip(CODE, sealed, POLICY)
    assert checked.receipt.amount_minor == 5000
    assert checked.slip == Slip(NONCES[0], ENTRIES[0], receipt())
    assert "5000" not in repr(checked)


def test_the_treasury_seals_without_the_code() -> None:
    keys = SlipKeys(CODE.lookup_id, CODE.slip_key, CODE.blind_key)
    assert CODE.slip_key.hex() not in repr(keys)
    assert repr(keys) == "SlipKeys()"
    assert open_slip(CODE, seal_slip(keys, Slip(NONCES[1], b"leaf", b"receipt"), os.urandom)).entry == b"leaf"


@pytest.mark.parametrize(
    "sealed",
    [b"", slip()[:-1], slip() + b"\0", bytes(SLIP_SIZE), seal_slip(OTHER, Slip(NONCES[0], b"", b""), os.urandom)],
)
def test_not_my_slip(sealed: bytes) -> None:
    with pytest.raises(BadSlip):
        verify_slip(CODE, sealed, POLICY)


def sealed_by_hand(plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    data = b"poruch/slip/v1" + CODE.lookup_id
    return bytes(12) + ChaCha20Poly1305(CODE.slip_key).encrypt(bytes(12), plain.ljust(PLAIN_SIZE, b"\0"), data)


@pytest.mark.parametrize(
    "plain",
    [
        bytes(32) + b"\xff\xff",
        bytes(32) + b"\0\0\xff\xff",
        bytes(32) + b"\0\1a\0\1b" + b"x",
        (bytes(32) + b"\0\1a\0\1b").ljust(PLAIN_SIZE - 1, b"\0") + b"x",
        bytes(32) + (PLAIN_SIZE - 34).to_bytes(2, "big"),
        bytes(32) + (PLAIN_SIZE - 35).to_bytes(2, "big"),
    ],
)
def test_lengths_and_filling(plain: bytes) -> None:
    with pytest.raises(BadSlip):
        open_slip(CODE, sealed_by_hand(plain))


def test_a_slip_that_is_full() -> None:
    whole = Slip(NONCES[0], b"", b"r" * (PLAIN_SIZE - 36))
    assert open_slip(CODE, seal_slip(CODE, whole, os.urandom)) == whole
    for too_long in (Slip(NONCES[0], b"l", whole.receipt), Slip(b"", b"", b""), Slip(NONCES[0], b"", bytes(70000))):
        with pytest.raises(BadSlip):
            seal_slip(CODE, too_long, os.urandom)


def test_one_entry_for_two_donors() -> None:
    """The fund shows the entry made for one to another who gave the same: the blinding factor gives it away."""
    shown = Slip(NONCES[0], ENTRIES[0], receipt())
    with pytest.raises(NotMyBlind):
        verify_slip(OTHER, seal_slip(OTHER, shown, os.urandom), POLICY)
    with pytest.raises(NotMyBlind):
        verify_slip(CODE, slip(0, NONCES[1]), POLICY)


def test_one_entry_for_two_gifts_of_one_donor() -> None:
    first, second = (verify_slip(CODE, slip(number), POLICY) for number in (0, 1))
    verify_all_different([first, second])
    verify_all_different([])
    with pytest.raises(SecondSlip):
        verify_all_different([first, second, verify_slip(CODE, slip(0), POLICY)])


def test_another_log_with_the_same_keys() -> None:
    entries, _ = epoch_entries(1, 0)
    other = Head("other.test/log", len(entries), Tree.of(entries).root())
    source = receipt().replace(CHECKPOINT, signed(other))
    with pytest.raises(PoruchError) as caught:
        verify_receipt(source, ENTRIES[0], POLICY)
    assert caught.value.name == "wrong-origin"
    assert len(KEYS) == 5
