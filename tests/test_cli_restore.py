"""`poruch desk restore`: the words of a paper, typed in, are a desk again; or one sentence, and nothing is left."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command import EXAMPLES, lines, run
from poruch.crypto import paper as papers
from poruch.desk import founding, syncing
from poruch.desk.paper import make_paper
from poruch.desk.program import RESTORED, Desk
from poruch.drills import fund as drill
from poruch.front import server
from poruch.journal.folder import Folder

NEW = "nine new quiet fields"


@dataclass(frozen=True)
class Fund:
    """A fund with a front that runs, and the paper of its second officer."""

    folder: Path
    address: str
    paper: papers.Paper
    desk: Desk

    @property
    def key(self) -> str:
        return " ".join(papers.key_words(self.paper.key_block))

    @property
    def share(self) -> str:
        assert self.paper.share_block is not None
        return " ".join(papers.share_words(self.paper.share_block))


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fund]:
    folder = tmp_path_factory.mktemp("restore")
    planned, calendar = drill.read_plan(EXAMPLES / "fund.toml"), drill.Calendar(datetime.now(UTC).date())
    founders = drill.make_founders(folder, planned)
    server.create(folder / "front", founders.fund)
    with drill.serve_front(folder / "front", calendar) as address:
        desks = drill.open_desks(founders, address, calendar, durable=False)
        drill.run_ceremonies(desks, founders, planned.plan)
        yield Fund(folder, address, make_paper(desks[2]), desks[2])
        for desk in desks.values():
            desk.close()


def restored(fund: Fund, folder: Path, *typed: str) -> tuple[int, str, str]:
    done = run("desk", "restore", folder, "--front", fund.address, typed=lines(typed))
    assert not [word for word in (NEW, *fund.key.split()[:3]) if word in done.stderr]
    return done.returncode, done.stdout, done.stderr


def opened(fund: Fund, folder: Path) -> Desk:
    return Desk(folder, founding.unlock(folder, NEW), fund.paper.fund, None, lambda: datetime.now(UTC).date())


def test_words_become_a_desk(fund: Fund, tmp_path: Path) -> None:
    folder = tmp_path / "desk of two"
    status, said, wrong = restored(fund, folder, fund.key, fund.share, "Klon", NEW, NEW)
    assert (status, wrong) == (0, "")
    assert "The desk of officer 2 is restored. Your share is the present one" in said
    assert f"bin/poruch desk '{folder}' --front {fund.address}\n" in said
    assert re.search(r"\n  ([a-z-]+ ){7}[a-z-]+\n", said)
    assert NEW not in said
    assert not [word for word in fund.key.split() if f" {word} " in said.split("fingerprint")[0] and len(word) > 7]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    desk = opened(fund, folder)
    assert desk.store.fact(RESTORED) == b"1"
    assert len(desk.held) == len(fund.desk.held)
    assert make_paper(desk).key_block.root == fund.paper.root
    assert papers.encode(make_paper(desk)) == papers.encode(fund.paper)
    desk.close()
    assert [path.name for path in tmp_path.iterdir()] == ["desk of two"]


def test_words_on_several_lines_with_their_numbers(fund: Fund, tmp_path: Path) -> None:
    words = [f"{place}. {word.upper()}" for place, word in enumerate(fund.key.split(), 1)]
    rows = [" ".join(words[at : at + 4]) for at in range(0, 28, 4)]
    status, said, _ = restored(fund, tmp_path / "d", *rows, "", "Klon", NEW, NEW)
    assert status == 0
    assert "No share was restored" in said


def test_the_line_becomes_a_desk(fund: Fund, tmp_path: Path) -> None:
    status, said, _ = restored(fund, tmp_path / "d", papers.encode(fund.paper).lower(), "Klon", NEW, NEW)
    assert status == 0
    assert "Your share is the present one" in said


def test_the_line_is_enough_while_the_front_is_away(fund: Fund, tmp_path: Path) -> None:
    typed = lines([papers.encode(fund.paper), "Klon", NEW, NEW])
    done = run("desk", "restore", tmp_path / "d", "--front", "http://127.0.0.1:9", typed=typed)
    assert done.returncode == 0, done.stderr
    assert "The front did not answer" in done.stdout
    done = run(
        "desk", "restore", tmp_path / "e", "--front", "http://127.0.0.1:9", typed=lines([fund.key, "", "K", NEW, NEW])
    )
    assert (done.returncode, (tmp_path / "e").exists()) == (2, False)
    assert done.stderr.startswith("The front does not answer, and words alone")


def changed(words: str, place: int, word: str) -> str:
    typed = words.split()
    return " ".join([*typed[:place], word, *typed[place + 1 :]])


def other_officer(fund: Fund) -> str:
    block = fund.paper.share_block
    assert block is not None
    return " ".join(papers.share_words(papers.ShareBlock(block.scalar, 3, block.epoch, block.check)))


def other_key(fund: Fund) -> str:
    return " ".join(papers.key_words(papers.Paper(fund.paper.fund, 2, bytes(32)).key_block))


def other_share(fund: Fund) -> str:
    block = fund.paper.share_block
    assert block is not None
    return " ".join(papers.share_words(papers.ShareBlock(block.scalar - 1, 2, block.epoch, block.check)))


def other_fund(fund: Fund) -> str:
    return " ".join(papers.key_words(papers.Paper(bytes(32), 2, fund.paper.root).key_block))


REFUSED = {
    "nothing": (lambda f: [], "This is not what stands on a paper", "(key words: 0 instead of 28)"),
    "a word": (lambda f: [changed(f.key, 6, "minsk"), f.share], "This is not what", "(key words: word 7)"),
    "a share word": (lambda f: [f.key, changed(f.share, 1, "minsk")], "This is not what", "(share words: word 2)"),
    "a slip in the line": (lambda f: [papers.encode(f.paper)[:-1] + "B"], "This is not what", "(the line: a mistyped"),
    "another officer's share": (lambda f: [f.key, other_officer(f)], "The share words are of another", ""),
    "no such key": (lambda f: [other_key(f), "", "Klon", NEW, NEW], "The front does not take this key", ""),
    "no such share": (lambda f: [f.key, other_share(f), "Klon", NEW, NEW], "No share with these words was dealt", ""),
    "another fund": (lambda f: [other_fund(f), "", "Klon", NEW, NEW], "The front serves another fund", ""),
    "no name": (lambda f: [f.key, f.share, "", NEW, NEW], "This is not what", "(the working name)"),
    "weak": (lambda f: [f.key, f.share, "Klon", "short", "short"], "The passphrase is shorter than 12", ""),
    "two passphrases": (lambda f: [f.key, f.share, "Klon", NEW, NEW + "x"], "The two passphrases are not", ""),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_nothing(fund: Fund, tmp_path: Path, case: tuple[object, str, str]) -> None:
    typed, sentence, detail = case
    status, _, wrong = restored(fund, tmp_path / "d", *typed(fund))  # type: ignore[operator]
    assert status == 2
    assert wrong.startswith(sentence), wrong
    assert detail in wrong
    assert wrong.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_used_folder_is_left_alone(fund: Fund, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    status, said, wrong = restored(fund, tmp_path, fund.key, fund.share, "Klon", NEW, NEW)
    assert (status, said) == (2, "")
    assert wrong.startswith("There is something in this folder already")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# ---- from a folder ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def carried(fund: Fund, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the fund's second desk holds, as desks leave it on a stick."""
    path = tmp_path_factory.mktemp("stick")
    folder = Folder(path, fund.paper.fund, lambda: datetime.now(UTC).date())
    folder.keep_segments(fund.desk.held)
    for sha256 in fund.desk.bodies:
        body = fund.desk.store.body(sha256)
        assert body is not None
        folder.keep_body(body)
    return path


