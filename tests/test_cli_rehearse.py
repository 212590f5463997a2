"""`poruch rehearse`: papers are shown to open, one officer after the other, and no word of them is left anywhere."""

import fcntl
import os
import pty
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from command import ENVIRONMENT, PROGRAM, files_in, lines, run
from desk.street import RelayServer
from poruch.crypto.group import encode_scalar
from poruch.crypto.paper import Paper, PaperShare, ShareBlock, fund_check, share_words
from poruch.desk import paper, trials
from poruch.desk.porter import LOCK_FILE
from poruch.desk.program import Desk, open_desk
from poruch.desk.server import real_day
from story.village import PASSPHRASE, Relay, Village, found_village

OLD_PAPER = "This paper does not hold your present share; print a new one and destroy this."


@dataclass(frozen=True)
class Drawers:
    """A fund whose desks are closed, the address of its front, and the words on each officer's paper."""

    village: Village
    address: str
    papers: dict[int, Paper]
    words: dict[int, tuple[str, ...]]

    def folder(self, number: int) -> Path:
        return self.village.desks[number].folder

    def rehearse(self, number: int, typed: tuple[str, ...] | None = None) -> subprocess.CompletedProcess[str]:
        rows = self.words[number] if typed is None else typed
        said = lines([PASSPHRASE.format(number), " ".join(rows[:12]), " ".join(rows[12:]), ""])
        return run("rehearse", self.folder(number), "--front", self.address, typed=said)

    @contextmanager
    def desk(self, number: int) -> Iterator[Desk]:
        """Look at a desk, synced, while nothing else has it open."""
        relay = Relay(self.village.front)
        opened = open_desk(self.folder(number), PASSPHRASE.format(number), lambda key: relay, real_day)  # type: ignore[arg-type,return-value]
        opened.sync()
        yield opened
        opened.close()


@pytest.fixture
def drawers(tmp_path: Path) -> Iterator[Drawers]:
    village = found_village(tmp_path, day=real_day())
    village.sync(2)
    made = {number: paper.make_paper(desk) for number, desk in village.desks.items()}
    blocks = {number: one.share_block for number, one in made.items()}
    for number, desk in village.desks.items():
        group = desk.public.ceremonies.group
        assert group is not None
        desk.store.destroy_secret(f"share/{group.id.hex()}")  # what is rehearsed is the paper, so the desk has none
        assert blocks[number] is not None
    village.close()
    relay = RelayServer(village.front)
    yield Drawers(village, relay.address, made, {n: share_words(block) for n, block in blocks.items() if block})
    relay.close()


# ---- from the first to the last ---------------------------------------------------------------


def test_k_officers_rehearse_one_after_the_other(drawers: Drawers) -> None:
    said = {}
    for number in (4, 1, 5):
        done = drawers.rehearse(number)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        said[number] = done.stdout
    assert "You begin a rehearsal" in said[4]
    assert "1 of 3 officers have done this rehearsal: Officer 4." in said[4]
    assert "2 more must do it by " in said[4]
    assert "You begin a rehearsal" not in said[1] + said[5]
    assert "2 of 3 officers have done this rehearsal: Officer 1, Officer 4." in said[1]
    assert "3 of 3 officers have done this rehearsal: Officer 1, Officer 4, Officer 5." in said[5]
    assert "The papers of 3 officers open the fund's files." in said[5]
    with drawers.desk(2) as desk:
        (trial,) = desk.trials.trials.values()
        assert trials.succeeded(desk, trial)
        assert trials.last_success(desk) == max(given.day for given in trial.answers.values())
        assert trials.faults(desk) == []


def test_nothing_of_the_paper_is_left(drawers: Drawers) -> None:
    done = drawers.rehearse(4)
    assert done.returncode == 0
    share = drawers.papers[4].share
    assert share is not None
    little = encode_scalar(share.scalar)
    canaries = [little, little[::-1], little.hex().encode(), str(share.scalar).encode()]
    canaries += [" ".join(drawers.words[4][at : at + 3]).encode() for at in range(22)]
    seen = [file.read_bytes() for file in files_in(drawers.folder(4))]
    seen += [signed.raw for signed in drawers.village.front.segments]
    seen += [done.stdout.encode(), done.stderr.encode()]
    assert len(seen) > 10
    assert [canary for canary in canaries if any(canary in one for one in seen)] == []


def test_nobody_does_it_twice(drawers: Drawers) -> None:
    assert drawers.rehearse(4).returncode == 0
    done = drawers.rehearse(4)
    assert done.returncode == 2
    assert done.stderr.startswith("This was done before; nothing was written twice.")
    assert "share words" not in done.stdout


# ---- papers that are not the right one --------------------------------------------------------


