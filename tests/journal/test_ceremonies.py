"""The ceremony as the journal tells it: who erred is named, and a session with an error never makes a key."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.little_fund import DAY, NUMBERS, LittleFund
from poruch.crypto import ceremony, dealing
from poruch.crypto.age import PqIdentity, open_file, seal
from poruch.crypto.group import multiply_base
from poruch.desk import ceremony as desk_ceremony
from poruch.desk.duties import do_duties
from poruch.errors import AlreadyDone, BadEvent, BadOfficers, NotAllowed, PoruchError, TooFew, WrongDealers
from poruch.events.ceremony import (
    CeremonyJoined,
    CeremonyProposed,
    DealingAnnounced,
    DealingDisputed,
    DealingPublished,
    GroupCertified,
    SealedSubshare,
)
from poruch.events.kinds import event_bytes
from poruch.journal.ceremonies import Ceremonies, Ceremony, group_bytes, parse_group
from poruch.journal.circles import hand_out, new_secret
from poruch.journal.council import Council
from poruch.journal.segments import session_of
from story.village import PLAN, Village, found_village

K = 2


def council() -> Council:
    """The three founders, two of whom decide."""
    made = Council()
    made.found(LittleFund().charter)
    return made


COUNCIL = council()


class Told:
    """A ceremony of three, told event by event; each step can be told wrongly."""

    def __init__(self) -> None:
        self.all = Ceremonies()
        self.proposal = CeremonyProposed(K, NUMBERS, b"", NUMBERS, os.urandom(16))
        self.session = session_of(event_bytes(self.proposal))
        self.once = {number: PqIdentity.generate() for number in NUMBERS}
        self.polynomials = {number: ceremony.new_polynomial(K) for number in NUMBERS}
        self.dealings = {n: ceremony.make_dealing(self.session, n, self.polynomials[n]) for n in NUMBERS}
        self.digests = {n: ceremony.dealing_digest(self.session, made) for n, made in self.dealings.items()}
        self.sealed = {dealer: {n: self.file(dealer, n) for n in NUMBERS} for dealer in NUMBERS}

    def file(self, dealer: int, officer: int) -> bytes:
        share = ceremony.subshare(self.polynomials[dealer], officer)
        message = ceremony.subshare_message(self.session, dealer, officer, share)
        return seal(message, [self.once[officer].recipient])

    def say(self, author: int, event: object) -> None:
        self.all.apply(author, DAY, event, COUNCIL)  # type: ignore[arg-type]

    @property
    def one(self) -> Ceremony:
        return self.all.sessions[self.session]

    def propose(self) -> "Told":
        self.say(1, self.proposal)
        return self

    def join(self, *who: int) -> "Told":
        for number in who or NUMBERS:
            self.say(number, CeremonyJoined(self.session, self.once[number].recipient.text))
        return self

    def announce(self, *who: int) -> "Told":
        for number in who or NUMBERS:
            self.say(number, DealingAnnounced(self.session, self.digests[number]))
        return self

    def published(self, dealer: int) -> DealingPublished:
        files = tuple(SealedSubshare(officer, self.sealed[dealer][officer]) for officer in NUMBERS)
        return DealingPublished(self.session, self.dealings[dealer], files)

    def deal(self, *who: int) -> "Told":
        for number in who or NUMBERS:
            self.say(number, self.published(number))
        return self

    def certificate(self) -> GroupCertified:
        checked = [ceremony.check_dealing(self.session, self.dealings[n], n, K, self.digests[n]) for n in NUMBERS]
        group = ceremony.form_group(NUMBERS, checked)
        transcript = ceremony.transcript_hash(self.session, None, group, self.digests, self.sealed)
        return GroupCertified(self.session, transcript, group_bytes(group))

    def certify(self, *who: int) -> "Told":
        for number in who or NUMBERS:
            self.say(number, self.certificate())
        return self


def test_step_by_step_everybody_waits_for_the_right_ones() -> None:
    told = Told().propose()
    assert told.one.awaited == NUMBERS
    assert told.join(3, 1).one.awaited == (2,)
    assert told.join(2).one.all_joined
    assert told.announce(1).one.awaited == (2, 3)
    assert told.announce().one.all_announced
    assert told.deal(2, 3).one.awaited == (1,)
    assert told.deal(1).one.all_dealt
    assert told.certify(1, 2).all.group is None
    assert told.one.awaited == (3,)
    group = told.certify(3).all.group
    assert group is not None
    assert told.one.awaited == ()
    assert not told.one.stopped
    assert multiply_base(sum(polynomial[0] for polynomial in told.polynomials.values())) == group.Y
    assert parse_group(group_bytes(group)) == group


def wrong_digest(told: Told) -> None:
    told.dealings[2] = ceremony.make_dealing(told.session, 2, ceremony.new_polynomial(K))
    told.deal(2)


def wrong_threshold(told: Told) -> None:
    told.dealings[2] = ceremony.make_dealing(told.session, 2, ceremony.new_polynomial(K + 1))
    told.one.digests[2] = ceremony.dealing_digest(told.session, told.dealings[2])
    told.deal(2)


def wrong_number(told: Told) -> None:
    told.dealings[2] = ceremony.make_dealing(told.session, 3, told.polynomials[2])
    told.one.digests[2] = ceremony.dealing_digest(told.session, told.dealings[2])
    told.deal(2)


def another_session(told: Told) -> None:
    told.dealings[2] = ceremony.make_dealing(bytes(32), 2, told.polynomials[2])
    told.one.digests[2] = ceremony.dealing_digest(told.session, told.dealings[2])
    told.deal(2)


def no_possession(told: Told) -> None:
    told.dealings[2] = told.dealings[2][:-1] + bytes([told.dealings[2][-1] ^ 1])
    told.one.digests[2] = ceremony.dealing_digest(told.session, told.dealings[2])
    told.deal(2)


def files(told: Told, *sealed: SealedSubshare) -> None:
    told.say(2, DealingPublished(told.session, told.dealings[2], sealed))


def missing_subshare(told: Told) -> None:
    files(told, *told.published(2).sealed[:2])


def doubled_subshare(told: Told) -> None:
    files(told, *told.published(2).sealed, told.published(2).sealed[0])


def subshare_for_a_stranger(told: Told) -> None:
    files(told, *told.published(2).sealed[:2], SealedSubshare(9, b"file"))


WRONG_DEALINGS = [
    (wrong_digest, "bad-digest"),
    (wrong_threshold, "bad-dealing"),
    (wrong_number, "bad-dealing"),
    (another_session, "bad-dealing"),
    (no_possession, "bad-dealing"),
    (missing_subshare, "sub-shares are missing"),
    (doubled_subshare, "sub-shares are missing"),
    (subshare_for_a_stranger, "sub-shares are missing"),
]


@pytest.mark.parametrize(("deal_wrongly", "why"), WRONG_DEALINGS)
def test_a_wrong_dealing_names_its_dealer_and_ends_the_session(deal_wrongly: Callable[[Told], None], why: str) -> None:
    told = Told().propose().join().announce().deal(1)
    honest = told.certificate()
    deal_wrongly(told)
    assert (told.one.stopped, told.one.blamed) == (why, (2,))
    told.deal(3)
    for number in NUMBERS:
        told.say(number, honest)
    assert told.all.group is None


def test_dealing_before_all_have_announced_is_refused_and_named() -> None:
    """Who sees another's dealing before he is bound could choose his own to make the key he likes."""
    told = Told().propose().join().announce(1, 2)
    told.deal(1)
    assert told.one.stopped == "dealt before all had announced"
    assert told.one.blamed == (1,)
    assert told.announce(3).deal().certify().all.group is None


