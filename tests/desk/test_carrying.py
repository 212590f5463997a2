"""A desk and a folder: what each lacks it takes; what is erased goes; a stick from a year ago brings nothing back."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from poruch.desk import keeping
from poruch.desk.carrying import Carried, exchange
from poruch.desk.duties import do_duties
from poruch.desk.mirror import Mirror, MirrorState, note, state_in
from poruch.desk.program import Desk
from poruch.desk.syncing import KEEPS_ALL, MUCH, Portions, Progress, in_order, wanted_bodies
from poruch.errors import BadKeeperKey, FolderBroken, NoKeeperKey, RelayUnreachable
from poruch.events.kinds import NoteWritten
from poruch.events.resolutions import ErasureProposed, Resolved
from poruch.journal.folder import Folder
from poruch.journal.keepers import KeeperKey, parse_keeper_key
from poruch.journal.segments import Clear, Segment, SignedSegment, event_id, sign_segment
from poruch.journal.sync import WaitingDrop
from story.village import Village, found_village


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    made = found_village(tmp_path / "village")
    yield made
    made.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def carry(desk: Desk, stick: Path) -> tuple[Carried, Folder]:
    """One sync with the folder, and what is due after it."""
    folder, carried = Folder(stick, desk.fund, desk.today), Carried()
    for _ in exchange(desk, folder, nullcontext(), Progress(), carried):
        pass
    do_duties(desk)
    return carried, folder


def ids(desk: Desk) -> set[bytes]:
    return {signed.id for signed in desk.held}


def note_on(desk: Desk, case: str, text: str) -> None:
    desk.act([NoteWritten(case, text)])


def body_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def approval(proposed: SignedSegment) -> Resolved:
    """The approval of the resolution that stands first in a segment."""
    entry = proposed.segment.entries[0]
    assert isinstance(entry, Clear)
    return Resolved(event_id(proposed, 0, entry.event))


# ---- both ways --------------------------------------------------------------------------------


def test_two_desks_without_a_front_come_to_the_same_by_a_stick(village: Village, stick: Path) -> None:
    one, two = village.desks[1], village.desks[2]
    asked = village.apply("Alena Persona")
    one.sync()
    do_duties(one)  # admitted on desk 1, and the front burns down before anybody hears of it
    note_on(one, asked.drop, "Seen.")
    first, _ = carry(one, stick)
    assert (first.segments_in, first.bodies_in) == (0, 0)
    assert first.segments_out == len(one.held)
    assert asked.drop not in two.cases.drops
    second, folder = carry(two, stick)
    assert second.segments_in == len(one.held) - (len(two.held) - second.segments_in)
    assert second.bodies_in >= 1
    assert ids(two) == ids(one)
    assert two.contents[asked.drop].story == one.contents[asked.drop].story
    assert two.cases.cases[asked.drop].notes == one.cases.cases[asked.drop].notes
    assert not folder.troubles
    again, _ = carry(two, stick)
    assert again == Carried()


def test_what_came_by_a_stick_is_given_to_the_front(village: Village, stick: Path) -> None:
    one, two = village.desks[1], village.desks[2]
    asked = village.apply("Alena Persona")
    one.sync()
    do_duties(one)
    carry(one, stick)
    carry(two, stick)
    before = len(village.front.segments)
    two.sync()
    assert len(village.front.segments) > before
    assert ids(one) <= {signed.id for signed in village.front.segments}
    reply = one.public.replies[asked.keys.mailbox_id][0].body
    assert reply in village.front.bodies  # so the person is answered although desk 1 never reached the front


def test_a_drop_that_a_keeper_caught_is_admitted_although_its_front_is_gone(village: Village, stick: Path) -> None:
    asked = village.apply("Alena Persona")
    Folder(stick, village.front.fund, village.clock).keep_drops(village.front.drops_after(0))
    village.front.drops.clear()
    desk = village.desks[1]
    carried, _ = carry(desk, stick)
    assert carried.drops_in == 1
    assert desk.contents[asked.drop].drop == asked.drop
    assert carry(desk, stick)[0].drops_in == 0


def test_equivocation_travels_by_a_stick(village: Village, stick: Path) -> None:
    one, two, liar = village.desks[1], village.desks[2], village.desks[5]
    asked = village.apply("Alena Persona")
    village.sync()
    forked = liar.act([NoteWritten(asked.drop, "first")])
    head = liar.chains.heads.pop((5, 0))
    liar.chains._ids.pop((5, 0, forked.order[3]))
    assert head.id == forked.id
    segment = forked.segment
    second = sign_segment(
        Segment(segment.fund, 5, 0, segment.seq, segment.prev, segment.clock + 1, segment.day, ()), liar.key.signing
    )
    one.take([forked, second], pushed=False)
    assert one.chains.forks
    carry(one, stick)
    carry(two, stick)
    assert two.chains.forks == one.chains.forks
    assert 5 in two.public.council.liars


# ---- erased -----------------------------------------------------------------------------------


def test_a_stick_from_before_the_erasure_brings_nothing_back(village: Village, stick: Path, tmp_path: Path) -> None:
    asked = village.apply("Alena Persona")
    village.sync()
    desk = village.desks[2]
    carry(desk, stick)
    sha256 = desk.cases.drops[asked.drop].body
    body = desk.store.body(sha256)
    assert body is not None
    event = village.desks[1].act([ErasureProposed((sha256,), bytes(16))])
    village.sync()
    for number in (3, 4):
        village.desks[number].act([approval(event)])
        village.sync()
    assert sha256 in desk.public.erased
    assert body in body_bytes(stick)
    stale, _ = carry(desk, stick)
    assert stale.erased == 1
    assert desk.store.body(sha256) is None
    assert body not in body_bytes(stick)
    Folder(stick, desk.fund, desk.today).keep_body(body)  # somebody's old copy is laid over it
    assert carry(village.desks[4], stick)[0].erased == 1
    assert body not in body_bytes(stick) + body_bytes(tmp_path / "village")


def test_a_stick_that_brings_the_erasure_erases_on_the_desk_too(village: Village, stick: Path) -> None:
    asked = village.apply("Alena Persona")
    village.sync()
    late = village.desks[5]
    sha256 = late.cases.drops[asked.drop].body
    assert late.store.body(sha256)
    event = village.desks[1].act([ErasureProposed((sha256,), bytes(16))])
    for number in (3, 4):
        carry(village.desks[1], stick)
        carry(village.desks[number], stick)
        village.desks[number].act([approval(event)])
        carry(village.desks[number], stick)
        carry(village.desks[1], stick)
    Folder(stick, late.fund, late.today).keep_body(late.store.body(sha256) or b"")
    carried, folder = carry(late, stick)
    assert late.store.body(sha256) is None
    assert folder.body(sha256) is None
    assert carried.erased >= 1


# ---- the keeper -------------------------------------------------------------------------------


class KeeperRelay:
    """What a keeper may ask of the village's front; `broken` is when it falls silent."""

    front_number = ""
    address = "http://village.example"

    def __init__(self, village: Village) -> None:
        self._front, self.broken, self.asked = village.front, "", list[str]()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what == self.broken:
            raise RelayUnreachable(what)

    def segments_beyond(self, positions: dict[tuple[int, int], int]) -> list[SignedSegment]:
        self._ask("segments")
        return self._front.segments_beyond(positions)

    def drops_after(self, after: int) -> list[WaitingDrop]:
        self._ask("drops")
        return self._front.drops_after(after)

    def body_hashes(self, after: bytes) -> list[bytes]:
        self._ask("list")
        return sorted(sha256 for sha256 in self._front.bodies if sha256 > after)[:2]

    def bodies(self, hashes: list[bytes]) -> list[bytes]:
        self._ask("bodies")
        return self._front.bodies_of(hashes)[:1]


