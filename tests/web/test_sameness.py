"""What is cut out of a page before it is compared: what is drawn for each visitor, and nothing that hides words."""

import pytest

from poruch.web.sameness import mark_of, without_draws

MARK = b'<input type="hidden" name="mark" value="%s">'
CODE = b'<input type="hidden" name="code" value="%s">'
WORDS = b"abacus abdomen abide ability ablaze able abnormal abrasive"
FIELD = b'<input type="text" id="word%d" name="word%d" value="%s">'
ITEM = b'<li><small lang="be">%s</small>%s</li>'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MARK % b"00ff", MARK % b"abcdef0123"),
        (CODE % WORDS, CODE % b" ".join(reversed(WORDS.split()))),
        (ITEM % (b"1", b"abacus"), ITEM % (b"1", b"yo-yo")),
        (ITEM % (b"8 \xc2\xb7 check word", b"0123"), ITEM % (b"8 \xc2\xb7 check word", b"9876")),
        (b'<label for="word2">Word 2</label>', b'<label for="word7">Word 7</label>'),
        (FIELD % (2, 2, b""), FIELD % (3, 3, b"")),
    ],
    ids=["mark", "code", "word", "group", "label", "field"],
)  # fmt: skip
def test_draws_are_the_same(one: bytes, other: bytes) -> None:
    assert one != other
    assert without_draws(one) == without_draws(other)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (MARK % b"00ff", MARK % b'00" onfocus="x'),
        (MARK % b"00ff", MARK % b"call 029"),
        (CODE % WORDS, CODE % b"send it to evil dot example or be lost"),
        (CODE % WORDS, CODE % (WORDS + b" more")),
        (ITEM % (b"1", b"abacus"), ITEM % (b"1", b"call +375290000000")),
        (ITEM % (b"1", b"abacus"), ITEM % (b"1", b"<b>abacus</b>")),
        (ITEM % (b"1", b"abacus"), ITEM % (b"one", b"abacus")),
        (ITEM % (b"1", b"0123"), ITEM % (b"1", b"375290000000")),
        (b'<label for="word2">Word 2</label>', b'<label for="word2">Phone 2</label>'),
        (FIELD % (2, 2, b""), FIELD % (2, 2, b"x")),
        (b"<p>abacus</p>", b"<p>abdomen</p>"),
    ],
    ids=["attribute", "spaces", "long words", "nine words", "telephone", "tags", "number", "long digits",
         "another label", "filled", "words elsewhere"],
)  # fmt: skip
def test_nothing_else_is(true: bytes, false: bytes) -> None:
    assert without_draws(true) != without_draws(false)


def test_the_mark_is_read() -> None:
    assert mark_of(b"<form>" + MARK % b"00ff" + b"</form>") == "00ff"
    assert mark_of(b"<form>" + MARK % b"zz" + b"</form>") == ""
    assert mark_of(b"") == ""
