import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadAmount
from poruch.rails.money import exponent, format_amount, parse_amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0", "EUR", 0),
        ("1500", "EUR", 150_000),
        ("1500.5", "EUR", 150_050),
        ("8.850", "EUR", 885),
        ("0.01", "EUR", 1),
        ("2700", "JPY", 2700),
        ("2700.00", "JPY", 2700),
        ("1.234", "KWD", 1234),
        ("1.2", "KWD", 1200),
        ("1.0001", "CLF", 10_001),
        ("999999999999999.99", "EUR", 99_999_999_999_999_999),
    ],
)
def test_amounts_are_read_by_the_exponent_of_their_currency(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("-1", "EUR"),
        ("+1", "EUR"),
        ("1,50", "EUR"),
        ("1 500", "EUR"),
        ("1e3", "EUR"),
        ("0x10", "EUR"),
        ("1.", "EUR"),
        (".5", "EUR"),
        ("1.001", "EUR"),
        ("1.5", "JPY"),
        ("1.2345", "KWD"),
        ("٣", "EUR"),
        ("1\0", "EUR"),
        ("\N{RIGHT-TO-LEFT MARK}1", "EUR"),
        ("1" * 16, "EUR"),
        pytest.param("1" * 1_000_000, "EUR", id="a million digits"),
        ("1", "eur"),
        ("1", "XXX"),
        ("1", ""),
    ],
)
def test_anything_else_is_refused(text: str, currency: str) -> None:
    with pytest.raises(BadAmount):
        parse_amount(text, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (7, "JPY", "7"), (-7, "JPY", "-7"), (5, "KWD", "0.005")],
)
def test_amounts_are_written_in_full(minor: int, currency: str, text: str) -> None:
    assert format_amount(minor, currency) == text


@given(st.integers(0, 10**14), st.sampled_from(["EUR", "JPY", "KWD", "CLF", "BYN", "PLN"]))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency) == minor


def test_an_unknown_currency_has_no_exponent() -> None:
    with pytest.raises(BadAmount):
        exponent("ZZZ")
