"""Folding a name to a skeleton that its Belarusian, Russian, Ukrainian and Latin spellings share.

One person stands in a passport as Aliaksandr Kavaliou, in a Russian register as Александр Ковалёв, in a newspaper as
Aleksandr Kovalyov or Alaksandr Kavaloŭ. Comparing letters finds none of them; measuring distances finds everybody. So
each word is brought down to what all these spellings keep, and then compared exactly:

1. Unicode NFKC, lower case; apostrophes, soft and hard signs go; words are runs of letters.
2. A word that mixes Cyrillic with Latin look-alikes (official lists do) becomes one script.
3. Cyrillic and Latin (digraphs, lacinka, Polish) are written in one alphabet: consonants (j ж, x х, c ч, w ш; h and г
   are one) and three vowels: `a` for a, o, e and what is softened before them, `i` for i and y, `u` for u. So akanne
   (Ковалёв, Кавалёў) and the hard consonants of Belarusian (Шевчук, Шаўчук) leave no trace.
4. дз is d and ц is t (dzekanne, tsekanne: Дзмітрый, Ціхан); u after a vowel or at the beginning is v (ў; Уласаў,
   Власов); the в that Belarusian puts before such a u goes (Навуменка, Науменко).
5. i beside another vowel is a glide and goes; doubled consonants are one.
6. A given name with more than one form (Мікалай, Николай, Mykola) becomes the first of its row in `given_names`.

A Latin h may be г or х (Tihanovskaya), so a name with one has two skeletons. Words are compared without order. Of
three words and more one patronymic is set aside, since half the spellings leave it out.

The price is known: names that differ only in a, o and e, or in a glide, are one (Мария and Мара). Screening shows a
match to an officer; it decides nothing.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from poruch.errors import BadName
from poruch.screening.given_names import ROWS

LONGEST_NAME = 300

# Apostrophes and signs of hardness; accents set on Cyrillic vowels (Ко́валь).
_IGNORED = re.compile(
    "['`\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}ьъ\u0300\u0301]"
)
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]")
_LOOKS_CYRILLIC = str.maketrans("aceiopxyhkmtb", "асеіорхункмтв")
_LOOKS_LATIN = str.maketrans("асеіорхункмтв", "aceiopxyhkmtb")

_FROM_CYRILLIC = str.maketrans(
    dict(zip("абвгґдежзиійклмнопрстуўфхцчшыэї", "abvggdajziiiklmnaprstuvfxtcwiai", strict=True))
    | {"щ": "wc", "ё": "ia", "є": "ia", "ю": "iu", "я": "ia"}
)
_LACINKA = re.compile("[čšžćśźńłŭż]")
_DIGRAPHS = (
    {"shch": "wc", "szcz": "wc", "sh": "w", "sz": "w", "š": "w", "ś": "s", "kh": "x", "zh": "j", "ž": "j", "ż": "j"}
    | {"tsch": "c", "tch": "c", "ch": "c", "cz": "c", "č": "c", "ck": "tk", "ć": "t", "ń": "n", "ł": "l", "ŭ": "v"}
    | {"ź": "z", "ff": "v", "ph": "f", "th": "t", "x": "ks", "q": "k", "w": "v", "j": "i", "y": "i", "o": "a"}
    | {"e": "a", "ü": "u", "đ": "d", "ø": "a"}
)
_SPELLED = re.compile("|".join(sorted(_DIGRAPHS, key=len, reverse=True)) + "|i[cć]$|c(?=[eiy])|c|h")
_PATRONYMIC = re.compile("(?:vic|vna|icna|^ilic|^kuzmic|^famic|^lukic|^nikitic)$")

_SHORTENINGS = tuple(
    (re.compile(before), after)
    for before, after in (
        ("ts", "t"),
        ("dz", "d"),
        ("(?<=a)u", "v"),
        ("avu(?=[^aiu])", "av"),
        ("^u(?=[^aiu])", "v"),
        ("i+", "i"),
        ("i(?=[au])|(?<=[au])i", ""),
        (r"([^aiu])\1+", r"\1"),
    )
)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`key` is the folded words in alphabetical order without the patronymic, which stands apart if there is one."""

    key: str
    patronymic: str | None


