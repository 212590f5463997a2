"""The simulator itself: the same seed gives the same world, and what it plays it can play again."""

from collections import Counter
from pathlib import Path

import pytest

from poruch.cli import main
from poruch.drills.simulator.acts import ALL
from poruch.drills.simulator.counts import LEAST, missing
from poruch.drills.simulator.invariants import INVARIANTS
from poruch.drills.simulator.report import is_real, simulate
from poruch.drills.simulator.run import EVERY_REAL, play
from poruch.drills.simulator.schedule import YEAR, Script, draw
from poruch.drills.simulator.shrinking import shrink
from poruch.drills.simulator.steps import ACTS, Step


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_weeks_of_a_fund_hold(seed: int) -> None:
    result = play(draw(seed, 35))
    assert result.broken == ""
    assert result.counts["submission"] == 30


def test_five_weeks_hold_with_the_real_cryptography() -> None:
    result = play(draw(4, 35), real=True)
    assert result.broken == ""
    assert result.counts["submission"] == 30


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second, other = (play(draw(seed, 21)) for seed in (5, 5, 6))
    assert first.digest == second.digest != other.digest
    assert first.counts == second.counts


def test_a_script_is_read_as_it_was_written() -> None:
    script = draw(7, 14)
    assert Script.parse(script.encode()) == script
    with pytest.raises(ValueError, match="not a script"):
        Script.parse("another simulation 1 3 2 14\n")


def test_every_step_of_a_year_is_known_and_every_known_step_comes() -> None:
    assert ALL
    drawn = {step.kind for seed in range(12) for step in draw(seed, YEAR).steps}
    assert drawn | {"sync"} == set(ACTS)


def test_a_script_without_some_of_its_steps_is_a_script() -> None:
    script = draw(8, 28)
    script.steps = script.steps[::2]
    assert play(script).broken == ""


def test_a_year_that_does_too_little_is_no_fund_year() -> None:
    enough = Counter(LEAST)
    assert missing(enough, 1) == []
    for name in LEAST:
        assert missing(enough - Counter({name: 1}), 1) == [f"{name}: {LEAST[name] - 1} of {LEAST[name]}"]
    assert len(missing(enough, 2)) == len(LEAST)


def test_every_twentieth_seed_is_real() -> None:
    assert [seed for seed in range(61) if is_real(seed)] == [0, EVERY_REAL, 2 * EVERY_REAL, 3 * EVERY_REAL]
    assert simulate([EVERY_REAL], 2).real == 1


def test_every_invariant_says_what_it_promises() -> None:
    assert len({one.sentence for one in INVARIANTS}) == len(INVARIANTS) >= 14
    assert all(one.sentence.endswith(".") for one in INVARIANTS)


def test_a_failure_is_cut_down_to_the_steps_that_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the world breaks at the third gift, whatever else happens."""

    def broken_gift(world, drawn, numbers):  # type: ignore[no-untyped-def]
        world.counts["gift"] += 1
        if world.counts["gift"] == 3:
            raise ValueError("the third gift")

    monkeypatch.setitem(ACTS, "give", broken_gift)
    failed = play(draw(9, 28))
    assert failed.broken == "ValueError: the third gift"
    shortest = shrink(failed, seconds=60)
    assert [step.kind for step in shortest.script.steps] == ["give"] * 3
    again = play(Script.parse(shortest.script.encode()))
    assert again.broken == failed.broken


def test_the_command_prints_counts_and_plays_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seed", "1", "--days", "8"]) == 0
    said = capsys.readouterr().out
    assert "6 submission" in said
    assert "No instalment is paid twice" in said
    file = tmp_path / "script"
    file.write_text(draw(1, 8).encode())
    assert main(["simulate", "--script", str(file)]) == 0
    assert capsys.readouterr().out == "everything held\n"


def test_the_command_prints_the_seed_and_the_shortest_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken_gift(world, drawn, numbers):  # type: ignore[no-untyped-def]
        raise ValueError("a gift")

    monkeypatch.setitem(ACTS, "give", broken_gift)
    assert main(["simulate", "--seed", "3", "--days", "7"]) == 1
    said = capsys.readouterr().out
    assert "seed 3: ValueError: a gift" in said
    [line] = [line for line in said.splitlines() if line.endswith(" give")]
    assert Step.parse(line).kind == "give"


def test_a_front_made_from_a_desk_that_is_behind_becomes_whole() -> None:
    """Found by the simulator: what was published while the maker's desk was cut off never came to the new front."""
    script = draw(7, 80)
    days = {40: ("cut-off", (2,)), 42: ("publish", (1,)), 44: ("seize", (2,)), 45: ("mend", (2,))}
    usual = {"ask", "mailboxes", "give", "work", "pay", "statement", "day"}
    steps, day = [], 0
    for one in script.steps:
        steps += [one] if one.kind in usual else []
        day += one.kind == "day"
        if one.kind == "day" and day in days:
            steps.append(Step(90_000 + day, *days[day]))
    script.steps = steps
    result = play(script)
    assert result.broken == ""
    assert (result.counts["epoch"], result.counts["seized front"]) == (1, 1)
