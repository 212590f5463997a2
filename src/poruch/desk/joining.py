"""Coming in by invitation, step by step, and inviting whoever is admitted later.

Each step may be called again after a crash or a week: what it drew is kept in the desk's store, sealed like everything
there, before anybody hears of it. docs/spec/invitation.md has the messages, desk/inviting.py the first founder's part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from poruch.crypto.invitation import Invitation, parse_invitation
from poruch.crypto.keyfile import OfficerKey
from poruch.desk import founding
from poruch.desk.program import FUND_FILE, KEY_FILE, STORE_FILE, Desk
from poruch.errors import BadHello, BadWorkingName, NotInCharter, NumberGiven, RelayUnreachable, UnknownInvitation
from poruch.events.codec import Schema, decode, encode
from poruch.events.council import NewOfficer
from poruch.journal.rendezvous import (
    Answer,
    HeardHello,
    Hello,
    HttpRendezvous,
    Rendezvous,
    hello_digest,
    is_working_name,
    open_answer,
    open_hello,
    seal_answer,
    sign_hello,
)
from poruch.journal.store import Store
from poruch.journal.sync import HttpRelay, Relay
from poruch.journal.wholefile import write_whole

Today = Callable[[], date]
JOINING = "joining"


class JoiningState(Schema, frozen=True, tag="joining-state.v1"):
    """What an invited desk keeps until it is in: the invitation, and its hello, before and after sealing."""

    invitation: str
    hello: bytes
    sealed: bytes

    def __repr__(self) -> str:
        return "<JoiningState hidden>"


# ---- what a store keeps of invitations ----------------------------------------------------------


def invitation_name(number: int) -> str:
    """Under which name a store keeps the invitation of `number`."""
    return f"invitation/{number}"


def answer_name(number: int) -> str:
    """Under which name a store keeps the sealed answer to `number`."""
    return f"answer/{number}"


def kept_invitations(store: Store) -> dict[int, Invitation]:
    """The invitations that this desk gave and that are not ended, by number."""
    kept = (parse_invitation(raw.decode()) for raw in store.secrets("invitation/"))
    return {one.number: one for one in kept}


def read_hello(invitation: Invitation, sealed: bytes) -> HeardHello:
    """The hello that came to an invitation. Raises `BadHello`, which blames the invitation's number."""
    try:
        return open_hello(invitation, sealed)
    except BadHello as error:
        raise BadHello(error.detail, blame=invitation.number) from None


# ---- the invited ------------------------------------------------------------------------------


@dataclass
class InvitedDesk:
    """An invited person's desk before it knows the fund; close it before the fund's desk is opened."""

    folder: Path
    key: OfficerKey
    store: Store
    state: JoiningState

    @property
    def invitation(self) -> Invitation:
        """The invitation."""
        return parse_invitation(self.state.invitation)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def check_name(name: str) -> None:
    """Raises `BadWorkingName`."""
    if not is_working_name(name):
        raise BadWorkingName


def begin_joining(folder: Path, invitation: Invitation, name: str, passphrase: str) -> None:
    """The key of an invited person in a new folder, and his hello, not yet said.

    Raises `WeakPassphrase`, `BadWorkingName`.
    """
    check_name(name)
    key = founding.make_key(folder, invitation.number, name, passphrase)
    officer = NewOfficer(key.number, key.signing.public, key.log.public, key.identity.recipient.text)
    signed = sign_hello(invitation, Hello(officer, name), key.signing)
    store = Store(folder / STORE_FILE, key.store_key)
    try:
        state = JoiningState(invitation.text, hello_digest(signed), invitation.seal("hello", signed))
        store.keep_secret(JOINING, encode(state))
    finally:
        store.close()


def resume_joining(folder: Path, passphrase: str) -> InvitedDesk | None:
    """The invited person's desk; None if it is in already. Raises `WrongPassphrase`, `BadKeyFile`."""
    key = founding.unlock(folder, passphrase)
    store = Store(folder / STORE_FILE, key.store_key)
    kept = store.secret(JOINING)
    if kept is None:
        store.close()
        return None
    return InvitedDesk(folder, key, store, decode(kept, JoiningState))


def say_hello(invited: InvitedDesk, line: Rendezvous) -> None:
    """Leave the hello; again does nothing. Raises `UnknownInvitation`, `InvitationUsed`."""
    line.leave(invited.invitation.rendezvous, "hello", invited.state.sealed)


def read_answer(invited: InvitedDesk, line: Rendezvous) -> Answer | None:
    """The inviter's answer to exactly this hello, once it is there. Raises `WrongInviter`."""
    sealed = line.left(invited.invitation.rendezvous, "answer")
    return None if sealed is None else open_answer(invited.invitation, sealed, invited.state.hello)


