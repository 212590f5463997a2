import hashlib
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poruch.errors import BadList, BadName
from poruch.screening.lists import MAX_LINE, ListedName, parse_list, screen

EXAMPLE = Path(__file__).parents[2] / "examples" / "lists" / "names.csv"


def listed(*lines: str) -> bytes:
    return "\n".join(["name,birth_date,list,id", *lines]).encode()


def test_a_match_brings_what_the_list_says() -> None:
    index = parse_list(listed("Выдумкин Борис Сказович,1958,sanctions,7"))
    (match,) = screen("Barys Vydumkin", index)
    assert match.listed == ListedName("Выдумкин Борис Сказович", "1958", "sanctions", "7", 2)
    assert match.patronymic == "missing"


@pytest.mark.parametrize(
    ("name", "patronymics"),
    [
        ("Борис Сказович Выдумкин", ["same", "missing", "differs"]),
        ("Выдумкин Борис", ["missing", "same", "missing"]),
        ("Борис Былинович Выдумкин", ["differs", "missing", "same"]),
        ("Борис Выдумко", []),
    ],
)
def test_matches_come_in_the_order_of_the_list_and_tell_patronymics(name: str, patronymics: list[str]) -> None:
    index = parse_list(listed("Выдумкин Борис Сказович,,,", "Barys Vydumkin,,,", "Выдумкин Борис Былинович,,,"))
    assert [match.patronymic for match in screen(name, index)] == patronymics


def test_a_name_with_two_skeletons_matches_once() -> None:
    index = parse_list(listed("Mihail Tihonov,,,"))
    assert len(screen("Mihail Tihonov", index)) == 1
    assert len(screen("Михаил Тихонов", index)) == 1


def test_the_hash_is_that_of_the_file() -> None:
    data = listed("Ян Дым,,,")
    assert parse_list(data).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "data",
    [b"name\nA B\n", b"\xef\xbb\xbfname\nA B", b"name\r\nA B\r\n", b"id,name\n1,A B\n", b'name\n"B, A"\n\n\n'],
)
def test_the_ways_programs_write_csv(data: bytes) -> None:
    assert len(screen("A B", parse_list(data))) == 1


HOSTILE = {
    "nothing": (b"", "columns"),
    "no header": (b"A B\n", "columns"),
    "unknown column": (b"name,ssn\nA,1\n", "columns"),
    "column twice": (b"name,name\nA,B\n", "columns"),
    "other encoding": ("name\nЯн".encode("cp1251"), "UTF-8"),
    "UTF-16": ("name\nЯн".encode("utf-16"), "UTF-8"),
    "zero byte": (b"name\nA\0B\n", "zero"),
    "semicolons": (b"name;id\nA;1\n", "columns"),
    "open quote": (b'name\n"A B\nC D\n', "Line 2"),
    "text after quote": (b'name\n"A"B\n', "Line 2"),
    "line break in a field": (b'name\n"A\nB"\n', "Line 2"),
    "carriage return in a field": (b'name\n"A\rB",\n', "Line 2"),
    "too many fields": (b"name\nA,B\n", "Line 2"),
    "too few fields": (b"name,id\nA\n", "Line 2"),
    "no name": (b"name,id\n,1\n", "Line 2"),
    "no letters": (b"name\n123\n", "Line 2"),
    "long name": (b"name\n" + b"A" * 301, "Line 2"),
    "long line": (b"name\nA\n" + b"A" * (MAX_LINE + 1), "Line 3"),
    "a megabyte": (b"name\n" + b"A" * 2**20, "Line 2"),
    "impossible date": (b"name,birth_date\nA,1980-02-30\n", "Line 2"),
    "other date": (b"name,birth_date\nA,30.02.1980\n", "Line 2"),
    "too large": (b"name\n" + b"A\n" * 2**25, "64 MiB"),
    "too many lines": (b"name\n" + b"A\n" * 1_000_001, "lines"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_list_is_refused_with_a_sentence(name: str) -> None:
    data, sentence = HOSTILE[name]
    with pytest.raises(BadList, match=sentence) as refused:
        parse_list(data)
    assert len(refused.value.detail) < 120


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(tail: bytes) -> None:
    names = -1
    try:
        names = len(parse_list(b"name\n" + tail).names)
    except BadList:
        names = 0
    assert names >= 0


def test_screening_a_name_without_letters_is_refused_not_cleared() -> None:
    with pytest.raises(BadName):
        screen("???", parse_list(listed("Ян Дым,,,")))


def test_the_example_list_is_read_and_its_spellings_meet() -> None:
    index = parse_list(EXAMPLE.read_bytes())
    assert len(index.names) == 40
    assert {match.listed.list_id for match in screen("Дзмітрый Прыдумаў", index)} == {"IS-009", "IS-010"}
    assert {match.listed.list_id for match in screen("Мікалай Казкароў", index)} == {"IS-005", "IS-006"}
    assert screen("Марыя Сапраўдная", index) == ()


def test_a_name_is_screened_against_100_000_in_20_ms() -> None:
    source = random.Random(4)  # noqa: S311 (made-up names)
    syllables = ["ва", "ле", "кра", "міх", "сон", "ту", "бэл", "жо", "ян", "рык"]
    words = ["".join(source.choices(syllables, k=3)) for _ in range(3000)]
    index = parse_list(
        listed(*(f"{source.choice(words)} {source.choice(words)},,," for _ in range(99_999)), "Ян Дым,,,")
    )
    begun = time.process_time()
    for _ in range(20):
        assert len(screen("Дым Ян", index)) == 1
    assert (time.process_time() - begun) / 20 <= 0.020
