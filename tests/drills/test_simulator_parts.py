"""The parts of the simulator: doubles that open for listed keys alone, disks that lose power, lines that fail."""

import random
from collections.abc import Callable
from datetime import date

import pytest

from poruch.crypto import age, commitments, dleq, group, opening, signatures
from poruch.drills.simulator import double_age, double_group, double_signatures
from poruch.drills.simulator.disk import Disk, PowerCut
from poruch.drills.simulator.doubled import installed
from poruch.drills.simulator.fronts import SimulatedFront
from poruch.drills.simulator.network import SimulatedLine, SimulatedRelay
from poruch.errors import BadMac, BadPoint, BadRangeProof, BadSignature, NotForThisKey, RelayUnreachable


@pytest.fixture
def drawn() -> Callable[[int], bytes]:
    return random.Random(1).randbytes  # noqa: S311 (the same bytes at each run)


def test_a_file_opens_for_whom_it_was_sealed_to_and_for_nobody_else(drawn: Callable[[int], bytes]) -> None:
    one, two, three = (double_age.PqIdentity.generate(drawn) for _ in range(3))
    file = double_age.seal(b"told", [one.recipient, two.recipient], drawn)
    assert double_age.open_file(file, [two]) == b"told"
    key = double_age.file_key_of(file, one)
    assert double_age.open_with_file_key(file, key) == b"told"
    with pytest.raises(NotForThisKey):
        double_age.open_file(file, [three])
    with pytest.raises(BadMac):
        double_age.open_file(file[:-1] + b"!", [one])
    with pytest.raises(BadMac):
        double_age.open_with_file_key(file, bytes(16))


def test_a_signature_is_of_one_key_domain_and_message(drawn: Callable[[int], bytes]) -> None:
    one, two = (double_signatures.SigningKey.generate(drawn) for _ in range(2))
    signature = one.sign("here", b"said")
    double_signatures.verify(one.public, "here", b"said", signature)
    for public, domain, message in (
        (two.public, "here", b"said"),
        (one.public, "there", b"said"),
        (one.public, "here", b""),
    ):
        with pytest.raises(BadSignature):
            double_signatures.verify(public, domain, message, signature)


def test_the_double_of_the_group_is_a_group(drawn: Callable[[int], bytes]) -> None:
    a, b = group.random_scalar(drawn), group.random_scalar(drawn)
    assert double_group.multiply_base(a + b) == double_group.add(
        double_group.multiply_base(a), double_group.multiply_base(b)
    )
    assert double_group.multiply(group.L, group.B) == group.IDENTITY
    assert double_group.subtract(double_group.multiply_base(a), double_group.multiply_base(a)) == group.IDENTITY
    with pytest.raises(BadPoint):
        double_group.check_point(group.IDENTITY)
    with installed(real=False):
        proof = dleq.prove(a, group.B, group.multiply_base(a), group.H2, group.multiply(a, group.H2), b"here", drawn)
        dleq.verify(group.B, group.multiply_base(a), group.H2, group.multiply(a, group.H2), b"here", proof)


def test_a_range_proof_of_the_double_is_of_its_commitments(drawn: Callable[[int], bytes]) -> None:
    with installed(real=False):
        proof = double_group.prove([5], [7], b"here")
        made = commitments.commit(5, 7)
        double_group.verify_range([made], proof, b"here")
        with pytest.raises(BadRangeProof):
            double_group.verify_range([commitments.commit(6, 7)], proof, b"here")


def test_the_doubles_are_there_only_while_a_simulation_runs() -> None:
    before = (age.seal, signatures.verify, group.multiply, opening.combine_partials)
    with installed(real=False):
        assert vars(age)["seal"] is double_age.seal
        assert signatures.verify is double_signatures.verify
    assert (age.seal, signatures.verify, group.multiply, opening.combine_partials) == before


def test_the_real_run_only_watches() -> None:
    before = age.seal
    with installed(real=True):
        assert age.seal is before


# ---- disks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "kept"), [(False, None), (True, b"2")])
def test_power_goes_before_a_write_or_after_it(after: bool, kept: bytes | None) -> None:
    disk = Disk()
    disk.keep_fact("one", b"1")
    disk.fuse.arm(2, after=after)
    disk.keep_fact("between", b"")
    with pytest.raises(PowerCut):
        disk.keep_fact("two", b"2")
    assert (disk.fact("one"), disk.fact("two")) == (b"1", kept)
    disk.keep_fact("three", b"3")
    assert disk.fact("three") == b"3"


def test_a_copy_of_a_disk_goes_its_own_way() -> None:
    disk = Disk()
    disk.keep_fact("one", b"1")
    copy = disk.copy()
    copy.keep_fact("one", b"2")
    assert (disk.fact("one"), copy.fact("one")) == (b"1", b"2")


# ---- lines and fronts -------------------------------------------------------------------------


def relay(drawn: Callable[[int], bytes]) -> tuple[SimulatedFront, SimulatedLine, SimulatedRelay]:
    """A front without a charter answers nobody but with 403; what reaches it is seen in its fuse."""
    front = SimulatedFront(bytes(32), "simulated.example/log", lambda: date(2026, 1, 5), drawn)
    line = SimulatedLine(1, front.ask, lambda: front.number, drawn)
    return front, line, SimulatedRelay(line)


def test_a_line_that_is_cut_reaches_nobody(drawn: Callable[[int], bytes]) -> None:
    _, line, client = relay(drawn)
    line.cut = True
    with pytest.raises(RelayUnreachable, match="partition"):
        client.heads()


def test_what_is_held_up_arrives_later(drawn: Callable[[int], bytes]) -> None:
    _, line, client = relay(drawn)
    line.faults.append("late")
    with pytest.raises(RelayUnreachable):
        client.heads()
    assert line.deliver_late() == 1
    assert line.deliver_late() == 0


def test_a_front_that_loses_its_power_answers_nobody_and_comes_back(drawn: Callable[[int], bytes]) -> None:
    front, _, _ = relay(drawn)
    front.fuse.arm(1, after=False)
    with pytest.raises(PowerCut):
        front.shelf.receive("0" * 32, "gift", date(2026, 1, 5), b"sealed")
    assert front.shelf.drops == []
    front.start()
    front.shelf.receive("0" * 32, "gift", date(2026, 1, 5), b"sealed")
    assert [drop.body for drop in front.shelf.drops] == [b"sealed"]
