"""The desk's catalogue: every string in Belarusian, the same blanks, all plurals, official orthography."""

import re

import polib
import pytest

from desk.desk_strings import SOURCE, error_sentences, strings

BLANK = re.compile(r"%\(\w+\)s|%s")
TARASHKIEVITSA = re.compile(r"сьн|(?<!ва)зьм|[сз]ьв|цьв|ьлл|ільл|плян|лёс$|эўро", re.IGNORECASE)
RUSSIAN = re.compile("[иъщИЪЩ]")
NOT_OURS = re.compile(r"\b(users?|transactions?|wallets?|tokens?|blockchain|ledger)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(SOURCE / "desk" / "locale" / "be" / "LC_MESSAGES" / "django.po"))


def test_every_string_is_there_and_no_other(catalogue: polib.POFile) -> None:
    there = {(entry.msgid, entry.msgid_plural) for entry in catalogue}
    assert strings() - there == set()
    assert there - strings() == set()
    assert len(error_sentences()) > 90


def test_it_is_complete(catalogue: polib.POFile) -> None:
    assert catalogue.untranslated_entries() == []
    assert catalogue.fuzzy_entries() == []
    for entry in catalogue:
        if entry.msgid_plural:
            assert sorted(entry.msgstr_plural) == [0, 1, 2]
            assert all(entry.msgstr_plural.values())


def test_blanks_are_the_same(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert sorted(BLANK.findall(text)) == sorted(set(BLANK.findall(entry.msgid))), entry.msgid


def test_the_orthography_is_the_official_one(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not RUSSIAN.search(text), text
            assert not TARASHKIEVITSA.search(text), text
            assert "'" not in text, text


def test_words_that_are_not_ours_do_not_occur() -> None:
    assert [text for text, plural in strings() if NOT_OURS.search(text + plural)] == []
