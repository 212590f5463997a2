"""Founding from many machines: what the first founder's desk does, step by step.

Each step may be called again after a crash or a week: what it drew is kept in the desk's store, sealed like everything
there, before anybody hears of it. docs/spec/invitation.md has the messages, desk/joining.py the other founders' part.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from poruch.crypto.invitation import Invitation
from poruch.crypto.keyfile import OfficerKey
from poruch.desk import founding
from poruch.desk.joining import JOINING, answer_name, invitation_name, kept_invitations, read_hello
from poruch.desk.plan import PlannedFund, parse_plan
from poruch.desk.program import STORE_FILE, Desk
from poruch.errors import AlreadyDone, BadHello, UnknownInvitation
from poruch.events.charter import Charter, fund_id
from poruch.events.codec import Schema, decode, encode
from poruch.journal.rendezvous import Answer, HeardHello, Rendezvous, seal_answer
from poruch.journal.store import Store
from poruch.journal.sync import Relay

FIRST = 1
"""The number of the first founder: plans number their founders from here."""
_STATE = "founding"


class FoundingState(Schema, frozen=True, tag="founding-state.v1"):
    """What the first founder's desk keeps until the circles have keys; `charter` is empty until all hellos came."""

    plan: str
    front: str
    secret: str
    charter: bytes
    salt: bytes

    def __repr__(self) -> str:
        return "<FoundingState hidden>"


@dataclass
class FirstDesk:
    """The first founder's desk before there is a fund; close it before the fund's desk is opened on the same folder."""

    folder: Path
    key: OfficerKey
    store: Store
    state: FoundingState

    @property
    def planned(self) -> PlannedFund:
        """The plan, and everybody's working name as planned."""
        return parse_plan(self.state.plan)

    @property
    def invitations(self) -> dict[int, Invitation]:
        """The invitation of each other founder, by number."""
        return kept_invitations(self.store)

    @property
    def charter(self) -> Charter | None:
        """The charter, once it is made."""
        return decode(self.state.charter, Charter) if self.state.charter else None

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def begin_founding(folder: Path, passphrase: str, plan: str, front: str, secret: str) -> None:
    """The first founder's key and one invitation for each other founder of `plan` (TOML), in a new folder.

    `secret` is the founding secret of the front. Raises `WeakPassphrase`, `BadCharter`, `BadOfficers`, `BadInvitation`.
    """
    planned = parse_plan(plan)
    key = founding.make_key(folder, FIRST, planned.names[FIRST], passphrase)
    store = Store(folder / STORE_FILE, key.store_key)
    try:
        for number in planned.names:
            if number != FIRST:
                drawn = Invitation.draw(front, number, key.signing.public)
                store.keep_secret(invitation_name(number), drawn.text.encode())
        store.keep_secret(_STATE, encode(FoundingState(plan, front, secret, b"", b"")))
    finally:
        store.close()


def resume_founding(folder: Path, passphrase: str) -> FirstDesk | None:
    """The first founder's desk; None if nothing of a founding is left to do here. Raises `WrongPassphrase`."""
    key = founding.unlock(folder, passphrase)
    store = Store(folder / STORE_FILE, key.store_key)
    kept = store.secret(_STATE)
    if kept is None:
        store.close()
        return None
    return FirstDesk(folder, key, store, decode(kept, FoundingState))


def open_slots(first: FirstDesk, line: Rendezvous) -> None:
    """Open a slot for each invitation; `line` speaks with the founding secret's key."""
    for invitation in first.invitations.values():
        line.open_slot(invitation.rendezvous)


def invite_again(first: FirstDesk, number: int, line: Rendezvous) -> None:
    """Another invitation for founder `number`: the old one was lost, or somebody else came by it.

    Raises `AlreadyDone` once the charter is made, `UnknownInvitation` for who is no founder.
    """
    if first.charter is not None:
        raise AlreadyDone("the charter is made")
    old = first.invitations.get(number)
    if old is None:
        raise UnknownInvitation(str(number))
    drawn = Invitation.draw(old.address, number, first.key.signing.public)
    line.open_slot(drawn.rendezvous)
    first.store.keep_secret(invitation_name(number), drawn.text.encode())


def hellos(first: FirstDesk, line: Rendezvous) -> dict[int, HeardHello]:
    """What the invited have said so far, by number. Raises `BadHello` with the number to blame."""
    heard = {}
    for number, invitation in first.invitations.items():
        sealed = line.left(invitation.rendezvous, "hello")
        if sealed is not None:
            heard[number] = read_hello(invitation, sealed)
    return heard


def settle(first: FirstDesk, heard: dict[int, HeardHello], random: Callable[[int], bytes] = os.urandom) -> Charter:
    """Make the charter of all hellos, and an answer to each; a second call gives the same. Raises `BadHello`."""
    if first.charter is not None:
        return first.charter
    signing = {FIRST: first.key.signing.public} | {number: one.officer.signing for number, one in heard.items()}
    if len(set(signing.values())) < len(first.planned.names):
        raise BadHello("two founders have one key, or one is missing")
    charter, salt = founding.make_charter(first.planned.plan, signing.items(), random)
    for number, invitation in first.invitations.items():
        answer = Answer(fund_id(charter), FIRST, first.key.signing.public, heard[number].digest)
        first.store.keep_secret(answer_name(number), seal_answer(invitation, answer, first.key.signing, random))
    old = first.state
    first.state = FoundingState(old.plan, old.front, old.secret, encode(charter), salt)
    first.store.keep_secret(_STATE, encode(first.state))
    return charter


def answer_all(first: FirstDesk, line: Rendezvous) -> list[int]:
    """Leave each founder his answer, as `settle` made it; returns whose invitations have ended."""
    ended = []
    for number, invitation in first.invitations.items():
        sealed = first.store.secret(answer_name(number))
        if sealed is None:
            continue
        try:
            line.leave(invitation.rendezvous, "answer", sealed)
        except UnknownInvitation:
            ended.append(number)
    return ended


def open_first(first: FirstDesk, relay: Relay, today: Callable[[], date]) -> Desk:
    """The fund's first desk, which has said the charter; `first` is closed."""
    charter = first.charter
    assert charter is not None
    first.close()
    desk = Desk(first.folder, first.key, founding.write_fund_id(first.folder, charter), relay, today)
    if desk.public.charter is None:
        founding.begin(desk, charter)
    return desk


def go_on(desk: Desk) -> int:
    """A duty: the first founder's desk gives the circles their keys when all are there; a desk that is in forgets.

    Returns how many segments it wrote.
    """
    public, written = desk.public, 0
    if public.charter is None:
        return 0
    kept = desk.store.secret(_STATE)
    if kept is not None and not desk.members.circles and set(public.officers) == set(public.roster.signing):
        state = decode(kept, FoundingState)
        written = founding.key_circles(desk, parse_plan(state.plan).plan, state.salt)
    if public.ready and desk.number in desk.members.names:
        _forget(desk, founded=kept is not None)
    return written


def _forget(desk: Desk, *, founded: bool) -> None:
    if founded:
        for number in desk.charter.numbers:
            desk.store.destroy_secret(invitation_name(number))
            desk.store.destroy_secret(answer_name(number))
        desk.store.destroy_secret(_STATE)
    if desk.store.secret(JOINING) is not None:
        desk.store.destroy_secret(JOINING)
