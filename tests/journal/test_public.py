"""What a stranger may know: the clear events of the right officers, and faults for the rest."""

import hashlib
import os

import pytest

from journal.little_fund import DAY, LittleFund, chains_of, make_charter, public_of
from poruch.crypto.age import PqIdentity
from poruch.events.base import Event
from poruch.events.ceremony import CeremonyProposed
from poruch.events.charter import CIRCLES
from poruch.events.kinds import (
    CircleKeyed,
    FundFounded,
    GrantApproved,
    LogPolicySet,
    MailboxReplied,
    NoticePublished,
    RosterKeys,
)
from poruch.journal.circles import hand_out, new_secret, parse_recipients
from poruch.journal.public import PublicState, Reply
from poruch.journal.segments import Clear, SignedSegment


def keyed(circle: str, epoch: int = 1) -> CircleKeyed:
    return hand_out(new_secret(circle, epoch, os.urandom), [], 3, os.urandom)


def founded() -> tuple[LittleFund, list[SignedSegment]]:
    fund = LittleFund()
    return fund, fund.found()


def test_charter_and_roster() -> None:
    fund, made = founded()
    public = public_of(made)
    assert public.charter == fund.charter
    assert {n: keys.signing for n, keys in public.officers.items()} == {n: k.public for n, k in fund.keys.items()}
    assert {n: keys.recipient for n, keys in public.officers.items()} == {
        n: identity.recipient for n, identity in fund.identities.items()
    }
    assert not public.faults
    assert not public.ready
    assert public.quorum_point is None


def test_another_charter_is_never_taken_however_early_it_stands() -> None:
    """An officer dates a charter of his own before the first segment: account and thresholds stay those of the fund."""
    fund = LittleFund()
    rival = make_charter(fund.keys, account_iban="LT777", k=2, account_holder="Somebody else")
    made = fund.found()
    early = LittleFund(keys=fund.keys, identities=fund.identities)
    first = early.act(3, FundFounded(rival), early.roster_keys(3), clock=0)
    chains = chains_of(fund, [made[0], first, made[1]])
    counted = [*chains.heads.values()]
    assert len(counted) == 3  # it is a segment of officer 3, well signed
    public = public_of(counted)
    assert public.charter == fund.charter
    assert public.faults == ["bad-event in a segment of officer 3"] * 2  # before the charter nobody has keys either


def own_keys(fund: LittleFund, author: int, **changes: object) -> RosterKeys:
    keys = fund.roster_keys(author)
    fields = {name: getattr(keys, name) for name in keys.__struct_fields__}
    return RosterKeys(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"number": 2}, "bad-event"),
        ({"number": 9}, "bad-event"),
        ({"signing": bytes(32)}, "bad-event"),
        ({"log": bytes(31)}, "bad-event"),
        ({"recipient": "age1pq1nothing"}, "bad-key"),
        ({"recipient": ""}, "bad-key"),
    ],
)
def test_keys_of_another_officer_or_of_no_form_are_not_announced(changes: dict[str, object], name: str) -> None:
    fund = LittleFund()
    made = [fund.act(1, FundFounded(fund.charter)), fund.act(3, own_keys(fund, 3, **changes))]
    public = public_of(made)
    assert public.officers == {}
    assert public.faults == [f"{name} in a segment of officer 3"]


def test_keys_once_announced_are_not_exchanged() -> None:
    fund, made = founded()
    other = own_keys(fund, 2, log=b"l" * 32, recipient=PqIdentity.generate().recipient.text)
    public = public_of([*made, fund.act(2, other)])
    assert public.officers[2].log == bytes([2]) * 32
    assert public.faults == ["bad-event in a segment of officer 2"]


def test_circles_of_the_first_founder_only() -> None:
    fund, made = founded()
    true = keyed("officers")
    made += [fund.act(3, keyed("officers"), keyed("casework")), fund.act(1, true), fund.act(2, keyed("officers", 2))]
    public = public_of(made)
    assert public.circles == {"officers": parse_recipients(true)}
    assert public.faults == ["not-allowed in a segment of officer 3"] * 2 + ["not-allowed in a segment of officer 2"]


def test_a_circle_key_is_followed_by_the_next_epoch_and_no_other() -> None:
    fund, made = founded()
    one, again, three, two, unknown = (
        keyed("treasury", 1),
        keyed("treasury", 1),
        keyed("treasury", 3),
        keyed("treasury", 2),
        keyed("choir", 1),
    )
    public = public_of([*made, fund.act(1, one, again, three, two, unknown)])
    assert public.circles == {"treasury": parse_recipients(two)}


def test_policy_and_notices() -> None:
    fund, made = founded()
    made.append(fund.act(2, LogPolicySet("not mine to set"), NoticePublished("note", "A text.")))
    made.append(fund.act(1, LogPolicySet("policy"), LogPolicySet("second")))
    public = public_of(made)
    assert public.policy == "policy"
    assert public.notices == {hashlib.sha256(b"A text.").hexdigest(): "A text."}


def test_replies_by_mailbox_in_order() -> None:
    fund, made = founded()
    one, two = bytes(32), b"m" * 32
    made.append(fund.act(2, MailboxReplied(one, b"1" * 32), MailboxReplied(two, b"2" * 32)))
    made.append(fund.act(3, MailboxReplied(one, b"3" * 32)))
    replies = public_of(made).replies
    assert replies == {one: (Reply(b"1" * 32, DAY), Reply(b"3" * 32, DAY)), two: (Reply(b"2" * 32, DAY),)}


@pytest.mark.parametrize(
    "rubbish",
    [
        Clear(b""),
        Clear(b"\xc1"),
        Clear(b"\x81\xa4type\xa7unknown"),
        GrantApproved("g", bytes(32)),
        NoticePublished("", ""),
    ],
)
def test_what_is_no_clear_event_is_passed_over(rubbish: Clear | Event) -> None:
    fund, made = founded()
    public = public_of([*made, fund.act(2, rubbish), fund.act(1, LogPolicySet("policy"))])
    assert public.policy == "policy"
    assert len(public.faults) == (isinstance(rubbish, Clear))


@pytest.mark.parametrize(
    ("k", "officers", "dealers"),
    [
        (2, (1, 2, 3), (1, 2)),
        (3, (1, 2, 3), (1, 2, 3)),
        (2, (1, 2), (1, 2)),
        (2, (1, 2, 4), (1, 2, 4)),
        (1, (1, 2, 3), (1, 2, 3)),
    ],
)
def test_no_ceremony_for_another_quorum_than_the_charters(
    k: int, officers: tuple[int, ...], dealers: tuple[int, ...]
) -> None:
    """Desks deal by themselves when a ceremony is proposed: a smaller quorum must never be."""
    fund, made = founded()
    public = public_of([*made, fund.act(3, CeremonyProposed(k, officers, b"", dealers, bytes(16)))])
    assert public.ceremonies.latest is None
    assert len(public.faults) == 1
    good = fund.act(3, CeremonyProposed(2, (1, 2, 3), b"", (1, 2, 3), bytes(16)))
    public.apply(good)
    assert public.ceremonies.latest is not None


def test_the_fingerprint_names_the_charter_and_stays_when_circles_get_new_keys() -> None:
    """It stands on every officer's paper: what a change of the roster changes is not in it."""
    fund, made = founded()
    public = public_of(made)
    _, theirs = founded()
    assert len({public.fingerprint, PublicState().fingerprint, public_of(theirs).fingerprint}) == 3
    made.append(fund.act(1, *(keyed(circle) for circle in CIRCLES)))
    assert public_of(made).fingerprint == public.fingerprint
