"""The forms: the only door for what an officer types. What is wrong keeps what was typed."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from poruch.cases.decide import LONGEST_TEXT
from poruch.cases.openings import ANSWER_DAYS, MOST_DAYS
from poruch.desk.site import words
from poruch.errors import BadAmount
from poruch.events.charter import Programme
from poruch.events.kinds import Instalment
from poruch.rails.money import exponent, format_amount, parse_amount

ROWS = 6
_GROUPING = re.compile("[ \u00a0\u202f]")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufff9-\ufffb]"
)


class Text(forms.CharField):
    """Text that says what its bytes say: no control signs, none that turn the direction of writing."""

    def to_python(self, value: Any) -> str:
        """Line ends in one spelling; hidden signs are refused, not dropped."""
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        if _HIDDEN.search(text):
            raise forms.ValidationError(
                _("There is a hidden sign in this text; type it anew instead of pasting it."), code="hidden"
            )
        return text


def area(label: Any, help_text: Any = "", *, rows: int = 5, required: bool = True) -> Text:
    """A field of several lines."""
    widget = forms.Textarea(attrs={"rows": rows, "autocomplete": "off"})
    errors = {"required": _("Write something first."), "max_length": _("This is longer than 20 000 characters.")}
    return Text(
        label=label,
        help_text=help_text,
        widget=widget,
        max_length=LONGEST_TEXT,
        required=required,
        error_messages=errors,
    )


class Form(forms.Form):
    """A form whose sentences are ours: the browser's own would come in the browser's language."""

    use_required_attribute = False


class PassphraseForm(Form):
    """The passphrase of the key file; it is never shown again, not even after a mistake."""

    passphrase = forms.CharField(
        label=_("Your passphrase"),
        max_length=1000,
        strip=False,
        error_messages={"required": _("Type your passphrase."), "max_length": _("This is longer than a passphrase.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class HeardForm(Form):
    """Three words that a colleague read aloud."""

    words = forms.CharField(
        label=_("Three words heard"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        error_messages={"required": _("Type the three words."), "max_length": _("These are more than three words.")},
    )


class NoteForm(Form):
    """A note for colleagues."""

    text = area(_("Note for colleagues in casework"))


class MessageForm(Form):
    """A message to the person."""

    text = area(_("Message to the person"), _("Ask for no names and no addresses of others."))


class RefusalForm(Form):
    """Why a case is closed without a grant."""

    reason = area(_("Reason, for colleagues only"), _("The person reads only that the fund cannot help."))


class ObjectionForm(Form):
    """Why an opening must not happen, or is withdrawn."""

    reason = Text(
        label=_("Reason, for all officers"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={
            "required": _("Write something first."),
            "max_length": _("This is longer than 2 000 characters."),
        },
    )


class PurposeForm(Form):
    """Why a name is to be opened, and until when; colleagues read it and are bound by it."""

    purpose = Text(
        label=_("Why"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        max_length=240,
        error_messages={"required": _("Say why, in one sentence."), "max_length": _("One short sentence is enough.")},
    )
    until = forms.DateField(
        label=_("Colleagues may answer until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is not a day.")},
    )

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        """The last day is after `today`, and near."""
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["until"].initial = today + timedelta(days=ANSWER_DAYS)

    def clean_until(self) -> date | None:
        """Not today, and not far away."""
        day: date | None = self.cleaned_data["until"]
        if day is not None and not 1 <= (day - self._today).days <= MOST_DAYS:
            raise forms.ValidationError(_("The day is one of the next sixty."))
        return day

    def clean(self) -> dict[str, Any]:
        """`days` from today on which it may be answered: two weeks if nothing else is typed."""
        typed = super().clean() or {}
        until = typed.get("until")
        typed["days"] = (until - self._today).days if until else ANSWER_DAYS
        return typed


class _CheckForm(Form):
    no_interest = forms.BooleanField(
        label=_("I am not this person, nor close to this person"),
        error_messages={"required": _("If you are this person or close to this person, ask a colleague to do this.")},
    )


class ReadingForm(_CheckForm):
    """What the second reader found."""

    outcome = forms.ChoiceField(
        label=_("What you found"),
        choices=[(key, words.OUTCOMES[key]) for key in ("believable", "doubtful")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    reason = area(_("Why, for colleagues in casework"), rows=3)
    field_order = ("outcome", "reason", "no_interest")


class ScreeningForm(_CheckForm):
    """What the comparison with the list means."""

    outcome = forms.ChoiceField(
        label=_("Your decision"),
        choices=[(key, words.OUTCOMES[key]) for key in ("no-match", "cleared", "match")],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    reason = area(_("Why, for colleagues in casework (optional)"), _("Do not write the name."), rows=3, required=False)
    field_order = ("outcome", "reason", "no_interest")


def next_month(day: date, months: int) -> date:
    """The same day some months on, the last of the month where there is none."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def plan(programme: Programme, today: date) -> list[Instalment]:
    """The programme's example, one instalment a month from today."""
    return [Instalment(amount, next_month(today, at)) for at, amount in enumerate(programme.example_minor)]


