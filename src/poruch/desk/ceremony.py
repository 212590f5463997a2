"""This desk's part in making and renewing the quorum key (docs/spec/quorum.md sections 2 to 5). Nobody asks for it.

A ceremony begins by itself where the quorum is not the group in force, and goes on as desks sync. The old group works
until all of the new one have certified and k new shares have opened a trial; then old shares are erased.
"""

from datetime import date

from poruch.crypto import age, group
from poruch.crypto.ceremony import (
    Group,
    ParsedDealing,
    check_dealing,
    dealing_digest,
    form_group,
    judge_complaint,
    make_dealing,
    my_share,
    new_polynomial,
    subshare,
    subshare_message,
    transcript_hash,
)
from poruch.desk import trials, words_heard
from poruch.desk.program import Desk
from poruch.errors import AlreadyDone, CannotOpen, Malformed, NotTried, PoruchError, TooFewDealers
from poruch.events.base import Event
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    SealedSubshare,
    ShareErased,
)
from poruch.events.kinds import event_bytes
from poruch.journal.ceremonies import Ceremony, group_bytes
from poruch.journal.segments import session_of

MOST_SESSIONS = 5
"""Sessions that a program begins for one quorum; after that people must talk."""


def ceremony_duties(desk: Desk) -> list[Event]:
    """What is due now, or nothing."""
    running = desk.public.ceremonies.running
    if running is not None and _is_wanted(desk, running) and (is_due(desk) or agreed(desk, running)):
        return _step(desk, running) or _go_on_without(desk, running)
    return _clean_up(desk) or _begin(desk, by_program=True) or _try_new(desk)


def _is_wanted(desk: Desk, ceremony: Ceremony) -> bool:
    council = desk.public.council
    return (ceremony.proposal.k, ceremony.proposal.officers) == (council.k, council.quorum)


def is_due(desk: Desk) -> bool:
    """The quorum is not the group in force: its key is to be made, or dealt anew."""
    council, made = desk.public.council, desk.public.ceremonies.group
    return made is None or (made.k, made.officers) != (council.k, council.quorum)


def agreed(desk: Desk, ceremony: Ceremony) -> bool:
    """Whether this officer said that his desk takes part in a session which no change of the roster asks for."""
    return desk.store.fact(_name(ceremony.session, "agreed")) is not None


def to_agree(desk: Desk) -> Ceremony | None:
    """The session under way that waits for this officer's word: somebody has the key dealt anew to the same quorum."""
    running = desk.public.ceremonies.running
    if running is None or is_due(desk) or not _is_wanted(desk, running) or agreed(desk, running):
        return None
    return running if desk.number in running.awaited else None


def agree_to_session(desk: Desk) -> None:
    """This officer's desk takes part in the session that `to_agree` names. Raises `AlreadyDone` if there is none.

    Else one officer could have the key dealt anew, and every paper grow old, as often as he likes.
    """
    waiting = to_agree(desk)
    if waiting is None:
        raise AlreadyDone("no session waits for your word")
    desk.store.keep_fact(_name(waiting.session, "agreed"), b"1")


def sessions_for_now(desk: Desk) -> list[Ceremony]:
    """The sessions for the quorum and the group of today, oldest first."""
    made = desk.public.ceremonies.group
    old = made.id if made else b""
    return [s for s in desk.public.ceremonies.sessions.values() if s.proposal.old_group == old and _is_wanted(desk, s)]


def begin_again(desk: Desk) -> None:
    """A person begins a new session after programs gave up, or has the same quorum's shares dealt anew.

    Raises `AlreadyDone` while a session is under way.
    """
    running = desk.public.ceremonies.running
    if running is not None and _is_wanted(desk, running):
        raise AlreadyDone("a ceremony is under way")
    events = _begin(desk, by_program=False)
    if not events:
        raise TooFewDealers
    desk.store.keep_fact(_name(session_of(event_bytes(events[0])), "agreed"), b"1")
    desk.act(events)


def _begin(desk: Desk, *, by_program: bool, silent: tuple[int, ...] = ()) -> list[Event]:
    council, made = desk.public.council, desk.public.ceremonies.group
    if desk.number not in council.quorum or not council.active(desk.number):
        return []
    before = sessions_for_now(desk)
    if by_program and (not is_due(desk) or not _is_my_turn(desk) or len(before) >= MOST_SESSIONS):
        return []
    blamed = {number for session in before for number in session.blamed if len(session.blamed) == 1}
    dealers = council.quorum
    if made is not None:
        there = [number for number in made.officers if council.active(number)]
        dealers = tuple(number for number in there if number not in blamed | set(silent))
        if len(dealers) < made.k:
            dealers = tuple(there)
        if len(dealers) < made.k:
            return []
    old = made.id if made else b""
    return [CeremonyProposed(council.k, council.quorum, old, dealers, desk.random(16))]