def open_invited(invited: InvitedDesk, answer: Answer, relay: Relay, today: Today) -> Desk:
    """The desk of the fund that the answer names, synced once; `invited` is closed.

    Raises `RelayUnreachable` while the front does not have its number on the roster, and `NotInCharter`. The fund is
    written into the folder only after this.
    """
    invited.close()
    desk = Desk(invited.folder, invited.key, answer.fund, relay, today)
    try:
        desk.sync()
        signing = desk.public.roster.signing
        if desk.number not in signing:
            raise RelayUnreachable("this number is not on the roster yet")
        if signing[desk.number] != desk.key.signing.public or signing.get(answer.inviter) != answer.signing:
            raise NotInCharter
    except BaseException:
        desk.close()
        raise
    write_whole(invited.folder / FUND_FILE, f"{answer.fund.hex()}\n".encode())
    return desk


def open_again(invited: InvitedDesk, relay: Relay, today: Today) -> Desk:
    """The desk of the fund that was found to be the right one before; `invited` is closed."""
    invited.close()
    fund = bytes.fromhex((invited.folder / FUND_FILE).read_text().strip())
    return Desk(invited.folder, invited.key, fund, relay, today)


# ---- inviting from a running desk -------------------------------------------------------------


def line_of(desk: Desk) -> HttpRendezvous:
    """The rendezvous of this desk's front, asked as its officer. Raises `RelayUnreachable` without a front."""
    relay = desk.relay
    if not isinstance(relay, HttpRelay):
        raise RelayUnreachable("no front is named")
    line = relay.http
    return HttpRendezvous(line.address, line.number, line.key, line.today, line.random, line.timeout_seconds)


def pending(desk: Desk) -> dict[int, Invitation]:
    """Invitations of this desk that are not ended, by number."""
    return kept_invitations(desk.store)


def next_number(desk: Desk) -> int:
    """The lowest number above all that this desk knows to have been given."""
    spoken = {author for author, _ in desk.chains.heads}
    given = int.from_bytes(desk.store.fact("invited/highest") or b"", "big")
    return max(spoken | set(desk.public.roster.signing) | set(desk.members.names) | {given}) + 1


def invite(desk: Desk, number: int, line: Rendezvous | None = None) -> Invitation:
    """The invitation of who is to be officer `number`; asked for again it is the same one.

    Raises `NumberGiven`, `TooManyInvitations`, `RelayUnreachable`.
    """
    line = line or line_of(desk)
    invitation = pending(desk).get(number)
    if invitation is None:
        if number < next_number(desk):
            raise NumberGiven(str(number))
        address = line.address.lower().rstrip("/")
        invitation = Invitation.draw(address, number, desk.key.signing.public, desk.random)
        desk.store.keep_fact("invited/highest", number.to_bytes(2, "big"))
        desk.store.keep_secret(invitation_name(number), invitation.text.encode())
    line.open_slot(invitation.rendezvous)
    return invitation


def hello_of(desk: Desk, number: int, line: Rendezvous | None = None) -> HeardHello | None:
    """What the invited said: keys for a proposal, and a working name. Raises `BadHello`, `UnknownInvitation`."""
    invitation = _pending(desk, number)
    sealed = (line or line_of(desk)).left(invitation.rendezvous, "hello")
    return None if sealed is None else read_hello(invitation, sealed)


def answer(desk: Desk, number: int, line: Rendezvous | None = None) -> None:
    """Tell the invited which fund it is; his desk syncs once he is on the roster. Raises as `hello_of`, `BadHello`."""
    line, invitation = line or line_of(desk), _pending(desk, number)
    sealed = desk.store.secret(answer_name(number))
    if sealed is None:
        heard = hello_of(desk, number, line)
        if heard is None:
            raise BadHello("the invited has said nothing yet")
        said = Answer(desk.fund, desk.number, desk.key.signing.public, heard.digest)
        sealed = seal_answer(invitation, said, desk.key.signing, desk.random)
        desk.store.keep_secret(answer_name(number), sealed)
    line.leave(invitation.rendezvous, "answer", sealed)


def end_invitation(desk: Desk, number: int) -> None:
    """Forget an invitation: who was admitted needs it no more, and who was not cannot come by it."""
    desk.store.destroy_secret(invitation_name(number))
    desk.store.destroy_secret(answer_name(number))


def _pending(desk: Desk, number: int) -> Invitation:
    found = pending(desk).get(number)
    if found is None:
        raise UnknownInvitation(str(number))
    return found


def is_begun(folder: Path) -> bool:
    """Whether a key lies in this folder: a founding or a joining was begun in it."""
    return (folder / KEY_FILE).exists()
