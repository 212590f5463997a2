"""A desk from paper: what is written, what is refused with one sentence, and that the old chain is never continued."""

from pathlib import Path

import pytest

from poruch.crypto import paper as papers
from poruch.crypto.group import L
from poruch.desk import council, paper, restoring
from poruch.desk.ceremony import own_share
from poruch.desk.duties import do_duties
from poruch.desk.program import FUND_FILE, KEY_FILE, RESTORED, Desk, open_desk
from poruch.desk.restoring import Backup, Restored, is_line, read_line, read_words
from poruch.errors import (
    BadPaper,
    FrontNeeded,
    NotOnRoster,
    PapersDiffer,
    RelayUnreachable,
    WeakPassphrase,
    WrongFund,
    WrongShareWords,
)
from poruch.journal.segments import SignedSegment
from story.village import Relay, Village, found_village

NEW = "a new long passphrase"


class Pages:
    """A relay that gives five segments at a time, and counts how often it was asked."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self.asked = 0

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        self.asked += 1
        return self.village.front.segments_beyond(positions)[:5]


class Down:
    """A front that does not answer, or refuses."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail

    def segments_beyond(self, positions: object) -> list[SignedSegment]:
        raise RelayUnreachable(self.detail)


def made(village: Village, number: int = 2) -> papers.Paper:
    return paper.make_paper(village.desks[number])


def words_of(one: papers.Paper, *, share: papers.Paper | None = None) -> Backup:
    block = (share or one).share_block
    assert block is not None
    return read_words(" ".join(papers.key_words(one.key_block)), " ".join(papers.share_words(block)))


def restore(
    village: Village, folder: Path, backup: Backup, relay: object | None = None, name: str = "Officer 2"
) -> Restored:
    folder.mkdir(parents=True)
    door = relay or Relay(village.front)
    return restoring.restore(folder, backup, name, NEW, lambda key: door, village.clock, memory_kib=8192)  # type: ignore[arg-type,return-value]


def reopened(village: Village, folder: Path, relay: object | None = None) -> Desk:
    return open_desk(folder, NEW, lambda key: relay, village.clock)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("way", ["words", "line"])