def _is_my_turn(desk: Desk) -> bool:
    """One desk begins: the first of the quorum; if it does not for a day, any other."""
    council = desk.public.council
    if desk.number == min(council.active_quorum, default=0):
        return True
    last = council.history[-1].taken if council.history else None
    sessions = sessions_for_now(desk)
    since = max([s.last_day for s in sessions] + ([last] if last else []), default=None)
    return since is not None and (desk.today() - since).days >= 1


def _go_on_without(desk: Desk, ceremony: Ceremony) -> list[Event]:
    """A dealer of an old group who is silent is not needed; somebody of the new quorum is, until k decide otherwise."""
    silent = set(ceremony.silent(desk.today(), desk.charter.silent_days))
    if ceremony.is_first or not silent or silent & set(ceremony.proposal.officers):
        return []
    return _begin(desk, by_program=False, silent=tuple(silent))


# ---- the steps --------------------------------------------------------------------------------


def _name(session: bytes, what: str) -> str:
    return f"ceremony/{session.hex()}/{what}"


def _step(desk: Desk, ceremony: Ceremony) -> list[Event]:
    me, proposal = desk.number, ceremony.proposal
    if me in proposal.officers and me not in ceremony.joined:
        identity = age.PqIdentity.generate(desk.random)
        desk.store.keep_secret(_name(ceremony.session, "identity"), identity.text.encode())
        return [CeremonyJoined(ceremony.session, identity.recipient.text)]
    if _is_lost(desk, ceremony):
        return [DealingDisputed(ceremony.session, me, b"")]
    if me in proposal.dealers and ceremony.all_joined and me not in ceremony.digests:
        return _announce(desk, ceremony)
    if me in proposal.dealers and ceremony.all_announced and me not in ceremony.dealings:
        return [_publish(desk, ceremony)]
    if me in proposal.officers and ceremony.all_dealt and me not in ceremony.certified:
        return [] if ceremony.is_first and not words_heard.heard(desk) else [_certify(desk, ceremony)]
    return []


def _is_lost(desk: Desk, ceremony: Ceremony) -> bool:
    """What this officer began the session with is on a lost desk: the session ends, and another begins.

    Whatever the desk of his new life said as a part of this one would not count, and all would wait for ever.
    """
    me = desk.number
    under_way = {
        "identity": me in ceremony.joined and me not in ceremony.certified,
        "polynomial": me in ceremony.digests and me not in ceremony.dealings,
    }
    return any(waits and desk.store.secret(_name(ceremony.session, what)) is None for what, waits in under_way.items())


def _announce(desk: Desk, ceremony: Ceremony) -> list[Event]:
    constant = None
    if ceremony.old is not None:
        constant = own_share(desk, ceremony.old)
        if constant is None:
            return []  # a desk that lost its share deals nothing; the others go on without it
    coefficients = new_polynomial(ceremony.proposal.k, desk.random, constant)
    dealing = make_dealing(ceremony.session, desk.number, coefficients, desk.random)
    raw = b"".join(group.encode_scalar(coefficient) for coefficient in coefficients)
    desk.store.keep_secret(_name(ceremony.session, "polynomial"), raw)
    desk.store.keep_secret(_name(ceremony.session, "dealing"), dealing)
    return [DealingAnnounced(ceremony.session, dealing_digest(ceremony.session, dealing))]


def _publish(desk: Desk, ceremony: Ceremony) -> Event:
    raw = desk.store.secret(_name(ceremony.session, "polynomial"))
    dealing = desk.store.secret(_name(ceremony.session, "dealing"))
    assert raw is not None  # else it was lost, and `_is_lost` has said so
    assert dealing is not None
    coefficients = tuple(group.scalar(raw[at : at + 32]) for at in range(0, len(raw), 32))
    sealed = []
    for officer, recipient in sorted(ceremony.joined.items()):
        message = subshare_message(ceremony.session, desk.number, officer, subshare(coefficients, officer))
        sealed.append(SealedSubshare(officer, age.seal(message, [recipient], desk.random)))
    return DealingPublished(ceremony.session, dealing, tuple(sealed))


def _parsed(ceremony: Ceremony) -> list[ParsedDealing]:
    k = ceremony.proposal.k
    return [
        check_dealing(ceremony.session, dealing, dealer, k, ceremony.digests[dealer])
        for dealer, dealing in sorted(ceremony.dealings.items())
    ]


def _certify(desk: Desk, ceremony: Ceremony) -> Event:
    kept = desk.store.secret(_name(ceremony.session, "identity"))
    assert kept is not None  # else it was lost, and `_is_lost` has said so
    identity = age.PqIdentity.parse(kept.decode())
    messages: dict[int, bytes] = {}
    for dealer, files in ceremony.sealed.items():
        try:
            messages[dealer] = age.open_file(files[desk.number], [identity])
        except (CannotOpen, Malformed):
            return DealingDisputed(ceremony.session, dealer, b"")
    dealings = _parsed(ceremony)
    made = form_group(ceremony.proposal.officers, dealings, ceremony.old)
    try:
        share = my_share(ceremony.session, desk.number, made, dealings, messages, ceremony.old)
    except PoruchError as error:
        return _dispute(ceremony, error.blame or 0, desk.number, identity)
    desk.store.keep_secret(f"share/{made.id.hex()}", group.encode_scalar(share))
    digests = {dealer: ceremony.digest_of(dealer) for dealer in ceremony.dealings}
    old = ceremony.old.id if ceremony.old else None
    transcript = transcript_hash(ceremony.session, old, made, digests, ceremony.sealed)
    return GroupCertified(ceremony.session, transcript, group_bytes(made))


