"""A line that fails at any byte: desks converge, nothing acknowledged is lost, nothing is there twice."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from crash.faults import FAULTS, FaultyLine
from crash.real_front import connect, line_to, village_and_front
from poruch.desk.program import Desk, Mailing
from poruch.errors import RelayUnreachable
from poruch.events.council import KeeperNamed
from story.village import Village


def try_to_sync(desk: Desk, troubles: Counter[str]) -> bool:
    """Whether it went through; what keeps a desk from it is never anything but that the front is away."""
    try:
        desk.sync()
    except RelayUnreachable as trouble:
        troubles[trouble.sentence] += 1
        return False
    return True


def work(village: Village, rounds: int, troubles: Counter[str]) -> tuple[set[bytes], set[bytes]]:
    """All desks act, one after the other, and try to sync once; the ids of their segments, and of bodies."""
    said, bodies = set(), set()
    for number in range(rounds):
        for desk in village.desks.values():
            body = hashlib.sha256(b"%d %d" % (number, desk.number)).digest() * 100
            said.add(desk.act([KeeperNamed(bytes([number + 1]) * 32)], [Mailing.of(body)]).id)
            bodies.add(hashlib.sha256(body).digest())
            try_to_sync(desk, troubles)
    return said, bodies


def converge(village: Village, troubles: Counter[str], most: int = 400) -> None:
    """Let all desks sync over the same bad line until all know all."""
    for _ in range(most):
        for desk in village.desks.values():
            try_to_sync(desk, troubles)
        known = {frozenset(signed.id for signed in desk.held) for desk in village.desks.values()}
        if len(known) == 1 and not any(desk.store.unpushed_segments() for desk in village.desks.values()):
            return
    raise AssertionError("the desks did not converge")


def over_a_bad_line(folder: Path, rounds: int, seed: int, likely: float) -> Counter[str]:
    """Work over a bad line, then look at desks and front over a good one; the faults that there were."""
    village, front = village_and_front(folder)
    line, troubles = FaultyLine(front.address, seed, likely), Counter[str]()
    try:
        connect(village, line)
        said, bodies = work(village, rounds, troubles)
        converge(village, troubles)
        assert troubles
        assert set(troubles) == {RelayUnreachable().sentence}
        relay = line_to(front.address, village, 1)
        held = [signed.id for signed in relay.segments_beyond({})]
        assert len(held) == len(set(held))
        for desk in village.desks.values():
            assert {signed.id for signed in desk.held} == set(held) >= said
            assert not desk.chains.forks
        assert all(relay.body(sha256) is not None for sha256 in bodies)
        print(
            f"a bad line: {sum(line.done.values())} faults, {sum(troubles.values())} syncs cut short, {len(said)} acts"
        )
        return line.done
    finally:
        line.close()
        village.close()
        front.stop()


def test_desks_converge_over_a_bad_line(tmp_path: Path) -> None:
    done = over_a_bad_line(tmp_path, 3, seed=4, likely=0.3)
    assert set(FAULTS) <= set(done)
    assert sum(done.values()) >= 20


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5, 11))
def test_desks_converge_over_a_very_bad_line(tmp_path: Path, seed: int) -> None:
    assert sum(over_a_bad_line(tmp_path, 12, seed, likely=0.45).values()) >= 150