def fold(name: str, known: dict[tuple[str, bool, str], str] | None = None) -> tuple[Skeleton, ...]:
    """The skeletons of a name: one, or two if a Latin h leaves г and х open. Raises BadName.

    `known` keeps folded words between the names of one list; screened names are folded without it and leave no trace.
    """
    if len(name) > LONGEST_NAME:
        raise BadName(f"a name has at most {LONGEST_NAME} characters")
    plain = unicodedata.normalize("NFC", _IGNORED.sub("", unicodedata.normalize("NFKC", name).lower()))
    words = [_one_script(word) for word in _WORD.findall(plain)]
    if not words:
        raise BadName
    lacinka = bool(_LACINKA.search(plain))
    known = {} if known is None else known
    skeletons = []
    for h in "gx" if "h" in plain else "g":
        for word in words:
            if (word, lacinka, h) not in known:
                known[word, lacinka, h] = _folded_word(word, lacinka, h)
        skeletons.append(_skeleton([known[word, lacinka, h] for word in words]))
    return tuple(dict.fromkeys(skeletons))


def _skeleton(folded: list[str]) -> Skeleton:
    at = _patronymic_at(folded)
    patronymic = folded[at] if at is not None else None
    names = _given_names()
    core = [names.get(word, word) for place, word in enumerate(folded) if place != at]
    return Skeleton(" ".join(sorted(core)), patronymic)


def _patronymic_at(folded: list[str]) -> int | None:
    """Which word is the patronymic: surnames end alike (Стефанович), so its place decides."""
    if len(folded) < 3:
        return None
    places = [place for place, word in enumerate(folded) if _PATRONYMIC.search(word)]
    if 1 in places:
        return 1
    return places[-1] if places and places[-1] > 0 else None


def _folded_word(word: str, lacinka: bool, h: str) -> str:
    """One word in the alphabet of skeletons; letters of other scripts stay as they are."""
    if _CYRILLIC.search(word):
        spelled = word.translate(_FROM_CYRILLIC)
        if not spelled.isascii():
            spelled = _bare(word, keep="йёўїґ").translate(_FROM_CYRILLIC)
    else:
        spelled = _from_latin(word, lacinka, h)
    for before, after in _SHORTENINGS:
        spelled = before.sub(after, spelled)
    return spelled


def _from_latin(word: str, lacinka: bool, h: str) -> str:
    def letter(found: re.Match[str]) -> str:
        match found[0]:
            case "h":
                return h
            case "ch" if lacinka:
                return "x"
            case "ic" | "ić":  # the end of a surname in -vic, -vić
                return "ic"
            case "c":
                soft = found.end() < len(word) and word[found.end()] in "eiy"
                return "t" if lacinka or soft else "k"
            case spelling:
                return _DIGRAPHS[spelling]

    return _bare(_SPELLED.sub(letter, _bare(word, keep="čšžćśźńłŭżđøü")), keep="")


def _bare(word: str, keep: str) -> str:
    """`word` without accents, except on the letters in `keep`, where the mark makes another letter."""
    if word.isascii():
        return word
    return "".join(sign if sign in keep else unicodedata.normalize("NFD", sign)[0] for sign in word)


def _one_script(word: str) -> str:
    """A word of two scripts in the one that has letters of its own in it; if both have, it stays as it is."""
    if not (_CYRILLIC.search(word) and _LATIN.search(word)):
        return word
    in_cyrillic, in_latin = word.translate(_LOOKS_CYRILLIC), word.translate(_LOOKS_LATIN)
    if not _LATIN.search(in_cyrillic):
        return in_cyrillic
    return word if _CYRILLIC.search(in_latin) else in_latin


@cache
def _given_names() -> dict[str, str]:
    """Folded form -> folded first form of its row."""
    return {_folded_form(form): _folded_form(row[0]) for row in ROWS for form in row}


def _folded_form(form: str) -> str:
    return _folded_word(_IGNORED.sub("", form.lower()), False, "g")
