"""`poruch found --front` and `poruch join`: founders on machines of their own make a fund, each when he has time.

Both may be stopped at any moment and started again with the same folder; what was drawn lies there, sealed. The browser
desk can take over as soon as the fund has an id: `poruch desk` then shows the three words and asks for them, too.
"""

import shlex
import shutil
import sys
from pathlib import Path

from poruch.crypto.invitation import Invitation, founding_key, parse_invitation
from poruch.desk import inviting, joining
from poruch.desk.program import FUND_FILE, Desk
from poruch.drills.founding import (
    all_or_nothing,
    ask_passphrase,
    hidden_line,
    keep_to_ourselves,
    read_plan,
    refuse_used,
)
from poruch.drills.hearing import finish
from poruch.drills.patience import Patience, say, shown_line
from poruch.drills.rehearsing import alone
from poruch.errors import (
    BadCharter,
    BadInvitation,
    BadOfficers,
    InvitationUsed,
    NoFoundingHere,
    PlanChanged,
    UnknownInvitation,
)
from poruch.events.charter import fund_id
from poruch.front.server import real_day
from poruch.journal.rendezvous import FOUNDERS_KEYID, HeardHello, HttpRendezvous
from poruch.journal.sync import HttpRelay

_TRIES = 5

_WELCOME = """\
Founding {name} from many machines: {n} officers, of whom {k} must agree to open a name or to pay. This folder becomes
the desk of {first}. Stop with Ctrl-C and go on when you like: bin/poruch found {folder}
"""
_INVITATIONS = """
One invitation for each founder. Hand it to him yourself, or by a way that only he reads; whoever has it first can come
in his place. It is one line; below it stands the same to be read aloud.
"""
_HELLO_SAID = """
You are officer {number}. Your public keys are on their way to the one who invited you. Stop with Ctrl-C and go on when
you like: bin/poruch join {folder}
"""
_ALL_HERE = "All are here: the charter is made.\n"
_RELATED = """\
The plan names the fund's related parties in clear: delete it, or keep it where you keep such things."""
_IN_ALREADY = """\
This desk is in. To open it:
  bin/poruch desk {folder} --front URL"""


# ---- the first founder ------------------------------------------------------------------------


def run_first_founder(folder: Path, plan: Path | None, front: str | None, again: int | None = None) -> int:
    """Found across machines, or go on with it. 2 and a sentence if the plan is refused, and nothing is left.

    `again` is the number of a founder who needs another invitation.

    Raises `NoFoundingHere`, `PlanChanged`, and what the steps of poruch.desk.joining raise.
    """
    keep_to_ourselves()
    if joining.is_begun(folder):
        passphrase = hidden_line("Your passphrase: ")
    elif plan is None or front is None:
        raise NoFoundingHere(str(folder))
    else:
        refuse_used(folder)
        try:
            passphrase = _begin(folder, plan, front)
        except (BadCharter, BadOfficers) as error:
            print(error.detail or error.sentence, file=sys.stderr)
            return 2
    with alone(folder):
        first = inviting.resume_founding(folder, passphrase)
        if first is None:
            say(_IN_ALREADY.format(folder=shlex.quote(str(folder))))
            return 0
        _check_unchanged(first, plan, front)
        related, names, address = bool(first.planned.plan.related), first.planned.names, first.state.front
        finish(_found(first, names, again), folder, address, names)
    if related:
        say(_RELATED)
    return 0


def _begin(folder: Path, plan: Path, front: str) -> str:
    planned, address = read_plan(plan), front.lower().rstrip("/")
    n, k, first = len(planned.names), planned.plan.k, planned.names[inviting.FIRST]
    say(_WELCOME.format(name=planned.plan.name, n=n, k=k, first=first, folder=shlex.quote(str(folder))))
    secret = hidden_line("The founding secret of the front: ").strip()
    line = HttpRendezvous(address, FOUNDERS_KEYID, founding_key(secret), real_day)
    passphrase = ask_passphrase(first)
    with all_or_nothing(folder) as made:
        inviting.begin_founding(made, passphrase, plan.read_text(encoding="utf-8"), address, secret)
        begun = inviting.resume_founding(made, passphrase)
        assert begun is not None
        try:
            inviting.open_slots(begun, line)  # a wrong secret leaves nothing behind
        finally:
            begun.close()
    return passphrase