def _dispute(ceremony: Ceremony, dealer: int, officer: int, identity: age.PqIdentity) -> DealingDisputed:
    """A complaint: the file key of the wrong sub-share, which everybody can judge (section 4)."""
    header = age.parse_header(ceremony.sealed[dealer][officer])
    return DealingDisputed(ceremony.session, dealer, identity.unwrap(header.stanzas) or b"")


def own_share(desk: Desk, made: Group) -> int | None:
    """This officer's share of the quorum key, if he has one."""
    raw = desk.store.secret(f"share/{made.id.hex()}")
    return group.scalar(raw) if raw else None


def judgement(ceremony: Ceremony) -> list[tuple[int, int, str]]:
    """Section 4: for each complaint (officer, dealer, who is to blame): `dealer`, `complainer`, `void` or `nobody`."""
    found = []
    for officer, (dealer, file_key) in ceremony.complaints.items():
        said = "nobody"
        if file_key and dealer in ceremony.sealed:
            digest = ceremony.digests[dealer]
            dealing = check_dealing(ceremony.session, ceremony.dealings[dealer], dealer, ceremony.proposal.k, digest)
            said = judge_complaint(ceremony.session, dealing, officer, ceremony.sealed[dealer][officer], file_key)
        found.append((officer, dealer, said))
    return found


# ---- afterwards -------------------------------------------------------------------------------


def _clean_up(desk: Desk) -> list[Event]:
    """One-time keys and polynomials of sessions that are over are destroyed."""
    for ceremony in desk.public.ceremonies.sessions.values():
        over = ceremony.stopped or ceremony.group is not None
        if over and desk.store.secret(_name(ceremony.session, "identity")) is not None:
            for what in ("identity", "dealing", "polynomial"):
                desk.store.destroy_secret(_name(ceremony.session, what))
    return []


def _try_new(desk: Desk) -> list[Event]:
    """A new group is tried before any old share is erased: k new shares open a file of nothing."""
    made = desk.public.ceremonies.made
    if len(made) < 2 or not desk.keys:
        return []
    now, session = made[-1].group, made[-1].session
    trial = trials.of_session(desk, session)
    if trial is None:
        there = [n for n in now.officers if desk.public.council.active(n)]
        late = (desk.today() - made[-1].day).days >= 1  # the first does it; if he does not for a day, any other
        mine = desk.number in (there if late else there[:1])
        return [trials.begin(desk, now, session)] if mine else []
    share = own_share(desk, now)
    if share is not None and desk.number not in trial.answers and not trials.succeeded(desk, trial):
        return [trials.answer(desk, trial, share)]
    return []


def tried(desk: Desk) -> bool:
    """Whether the group in force has opened its trial, so that old shares may be erased."""
    made = desk.public.ceremonies.made
    trial = trials.of_session(desk, made[-1].session) if len(made) > 1 else None
    return trial is not None and trials.succeeded(desk, trial)


def may_erase(desk: Desk) -> bool:
    """Whether old shares may go now. Who was removed cannot hear of the trial, and the others need him no more."""
    return tried(desk) or desk.number in desk.public.council.removed


def old_shares(desk: Desk) -> list[Group]:
    """Older groups of which this officer has not recorded that share and paper are destroyed, newest first."""
    found = desk.public.ceremonies
    return [one for one in found.old_groups if desk.number in found.alive(one)]


def erase_old(desk: Desk) -> None:
    """This officer's word that the papers with his old shares are destroyed; the shares on this desk are, now.

    Raises `NotTried` before the new key was tried.
    """
    if not may_erase(desk):
        raise NotTried
    old = old_shares(desk)
    if not old:
        raise AlreadyDone("your old shares are erased")
    for one in old:
        desk.store.destroy_secret(f"share/{one.id.hex()}")
    session = desk.public.ceremonies.made[-1].session
    desk.act([ShareErased(session, one.epoch, paper=True) for one in old])


def together(desk: Desk) -> list[tuple[Group, tuple[int, ...], date]]:
    """Older groups whose unerased shares could still open: the group, who has not erased, when it was replaced."""
    found = desk.public.ceremonies
    rows = []
    for before, after in zip(found.made, found.made[1:], strict=False):
        alive = found.alive(before.group)
        if len(alive) >= before.group.k:
            rows.append((before.group, alive, after.day))
    return rows
