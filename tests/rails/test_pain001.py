from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from poruch.errors import BadAmount, BadBic, BadIban, BadPayment, PoruchError
from poruch.rails.pain001 import MOST_PAYMENTS, Payment, read_pain001, write_pain001

SCHEMA = etree.XMLSchema(etree.fromstring(files("sepaxml").joinpath("schemas/pain.001.001.09.xsd").read_bytes()))
ONE = Payment("E2E-0001", "Андрэй Кавалёў", "LT12 1000 0111 0100 1000", None, 150_000, "Дапамога / help")
TWO = Payment("E2E-0002", "Zoë Łuk", "PL61109010140000071219812874", "BREXPLPWXXX", 1, "")


def write(*payments: Payment, **changes: Any) -> bytes:
    fields = {
        "message_id": "BATCH-7",
        "created": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        "execution_day": date(2026, 3, 2),
        "debtor_name": "Poruch fund",
        "debtor_iban": "DE89370400440532013000",
        "debtor_bic": None,
        "payments": payments or (ONE, TWO),
    }
    return write_pain001(**{**fields, **changes})


@pytest.mark.parametrize("changes", [{}, {"debtor_bic": "COBADEFFXXX"}, {"batch_booking": True}])
def test_the_file_is_valid_by_its_schema(changes: dict[str, Any]) -> None:
    SCHEMA.assertValid(etree.fromstring(write(**changes)))


def test_the_same_batch_is_the_same_bytes() -> None:
    assert write() == write()
    assert write() != write(message_id="BATCH-8")


def test_a_bank_reads_what_was_ordered() -> None:
    order = read_pain001(write(payment_information_id="P-7"))
    assert (order.message_id, order.payment_information_id) == ("BATCH-7", "P-7")
    assert (order.execution_day, order.debtor_iban, order.total_minor) == (
        date(2026, 3, 2),
        "DE89370400440532013000",
        150_001,
    )
    assert order.payments == (
        replace(ONE, name="Andrei Kavaliou", iban="LT121000011101001000", remittance="Dapamoga / help"),
        replace(TWO, name="Zoe Luk"),
    )


def test_no_address_stands_in_the_file() -> None:
    assert b"PstlAdr" not in write()
    assert b"AdrLine" not in write()


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"amount_minor": 0}, BadAmount),
        ({"amount_minor": -5}, BadAmount),
        ({"amount_minor": 100_000_000_000}, BadAmount),
        ({"iban": "LT121000011101001001"}, BadIban),
        ({"iban": ""}, BadIban),
        ({"bic": "NOBIC"}, BadBic),
        ({"name": ""}, BadPayment),
        ({"name": "   "}, BadPayment),
        ({"name": "12 345"}, BadPayment),
        ({"name": "N" * 71}, BadPayment),
        ({"name": "N" * 1_000_000}, BadPayment),
        ({"name": "王小明"}, BadPayment),
        ({"name": "Ann\0"}, BadPayment),
        ({"name": "\N{RIGHT-TO-LEFT OVERRIDE}Ann"}, BadPayment),
        ({"name": "/Ann"}, BadPayment),
        ({"remittance": "R" * 141}, BadPayment),
        ({"remittance": "help 🙂"}, BadPayment),
        ({"remittance": "a//b"}, BadPayment),
        ({"end_to_end_id": ""}, BadPayment),
        ({"end_to_end_id": "E" * 36}, BadPayment),
        ({"end_to_end_id": "нумар"}, BadPayment),
        ({"end_to_end_id": "/E"}, BadPayment),
        ({"end_to_end_id": "E//1"}, BadPayment),
        ({"end_to_end_id": " E"}, BadPayment),
    ],
)
def test_a_payment_the_bank_would_not_carry_is_refused(change: dict[str, Any], failure: type[PoruchError]) -> None:
    with pytest.raises(failure) as refused:
        write(replace(ONE, **change))
    assert "Ann" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"payments": ()}, BadPayment),
        ({"payments": (ONE, replace(TWO, end_to_end_id=ONE.end_to_end_id))}, BadPayment),
        ({"payments": (ONE,) * (MOST_PAYMENTS + 1)}, BadPayment),
        ({"message_id": "M" * 36}, BadPayment),
        ({"message_id": "ключ"}, BadPayment),
        ({"payment_information_id": "P//"}, BadPayment),
        ({"debtor_iban": "DE00"}, BadIban),
        ({"debtor_bic": "X"}, BadBic),
        ({"debtor_name": "?"}, BadPayment),
    ],
    ids=lambda value: "",
)
def test_an_order_the_bank_would_not_carry_is_refused(change: dict[str, Any], failure: type[PoruchError]) -> None:
    with pytest.raises(failure):
        write(**change)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<NbOfTxs>2", b"<NbOfTxs>3"),
        (b"1500.01", b"1500.02"),
        (b'"EUR">1500.00', b'"USD">1500.00'),
        (b"pain.001.001.09", b"pain.001.001.03"),
        (b"PmtInf>", b"PmtIng>"),
        (b"<Dt>2026-03-02</Dt>", b""),
        (b"E2E-0002", b"E2E-0001"),
        (b"</Document>", b""),
        (b"?>", b"?><!DOCTYPE d>"),
    ],
)
def test_a_changed_file_is_refused(old: bytes, new: bytes) -> None:
    assert old in write()
    with pytest.raises(BadPayment):
        read_pain001(write().replace(old, new))


def test_nothing_of_a_payee_stands_in_a_repr() -> None:
    shown = repr(ONE) + repr(read_pain001(write()))
    assert not any(secret in shown for secret in ("Кавалёў", "Kavaliou", "LT12", "Дапамога", "Dapamoga"))


LETTERS = st.text(st.sampled_from("abcXYZ абвгґдеёжзіїйўфхцчшщьюяЁЎЄ'’-.éüłß&"), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LETTERS, LETTERS, st.integers(1, 10**9)), min_size=1, max_size=4))
def test_whatever_is_accepted_is_valid_and_read_back(rows: list[tuple[str, str, int]]) -> None:
    payments = [
        Payment(f"E{at}", f"A{name}", ONE.iban, None, amount, f"b{text}b")
        for at, (name, text, amount) in enumerate(rows)
    ]
    written = write(payments=payments)
    SCHEMA.assertValid(etree.fromstring(written))
    assert [p.amount_minor for p in read_pain001(written).payments] == [amount for _, _, amount in rows]