def keeper(village: Village, stick: Path, relay: KeeperRelay, *, from_now: bool = False) -> Mirror:
    return Mirror(Folder(stick, village.front.fund, village.clock), relay, from_now)  # type: ignore[arg-type]


def test_a_keeper_mirrors_all_and_a_desk_starts_from_its_folder(village: Village, stick: Path) -> None:
    asked = village.apply("Alena Persona")
    village.sync()
    late = village.apply("Bahdan Persona")
    mirror = keeper(village, stick, KeeperRelay(village))
    first = mirror.go_round()
    assert first.segments == len(village.front.segments)
    assert first.drops == 2
    assert mirror.folder.body_hashes() == set(village.front.bodies)
    second = mirror.go_round()
    assert (second.segments, second.bodies, second.drops) == (0, 0, 0)
    desk = village.desks[5]
    village.front.drops.clear()
    carry(desk, stick)
    assert {asked.drop, late.drop} <= set(desk.contents)


@pytest.mark.parametrize("broken", ["segments", "drops", "list", "bodies"])
def test_a_keeper_that_is_cut_anywhere_goes_on_where_it_was(village: Village, stick: Path, broken: str) -> None:
    village.apply("Alena Persona")
    village.sync()
    relay = KeeperRelay(village)
    relay.broken = broken
    with pytest.raises(RelayUnreachable):
        keeper(village, stick, relay).go_round()
    relay.broken = ""
    again = keeper(village, stick, relay)  # killed, and started anew
    again.go_round()
    assert again.folder.body_hashes() == set(village.front.bodies)
    assert len(again.folder.drop_names()) == 1
    assert len(again.journal.held) == len(village.front.segments)


