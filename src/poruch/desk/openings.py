"""Opening together what is sealed to the quorum: ask, agree, object, uphold, combine. What was opened is never stored.

The plaintext is on the requester's desk only, in the answer to one click; each look combines anew. When the purpose is
done, or the request withdrawn or expired, the one-time identity is destroyed, and nothing opens any more.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from poruch.cases.openings import ANSWER_DAYS, MOST_DAYS, Opening
from poruch.crypto import age
from poruch.crypto.ceremony import Group
from poruch.crypto.opening import OpeningRequest, combine_partials, give_partial
from poruch.crypto.padding import unpad
from poruch.crypto.quorum_file import CheckedFile, check_file
from poruch.desk import partials
from poruch.desk.ceremony import own_share
from poruch.desk.program import Desk, Mailing, one_time_key
from poruch.errors import (
    AlreadyDone,
    BadRequest,
    Expired,
    FundFrozenNow,
    MissingCheck,
    NotAllowed,
    OpeningStopped,
    OpeningWithdrawn,
    TooFew,
    UnreadObjection,
    WrongFile,
    WrongGroup,
)
from poruch.events.base import Event
from poruch.events.codec import decode
from poruch.events.drops import Payee, Person
from poruch.events.kinds import OpeningDone, OpeningObjected, OpeningRequested, OpeningUpheld, PartialGiven
from poruch.journal.dropbox import place_of
from poruch.journal.frames import join

LONGEST_REASON = 2000


# ---- how an opening stands --------------------------------------------------------------------


def voters(desk: Desk) -> tuple[Collection[int], int]:
    """The quorum, whose votes count, and how many are needed."""
    council = desk.public.council
    return council.quorum, council.k


def stopped(desk: Desk, opening: Opening) -> bool:
    """Somebody objected, and too few uphold it."""
    return opening.stopped(*voters(desk))


def live(desk: Desk, opening: Opening) -> bool:
    """It may be answered and combined today."""
    return opening.live(desk.today(), *voters(desk))


def missing(desk: Desk, opening: Opening) -> int:
    """How many more must answer; those whose answers do not verify have not."""
    return max(0, voters(desk)[1] - len(partials.counted(desk, opening)))


def complete(desk: Desk, opening: Opening) -> bool:
    """As many have answered as must."""
    return missing(desk, opening) == 0


def refuse_frozen(desk: Desk) -> None:
    """Nothing is paid or opened while the fund is frozen. Raises `FundFrozenNow`."""
    if desk.public.council.frozen:
        raise FundFrozenNow


def _refuse_stopped(desk: Desk, opening: Opening) -> None:
    """Raises `FundFrozenNow`, `OpeningWithdrawn`, `AlreadyDone`, `Expired` or `OpeningStopped`, in this order."""
    refuse_frozen(desk)
    if opening.withdrawn:
        raise OpeningWithdrawn
    if opening.done:
        raise AlreadyDone("the opening is done")
    if desk.today() > opening.until:
        raise Expired
    if stopped(desk, opening):
        raise OpeningStopped


# ---- asking and answering ---------------------------------------------------------------------


def quorum(desk: Desk) -> Group:
    """The certified group of today. Raises `WrongGroup` before there is one."""
    made = desk.public.ceremonies.group
    if made is None:
        raise WrongGroup("the quorum key is not certified yet")
    return made


def _held_file(desk: Desk, drop: str) -> tuple[bytes, str]:
    """The quorum file of a drop and the place where this desk's own journal holds it; its proof is not checked yet.

    Refuses a drop that was admitted twice with other bytes, and a file whose one-time key another file has too.
    """
    event = desk.cases.drops.get(drop)
    content = desk.contents.get(drop)
    if event is None or content is None or not content.person:
        raise MissingCheck("the sealed file is not here yet")
    if drop in desk.cases.conflicted:
        raise WrongFile("this drop was admitted twice with other bytes")
    if desk.one_time_keys[one_time_key(content.person)] > 1:
        raise WrongFile("two files have one one-time key")
    return content.person, place_of(drop, event.kind)


def inner_file(desk: Desk, drop: str) -> CheckedFile:
    """The quorum file of a drop, proven to belong where this desk's own journal holds it."""
    file, place = _held_file(desk, drop)
    return check_file(file, quorum(desk).Y, place)


def request_events(
    desk: Desk, purpose: str, drops: Sequence[str], batch: str = "", days: int = ANSWER_DAYS
) -> OpeningRequested:
    """The event that asks all officers for partials; the one-time identity stays in this desk's store until done.

    `days` from today it may be answered, 1 to 60. Raises `FundFrozenNow`, `MissingCheck`, `BadRequest`, and what
    `inner_file` raises.
    """
    refuse_frozen(desk)
    made = quorum(desk)
    if not drops:
        raise MissingCheck("nothing is named that could be opened")
    if not 1 <= days <= MOST_DAYS:
        raise BadRequest("days")
    identity = age.PqIdentity.generate(desk.random)
    recipient, until = identity.recipient.text, desk.today() + timedelta(days=days)
    requests = []
    for drop in drops:
        file, place = _held_file(desk, drop)
        checked = check_file(file, made.Y, place)
        requests.append(OpeningRequest(made.id, checked.header_hash, place, desk.number, recipient, until, purpose))
    desk.store.keep_secret(_name(requests[0]), identity.text.encode())
    return OpeningRequested(purpose, tuple(drops), tuple(request.encode() for request in requests), batch)


