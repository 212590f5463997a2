"""What a front knows for minutes only, and what it makes of typed text."""

import io
import logging
import sys

import pytest

from poruch.errors import BadIban
from poruch.front.memory import PASS_SECONDS, MemoryKey
from poruch.front.nonces import Nonces
from poruch.front.references import ALPHABET, in_fours, new_reference, parse_iban, remainder
from poruch.front.silence import NamesOnly
from poruch.front.text import clean


class Seconds:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_mark_is_of_this_key_only() -> None:
    key = MemoryKey()
    mark = key.new_mark()
    assert key.nonce(mark) is not None
    assert key.nonce(mark) != key.nonce(key.new_mark())
    assert MemoryKey().nonce(mark) is None
    for bad in ("", "zz", mark[:-2], mark + "00", mark[:-2] + ("00" if mark[-2:] != "00" else "01"), "é" * 96):
        assert key.nonce(bad) is None


def test_a_pass_opens_for_twenty_minutes() -> None:
    seconds = Seconds()
    key = MemoryKey(seconds=seconds)
    closed = key.seal_pass(b"s" * 32)
    assert b"s" * 32 not in closed.encode()
    assert key.open_pass(closed) == b"s" * 32
    seconds.now += PASS_SECONDS
    assert key.open_pass(closed) == b"s" * 32
    seconds.now += 1
    assert key.open_pass(closed) is None


@pytest.mark.parametrize("bad", ["", "x", "é", "A" * 88, "A" * 401, "A" * 1_000_000, "\x00"])
def test_a_pass_that_is_none(bad: str) -> None:
    assert MemoryKey().open_pass(bad) is None


def test_a_pass_of_another_start_is_none() -> None:
    assert MemoryKey().open_pass(MemoryKey().seal_pass(b"s" * 32)) is None


def test_the_same_form_draws_the_same_and_others_do_not() -> None:
    key, one, two = MemoryKey(), b"1" * 16, b"2" * 16
    assert key.draw(one, "code")(12) == key.draw(one, "code")(12)
    drawn = {key.draw(one, "code")(12), key.draw(two, "code")(12), key.draw(one, "reference")(12)}
    assert len(drawn) == 3
    random = key.draw(one, "code")
    assert random(12) != random(12)
    assert key.once(one) != key.once(two)


def test_the_key_is_not_shown() -> None:
    assert repr(MemoryKey(b"k" * 32)) == "MemoryKey()"


def test_a_nonce_is_forgotten_when_its_days_are_over() -> None:
    from datetime import date, timedelta

    nonces, day = Nonces(), date(2026, 11, 22)
    assert nonces.take(b"n", day)
    assert not nonces.take(b"n", day)
    assert not nonces.take(b"n", day + timedelta(days=1))
    assert nonces.take(b"n", day + timedelta(days=5))


@pytest.mark.parametrize(
    ("typed", "kept", "signs"),
    [
        ("  two\r\nlines\rthree ", "two\nlines\nthree", False),
        ("a\x00b", "ab", True),
        ("a\u202eb\u2069", "ab", True),
        ("so\u00adft\u200b", "soft", False),
        ("e\u0301", "é", False),
        ("tab\tstays", "tab\tstays", False),
        ("\U000e0041tag", "tag", True),
        ("\u2028", "", True),
        ("яна з'ехала 🙂", "яна з'ехала 🙂", False),
    ],
)
def test_text_in_one_spelling(typed: str, kept: str, signs: bool) -> None:
    assert clean(typed) == (kept, signs)


def test_references_hold_their_checksum_and_nothing_else() -> None:
    import os

    made = {new_reference(os.urandom) for _ in range(200)}
    assert len(made) == 200
    assert all(len(one) == 16 and remainder(one[4:] + one[:4]) == 1 and set(one[4:]) <= set(ALPHABET) for one in made)
    assert in_fours("RF18539007547034") == "RF18 5390 0754 7034"


def test_references_are_those_that_the_rails_read() -> None:
    import os

    from poruch.rails import references

    made = new_reference(os.urandom)
    assert references.parse(in_fours(made)) == made
    assert references.find(f"gift {in_fours(made)} thanks") == (made,)


@pytest.mark.parametrize("good", ["LT121000011101001000", "lt12 1000 0111 0100 1000", "DE89-3704-0044-0532-0130-00"])
def test_ibans_in_one_spelling(good: str) -> None:
    assert parse_iban(good) == "".join(sign for sign in good.upper() if sign.isalnum())


@pytest.mark.parametrize("bad", ["", "LT12", "LT121000011101001001", "ЛТ121000011101001000", "LT12" * 20, "1" * 20])
def test_what_is_no_iban(bad: str) -> None:
    with pytest.raises(BadIban) as caught:
        parse_iban(bad)
    assert caught.value.detail == ""


def test_an_error_is_written_by_its_class_and_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    try:
        parse_iban("secret")
    except BadIban:
        record = logging.LogRecord("django.request", logging.ERROR, "", 0, "secret %s", ("secret",), sys.exc_info())
        NamesOnly().emit(record)
    assert out.getvalue().startswith("front: BadIban at poruch/front/references.py:")
    assert "secret" not in out.getvalue()


def test_a_record_without_an_error_is_its_logger_only(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    for level in (logging.DEBUG, logging.WARNING, logging.ERROR):
        NamesOnly().emit(logging.LogRecord("django.request", level, "", 0, "/en/secret", (), None))
    assert out.getvalue() == "front: django.request ERROR\n"