def test_what_comes_too_early_from_the_honest_is_not_counted() -> None:
    told = Told().propose().join(1, 2).announce()
    assert told.one.digests == {}
    told.join(3).announce().certify()
    assert told.one.certified == {}
    assert not told.one.stopped


def test_nobody_takes_part_for_another_or_twice() -> None:
    told = Told().propose().join()
    joined = dict(told.one.joined)
    told.say(2, CeremonyJoined(told.session, PqIdentity.generate().recipient.text))
    told.say(7, CeremonyJoined(told.session, PqIdentity.generate().recipient.text))
    assert told.one.joined == joined
    told.announce()
    told.say(2, DealingAnnounced(told.session, bytes(32)))
    told.say(7, DealingAnnounced(told.session, bytes(32)))
    assert told.one.digests == told.digests
    told.deal()
    told.say(7, told.published(1))
    told.say(2, DealingPublished(told.session, told.dealings[2], ()))
    assert not told.one.stopped
    told.say(7, DealingDisputed(told.session, 1, b""))
    assert not told.one.stopped
    assert told.certify().all.group is not None


def test_events_of_an_unknown_session_are_passed_over() -> None:
    told = Told()
    told.join().announce().deal().certify()
    assert told.all.sessions == {}


def test_a_disputed_subshare_ends_the_session_and_a_new_one_succeeds() -> None:
    told = Told().propose().join().announce().deal()
    told.say(3, DealingDisputed(told.session, 1, bytes(16)))
    assert (told.one.stopped, told.one.blamed) == ("a sub-share was disputed", (1, 3))
    assert told.certify().all.group is None
    again = Told()
    again.all = told.all
    again.propose().join().announce().deal().certify()
    assert again.all.group is not None
    assert again.all.latest is again.one


