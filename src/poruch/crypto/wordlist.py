"""The 7776 words that codes are shown in, and which of them are near a mistyped one."""

from functools import cache
from importlib.resources import files

LIST_SIZE = 7776
_LETTERS = "abcdefghijklmnopqrstuvwxyz-"
_MAX_LENGTH = 24  # letters looked at; the longest word has 9
_MAX_DISTANCE = 2
_MAX_NEAR = 5


@cache
def word_list() -> tuple[str, ...]:
    """The EFF long list in its order; the place of a word is its number, from 0."""
    return tuple((files("poruch.crypto") / "words" / "eff_long.txt").read_text("ascii").split())


@cache
def word_numbers() -> dict[str, int]:
    """The number of each word."""
    return {word: number for number, word in enumerate(word_list())}


def one_slip_away(word: str) -> list[str]:
    """Words of the list one slip from `word`: a letter left out, added or changed, or two neighbours swapped."""
    splits = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    spellings = {head + tail[1:] for head, tail in splits if tail}
    spellings |= {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
    spellings |= {head + letter + tail for head, tail in splits for letter in _LETTERS}
    spellings |= {head + letter + tail[1:] for head, tail in splits if tail for letter in _LETTERS}
    numbers = word_numbers()
    return sorted(spelling for spelling in spellings if spelling in numbers and spelling != word)


def near_words(word: str) -> list[str]:
    """At most five words of the list within two slips of `word`, the nearest first, then by alphabet."""
    typed = word.strip().lower()[:_MAX_LENGTH]
    letters = frozenset(typed)
    ranked = []
    for candidate, candidate_letters in _letter_sets():
        # A slip changes the set of letters by two at most: this leaves out nearly all words without comparing them.
        if len(letters ^ candidate_letters) <= 2 * _MAX_DISTANCE and abs(len(candidate) - len(typed)) <= _MAX_DISTANCE:
            distance = _distance(typed, candidate)
            if distance <= _MAX_DISTANCE:
                ranked.append((distance, candidate))
    return [candidate for _, candidate in sorted(ranked)[:_MAX_NEAR]]


@cache
def _letter_sets() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((word, frozenset(word)) for word in word_list())


def _distance(left: str, right: str) -> int:
    """The number of slips between two words (optimal string alignment distance)."""
    rows = [list(range(len(right) + 1))]
    for i, letter in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