class GrantForm(Form):
    """A programme and up to six instalments; empty rows are none."""

    programme = forms.ChoiceField(label=_("Programme"), widget=forms.HiddenInput)

    def __init__(self, programmes: Sequence[Programme], currency: str, *args: Any, **kwargs: Any) -> None:
        """`currency` is the fund's."""
        super().__init__(*args, **kwargs)
        self._currency = currency
        self.fields["programme"].choices = [(p.key, p.key) for p in programmes]  # type: ignore[attr-defined]
        for at in range(ROWS):
            kind, when = {"autocomplete": "off", "inputmode": "decimal"}, {"autocomplete": "off", "type": "date"}
            self.fields[f"amount{at}"] = forms.CharField(
                label=_("Amount"), required=False, max_length=20, widget=forms.TextInput(attrs=kind)
            )
            self.fields[f"day{at}"] = forms.DateField(
                label=_("Not before"), required=False, widget=forms.DateInput(attrs=when, format="%Y-%m-%d")
            )

    @staticmethod
    def values(programme: str, instalments: Sequence[Instalment], currency: str) -> dict[str, Any]:
        """What the form shows for `instalments`."""
        found: dict[str, Any] = {"programme": programme}
        for at, instalment in enumerate(instalments[:ROWS]):
            found[f"amount{at}"] = format_amount(instalment.amount_minor, currency)
            found[f"day{at}"] = instalment.day
        return found

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each row."""
        return [(self[f"amount{at}"], self[f"day{at}"]) for at in range(ROWS)]

    def clean(self) -> dict[str, Any]:
        """`instalments` from the rows that are filled in."""
        typed = super().clean() or {}
        found = []
        for at in range(ROWS):
            amount, day = typed.get(f"amount{at}"), typed.get(f"day{at}")
            if not amount:
                if day and f"amount{at}" not in self.errors and self.data.get(f"amount{at}") is None:
                    self.add_error(f"amount{at}", _("An amount is missing."))
                continue
            minor = self._parse(at, amount)
            if day is None and f"day{at}" not in self.errors:
                self.add_error(f"day{at}", _("Say from which day on it may be paid."))
            elif minor is not None and day is not None:
                found.append(Instalment(minor, day))
        if not found and not self.errors:
            self.add_error("amount0", _("Name at least one amount."))
        typed["instalments"] = found
        return typed

    def _parse(self, at: int, text: str) -> int | None:
        spelled = _GROUPING.sub("", text)
        if exponent(self._currency):
            spelled = spelled.replace(",", ".")
        try:
            minor = parse_amount(spelled, self._currency)
        except BadAmount as error:
            self.add_error(f"amount{at}", words.sentence(error))
            return None
        if not 0 < minor < 2**32:
            self.add_error(f"amount{at}", _("An instalment is more than nothing, and less than 42 million."))
            return None
        return minor


class FileForm(Form):
    """A file of at most 16 MiB, kept in memory."""

    file = forms.FileField(
        label=_("File"), error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")}
    )


class BatchForm(Form):
    """Which instalments to pay together, and when."""

    items = forms.MultipleChoiceField(
        required=False,
        error_messages={"invalid_choice": _("One of these may not enter a batch any more; look at the list again.")},
    )
    execution = forms.DateField(
        label=_("The bank pays on"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"required": _("Say on which day the bank is to pay."), "invalid": _("This is not a day.")},
    )

    def __init__(self, keys: Sequence[str], today: date, *args: Any, **kwargs: Any) -> None:
        """`keys` name the payable instalments."""
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["items"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]

    def clean_execution(self) -> date:
        """Not in the past, not far away."""
        day: date = self.cleaned_data["execution"]
        if not 0 <= (day - self._today).days <= 30:
            raise forms.ValidationError(_("The day is today or one of the next thirty."))
        return day


class EpochForm(Form):
    """Up to which day an epoch tells."""

    until = forms.DateField(
        label=_("Up to and with"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"required": _("Say up to which day."), "invalid": _("This is not a day.")},
    )

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        """`today` is the last possible day."""
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_until(self) -> date:
        """Not in the future."""
        day: date = self.cleaned_data["until"]
        if day > self._today:
            raise forms.ValidationError(_("This day has not ended yet."))
        return day
