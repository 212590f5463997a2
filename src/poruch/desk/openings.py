"""Opening together what is sealed to the quorum: ask, agree, combine. What was opened is never stored."""

from collections.abc import Sequence
from datetime import timedelta

from poruch.cases.openings import Opening
from poruch.crypto import age
from poruch.crypto.ceremony import Group
from poruch.crypto.opening import OpeningRequest, combine, give_partial, sort_answers
from poruch.crypto.padding import unpad
from poruch.crypto.quorum_file import check_file
from poruch.desk.duties import own_share
from poruch.desk.program import Desk, Mailing, one_time_key
from poruch.errors import (
    AlreadyDone,
    CannotOpen,
    Expired,
    Malformed,
    MissingCheck,
    NotAllowed,
    TooFew,
    WrongFile,
    WrongGroup,
)
from poruch.events.base import Event
from poruch.events.codec import decode
from poruch.events.drops import Payee, Person
from poruch.events.kinds import OpeningDone, OpeningObjected, OpeningRequested, PartialGiven
from poruch.journal.dropbox import place_of
from poruch.journal.frames import join, split

ANSWER_DAYS = 14


def quorum(desk: Desk) -> Group:
    """The certified group of today. Raises `WrongGroup` before there is one."""
    made = desk.public.ceremonies.group
    if made is None:
        raise WrongGroup("the quorum key is not certified yet")
    return made


def inner_file(desk: Desk, drop: str) -> tuple[bytes, str]:
    """The quorum file of a drop and the place where this desk's own journal holds it.

    Refuses a drop that was admitted twice with other bytes, and a file whose one-time key another file has too.
    """
    event = desk.cases.drops.get(drop)
    content = desk.contents.get(drop)
    if event is None or content is None or not content.person:
        raise MissingCheck("the sealed file is not here yet")
    if drop in desk.cases.conflicted:
        raise WrongFile("this drop was admitted twice with other bytes")
    place = place_of(drop, event.kind)
    check_file(content.person, quorum(desk).Y, place)
    if desk.one_time_keys[one_time_key(content.person)] > 1:
        raise WrongFile("two files have one one-time key")
    return content.person, place


def request_events(desk: Desk, purpose: str, drops: Sequence[str], batch: str = "") -> OpeningRequested:
    """The event that asks all officers for partials; the one-time identity stays in this desk's store until done."""
    made = quorum(desk)
    if not drops:
        raise MissingCheck("nothing is named that could be opened")
    identity = age.PqIdentity.generate(desk.random)
    until = desk.today() + timedelta(days=ANSWER_DAYS)
    texts = []
    for drop in drops:
        file, place = inner_file(desk, drop)
        header_hash = check_file(file, made.Y, place).header_hash
        request = OpeningRequest(made.id, header_hash, place, desk.number, identity.recipient.text, until, purpose)
        texts.append(request.encode())
        desk.store.keep_secret(f"opening/{request.hash.hex()}", identity.text.encode())
    return OpeningRequested(purpose, tuple(drops), tuple(texts), batch)


def ask(desk: Desk, purpose: str, drops: Sequence[str]) -> None:
    """Ask for an opening, and give one's own partials with it."""
    desk.act([request_events(desk, purpose, drops)])
    opening = list(desk.openings.openings.values())[-1]
    desk.act(*answer_events(desk, opening))


def answer_events(desk: Desk, opening: Opening) -> tuple[list[Event], list[Mailing]]:
    """This officer's partials for all files of an opening, sealed to the requester. He has read the purpose."""
    made = quorum(desk)
    share = own_share(desk, made)
    if share is None:
        raise NotAllowed("you hold no share of the quorum key")
    if opening.objections:
        raise NotAllowed("a colleague objected")
    if desk.number in opening.answers:
        raise AlreadyDone("you gave your partials")
    answers = []
    for drop, request in zip(opening.drops, opening.requests, strict=True):
        file, place = inner_file(desk, drop)
        answers.append(give_partial(file, request, made, desk.number, share, desk.today(), desk.random, place=place))
    recipient = age.PqRecipient.parse(opening.requests[0].recipient)
    sent = Mailing.of(age.seal(join(answers), [recipient], desk.random))
    hashes = tuple(request.hash for request in opening.requests)
    return [PartialGiven(opening.id, hashes, sent.sha256)], [sent]


def agree(desk: Desk, opening: Opening) -> None:
    """Give one's partials for an opening that is not a batch's."""
    if opening.batch:
        raise NotAllowed("approve the batch; that gives its partials too")
    desk.act(*answer_events(desk, opening))


def object_to(desk: Desk, opening: Opening, reason: str) -> None:
    """Object: nobody gives anything more for this opening."""
    desk.act([OpeningObjected(opening.id, reason[:2000])])


def _identity(desk: Desk, opening: Opening) -> age.PqIdentity:
    kept = desk.store.secret(f"opening/{opening.requests[0].hash.hex()}")
    if kept is None:
        raise NotAllowed("only the requester's desk opens this")
    return age.PqIdentity.parse(kept.decode())


def collected(desk: Desk, opening: Opening) -> dict[int, list[bytes]]:
    """The answers that have reached this desk, by officer, one a file."""
    identity = _identity(desk, opening)
    found: dict[int, list[bytes]] = {}
    for officer, sha256 in opening.answers.items():
        body = desk.store.body(sha256)
        if body is None:
            continue
        try:
            parts = split(age.open_file(body, [identity]))
        except (CannotOpen, Malformed):
            continue  # a colleague's answer that does not open counts for nothing; the others may suffice
        if len(parts) == len(opening.requests):
            found[officer] = parts
    return found


def open_all(desk: Desk, opening: Opening) -> tuple[list[Person | Payee], list[str]]:
    """What was sealed, in the order of the opening, and sentences about officers whose partials were bad.

    Raises `TooFew` until k have answered, `Expired`, `NotAllowed`.
    """
    made = quorum(desk)
    if opening.requester != desk.number:
        raise NotAllowed("only the requester's desk opens this")
    if opening.objections or opening.done:
        raise NotAllowed("this opening was stopped or is done")
    if desk.today() > opening.until:
        raise Expired
    answers = collected(desk, opening)
    if len(answers) < made.k:
        raise TooFew(f"{len(answers)} of {made.k} have agreed")
    opened: list[Person | Payee] = []
    blamed: set[int] = set()
    for at, (drop, request) in enumerate(zip(opening.drops, opening.requests, strict=True)):
        file, _ = inner_file(desk, drop)
        given = [parts[at] for parts in answers.values()]
        _, faults = sort_answers(given, request, made, file)
        blamed |= {fault.blame for fault in faults if fault.blame}
        raw = unpad(combine(file, request, made, given))
        opened.append(decode(raw, Person | Payee))  # type: ignore[arg-type]
    names = [f"{desk.members.name(number)} gave a partial that does not verify." for number in sorted(blamed)]
    return opened, names


def finish(desk: Desk, opening: Opening) -> list[Event]:
    """The event that ends an opening; its one-time identity is destroyed."""
    for request in opening.requests:
        desk.store.destroy_secret(f"opening/{request.hash.hex()}")
    return [OpeningDone(opening.id)]
