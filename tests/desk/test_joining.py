"""Founding by invitation step by step, with a front that is the enemy; inviting later; three words heard."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from poruch.crypto.invitation import Invitation, Kind
from poruch.crypto.keyfile import OfficerKey
from poruch.crypto.signatures import SigningKey
from poruch.desk import council, founding, inviting, joining, words_heard
from poruch.desk.duties import do_duties
from poruch.desk.inviting import FirstDesk
from poruch.desk.joining import InvitedDesk
from poruch.desk.program import FUND_FILE, Desk
from poruch.errors import (
    AlreadyDone,
    BadHello,
    BadWords,
    BadWorkingName,
    InvitationUsed,
    NotInCharter,
    NumberGiven,
    OwnWords,
    RelayUnreachable,
    UnknownInvitation,
    WordsDiffer,
    WrongInviter,
)
from poruch.events.charter import CIRCLES, fund_id
from poruch.events.council import NewOfficer
from poruch.journal.rendezvous import Answer, Hello, hello_digest, seal_answer, sign_hello
from story.village import Clock, Front, Relay, Village
from test_cli_join import NAMES, PASSPHRASES, small_plan

ADDRESS = "https://fund.example"
CLOCK = Clock(date(2026, 11, 22))


@dataclass
class Line:
    """A rendezvous in memory; `lies` are what it shows instead of what was left, as a front that is the enemy may."""

    address: str = ADDRESS
    slots: dict[bytes, dict[Kind, bytes]] = field(default_factory=dict)
    lies: dict[tuple[bytes, Kind], bytes] = field(default_factory=dict)

    def open_slot(self, slot: bytes) -> None:
        self.slots.setdefault(slot, {})

    def leave(self, slot: bytes, kind: Kind, sealed: bytes) -> None:
        if slot not in self.slots:
            raise UnknownInvitation
        if self.slots[slot].setdefault(kind, sealed) != sealed:
            raise InvitationUsed

    def left(self, slot: bytes, kind: Kind) -> bytes | None:
        return self.lies.get((slot, kind)) or self.slots.get(slot, {}).get(kind)


@dataclass
class Founding:
    """Three founders on three machines; the first has invited, the others have said hello."""

    folder: Path
    line: Line
    first: FirstDesk
    invited: dict[int, InvitedDesk]

    def settle(self) -> None:
        inviting.settle(self.first, inviting.hellos(self.first, self.line))
        inviting.answer_all(self.first, self.line)

    def answer_to(self, number: int) -> Answer:
        found = joining.read_answer(self.invited[number], self.line)
        assert found is not None
        return found

    def open_desks(self, front: Front) -> dict[int, Desk]:
        """All desks, which have synced with `front` once."""
        desks = {1: inviting.open_first(self.first, Relay(front), CLOCK)}  # type: ignore[arg-type]
        desks[1].sync()
        for number, one in self.invited.items():
            desks[number] = joining.open_invited(one, self.answer_to(number), Relay(front), CLOCK)  # type: ignore[arg-type]
        return desks


def accept(folder: Path, number: int, invitation: Invitation) -> InvitedDesk:
    joining.begin_joining(folder, invitation, NAMES[number], PASSPHRASES[number])
    invited = joining.resume_joining(folder, PASSPHRASES[number])
    assert invited is not None
    return invited


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Founding]:
    inviting.begin_founding(tmp_path / "1", PASSPHRASES[1], small_plan(), ADDRESS, "secret")
    first = inviting.resume_founding(tmp_path / "1", PASSPHRASES[1])
    assert first is not None
    line = Line()
    inviting.open_slots(first, line)
    invited = {n: accept(tmp_path / str(n), n, first.invitations[n]) for n in (2, 3)}
    for one in invited.values():
        joining.say_hello(one, line)
    yield Founding(tmp_path, line, first, invited)
    first.close()
    for one in invited.values():
        one.close()


def go_round(desks: dict[int, Desk], rounds: int = 8) -> None:
    for _ in range(rounds):
        for desk in desks.values():
            desk.sync()
            do_duties(desk)
            desk.push()


# ---- the honest way ---------------------------------------------------------------------------


def test_no_desk_certifies_before_its_officer_heard_a_colleague(begun: Founding) -> None:
    begun.settle()
    charter = begun.first.charter
    assert charter is not None
    desks = begun.open_desks(Front(fund_id(charter), CLOCK))
    go_round(desks)
    ceremony = desks[1].public.ceremonies.latest
    assert ceremony is not None
    assert ceremony.all_dealt
    assert set(desks[2].public.circles) == set(CIRCLES)
    assert ceremony.certified == {}
    words = {number: words_heard.own_words(desk) for number, desk in desks.items()}
    assert {number: words_heard.neighbours(desk) for number, desk in desks.items()} == {1: (3, 2), 2: (1, 3), 3: (2, 1)}
    for hearer, reader in ((2, 1), (3, 2)):
        assert words_heard.hear(desks[hearer], f"  {words[reader].upper()} ") == reader
    go_round(desks)
    ceremony = desks[1].public.ceremonies.latest
    assert ceremony is not None
    assert set(ceremony.certified) == {2, 3}
    assert desks[1].public.quorum_point is None
    assert words_heard.hear(desks[1], words[3]) == 3
    go_round(desks)
    assert len({desk.public.fingerprint for desk in desks.values()}) == 1
    assert all(desk.public.ready and desk.members.names == NAMES for desk in desks.values())
    for desk in desks.values():
        assert [desk.store.secret(name) for name in ("founding", "joining", "invitation/2", "answer/3")] == [None] * 4
        desk.close()
    assert inviting.resume_founding(begun.folder / "1", PASSPHRASES[1]) is None
    assert joining.resume_joining(begun.folder / "2", PASSPHRASES[2]) is None


def test_every_step_may_be_done_again(begun: Founding) -> None:
    """As after a crash at any place: no second charter, no other answer, no second hello."""
    inviting.open_slots(begun.first, begun.line)
    begun.settle()
    charter = begun.first.charter
    for one in begun.invited.values():
        joining.say_hello(one, begun.line)
    begun.first.close()
    first = inviting.resume_founding(begun.folder / "1", PASSPHRASES[1])
    assert first is not None
    assert first.charter == charter
    assert inviting.settle(first, {}) == charter
    assert inviting.answer_all(first, begun.line) == []
    with pytest.raises(AlreadyDone):
        inviting.invite_again(first, 2, begun.line)
    first.close()


def test_circles_get_their_keys_once_even_if_the_desk_stops_between(
    begun: Founding, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun.settle()
    charter = begun.first.charter
    assert charter is not None
    desks = begun.open_desks(Front(fund_id(charter), CLOCK))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(founding, "_assign", stop)
        for desk in (desks[2], desks[3]):
            do_duties(desk)
            desk.push()
        do_duties(desks[1])
        desks[1].sync()
        with pytest.raises(KeyboardInterrupt):
            do_duties(desks[1])
    keys = dict(desks[1].public.circles)
    assert set(keys) == set(CIRCLES)
    go_round(desks, 3)
    assert desks[1].public.circles == keys
    assert desks[2].members.circles["treasury"] == {1, 2, 3}
    for desk in desks.values():
        desk.close()


def test_a_new_invitation_ends_the_old_one(begun: Founding) -> None:
    old = begun.first.invitations[2]
    inviting.invite_again(begun.first, 2, begun.line)
    new = begun.first.invitations[2]
    assert new.text != old.text
    assert sorted(inviting.hellos(begun.first, begun.line)) == [3]
    with pytest.raises(UnknownInvitation):
        inviting.invite_again(begun.first, 4, begun.line)


@pytest.mark.parametrize("name", ["", " Zubr", "Zubr ", "Zu\nbr", "Zu\u202ebr", "Z" * 41])
def test_a_name_that_is_no_working_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadWorkingName):
        joining.begin_joining(tmp_path / "x", Invitation(ADDRESS, 2, bytes(16), bytes(16)), name, PASSPHRASES[2])
    assert not (tmp_path / "x").exists()


# ---- the enemy holds the line, or a secret ----------------------------------------------------


def false_hello(invitation: Invitation, number: int = 2, signer: SigningKey | None = None) -> bytes:
    """A hello by who knows the invitation's secret."""
    thief, other = SigningKey(b"t" * 32), SigningKey(b"o" * 32)
    recipient = OfficerKey.generate(number, "x").identity.recipient.text
    hello = Hello(NewOfficer(number, thief.public, other.public, recipient), "Klon")
    return invitation.seal("hello", sign_hello(invitation, hello, signer or thief))


