"""The paper: vectors computed here by hand from its page, what people type, and which mistakes are named."""

import hashlib
import re
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poruch.crypto import paper as papers
from poruch.crypto.group import L
from poruch.crypto.paper import KeyBlock, Paper, PaperShare, ShareBlock
from poruch.crypto.wordlist import one_slip_away, word_list
from poruch.errors import BadPaper, PapersDiffer

LIST = (files("poruch.crypto") / "words" / "eff_long.txt").read_text("ascii").split()
FUND = bytes(range(32))
ROOT = bytes(range(32, 64))
GROUP = bytes(range(64, 96))
SCALAR = int.from_bytes(bytes(range(96, 128)), "big") % L
PAPER = Paper(FUND, 4711, ROOT, PaperShare(3, GROUP, SCALAR))
assert PAPER.share_block is not None
KEY_WORDS = papers.key_words(PAPER.key_block)
SHARE_WORDS = papers.share_words(PAPER.share_block)
ROOTS = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(1, 65535)


# ---- an independent computation (docs/spec/paper.md) --------------------------------------------


def bits(value: int, size: int) -> str:
    return f"{value:0{size}b}"


def words_of(binary: str, count: int, label: str) -> tuple[str, ...]:
    """Section 2, by division of the number that the bits spell, the last word first."""
    rest, found = int(binary, 2), []
    for _ in range(count - 1):
        rest, place = divmod(rest, 7776)
        found.insert(0, LIST[place])
    assert rest == 0
    digest = hashlib.sha256(label.encode() + " ".join(found).encode()).hexdigest()
    return (*found, LIST[int(digest[:16], 16) % 7776])


