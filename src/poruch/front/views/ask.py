"""Ask for help: one question a page. Answers travel in hidden fields; nothing half-filled is stored."""

import hashlib
import hmac
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext

from poruch.crypto import codes
from poruch.crypto.codes import CodeKeys
from poruch.errors import BadCode
from poruch.events.drops import Person, Story
from poruch.front.dropstore import NewDrop
from poruch.front.forms import NameForm, PlainForm, typed
from poruch.front.origin import same_origin
from poruch.front.pages import message_page, methods, page, ready
from poruch.front.questions import BY_KEY, FIELDS, QUESTIONS, Question, number_of
from poruch.front.site import current
from poruch.journal.dropbox import seal_submission
from poruch.web.words import SPOKEN, WHO

Answers = dict[str, str]


@methods("GET")
@ready
def first(request: HttpRequest, language: str) -> HttpResponse:
    """The first question."""
    return _show(request, QUESTIONS[0], {})


@methods("GET", "POST")
@ready
def question(request: HttpRequest, language: str, key: str) -> HttpResponse:
    """One question answered: on to the next, back, or the same with its mistakes."""
    found = BY_KEY.get(key)
    if found is None:
        return message_page(request, 404)
    if request.method != "POST":
        return _show(request, QUESTIONS[0], {})
    answers, hidden = typed(request.POST, FIELDS)
    go = request.POST.get("go", "next")
    if go == "switch":
        return _show(request, found, answers)
    if go == "back":
        return _show(request, QUESTIONS[max(0, number_of(key) - 2)], answers)
    form = _form(found, answers, hidden)
    if not _ours(request):
        return _show(request, found, answers, form, stale=True)
    if not form.is_valid():
        return _show(request, found, answers, form)
    if request.POST.get("change") == "1" or found is QUESTIONS[-1]:
        return _show_check(request, answers)
    return _show(request, QUESTIONS[number_of(key)], answers)


@methods("GET", "POST")
@ready
def check(request: HttpRequest, language: str) -> HttpResponse:
    """Check your answers, copy the code, type two of its words; then everything is sealed and stored."""
    if request.method != "POST":
        return _show(request, QUESTIONS[0], {})
    answers, hidden = typed(request.POST, FIELDS)
    go = request.POST.get("go", "send")
    if go == "back":
        return _show(request, QUESTIONS[-1], answers, change=True)
    if go.startswith("change-") and go.removeprefix("change-") in BY_KEY:
        return _show(request, BY_KEY[go.removeprefix("change-")], answers, change=True)
    for one in QUESTIONS:
        form = _form(one, answers, hidden)
        if not form.is_valid():
            return _show(request, one, answers, form, change=True)
    code = _code_of(request)
    if go == "switch" or code is None:
        return _show_check(request, answers, code)
    if not _ours(request):
        return _show_check(request, answers, code, stale=True)
    wrong = [place for place in retyped(code) if not _typed_right(request, code, place)]
    if wrong:
        return _show_check(request, answers, code, wrong=wrong)
    _seal_and_store(answers, code)
    return page(request, "front/done.html", path=f"/{language}/")


def _form(found: Question, answers: Answers, hidden: set[str] | frozenset[str] = frozenset()) -> PlainForm:
    if found.form is NameForm:
        return NameForm(answers, hidden_signs=hidden, languages=_languages())
    return found.form(answers, hidden_signs=hidden)


def _languages() -> tuple[str, ...]:
    charter = current().journal.public().charter
    return charter.languages if charter else ()


def _ours(request: HttpRequest) -> bool:
    """The form was made by this front since its start, and sent from a page of it."""
    return current().key.nonce(request.POST.get("mark", "")) is not None and same_origin(request)