def test_different_transcripts_make_no_group() -> None:
    told = Told().propose().join().announce().deal().certify(1, 2)
    true = told.certificate()
    told.say(3, GroupCertified(told.session, bytes(32), true.group))
    assert told.all.group is None
    assert told.one.stopped
    assert told.certify().all.group is None


def test_different_groups_under_one_transcript_make_none_either() -> None:
    told = Told().propose().join().announce().deal().certify(1, 2)
    other = Told().propose().join().announce().deal()
    told.say(3, GroupCertified(told.session, told.certificate().transcript, other.certificate().group))
    assert told.all.group is None


def test_a_key_in_force_is_not_undone_by_one_officer() -> None:
    """A late dispute, a second session meanwhile or afterwards, whatever it names: the key stays."""
    told = Told().propose().join().announce().deal()
    late = Told()
    late.all = told.all
    with pytest.raises(AlreadyDone):
        late.propose()
    late.join().announce().deal().certify()
    told.certify()
    group = told.all.group
    assert group is not None
    told.say(3, DealingDisputed(told.session, 1, b""))
    for k, officers, old, dealers in (
        (2, NUMBERS, b"", NUMBERS),
        (2, NUMBERS, bytes(32), NUMBERS),
        (2, NUMBERS, group.id, (1,)),
        (2, NUMBERS, group.id, (1, 9)),
        (2, NUMBERS, group.id, (2, 1)),
        (2, (1, 2), group.id, NUMBERS),
    ):
        with pytest.raises((WrongDealers, TooFew, NotAllowed)):
            told.say(3, CeremonyProposed(k, officers, old, dealers, os.urandom(16)))
    assert told.all.group is group
    assert not told.one.stopped


@pytest.mark.parametrize(
    ("author", "changes", "error"),
    [
        (1, {"officers": (1, 2, 9), "dealers": (1, 2, 9)}, NotAllowed),
        (9, {}, NotAllowed),
        (1, {"dealers": (1, 2)}, WrongDealers),
        (1, {"k": 1}, BadOfficers),
        (1, {"k": 4}, BadOfficers),
        (1, {"officers": (1, 1, 2), "dealers": (1, 1, 2)}, BadOfficers),
    ],
)
def test_impossible_proposals(author: int, changes: dict[str, object], error: type[PoruchError]) -> None:
    fields = {"k": K, "officers": NUMBERS, "old_group": b"", "dealers": NUMBERS, "nonce": bytes(16)}
    told = Told()
    with pytest.raises(error):
        told.say(author, CeremonyProposed(**(fields | changes)))  # type: ignore[arg-type]
    assert told.all.latest is None


