"""The policy of a log: which officers sign it, how many must, and which witnesses (c2sp.org/tlog-policy).

The first line is ours and a comment to other tools, which read the same file and see a log with
several keys, of which they accept any one.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from poruch.errors import BadNote, BadPolicy
from poruch.tlog.notes import COSIGNATURE, ED25519, VerifierKey, parse_vkey

LARGEST_POLICY = 65536
NO_WITNESSES = "none"

_FIRST_LINE = re.compile(r"# poruch/log-policy/v1 officers ([1-9][0-9]{0,4})")
_NOT_ALLOWED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True)
class Witness:
    """Somebody outside who cosigns the log; `name` is its name in this file only."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class WitnessGroup:
    """At least `threshold` of `members`, which are names of witnesses or of groups."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy that was read. `source` is the file as it is: its SHA-256 goes into the log when the roster changes."""

    source: bytes
    officers_needed: int
    origin: str
    officers: tuple[VerifierKey, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[WitnessGroup, ...]
    quorum: str

    @property
    def sha256(self) -> str:
        """64 lower-case hex characters."""
        return hashlib.sha256(self.source).hexdigest()

    def is_quorum(self, signed: Collection[str]) -> bool:
        """Whether the witnesses with these names are enough."""
        reached = set(signed)
        # A group names only what stands before it, so one pass in the order of the file is enough.
        for group in self.groups:
            if sum(member in reached for member in group.members) >= group.threshold:
                reached.add(group.name)
        return self.quorum == NO_WITNESSES or self.quorum in reached


def make_policy(
    officers_needed: int,
    origin: str,
    officers: Iterable[bytes],
    witnesses: Sequence[Witness] = (),
    groups: Sequence[WitnessGroup] = (),
    quorum: str = NO_WITNESSES,
) -> Policy:
    """The policy of these officers' log keys (32 bytes each), written and read again; BadPolicy if it cannot be."""
    lines = [f"# poruch/log-policy/v1 officers {officers_needed}"]
    lines += [f"log {VerifierKey(origin, ED25519, public).text}" for public in officers]
    lines += [f"witness {one.name} {one.key.text} {one.url}".rstrip() for one in witnesses]
    lines += [f"group {group.name} {group.threshold} {' '.join(group.members)}" for group in groups]
    lines.append(f"quorum {quorum}")
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


def parse_policy(source: bytes) -> Policy:
    """A policy file of at most 65536 bytes of UTF-8; BadPolicy for each of the faults that section 2 names."""
    if len(source) > LARGEST_POLICY:
        raise BadPolicy("longer than 65536 bytes")
    try:
        text = source.decode()
    except UnicodeDecodeError:
        raise BadPolicy("not UTF-8") from None
    if _NOT_ALLOWED.search(text) or not text.endswith("\n"):
        raise BadPolicy("a control character, or no newline at the end")
    first, *lines = text[:-1].split("\n")
    found = _FIRST_LINE.fullmatch(first)
    if not found:
        raise BadPolicy("line 1: not '# poruch/log-policy/v1 officers <k>'")
    reader = _Reader()
    for number, line in enumerate(lines, 2):
        reader.read(number, line)
    return reader.policy(source, int(found.group(1)))


class _Reader:
    """Takes a policy file line by line and knows what the lines before have defined."""

    def __init__(self) -> None:
        self.officers: list[VerifierKey] = []
        self.witnesses: list[Witness] = []
        self.groups: list[WitnessGroup] = []
        self.quorum: str | None = None
        self.names: set[str] = set()
        self.members: set[str] = set()
        self.keys: set[bytes] = set()
        self.key_ids: set[tuple[str, bytes]] = set()
        self.number = 1

    def read(self, number: int, line: str) -> None:
        self.number = number
        # Only space and tab separate: str.split() would also split at the spaces of Unicode.
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            return
        keyword, *rest = words
        match keyword, len(rest):
            case "log", 1 | 2:
                self._log(rest[0])
            case "witness", 2 | 3:
                self._witness(rest[0], rest[1], "".join(rest[2:]))
            case "group", count if count >= 3:
                self._group(rest[0], rest[1], rest[2:])
            case "quorum", 1:
                self._quorum(rest[0])
            case _:
                self._refuse("an unknown line")

    def policy(self, source: bytes, officers_needed: int) -> Policy:
        if officers_needed > len(self.officers):
            raise BadPolicy(f"{officers_needed} officers of {len(self.officers)} are demanded")
        if self.quorum is None:
            raise BadPolicy("no quorum line")
        return Policy(
            source,
            officers_needed,
            self.officers[0].name,
            tuple(self.officers),
            tuple(self.witnesses),
            tuple(self.groups),
            self.quorum,
        )

    def _log(self, vkey: str) -> None:
        key = self._key(vkey, ED25519)
        if self.officers and key.name != self.officers[0].name:
            self._refuse("two key names")
        self.officers.append(key)

    def _witness(self, name: str, vkey: str, url: str) -> None:
        self._define(name)
        self.witnesses.append(Witness(name, self._key(vkey, COSIGNATURE), url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            if member not in self.names:
                self._refuse("a member not defined before")
            if member in self.members:
                self._refuse("a member of two groups")
            self.members.add(member)
        needed = {"any": 1, "all": len(members)}.get(threshold)
        if needed is None:
            needed = int(threshold) if _NUMBER.fullmatch(threshold) else 0
        if not 1 <= needed <= len(members):
            self._refuse("a threshold that the group cannot reach")
        self._define(name)
        self.groups.append(WitnessGroup(name, needed, tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            self._refuse("a second quorum line")
        if name != NO_WITNESSES and name not in self.names:
            self._refuse("a quorum not defined before")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NO_WITNESSES or name in self.names:
            self._refuse("a name defined twice")
        self.names.add(name)

    def _key(self, vkey: str, kind: int) -> VerifierKey:
        try:
            key = parse_vkey(vkey)
        except BadNote as error:
            self._refuse(error.detail)
        if key.kind != kind:
            self._refuse("a key of another kind of signature")
        # Key ids have four bytes: two keys of one name can be made to share one, and a line could mean either.
        if key.public in self.keys or (key.name, key.key_id) in self.key_ids:
            self._refuse("a key twice")
        self.keys.add(key.public)
        self.key_ids.add((key.name, key.key_id))
        return key

    def _refuse(self, why: str) -> NoReturn:
        raise BadPolicy(f"line {self.number}: {why}")
