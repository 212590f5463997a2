"""Canaries: what a story kept secret is remembered while it is told, and looked for in all that it left behind.

`nest_of` listens to a story in this process: keys that are made, secrets that a store is given (also those that it
destroys later), sub-shares, codes, passphrases, what people and officers wrote. `Nest.look` then searches bytes for
each of them in every spelling, so that a secret that was written as hex or in base64 does not pass.
"""

import base64
import ctypes
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from poruch.crypto import codes, keyfile, paper
from poruch.crypto.age import PqIdentity, X25519Identity
from poruch.desk import ceremony as desk_ceremony
from poruch.desk import program
from poruch.desk.program import Desk
from poruch.events.base import Event
from poruch.events.codec import decode
from poruch.events.kinds import (
    CheckpointSigned,
    CirclesAssigned,
    FundSecretsDrawn,
    PartiesDeclared,
    PublicationProposed,
)
from poruch.journal import dropbox
from poruch.journal.circles import CircleSecret
from poruch.journal.store import Store
from story.village import Front, Village

LEAST = 8
"""Bytes. A shorter word would be found by chance."""
WORDS_IN_A_ROW = 3
"""So any five neighbouring words of a paper are found."""
A_NUMBER = 512
"""Bytes. Nobody writes more than that as one number; Python refuses to, and takes the square of the time."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_SPELLED = re.compile(r"\S+\s\S")


def spellings(secret: bytes | str) -> dict[str, bytes]:
    """All the ways in which somebody might write a secret down, by name; none is shorter than `LEAST`.

    The last zero of UTF-16 is left out: what remains is found in either order of bytes.
    """
    if isinstance(secret, str):
        raw = secret.encode()
        found = {"text": raw, "UTF-16": secret.encode("utf-16-le")[:-1]}
        if not secret.isascii():
            found["UTF-16-BE"] = secret.encode("utf-16-be")
    else:
        raw = secret
        hexed = secret.hex()
        found = {"raw": raw, "backwards": raw[::-1], "escaped": repr(raw)[2:-1].encode()}
        found |= {"hex in UTF-16": hexed.encode("utf-16-le")[:-1], "HEX": hexed.upper().encode()}
        orders: tuple[Literal["little", "big"], ...] = ("little", "big")
        for order in orders if len(raw) <= A_NUMBER else ():
            found[f"a number, {order}"] = str(int.from_bytes(raw, order)).encode()
    found["hex"] = raw.hex().encode()
    for shift in range(3):
        # The characters at either end depend on the neighbours; those between do not.
        coded = base64.b64encode(bytes(shift) + raw)
        inside = coded[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        found[f"base64 at {shift}"] = inside
        found[f"base64 at {shift}, for addresses"] = inside.translate(bytes.maketrans(b"+/", b"-_"))
    different = {spelled: how for how, spelled in reversed(found.items())}
    return {how: spelled for spelled, how in different.items() if len(spelled) >= LEAST}


@dataclass
class Nest:
    """What must not be found, with what it is."""

    secrets: dict[bytes | str, str] = field(default_factory=dict, repr=False)
    public: bytes = b""

    def lay(self, what: str, secret: bytes | str) -> None:
        """Remember a secret; words of a few letters are nobody's."""
        if len(secret) >= LEAST and any(secret if isinstance(secret, bytes) else secret.encode()):
            self.secrets.setdefault(secret, what)

    def kinds(self) -> set[str]:
        """What kinds of secrets were laid."""
        return set(self.secrets.values())

    def look(self, places: Mapping[str, bytes]) -> list[str]:
        """Sentences on what was found, and where; empty if all is well."""
        found = []
        for secret, what in self.secrets.items():
            for how, spelled in spellings(secret).items():
                if spelled in self.public:
                    continue
                found += [f"{what} stands in {name} ({how})" for name, held in places.items() if spelled in held]
        return found

    # ---- what is laid -------------------------------------------------------------------------

    def lay_key(self, key: keyfile.OfficerKey) -> None:
        """An officer's root and all that comes of it, and his working name."""
        self.lay("a root", key.root)
        self.lay("a store key", key.store_key)
        self.lay("a signing seed", key.signing._seed)
        self.lay("a log key", key.log._seed)
        self.lay("an officer's identity", key.identity._seed)
        self.lay("an officer's identity", key.identity.text)
        self.lay("a working name", key.name)

    def lay_kept(self, name: str, value: bytes) -> None:
        """A secret that a store keeps under a name."""
        kind, _, rest = name.partition("/")
        if kind == "circle":
            secret = decode(value, CircleSecret)
            for part in (secret.x25519, secret.pq, secret.hint):
                self.lay("a circle's secret", part)
            self.lay("a circle's secret", X25519Identity(secret.x25519).text)
        elif rest.endswith("identity") or kind == "opening":
            self.lay("a one-time identity", value.decode())
            self.lay("a one-time identity", PqIdentity.parse(value.decode())._seed)
        elif rest.endswith("polynomial"):
            for at in range(0, len(value), 32):
                self.lay("a polynomial", value[at : at + 32])
        elif kind == "share":
            self.lay("a share", value)
        elif not rest.endswith("dealing") and kind != "answer":  # these two are published as they are
            self.lay(f"a secret called {kind}", value)

    def lay_code(self, keys: codes.CodeKeys) -> None:
        """What comes of a receipt code."""
        for part in (keys.secret, keys.slip_key, keys.blind_key, keys.mailbox_identity._seed):
            self.lay("a receipt code's key", part)
        self.lay("a receipt code's key", keys.mailbox_signing._seed)

    def lay_text(self, what: str, value: object) -> None:
        """Every text of a person in a structure; ids and kinds are of the program."""
        if isinstance(value, str):
            if _SPELLED.search(value) or _IBAN.fullmatch(value):
                self.lay(what, value)
        elif isinstance(value, msgspec.Struct):
            for name in value.__struct_fields__:
                self.lay_text(f"{type(value).__name__}.{name}", getattr(value, name))
        elif isinstance(value, tuple | list):
            for one in value:
                self.lay_text(what, one)

    def lay_event(self, event: Event) -> None:
        """What officers say to each other only."""
        if not event.audience or isinstance(event, PublicationProposed | CheckpointSigned):
            return  # what is proposed for publication becomes public, with its signatures
        self.lay_text("", event)
        if isinstance(event, FundSecretsDrawn | CirclesAssigned):
            self.lay("the key of instalments", event.tag_key)
        if isinstance(event, PartiesDeclared):
            self.lay("the salt of related parties", event.salt)

    def lay_paper(self, desk: Desk) -> None:
        """The words and the line of an officer's paper, for his share of every epoch that his store still holds."""
        for made in [None, *desk.public.ceremonies.made]:
            scalar = desk_ceremony.own_share(desk, made.group) if made else None
            share = paper.PaperShare(made.group.epoch, made.group.id, scalar) if made and scalar else None
            sheet = paper.Paper(desk.fund, desk.number, desk.key.root, share)
            block = sheet.share_block
            words = paper.key_words(sheet.key_block) + (paper.share_words(block) if block else ())
            for at in range(0, len(words) - WORDS_IN_A_ROW + 1, WORDS_IN_A_ROW):
                for between in (" ", "\n"):
                    self.lay("words of a paper", between.join(words[at : at + WORDS_IN_A_ROW]))
            self.lay("the line of a paper", paper.encode(sheet)[len("PORUCH1") :])

    # ---- what a story left --------------------------------------------------------------------

    def leaks(self, village: Village, folder: Path) -> list[str]:
        """What is found in every file under `folder`, and in all that the village's front keeps."""
        for desk in village.desks.values():
            self.lay_paper(desk)
        self.public = b"".join(signed.raw for signed in village.front.segments[:1])  # the charter
        village.close()
        return self.look({**files_under(folder), **kept_by(village.front)})


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kept_by(front: Front) -> dict[str, bytes]:
    """All that a front has on its disk, and what it would say of its state."""
    return {
        "segments": b"\0".join(signed.raw for signed in front.segments + front.proofs),
        "bodies": b"\0".join([*front.bodies, *front.bodies.values()]),
        "drops": b"\0".join(f"{drop}".encode() + drop.body for drop in front.drops),
        "tags": b"\0".join(tag + batch.encode() for tag, batch in front.tags.items()),
        "slips": b"\0".join(lookup + slip for lookup, slip in front.slips),
        "files": b"\0".join(path.encode() + file for path, file in front.files.items()),
        "the state": repr(front.public).encode(),
    }