@pytest.mark.parametrize("way", ["words", "line"])
def test_a_folder_and_a_paper_are_enough(fund: Fund, carried: Path, tmp_path: Path, way: str) -> None:
    typed = [fund.key, fund.share] if way == "words" else [papers.encode(fund.paper)]
    done = run("desk", "restore", tmp_path / "d", "--folder", carried, typed=lines([*typed, "Klon", NEW, NEW]))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Your share is the present one" in done.stdout
    desk = opened(fund, tmp_path / "d")
    assert [signed.raw for signed in desk.held] == [signed.raw for signed in fund.desk.held]
    assert syncing.wanted_bodies(desk) == set()
    assert desk.store.fact(RESTORED) == b"1"
    assert len(desk.store.unpushed_segments()) == len(desk.held)  # a front may lack them
    desk.close()


def test_a_folder_without_a_fund_restores_nothing(fund: Fund, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    typed = lines([papers.encode(fund.paper), "Klon", NEW, NEW])
    done = run("desk", "restore", tmp_path / "d", "--folder", tmp_path / "stick", typed=typed)
    assert done.returncode == 2
    assert done.stderr.startswith("The folder cannot be used")
    assert not (tmp_path / "d").exists()


def test_a_front_or_a_folder_and_not_both(fund: Fund, tmp_path: Path) -> None:
    for more in ([], ["--front", fund.address, "--folder", str(tmp_path)]):
        done = run("desk", "restore", tmp_path / "d", *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: poruch desk restore")
