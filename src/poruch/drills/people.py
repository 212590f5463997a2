"""Wholly invented people who ask the fund for help, the same for the same seed.

Nobody here lives, and no place or event has its real name. Names are put together from two lists, stories from pieces
(people_words/); account numbers are drawn until they pass every check of their country.
"""

from dataclasses import dataclass
from random import Random

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from poruch.drills.fragments import LANGUAGES, Bag, Fragment, fill, fragments, table
from poruch.drills.submissions import Submission
from poruch.rails.charset import to_sepa

MOST_PEOPLE = 1000
FOLDER = "people_words"
PIECES = ("opening", "refusal", "followed", "now", "afterword", "need", "danger", "when", "other_funds", "contact")

_OF_TEN = ("be",) * 4 + ("ru",) * 3 + ("uk",) * 2 + ("en",)

# The code of a bank in each country, and how many digits an account has there (ISO 13616 registry).
_BANKS = (
    ("LT", ("70440", "73000", "35000"), 11),
    ("PL", ("10201055", "11402004", "10501445"), 16),
    ("DE", ("37040044", "50010517", "10010010"), 10),
    ("EE", ("22", "10", "77"), 11),
    ("LV", ("HABA", "UNLA", "PARX"), 13),
    ("NL", ("ABNA", "INGB", "RABO"), 10),
    ("CZ", ("0800", "0100", "2010"), 10),
)


@dataclass(frozen=True)
class _Traits:
    """What all pieces of one person must agree on."""

    who: str
    sex: str
    place: str
    family: bool

    def fit(self, piece: Fragment) -> bool:
        return (
            (not piece.who or self.who in piece.who)
            and piece.place in ("", self.place)
            and (self.family or not piece.family)
            and (self.who != "other" or not piece.job)
        )


class _Speakers:
    """People of one language. Each piece is used once before any is used again."""

    def __init__(self, language: str, random: Random) -> None:
        self.language, self.random = language, random
        self.words = table(FOLDER, language)
        self.bags = {key: Bag(fragments(self.words, key), random) for key in PIECES}
        self.families: list[list[str]] = []

    def next(self, seen: set[str]) -> Submission:
        """One more person, whose name, story and account are not in `seen`; they are put there."""
        opening, traits, story = self._story(seen)
        short, name = self._name(traits.sex, seen)
        payee = short if self.random.random() < 0.3 else to_sepa(short, 70)
        answers = {
            key: self._say(self.bags[key].draw(traits.fit), traits, opening.voice)
            for key in ("need", "danger", "when", "other_funds")
        }
        return Submission(
            language=self.language,
            who=traits.who,
            happened=story,
            **answers,
            name_in_story=False,
            name=name,
            contact=fill(self.bags["contact"].draw().text, traits.sex, [], self.random),
            payee_name=payee,
            payee_iban=_iban(self.random, seen),
            payee_bic="",
        )

    def _story(self, seen: set[str]) -> tuple[Fragment, _Traits, str]:
        while True:
            opening = self.bags["opening"].draw()
            traits = self._traits(opening)
            story = self._tell(opening, traits)
            if story not in seen:
                seen.add(story)
                return opening, traits, story

    def _traits(self, opening: Fragment) -> _Traits:
        (who,) = opening.who
        sex = opening.sex or self.random.choice("mf")
        place = "home" if opening.whole or self.random.random() < 0.65 else "abroad"
        family = not opening.alone and not opening.whole and self.random.random() < 0.6
        return _Traits(who, sex, place, family)

    def _tell(self, opening: Fragment, traits: _Traits) -> str:
        pieces = [opening]
        if not opening.whole:
            keys = [] if opening.told else ["refusal"]
            keys.append("followed")
            keys += ["now"] if self.random.random() < 0.6 else []
            keys += ["afterword"] if self.random.random() < 0.4 else []
            pieces += [self.bags[key].draw(traits.fit) for key in keys]
        parts = [self._say(piece, traits, opening.voice) for piece in pieces]
        if opening.voice == "careless":
            return " ".join(parts)
        gaps = [self.random.choice((" ", "\n\n", "\n\n")) for _ in parts[1:]]
        return parts[0] + "".join(gap + part for gap, part in zip(gaps, parts[1:], strict=True))

    def _say(self, piece: Fragment, traits: _Traits, voice: str) -> str:
        said = fill(piece.text, traits.sex, self.words["towns"], self.random)
        return said.lower() if voice == "careless" else said

    def _name(self, sex: str, seen: set[str]) -> tuple[str, str]:
        """A given name and a surname, and the same as the person writes it (perhaps with the father's name)."""
        names, column = self.words["names"], 0 if sex == "m" else 1
        while True:
            if not self.families:
                self.families = self.random.sample(names["families"], len(names["families"]))
            given = self.random.choice(names["men" if sex == "m" else "women"])
            family = self.families.pop()[column]
            short = f"{given} {family}"
            if short not in seen:
                seen.add(short)
                break
        if not names["fathers"] or self.random.random() < 0.4:
            return short, short
        father = self.random.choice(names["fathers"])[column]
        return short, self.random.choice((f"{given} {father} {family}", f"{family} {given} {father}"))


def invent(count: int, seed: int) -> list[Submission]:
    """`count` people (at most `MOST_PEOPLE`) in four languages, Belarusian to English as 4:3:2:1.

    No two share a name, a story or an IBAN. Their order and all they say follow from `seed` alone.
    """
    if not 0 <= count <= MOST_PEOPLE:
        raise ValueError(f"between 0 and {MOST_PEOPLE} people can be invented")
    random = Random(seed)  # noqa: S311 (a demo wants the same people again)
    speakers = {language: _Speakers(language, random) for language in LANGUAGES}
    seen: set[str] = set()
    people: list[Submission] = []
    while len(people) < count:
        people += [speakers[language].next(seen) for language in random.sample(_OF_TEN, len(_OF_TEN))]
    return people[:count]


def _iban(random: Random, seen: set[str]) -> str:
    """An account number that passes the checks of its bank and country; its account is nobody's that we know of."""
    country, banks, digits = random.choice(_BANKS)
    while True:
        bank, account = random.choice(banks), f"{random.randrange(1, 10**digits):0{digits}}"
        try:
            iban = str(IBAN(str(IBAN.generate(country, bank, account)), validate_bban=True))
        except SchwiftyException:
            continue  # a national check digit did not fit
        if iban not in seen:
            seen.add(iban)
            return iban
