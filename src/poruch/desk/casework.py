"""What an officer of casework does: read, write, check, grant, refuse. Each function is one act, one segment."""

from poruch.cases import decide
from poruch.cases.state import Case, Grant, Letter
from poruch.desk.duties import mailing
from poruch.desk.program import Desk, Mailing
from poruch.errors import CannotOpen, CaseErased, Malformed, MissingCheck, NotAllowed, WrongFile
from poruch.events.base import Event
from poruch.events.drops import Answer, Story
from poruch.events.kinds import Instalment, MessageSent, NoteWritten
from poruch.events.mailbox import Message
from poruch.journal.dropbox import open_story


def story(desk: Desk, case: Case) -> Story:
    """What the person told. Raises `NotAllowed` outside casework, `MissingCheck` where it is not here yet."""
    read = _read(desk, case.id)
    if not isinstance(read, Story):
        raise MissingCheck("the story is not here yet")
    return read


def answer(desk: Desk, letter: Letter) -> str:
    """What the person wrote back."""
    read = _read(desk, letter.drop)
    return read.text if isinstance(read, Answer) else ""


def _read(desk: Desk, drop: str) -> Story | Answer | None:
    casework = desk.keys_of("casework")
    content = desk.contents.get(drop)
    if content is None:
        return None
    try:
        return open_story(content, *casework)
    except (CannotOpen, Malformed):
        return None


def take(desk: Desk, case: Case) -> None:
    """Take a case."""
    desk.act(decide.take(desk.members, case, desk.number))


def write_note(desk: Desk, case: Case, text: str) -> None:
    """Write a note for colleagues."""
    desk.act(decide.note(desk.members, case, desk.number, text))


def write_message(
    desk: Desk, case: Case, text: str, kind: str = "message", amounts_minor: tuple[int, ...] = ()
) -> None:
    """Write to the person: a clear event with a hash for the front, the text for casework, the body to the mailbox."""
    if not desk.within("casework"):
        raise NotAllowed("casework")
    desk.act(*message_events(desk, case, text, kind, amounts_minor))


def message_events(
    desk: Desk, case: Case, text: str, kind: str, amounts_minor: tuple[int, ...] = ()
) -> tuple[list[Event], list[Mailing]]:
    """The events of a message to the person of `case`, and its mailing."""
    if case.id in desk.cases.conflicted:
        raise WrongFile("this case was admitted twice with other bytes: nobody knows whose mailbox is the person's")
    if not case.recipient:
        raise CaseErased
    message = Message(kind, desk.today(), text[: decide.LONGEST_TEXT], amounts_minor, desk.charter.currency)
    reply, sent = mailing(desk, case.mailbox, case.recipient, message)
    return [reply, MessageSent(case.id, kind, message.text, sent.sha256)], [sent]


def record_reading(desk: Desk, case: Case, outcome: str, reason: str, *, no_interest: bool) -> None:
    """Record what a second reader found, and why."""
    events: list[Event] = [*decide.check(desk.members, case, desk.number, "reading", outcome, no_interest=no_interest)]
    if reason:
        events.append(NoteWritten(case.id, reason[: decide.LONGEST_TEXT]))
    desk.act(events)


def record_screening(
    desk: Desk, case: Case, outcome: str, list_sha256: bytes, *, no_interest: bool, reason: str = ""
) -> None:
    """Record a screening decision, and against which list."""
    found = decide.check(
        desk.members, case, desk.number, "screening", outcome, no_interest=no_interest, list_sha256=list_sha256
    )
    events: list[Event] = [*found]
    if reason:
        events.append(NoteWritten(case.id, reason[: decide.LONGEST_TEXT]))
    desk.act(events)


def propose_grant(desk: Desk, case: Case, programme: str, instalments: list[Instalment]) -> None:
    """Propose a grant."""
    desk.act(decide.propose_grant(desk.cases, case, desk.number, programme, instalments, desk.random))


def approve_grant(desk: Desk, case: Case, grant: Grant) -> None:
    """Approve a grant; the approval that completes it also tells the person, who is then asked for bank details."""
    events: list[Event] = [*decide.approve_grant(desk.members, grant, desk.number)]
    if len(grant.approvals) + 1 < grant.programme.approvals:
        desk.act(events)
        return
    told, mailings = message_events(desk, case, "", "grant", grant.amounts_minor)
    desk.act([*events, *told], mailings)


def refuse(desk: Desk, case: Case, reason: str) -> None:
    """Refuse, with a reason for colleagues; the person is told that the fund cannot help."""
    events: list[Event] = [*decide.refuse(desk.members, case, desk.number, reason)]
    told, mailings = message_events(desk, case, "", "refused")
    desk.act([*events, *told], mailings)
