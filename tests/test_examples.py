"""The examples are what people write, in the form the program takes, and nobody in them gives and receives at once."""

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from schwifty import IBAN

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SUBMISSIONS = sorted((EXAMPLES / "submissions").glob("*.toml"))
TEXTS = ["happened", "when", "danger", "need", "other_funds"]
KEYS = ["language", "who", *TEXTS, "name_in_story", "name", "contact", "payee"]
WHO = {"police", "army", "worker", "striker", "journalist", "medic", "teacher", "other"}
CAMT = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


def read(file: Path) -> dict:
    return tomllib.loads(file.read_text())


@pytest.mark.parametrize("file", SUBMISSIONS, ids=lambda file: file.stem)
def test_a_submission_has_exactly_its_fields(file: Path) -> None:
    submission = read(file)
    assert list(submission) == KEYS
    assert list(submission["payee"]) == ["name", "iban", "bic"]
    assert submission["who"] in WHO
    assert isinstance(submission["name_in_story"], bool)
    for key in [*TEXTS[:-1], "name"]:
        assert submission[key].strip(), key
    iban = IBAN(submission["payee"]["iban"], validate_bban=True)
    assert iban.is_valid
    assert submission["payee"]["bic"] in ("", str(iban.bic))


def test_four_languages_and_nobody_twice() -> None:
    submissions = [read(file) for file in SUBMISSIONS]
    assert len(submissions) >= 14
    languages = Counter(submission["language"] for submission in submissions)
    assert set(languages) == {"be", "ru", "uk", "en"}
    assert min(languages.values()) >= 3
    assert len({submission["payee"]["iban"] for submission in submissions}) == len(submissions)
    assert {submission["who"] for submission in submissions} == WHO


def test_the_statement_adds_up() -> None:
    statement = etree.parse(EXAMPLES / "statement.xml").getroot()

    def amounts(path: str) -> list[Decimal]:
        return [Decimal(text) for text in statement.xpath(f"//c:{path}/c:Amt/text()", namespaces=CAMT)]

    opening, closing = amounts("Bal")
    credits_in = sum(amounts("Ntry[c:CdtDbtInd='CRDT']"))
    debits_out = sum(amounts("Ntry[c:CdtDbtInd='DBIT']"))
    assert opening + credits_in - debits_out == closing
    assert len(amounts("Ntry")) == 21


def test_no_giver_of_the_statement_is_a_payee() -> None:
    statement = etree.parse(EXAMPLES / "statement.xml").getroot()
    ibans = statement.xpath("//c:IBAN/text()", namespaces=CAMT)
    assert all(IBAN(iban, validate_bban=True).is_valid for iban in ibans)
    assert len(set(ibans)) == len(ibans) == 21
    assert not set(ibans) & {read(file)["payee"]["iban"] for file in SUBMISSIONS}
