"""The check that anybody can run: every step with its result, and what it says of a log that was touched."""

import os
from base64 import b64encode

import pytest
from log_fund import KEYS, ORIGIN, POLICY, Folder, epoch_entries, folder_of, notice, signed
from log_vectors import ENTRIES, LAST_CHECKPOINT, VECTORS, edited, from64
from log_vectors import POLICY as VECTOR_POLICY

from poruch.crypto.codes import CodeKeys
from poruch.crypto.commitments import blind_for
from poruch.errors import BadTile, Forked, NotIncluded, Unavailable, WrongSize
from poruch.tlog.check import CheckedLog, CheckStep, Report, check_code, check_log, check_receipt
from poruch.tlog.checkpoints import Head
from poruch.tlog.grouping import HiddenAmount, make_group
from poruch.tlog.leaves import Balance, encode_leaf
from poruch.tlog.receipts import make_receipt
from poruch.tlog.slips import Slip, SlipKeys, seal_slip
from poruch.tlog.tiles import Edge, tile_path
from poruch.tlog.tree import Tree


def vector_folder(entries: list[bytes], checkpoint: bytes) -> Folder:
    return Folder({**folder_of(entries, checkpoint), "policy": VECTOR_POLICY.source})


def check(folder: Folder) -> Report[CheckedLog]:
    return check_log(folder.read, os.urandom)


def failing(report: Report[CheckedLog]) -> list[CheckStep]:
    return [step for step in report.steps if step.outcome == "fails"]


GOOD = check(vector_folder(ENTRIES, LAST_CHECKPOINT))


def test_every_step_holds() -> None:
    assert GOOD.holds
    assert GOOD.error is None
    assert {step.outcome for step in GOOD.steps} == {"holds"}
    assert [step.number for step in GOOD.steps] == [
        "2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "1", "5.13", "1",
        "5.1", "5.2", "5.3", "5.4", "5.6", "5.7", "5.8", "5.9", "5.10", "5.11", "5.12", "5.5",
    ]  # fmt: skip
    assert VECTOR_POLICY.sha256 in GOOD.steps[0].detail


def test_what_was_found() -> None:
    log = GOOD.found
    assert log is not None
    assert (log.signed.head.size, len(log.entries), log.policy.origin) == (42, 42, "fund.example/log")
    last = {balance.currency: balance.closing_minor for balance in log.balances if balance.epoch == 3}
    assert last == {currency: one["closing_minor"] for currency, one in VECTORS["epochs"][2]["balances"].items()}
    first = VECTORS["epochs"][0]["balances"]["EUR"]["opening_minor"]
    assert log.first_openings["EUR"].opening_minor == first
    assert log.amounts_count == 8 * sum('"poruch/amounts/v1"' in text for text in VECTORS["leaves"])
    assert len(log.totals) == sum('"poruch/total/v1"' in text for text in VECTORS["leaves"])
    assert len(log.notices) == sum('"poruch/notice/v1"' in text for text in VECTORS["leaves"])


STEP_OF = {
    "bad-leaf": "5.1", "bad-epoch": "5.2", "amounts-after-total": "5.3", "after-balance": "5.3",
    "repeated-commitment": "5.4", "bad-range-proof": "5.5", "second-total": "5.6", "bad-count": "5.7",
    "wrong-total": "5.8", "second-balance": "5.9", "wrong-balance": "5.10", "broken-chain": "5.11",
    "missing-balance": "5.12", "wrong-size": "1", "wrong-root": "5.13",
}  # fmt: skip


@pytest.mark.parametrize("case", VECTORS["broken"], ids=lambda case: case["reason"])
def test_broken_vectors_fail_at_their_step(case: dict[str, str]) -> None:
    folder = vector_folder(edited(case["edits"]), case["checkpoint"].encode())
    report = check(folder)
    (step,) = failing(report)
    assert report.found is None
    assert report.error is not None
    if case["error"] == "wrong-size":
        # A folder with a leaf too few has no bundle of the size that was signed.
        assert isinstance(report.error, Unavailable)
    else:
        assert report.error.name == case["error"]
        assert step.number == STEP_OF.get(case["error"], step.number)
    if case["error"] == "missing-total":
        assert step.number in ("5.9", "5.12")
    assert not [step for step in report.steps if step.number == "5.5" and step.outcome == "holds"]


