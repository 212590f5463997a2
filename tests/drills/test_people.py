"""The invented people are many, distinct and payable; every piece of text is somebody's, in its language's script."""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schwifty import IBAN

from poruch.drills import notes
from poruch.drills.fragments import LANGUAGES, Bag, Fragment, fill, fragments, table
from poruch.drills.people import FOLDER, MOST_PEOPLE, PIECES, invent
from poruch.drills.submissions import KINDS, Submission
from poruch.rails.iban import parse_iban
from poruch.screening.lists import parse_list, screen

LISTS = Path(__file__).resolve().parents[2] / "examples" / "lists" / "names.csv"
LETTERS = {
    "be": set("абвгдеёжзійклмнопрстуўфхцчшыьэюя"),
    "ru": set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    "uk": set("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
    "en": set("abcdefghijklmnopqrstuvwxyz"),
}
NOTES = (notes.reading_reason, notes.note, notes.question, notes.answer)
MARKS = re.compile(r"\[[^|\]]*\|[^|\]]*\]|\{[^}]*\}")
seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def crowd() -> list[Submission]:
    return [person for seed in range(25) for person in invent(60, seed)]


def texts(person: Submission) -> list[str]:
    return [person.happened, person.when, person.danger, person.need, person.other_funds, person.name, person.contact]


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_sixty_people_share_nothing(seed: int) -> None:
    people = invent(60, seed)
    for what in ("name", "happened", "payee_iban", "payee_name"):
        assert len({getattr(person, what) for person in people}) == 60, what
    assert len({person.happened[:40] for person in people}) >= 58, "two begin alike"
    assert Counter(person.language for person in people) == {"be": 24, "ru": 18, "uk": 12, "en": 6}
    assert {person.who for person in people} == set(KINDS)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_one_seed_gives_the_same_people(seed: int) -> None:
    assert invent(13, seed) == invent(13, seed)
    assert invent(13, seed) != invent(13, seed + 1)


def test_more_people_begin_with_the_same_ones() -> None:
    assert invent(60, 3)[:12] == invent(12, 3)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_any_count(count: int) -> None:
    assert len(invent(count, 1)) == count


@pytest.mark.parametrize("count", [-1, MOST_PEOPLE + 1])
def test_no_more_than_the_words_can_tell_apart(count: int) -> None:
    with pytest.raises(ValueError, match="people"):
        invent(count, 1)


def test_as_many_as_allowed_are_still_distinct() -> None:
    people = invent(MOST_PEOPLE, 5)
    for what in ("name", "happened", "payee_iban"):
        assert len({getattr(person, what) for person in people}) == MOST_PEOPLE, what


def test_every_account_passes_the_checks_of_its_country(crowd: list[Submission]) -> None:
    for person in crowd:
        assert parse_iban(person.payee_iban) == person.payee_iban
        assert IBAN(person.payee_iban, validate_bban=True).is_valid
        assert person.payee_bic == ""
    assert {person.payee_iban[:2] for person in crowd} == {"LT", "PL", "DE", "EE", "LV", "NL", "CZ"}


def test_every_text_is_of_a_length_that_the_form_takes(crowd: list[Submission]) -> None:
    for person in crowd:
        assert 40 <= len(person.happened) <= 3000
        assert 20 <= len(person.need) <= 500
        assert len(person.danger) <= 500
        assert len(person.when) <= 120
        assert len(person.other_funds) <= 500
        assert 5 <= len(person.name) <= 60
        assert len(person.payee_name) <= 70
        assert "\n" not in person.when + person.name + person.payee_name
    assert {bool(person.danger) for person in crowd} == {True, False}


def test_most_people_name_a_sum(crowd: list[Submission]) -> None:
    named = [person for person in crowd if re.search(r"\d+ (еўра|евро|євро|euro)", person.need)]
    assert len(named) > 0.9 * len(crowd)


def test_the_script_fits_the_language(crowd: list[Submission]) -> None:
    for person in crowd:
        for text in texts(person):
            assert letters(text) <= LETTERS[person.language], text
            assert not MARKS.search(text), text
            assert text == text.strip()


def letters(text: str) -> set[str]:
    return {sign for sign in text.lower() if sign.isalpha()}


def test_u_is_short_after_a_vowel_and_only_there(crowd: list[Submission]) -> None:
    """The Belarusian rule that composed text breaks first."""
    for person in crowd:
        if person.language == "be":
            for text in texts(person)[:5]:
                assert not re.search(r"[аеёіоуыэюя] у", text.lower()), text
                assert not re.search(r"(^|[^аеёіоуыэюя] )ў", text.lower()), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_is_somebodys(language: str, crowd: list[Submission]) -> None:
    said = "\n".join("\n".join(texts(person)) for person in crowd if person.language == language).lower()
    words = table(FOLDER, language)
    for key in PIECES:
        for piece in fragments(words, key):
            longest = max(MARKS.split(piece.text), key=len)
            assert longest.lower() in said, (key, piece.text)
    for town in words["towns"]:
        assert town.lower() in said, town


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_somebodys(language: str) -> None:
    people = [person for seed in range(4) for person in invent(400, seed) if person.language == language]
    said = {word for person in people for word in person.name.split()}
    names = table(FOLDER, language)["names"]
    pairs = [*names["families"], *names["fathers"]]
    assert {*names["men"], *names["women"]} | {name for pair in pairs for name in pair} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_enough_to_say(language: str) -> None:
    words = table(FOLDER, language)
    openings = fragments(words, "opening")
    assert len(openings) >= 12
    assert len({piece.text for piece in openings}) == len(openings)
    assert len(words["refusal"]) + len(words["followed"]) >= 10
    assert len(words["need"]) >= 8
    assert {kind for piece in openings for kind in piece.who} == set(KINDS)
    assert all(len(piece.who) == 1 for piece in openings)


@pytest.mark.parametrize(("language", "ending"), [("be", "ў"), ("ru", ("л", "г", "к")), ("uk", "в")])
def test_he_and_she_speak_as_he_and_she(language: str, ending: str | tuple[str, ...]) -> None:
    choices = [
        found
        for key in PIECES
        for piece in fragments(table(FOLDER, language), key)
        for found in re.findall(r"\[([^|\]]*)\|([^|\]]*)\]", piece.text)
    ]
    assert all(his != hers for his, hers in choices)
    verbs = [(his, hers) for his, hers in choices if hers.endswith("ла")]
    assert len(verbs) >= 10
    assert all(his.endswith(ending) for his, _ in verbs)


def test_a_name_and_a_story_are_of_one_sex(crowd: list[Submission]) -> None:
    told = {"be": ("адказаў", "адказала"), "ru": ("попросил ", "попросила "), "uk": ("попросив ", "попросила ")}
    checked = 0
    for person in crowd:
        if person.language not in told:
            continue
        his, hers = (re.compile(rf"(^|\W){word}") for word in told[person.language])
        women = set(table(FOLDER, person.language)["names"]["women"])
        is_woman = bool(women & set(person.name.split()))
        for word, expected in ((his, False), (hers, True)):
            if word.search(person.happened.lower()):
                assert is_woman is expected, person.happened
                checked += 1
    assert checked > 50


def tagged(language: str, keys: tuple[str, ...], tag: str) -> list[tuple[str, str]]:
    """The longest plain part of each piece with this condition, and the condition."""
    pieces = [piece for key in keys for piece in fragments(table(FOLDER, language), key)]
    return [
        (max(MARKS.split(piece.text), key=len).lower(), getattr(piece, tag)) for piece in pieces if getattr(piece, tag)
    ]


def test_an_opening_for_one_sex_is_told_by_that_sex(crowd: list[Submission]) -> None:
    checked = 0
    for person in crowd:
        women = set(table(FOLDER, person.language)["names"]["women"])
        sex = "f" if women & set(person.name.split()) else "m"
        for text, expected in tagged(person.language, ("opening",), "sex"):
            if text in person.happened.lower():
                assert sex == expected, person.happened
                checked += 1
    assert checked > 500


def test_nobody_is_at_home_and_abroad(crowd: list[Submission]) -> None:
    for person in crowd:
        told = "\n".join(texts(person)).lower()
        places = {place for text, place in tagged(person.language, ("now", "need", "danger"), "place") if text in told}
        assert len(places) <= 1, told


def test_who_is_alone_speaks_of_no_children(crowd: list[Submission]) -> None:
    checked = 0
    for person in crowd:
        if any(text in person.happened.lower() for text, _ in tagged(person.language, ("opening",), "alone")):
            checked += 1
            for text, _ in tagged(person.language, ("need", "danger"), "family"):
                assert text not in (person.need + person.danger).lower()
    assert checked > 50


def test_nobody_is_on_the_example_lists(crowd: list[Submission]) -> None:
    index = parse_list(LISTS.read_bytes())
    for name in {person.payee_name for person in crowd}:
        assert screen(name, index) == (), name


def test_a_bag_gives_each_piece_once_before_any_twice() -> None:
    bag = Bag([Fragment(letter) for letter in "abcde"], Random(1))  # noqa: S311
    drawn = [bag.draw().text for _ in range(10)]
    assert sorted(drawn[:5]) == sorted(drawn[5:]) == list("abcde")
    with pytest.raises(LookupError):
        bag.draw(lambda _: False)


@pytest.mark.parametrize(
    ("text", "sex", "said"),
    [
        ("[he|she] said", "m", "he said"),
        ("[he|she] said", "f", "she said"),
        ("{7-7} and {90-90}", "m", "7 and 90"),
        ("lives {town}", "f", "lives in X"),
    ],
)
def test_marks_are_filled_in(text: str, sex: str, said: str) -> None:
    assert fill(text, sex, ["in X"], Random(1)) == said  # noqa: S311


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NOTES)
def test_notes_are_several_and_in_their_script(language: str, kind: object) -> None:
    assert callable(kind)
    said = {kind(language, seed) for seed in range(200)}
    key = "talk" if kind in (notes.question, notes.answer) else kind.__name__
    assert len(said) == len(table(notes.FOLDER, language)[key]) >= 8
    for text in said:
        assert 15 <= len(text) <= 300
        assert letters(text) <= LETTERS[language], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_and_its_answer_stay_together(language: str) -> None:
    pairs = {(notes.question(language, seed), notes.answer(language, seed)) for seed in range(200)}
    assert len(pairs) == len(table(notes.FOLDER, language)["talk"])
