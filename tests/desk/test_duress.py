"""The desk under duress: it shows nothing, touches nothing, and freezes the fund with one segment of its own life."""

import os
from pathlib import Path

import pytest

from poruch.crypto import keyfile
from poruch.crypto.keyfile import DuressKey, open_key
from poruch.desk import duress, founding
from poruch.desk.duress import DuressDesk
from poruch.desk.duties import do_duties
from poruch.desk.program import KEY_FILE, STORE_FILE, Desk, open_desk
from poruch.errors import (
    PassphrasesDiffer,
    RelayUnreachable,
    SamePassphrase,
    StoreBroken,
    WeakPassphrase,
    WrongPassphrase,
)
from poruch.events.council import FundFrozen
from poruch.events.kinds import parse_event
from poruch.journal.journal import Journal
from poruch.journal.segments import GENESIS, Clear, SignedSegment, verify_segment
from poruch.journal.standing import DURESS_LIFE
from poruch.journal.store import Store
from story.village import PASSPHRASE, Front, Village

OWN = PASSPHRASE.format(2)
DURESS = "under the bridge at noon"
LITTLE = 8192


class Recording:
    """A relay that records pushes, can lose the line, and answers with the outcomes of a real journal."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.journal = Journal(front.fund)
        self.journal.add(front.segments)
        self.pushed: list[SignedSegment] = []
        self.down = False
        self.lose_answers = False

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        if self.down:
            raise RelayUnreachable
        held = self.journal.held
        return [s for s in held if s.segment.seq > positions.get((s.segment.author, s.segment.life), -1)][:20]

    def push(self, segments: list[SignedSegment]) -> list[str]:
        self.pushed += segments
        outcomes = self.journal.add(segments).outcomes
        if self.lose_answers:
            raise RelayUnreachable
        return [outcome.value for outcome in outcomes]

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a duress desk asked the relay for {name}")


@pytest.fixture
def scene(village: Village) -> tuple[Village, Path]:
    """Officer 2's folder with a duress passphrase, and his real desk closed with a segment that no relay has seen."""
    village.apply("Alena", "a story")
    village.sync()
    desk = village.desks[2]
    duress.set_duress(desk, OWN, DURESS, DURESS, memory_kib=LITTLE)
    return village, desk.folder


def opened(scene: tuple[Village, Path], relay: object) -> DuressDesk:
    village, folder = scene
    desk = open_desk(folder, DURESS, lambda key: relay, village.clock)  # type: ignore[arg-type,return-value]
    assert isinstance(desk, DuressDesk)
    return desk


def test_both_passphrases_open_a_desk_of_their_own(scene: tuple[Village, Path]) -> None:
    village, folder = scene
    assert type(open_desk(folder, OWN, lambda key: None, village.clock)) is Desk
    with pytest.raises(WrongPassphrase):
        open_desk(folder, OWN + "!", lambda key: None, village.clock)
    desk = opened(scene, None)
    assert (desk.number, desk.key.name, desk.idle) == (2, "Officer 2", True)


def test_it_holds_no_secret_of_the_real_one(scene: tuple[Village, Path]) -> None:
    village, folder = scene
    key, real = open_key((folder / KEY_FILE).read_bytes(), DURESS), village.desks[2].key
    assert isinstance(key, DuressKey)
    assert key.signing.public == real.signing.public
    assert key.identity.recipient.text != real.identity.recipient.text
    assert key.log.public != real.log.public
    with pytest.raises(StoreBroken):
        Store(folder / STORE_FILE, key.store_key)


def test_nothing_in_the_folder_is_touched(scene: tuple[Village, Path]) -> None:
    _, folder = scene
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    desk = opened(scene, Recording(scene[0].front))
    desk.sync()
    do_duties(desk)
    desk.close()
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_it_freezes_with_one_segment_in_its_own_life(scene: tuple[Village, Path]) -> None:
    relay = Recording(scene[0].front)
    highest = relay.journal.chains.clock
    desk = opened(scene, relay)
    for _ in range(3):
        desk.sync()
        assert do_duties(desk) == 0
        assert desk.push() == 0
    (signed,) = relay.pushed
    segment = signed.segment
    assert (segment.author, segment.life, segment.seq, segment.prev) == (2, DURESS_LIFE, 0, GENESIS)
    assert segment.clock == highest + 1
    (entry,) = segment.entries
    assert isinstance(entry, Clear)
    assert isinstance(parse_event(entry.event), FundFrozen)
    verify_segment(signed, scene[0].desks[2].key.signing.public)


def test_everybody_elses_fund_is_frozen(scene: tuple[Village, Path]) -> None:
    relay = Recording(scene[0].front)
    assert not relay.journal.public.council.frozen
    opened(scene, relay).sync()
    assert relay.journal.public.council.frozen


def test_the_second_time_it_goes_on_in_that_life(scene: tuple[Village, Path]) -> None:
    relay = Recording(scene[0].front)
    opened(scene, relay).sync()
    opened(scene, relay).sync()
    first, second = relay.pushed
    assert (second.segment.seq, second.segment.prev) == (1, first.id)
    assert second.segment.clock > first.segment.clock
    assert relay.journal.chains.forks == {}


