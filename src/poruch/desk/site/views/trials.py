"""Rehearsals: when the papers of enough officers were last shown to open the fund's files, and how to show yours."""

import shlex
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.cases.trials import Trial
from poruch.crypto.quorum_group import Group
from poruch.desk import trials as acts
from poruch.desk.program import Desk
from poruch.desk.site.pages import at_desk, page
from poruch.journal.sync import HttpRelay


def _state(trial: Trial, group: Group, desk: Desk) -> tuple[str, str]:
    """A word for where a rehearsal stands, and its colour."""
    words = {
        "succeeded": (_("Done"), "good"),
        "waiting": (_("Waits for colleagues"), "wait"),
        "expired": (_("Too few came"), "bad"),
        "failed": (_("A false file"), "bad"),
    }
    state = trial.state(group, desk.today())
    if state == "waiting" and _can_join(trial, group, desk):
        return _("Waits for you"), "mine"
    return words[state]


def _can_join(trial: Trial, group: Group, desk: Desk) -> bool:
    holds = group == desk.public.ceremonies.group and desk.number in group.officers
    return holds and desk.number not in trial.answers and desk.today() <= trial.until


def _row(trial: Trial, group: Group, desk: Desk) -> dict[str, Any]:
    result = trial.result(group)
    state, colour = _state(trial, group, desk)
    return {
        "trial": trial,
        "gave": result.gave,
        "blamed": result.blamed,
        "succeeded": result.succeeded,
        "k": group.k,
        "state": state,
        "colour": colour,
        "waits": colour == "mine",
        "is_old": group != desk.public.ceremonies.group,
    }


@at_desk("officers")
def rehearsal(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All rehearsals, newest first, and the command that shows one's own paper."""
    group = desk.public.ceremonies.group
    running = acts.running_rehearsal(desk)
    front = desk.relay.address if isinstance(desk.relay, HttpRelay) else "URL"
    context = {
        "rows": [_row(trial, its_group, desk) for trial, its_group in acts.rehearsals(desk)],
        "last": acts.last_success(desk),
        "due": acts.rehearsal_due(desk),
        "running": running,
        "holds": group is not None and desk.number in group.officers,
        "given": running is not None and desk.number in running.answers,
        "needed": group.k if group else 0,
        "command": f"bin/poruch rehearse {shlex.quote(str(desk.folder.absolute()))} --front {shlex.quote(front)}",
    }
    return page(request, "officers", "desk/rehearsal.html", context)
