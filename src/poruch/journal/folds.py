"""States folded from events: which events one wants, and copies that cost little.

A copy shares what it does not change. Its tables are its own from the start; an entity in them (a case, a batch) is
copied when one side changes it first. So a desk keeps some earlier states, and folds again from the last one before a
segment that arrives late, not from the beginning.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from poruch.events.heard import Heard

Handler = Callable[[Heard], None]
T = TypeVar("T")
K = TypeVar("K")
E = TypeVar("E", bound="Owned")


class Owned(Protocol):
    """An entity in a table of a state."""

    owner: object


def copied(entity: T, *tables: str) -> T:
    """A copy of an entity whose `tables` (dicts, lists, sets) are copied, too."""
    made = copy.copy(entity)
    for name in tables:
        setattr(made, name, getattr(made, name).copy())
    return made


class Owner:
    """Says whose an entity is: a state changes those with its own mark, and copies others first."""


class Fold:
    """The base of folded states. `TABLES` names the dicts, lists and sets that a copy has of its own."""

    TABLES: ClassVar[tuple[str, ...]] = ()
    _owner: Owner | None = None

    def handlers(self) -> Mapping[type, Handler]:
        """What hears an event, by the type of the event; of others this state knows nothing."""
        raise NotImplementedError

    def apply(self, heard: Heard) -> None:
        """Take one event."""
        handler = self.handlers().get(type(heard.event))
        if handler is not None:
            handler(heard)

    def fork(self) -> Self:
        """A copy that goes its own way: what both hold is from now on neither's to change."""
        made = copied(self, *self.TABLES)
        self._owner, made._owner = Owner(), Owner()
        return made

    def _mine(self, table: dict[K, E], key: K, *tables: str) -> E | None:
        """The entity under `key` to be changed: a copy of one that other states share; None if there is none."""
        entity = table.get(key)
        if entity is None or entity.owner is self._owner:
            return entity
        made = table[key] = copied(entity, *tables)
        made.owner = self._owner
        return made


_ATOMS = frozenset({bytes, str, int, bool, date, tuple, frozenset, type(None)})


def deep_copied(value: T, memo: dict[int, object] | None = None) -> T:
    """A copy of a state to the bottom: dicts, lists, sets and dataclasses that can change; all else is shared."""
    memo = {} if memo is None else memo
    kind = type(value)
    if kind in _ATOMS:
        return value
    if id(value) in memo:
        return memo[id(value)]  # type: ignore[return-value]
    made: object = value
    if isinstance(value, dict):
        made = {key: deep_copied(one, memo) for key, one in value.items()}
    elif isinstance(value, list):
        made = [deep_copied(one, memo) for one in value]
    elif isinstance(value, set):
        made = set(value)
    elif is_dataclass(value) and not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        made = kind.__new__(kind)
        memo[id(value)] = made
        made.__dict__ = {name: deep_copied(one, memo) for name, one in value.__dict__.items()}
    memo[id(value)] = made
    return made  # type: ignore[return-value]


MOST_MARKS = 12
NEAR = 32


@dataclass
class Marks(Generic[T]):
    """Earlier states, each after so many segments: near the end many, before few.

    `due` says when the next one is to be kept, of the segments that are to be folded at once.
    """

    kept: list[tuple[int, T]] = field(default_factory=list)

    def due(self, count: int, total: int) -> bool:
        """Whether to keep the state after `count` of `total` segments."""
        last = self.kept[-1][0] if self.kept else 0
        return count - last >= max(NEAR, total // 64, (total - count) // 2)

    def keep(self, count: int, state: T) -> None:
        """Keep a state; where there are too many, the one whose neighbours are nearest goes."""
        self.kept.append((count, state))
        if len(self.kept) > MOST_MARKS:
            counts = [0, *(at for at, _ in self.kept)]
            spread = [(counts[n + 2] - counts[n]) / (count + 1 - counts[n]) for n in range(len(counts) - 2)]
            del self.kept[spread.index(min(spread))]

    def back_to(self, count: int) -> tuple[int, T] | None:
        """The last state after no more than `count` segments; later ones are forgotten."""
        while self.kept and self.kept[-1][0] > count:
            self.kept.pop()
        return self.kept[-1] if self.kept else None