def of_epoch_one(drawers: Drawers) -> tuple[str, ...]:
    share = drawers.papers[2].share
    assert share is not None
    return share_words(ShareBlock(share.scalar, 2, 1, fund_check(drawers.papers[2].fund, 12)))


def of_another_fund(drawers: Drawers) -> tuple[str, ...]:
    share = drawers.papers[2].share
    assert share is not None
    other = Paper(b"f" * 32, 2, bytes(32), PaperShare(share.epoch, share.group, share.scalar)).share_block
    assert other is not None
    return share_words(other)


def of_another_share(drawers: Drawers) -> tuple[str, ...]:
    share = drawers.papers[3].share
    assert share is not None
    return share_words(ShareBlock(share.scalar, 2, 0, fund_check(drawers.papers[2].fund, 12)))


WRONG = {
    "a colleague's": lambda drawers: drawers.words[3],
    "of another epoch": of_epoch_one,
    "of another fund": of_another_fund,
    "with a colleague's share under his own number": of_another_share,
}


@pytest.mark.parametrize("words", WRONG.values(), ids=list(WRONG))
def test_a_paper_without_the_present_share_is_refused(drawers: Drawers, words) -> None:  # type: ignore[no-untyped-def]
    done = drawers.rehearse(2, words(drawers))
    assert (done.returncode, done.stderr) == (2, OLD_PAPER + "\n")
    with drawers.desk(1) as desk:
        (trial,) = desk.trials.trials.values()
        assert trial.answers == {}
        assert trials.rehearsal_due(desk)


def test_a_mistyped_word_is_named_by_its_place_and_not_repeated(drawers: Drawers) -> None:
    typed = (*drawers.words[2][:6], "xylophonic", *drawers.words[2][7:])
    done = drawers.rehearse(2, typed)
    assert done.returncode == 2
    assert done.stderr.endswith("(share words: word 7)\n")
    assert "xylophonic" not in done.stdout + done.stderr
    assert "1 of 3" not in drawers.rehearse(2, typed[:20]).stdout


# ---- when it cannot be done -------------------------------------------------------------------


def test_an_open_desk_is_not_disturbed(drawers: Drawers) -> None:
    with (drawers.folder(2) / LOCK_FILE).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = drawers.rehearse(2)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Another process serves this desk;")


def test_a_front_that_does_not_answer(drawers: Drawers) -> None:
    typed = lines([PASSPHRASE.format(2), *drawers.words[2]])
    done = run("rehearse", drawers.folder(2), "--front", "http://127.0.0.1:9", typed=typed)
    assert done.returncode == 2
    assert done.stderr.startswith("The front does not answer.")
    with drawers.desk(2) as desk:
        assert desk.trials.trials == {}


def test_a_wrong_passphrase_and_a_folder_without_a_desk(drawers: Drawers, tmp_path: Path) -> None:
    done = run("rehearse", drawers.folder(2), "--front", drawers.address, typed="not this one at all\n")
    assert (done.returncode, done.stderr) == (2, "The passphrase does not open this key file.\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run("rehearse", empty, "--front", drawers.address, typed="x\n")
    assert (done.returncode, done.stderr) == (2, "There is no desk in this folder; name the folder of a desk.\n")
    assert list(empty.iterdir()) == []


# ---- at a terminal ----------------------------------------------------------------------------


def test_at_a_terminal_nothing_typed_is_shown_and_a_slip_is_asked_for_again(drawers: Drawers) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "rehearse", str(drawers.folder(2)), "--front", drawers.address],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=ENVIRONMENT,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    first, second = " ".join(drawers.words[2][:12]), " ".join(drawers.words[2][12:])
    swapped = " ".join([drawers.words[2][13], drawers.words[2][12], *drawers.words[2][14:]])
    said = b""
    steps = [
        ("Your passphrase: ", PASSPHRASE.format(2)),
        ("0 of 24 words: ", first),
        ("12 of 24 words: ", swapped),
        ("look at the place that is named, and type it again. (share words: ", None),
        ("0 of 24 words: ", first),
        ("12 of 24 words: ", second),
        ("1 of 3 officers have done this rehearsal: Officer 2.", None),
    ]
    at = 0
    for wanted, typed in steps:
        while wanted.encode() not in said[at:]:
            said += os.read(ours, 4096)
        at = said.index(wanted.encode(), at) + len(wanted)
        if typed is not None:
            os.write(ours, typed.encode() + b"\n")
    assert process.wait(30) == 0
    os.close(ours)
    assert PASSPHRASE.format(2).encode() not in said
    pairs = zip(drawers.words[2], drawers.words[2][1:], strict=False)
    assert [pair for pair in pairs if " ".join(pair).encode() in said] == []
