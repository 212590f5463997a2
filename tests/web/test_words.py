"""The catalogues: every string in every language, with the same blanks, and all plurals."""

import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from web.extracting import SOURCE, strings

LOCALE = SOURCE / "web" / "locale"
LANGUAGES = ("be", "en")
BLANK = re.compile(r"%\(\w+\)s")
TARASHKIEVITSA = re.compile("сьн|зьм|[сз]ьв|цьв|[ыі]льл|плян|эўро|цьц", re.IGNORECASE)
RUSSIAN = re.compile("[иъщИЪЩ]")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_there_and_no_other(language: str) -> None:
    there = {(entry.msgid, entry.msgid_plural) for entry in catalogue(language) if not entry.msgctxt}
    assert there == strings()


def test_belarusian_is_complete() -> None:
    entries = catalogue("be")
    assert entries.untranslated_entries() == []
    assert entries.fuzzy_entries() == []
    for entry in entries:
        if entry.msgid_plural:
            assert sorted(entry.msgstr_plural) == [0, 1, 2]
            assert all(entry.msgstr_plural.values())


def test_blanks_are_the_same_in_both_languages() -> None:
    for entry in catalogue("be"):
        wanted = set(BLANK.findall(entry.msgid + entry.msgid_plural))
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert set(BLANK.findall(text)) in (wanted, wanted | {"%(n)s"}), entry.msgid


def test_belarusian_is_written_in_the_official_orthography() -> None:
    for entry in catalogue("be"):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not RUSSIAN.search(text), text
            assert not TARASHKIEVITSA.search(text), text
            assert "'" not in text, text  # the apostrophe of the alphabet is ’


def test_the_words_that_are_not_ours_do_not_occur() -> None:
    words = re.compile(r"\b(users?|transactions?|wallets?|tokens?|blockchain|ledger)\b", re.IGNORECASE)
    assert [text for text, plural in strings() if words.search(text + plural)] == []


PRINTING = """
import sys
sys.path.insert(0, {source!r})
from pathlib import Path
from django.conf import settings
from poruch.front import settings as front
settings.configure(**front.build(Path({folder!r})))
import datetime, django
django.setup()
from django.utils.translation import override
from poruch.web import money, tags
for language in ("en", "be"):
    with override(language):
        for amount in (0, 5, 150, 123456789, -2050):
            print(money.named(amount, "EUR"), money.plain(amount, "EUR", whole=True), sep="|")
        print(money.named(1500, "JPY"), money.named(1500, "BYN"), sep="|")
        print(tags.day(datetime.date(2026, 3, 9)), tags.day(datetime.date(2026, 12, 31)), tags.number(1184), sep="|")
print([tags.bar(part, 300) for part in (0, 1, 2, 111, 299, 300, 400)], tags.bar(1, 0))
"""
PRINTED = """\
€ 0.00|0
€ 0.05|0.05
€ 1.50|1.50
€ 1 234 567.89|1 234 568
€ −20.50|−21
¥ 1 500|BYN 15.00
9 March 2026|31 December 2026|1 184
0,00 €|0
0,05 €|0,05
1,50 €|1,50
1 234 567,89 €|1 234 568
−20,50 €|−21
1 500 ¥|15,00 BYN
9 сакавіка 2026|31 снежня 2026|1 184
['t0 u0', 't0 u0', 't0 u1', 't3 u7', 't10 u0', 't10 u0', 't10 u0'] t0 u0
"""


def test_money_days_and_numbers(tmp_path: Path) -> None:
    program = PRINTING.format(source=str(SOURCE.parent), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.replace("\xa0", " ") == PRINTED