def _show(
    request: HttpRequest,
    found: Question,
    answers: Answers,
    form: PlainForm | None = None,
    *,
    stale: bool = False,
    change: bool = False,
) -> HttpResponse:
    if form is None:
        offered = _languages()
        language = get_language() or "en"
        start = {"language": language if language in offered or not offered else offered[0]}
        initial = {**start, **{name: answer for name, answer in answers.items() if answer}}
        form = (
            NameForm(None, languages=offered, initial=initial)
            if found.form is NameForm
            else found.form(initial=initial)
        )
    language = get_language() or "en"
    context: dict[str, Any] = {
        "question": found,
        "form": form,
        "step": number_of(found.key),
        "steps": len(QUESTIONS),
        "others": [(name, answers.get(name, "")) for name in FIELDS if name not in found.fields],
        "change": change or request.POST.get("change") == "1",
        "code": request.POST.get("code", "") if _code_of(request) is not None else "",
        "mark": current().key.new_mark(),
        "stale": stale,
        "form_id": "ask",
    }
    return page(request, "front/ask.html", context, path=f"/{language}/ask/{found.key}/")


def _code_of(request: HttpRequest) -> int | None:
    """The code that this person was shown before, never one that another site put into the form."""
    if not request.POST.get("code") or not same_origin(request):
        return None
    try:
        return codes.parse(request.POST["code"])
    except BadCode:
        return None


def retyped(code: int) -> tuple[int, int]:
    """Which two of the first seven places are typed again, from 1: always the same two for one code."""
    draw = hashlib.sha256(b"poruch/retype/v1\n" + " ".join(codes.words(code)).encode()).digest()
    one = draw[0] % 7
    other = (one + 1 + draw[1] % 6) % 7
    return min(one, other) + 1, max(one, other) + 1


def _typed_right(request: HttpRequest, code: int, place: int) -> bool:
    """The word, or the group of digits, at this place."""
    given = "".join((request.POST.get(f"word{place}") or "")[:64].split()).casefold().encode()
    word, group = codes.words(code)[place - 1], codes.digits(code).split()[place - 1]
    return hmac.compare_digest(given, word.encode()) | hmac.compare_digest(given, group.encode())


def _show_check(
    request: HttpRequest,
    answers: Answers,
    code: int | None = None,
    *,
    wrong: list[int] | None = None,
    stale: bool = False,
) -> HttpResponse:
    language = get_language() or "en"
    if code is None:
        code = _code_of(request)
    if code is None:
        code = codes.new_code(current().random)
    words = codes.words(code)
    context: dict[str, Any] = {
        "rows": [(one, _shown(one, answers)) for one in QUESTIONS],
        "answers": list(answers.items()),
        "steps": len(QUESTIONS),
        "code": " ".join(words),
        "code_words": words,
        "code_groups": codes.digits(code).split(),
        "digits_first": language != "en",
        "retyped": [
            (place, request.POST.get(f"word{place}", "")[:64], place in (wrong or ())) for place in retyped(code)
        ],
        "wrong": wrong or [],
        "mark": current().key.new_mark(),
        "stale": stale,
        "form_id": "ask",
    }
    return page(request, "front/check.html", context, path=f"/{language}/ask/check/")


def _shown(one: Question, answers: Answers) -> str:
    """An answer as the check page repeats it."""
    if one.key == "who":
        return str(WHO.get(answers["who"], ""))
    if one.key == "name":
        spoken = gettext("Answers in: %(language)s") % {"language": SPOKEN.get(answers["language"], "")}
        return "\n".join(part for part in (answers["name"], answers["contact"], spoken) if part)
    return answers.get(one.fields[0], "")


def _seal_and_store(answers: Answers, code: int) -> None:
    """Seal in memory; store ciphertext. The mailbox id makes the second sending the same submission."""
    site = current()
    state = site.journal.public()
    assert state.charter is not None
    keys = CodeKeys.from_code(code, state.charter.code_salt)
    story = Story(
        language=answers["language"],
        who=answers["who"],
        happened=answers["happened"],
        when=answers["when"],
        danger=answers["danger"],
        need=answers["need"],
        other_funds=answers["other_funds"],
        name_in_story=bool(answers["name_in_story"]),
    )
    sealed = seal_submission(state, keys, story, Person(answers["name"], answers["contact"]), site.random)
    mailbox = sealed.mailbox.hex()
    site.drops.put(
        NewDrop(
            drop=sealed.drop,
            once=mailbox,
            mailbox=mailbox,
            kind=sealed.kind,
            day=site.today(),
            sha256=sealed.sha256.hex(),
            body=sealed.body,
            verify_key=keys.mailbox_signing.public.hex(),
        )
    )