def fund_bits(fund: bytes, size: int) -> str:
    digest = hashlib.sha256(b"poruch/paper-fund/v1" + fund).digest()
    return "".join(bits(byte, 8) for byte in digest)[:size]


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173, as its reference text tells it: polymod over the expanded prefix and groups of five bits."""
    stream = "".join(bits(byte, 8) for byte in data)
    stream += "0" * (-len(stream) % 5)
    values = [int(stream[at : at + 5], 2) for at in range(0, len(stream), 5)]
    expanded = [ord(sign) >> 5 for sign in prefix] + [0] + [ord(sign) & 31 for sign in prefix]
    check = 1
    for value in [*expanded, *values, 0, 0, 0, 0, 0, 0]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> at & 1 else 0
    check ^= 1
    values += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return prefix + "1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in values)


@given(fund=ROOTS, root=ROOTS, number=NUMBERS, epoch=st.integers(0, 65535), scalar=st.integers(1, L - 1), group=ROOTS)
@settings(max_examples=60, deadline=None)
def test_it_is_what_the_page_says(fund: bytes, root: bytes, number: int, epoch: int, scalar: int, group: bytes) -> None:
    paper = Paper(fund, number, root, PaperShare(epoch, group, scalar))
    block = paper.share_block
    assert block is not None
    key = "".join(bits(byte, 8) for byte in root) + bits(number, 16) + fund_bits(fund, 72)
    assert papers.key_words(paper.key_block) == words_of(key, 28, "poruch/paper-key-check/v1")
    share = bits(scalar, 253) + bits(number, 16) + bits(epoch, 16) + fund_bits(fund, 12)
    assert papers.share_words(block) == words_of(share, 24, "poruch/paper-share-check/v1")
    head = b"\1" + fund + number.to_bytes(2, "big") + root
    tail = epoch.to_bytes(4, "big") + group + scalar.to_bytes(32, "little")
    assert papers.encode(paper) == bech32("poruch", head + tail).upper()
    assert papers.encode(Paper(fund, number, root)) == bech32("poruch", head).upper()


@given(fund=ROOTS, root=ROOTS, number=NUMBERS, epoch=st.integers(0, 65535), scalar=st.integers(1, L - 1), group=ROOTS)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(fund: bytes, root: bytes, number: int, epoch: int, scalar: int, group: bytes) -> None:
    paper = Paper(fund, number, root, PaperShare(epoch, group, scalar))
    read = papers.parse(papers.encode(paper))
    assert (read.fund, read.number, read.root) == (fund, number, root)
    assert read.share is not None
    assert (read.share.epoch, read.share.group, read.share.scalar) == (epoch, group, scalar)
    key = papers.parse_key_words(" ".join(papers.key_words(paper.key_block)))
    assert (key.root, key.number, key.is_of(fund)) == (root, number, True)
    block = paper.share_block
    assert block is not None
    share = papers.parse_share_words(" ".join(papers.share_words(block)))
    assert (share.scalar, share.number, share.epoch, share.is_of(fund)) == (scalar, number, epoch, True)
    papers.check_together(key, share, fund)


def test_sizes() -> None:
    assert (len(KEY_WORDS), len(SHARE_WORDS)) == (28, 24)
    assert len(papers.encode(PAPER)) == 229
    assert len(papers.encode(Paper(FUND, 1, ROOT))) == 121
    assert Paper(FUND, 1, ROOT).share_block is None


# ---- what people type ---------------------------------------------------------------------------


def numbered(words: tuple[str, ...]) -> str:
    return "\n".join(f"{place}. {word.upper()}" for place, word in enumerate(words, 1))


@pytest.mark.parametrize(
    "typed",
    [" ".join(KEY_WORDS), numbered(KEY_WORDS), ", ".join(KEY_WORDS), "  " + "\t".join(KEY_WORDS) + "\n", " ".join(KEY_WORDS).replace("-", "–")],  # noqa: E501
    ids=["plain", "numbered, in capitals", "commas", "tabs", "long dashes"],
)  # fmt: skip
def test_ways_to_type_words(typed: str) -> None:
    assert papers.parse_key_words(typed).root == ROOT


def test_ways_to_type_the_line() -> None:
    line = papers.encode(PAPER)
    fours = " ".join(line[at : at + 4] for at in range(0, len(line), 4))
    for typed in (line, line.lower(), line[:50] + line[50:].lower(), fours, f"\n{line[:100]}\n{line[100:]}\n"):
        assert papers.parse(typed).root == ROOT


DETAILS = re.compile(
    r"(key|share) words: (word \d+|words \d+ and \d+|\d+ instead of \d+|they do not fit together|too long|impossible)"
    r"|the line: (a mistyped or missing character|of another kind|of another version)"
    r"|share: impossible|impossible|too long"
)


def said(parse: object, text: str) -> str:
    """The detail of the refusal, which is one of few and holds nothing of what was typed."""
    with pytest.raises(BadPaper) as caught:
        parse(text)  # type: ignore[operator]
    assert DETAILS.fullmatch(caught.value.detail)
    return caught.value.detail


@pytest.mark.parametrize(
    ("words", "parse", "kind"),
    [(KEY_WORDS, papers.parse_key_words, "key"), (SHARE_WORDS, papers.parse_share_words, "share")],
)
def test_the_mistaken_word_is_named_and_never_repeated(words: tuple[str, ...], parse: object, kind: str) -> None:
    for place in range(len(words)):
        wrong = [*words[:place], "minsk-by-night", *words[place + 1 :]]
        assert said(parse, " ".join(wrong)) == f"{kind} words: word {place + 1}"


@pytest.mark.parametrize(
    ("words", "parse", "kind"),
    [(KEY_WORDS, papers.parse_key_words, "key"), (SHARE_WORDS, papers.parse_share_words, "share")],
)
def test_a_slip_that_makes_another_word_of_the_list_is_found(words: tuple[str, ...], parse: object, kind: str) -> None:
    places = [place for place, word in enumerate(words) if one_slip_away(word)]
    assert places
    for place in places:
        wrong = [*words[:place], one_slip_away(words[place])[0], *words[place + 1 :]]
        assert said(parse, " ".join(wrong)) == f"{kind} words: word {place + 1}"


def test_swapped_neighbours_are_found() -> None:
    swapped = [*KEY_WORDS[:4], KEY_WORDS[5], KEY_WORDS[4], *KEY_WORDS[6:]]
    assert said(papers.parse_key_words, " ".join(swapped)) == "key words: words 5 and 6"


def test_where_two_places_would_mend_it_none_is_named() -> None:
    """Found by search: a slip in word 6, which a swap of words 22 and 23 would mend as well."""
    root = hashlib.sha256(b"two suspects 111").digest()
    words = papers.key_words(Paper(FUND, 1, root).key_block)
    wrong = [*words[:5], one_slip_away(words[5])[0], *words[6:]]
    assert said(papers.parse_key_words, " ".join(wrong)) == "key words: they do not fit together"


def test_words_that_do_not_fit() -> None:
    wrong = [*KEY_WORDS[:3], "zoom", "zesty", "acorn", *KEY_WORDS[6:]]
    assert said(papers.parse_key_words, " ".join(wrong)) == "key words: they do not fit together"


@pytest.mark.parametrize("count", [0, 1, 24, 27, 29])
def test_other_counts(count: int) -> None:
    words = (KEY_WORDS * 2)[:count]
    assert said(papers.parse_key_words, " ".join(words)) == f"key words: {count} instead of 28"


def test_one_block_is_never_taken_for_the_other() -> None:
    assert said(papers.parse_key_words, " ".join(SHARE_WORDS)) == "key words: 24 instead of 28"
    mixed = (*KEY_WORDS[:23], SHARE_WORDS[23])
    assert said(papers.parse_share_words, " ".join(mixed)).startswith("share words: ")


def test_long_texts_cost_nothing() -> None:
    assert said(papers.parse_key_words, "acorn " * 1000) == "key words: too long"
    assert said(papers.parse_share_words, "acorn " * 1000) == "share words: too long"
    assert said(papers.parse, "q" * 2001) == "too long"
    assert said(papers.parse, "q" * 2000).startswith("the line")


def spelled(value: int, count: int, label: str) -> str:
    return " ".join(words_of(f"{value:b}", count, label))


KEY_LABEL, SHARE_LABEL = "poruch/paper-key-check/v1", "poruch/paper-share-check/v1"
LOW = 16 + 16 + 12


@pytest.mark.parametrize(
    "value", [2**344 | 1 << 72, 7776**27 - 1, 5 << 88], ids=["root of 257 bits", "highest", "number 0"]
)
def test_key_words_out_of_bounds(value: int) -> None:
    assert said(papers.parse_key_words, spelled(value, 28, KEY_LABEL)) == "key words: impossible"


def test_the_highest_key_words() -> None:
    block = papers.parse_key_words(spelled(2**344 - 1, 28, KEY_LABEL))
    assert (block.root, block.number, block.check) == (b"\xff" * 32, 65535, 2**72 - 1)


@pytest.mark.parametrize(
    "value",
    [L << LOW | 1 << 28, 7776**23 - 1, 1 << 28, 7 << LOW],
    ids=["scalar is the order", "highest", "scalar 0", "number 0"],
)
def test_share_words_out_of_bounds(value: int) -> None:
    assert said(papers.parse_share_words, spelled(value, 24, SHARE_LABEL)) == "share words: impossible"


def test_the_highest_share_words() -> None:
    block = papers.parse_share_words(spelled((L - 1) << LOW | 2**LOW - 1, 24, SHARE_LABEL))
    assert (block.scalar, block.number, block.epoch, block.check) == (L - 1, 65535, 65535, 4095)


# ---- the line -----------------------------------------------------------------------------------

HEAD = b"\1" + FUND + b"\0\1" + ROOT
BAD_LINES = {
    "empty": "",
    "not a line": "poruch",
    "of age": bech32("age-secret-key-", ROOT),
    "another prefix": bech32("porucha", HEAD),
    "version 0": bech32("poruch", b"\0" + HEAD[1:]),
    "version 2": bech32("poruch", b"\2" + HEAD[1:]),
    "no bytes": bech32("poruch", b""),
    "a byte less": bech32("poruch", HEAD[:-1]),
    "a byte more": bech32("poruch", HEAD + b"\0"),
    "half a share": bech32("poruch", HEAD + bytes(34)),
    "scalar of one byte": bech32("poruch", HEAD + bytes(4) + GROUP + b"\1"),
    "a byte after the share": bech32("poruch", HEAD + bytes(4) + GROUP + b"\1" + bytes(32)),
    "number 0": bech32("poruch", b"\1" + FUND + b"\0\0" + ROOT),
    "scalar 0": bech32("poruch", HEAD + bytes(68)),
    "scalar is the order": bech32("poruch", HEAD + bytes(36) + L.to_bytes(32, "little")),
    "epoch of 17 bits": bech32("poruch", HEAD + b"\0\1\0\0" + GROUP + b"\1" + bytes(31)),
    "Cyrillic letters": papers.encode(PAPER).replace("P", "Р"),
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_bad_lines(line: str) -> None:
    said(papers.parse, line)


def test_every_single_slip_in_the_line_is_seen() -> None:
    line = papers.encode(PAPER).lower()
    for at in range(7, len(line)):
        for other in "qpz":
            if other != line[at]:
                said(papers.parse, line[:at] + other + line[at + 1 :])


# ---- both together ------------------------------------------------------------------------------


def test_blocks_of_two_officers_or_two_funds() -> None:
    key, share = PAPER.key_block, PAPER.share_block
    assert share is not None
    papers.check_together(key, share)
    papers.check_together(key, share, FUND)
    other_fund = hashlib.sha256(b"another fund").digest()
    with pytest.raises(PapersDiffer):
        papers.check_together(key, share, other_fund)
    with pytest.raises(PapersDiffer):
        papers.check_together(KeyBlock(ROOT, 4712, key.check), share)
    assert not key.is_of(other_fund)


@pytest.mark.parametrize(
    "make",
    [
        lambda: KeyBlock(ROOT, 0, 0),
        lambda: KeyBlock(ROOT, 65536, 0),
        lambda: KeyBlock(ROOT[1:], 1, 0),
        lambda: KeyBlock(ROOT, 1, 2**72),
        lambda: ShareBlock(0, 1, 0, 0),
        lambda: ShareBlock(L, 1, 0, 0),
        lambda: ShareBlock(1, 0, 0, 0),
        lambda: ShareBlock(1, 1, 65536, 0),
        lambda: ShareBlock(1, 1, 0, 4096),
        lambda: PaperShare(65536, GROUP, 1),
        lambda: PaperShare(0, GROUP[1:], 1),
        lambda: PaperShare(0, GROUP, L),
        lambda: Paper(FUND[1:], 1, ROOT),
        lambda: Paper(FUND, 0, ROOT),
        lambda: Paper(FUND, 1, ROOT[1:]),
    ],
)
def test_impossible_papers(make: object) -> None:
    with pytest.raises(BadPaper):
        make()  # type: ignore[operator]


def test_the_words_are_of_the_list() -> None:
    assert set(KEY_WORDS + SHARE_WORDS) <= set(word_list())
