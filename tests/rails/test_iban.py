import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadBic, BadIban, RefusedCountry
from poruch.rails.iban import check_country, country, parse_bic, parse_iban


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("DE89\u00a03704\u202f0044-0532\t0130 00", "DE89370400440532013000"),
        ("BY97 NBRB 3600 9000 0000 2Z00 AB40", "BY97NBRB3600900000002Z00AB40"),
        ("LT12 1000 0111 0100 1000", "LT121000011101001000"),
    ],
)
def test_the_spellings_of_people_become_one(text: str, normal: str) -> None:
    assert parse_iban(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "DE",
        "DE88370400440532013000",
        "DE8937040044053201300",
        "XX89370400440532013000",
        "ВY97NBRB3600900000002Z00AB40",
        "DE89370400440532013000\0",
        "\u200fDE89370400440532013000",
        "DE89/3704/0044",
        "DE89 3704 0044 0532 0130 0O",
        pytest.param("D" * 1_000_000, id="a million letters"),
    ],
)
def test_a_wrong_iban_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadIban) as refused:
        parse_iban(text)
    assert not text.strip() or text not in str(refused.value)


@given(st.text(max_size=70))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(BadIban):
        assert parse_iban(text).isalnum()


def test_a_bank_of_a_refused_country_is_not_paid() -> None:
    minsk = parse_iban("BY97NBRB3600900000002Z00AB40")
    assert country(minsk) == "BY"
    with pytest.raises(RefusedCountry):
        check_country(minsk, {"BY", "RU"})
    assert check_country("LT121000011101001000", {"BY", "RU"}) == "LT121000011101001000"


@pytest.mark.parametrize(("text", "normal"), [("cobadeff xxx", "COBADEFFXXX"), ("DEUTDEFF", "DEUTDEFF")])
def test_a_bic_is_read(text: str, normal: str) -> None:
    assert parse_bic(text) == normal


@pytest.mark.parametrize("text", ["", "COBADEF", "COBA1EFF!!", "СОВАDEFF", "C" * 1_000, "COBADEFF\0XX"])
def test_a_wrong_bic_is_refused(text: str) -> None:
    with pytest.raises(BadBic):
        parse_bic(text)
