"""Reading statements: the meaning of each field, and where banks differ."""

from datetime import date

import pytest

from poruch.errors import BadStatement
from poruch.rails.camt053 import VERSIONS, read_statements
from poruch.rails.statement import Entry, Statement, split_seen
from rails.statements import balance, document, entry, statement

TWO_PARTS = (
    "<Btch><PmtInfId>P1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"
    "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy='EUR'>{0}</Amt></TxDtls>"
    "<TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><Amt Ccy='EUR'>{1}</Amt></TxDtls>"
)


def read(*entries: str, **more: str) -> Statement:
    (only,) = read_statements(document(statement(*entries, **more)))
    return only


def read_entry(*args: str, **more: str) -> Entry:
    (only,) = read(entry(*args, **more)).entries
    return only


def kinds(read: Statement) -> set[str]:
    return {notice.kind for notice in read.notices}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read_alike(version: int) -> None:
    status = "<Sts>BOOK</Sts>" if version < 8 else "<Sts><Cd>BOOK</Cd></Sts>"
    party = "<Nm>Donor</Nm>" if version < 8 else "<Pty><Nm>Donor</Nm></Pty>"
    details = f"<TxDtls><RltdPties><Dbtr>{party}</Dbtr></RltdPties></TxDtls>"
    (only,) = read_statements(document(statement(entry(status=status, details=details)), version=version))
    assert (only.version, only.balanced, only.notices) == (version, True, ())
    assert only.entries[0].counterparty_name == "Donor"


@pytest.mark.parametrize("version", [1, 14, 99])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(BadStatement, match="versions 2 to 13"):
        read_statements(document(statement(entry()), version=version))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [("camt.054", "notification"), ("camt.052", "during the day"), ("pain.001", "payment order"), ("pacs.008", "kind")],
)
def test_other_messages_are_refused_with_a_sentence(message: str, sentence: str) -> None:
    with pytest.raises(BadStatement, match=sentence):
        read_statements(document(statement(entry()), message=message))


@pytest.mark.parametrize(
    ("sign", "reversal", "amount_minor"),
    [
        ("CRDT", "", 1000),
        ("DBIT", "", -1000),
        ("CRDT", "true", 1000),
        ("DBIT", "true", -1000),
        ("DBIT", "false", -1000),
    ],
)
def test_the_indicator_says_which_way_money_moved_also_in_a_reversal(
    sign: str, reversal: str, amount_minor: int
) -> None:
    found = read_entry("10.00", sign, reversal=reversal)
    assert (found.amount_minor, found.reversal, found.is_return) == (
        amount_minor,
        reversal == "true",
        reversal == "true",
    )


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [("10", "EUR", 1000), ("+10.0", "EUR", 1000), (".5", "EUR", 50), ("5.", "EUR", 500), ("8.85000", "EUR", 885),
     ("700", "JPY", 700), ("1.234", "KWD", 1234)],
)  # fmt: skip
def test_amounts_as_xml_writes_decimals(written: str, currency: str, minor: int) -> None:
    ends = balance("OPBD", "0", currency=currency) + balance("CLBD", "0", currency=currency)
    account = statement(entry(written, currency=currency), balances=ends).replace("<Ccy>EUR</Ccy>", "")
    (only,) = read_statements(document(account))
    assert (only.currency, only.entries[0].amount_minor) == (currency, minor)


@pytest.mark.parametrize("written", ["", "-1", "1,5", "1.005", "NaN", "1e2", "ten", "1 0", "9" * 16, "<a/>1"])
def test_amounts_that_are_none(written: str) -> None:
    with pytest.raises(BadStatement):
        read(entry(written))


@pytest.mark.parametrize(
    "status", ["<Sts>PDNG</Sts>", "<Sts><Cd>PDNG</Cd></Sts>", "<Sts>INFO</Sts>", "<Sts>FUTR</Sts>"]
)
def test_what_is_not_booked_is_kept_apart(status: str) -> None:
    found = read(entry(status=status), closing="100.00")
    assert (found.entries, len(found.pending), found.balanced, found.notices) == ((), 1, True, ())


