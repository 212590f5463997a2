"""`poruch check`: follow the numbered steps of docs/spec/log.md on a log, and say each with its result."""

import getpass
import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from poruch.crypto import codes
from poruch.crypto.codes import SALT_SIZE, CodeKeys
from poruch.drills.sources import Source, open_source
from poruch.errors import BadAmount, LogUnreachable, PoruchError
from poruch.rails.money import format_amount
from poruch.tlog.check import CheckedLog, CheckStep, check_code, check_log, check_receipt
from poruch.tlog.leaves import Balance, Total
from poruch.tlog.policy import LARGEST_POLICY
from poruch.tlog.receipts import LARGEST_RECEIPT, VerifiedReceipt
from poruch.tlog.slips import SLIP_SIZE

HOLDS, FAILS = 0, 1
_TITLE_WIDTH = 54
_INDENT = " " * 8
_RESULTS = {"holds": "holds", "fails": "FAILS", "not finished": "not finished"}
_SIDES = {"in": "came in", "out": "went out"}
_NO_SLIP = """\
No slip lies under this code, so it shows no amount. Either the code belongs to another fund; or no amount of its
holder is published yet, because amounts wait for the end of an epoch, and for at least four others; or the day has
passed until which the fund keeps slips. It proves nothing for the fund, and nothing against it."""


@dataclass(frozen=True)
class Question:
    """What the reader asks of a log, read and parsed: each part may be missing."""

    policy: bytes | None
    code: int | None
    receipt: bytes | None


def run_check(log: str, policy: Path | None, code: str | None, receipt: Path | None) -> int:
    """Check a log, and with a code or a receipt an amount; 0 only if all holds, 1 if a step fails.

    Raises `BadCode`, `LogUnreachable`, and OSError for a file of the reader's own.
    """
    question = Question(
        _own_file(policy, LARGEST_POLICY),
        None if code is None else codes.parse(_typed() if code == "-" else code),
        _own_file(receipt, LARGEST_RECEIPT),
    )
    source = open_source(log)
    print(f"Checking {_plain(source.where)}\n", flush=True)
    report = check_log(source.read, os.urandom, policy=question.policy, told=show_step)
    if report.found is None:
        return _failed(source, report.error)
    _say(_told(report.found))
    results = [HOLDS]
    if question.receipt is not None:
        results.append(_check_receipt(source, report.found, question.receipt))
    if question.code is not None:
        results.append(_check_code(source, report.found, question.code))
    if question.policy is None:
        _say(
            [
                "Only the log's own policy was used: this shows that the log agrees with itself, not whose it is.",
                "Compare the policy's SHA-256 above with one from a source you trust, or give the file: --policy FILE",
            ]
        )
    if max(results) == HOLDS:
        _say(["Everything holds."])
    return max(results)


def show_step(step: CheckStep) -> None:
    """One line for a step, and one for its detail."""
    print(f"{step.number:>6}  {step.title:<{_TITLE_WIDTH}}  {_RESULTS[step.outcome]}")
    if step.detail:
        print(textwrap.fill(_plain(step.detail), 100, initial_indent=_INDENT, subsequent_indent=_INDENT))
    sys.stdout.flush()


def _say(lines: list[str]) -> None:
    print("\n" + "\n".join(lines), flush=True)