def test_a_keeper_forgets_what_is_erased(village: Village, stick: Path) -> None:
    asked = village.apply("Alena Persona")
    village.sync()
    relay = KeeperRelay(village)
    mirror = keeper(village, stick, relay)
    mirror.go_round()
    sha256 = village.desks[1].cases.drops[asked.drop].body
    body = village.front.bodies[sha256]
    event = village.desks[1].act([ErasureProposed((sha256,), bytes(16))])
    village.sync()
    for number in (3, 4):
        village.desks[number].act([approval(event)])
        village.sync()
    assert body in body_bytes(stick)
    assert mirror.go_round().erased == 1
    assert body not in body_bytes(stick)
    keeper(village, stick, relay).go_round()  # the front of this test has not erased it: it is refused all the same
    (stick / "keeper.state").unlink()
    keeper(village, stick, relay).go_round()
    assert body not in body_bytes(stick)


def test_what_a_keeper_keeps_names_nobody(village: Village, stick: Path) -> None:
    asked = village.apply("Alena Persona", story="They sent me away from Harodnia.")
    village.sync()
    note_on(village.desks[1], asked.drop, "She is known to us.")
    village.sync()
    keeper(village, stick, KeeperRelay(village)).go_round()
    kept = body_bytes(stick)
    for secret in (b"Alena", b"Harodnia", b"known to us", b"Officer 1"):
        assert secret not in kept


def test_the_note_is_believed_only_of_this_front_and_whole(village: Village, stick: Path) -> None:
    folder = Folder(stick, village.front.fund, village.clock)
    note(folder, MirrorState("here", 7))
    assert state_in(folder, "here").drops == 7
    assert state_in(folder, "elsewhere").drops == 0
    (stick / "keeper.state").write_bytes((stick / "keeper.state").read_bytes()[:-1])
    assert state_in(folder, "here").drops == 0


def test_naming_and_ending_a_keeper(village: Village) -> None:
    desk = village.desks[2]
    assert keeping.keeper_of(desk) == keeping.Keeper(named=False, here=False)
    with pytest.raises(NoKeeperKey):
        keeping.key_file(desk)
    key = keeping.name_keeper(desk)
    assert desk.public.keeper(2) == key.signing.public
    assert parse_keeper_key(keeping.key_file(desk)) == key
    assert (desk.folder / "keeper.key").stat().st_mode & 0o777 == 0o600
    other = keeping.name_keeper(desk)
    assert desk.public.keeper(2) == other.signing.public != key.signing.public
    keeping.end_keeper(desk)
    assert desk.public.keeper(2) is None
    assert not (desk.folder / "keeper.key").exists()
    assert not (desk.folder / "collected").exists()


def test_a_keeper_key_has_one_spelling() -> None:
    key = KeeperKey(bytes(range(32)), 7, bytes(32))
    assert parse_keeper_key(key.file) == key
    assert "seed" not in repr(key)
    for wrong in (b"", key.file[:-1], key.file + b"\n", key.file.replace(b"7", b"07", 1), b"x" * 10_000,
                  key.file.replace(b"officer 7", b"officer 70000"), key.file.upper()):  # fmt: skip
        with pytest.raises(BadKeeperKey):
            parse_keeper_key(wrong)


def test_what_was_collected_while_locked_is_taken_in_without_a_front(village: Village) -> None:
    desk = village.desks[2]
    keeping.name_keeper(desk)
    village.sync()
    for _ in keeping.take_collected(desk, nullcontext(), Progress()):
        pass  # as at the first unlock: the journal lies there now, so that only what is new is asked for
    relay = KeeperRelay(village)
    asked = village.apply("Alena Persona")
    other = village.desks[1]
    other.sync()
    do_duties(other)
    other.push()
    late = village.apply("Bahdan Persona")
    mirror = keeper(village, desk.folder / "collected", relay, from_now=True)
    collected = mirror.go_round()
    assert collected.segments == 1
    assert collected.drops == 2
    assert "list" not in relay.asked
    village.front.drops.clear()
    for _ in keeping.take_collected(desk, nullcontext(), Progress()):
        pass
    do_duties(desk)
    assert {asked.drop, late.drop} <= set(desk.contents)
    for _ in keeping.take_collected(desk, nullcontext(), Progress()):
        pass
    assert mirror.folder.body_hashes() == set()  # the desk has them sealed in its store
    assert mirror.folder.drop_names() == set()