@pytest.mark.parametrize("status", ["", "<Sts/>", "<Sts>BOOKED</Sts>", "<Sts><Prtry>X</Prtry></Sts>"])
def test_an_unknown_status_is_not_counted_and_noticed(status: str) -> None:
    found = read(entry(status=status), closing="100.00")
    assert found.entries == ()
    assert kinds(found) == {"entry-status"}


def test_a_pending_entry_has_the_id_it_will_have_when_booked() -> None:
    pending = read(entry(reference="B1", status="<Sts>PDNG</Sts>")).pending[0]
    assert pending.entry_id == read(entry(reference="B1")).entries[0].entry_id


# ---- batches and charges ---------------------------------------------------------------------


def test_a_batch_with_details_is_taken_apart() -> None:
    found = read(entry("10.00", "DBIT", details=TWO_PARTS.format("3.50", "6.50")), closing="90.00")
    assert [(e.amount_minor, e.end_to_end_id) for e in found.entries] == [(-350, "E1"), (-650, "E2")]
    assert len({e.entry_id for e in found.entries}) == 2
    assert found.notices == ()


@pytest.mark.parametrize(
    "details",
    [TWO_PARTS.format("3.50", "3.50"), TWO_PARTS.replace("EUR", "USD").format("3.50", "6.50"),
     TWO_PARTS.replace("<Amt Ccy='EUR'>{1}</Amt>", "").format("3.50")],
)  # fmt: skip
def test_details_that_do_not_make_the_sum_leave_it_whole(details: str) -> None:
    found = read(entry("10.00", "DBIT", details=details), closing="90.00")
    (only,) = found.entries
    assert (only.amount_minor, only.batch_size, only.payment_information_id) == (-1000, 2, "P1")
    assert only.batch_end_to_end_ids == ("E1", "E2")
    assert kinds(found) == {"batch-kept-whole"}


def test_a_batch_without_details_is_one_sum_with_its_size() -> None:
    found = read(entry("10.00", "DBIT", details="<Btch><PmtInfId>P1</PmtInfId><NbOfTxs>3</NbOfTxs></Btch>"))
    (only,) = found.entries
    assert (only.amount_minor, only.batch_size, only.payment_information_id) == (-1000, 3, "P1")


def test_a_detail_of_the_other_sign_counts_against_the_batch() -> None:
    details = (
        "<TxDtls><Amt Ccy='EUR'>12.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>"
        "<TxDtls><Amt Ccy='EUR'>2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>"
    )
    assert [e.amount_minor for e in read(entry("10.00", details=details)).entries] == [1200, -200]


def test_charges_kept_back_become_an_entry_of_their_own() -> None:
    charges = "<Chrgs><Rcrd><Amt Ccy='EUR'>1.50</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>"
    details = "<TxDtls><Amt Ccy='EUR'>100.00</Amt></TxDtls>"
    found = read(entry("98.50", charges=charges, details=details), closing="198.50")
    assert [(e.amount_minor, e.is_charge) for e in found.entries] == [(10_000, False), (-150, True)]
    assert found.balanced
    assert found.notices == ()


@pytest.mark.parametrize(
    "charges",
    ["<Chrgs><Amt Ccy='EUR'>1.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>",
     "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>1.50</TtlChrgsAndTaxAmt></Chrgs>",
     "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>1.50</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy='EUR'>1.50</Amt></Rcrd></Chrgs>"],
)  # fmt: skip
def test_charges_told_beside_an_entry_move_nothing(charges: str) -> None:
    found = read_entry(charges=charges)
    assert (found.amount_minor, [c.amount_minor for c in found.charges]) == (1000, [-150])


def test_the_amount_of_the_entry_counts_when_its_single_detail_differs() -> None:
    found = read(entry("10.00", details="<TxDtls><Amt Ccy='EUR'>9.00</Amt></TxDtls>"))
    assert [e.amount_minor for e in found.entries] == [1000]
    assert kinds(found) == {"details-differ"}


# ---- who, why, for what ----------------------------------------------------------------------

PARTIES = (
    "<RltdPties><Dbtr><Nm>{dbtr}</Nm></Dbtr><DbtrAcct><Id><IBAN>{dbtr_iban}</IBAN></Id></DbtrAcct>"
    "<Cdtr><Nm>{cdtr}</Nm></Cdtr><CdtrAcct><Id><IBAN>{cdtr_iban}</IBAN></Id></CdtrAcct></RltdPties>"
)
OURS, THEIRS = "DE89370400440532013000", "LT121000011101001000"


