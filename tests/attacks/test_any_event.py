"""Whatever one officer signs, of every kind and with any values: every desk reads on, and nothing comes of it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks.rogue import same_everywhere, strike
from poruch.events.base import Event
from poruch.events.codec import Schema
from poruch.events.kinds import AnyEvent
from poruch.journal.dropbox import place_of
from poruch.ledger.postings import trial_balance
from story.village import Village, found_village

KINDS: tuple[type[Event], ...] = get_args(AnyEvent)
ROGUE = 4


def values(kind: Any, known: dict[type, list[Any]]) -> st.SearchStrategy[Any]:
    """Any value of a field's type; names, numbers and bytes that the village knows among them."""
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0], known), max_size=3).map(tuple)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Schema):
        hints = get_type_hints(kind)
        return st.builds(kind, **{name: values(hints[name], known) for name in kind.__struct_fields__})
    made = {
        int: st.integers(-(2**63), 2**64 - 1) | st.integers(-2, 6),
        str: st.text(max_size=40),
        bytes: st.binary(max_size=80) | st.just(bytes(32)),
        bool: st.booleans(),
        date: st.dates(),
    }[kind]
    return made | st.sampled_from(known[kind]) if known.get(kind) else made


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """One fund for all examples: what was said before is there for what comes after to break."""
    made = found_village(Path(tmp_path_factory.mktemp("village")))
    person = made.apply("Alena Persona")
    made.write(person, "A letter.")
    made.sync(2)
    yield made
    made.close()


def known_values(village: Village) -> dict[type, list[Any]]:
    """Names that an officer sees: what a blind search would never find."""
    desk = village.desks[ROGUE]
    drops = list(desk.cases.drops)
    ceremony = desk.public.ceremonies.latest
    assert ceremony is not None
    recipient = desk.key.identity.recipient.text
    point = desk.public.quorum_point or b""
    council, head = desk.public.council, desk.chains.heads[(ROGUE, 0)]
    said = [*council.freezes, *council.suspensions, *council.proposals, head.id]
    names = [*drops, *(place_of(drops[0], "submission"),), recipient, "reading", "screening", "believable", "no-match"]
    return {
        str: [*names, "EUR", "first-months", "grants", "officers", "treasury", "g1", "b1", "e1", "payee", "submission"],
        bytes: [
            *said,
            ceremony.session,
            point,
            *desk.openings.openings,
            *desk.ledger.publications,
            desk.key.signing.public,
        ],
        int: [1, ROGUE, 60000],
        date: [village.clock()],
    }


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_nothing_that_one_officer_signs_stops_a_desk_or_decides_anything(kind: type[Event], village: Village) -> None:
    known = known_values(village)

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(values(kind, known), min_size=1, max_size=4))
    def strike_and_look(said: list[Event]) -> None:
        strike(village, ROGUE, *said)
        for desk in village.desks.values():
            assert not [fault for fault in desk.faults if "could not be counted" in fault]
            assert desk.public.ready
            assert desk.public.council.history == []
            assert desk.public.council.roster == {1, 2, 3, 4, 5}
            assert len(desk.public.council.active_quorum) >= 3
            assert len(desk.public.ceremonies.made) == 1
            assert desk.members.circles_of(5) == ("officers", "treasury", "auditors")
            per_currency: dict[str, int] = {}
            for (_, currency), amount in trial_balance(desk.ledger.posted).items():
                per_currency[currency] = per_currency.get(currency, 0) + amount
            assert set(per_currency.values()) <= {0}
            assert not [g for case in desk.cases.cases.values() for g in case.grants.values() if g.approved]
            assert not [batch for batch in desk.ledger.batches.values() if batch.exported]
            assert not [publication for publication in desk.ledger.publications.values() if publication.sent]
        assert same_everywhere(village)

    strike_and_look()
    village.desks[2].refold()
    person = village.apply("Barys Persona")  # and the fund still takes people in
    village.sync(2)
    assert all(person.drop in desk.cases.cases for desk in village.desks.values())