def _plain(text: str) -> str:
    """Nothing from outside steers the reader's terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _failed(source: Source, error: PoruchError | None) -> int:
    if source.trouble:
        raise LogUnreachable(source.trouble)
    _say([f"This does not hold. {error.sentence if error else ''}".rstrip()])
    return FAILS


# ---- what the reader gave ---------------------------------------------------------------------


def _own_file(path: Path | None, largest: int) -> bytes | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return file.read(largest + 1)  # one byte too many makes its parser refuse it


def _typed() -> str:
    """The code from standard input, so that it stands in no history; unseen on a terminal."""
    if sys.stdin.isatty():
        return getpass.getpass("Your receipt code (you will not see what you type): ")
    return sys.stdin.readline(2000)


# ---- what the log says ------------------------------------------------------------------------


def money(amount_minor: int, currency: str) -> str:
    """An amount as files write it; a currency that ISO 4217 does not know stays in minor units."""
    try:
        return f"{format_amount(amount_minor, currency)} {currency}"
    except BadAmount:
        return f"{amount_minor} minor units of {currency}"


def _told(log: CheckedLog) -> list[str]:
    policy, signed = log.policy, log.signed
    lines = [
        f"What {_plain(policy.origin)} says",
        f"  {signed.head.size} entries with {log.amounts_count} hidden amounts, zeros among them.",
        f"  Signed by {len(signed.officers)} of {len(policy.officers)} officers ({policy.officers_needed} must) "
        f"and {len(signed.cosignatures)} of {len(policy.witnesses)} witnesses.",
    ]
    for epoch in sorted({leaf.epoch for leaf in log.leaves}):
        lines += ["", f"  Epoch {epoch}"]
        currencies = {one.currency for one in log.totals if one.epoch == epoch}
        currencies |= {one.currency for one in log.balances if one.epoch == epoch}
        for currency in sorted(currencies):
            lines += _epoch_lines(log, epoch, currency)
        lines += [
            f"    notice     {notice.kind}  SHA-256 {notice.sha256}" for notice in log.notices if notice.epoch == epoch
        ]
    return lines + _policy_lines(log)


def _epoch_lines(log: CheckedLog, epoch: int, currency: str) -> list[str]:
    def here(leaf: Total | Balance) -> bool:
        return leaf.epoch == epoch and leaf.currency == currency

    rows: list[tuple[str, str, int, str]] = []
    balance = next(filter(here, log.balances), None)
    if balance is not None:
        first = log.first_openings[currency] is balance
        rows.append(("opened", "", balance.opening_minor, "  (a statement of the fund)" if first else ""))
    rows += [
        (_SIDES[side], total.account, total.total_minor, "")
        for side in ("in", "out")
        for total in filter(here, log.totals)
        if total.side == side
    ]
    if balance is not None:
        rows.append(("closed", "", balance.closing_minor, ""))
    account_width = max(len(account) for _, account, _, _ in rows)
    amount_width = max(len(money(minor, currency)) for _, _, minor, _ in rows)
    return [
        f"    {word:<9}  {account:<{account_width}}  {money(minor, currency):>{amount_width}}{remark}"
        for word, account, minor, remark in rows
    ]


def _policy_lines(log: CheckedLog) -> list[str]:
    """The log names its policies in notices; one that it does not name is worth a question."""
    named = [notice.sha256 for notice in log.notices if notice.kind == "policy"]
    if not named or named[-1] == log.policy.sha256:
        return []
    return ["", "  The policy used is not the one that the log's last notice of a policy names. Ask the fund why."]


# ---- one amount -------------------------------------------------------------------------------


def _amount_line(receipt: VerifiedReceipt) -> str:
    leaf = receipt.leaf
    amount, side = money(receipt.amount_minor, leaf.currency), _SIDES[leaf.side]
    entry = f"(entry {receipt.index}, amount {receipt.position + 1} of 8)"
    return f"  {amount}  {side}, account {leaf.account}, epoch {leaf.epoch}  {entry}"


def _check_receipt(source: Source, log: CheckedLog, proof: bytes) -> int:
    _say(["The receipt"])
    report = check_receipt(proof, log.policy, log=log, told=show_step)
    if report.found is None:
        return _failed(source, report.error)
    _say(["This amount is in the log:", _amount_line(report.found)])
    return HOLDS


def _check_code(source: Source, log: CheckedLog, code: int) -> int:
    _say(["The receipt code"])
    if source.is_remote:
        print("  Asking for its slips tells the server that this code is in use. Over Tor it does not learn by whom.")
    salt = _beside(source, "code-salt")
    if salt is None or len(salt) != SALT_SIZE:
        _say([f"There is no salt of codes of {SALT_SIZE} bytes beside this log; without it no code can be checked."])
        return FAILS
    keys = CodeKeys.from_code(code, salt)
    kept = _beside(source, f"slips/{keys.lookup_id.hex()}") or b""
    slips = [kept[start : start + SLIP_SIZE] for start in range(0, len(kept), SLIP_SIZE)]
    if not slips:
        _say([_NO_SLIP])
        return FAILS
    report = check_code(slips, keys, log.policy, log=log, told=show_step)
    if report.found is None:
        return _failed(source, report.error)
    shown = [_amount_line(one.receipt) for one in report.found]
    _say(["This amount is in the log:" if len(shown) == 1 else "These amounts are in the log:", *shown])
    return HOLDS


def _beside(source: Source, path: str) -> bytes | None:
    """A file beside the log, or None. Raises `LogUnreachable`."""
    read: Callable[[str], bytes] = source.read
    try:
        return read(path)
    except OSError:
        return None