@pytest.mark.parametrize(
    ("sign", "reversal", "dbtr_iban", "cdtr_iban", "name"),
    [
        ("CRDT", "", THEIRS, OURS, "Debtor"),
        ("DBIT", "", OURS, THEIRS, "Creditor"),
        ("CRDT", "true", OURS, THEIRS, "Creditor"),  # our payment came back, roles kept
        ("CRDT", "true", THEIRS, OURS, "Debtor"),  # our payment came back, roles turned by the bank
        ("DBIT", "true", THEIRS, OURS, "Debtor"),
    ],
)
def test_the_other_side_is_never_ourselves(sign: str, reversal: str, dbtr_iban: str, cdtr_iban: str, name: str) -> None:
    parties = PARTIES.format(dbtr="Debtor", cdtr="Creditor", dbtr_iban=dbtr_iban, cdtr_iban=cdtr_iban)
    found = read_entry("10.00", sign, reversal=reversal, details=f"<TxDtls>{parties}</TxDtls>")
    assert (found.counterparty_name, found.counterparty_iban) == (name, THEIRS)


def test_a_payment_that_came_back_names_its_own_id_and_the_reason() -> None:
    found = read_entry(
        details="<TxDtls><Refs><EndToEndId>E7</EndToEndId></Refs><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    )
    assert (found.is_return, found.return_reason, found.original_end_to_end_id) == (True, "AC04", "E7")
    assert read_entry().original_end_to_end_id is None


@pytest.mark.parametrize("placeholder", ["NOTPROVIDED", "notprovided", "NONREF", "000"])
def test_words_for_nothing_are_nothing(placeholder: str) -> None:
    details = f"<TxDtls><Refs><EndToEndId>{placeholder}</EndToEndId></Refs></TxDtls>"
    found = read_entry(reference=placeholder, details=details)
    assert (found.end_to_end_id, found.bank_reference) == (None, None)


@pytest.mark.parametrize(
    ("remittance", "reference"),
    [
        ("<Strd><CdtrRefInf><Ref>RF18 5390 0754 7034</Ref></CdtrRefInf></Strd>", "RF18539007547034"),
        ("<Strd><CdtrRefInf><Ref>4654654</Ref></CdtrRefInf></Strd>", "4654654"),
        ("<Ustrd>Gift rf18 5390 0754 7034 thanks</Ustrd>", "RF18539007547034"),
        ("<Ustrd>Gift RF18 5390 0754</Ustrd><Ustrd> 7034</Ustrd>", "RF18539007547034"),
        ("<Ustrd>Gift RF19 5390 0754 7034</Ustrd>", None),
        ("", None),
    ],
)
def test_the_reference_is_found_in_its_field_or_in_the_text(remittance: str, reference: str | None) -> None:
    found = read_entry(details=f"<TxDtls><RmtInf>{remittance}</RmtInf></TxDtls>")
    assert found.creditor_reference == reference


def test_lines_broken_by_the_bank_are_joined_and_marks_are_taken_out() -> None:
    broken = "<Ustrd>Free text max 140 characters and ma</Ustrd><Ustrd>x 35</Ustrd><Ustrd>a\u202eb\u200f c</Ustrd>"
    found = read_entry(details=f"<TxDtls><RmtInf>{broken}</RmtInf></TxDtls>")
    assert found.remittance == "Free text max 140 characters and max 35 ab c"


def test_no_name_or_account_stands_in_a_repr() -> None:
    parties = PARTIES.format(dbtr="Canary", cdtr="Creditor", dbtr_iban=THEIRS, cdtr_iban=OURS)
    details = f"<TxDtls>{parties}<RmtInf><Ustrd>Songbird</Ustrd></RmtInf></TxDtls>"
    shown = repr(read(entry(details=details)))
    assert not any(secret in shown for secret in ("Canary", "Songbird", OURS, THEIRS))


# ---- balances, copies, doubles ---------------------------------------------------------------


TWO_DAYS = (
    balance("CLBD", "8", "2026-03-03")
    + balance("OPBD", "5", "2026-03-03")
    + balance("OPBD", "1")
    + balance("CLBD", "5")
)


@pytest.mark.parametrize(
    ("balances", "opening", "closing"),
    [
        (balance("OPBD", "1") + balance("PRCD", "2") + balance("CLBD", "3"), 100, 300),
        (balance("PRCD", "2") + balance("CLBD", "3", sign="DBIT"), 200, -300),
        (balance("ITBD", "1") + balance("ITBD", "11"), 100, 1100),
        (TWO_DAYS, 100, 800),
        (balance("OPBD", "1") + balance("CLBD", "3", currency="USD"), 100, None),
        ("", None, None),
    ],
)  # fmt: skip
def test_which_balances_count(balances: str, opening: int | None, closing: int | None) -> None:
    found = read(balances=balances)
    assert (found.opening_minor, found.closing_minor) == (opening, closing)


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("<CpyDplctInd>DUPL</CpyDplctInd>", "copy"),
        ("<StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>", "one-page-of-several"),
        ("<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>", "one-page-of-several"),
        ("<TxsSummry><TtlNtries><NbOfNtries>35</NbOfNtries></TtlNtries></TxsSummry>", "entries-missing"),
        (entry("5.00"), "balance-differs"),
        (entry("5.00", currency="USD"), "entry-currency"),
        (balance("OPBD", "7"), "balance-twice"),
    ],
)
def test_what_contradicts_itself_is_read_and_noticed(inside: str, kind: str) -> None:
    found = read(entry(), inside)
    assert kind in kinds(found)


