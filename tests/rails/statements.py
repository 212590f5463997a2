"""Statements written by hand for the tests, one element at a time."""

ENTRY = """
<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{reversal}{status}
<BookgDt><Dt>{day}</Dt></BookgDt>{reference}<BkTxCd/>{charges}{details}</Ntry>
"""


def entry(
    amount: str = "10.00",
    sign: str = "CRDT",
    *,
    currency: str = "EUR",
    status: str = "<Sts>BOOK</Sts>",
    day: str = "2026-03-02",
    reference: str | None = None,
    reversal: str = "",
    charges: str = "",
    details: str = "",
) -> str:
    """One Ntry; `details` is what stands inside NtryDtls, `charges` a whole Chrgs."""
    return ENTRY.format(
        amount=amount,
        sign=sign,
        currency=currency,
        status=status,
        day=day,
        reference=f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "",
        reversal=f"<RvslInd>{reversal}</RvslInd>" if reversal else "",
        charges=charges,
        details=f"<NtryDtls>{details}</NtryDtls>" if details else "",
    )


def balance(code: str, amount: str, day: str = "2026-03-02", sign: str = "CRDT", currency: str = "EUR") -> str:
    """One Bal."""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def statement(*entries: str, opening: str = "100.00", closing: str = "110.00", balances: str | None = None) -> str:
    """One Stmt of a German account in euro."""
    written = balance("OPBD", opening) + balance("CLBD", closing) if balances is None else balances
    account = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"<Stmt><Id>S1</Id><CreDtTm>2026-03-03T01:00:00Z</CreDtTm>{account}{written}{''.join(entries)}</Stmt>"


def document(*statements: str, version: int = 2, message: str = "camt.053") -> bytes:
    """A whole file."""
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}.001.{version:02d}"
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = f"<BkToCstmrStmt><GrpHdr/>{''.join(statements)}</BkToCstmrStmt>"
    return f'{head}<Document xmlns="{namespace}">{body}</Document>'.encode()