def test_all_is_back(village: Village, tmp_path: Path, way: str) -> None:
    village.apply("Alena", "a story")
    village.sync()
    lost = village.desks[2]
    one = made(village)
    backup = words_of(one) if way == "words" else read_line(papers.encode(one))
    relay = Pages(village)
    done = restore(village, tmp_path / "new", backup, relay)
    assert (done.number, done.share, done.synced) == (2, "now", True)
    assert relay.asked > len(village.front.segments) // 5
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["desk.db", FUND_FILE, KEY_FILE]
    assert (tmp_path / "new" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    desk = reopened(village, tmp_path / "new")
    assert desk.fund == lost.fund
    assert desk.key.root == lost.key.root
    assert own_share(desk, desk.public.ceremonies.group) == own_share(lost, lost.public.ceremonies.group)
    assert desk.keys.keys() == lost.keys.keys()
    assert len(desk.held) == len(lost.held)
    assert desk.store.fact(RESTORED) == b"1"
    assert desk.store.unpushed_segments() == []


def test_the_words_say_which_fund_as_colleagues_see_it(village: Village, tmp_path: Path) -> None:
    done = restore(village, tmp_path / "new", words_of(made(village)))
    sheet = paper.print_paper(village.desks[3])
    assert done.fund_words == " ".join(sheet.fund_words)


def test_it_never_continues_its_old_chain(village: Village, tmp_path: Path) -> None:
    before = village.desks[2].chains.heads[(2, 0)].id
    restore(village, tmp_path / "new", words_of(made(village)))
    desk = reopened(village, tmp_path / "new", Relay(village.front))
    for _ in range(3):
        desk.sync()
        do_duties(desk)
        desk.push()
    lives = {segment.segment.life for segment in desk.held if segment.segment.author == 2}
    assert lives == {0, 1}
    assert desk.chains.heads[(2, 0)].id == before
    assert desk.chains.forks == {}


def test_without_share_words(village: Village, tmp_path: Path) -> None:
    backup = read_words(" ".join(papers.key_words(made(village).key_block)), " \n")
    assert restore(village, tmp_path / "new", backup).share == "none"
    desk = reopened(village, tmp_path / "new")
    assert own_share(desk, desk.public.ceremonies.group) is None
    assert desk.store.secrets("share/") == []


def test_a_line_is_enough_without_a_front_and_words_are_not(village: Village, tmp_path: Path) -> None:
    one = made(village)
    with pytest.raises(FrontNeeded):
        restore(village, tmp_path / "words", words_of(one), Down())
    done = restore(village, tmp_path / "line", read_line(papers.encode(one)), Down())
    assert (done.share, done.synced, done.fund_words) == ("unchecked", False, "")
    desk = reopened(village, tmp_path / "line", Relay(village.front))
    desk.sync()
    assert own_share(desk, desk.public.ceremonies.group) is not None


def deal_anew(village: Village) -> None:
    """Four of five instead of three: the quorum decides it, and its key is dealt anew."""
    council.propose(village.desks[1], council.change_quorum(village.desks[1], (1, 2, 3, 4, 5), 4), "more hands")
    village.sync()
    for number in (2, 3):
        (proposal,) = council.open_proposals(village.desks[number])
        council.approve(village.desks[number], proposal)
        village.sync()
    village.sync(12)
    assert [one.group.epoch for one in village.desks[2].public.ceremonies.made] == [0, 1]


def test_after_a_new_dealing_the_key_words_hold_and_the_share_is_old(village: Village, tmp_path: Path) -> None:
    desk = village.desks[2]
    assert paper.printed(desk) is None
    paper.print_paper(desk)
    assert paper.printed(desk) == paper.Printed(village.clock(), holds_share=True)
    old = made(village)
    deal_anew(village)
    assert paper.printed(desk) == paper.Printed(village.clock(), holds_share=False)
    new = made(village)
    assert papers.key_words(new.key_block) == papers.key_words(old.key_block)
    assert restore(village, tmp_path / "old", words_of(old)).share == "old"
    assert restore(village, tmp_path / "new", words_of(new)).share == "now"
    groups = [one.group for one in desk.public.ceremonies.made]
    shares = [own_share(reopened(village, tmp_path / "old"), group) is not None for group in groups]
    assert shares == [True, False]
    paper.print_paper(desk)
    assert paper.printed(desk) == paper.Printed(village.clock(), holds_share=True)


# ---- refusals ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other_fund(tmp_path_factory: pytest.TempPathFactory) -> Village:
    return found_village(tmp_path_factory.mktemp("other"))


def empty(folder: Path) -> bool:
    return not (folder / KEY_FILE).exists()


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_front_that_does_not_know_him(village: Village, tmp_path: Path, status: str) -> None:
    for place, backup in enumerate((words_of(made(village)), read_line(papers.encode(made(village))))):
        with pytest.raises(NotOnRoster):
            restore(village, tmp_path / "new" / str(place), backup, Down(f"/relay/segments answered {status}"))
        assert empty(tmp_path / "new" / str(place))


def test_the_front_of_another_fund(village: Village, other_fund: Village, tmp_path: Path) -> None:
    for place, backup in enumerate((words_of(made(village)), read_line(papers.encode(made(village))))):
        with pytest.raises(WrongFund):
            restore(village, tmp_path / "new" / str(place), backup, Relay(other_fund.front))
        assert empty(tmp_path / "new" / str(place))


def test_a_key_that_nobody_on_the_roster_has(village: Village, tmp_path: Path) -> None:
    false = papers.Paper(village.front.fund, 2, bytes(32), made(village).share)
    with pytest.raises(NotOnRoster):
        restore(village, tmp_path / "words", words_of(false))
    with pytest.raises(NotOnRoster):
        restore(village, tmp_path / "line", read_line(papers.encode(false)))
    swapped = papers.Paper(village.front.fund, 3, made(village).root)
    with pytest.raises(NotOnRoster):
        restore(village, tmp_path / "number", read_line(papers.encode(swapped)))


def test_share_words_of_a_colleague(village: Village) -> None:
    with pytest.raises(PapersDiffer):
        words_of(made(village), share=made(village, 3))


def test_share_words_of_another_fund(village: Village, other_fund: Village, tmp_path: Path) -> None:
    backup = words_of(made(village), share=made(other_fund))
    with pytest.raises((PapersDiffer, WrongShareWords)):  # 12 bits name the fund: one other fund in 4096 passes them
        restore(village, tmp_path / "new", backup)
    assert empty(tmp_path / "new")


@pytest.mark.parametrize("change", [(1, 0), (0, 1)], ids=["another scalar", "another epoch"])
@pytest.mark.parametrize("way", ["words", "line"])
def test_a_share_that_was_never_dealt(village: Village, tmp_path: Path, change: tuple[int, int], way: str) -> None:
    one = made(village)
    assert one.share is not None
    share = papers.PaperShare(one.share.epoch + change[1], one.share.group, (one.share.scalar + change[0]) % L)
    false = papers.Paper(one.fund, one.number, one.root, share)
    backup = words_of(false) if way == "words" else read_line(papers.encode(false))
    with pytest.raises(WrongShareWords):
        restore(village, tmp_path / "new", backup)
    assert empty(tmp_path / "new")


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 101])
def test_an_impossible_name(village: Village, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadPaper, match="working name"):
        restore(village, tmp_path / "new", words_of(made(village)), name=name)


def test_a_weak_passphrase_is_refused_before_anything_else(village: Village, tmp_path: Path) -> None:
    with pytest.raises(WeakPassphrase):
        restoring.restore(
            tmp_path,
            words_of(made(village)),
            "Officer 2",
            "short",
            lambda key: Down(),  # type: ignore[arg-type,return-value]
            village.clock,
        )
    assert list(tmp_path.glob("officer*")) == []


def test_a_front_that_sends_false_segments_restores_nothing_false(village: Village, tmp_path: Path) -> None:
    """Segments that name the right fund, and were signed by others: no charter, no roster, no desk."""

    class Liar:
        def segments_beyond(self, positions: object) -> list[SignedSegment]:
            return [s for s in village.front.segments if s.segment.author != 1]

    with pytest.raises(WrongFund):
        restore(village, tmp_path / "new", words_of(made(village)), Liar())


def test_lines_and_words_are_told_apart() -> None:
    assert is_line("PORUCH1Q90F YKC3")
    assert is_line("  poruch1q")
    assert not is_line("acorn poruch1")
    assert not is_line("")