def test_the_same_bank_reference_twice_is_counted_and_marked() -> None:
    found = read(entry(reference="B1"), entry(reference="B1"), closing="120.00")
    assert [e.repeated for e in found.entries] == [False, True]
    assert len({e.entry_id for e in found.entries}) == 2
    assert found.balanced
    assert kinds(found) == {"entry-repeated"}


def test_an_entry_in_two_statements_of_a_file_has_one_id_and_is_marked() -> None:
    first, second = read_statements(document(statement(entry(reference="B1")), statement(entry(reference="B1"))))
    assert first.entries[0].entry_id == second.entries[0].entry_id
    assert (first.entries[0].repeated, second.entries[0].repeated) == (False, True)
    fresh, again = split_seen((first, second), ())
    assert (len(fresh), len(again)) == (1, 1)


def test_an_entry_seen_before_is_told_apart_by_its_id() -> None:
    earlier = read(entry(reference="B1"))
    later = read(entry(reference="B1"), entry("5.00", reference="B2"))
    fresh, again = split_seen([later], {e.entry_id for e in earlier.entries})
    assert [e.bank_reference for e in fresh] == ["B2"]
    assert [e.bank_reference for e in again] == ["B1"]


def test_two_equal_gifts_without_reference_are_two() -> None:
    found = read(entry(), entry(), closing="120.00")
    assert len({e.entry_id for e in found.entries}) == 2
    assert not any(e.repeated for e in found.entries)
    assert found.notices == ()


@pytest.mark.parametrize(
    "change",
    [{"amount": "10.01"}, {"sign": "DBIT"}, {"day": "2026-03-03"}, {"reference": "B2"}, {"currency": "USD"}],
)
def test_whatever_makes_an_entry_makes_its_id(change: dict[str, str]) -> None:
    assert read_entry(reference="B1").entry_id != read_entry(**{"reference": "B1", **change}).entry_id


@pytest.mark.parametrize("written", ["2026-03-02", "2026-03-02Z", "2026-03-02+01:00"])
def test_days_as_xml_writes_them(written: str) -> None:
    assert read_entry(day=written).booking_day == date(2026, 3, 2)


@pytest.mark.parametrize("written", ["2026-02-30", "02.03.2026", "20260302", "2026-3-2", "yesterday"])
def test_days_that_are_none(written: str) -> None:
    with pytest.raises(BadStatement, match="not a date"):
        read(entry(day=written))


def test_an_entry_without_a_day_takes_that_of_the_statement() -> None:
    found = read(entry().replace("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", ""))
    assert found.entries[0].booking_day == date(2026, 3, 2)
    assert kinds(found) == {"entry-without-day"}