def _name(first: OpeningRequest) -> str:
    """Where this desk's store keeps the one-time identity of an opening."""
    return f"opening/{first.hash.hex()}"


def ask(desk: Desk, purpose: str, drops: Sequence[str], days: int = ANSWER_DAYS) -> None:
    """Ask for an opening, and give one's own partials with it."""
    forget_ended(desk)
    desk.act([request_events(desk, purpose, drops, days=days)])
    opening = list(desk.openings.openings.values())[-1]
    desk.act(*answer_events(desk, opening))


def answer_events(desk: Desk, opening: Opening) -> tuple[list[Event], list[Mailing]]:
    """This officer's partials for all files of an opening, sealed to the requester. He has read the purpose.

    Raises what `_refuse_stopped` raises, `NotAllowed`, `AlreadyDone`, and what `give_partial` raises.
    """
    _refuse_stopped(desk, opening)
    made = quorum(desk)
    share = own_share(desk, made)
    if share is None:
        raise NotAllowed("you hold no share of the quorum key")
    if desk.number in opening.answers:
        raise AlreadyDone("you gave your partials")
    answers = []
    for drop, request in zip(opening.drops, opening.requests, strict=True):
        file, place = _held_file(desk, drop)
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


# ---- objecting and upholding ------------------------------------------------------------------


def object_to(desk: Desk, opening: Opening, reason: str) -> None:
    """Object: nobody gives or combines anything more until k uphold it. By its author: it is withdrawn for good.

    Partials that were given cannot be taken back. Raises `OpeningWithdrawn`, `AlreadyDone`.
    """
    if opening.withdrawn:
        raise OpeningWithdrawn
    if opening.done or opening.objected(desk.number):
        raise AlreadyDone("it is done, or you objected")
    desk.act([OpeningObjected(opening.id, reason[:LONGEST_REASON])])
    forget_ended(desk)


def uphold(desk: Desk, opening: Opening, read: Collection[bytes]) -> None:
    """Want the opening all the same; `read` are the event ids of the objections that were on this officer's screen.

    Raises `FundFrozenNow`, `OpeningWithdrawn`, `AlreadyDone`, `Expired`, `NotAllowed`; `UnreadObjection` if one came
    that he has not read.
    """
    try:
        _refuse_stopped(desk, opening)
    except OpeningStopped:
        pass
    else:
        raise AlreadyDone("nothing stops this opening")
    if desk.number not in voters(desk)[0]:
        raise NotAllowed("only the quorum upholds")
    if desk.number in opening.upheld_by:
        raise AlreadyDone("you uphold it")
    if not opening.objections.keys() <= set(read):
        raise UnreadObjection
    desk.act([OpeningUpheld(opening.id, tuple(sorted(opening.objections)))])


# ---- combining --------------------------------------------------------------------------------


def _identity(desk: Desk, opening: Opening) -> age.PqIdentity:
    kept = desk.store.secret(_name(opening.requests[0]))
    if kept is None:
        raise NotAllowed("only the requester's desk opens this")
    return age.PqIdentity.parse(kept.decode())


def open_all(desk: Desk, opening: Opening) -> tuple[list[Person | Payee], list[int]]:
    """What was sealed, in the order of the opening, and the officers whose answers do not verify, by number.

    Such answers are refuted in the journal, once, whether or not enough others remain. Raises `TooFew` until k good
    ones are here, `NotAllowed`, and what `_refuse_stopped` raises.
    """
    made = quorum(desk)
    if opening.requester != desk.number:
        raise NotAllowed("only the requester's desk opens this")
    _refuse_stopped(desk, opening)
    files = [_held_file(desk, drop)[0] for drop in opening.drops]
    answers = partials.collect(desk, opening, _identity(desk, opening), files, made)
    if answers.refutations:
        desk.act(answers.refutations)
        opening = desk.openings.openings[opening.id]
    if len(answers.good) < made.k:
        raise TooFew(f"{len(answers.good)} of {made.k} have agreed")
    opened: list[Person | Payee] = []
    for at, (file, request) in enumerate(zip(files, opening.requests, strict=True)):
        raw = unpad(combine_partials(file, request, made, [given[at] for given in answers.good.values()]))
        opened.append(decode(raw, Person | Payee))  # type: ignore[arg-type]
    return opened, sorted(opening.refutations)


def finish(desk: Desk, opening: Opening) -> list[Event]:
    """The event that ends an opening; its one-time identity is destroyed."""
    desk.store.destroy_secret(_name(opening.requests[0]))
    return [OpeningDone(opening.id)]


def forget_ended(desk: Desk) -> None:
    """Destroy the one-time identities of one's own openings that lead nowhere any more."""
    for opening in desk.openings.openings.values():
        if opening.requester != desk.number or opening.done:
            continue
        name = _name(opening.requests[0])
        if (opening.withdrawn or desk.today() > opening.until) and desk.store.secret(name) is not None:
            desk.store.destroy_secret(name)
