"""A folder for sync: whatever lies in it, what is ours is read, what is missing is written, nothing else is touched."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from journal.little_fund import LittleFund
from poruch.errors import BadPack, FolderBroken
from poruch.events.codec import encode
from poruch.events.kinds import NoticePublished
from poruch.journal import folder as folders
from poruch.journal.folder import Folder, funds_in
from poruch.journal.frames import join
from poruch.journal.packs import Coverage, PackHead, make_packs, name_of, read_head, read_pack, runs_of
from poruch.journal.places import Trouble
from poruch.journal.segments import SignedSegment
from poruch.journal.sync import WaitingDrop

SRC = Path(__file__).parents[2] / "src"
DAY = date(2026, 9, 1)
BODY = b"sealed bytes of somebody" * 40
SHA = hashlib.sha256(BODY).digest()


def many(fund: LittleFund, count: int) -> list[SignedSegment]:
    """The founding and notices of three officers in turn."""
    return [*fund.found(), *(fund.act(1 + at % 3, NoticePublished("note", f"{at}" * 20)) for at in range(count - 3))]


@pytest.fixture
def fund() -> LittleFund:
    return LittleFund()


@pytest.fixture
def folder(fund: LittleFund, tmp_path: Path) -> Folder:
    return Folder(tmp_path, fund.id, lambda: DAY)


def ours(folder: Folder) -> Path:
    return folder.path / f"poruch-v1-{folder.fund.hex()}"


def packs(folder: Folder) -> list[Path]:
    return sorted((ours(folder) / "segments").glob("*.pack"))


def read(folder: Folder, positions: dict[tuple[int, int], int] | None = None) -> set[bytes]:
    return {one.id for pack in folder.segments_beyond(positions or {}) for one in pack}


def drop(name: str = "a", body: bytes = BODY) -> WaitingDrop:
    return WaitingDrop(7, name * 32, "submission", DAY, body)


# ---- what is written is read, and only what is missing travels ---------------------------------


def test_what_one_desk_writes_another_reads(folder: Folder, fund: LittleFund) -> None:
    segments = many(fund, 30)
    assert folder.keep_segments(segments) == 30
    assert folder.keep_body(BODY) == SHA
    assert folder.keep_drops([drop()]) == 1
    other = Folder(folder.path, fund.id, lambda: DAY)
    assert read(other) == {one.id for one in segments}
    assert (other.body_hashes(), other.body(SHA)) == ({SHA}, BODY)
    assert list(other.drops(())) == [WaitingDrop(0, "a" * 32, "submission", DAY, BODY)]
    assert list(other.drops({"a" * 32})) == []
    assert not other.troubles
    assert funds_in(folder.path) == [fund.id]


def test_only_what_is_missing_is_written_and_read(folder: Folder, fund: LittleFund) -> None:
    segments = many(fund, 30)
    folder.keep_segments(segments[:20])
    before = packs(folder)
    assert folder.keep_segments(segments[:20]) == 0
    assert packs(folder) == before
    assert folder.keep_segments(segments) == 10
    positions = {(one.order[1], one.order[2]): one.order[3] for one in segments[:20]}
    assert read(folder, positions) == {one.id for one in segments[20:]}
    assert folder.coverage().beyond(positions) == 10


def test_no_pack_is_read_that_holds_nothing_new(
    folder: Folder, fund: LittleFund, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = many(fund, 30)
    folder.keep_segments(segments[:20])
    folder.keep_segments(segments[20:])
    opened: list[str] = []
    real = Folder._read_pack

    def noted(self: Folder, place: object, name: str) -> object:
        opened.append(name)
        return real(self, place, name)  # type: ignore[arg-type]

    monkeypatch.setattr(Folder, "_read_pack", noted)
    positions = {(one.order[1], one.order[2]): one.order[3] for one in segments[:20]}
    assert len(read(folder, positions)) == 10
    assert len(opened) == 1


def test_of_times_only_the_day_is_left_and_rights_are_those_of_the_folder(folder: Folder, fund: LittleFund) -> None:
    folder.path.chmod(0o770)
    folder.keep_segments(many(fund, 3))
    folder.keep_body(BODY)
    midnight = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    files = [path for path in ours(folder).rglob("*") if path.is_file()]
    assert {path.stat().st_mtime for path in files} == {midnight}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o660}


def test_small_packs_are_put_together_and_nothing_is_lost(folder: Folder, fund: LittleFund) -> None:
    segments = many(fund, folders.MOST_SMALL + 2)
    for one in segments:
        folder.keep_segments([one])
    assert len(packs(folder)) == len(segments)
    assert folder.put_together() == len(segments)
    assert len(packs(folder)) == 1
    assert read(folder) == {one.id for one in segments}
    assert folder.put_together() == 0


def test_a_proof_travels_once(folder: Folder, fund: LittleFund) -> None:
    proof = fund.found()[0]
    assert folder.keep_proofs([proof]) == 1
    assert folder.keep_proofs([proof]) == 0
    assert [one.raw for one in folder.proofs(())] == [proof.raw]
    assert list(folder.proofs({hashlib.sha256(proof.raw).digest()})) == []


# ---- what strangers and bad disks do -----------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def turn_a_bit(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def head_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])


@pytest.mark.parametrize("harm", [cut, turn_a_bit, empty, head_only])
def test_a_damaged_pack_is_set_aside_and_the_next_desk_mends_it(folder: Folder, fund: LittleFund, harm: object) -> None:
    segments = many(fund, 9)
    folder.keep_segments(segments)
    harm(packs(folder)[0])  # type: ignore[operator]
    assert read(folder) == set()
    assert folder.troubles[Trouble.DAMAGED] == 1
    assert folder.keep_segments(segments) == 9
    assert read(folder) == {one.id for one in segments}


@pytest.mark.parametrize("harm", [cut, turn_a_bit, empty])
def test_a_damaged_body_is_set_aside_and_the_next_desk_mends_it(folder: Folder, harm: object) -> None:
    folder.keep_body(BODY)
    path = ours(folder) / "bodies" / SHA.hex()[:2] / SHA.hex()
    harm(path)  # type: ignore[operator]
    assert folder.body(SHA) is None
    assert SHA not in folder.body_hashes()
    folder.keep_body(BODY)
    assert folder.body(SHA) == BODY


def test_links_pipes_and_directories_are_not_opened(folder: Folder, tmp_path: Path, fund: LittleFund) -> None:
    folder.keep_segments(many(fund, 3))
    folder.keep_body(BODY)
    secret = tmp_path / "secret"
    secret.write_bytes(BODY)
    shelf = ours(folder) / "bodies" / SHA.hex()[:2]
    (shelf / SHA.hex()).unlink()
    (shelf / SHA.hex()).symlink_to(secret)
    assert folder.body(SHA) is None
    (shelf / SHA.hex()).unlink()
    os.mkfifo(shelf / SHA.hex())
    assert folder.body(SHA) is None
    (ours(folder) / "segments" / f"{'0' * 64}.pack").mkdir()
    (ours(folder) / "segments" / f"{'1' * 64}.pack").symlink_to(secret)
    assert len(read(folder)) == 3
    assert folder.troubles[Trouble.LINK] == 4
    assert secret.read_bytes() == BODY


def test_a_link_in_the_place_of_a_directory_is_refused_and_not_followed(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    ours(folder).mkdir()
    (ours(folder) / "bodies").symlink_to(outside)
    with pytest.raises(FolderBroken):
        folder.keep_body(BODY)
    assert list(outside.iterdir()) == []


def test_what_is_too_long_is_not_read(folder: Folder, fund: LittleFund) -> None:
    segments = many(fund, 3)
    folder.keep_segments(segments)
    for place, name in (("segments", f"{'2' * 64}.pack"), (f"bodies/{SHA.hex()[:2]}", SHA.hex())):
        path = ours(folder) / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(2**40)  # a hole; nobody has so much disk
    assert len(read(folder)) == 3
    assert folder.body(SHA) is None
    assert folder.troubles[Trouble.TOO_LONG] == 2


def test_what_is_not_ours_is_left_alone(folder: Folder, fund: LittleFund) -> None:
    folder.keep_segments(many(fund, 3))
    kept = [ours(folder) / "segments" / name for name in ("notes.txt", ".DS_Store", "a" * 64)]
    for path in kept:
        path.write_bytes(b"whatever")
    assert len(read(folder)) == 3
    assert all(path.read_bytes() == b"whatever" for path in kept)
    assert folder.troubles == {Trouble.FOREIGN: 3}


def test_another_fund_in_the_same_folder_is_another_directory(folder: Folder, fund: LittleFund) -> None:
    other = LittleFund()
    folder.keep_segments(many(fund, 3))
    Folder(folder.path, other.id, lambda: DAY).keep_segments(many(other, 5))
    assert len(read(folder)) == 3
    stray = next(iter(make_packs(other.id, many(other, 3))))
    (ours(folder) / "segments" / name_of(stray)).write_bytes(stray)
    assert len(read(folder)) == 3
    assert folder.troubles == {Trouble.FOREIGN: 1}


def test_a_drop_under_another_name_or_with_a_lost_body_does_not_wait(folder: Folder) -> None:
    folder.keep_drops([drop("a"), drop("b", BODY + b"b"), drop("c", BODY + b"c")])
    drops = sorted((ours(folder) / "drops").iterdir())
    drops[0].rename(drops[0].with_name("d" * 32 + drops[0].name[32:]))
    lost = hashlib.sha256(BODY + b"b").hexdigest()
    (ours(folder) / "bodies" / lost[:2] / lost).unlink()
    assert [one.drop for one in folder.drops(())] == ["c" * 32]
    assert folder.troubles[Trouble.FOREIGN] == 1


def test_of_two_drops_with_one_id_one_waits(folder: Folder) -> None:
    folder.keep_drops([drop("a"), drop("a", BODY + b"x")])
    assert len(list(folder.drops(()))) == 1


def test_a_strange_stick_does_not_keep_a_desk_busy_for_ever(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_DROPS", 2)
    folder.keep_drops([drop(name) for name in "abcd"])
    assert len(list(folder.drops(()))) == 2


def test_a_folder_that_is_not_there_is_one_sentence(fund: LittleFund, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(FolderBroken):
            Folder(path, fund.id, lambda: DAY).coverage()
        with pytest.raises(FolderBroken):
            funds_in(path)


# ---- packs ------------------------------------------------------------------------------------


def test_a_pack_whose_head_lies_is_refused(fund: LittleFund) -> None:
    segments = sorted(many(fund, 9), key=lambda one: one.order[1:])
    rest = join(one.raw for one in segments)
    true = runs_of(segments)
    for head in (
        PackHead(fund.id, len(rest), true[:-1]),
        PackHead(fund.id, len(rest), (*true, (1, 0, 0, 99))),
        PackHead(fund.id, len(rest) + 1, true),
        PackHead(fund.id[:31], len(rest), true),
    ):
        with pytest.raises(BadPack):
            read_pack(join([encode(head)]) + rest)
    assert read_pack(join([encode(PackHead(fund.id, len(rest), true))]) + rest) == segments


@pytest.mark.parametrize("start", [b"", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc0", b"\x00\x10\x00\x01"])
def test_bytes_that_are_no_head(start: bytes) -> None:
    with pytest.raises(BadPack):
        read_head(start, 10**6)


def test_coverage_counts_what_stands_beyond() -> None:
    covered = Coverage()
    for run in ((1, 0, 0, 4), (1, 0, 5, 9), (1, 0, 20, 29), (2, 1, 0, 0)):
        covered.add(run)
    covered.settle()
    assert covered.runs == {(1, 0): [(0, 9), (20, 29)], (2, 1): [(0, 0)]}
    assert covered.beyond({}) == 21
    assert covered.beyond({(1, 0): 24}) == 6
    assert covered.beyond({(1, 0): 29, (2, 1): 0}) == 0


# ---- erasing ----------------------------------------------------------------------------------


def test_what_is_erased_leaves_no_byte_whole_or_half_written(folder: Folder) -> None:
    folder.keep_drops([drop()])
    other = BODY + b"other"
    folder.keep_body(other)
    shelf = ours(folder) / "bodies" / SHA.hex()[:2]
    (shelf / f"{SHA.hex()}.20260901.{'0' * 16}.tmp").write_bytes(BODY[:50])
    assert folder.erase({SHA}) == 1
    left = b"".join(path.read_bytes() for path in ours(folder).rglob("*") if path.is_file())
    assert BODY[:50] not in left.replace(other, b"")
    assert folder.drop_names() == set()
    assert folder.body(hashlib.sha256(other).digest()) == other


def test_what_was_half_written_two_days_ago_goes(folder: Folder, fund: LittleFund) -> None:
    folder.keep_segments(many(fund, 3))
    half = ours(folder) / "segments"
    for day in ("20260829", "20260831", "20260901"):
        (half / f"{'a' * 64}.pack.{day}.{'0' * 16}.tmp").write_bytes(b"half")
    assert len(read(folder)) == 3
    assert not folder.troubles  # a colleague may be writing it just now
    folder.erase(set())
    assert sorted(path.name[70:78] for path in half.glob("*.tmp")) == ["20260831", "20260901"]


# ---- many at once, and sudden ends -------------------------------------------------------------

WRITER = """
import sys
from datetime import date
from pathlib import Path
from poruch.journal.folder import Folder
from poruch.journal.frames import split
from poruch.journal.segments import parse_segment
path, fund, source = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), Path(sys.argv[3])
folder = Folder(path, fund, lambda: date(2026, 9, 1))
segments = [parse_segment(raw) for raw in split(source.read_bytes())]
print("ready", flush=True)
for one in segments:
    folder.keep_segments([one])
    folder.keep_body(one.raw)
    folder.put_together()
