"""One case: the queue at the left, the story and one action in the middle, checks and history at the right.

Each action has an address: GET shows its form, POST does it. Without one, the case offers what its state asks for.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from poruch.cases import decide
from poruch.cases.state import Case
from poruch.desk import casework, openings, partials, resolutions, screening
from poruch.desk.program import Desk
from poruch.desk.site import forms, words
from poruch.desk.site.pages import at_desk, done, missing, page, url
from poruch.desk.site.room import current
from poruch.desk.site.views.openings import row as opening_row
from poruch.desk.site.views.queue import chosen
from poruch.desk.views_cases import (
    all_screened,
    days_left,
    name_opening,
    next_step,
    openings_of,
    payment_states,
    rows,
)
from poruch.errors import AlreadyDone, BadName, MissingCheck, PoruchError
from poruch.events.drops import Person

ACTION_OF_STEP = {
    "read": "take",
    "answer": "message",
    "second": "reading",
    "doubtful": "message",
    "ask": "ask",
    "screen": "open",
    "match": "refuse",
    "grant": "grant",
    "approve": "approve",
    "tell": "tell",
    "failed": "message",
}
LIST_ROWS = 12

Act = Callable[[Desk, Case, Any], str]


def _take(desk: Desk, case: Case, _typed: Any) -> str:
    casework.take(desk, case)
    return _("You took the case. Colleagues in casework see it.")


def _note(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    casework.write_note(desk, case, typed["text"])
    return _("Your note is in the journal, for casework only.")


def _message(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    casework.write_message(desk, case, typed["text"])
    return _("Your message is sealed to the person's code and waits in the mailbox.")


def _reading(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    casework.record_reading(desk, case, typed["outcome"], typed["reason"], no_interest=typed["no_interest"])
    return _("Your reading is on record.")


def _ask(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    openings.ask(desk, typed["purpose"], [case.id], typed["days"])
    return _("All officers are asked to open the name; your own partial is given.")


def _screening(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    _index, sha256 = screening.current_list(desk)
    casework.record_screening(
        desk, case, typed["outcome"], sha256, no_interest=typed["no_interest"], reason=typed["reason"]
    )
    opening = name_opening(desk, case)
    if opening is not None and opening.requester == desk.number and not all_screened(desk, opening):
        return _("The screening is on record. The one-time key waits for the other names of this opening.")
    if opening is not None and opening.requester == desk.number:
        desk.act(openings.finish(desk, opening))
    return _("The screening is on record, and the one-time key that opened the name is destroyed.")


def _grant(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    casework.propose_grant(desk, case, typed["programme"], typed["instalments"])
    return _("The grant is proposed. Others of casework approve exactly this.")


def _approve(desk: Desk, case: Case, _typed: Any) -> str:
    grant = case.live_grant
    if grant is None:
        raise MissingCheck("no grant is proposed")
    casework.approve_grant(desk, case, grant)
    if grant.approved:
        return _("With your approval the grant stands. The person was told and is asked for bank details.")
    return _("Your approval is in the journal; others must approve too.")


def _tell(desk: Desk, case: Case, _typed: Any) -> str:
    grant = case.live_grant
    if grant is None or not grant.approved:
        raise MissingCheck("no grant stands")
    if any(letter.kind == "grant" for letter in case.letters):
        raise AlreadyDone("the person was told")
    casework.write_message(desk, case, "", "grant", grant.amounts_minor)
    return _("The person was told of the grant and is asked for bank details.")


def _refuse(desk: Desk, case: Case, typed: dict[str, Any]) -> str:
    casework.refuse(desk, case, typed["reason"])
    return _("The case is closed, and the person was told that the fund cannot help.")


ACTS: dict[str, Act] = {
    "take": _take,
    "note": _note,
    "message": _message,
    "reading": _reading,
    "ask": _ask,
    "screening": _screening,
    "grant": _grant,
    "approve": _approve,
    "tell": _tell,
    "refuse": _refuse,
}
FORMS: dict[str, type[django_forms.Form]] = {
    "note": forms.NoteForm,
    "message": forms.MessageForm,
    "reading": forms.ReadingForm,
    "screening": forms.ScreeningForm,
    "refuse": forms.RefusalForm,
}


def _programme(desk: Desk, request: HttpRequest) -> Any:
    wished = request.GET.get("programme", "") or request.POST.get("programme", "")
    programmes = desk.charter.programmes
    return next((programme for programme in programmes if programme.key == wished), programmes[0])


def _form(request: HttpRequest, desk: Desk, case: Case, action: str) -> django_forms.Form | None:
    data = request.POST if request.method == "POST" else None
    if action == "grant":
        currency, programme = desk.charter.currency, _programme(desk, request)
        instalments = forms.plan(programme, desk.today())
        initial = forms.GrantForm.values(programme.key, instalments, currency)
        return forms.GrantForm(desk.charter.programmes, currency, data, initial=initial)
    if action == "ask":
        why = _("Screen case %s against a list, and nothing else.") % case.label
        return forms.PurposeForm(desk.today(), data, initial={"purpose": why})
    if action not in FORMS:
        return None
    return FORMS[action](data)


@at_desk("queue", "GET", "POST")
def case(request: HttpRequest, desk: Desk, drop: str, action: str = "") -> HttpResponse:
    """A case, and an action on it."""
    found = desk.cases.cases.get(drop)
    if found is None or (action and action not in (*ACTS, "open")):
        return missing(request, "queue")
    if action == "approve" and found.live_grant is None:
        return missing(request, "queue")
    if request.method != "POST":
        return _show(request, desk, found, action, _form(request, desk, found, action or _offered(desk, found)))
    if action == "open":
        return _open(request, desk, found)
    if action not in ACTS:
        return missing(request, "queue")
    form = _form(request, desk, found, action)
    if form is not None and not form.is_valid():
        return _refused(request, desk, found, action, form)
    try:
        sentence = ACTS[action](desk, found, form.cleaned_data if form is not None else None)
    except PoruchError as error:
        if form is None:
            raise
        form.add_error(None, words.sentence(error))
        return _refused(request, desk, found, action, form)
    return done(sentence, "case", found.id, **chosen(request, [])[0])


def _refused(request: HttpRequest, desk: Desk, case: Case, action: str, form: django_forms.Form) -> HttpResponse:
    extra = _opened(desk, case) if action == "screening" else {}
    return _show(request, desk, case, action, form, status=422, **extra)


def _offered(desk: Desk, case: Case) -> str:
    """The action that the state of the case asks of this officer."""
    step = next_step(desk, case)
    return ACTION_OF_STEP.get(step.key, "") if step.mine else ""


def _open(request: HttpRequest, desk: Desk, case: Case) -> HttpResponse:
    """The name, on this answer only, and what the list says of it; without a name, a message asks for one."""
    try:
        opened = _opened(desk, case)
    except BadName as error:
        said = [
            words.sentence(error),
            _("Nobody can be paid without a name. Ask the person to send the request again."),
        ]
        return _show(request, desk, case, "message", forms.MessageForm(), status=422, error=said)
    return _show(request, desk, case, "screening", forms.ScreeningForm(), **opened)


def _opened(desk: Desk, case: Case) -> dict[str, Any]:
    index, _sha256 = screening.current_list(desk)
    opening = name_opening(desk, case)
    if opening is None:
        raise MissingCheck("nobody asked to open this name")
    people, blamed = openings.open_all(desk, opening)
    person = people[opening.drops.index(case.id)]
    if not isinstance(person, Person):
        raise MissingCheck("this is not a name")
    matches = screening.screen_name(desk, person.name)
    return {"person": person, "matches": matches, "blamed": blamed, "compared": len(index.names)}


def _checks(desk: Desk, case: Case) -> list[dict[str, Any]]:
    """The checklist before a payment."""
    found = []
    names = {"reading": _("Second reader"), "screening": _("Screening")}
    for key, name in names.items():
        check = case.checks.get(key)
        good = check is not None and check.outcome in decide.PASSED[key]
        found.append({"name": name, "check": check, "good": good, "text": check and words.OUTCOMES.get(check.outcome)})
    return found


def _payments(desk: Desk, case: Case) -> list[dict[str, Any]]:
    grant = case.live_grant
    if grant is None:
        return []
    parts = zip(grant.amounts_minor, grant.due, payment_states(desk, case), strict=True)
    return [
        {"amount_minor": amount, "day": day, "state": words.PAYMENTS[state], "key": state}
        for amount, day, state in parts
    ]


def _letters(desk: Desk, case: Case) -> list[dict[str, Any]]:
    found = []
    for letter in case.letters:
        text = letter.text or (casework.answer(desk, letter) if letter.drop and desk.within("casework") else "")
        mine = not letter.drop
        said = text or (_("Erased.") if letter.drop in case.gone else words.LETTERS.get(letter.kind, ""))
        found.append({"day": letter.day, "author": letter.author, "text": said, "from_us": mine})
    return found


def _beside(request: HttpRequest, desk: Desk, case: Case) -> dict[str, Any]:
    """The queue at the left: the rows around this case that pass the filter in the address."""
    query, listed = chosen(request, rows(desk, current().story))
    at = next((at for at, row in enumerate(listed) if row.case.id == case.id), None)
    begin = max(0, (at or 0) - LIST_ROWS // 2)
    return {
        "query": f"?{urlencode(query)}",
        "listed": listed[begin : begin + LIST_ROWS],
        "listed_count": len(listed),
        "previous": listed[at - 1].case if at else None,
        "next": listed[at + 1].case if at is not None and at + 1 < len(listed) else None,
    }


def _told(desk: Desk, case: Case) -> dict[str, Any]:
    """What the case itself tells: story, letters, checks, money, history."""
    step, opening = next_step(desk, case), name_opening(desk, case)
    return {
        "case": case,
        "case_url": url("case", case.id),
        "story": current().story(case),
        "reads_stories": desk.within("casework"),
        "step": step,
        "step_name": words.STEPS[step.key],
        "days_left": days_left(case, step, desk.today()),
        "letters": _letters(desk, case),
        "checks": _checks(desk, case),
        "payments": _payments(desk, case),
        "grant": case.live_grant,
        "opening": opening,
        "opening_mine": opening is not None and desk.number not in opening.answers,
        "opening_agreed": partials.counted(desk, opening) if opening is not None else [],
        "openings": [opening_row(desk, one) for one in reversed(openings_of(desk, case))],
        "erased_whole": case.erased is not None and not case.recipient and not resolutions.sent(desk, case).bodies,
        "payee_erased": bool(case.payees) and case.payees[-1] in case.gone,
        "has_list": desk.store.fact(screening.LIST) is not None,
        "may_refuse": desk.within("casework") and step.open and not (case.live_grant and case.live_grant.approved),
        "history": [
            {"day": heard.day, "text": words.happened(heard, case.id, desk.members, desk.number)}
            for heard in reversed(case.timeline)
        ],
    }


def _show(
    request: HttpRequest,
    desk: Desk,
    case: Case,
    action: str,
    form: django_forms.Form | None,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    programme = _programme(desk, request)
    instalments = forms.plan(programme, desk.today())
    context = {
        **_told(desk, case),
        **_beside(request, desk, case),
        "action": action or _offered(desk, case),
        "chosen": bool(action),
        "form": form,
        "programme": programme,
        "programmes": desk.charter.programmes,
        "instalments": instalments,
        "plan_minor": sum(instalment.amount_minor for instalment in instalments),
        "error": form.non_field_errors() if form is not None and form.is_bound else [],
        **extra,
    }
    return page(request, "queue", "desk/case.html", context, status=status)
