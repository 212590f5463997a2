"""The answers to a request on the desk that asked, and what every desk makes of an answer that does not verify.

A *refutation* (`PartialRefuted`) is the file key of one sealed answer. Its hash is signed by the officer who gave it,
so with the key every desk opens exactly these bytes, runs the check itself, and knows who is at fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from poruch.cases.openings import Opening
from poruch.crypto import age
from poruch.crypto.ceremony import Group
from poruch.crypto.opening import OpeningRequest, Partial, check_answer
from poruch.desk.program import Desk
from poruch.errors import BadAnswer, BadHeader, BadMac, BadPartial, CannotOpen, Malformed, NotForThisKey, PoruchError
from poruch.events.kinds import PartialRefuted
from poruch.journal.frames import split


class Verdict(Enum):
    """What this desk found about a refutation; each but `WAITS` is the same on every desk, for ever."""

    OFFICER = "officer"
    REQUESTER = "requester"
    NOBODY = "nobody"
    WAITS = "waits"


@dataclass
class Answers:
    """The answers that have reached the requester's desk: good partials by officer, one a file; and refutations."""

    good: dict[int, list[Partial]] = field(default_factory=dict, repr=False)
    refutations: list[PartialRefuted] = field(default_factory=list, repr=False)


def collect(desk: Desk, opening: Opening, identity: age.PqIdentity, files: Sequence[bytes], made: Group) -> Answers:
    """Open every answer that is here and check each partial in it; an answer with one bad partial counts for nothing.

    What a refutation shows, and to whom: the partials of one officer, for the files of this one opening, to the
    officers. That is harmless to all other files, since a partial is bound to its file, and it gives nobody who has not
    the partials of k-1 more officers any plaintext. k-1 officers who conspire and hold one such answer are with its
    author k officers, who open everything as it is. It is not harmless to anybody else: whoever later takes the papers
    of k-1 officers would need one less, so it is sealed to the officers and never said in clear. An answer that does
    not open is refuted with no key: then nobody can tell who is at fault, and no key is shown.
    """
    found = Answers()
    for officer, sha256 in sorted(opening.answers.items()):
        body = None if officer in opening.refutations else desk.store.body(sha256)
        if body is None:
            continue
        try:
            found.good[officer] = _check(age.open_file(body, [identity]), officer, opening.requests, files, made)
        except (CannotOpen, Malformed, BadPartial):
            found.refutations.append(PartialRefuted(opening.id, officer, _shown(body, identity)))
    return found


def _shown(body: bytes, identity: age.PqIdentity) -> bytes:
    """The file key of a wrong answer, where it proves something."""
    try:
        return age.file_key_of(body, identity)
    except (BadHeader, NotForThisKey, BadMac):
        return b""


def _check(
    raw: bytes, officer: int, requests: Sequence[OpeningRequest], files: Sequence[bytes], made: Group
) -> list[Partial]:
    """The partials in an opened answer. Raises `BadAnswer`, `BadPartial`, `BadSegment`."""
    parts = split(raw)
    if len(parts) != len(requests):
        raise BadAnswer("not one part a file")
    partials = []
    for part, request, file in zip(parts, requests, files, strict=True):
        partial = check_answer(part, request, made, file)
        if partial.officer != officer:
            raise BadPartial("the partial of somebody else", blame=officer)
        partials.append(partial)
    return partials


# ---- on every desk ----------------------------------------------------------------------------


def counted(desk: Desk, opening: Opening) -> list[int]:
    """Who has answered and not been refuted, or been refuted falsely: the number that k is compared with."""
    return [
        officer
        for officer in sorted(opening.answers)
        if officer not in opening.refutations or verdict(desk, opening, officer) is Verdict.REQUESTER
    ]


def verdict(desk: Desk, opening: Opening, officer: int) -> Verdict:
    """Who is at fault when the requester has refuted the answer of `officer`: found once, then remembered."""
    place = (opening.id, opening.answers[officer], opening.refutations[officer])
    known = desk.verdicts.get(place)
    if known is not None:
        return Verdict(known)
    judged = _judge(desk, opening, officer)
    if judged is not Verdict.WAITS:
        desk.verdicts[place] = judged.value
    return judged


def _judge(desk: Desk, opening: Opening, officer: int) -> Verdict:
    # (1) The very bytes whose hash the officer signed are here, and so are the files and the group.
    body = desk.store.body(opening.answers[officer])
    files, made = _files(desk, opening), _group(desk, opening.requests[0].group)
    if body is None or files is None or made is None:
        return Verdict.WAITS
    try:
        # (2) They are an age file: anybody sees it when they are not.
        age.parse_header(body)
    except BadHeader:
        return Verdict.OFFICER
    # (3) Without a key nothing is shown: it was not sealed to the requester, or he says so.
    if not opening.refutations[officer]:
        return Verdict.NOBODY
    try:
        # (4) The key is that of this file: an honest desk shows no other one. (5) The payload opens under it, and
        # (6) holds, for each file, this officer's partial, which verifies.
        raw = age.open_with_file_key(body, opening.refutations[officer])
        _check(raw, officer, opening.requests, files, made)
    except BadMac:
        return Verdict.REQUESTER
    except (CannotOpen, Malformed, BadPartial):
        return Verdict.OFFICER
    return Verdict.REQUESTER


def _files(desk: Desk, opening: Opening) -> list[bytes] | None:
    """The files that the requests name, by hash, of one group; None while one is not here."""
    if len({request.group for request in opening.requests}) > 1:
        return None  # no honest desk answers this: there is nothing to judge
    found = []
    for drop, request in zip(opening.drops, opening.requests, strict=True):
        content = desk.contents.get(drop)
        try:
            if content is None or age.header_hash(content.person) != request.file:
                return None
        except BadHeader:
            return None
        found.append(content.person)
    return found


def _group(desk: Desk, group: bytes) -> Group | None:
    """The certified group with this id, today's or an older one."""
    made = desk.public.ceremonies.group
    if made is not None and made.id == group:
        return made
    for ceremony in desk.public.ceremonies.sessions.values():
        try:
            older = ceremony.group
        except PoruchError:
            continue
        if older is not None and older.id == group:
            return older
    return None


def faults(desk: Desk) -> list[str]:
    """Sentences for the errors page about answers that do not verify, and about false accusations."""
    found = []
    for opening in desk.openings.openings.values():
        for officer in opening.refutations:
            asker, judged = opening.requester, verdict(desk, opening, officer)
            if judged is Verdict.OFFICER:
                found.append(f"Officer {officer} gave officer {asker} a partial that does not verify.")
            elif judged is Verdict.REQUESTER:
                found.append(f"Officer {asker} accused officer {officer} falsely of a partial that does not verify.")
            elif judged is Verdict.NOBODY:
                found.append(
                    f"Officer {asker} says that the answer of officer {officer} does not open; nobody can tell why."
                )
    return found
