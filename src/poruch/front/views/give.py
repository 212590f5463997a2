"""Give: a payment reference and, if wanted, a code; later, whether the gift is in the log."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext

from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.errors import BadCode
from poruch.front import publishing
from poruch.front.dropstore import NewDrop
from poruch.front.forms import CodeForm, typed
from poruch.front.models import Slip
from poruch.front.origin import same_origin
from poruch.front.pages import methods, page, ready
from poruch.front.references import in_fours, new_reference
from poruch.front.site import current
from poruch.journal.dropbox import seal_gift
from poruch.tlog.check import check_code


@methods("GET", "POST")
@ready
def give(request: HttpRequest, language: str) -> HttpResponse:
    """What to know before giving; then a reference, made once for each form."""
    site = current()
    charter = site.journal.public().charter
    assert charter is not None
    context: dict[str, Any] = {
        "menu": "give",
        "iban": in_fours(charter.account_iban),
        "holder": charter.account_holder,
        "general": in_fours(charter.gift_reference),
        "form_id": "give" if request.method == "POST" else "",
    }
    nonce = site.key.nonce(request.POST.get("mark") or "") if request.method == "POST" else None
    if nonce is None or not same_origin(request) or request.POST.get("go") == "back":
        stale = request.method == "POST" and request.POST.get("go") != "back"
        wants = request.POST.get("code") or ("1" if request.method != "POST" else "")
        context |= {"mark": site.key.new_mark(), "stale": stale, "wants_code": wants, "form_id": ""}
        return page(request, "front/give.html", context, path=f"/{get_language()}/give/")
    wants_code = bool(request.POST.get("code"))
    reference = new_reference(site.key.draw(nonce, "reference"))
    code = codes.new_code(site.key.draw(nonce, "code")) if wants_code else None
    _announce(reference, code, nonce)
    context |= {"mark": request.POST.get("mark"), "reference": in_fours(reference), "wants_code": wants_code}
    if code is not None:
        context |= {
            "code_words": codes.words(code),
            "code_groups": codes.digits(code).split(),
            "digits_first": get_language() != "en",
        }
    return page(request, "front/gift.html", context)


def _announce(reference: str, code: int | None, nonce: bytes) -> None:
    site = current()
    state = site.journal.public()
    assert state.charter is not None
    keys = CodeKeys.from_code(code, state.charter.code_salt) if code is not None else None
    sealed = seal_gift(state, reference, keys, site.random)
    site.drops.put(
        NewDrop(
            drop=sealed.drop,
            once=site.key.once(nonce),
            mailbox="",
            kind=sealed.kind,
            day=site.today(),
            sha256=sealed.sha256.hex(),
            body=sealed.body,
        )
    )


@methods("GET", "POST")
@ready
def check(request: HttpRequest, language: str) -> HttpResponse:
    """Type the code; the slips that lie for it are checked, step by step."""
    context: dict[str, Any] = {"form": CodeForm()}
    if request.method == "POST":
        form = CodeForm(*typed(request.POST, ("code",)))
        context["form"] = form
        if form.is_valid():
            context |= _check(form.cleaned_data["code"])
    return page(request, "front/gift_check.html", context)


def _check(text: str) -> dict[str, Any]:
    site = current()
    charter = site.journal.public().charter
    assert charter is not None
    try:
        code = codes.parse(text)
    except BadCode:
        code = codes.new_code(site.random)  # a mistyped code finds nothing, like one without slips
    keys = CodeKeys.from_code(code, charter.code_salt)
    slips = [bytes(row.slip) for row in Slip.objects.filter(lookup=keys.lookup_id.hex()).order_by("id")]
    policy = publishing.policy_of(site)
    if not slips or policy is None:
        return {"nothing": True}
    report = check_code(slips, keys, policy)
    found = [(one.receipt, one.receipt.leaf) for one in report.found or ()]
    return {
        "report": report,
        "found": found,
        "steps": [(step.number, _title(step.title), step.outcome) for step in report.steps],
    }


def _title(title: str) -> str:
    """The title of a step in the language in force: `Slip 2: The slip opens with this code`."""
    slip, colon, rest = title.partition(": ")
    if not colon:
        return gettext(title)
    return gettext("Slip %(number)s: %(title)s") % {"number": slip.removeprefix("Slip "), "title": gettext(rest)}