print("done", flush=True)
"""


@pytest.fixture
def writers(folder: Folder, fund: LittleFund, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    segments = many(fund, 90)
    source = tmp_path_factory.mktemp("source") / "segments"
    source.write_bytes(join(one.raw for one in segments))
    return [[sys.executable, "-c", WRITER, str(folder.path), fund.id.hex(), str(source)]] * 3


def start(command: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(SRC)})
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_three_write_the_same_folder_at_once(folder: Folder, writers: list[list[str]]) -> None:
    running = [start(command) for command in writers]
    assert [process.communicate(timeout=120)[0] for process in running] == ["done\n"] * 3
    assert len(read(folder)) == 90
    assert len(folder.body_hashes()) == 90
    assert not folder.troubles


def test_a_sudden_end_at_any_moment_leaves_nothing_torn(folder: Folder, writers: list[list[str]]) -> None:
    seen: set[bytes] = set()
    for hundredth in range(12):
        process = start(writers[0])
        with closing(process.stdout):  # type: ignore[type-var]
            time.sleep(hundredth / 100)
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = read(folder)
        assert seen <= now
        assert all(folder.body(sha256) for sha256 in folder.body_hashes())
        assert not folder.troubles
        seen = now
    assert start(writers[0]).communicate(timeout=120)[0] == "done\n"
    assert len(read(folder)) == 90
