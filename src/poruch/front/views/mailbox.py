"""The mailbox: opened with the code, read in memory for one request, never with a cookie.

Pages are POSTs that carry the code's secret closed under the key in memory for twenty minutes. A code that is not one
and a code without a mailbox are answered alike, after the same work.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext

from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.errors import BadCode
from poruch.events.drops import Answer, Payee
from poruch.front.dropstore import NewDrop
from poruch.front.forms import AnswerForm, CodeForm, PayeeForm, typed
from poruch.front.letters import Box, read_box
from poruch.front.models import Mailbox
from poruch.front.origin import same_origin
from poruch.front.pages import methods, page, ready
from poruch.front.site import current
from poruch.journal.dropbox import SealedDrop, seal_answer, seal_payee


@methods("GET", "POST")
@ready
def door(request: HttpRequest, language: str) -> HttpResponse:
    """Type the code; the mailbox opens."""
    if request.method != "POST":
        return _door(request, CodeForm())
    if request.POST.get("pass"):
        keys = _keys_of_pass(request)
        return _door(request, CodeForm(), late=True) if keys is None else _box(request, keys)
    form = CodeForm(*typed(request.POST, ("code",)))
    if not form.is_valid():
        return _door(request, form)
    keys, known = _keys_of_code(form.cleaned_data["code"])
    if not known or not same_origin(request):
        form.add_error(
            "code",
            gettext("No mailbox opens with this code. Look at the order and at each word, and type it again"),
        )
        form.clean()
        return _door(request, form)
    return _box(request, keys)


@methods("GET", "POST")
@ready
def write(request: HttpRequest, language: str) -> HttpResponse:
    """Write back to the fund."""
    keys = _keys_of_pass(request)
    if keys is None:
        return _door(request, CodeForm(), late=request.method == "POST")
    form = AnswerForm(*typed(request.POST, ("text",)))
    nonce = _nonce(request)
    if request.POST.get("go") == "switch":
        return _box(request, keys, AnswerForm(initial={"text": form.data["text"]}))
    if nonce is None:
        return _box(request, keys, AnswerForm(initial={"text": form.data["text"]}), stale=True)
    if not form.is_valid():
        return _box(request, keys, form)
    state = current().journal.public()
    _store(seal_answer(state, keys, Answer(form.cleaned_data["text"]), current().random), nonce)
    return _box(request, keys, sent="letter")


@methods("GET", "POST")
@ready
def payee(request: HttpRequest, language: str) -> HttpResponse:
    """Give bank details, once the fund has decided to help."""
    keys = _keys_of_pass(request)
    if keys is None:
        return _door(request, CodeForm(), late=request.method == "POST")
    if not read_box(keys).granted:
        return _box(request, keys)
    state = current().journal.public()
    assert state.charter is not None
    data, hidden = typed(request.POST, ("name", "iban", "bic"))
    go, nonce = request.POST.get("go"), _nonce(request)
    if go in ("open", "switch"):
        return _payee(request, keys, PayeeForm(initial=data))
    charter = state.charter
    form = PayeeForm(data, hidden_signs=hidden, refused=charter.refused_countries, own=charter.account_iban)
    if nonce is None:
        return _payee(request, keys, PayeeForm(initial=data), stale=True)
    if not form.is_valid():
        return _payee(request, keys, form)
    details = Payee(form.cleaned_data["name"], form.cleaned_data["iban"], form.cleaned_data["bic"])
    _store(seal_payee(state, keys, details, current().random), nonce)
    return _box(request, keys, sent="payee")


def _keys_of_code(text: str) -> tuple[CodeKeys, bool]:
    """The keys of what was typed, and whether they open a mailbox: the same steps for every text."""
    public = current().journal.public()
    charter = public.charter
    assert charter is not None
    try:
        code, spelled = codes.parse(text), True
    except BadCode:
        code, spelled = codes.new_code(current().random), False
    keys = CodeKeys.from_code(code, charter.code_salt)
    made = Mailbox.objects.filter(mailbox=keys.mailbox_id.hex()).exists()
    known = made or keys.mailbox_id in public.replies  # a front made anew knows some by the fund's answer alone
    return keys, known and spelled


def _keys_of_pass(request: HttpRequest) -> CodeKeys | None:
    secret = current().key.open_pass(request.POST.get("pass") or "")
    return CodeKeys.from_secret(secret) if secret is not None and same_origin(request) else None


def _nonce(request: HttpRequest) -> bytes | None:
    return current().key.nonce(request.POST.get("mark") or "")


def _store(sealed: SealedDrop, nonce: bytes) -> None:
    site = current()
    site.drops.put(
        NewDrop(
            drop=sealed.drop,
            once=site.key.once(nonce),
            mailbox=sealed.mailbox.hex(),
            kind=sealed.kind,
            day=site.today(),
            sha256=sealed.sha256.hex(),
            body=sealed.body,
        )
    )


def _door(request: HttpRequest, form: CodeForm, *, late: bool = False) -> HttpResponse:
    language = get_language() or "en"
    context: dict[str, Any] = {"form": form, "late": late, "kept": typed(request.POST, ("text",))[0]["text"]}
    return page(request, "front/door.html", context, path=f"/{language}/mailbox/")


def _box(
    request: HttpRequest, keys: CodeKeys, form: AnswerForm | None = None, *, sent: str = "", stale: bool = False
) -> HttpResponse:
    language = get_language() or "en"
    box: Box = read_box(keys)
    kept = "" if sent else typed(request.POST, ("text",))[0]["text"]
    context: dict[str, Any] = {
        "box": box,
        "form": form or AnswerForm(initial={"text": kept}),
        "sent": sent,
        "stale": stale,
        **_carried(keys),
    }
    return page(request, "front/mailbox.html", context, path=f"/{language}/mailbox/write/")


def _payee(request: HttpRequest, keys: CodeKeys, form: PayeeForm, *, stale: bool = False) -> HttpResponse:
    language = get_language() or "en"
    context = {"form": form, "stale": stale, **_carried(keys)}
    return page(request, "front/payee.html", context, path=f"/{language}/mailbox/payee/")


def _carried(keys: CodeKeys) -> dict[str, Any]:
    key = current().key
    return {"pass": key.seal_pass(keys.secret), "mark": key.new_mark(), "form_id": "box"}
