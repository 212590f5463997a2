import pytest

from poruch.errors import BadPayment
from poruch.rails.charset import is_sepa, to_sepa


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Андрэй Кавалёў", "Andrei Kavaliou"),
        ("Ганна Ціхановіч", "Hanna Tsikhanovich"),
        ("Сергей Щёголев", "Sergei Shchegolev"),
        ("Григорий Объедков", "Grigorii Obieedkov"),
        ("Анатолій Гриценко", "Anatolii Hrytsenko"),
        ("Мар'яна Їжакевич", "Mar'iana Izhakevych"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Jürgen Groß & Söhne", "Jurgen Gross + Sohne"),
        ("O’Neill", "O'Neill"),
        ("ЮЛІЯ ЩУКА", "IULIIA SHCHUKA"),
        ("a \t\n b", "a b"),
        ("и\N{COMBINING BREVE}од", "iod"),
    ],
)
def test_names_arrive_in_letters_that_banks_carry(text: str, written: str) -> None:
    assert to_sepa(text, 70) == written
    assert is_sepa(written)


@pytest.mark.parametrize("text", ["名", "Ann\0", "Ann\u200f", "a🙂", "/a", "a/", "a//b", "ա"])
def test_what_has_no_letter_is_refused_and_never_dropped(text: str) -> None:
    with pytest.raises(BadPayment):
        to_sepa(text, 70)


@pytest.mark.parametrize(("text", "fits"), [("щ" * 17, True), ("щ" * 18, False), ("a" * 70, True), ("a" * 71, False)])
def test_the_limit_counts_what_is_written(text: str, fits: bool) -> None:
    if fits:
        assert len(to_sepa(text, 70)) <= 70
    else:
        with pytest.raises(BadPayment):
            to_sepa(text, 70)