def test_it_tries_again_until_the_front_answers_and_never_signs_twice_at_one_place(scene: tuple[Village, Path]) -> None:
    relay = Recording(scene[0].front)
    desk = opened(scene, relay)
    relay.down = True
    with pytest.raises(RelayUnreachable):
        desk.sync()
    assert relay.pushed == []
    relay.down, relay.lose_answers = False, True
    for _ in range(2):
        with pytest.raises(RelayUnreachable):
            desk.sync()
    relay.lose_answers = False
    desk.sync()
    desk.sync()
    assert len(relay.pushed) == 3
    assert len({signed.id for signed in relay.pushed}) == 1
    assert relay.journal.chains.forks == {}


def test_it_shows_the_founding_and_no_freeze(scene: tuple[Village, Path]) -> None:
    desk = opened(scene, Recording(scene[0].front))
    assert desk.public.charter is None
    desk.sync()
    assert desk.public.ready
    assert not desk.public.council.frozen
    assert desk.cases.cases == {}
    assert desk.keys == {}
    assert desk.contents == {}
    assert len(desk.held) < len(scene[0].front.segments)


def test_it_signs_nothing_else(scene: tuple[Village, Path]) -> None:
    desk = opened(scene, Recording(scene[0].front))
    desk.sync()
    with pytest.raises(RelayUnreachable):
        desk.act([FundFrozen(bytes(16))])


def test_one_who_is_not_on_the_roster_freezes_nothing(scene: tuple[Village, Path]) -> None:
    village, folder = scene
    relay = Recording(village.front)
    key = DuressKey.of(keyfile.OfficerKey.generate(9, "Nobody"))
    desk = DuressDesk(folder, key, village.front.fund, relay, village.clock)  # type: ignore[arg-type]
    desk.sync()
    assert relay.pushed == []


# ---- setting and removing ---------------------------------------------------------------------


def test_setting_and_removing(tmp_path: Path, village: Village) -> None:
    desk = village.desks[2]
    path = desk.folder / KEY_FILE
    sizes = {path.stat().st_size}
    duress.set_duress(desk, OWN, DURESS, DURESS, memory_kib=LITTLE)
    sizes.add(path.stat().st_size)
    assert path.stat().st_mode & 0o777 == 0o600
    assert isinstance(founding.unlock(desk.folder, DURESS), DuressKey)
    duress.remove_duress(desk, OWN, memory_kib=LITTLE)
    sizes.add(path.stat().st_size)
    with pytest.raises(WrongPassphrase):
        founding.unlock(desk.folder, DURESS)
    assert founding.unlock(desk.folder, OWN).root == desk.key.root
    assert len(sizes) == 1
    assert sorted(p.name for p in desk.folder.glob("officer.key*")) == ["officer.key"]


@pytest.mark.parametrize(
    ("typed", "first", "second", "error"),
    [
        (OWN + "x", DURESS, DURESS, WrongPassphrase),
        (OWN, DURESS, DURESS + "x", PassphrasesDiffer),
        (OWN, "short", "short", WeakPassphrase),
        (OWN, OWN, OWN, SamePassphrase),
    ],
)
def test_what_is_refused_changes_nothing(
    village: Village, typed: str, first: str, second: str, error: type[Exception]
) -> None:
    desk = village.desks[2]
    before = (desk.folder / KEY_FILE).read_bytes()
    with pytest.raises(error):
        duress.set_duress(desk, typed, first, second, memory_kib=LITTLE)
    assert (desk.folder / KEY_FILE).read_bytes() == before


def test_the_duress_passphrase_is_a_wrong_one_at_the_real_desk(scene: tuple[Village, Path]) -> None:
    village, folder = scene
    before = (folder / KEY_FILE).read_bytes()
    for act in (
        lambda: duress.check_passphrase(village.desks[2], DURESS),
        lambda: duress.remove_duress(village.desks[2], DURESS, memory_kib=LITTLE),
    ):
        with pytest.raises(WrongPassphrase):
            act()
    assert (folder / KEY_FILE).read_bytes() == before


def test_the_duress_desk_says_it_did_and_destroys_nothing(scene: tuple[Village, Path]) -> None:
    folder = scene[1]
    before = (folder / KEY_FILE).read_bytes()
    desk = opened(scene, None)
    duress.set_duress(desk, DURESS, "another of them", "another of them", memory_kib=LITTLE)
    duress.remove_duress(desk, DURESS, memory_kib=LITTLE)
    with pytest.raises(WrongPassphrase):
        duress.remove_duress(desk, OWN, memory_kib=LITTLE)
    assert (folder / KEY_FILE).read_bytes() == before


def test_the_old_bytes_are_overwritten_where_they_lay(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(b"old" * 700)
    os.link(path, tmp_path / "same bytes")  # another name of the same place on the disk
    duress.replace_key_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert b"oldold" not in (tmp_path / "same bytes").read_bytes()
    assert len((tmp_path / "same bytes").read_bytes()) == 2100


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        duress.replace_key_file(path, b"new")
    assert path.read_bytes() == b"old"
