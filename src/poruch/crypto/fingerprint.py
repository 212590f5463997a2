"""A fingerprint as words: what founders write down, and read to each other aloud."""

from poruch.crypto.wordlist import LIST_SIZE, word_list

FINGERPRINT_WORDS = 8  # 103 bits: nobody makes a second fund with the same words


def fingerprint_words(fingerprint: bytes) -> str:
    """32 bytes as eight words of the list of receipt codes, the least significant first, with single spaces."""
    number, words = int.from_bytes(fingerprint, "big"), []
    for _ in range(FINGERPRINT_WORDS):
        number, place = divmod(number, LIST_SIZE)
        words.append(word_list()[place])
    return " ".join(words)