def hello_lies(begun: Founding) -> dict[str, bytes]:
    invitation, other = begun.first.invitations[2], begun.first.invitations[3]
    honest = begun.line.slots[invitation.rendezvous]["hello"]
    return {
        "noise": b"x" * 5000,
        "nothing to open": b"x",
        "of another slot": begun.line.slots[other.rendezvous]["hello"],
        "changed": honest[:-1] + bytes([honest[-1] ^ 1]),
        "for another number": false_hello(invitation, 3),
        "signed by another": false_hello(invitation, 2, SigningKey(b"s" * 32)),
        "no hello": invitation.seal("hello", b"s" * 64 + b"\xc0"),
        "no key": invitation.seal(
            "hello",
            sign_hello(
                invitation, Hello(NewOfficer(2, b"", b"", ""), "Klon"), SigningKey(b"t" * 32)
            ),
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "lie",
    [
        "noise", "nothing to open", "of another slot", "changed", "for another number", "signed by another", "no hello",
        "no key",
    ],
)  # fmt: skip
def test_a_front_that_shows_another_hello_is_refused(begun: Founding, lie: str) -> None:
    slot = begun.first.invitations[2].rendezvous
    begun.line.lies[slot, "hello"] = hello_lies(begun)[lie]
    with pytest.raises(BadHello) as refused:
        inviting.hellos(begun.first, begun.line)
    assert refused.value.blame == 2
    assert begun.first.charter is None


def test_who_stole_an_invitation_is_seen_by_its_owner(begun: Founding) -> None:
    """The thief was first and the front hides it: the answer is not to the owner's hello, so he does not go on."""
    slot = begun.first.invitations[2].rendezvous
    begun.line.lies[slot, "hello"] = false_hello(begun.first.invitations[2])
    begun.settle()
    with pytest.raises(WrongInviter):
        joining.read_answer(begun.invited[2], begun.line)
    assert begun.answer_to(3).inviter == 1


def test_two_founders_with_one_key_make_no_charter(begun: Founding) -> None:
    heard = inviting.hellos(begun.first, begun.line)
    with pytest.raises(BadHello):
        inviting.settle(begun.first, {2: heard[2], 3: heard[2]})
    with pytest.raises(BadHello):
        inviting.settle(begun.first, {2: heard[2]})
    assert begun.first.charter is None


def answer_lies(begun: Founding) -> dict[str, bytes]:
    invitation, key = begun.first.invitations[2], begun.first.key.signing
    thief, digest = SigningKey(b"t" * 32), begun.invited[2].state.hello
    good = begun.answer_to(2)
    return {
        "of another slot": begun.line.slots[begun.first.invitations[3].rendezvous]["answer"],
        "noise": b"x" * 5000,
        "by another inviter": seal_answer(invitation, Answer(b"f" * 32, 1, thief.public, digest), thief),
        "his key, another signature": seal_answer(invitation, Answer(b"f" * 32, 1, key.public, digest), thief),
        "another key, his signature": seal_answer(invitation, Answer(b"f" * 32, 1, thief.public, digest), key),
        "to another hello": seal_answer(invitation, Answer(good.fund, 1, key.public, hello_digest(b"")), key),
        "no fund": seal_answer(invitation, Answer(b"", 1, key.public, digest), key),
        "no answer": invitation.seal("answer", b"s" * 64 + b"\xc0"),
    }


@pytest.mark.parametrize(
    "lie",
    [
        "of another slot", "noise", "by another inviter", "his key, another signature", "another key, his signature",
        "to another hello", "no fund", "no answer",
    ],
)  # fmt: skip
def test_a_front_that_answers_with_another_fund_is_refused(begun: Founding, lie: str) -> None:
    begun.settle()
    begun.line.lies[begun.first.invitations[2].rendezvous, "answer"] = answer_lies(begun)[lie]
    with pytest.raises(WrongInviter):
        joining.read_answer(begun.invited[2], begun.line)
    assert not (begun.folder / "2" / FUND_FILE).exists()


def test_a_charter_without_the_invited_is_not_joined(begun: Founding) -> None:
    """An inviter who signs an answer for a fund that has another key under this number gets no desk into it."""
    charter, _ = founding.make_charter(
        begun.first.planned.plan,
        [(1, begun.first.key.signing.public), (2, bytes(32)), (3, begun.invited[3].key.signing.public)],
    )
    front = Front(fund_id(charter), CLOCK)
    desk = Desk(begun.folder / "1", begun.first.key, fund_id(charter), Relay(front), CLOCK)  # type: ignore[arg-type]
    founding.begin(desk, charter)
    desk.push()
    answer = Answer(fund_id(charter), 1, begun.first.key.signing.public, begun.invited[2].state.hello)
    with pytest.raises(NotInCharter):
        joining.open_invited(begun.invited[2], answer, Relay(front), CLOCK)  # type: ignore[arg-type]
    assert not (begun.folder / "2" / FUND_FILE).exists()
    desk.close()


def test_while_the_charter_is_not_there_a_desk_waits(begun: Founding) -> None:
    begun.settle()
    empty = Relay(Front(begun.answer_to(3).fund, CLOCK))
    for _ in range(2):
        with pytest.raises(RelayUnreachable):
            joining.open_invited(begun.invited[3], begun.answer_to(3), empty, CLOCK)  # type: ignore[arg-type]
    assert not (begun.folder / "3" / FUND_FILE).exists()


def test_a_replaced_invitation_is_found_by_the_three_words(begun: Founding, tmp_path: Path) -> None:
    """The enemy handed Klon a line of his own and founds a false fund around him: the words do not fit."""
    begun.settle()
    charter = begun.first.charter
    assert charter is not None
    true = words_heard.words_of(fund_id(charter), 1)
    inviting.begin_founding(tmp_path / "false", "the enemy has a phrase", small_plan(), ADDRESS, "secret")
    enemy = inviting.resume_founding(tmp_path / "false", "the enemy has a phrase")
    assert enemy is not None
    inviting.open_slots(enemy, begun.line)
    victims = {n: accept(tmp_path / f"victim{n}", n, enemy.invitations[n]) for n in (2, 3)}
    for one in victims.values():
        joining.say_hello(one, begun.line)
    fooled = Founding(tmp_path, begun.line, enemy, victims)
    fooled.settle()
    false_charter = enemy.charter
    assert false_charter is not None
    desks = fooled.open_desks(Front(fund_id(false_charter), CLOCK))
    go_round(desks)
    for _ in range(3):
        with pytest.raises(WordsDiffer):
            words_heard.hear(desks[2], true)
    go_round(desks)
    ceremony = desks[2].public.ceremonies.latest
    assert ceremony is not None
    assert 2 not in ceremony.certified
    for desk in desks.values():
        desk.close()


# ---- the words --------------------------------------------------------------------------------


def test_words_are_of_the_fund_and_the_number() -> None:
    funds = (bytes(32), b"\x01" + bytes(31))
    words = {words_heard.words_of(fund, number) for fund in funds for number in range(1, 10)}
    assert len(words) == 18
    assert all(re.fullmatch("[a-z-]+ [a-z-]+ [a-z-]+", one) for one in words)
    assert words_heard.words_of(funds[0], 1) == words_heard.words_of(bytes(32), 1)


def test_what_is_no_colleagues_words(village: Village) -> None:
    desk = village.desks[2]
    mine = words_heard.own_words(desk)
    with pytest.raises(OwnWords):
        words_heard.hear(desk, mine)
    for typed in ("", "zoom", "zoom zoom", "zoom zoom zoom zoom", "zoom zoom zooom", "zoom " * 100):
        with pytest.raises(BadWords):
            words_heard.hear(desk, typed)
    first, second, third = words_heard.own_words(village.desks[3]).split()
    with pytest.raises(WordsDiffer):
        words_heard.hear(desk, f"{second} {first} {third}")
    assert words_heard.hear(desk, f"{first}\u00a0{second}\t{third}") == 3


# ---- inviting later ---------------------------------------------------------------------------


@pytest.fixture
def newcomer(tmp_path: Path) -> Callable[[Invitation], InvitedDesk]:
    return lambda invitation: accept(tmp_path / "newcomer", 2, invitation)


def test_an_officer_invites_hears_and_answers(village: Village, newcomer: Callable[[Invitation], InvitedDesk]) -> None:
    desk, line = village.desks[3], Line()
    number = joining.next_number(desk)
    assert number == 6
    invitation = joining.invite(desk, number, line)
    assert joining.invite(desk, number, line).text == invitation.text
    assert joining.next_number(desk) == 7
    assert list(joining.pending(desk)) == [6]
    assert joining.hello_of(desk, number, line) is None
    with pytest.raises(BadHello):
        joining.answer(desk, number, line)
    invited = newcomer(invitation)
    joining.say_hello(invited, line)
    heard = joining.hello_of(desk, number, line)
    assert heard is not None
    assert (heard.name, heard.officer.number, heard.officer.signing) == (NAMES[2], 6, invited.key.signing.public)
    for _ in range(2):
        joining.answer(desk, number, line)
    found = joining.read_answer(invited, line)
    assert found == Answer(desk.fund, 3, desk.key.signing.public, heard.digest)
    joining.end_invitation(desk, number)
    assert joining.pending(desk) == {}
    with pytest.raises(UnknownInvitation):
        joining.hello_of(desk, number, line)
    with pytest.raises(NumberGiven):
        joining.invite(desk, number, line)
    invited.close()


def test_an_invited_person_is_admitted_and_comes_in(
    village: Village, newcomer: Callable[[Invitation], InvitedDesk]
) -> None:
    """Until k have admitted him his desk waits; then it knows the fund, has its circles' keys and says its name."""
    desk, line, relay = village.desks[1], Line(), Relay(village.front)
    invited = newcomer(joining.invite(desk, 6, line))
    joining.say_hello(invited, line)
    heard = joining.hello_of(desk, 6, line)
    assert heard is not None
    joining.answer(desk, 6, line)
    answer = joining.read_answer(invited, line)
    assert answer is not None
    council.propose(desk, council.admit(desk, heard.officer, ["casework"], in_quorum=False, k=3), "He can help.")
    village.sync()
    with pytest.raises(RelayUnreachable):  # a front that lets him read too early lets him in no earlier
        joining.open_invited(invited, answer, relay, village.clock)  # type: ignore[arg-type]
    for number in (2, 3):
        council.approve(village.desks[number], council.open_proposals(village.desks[number])[0])
    village.sync(3)
    came = joining.open_invited(invited, answer, relay, village.clock)  # type: ignore[arg-type]
    village.desks[6] = came
    village.sync(4)
    assert came.members.names[6] == NAMES[2]
    assert came.within("casework")
    assert came.members.names == desk.members.names
    assert came.store.secret("joining") is None


@pytest.mark.parametrize("number", [0, 1, 5])
def test_no_number_is_given_twice(village: Village, number: int) -> None:
    with pytest.raises(NumberGiven):
        joining.invite(village.desks[1], number, Line())
    assert joining.pending(village.desks[1]) == {}


def test_an_invitation_survives_a_line_that_is_down(village: Village) -> None:
    class Broken(Line):
        def open_slot(self, slot: bytes) -> None:
            raise RelayUnreachable

    desk, line = village.desks[1], Line()
    with pytest.raises(RelayUnreachable):
        joining.invite(desk, 6, Broken())
    kept = joining.pending(desk)[6]
    assert joining.invite(desk, 6, line).text == kept.text
    assert list(line.slots) == [kept.rendezvous]