def test_steps_are_told_as_they_are_done() -> None:
    told: list[CheckStep] = []
    folder = vector_folder(ENTRIES, LAST_CHECKPOINT)
    report = check_log(folder.read, os.urandom, told=told.append)
    assert tuple(told) == report.steps


@pytest.mark.parametrize("path", ["policy", "checkpoint", "tile/entries/000.p/42", "tile/0/000.p/42"])
def test_a_file_is_missing(path: str) -> None:
    folder = vector_folder(ENTRIES, LAST_CHECKPOINT)
    del folder[path]
    report = check(folder)
    assert isinstance(report.error, Unavailable)
    assert path in failing(report)[0].detail


@pytest.mark.parametrize(
    ("path", "data", "error"),
    [
        ("policy", b"", "bad-policy"),
        ("policy", b"# " + b"x" * 70000, "bad-policy"),
        ("checkpoint", b"", "bad-note"),
        ("checkpoint", LAST_CHECKPOINT + b"x" * 70000, "bad-note"),
        ("tile/entries/000.p/42", b"\0", "bad-tile"),
        ("tile/entries/000.p/42", b"", "wrong-size"),
        ("tile/entries/000.p/42", b"\0\0" * 42, "wrong-root"),
        ("tile/entries/000.p/42", b"\0\0" * 43, "wrong-size"),
        ("tile/0/000.p/42", b"", "bad-tile"),
        ("tile/0/000.p/42", bytes(42 * 32), "bad-tile"),
    ],
)
def test_a_file_is_spoilt(path: str, data: bytes, error: str) -> None:
    folder = vector_folder(ENTRIES, LAST_CHECKPOINT)
    folder[path] = data
    report = check(folder)
    assert report.error is not None
    assert report.error.name == error


def test_too_long_a_tile() -> None:
    folder = vector_folder(ENTRIES, LAST_CHECKPOINT)
    folder["tile/0/000.p/42"] += bytes(32)
    assert isinstance(check(folder).error, BadTile)


def test_the_policy_that_the_reader_trusts() -> None:
    folder = vector_folder(ENTRIES, LAST_CHECKPOINT)
    del folder["policy"]
    assert check_log(folder.read, os.urandom, policy=VECTOR_POLICY.source).holds
    report = check_log(folder.read, os.urandom, policy=POLICY.source)
    assert report.error is not None
    assert report.error.name == "wrong-origin"


def test_a_head_seen_before() -> None:
    entries = [*epoch_entries(1, 5)[0], notice(1)]
    folder = Folder(folder_of(entries))
    tree = Tree.of(entries)
    for size in range(len(entries) + 1):
        known = Head(ORIGIN, size, tree.root(size))
        assert check_log(folder.read, os.urandom, known=known).holds
    other = check_log(folder.read, os.urandom, known=Head(ORIGIN, 3, bytes(32)))
    assert isinstance(other.error, Forked)
    stale = check_log(folder.read, os.urandom, known=Head(ORIGIN, 99, bytes(32)))
    assert isinstance(stale.error, WrongSize)


def test_full_tiles_in_place_of_partial_ones() -> None:
    """A log may delete a partial tile once the full one is there; the older checkpoint can still be checked."""
    entries = [*epoch_entries(1, 5)[0], *(notice(1, f"report-{number}") for number in range(300))]
    older = Edge().grown(entries[:100])[0]
    folder = Folder(folder_of(entries))
    assert check(folder).holds
    folder["checkpoint"] = signed(Head(ORIGIN, older.size, older.root))
    report = check(folder)
    assert report.holds
    assert report.found is not None
    assert report.found.entries == tuple(entries[:100])
    folder[tile_path("entries", 0)] = folder[tile_path("entries", 1, len(entries) - 256)]
    assert isinstance(check(folder).error, BadTile)


# ---- receipts and codes -----------------------------------------------------------------------

CODE = CodeKeys.from_code(12345, bytes(16))
NONCES = [bytes([number]) * 32 for number in range(5)]
GIVEN = [HiddenAmount(100 + number, blind_for(CODE.blind_key, nonce)) for number, nonce in enumerate(NONCES)]
GIFTS = make_group(ORIGIN, 1, ("in", "general", "EUR"), GIVEN, os.urandom)
BALANCE = encode_leaf(Balance(1, "EUR", 0, GIFTS.total_minor, 0, GIFTS.total_minor))
OWN_ENTRIES = [*GIFTS.amounts, GIFTS.total, BALANCE]
OWN_FOLDER = Folder(folder_of(OWN_ENTRIES))