def test_groups_have_one_spelling() -> None:
    told = Told().propose().join().announce().deal()
    raw = told.certificate().group
    for other in (b"", raw[:39], raw[:-1], raw + b"\0", raw[:38] + b"\0\2" + raw[40:]):
        with pytest.raises(BadEvent):
            parse_group(other)
    swapped = raw[:40] + raw[74:108] + raw[40:74] + raw[108:]
    with pytest.raises(BadOfficers):
        parse_group(swapped)


# ---- on real desks ----------------------------------------------------------------------------


def bad_dealer(monkeypatch: pytest.MonkeyPatch, cheat: int, victim: int) -> list[int]:
    """Desk `cheat` seals a wrong sub-share for `victim`, the first time; who was cheated stands in the list."""
    cheated: list[int] = []
    true = dealing.subshare_message

    def message(session: bytes, dealer: int, officer: int, share: int) -> bytes:
        if dealer == cheat and officer == victim and not cheated:
            cheated.append(officer)
            share += 1
        return true(session, dealer, officer, share)

    monkeypatch.setattr(desk_ceremony, "subshare_message", message)
    return cheated


def test_a_wrong_subshare_is_disputed_by_its_receiver_and_the_next_session_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheated = bad_dealer(monkeypatch, cheat=2, victim=4)
    village = found_village(tmp_path)
    try:
        assert cheated == [4]
        assert_one_disputed_session(village)
    finally:
        village.close()


def assert_one_disputed_session(village: Village) -> None:
    for desk in village.desks.values():
        first, second = desk.public.ceremonies.sessions.values()
        assert first.stopped == "a sub-share was disputed"
        assert first.blamed == (2, 4)
        assert first.certified.keys() <= {1, 2, 3, 5}
        assert not second.stopped
        assert desk.public.ceremonies.group == second.group
    assert village.front.public.ready
    events = [
        event
        for signed in village.front.segments
        if signed.segment.author == 4
        for entry in signed.segment.entries
        if isinstance(event := clear(entry), DealingDisputed)
    ]
    [complaint] = events
    assert complaint.dealer == 2
    session = village.front.public.ceremonies.sessions[complaint.session]
    parsed = ceremony.check_dealing(session.session, session.dealings[2], 2, PLAN.k, session.digests[2])
    # the complaint proves itself: with its file key everybody sees that the dealer is to blame
    outcome = ceremony.judge_complaint(session.session, parsed, 4, session.sealed[2][4], complaint.file_key)
    assert outcome == "dealer"


def clear(entry: object) -> object:
    from poruch.events.kinds import parse_event
    from poruch.journal.segments import Clear

    return parse_event(entry.event) if isinstance(entry, Clear) else None


def test_one_time_secrets_are_destroyed_when_the_key_is_in_force(tmp_path: Path) -> None:
    village = found_village(tmp_path)
    try:
        for desk in village.desks.values():
            do_duties(desk)
            assert desk.store.secrets("ceremony/") == []
            assert len(desk.store.secrets("share/")) == 1
            latest = desk.public.ceremonies.latest
            assert latest is not None
            for files_of in latest.sealed.values():  # nothing at hand opens the old sub-shares any more
                with pytest.raises(PoruchError):
                    open_file(files_of[desk.number], [desk.key.identity])
    finally:
        village.close()


def test_once_there_is_a_key_no_officer_alone_gives_a_circle_another(tmp_path: Path) -> None:
    """Else the first founder, arrested later, could lead every new story to a key of his jailers."""
    village = found_village(tmp_path)
    try:
        before = dict(village.front.public.circles)
        village.desks[1].act([hand_out(new_secret("officers", 2, os.urandom), [], 5, os.urandom)])
        village.sync()
        assert village.front.public.circles == before
        assert village.front.public.faults == ["not-allowed in a segment of officer 1"]
        assert all(desk.public.circles == before for desk in village.desks.values())
    finally:
        village.close()
