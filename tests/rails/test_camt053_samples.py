"""Statements of real shape from public projects, and what a hostile file may do: be refused, and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.errors import BadStatement
from poruch.rails.camt053 import read_statements
from poruch.rails.document import MAX_BYTES
from rails.statements import document, entry, statement

SAMPLES = Path(__file__).parents[1] / "samples" / "camt053"
READABLE = sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/camt053*.xml")) + sorted(
    path.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/*example*.xml")
)
BALANCED = {
    "genkgo/camt053.v2.multi.statement.xml",
    "iso20022js/nordea_example_camt.xml",
    "viafintech/valid_example.xml",
    "viafintech/valid_example_v4.xml",
}


def test_the_samples_are_all_there() -> None:
    assert len(READABLE) == 10
    assert set(READABLE) >= BALANCED


@pytest.mark.parametrize("name", READABLE)
def test_a_sample_is_read_and_warns_exactly_where_it_does_not_add_up(name: str) -> None:
    statements = read_statements((SAMPLES / name).read_bytes())
    assert all(found.entries for found in statements)
    assert all(found.balanced for found in statements) == (name in BALANCED)
    doubts = {notice.kind for found in statements for notice in found.notices}
    assert bool(doubts & {"balance-differs", "balance-missing"}) == (name not in BALANCED)


def test_a_swiss_statement_is_taken_apart_to_the_last_payment() -> None:
    (found,) = read_statements((SAMPLES / "viafintech/valid_example_v4.xml").read_bytes())
    # 8 lone entries, and batches of 10, 8, 3, 2 and 1 payments, counted in the file by hand
    assert len(found.entries) == 32
    assert sum(entry.is_charge for entry in found.entries) == 6
    assert [e.return_reason for e in found.entries if e.is_return] == ["NARR"] * 3 + ["MD06"] * 2
    assert [e.amount_minor for e in found.entries if e.reversal] == [-600, -1553]


def test_a_dutch_batch_without_details_stays_whole() -> None:
    (found,) = read_statements((SAMPLES / "viafintech/valid_example_with_batch.xml").read_bytes())
    assert (found.entries[0].batch_size, found.entries[0].payment_information_id) == (3, "O0OpeAYTkhjerKu3eE9asw")


def test_a_notification_is_refused() -> None:
    with pytest.raises(BadStatement, match=r"camt\.054"):
        read_statements((SAMPLES / "genkgo/camt054.v8.xml").read_bytes())


WHOLE = document(statement(entry(reference="B1")))
BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
DEEP = b"<a>" * 60 + b"</a>" * 60
ABYSS = b"<a>" * 100_000


def with_doctype(doctype: bytes, reference: bytes) -> bytes:
    return WHOLE.replace(b"?>", b"?>" + doctype, 1).replace(b"B1", reference, 1)


HOSTILE = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n", "empty"),
    "prose": (b"not xml at all", "damaged"),
    "another kind": (b"%PDF-1.7", "damaged"),
    "cut near the end": (WHOLE[:-40], "breaks off"),
    "cut in the middle": (WHOLE[: len(WHOLE) // 2], "breaks off"),
    "wrong end tag": (WHOLE.replace(b"</Ntry>", b"</Ntri>"), "damaged"),
    "zero byte": (WHOLE.replace(b"B1", b"B\x001"), "zero bytes"),
    "not UTF-8": (WHOLE.replace(b"B1", b"B\xff1"), "damaged"),
    "zero character": (WHOLE.replace(b"B1", b"&#0;"), "damaged"),
    "unknown entity": (WHOLE.replace(b"B1", b"&unknown;"), "damaged"),
    "entity bomb": (with_doctype(BOMB, b"&b;"), "document type"),
    "file entity": (with_doctype(OUTSIDE, b"&x;"), "document type"),
    "network document type": (with_doctype(b'<!DOCTYPE d SYSTEM "http://203.0.113.1/x.dtd">', b"B1"), "document type"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without mark": (WHOLE.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-32": (WHOLE.decode().encode("utf-32"), "UTF-16"),
    "UTF-7": (WHOLE.replace(b"UTF-8", b"UTF-7"), "encoding"),
    "EBCDIC": (WHOLE.replace(b"UTF-8", b"IBM037"), "encoding"),
    "other namespace": (WHOLE.replace(b"urn:iso", b"urn:osi"), "not a message"),
    "other root": (WHOLE.replace(b"Document", b"Dokument"), "not a message"),
    "web page": (b"<html><body>Log in again</body></html>", "not a message"),
    "sixty deep": (WHOLE.replace(b"<GrpHdr/>", DEEP), "nested"),
    "bottomless": (WHOLE.replace(b"<GrpHdr/>", ABYSS), "damaged"),
    "a million letters": (WHOLE.replace(b"B1", b"B" * 1_000_000), "longer than"),
    "a million letters of currency": (WHOLE.replace(b'Ccy="EUR"', b'Ccy="' + b"E" * 1_000_000 + b'"'), "amount"),
    "field of another namespace": (WHOLE.replace(b"<Amt ", b"<Amt xmlns='urn:other' "), "amount"),
    "no statement": (WHOLE.replace(b"<Stmt>", b"<Rpt>").replace(b"</Stmt>", b"</Rpt>"), "no statement"),
    "no account": (WHOLE.replace(b"<IBAN>DE89370400440532013000</IBAN>", b""), "account"),
    "unknown indicator": (WHOLE.replace(b"CRDT</CdtDbtInd><Sts>", b"BOTH</CdtDbtInd><Sts>"), "came or went"),
    "two indicators": (WHOLE.replace(b"<Sts>", b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>"), "twice"),
    "too large": (WHOLE + b" " * MAX_BYTES, "16 MiB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(name: str) -> None:
    data, sentence = HOSTILE[name]
    with pytest.raises(BadStatement, match=sentence) as refused:
        read_statements(data)
    assert len(refused.value.detail) < 120
    assert "DE89" not in refused.value.detail


def test_a_huge_attribute_nobody_asks_for_does_no_harm() -> None:
    (found,) = read_statements(WHOLE.replace(b"<Ntry>", b'<Ntry note="' + b"x" * 1_000_000 + b'">'))
    assert found.balanced


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "utf-8"])
def test_the_encodings_of_european_banks_are_read(encoding: str) -> None:
    details = "<TxDtls><RltdPties><Dbtr><Nm>Zürcher</Nm></Dbtr></RltdPties></TxDtls>"
    text = document(statement(entry(details=details))).decode().replace("UTF-8", encoding)
    (found,) = read_statements(text.encode(encoding))
    assert found.entries[0].counterparty_name == "Zürcher"


def test_a_byte_order_mark_is_allowed() -> None:
    assert read_statements(b"\xef\xbb\xbf" + WHOLE)[0].balanced


def read_or_refused(data: bytes) -> None:
    """Any other exception, and any refusal without a sentence, fails the test."""
    sentence = "It was read."
    try:
        assert read_statements(data)
    except BadStatement as refused:
        sentence = refused.detail
    assert sentence.endswith(".")


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(READABLE),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4),
)
def test_a_mutated_sample_is_read_or_refused(name: str, changes: list[tuple[float, int, bytes]]) -> None:
    data = (SAMPLES / name).read_bytes()
    for place, removed, added in changes:
        at = int(place * len(data))
        data = data[:at] + added + data[at + removed :]
    read_or_refused(data)


WORDS = st.sampled_from(
    ["Ntry", "TxDtls", "Amt", "Sts", "Bal", "Chrgs", "Rcrd", "Cd", "Dt", "IBAN", "Acct", "Refs", "Btch", "NbOfTxs"]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(READABLE), WORDS, WORDS, st.sampled_from(["", "0", "-1", "٣", "9" * 400, "<x/>", "&amp;", "\u202e"])
)
def test_fields_out_of_place_are_read_or_refused(name: str, one: str, other: str, text: str) -> None:
    data = (SAMPLES / name).read_text(encoding="utf-8")
    data = data.replace(f"<{one}>", f"<{other}>").replace(f"</{one}>", f"{text}</{other}>")
    read_or_refused(data.encode())