# ---- steps ------------------------------------------------------------------------------------


class Counting:
    """A lock that notes how often it was taken, and whether it is held."""

    def __init__(self) -> None:
        self.held, self.times = False, 0

    def __enter__(self) -> None:
        assert not self.held
        self.held = True
        self.times += 1

    def __exit__(self, *failure: object) -> None:
        self.held = False


def test_nothing_is_asked_of_the_front_while_the_lock_is_held(village: Village) -> None:
    village.apply("Alena Persona")
    village.desks[1].sync()
    do_duties(village.desks[1])
    village.desks[1].push()
    lock = Counting()
    desk = village.desks[2]

    class Watched:
        def __getattr__(self, name: str) -> Callable[..., object]:
            assert not lock.held, name
            return getattr(desk.relay, name)  # type: ignore[no-any-return]

    for _ in desk.steps(Watched(), lock, Progress()):  # type: ignore[arg-type]
        assert not lock.held
    assert lock.times > 5
    assert ids(desk) == ids(village.desks[1])


def test_a_desk_that_was_away_says_how_far_it_has_come(village: Village) -> None:
    asked = village.apply("Alena Persona")
    village.sync()
    for at in range(MUCH + 50):
        note_on(village.desks[1], asked.drop, f"{at}")
    village.desks[1].push()
    seen = []
    progress = Progress()
    for _ in village.desks[2].steps(village.desks[2].relay, nullcontext(), progress):  # type: ignore[arg-type]
        seen.append((progress.taken, progress.missing))
    assert progress.catching_up
    assert seen == sorted(seen)
    assert {missing for taken, missing in seen if taken} == {MUCH + 50}
    assert seen[-1] == (MUCH + 50, MUCH + 50)
    assert len({taken for taken, _ in seen}) > 5
    small = Progress()
    for _ in village.desks[3].steps(village.desks[3].relay, nullcontext(), small):  # type: ignore[arg-type]
        pass
    note_on(village.desks[1], asked.drop, "one more")
    village.desks[1].push()
    quiet = Progress()
    for _ in village.desks[3].steps(village.desks[3].relay, nullcontext(), quiet):  # type: ignore[arg-type]
        assert not quiet.catching_up


def test_of_two_segments_at_one_place_the_first_to_come_stays_first(village: Village) -> None:
    held = list(village.desks[1].held)
    author = village.desks[1].key.signing
    mine = next(one for one in held if one.order[1] == 1)
    other = sign_segment(
        Segment(mine.segment.fund, 1, 0, mine.order[3], mine.segment.prev, 0, mine.segment.day, ()), author
    )
    arranged = in_order([*reversed(held), other])
    assert arranged[:-1] == held
    assert arranged[-1] is other


def test_portions_shrink_on_a_slow_computer_and_grow_on_a_fast_one() -> None:
    now = [0.0]
    portions, sizes = Portions(lambda: now[0]), []
    for part in portions.of(list(range(400))):
        sizes.append(len(part))
        now[0] += 0.001 * len(part)
    assert sum(sizes) == 400
    assert max(sizes[3:]) <= 32
    now[0] = 0.0
    fast = Portions(lambda: now[0])
    assert [len(part) for part in fast.of(list(range(56)))] == [8, 16, 32]


def test_a_desk_that_holds_all_wants_more(village: Village) -> None:
    desk = village.desks[5]
    village.apply("Alena Persona")
    village.sync()
    assert wanted_bodies(desk) == set()
    opening = type("Opening", (), {"requester": 1, "done": True, "answers": {1: bytes(32)}, "refutations": ()})()
    desk.openings.openings[bytes(32)] = opening
    assert wanted_bodies(desk) == set()
    desk.store.keep_fact(KEEPS_ALL, b"1")
    assert wanted_bodies(desk) == {bytes(32)}


def test_a_broken_folder_is_one_sentence(village: Village, stick: Path) -> None:
    stick.rmdir()
    with pytest.raises(FolderBroken):
        carry(village.desks[1], stick)