def own_log() -> CheckedLog:
    log = check(OWN_FOLDER).found
    assert log is not None
    return log


def receipt(number: int = 0) -> bytes:
    leaf, position = GIFTS.places[number]
    path = Tree.of(OWN_ENTRIES).inclusion(leaf)
    one = GIVEN[number]
    return make_receipt(leaf, path, OWN_FOLDER["checkpoint"], position, one.amount_minor, one.blind)


def slips(*numbers: int) -> list[bytes]:
    return [seal_slip(CODE, Slip(NONCES[one], OWN_ENTRIES[0], receipt(one)), os.urandom) for one in numbers]


def test_receipt_with_the_log_or_with_its_entry() -> None:
    for report in (
        check_receipt(receipt(), POLICY, log=own_log()),
        check_receipt(receipt(), POLICY, entry=OWN_ENTRIES[0]),
    ):
        assert report.holds
        assert report.found is not None
        assert report.found.amount_minor == 100
        assert [step.number for step in report.steps][:6] == ["6.1", "6.2", "6.3", "6.4", "6.5", "6.6"]
    with pytest.raises(ValueError):
        check_receipt(receipt(), POLICY)


def test_receipts_that_fail() -> None:
    report = check_receipt(b"nothing", POLICY, log=own_log())
    assert [step.outcome for step in report.steps] == ["fails"] + ["not finished"] * 5
    report = check_receipt(receipt().replace(b"index 0", b"index 7"), POLICY, log=own_log())
    assert isinstance(report.error, NotIncluded)
    report = check_receipt(receipt(), POLICY, entry=OWN_ENTRIES[1])
    assert [step.outcome for step in report.steps] == ["holds", "holds", "fails"] + ["not finished"] * 3


def test_a_receipt_of_a_log_shown_to_one_person_only() -> None:
    """k officers and the front make a second log for one donor. His receipt verifies alone, not beside the true log."""
    log = check(Folder(folder_of([notice(1), *OWN_ENTRIES]))).found
    assert check_receipt(receipt(), POLICY, entry=OWN_ENTRIES[0]).holds
    report = check_receipt(receipt(), POLICY, entry=OWN_ENTRIES[0], log=log)
    assert isinstance(report.error, Forked)
    assert isinstance(check_code(slips(0), CODE, POLICY, log=log).error, Forked)


def test_code() -> None:
    report = check_code(slips(0, 1, 4), CODE, POLICY, log=own_log())
    assert report.holds
    assert report.found is not None
    assert [one.receipt.amount_minor for one in report.found] == [100, 101, 104]
    assert [step.number for step in report.steps] == ["7.1", "7.2", "7.3"] * 3 + ["7.4", "2"]


def test_code_without_slips() -> None:
    assert check_code([], CODE, POLICY).found == ()


def test_code_that_fails() -> None:
    assert [step.number for step in check_code(slips(0, 0), CODE, POLICY).steps if step.outcome == "fails"] == ["7.4"]
    other = CodeKeys.from_code(54321, bytes(16))
    report = check_code(slips(0), other, POLICY)
    assert [step.outcome for step in report.steps] == ["fails", "not finished", "not finished"]


def test_code_of_the_vectors() -> None:
    keys = VECTORS["slips"]
    own = SlipKeys(*(bytes.fromhex(keys[name]) for name in ("lookup_id", "slip_key", "blind_key")))
    sealed = [from64(case["slip"]) for case in keys["valid"]]
    report = check_code(sealed, own, VECTOR_POLICY, log=GOOD.found)
    assert report.holds


def test_nothing_of_the_secrets_is_in_a_report() -> None:
    shown = repr(check_code(slips(0), CODE, POLICY)) + repr(check_receipt(receipt(), POLICY, log=own_log()))
    for secret in (CODE.secret, CODE.slip_key, NONCES[0], GIVEN[0].blind.to_bytes(32, "little")):
        assert secret.hex() not in shown
        assert b64encode(secret).decode() not in shown
        assert repr(secret)[2:-1] not in shown
    assert len(KEYS) == 5
