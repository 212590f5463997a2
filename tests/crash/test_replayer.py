"""The recorder and the replayer themselves: what they read, and which disks they make of it."""

import random
from pathlib import Path

import pytest

from crash.disk import Disk, State, power_cuts
from crash.steps import Cut, Gone, Made, Moved, Step, Synced, Told, Wrote
from crash.trace import NEVER, parse

NAME = "".join(f"\\x{byte:02x}" for byte in b"/d/a")


def chance() -> random.Random:
    return random.Random(5)  # noqa: S311


def wrote(at: int, data: bytes, offset: int = 0, path: str = "a") -> Wrote:
    return Wrote(at, at, path, offset, data)


def disks(before: dict[str, bytes], *steps: Step, each: int = 60) -> set[tuple[tuple[str, bytes], ...]]:
    """All disks that a power cut after the last step may leave."""
    cuts = list(power_cuts(before, list(steps), each, 1))
    return {tuple(sorted(state.files.items())) for state in cuts[-(each + 3) :]}


def test_a_call_that_another_thread_interrupts_is_put_together() -> None:
    lines = [
        f'7 pwrite64(3<{NAME}>, "\\x61\\x62", 2, 5 <unfinished ...>',
        f"8 fdatasync(3<{NAME}>) = 0",
        "7 <... pwrite64 resumed>)           = 2",
        "8 +++ exited with 0 +++",
    ]
    write, sync = parse(lines)
    assert (write.began, write.ended, write.texts, write.numbers) == (0, 2, [b"ab"], [2, 5])
    assert (sync.path, sync.began, sync.ended) == ("/d/a", 1, 1)


def test_a_call_that_never_returned_may_have_done_all() -> None:
    [call] = parse([f'7 pwrite64(3<{NAME}>, "\\x61", 1, 0 <unfinished ...>', "7 +++ killed by SIGKILL +++"])
    assert (call.ended, call.result) == (NEVER, None)


@pytest.mark.parametrize("line", ["nothing", "7 what is this", '7 write(3<a>, "\\x61"'])
def test_a_line_that_is_not_understood_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        list(parse([line]))


def test_what_is_synced_is_there_and_nothing_else_is_certain() -> None:
    steps = wrote(1, b"one"), Synced(2, 2, "a"), wrote(3, b"two")
    assert disks({"a": b""}, *steps[:2]) == {(("a", b"one"),)}
    assert disks({"a": b""}, *steps) == {(("a", b"one"),), (("a", b"two"),)}


def test_a_sync_covers_only_what_had_returned_before_it() -> None:
    late = Wrote(1, 9, "a", 0, b"x")
    assert disks({"a": b""}, late, Synced(5, 4, "a")) == {(("a", b""),), (("a", b"x"),)}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    found = disks({"a": b"...."}, wrote(1, b"1"), wrote(2, b"2", 1), wrote(3, b"3", 2))
    assert {content for ((_, content),) in found} >= {b"....", b"123.", b"1...", b"12..", b"1.3.", b".23."}


def test_a_long_write_tears_into_sectors_and_not_inside_them() -> None:
    found = {content for ((_, content),) in disks({"a": bytes(1536)}, wrote(1, b"x" * 1536))}
    assert len(found) > 4
    assert all(len(set(content[at : at + 512])) == 1 for content in found for at in range(0, 1536, 512))


def test_a_file_may_be_longer_without_its_bytes() -> None:
    found = {content for ((_, content),) in disks({"a": b""}, wrote(1, b"x" * 1024))}
    assert bytes(512) + b"x" * 512 in found


def test_a_name_may_be_safe_before_the_bytes_are() -> None:
    steps = Made(1, "half"), wrote(2, b"new", path="half"), Moved(3, "half", "a")
    found = disks({"a": b"old"}, *steps)
    assert {(("a", b"old"),), (("a", b"new"),), (("a", b""),)} <= found
    synced = Made(1, "half"), wrote(2, b"new", path="half"), Synced(3, 3, "half"), Moved(4, "half", "a")
    assert not any(dict(disk)["a"] == b"" for disk in disks({"a": b"old"}, *synced))
    assert disks({"a": b"old"}, *synced, Synced(5, 5, ".")) == {(("a", b"new"),)}


def test_names_in_one_folder_keep_their_order() -> None:
    found = disks({}, Made(1, "a"), Made(2, "b"), Gone(3, "a"))
    assert {tuple(name for name, _ in disk) for disk in found} == {(), ("a",), ("a", "b"), ("b",)}


def test_a_file_is_lost_with_the_name_of_its_folder() -> None:
    steps: list[Step] = [Made(1, "f", folder=True), Made(2, "f/a"), wrote(3, b"x", path="f/a")]
    steps += [Synced(4, 4, "f/a"), Synced(5, 5, "f")]
    assert disks({}, *steps) == {(), (("f/a", b"x"),)}
    assert disks({}, *steps, Synced(6, 6, ".")) == {(("f/a", b"x"),)}


def test_a_cut_file_is_as_short_as_it_was_cut() -> None:
    assert disks({"a": b"long"}, Cut(1, 1, "a", 2), Synced(2, 2, "a")) == {(("a", b"lo"),)}


def test_the_same_seed_makes_the_same_disks() -> None:
    steps: list[Step] = [Made(1, "a"), *(wrote(at, bytes([at]) * 700, at * 700) for at in range(2, 9)), Told(9, "x")]
    first, again, other = ([state.digest for state in power_cuts({}, steps, 5, seed)] for seed in (3, 3, 4))
    assert first == again != other


def test_what_was_told_is_known_from_then_on() -> None:
    told = [state.told for state in power_cuts({}, [Told(1, "one"), Told(2, "two")], 0, 1)]
    assert told == [("one",)] * 3 + [("one", "two")] * 3


def test_a_disk_is_laid_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    State({"f/a": b"x"}, ()).lay(folder)
    State({"b": b"y"}, ()).lay(folder)
    assert {path.name for path in folder.iterdir()} == {"b"}


def test_what_was_not_recorded_is_not_guessed() -> None:
    disk = Disk({"a": b"safe"})
    disk.take(wrote(1, b"lost", path="never named"))
    assert disk.cut("all", "all", chance()) == {"a": b"safe"}
