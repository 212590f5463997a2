"""Fingerprints as words: two hand-made ones, and that every word matters."""

from poruch.crypto.fingerprint import fingerprint_words
from poruch.crypto.wordlist import LIST_SIZE, word_list


def test_a_fingerprint_is_eight_words_the_least_significant_first() -> None:
    first, second, last = word_list()[0], word_list()[1], word_list()[-1]
    assert fingerprint_words(bytes(32)) == " ".join([first] * 8)
    assert fingerprint_words((1).to_bytes(32, "big")) == " ".join([second] + [first] * 7)
    assert fingerprint_words((LIST_SIZE**8 - 1).to_bytes(32, "big")) == " ".join([last] * 8)