@contextmanager
def nest_of() -> Iterator[Nest]:
    """Listen to everything that this process does while the block runs."""
    nest = Nest()

    def before(owner: Any, name: str, hear: Callable[..., None]) -> None:
        plain = getattr(owner, name)

        def listening(*args: Any, **named: Any) -> Any:
            hear(*args, **named)
            return plain(*args, **named)

        patch.setattr(owner, name, listening)

    def after(owner: Any, name: str, hear: Callable[[Any], None]) -> None:
        plain = getattr(owner, name)

        def listening(*args: Any, **named: Any) -> Any:
            made = plain(*args, **named)
            hear(made)
            return made

        patch.setattr(owner, name, listening)

    def sealing(key: keyfile.OfficerKey, passphrase: str, **more: Any) -> None:
        nest.lay_key(key)
        nest.lay("a passphrase", passphrase)
        if more.get("duress"):
            nest.lay("a passphrase", more["duress"][1])

    def sending(*args: object) -> None:
        for arg in args:
            if isinstance(arg, codes.CodeKeys):
                nest.lay_code(arg)
            nest.lay_text("a payment reference", arg)

    with pytest.MonkeyPatch.context() as patch:
        before(keyfile, "seal_key", sealing)
        before(Store, "keep_secret", lambda _store, name, value: nest.lay_kept(name, value))
        after(desk_ceremony, "subshare_message", lambda message: nest.lay("a sub-share", message[-32:]))
        before(program, "seal_events", lambda events, *_: [nest.lay_event(event) for event in events])
        after(codes, "new_code", lambda code: nest.lay("a receipt code", " ".join(codes.words(code))))
        for name in ("seal_submission", "seal_answer", "seal_payee", "seal_gift"):
            before(dropbox, name, sending)
        yield nest


# ---- temporary files ----------------------------------------------------------------------------

_IN_CREATE, _IN_MOVED_TO = 0x100, 0x80


@contextmanager
def watched_temporary_folder(folder: Path) -> Iterator[Callable[[], Iterable[str]]]:
    """Temporary files of this process, and of libraries in it, go to an empty folder while the block runs.

    Yields what tells the names of all files that were ever made there, deleted ones too (inotify(7)).
    """
    folder.mkdir()
    library = ctypes.CDLL(None, use_errno=True)
    watch = library.inotify_init1(os.O_NONBLOCK)
    if watch < 0 or library.inotify_add_watch(watch, str(folder).encode(), _IN_CREATE | _IN_MOVED_TO) < 0:
        raise OSError(ctypes.get_errno(), "inotify")

    def made() -> list[str]:
        try:
            raw, names = os.read(watch, 65536), []
        except BlockingIOError:
            return []
        while raw:
            size = int.from_bytes(raw[12:16], "little")
            names.append(raw[16 : 16 + size].rstrip(b"\0").decode())
            raw = raw[16 + size :]
        return names

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(folder))
            patch.setattr(tempfile, "tempdir", str(folder))
            yield made
    finally:
        os.close(watch)
