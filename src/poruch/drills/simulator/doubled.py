"""Putting the doubles in where the real functions are, for as long as a simulation runs; and seeing who opens what.

This is the only place that does it, and no module of the product imports it: import-linter lets nothing below `drills`
import `drills`. It goes through all modules of the house and replaces each name that stands for one of the real things.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from poruch.crypto import age, group, opening, quorum_file, rangeproof, rangeproof_sum, signatures
from poruch.crypto.opening_request import OpeningRequest
from poruch.drills.simulator import double_age, double_group, double_signatures

_AGE_KINDS = ("PqIdentity", "PqRecipient", "X25519Identity", "X25519Recipient")
_AGE_OPENS = ("file_key_of", "header_hash", "open_file", "open_with_file_key", "open_with_key", "parse_header", "seal")
_GROUP = ("add", "check_point", "lift", "montgomery", "multiply", "multiply_base", "multiply_from_outside", "subtract")
_SIGNATURES = ("SigningKey", "raw_verify", "verify")


@dataclass
class Opened:
    """What was opened of all that is sealed to the quorum: for each file (its hash) who gave a partial, who has it."""

    gave: dict[bytes, set[int]] = field(default_factory=dict)
    opened: dict[bytes, int] = field(default_factory=dict)
    """How many had given theirs when it was opened for the first time."""
    needed: dict[bytes, int] = field(default_factory=dict)


def _doubles() -> list[tuple[Any, Any]]:
    pairs: list[tuple[Any, Any]] = [(getattr(age, name), getattr(double_age, name)) for name in _AGE_KINDS + _AGE_OPENS]
    pairs += [(getattr(group, name), getattr(double_group, name)) for name in _GROUP]
    pairs += [(getattr(signatures, name), getattr(double_signatures, name)) for name in _SIGNATURES]
    pairs.append((quorum_file._lifted, double_group.lift))  # a remembered `lift`
    pairs.append((rangeproof_sum.weighted_sum, double_group.weighted_sum))
    pairs.append((rangeproof.prove, double_group.prove))
    pairs.append((rangeproof.verify, double_group.verify_range))
    pairs.append((rangeproof.verify_batch, double_group.verify_batch))
    return pairs


def _watched(seen: Opened) -> list[tuple[Any, Any]]:
    """The two functions through which alone a file for the quorum is opened, each telling `seen` of it."""
    give, combine = opening.give_partial, opening.combine_partials

    def give_partial(file: bytes, request: OpeningRequest, made: Any, officer: int, *rest: Any, **named: Any) -> bytes:
        answer = give(file, request, made, officer, *rest, **named)
        seen.gave.setdefault(request.file, set()).add(officer)
        return answer

    def combine_partials(file: bytes, request: OpeningRequest, made: Any, partials: Sequence[Any]) -> bytes:
        plaintext = combine(file, request, made, partials)
        seen.opened.setdefault(request.file, len(seen.gave.get(request.file, ())))
        seen.needed.setdefault(request.file, made.k)
        return plaintext

    return [(give, give_partial), (combine, combine_partials)]


@contextmanager
def replaced(pairs: Sequence[tuple[Any, Any]]) -> Iterator[None]:
    """Wherever a module of the house names the first of a pair, it names the second while this block runs."""
    by_id = {id(old): (old, new) for old, new in pairs}
    changed: list[tuple[Any, str, Any]] = []
    for name, module in list(sys.modules.items()):
        if not name.startswith("poruch.") or name.startswith("poruch.drills.simulator."):
            continue
        for attribute, value in list(vars(module).items()):
            if id(value) in by_id:
                changed.append((module, attribute, value))
                setattr(module, attribute, by_id[id(value)][1])
    try:
        yield
    finally:
        for module, attribute, value in changed:
            setattr(module, attribute, value)


@contextmanager
def installed(*, real: bool, extra: Sequence[tuple[Any, Any]] = ()) -> Iterator[Opened]:
    """The doubles, unless `real`; in both cases it is seen who opens what. `extra` are other pairs to replace."""
    seen = Opened()
    pairs = [*([] if real else _doubles()), *_watched(seen), *extra]
    with replaced(pairs):
        yield seen


Patch = Callable[[], Sequence[tuple[Any, Any]]]
"""What a test plants: pairs of what is, and what is put there instead."""