def _check_unchanged(first: inviting.FirstDesk, plan: Path | None, front: str | None) -> None:
    other_plan = plan is not None and plan.read_text(encoding="utf-8") != first.state.plan
    if other_plan or (front is not None and front.lower().rstrip("/") != first.state.front):
        first.close()
        raise PlanChanged


def _found(first: inviting.FirstDesk, names: dict[int, str], again: int | None) -> Desk:
    state, patience = first.state, Patience()
    line = HttpRendezvous(state.front, FOUNDERS_KEYID, founding_key(state.secret), real_day)
    if again is not None:
        inviting.invite_again(first, again, line)
    if first.charter is None:
        _show_invitations(first.invitations, names)
        heard = patience.until(lambda: _all_hellos(first, line, names, patience))
        inviting.settle(first, heard)
    charter = first.charter
    assert charter is not None
    say(_ALL_HERE)
    patience.until_done(lambda: line.found(fund_id(charter)))
    for number in patience.until(lambda: inviting.answer_all(first, line)):
        say(f"  The invitation of {names[number]} has ended: its 30 days are over.")
    return inviting.open_first(first, HttpRelay(state.front, first.key.number, first.key.signing, real_day), real_day)


def _show_invitations(invitations: dict[int, Invitation], names: dict[int, str]) -> None:
    say(_INVITATIONS)
    for number, invitation in invitations.items():
        say(f"{number} {names[number]}:\n{invitation.text}\n{invitation.spoken}\n")


def _all_hellos(
    first: inviting.FirstDesk, line: HttpRendezvous, names: dict[int, str], patience: Patience
) -> dict[int, HeardHello] | None:
    heard = inviting.hellos(first, line)
    missing = [name for number, name in names.items() if number != inviting.FIRST and number not in heard]
    if missing:
        patience.say(f"awaited: {', '.join(missing)}")
        return None
    return heard


# ---- the invited ------------------------------------------------------------------------------


def run_join(folder: Path) -> int:
    """Come in by an invitation, or go on with it. Raises what the steps of poruch.desk.joining raise."""
    keep_to_ourselves()
    if joining.is_begun(folder):
        passphrase, fresh = hidden_line("Your passphrase: "), False
    else:
        refuse_used(folder)
        passphrase, fresh = _accept(folder), True
    with alone(folder):
        invited = joining.resume_joining(folder, passphrase)
        if invited is None:
            say(_IN_ALREADY.format(folder=shlex.quote(str(folder))))
            return 0
        try:
            desk = _join(invited)
        except (UnknownInvitation, InvitationUsed):
            invited.close()
            if fresh:
                shutil.rmtree(folder)  # nobody has heard of this key
            raise
        finish(desk, folder, invited.invitation.address, {})
    return 0


def _accept(folder: Path) -> str:
    for left in range(_TRIES - 1, -1, -1):
        try:
            invitation = parse_invitation(shown_line("Your invitation: "))
            break
        except BadInvitation as error:
            if not left or not sys.stdin.isatty():
                raise
            say(f"  {error.sentence} ({error.detail})")
    name = shown_line("Your working name, not your own: ")
    joining.check_name(name)
    passphrase = ask_passphrase(name)
    with all_or_nothing(folder) as made:
        joining.begin_joining(made, invitation, name, passphrase)
    return passphrase


def _join(invited: joining.InvitedDesk) -> Desk:
    invitation, patience = invited.invitation, Patience()
    relay = HttpRelay(invitation.address, invitation.number, invited.key.signing, real_day)
    if (invited.folder / FUND_FILE).exists():
        return joining.open_again(invited, relay, real_day)
    line = HttpRendezvous(invitation.address, invitation.number, invited.key.signing, real_day)
    patience.until_done(lambda: joining.say_hello(invited, line))
    say(_HELLO_SAID.format(number=invitation.number, folder=shlex.quote(str(invited.folder))))
    patience.say("awaited: the answer of the one who invited you")
    answer = patience.until(lambda: joining.read_answer(invited, line))
    return patience.until(lambda: joining.open_invited(invited, answer, relay, real_day))
