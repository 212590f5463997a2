"""The only door for what is typed. Every form says its mistakes in sentences and keeps the text."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from poruch.errors import BadIban
from poruch.front.references import parse_iban
from poruch.front.text import clean
from poruch.web.tags import number
from poruch.web.words import SPOKEN, WHO

HIDDEN_SIGNS = _(
    "We took invisible signs out of this answer: they can turn text around or hide it. Look at it once more and go on"
)


class Typed(forms.CharField):
    """Text in one spelling; the sentences for empty and for too long are its own."""

    def __init__(self, *, most: int, empty: Any = "", tall: bool = False, lines: bool = True, **rest: Any) -> None:
        """At most `most` characters; optional unless `empty` is the sentence for nothing typed."""
        attributes = {"autocomplete": "off"}
        if lines:
            attributes |= {"rows": "12" if tall else "5"}
        widget = forms.Textarea(attributes) if lines else forms.TextInput({**attributes, "type": "text"})
        super().__init__(widget=widget, required=bool(empty), error_messages={"required": empty}, **rest)
        self.most, self.lines = most, lines

    def validate(self, value: str) -> None:
        """Refuse what is too long, or in several lines where there is one."""
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(
                gettext("Make this shorter: at most %(most)s characters, and these are %(now)s")
                % {"most": number(self.most), "now": number(len(value))}
            )
        if not self.lines and "\n" in value:
            raise ValidationError(gettext("Write this in one line"))


class PlainForm(forms.Form):
    """A form whose fields are cleaned before it is bound, so that what is shown again is what counts."""

    use_required_attribute = False

    def __init__(self, data: dict[str, str] | None = None, hidden_signs: Iterable[str] = (), **rest: Any) -> None:
        """`hidden_signs` names the fields from which signs were taken out."""
        super().__init__(data, label_suffix="", auto_id="%s", **rest)
        self._hidden_signs = frozenset(hidden_signs)

    def clean(self) -> dict[str, Any]:
        """Say it where signs were taken out."""
        for name in self._hidden_signs & set(self.fields):
            if name not in self.errors:
                self.add_error(name, HIDDEN_SIGNS)
        for name in self.errors:
            if name in self.fields:
                hint = f"{name}_hint " if self.fields[name].help_text else ""
                self.fields[name].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"{hint}{name}_error"}
        return self.cleaned_data


class WhoForm(PlainForm):
    """Question 1."""

    who = forms.ChoiceField(
        label=_("What was your work?"),
        choices=tuple(WHO.items()),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the line that fits best; “somebody else” fits everybody"),
            "invalid_choice": _("Choose one of the lines"),
        },
    )


class HappenedForm(PlainForm):
    """Question 2."""

    happened = Typed(
        label=_("What happened?"),
        most=8000,
        empty=_("Write at least one sentence about what happened"),
        tall=True,
    )
    name_in_story = forms.BooleanField(label=_("My name is in this text"), required=False)


class WhenForm(PlainForm):
    """Question 3."""

    when = Typed(label=_("When was it? (optional)"), most=300, lines=False)


class DangerForm(PlainForm):
    """Question 4."""

    danger = Typed(label=_("Are you in danger now? (optional)"), most=3000)


class NeedForm(PlainForm):
    """Question 5."""

    need = Typed(label=_("What do you need?"), most=3000, empty=_("Write what would help you first, in a few words"))


class OtherFundsForm(PlainForm):
    """Question 6."""

    other_funds = Typed(label=_("Have you asked other funds? (optional)"), most=1000)


class NameForm(PlainForm):
    """Question 7."""

    name = Typed(label=_("Your name (optional)"), most=200, lines=False)
    contact = Typed(
        label=_("Another way to reach you (optional)"),
        help_text=_("Only if it is safe. Without it we write to your mailbox on this site."),
        most=500,
    )
    language = forms.ChoiceField(
        label=_("In which language shall we answer?"),
        choices=tuple(SPOKEN.items()),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the language of our answers"),
            "invalid_choice": _("Choose one of the languages"),
        },
    )

    def __init__(self, data: dict[str, str] | None = None, languages: Iterable[str] = (), **rest: Any) -> None:
        """`languages` are those of the charter."""
        super().__init__(data, **rest)
        offered = [(code, SPOKEN[code]) for code in languages if code in SPOKEN]
        if offered and isinstance(field := self.fields["language"], forms.ChoiceField):
            field.choices = offered


class AnswerForm(PlainForm):
    """Writing back in the mailbox."""

    text = Typed(label=_("Your letter"), most=8000, empty=_("Write a few words, or close the mailbox"))


class PayeeForm(PlainForm):
    """Bank details."""

    name = Typed(
        label=_("Name of the account’s holder"),
        most=70,
        lines=False,
        empty=_("Write the name as the bank knows it"),
        help_text=_("As the bank knows it. It need not be you: a friend’s or sister’s account will do."),
    )
    iban = Typed(
        label=_("IBAN"),
        most=64,
        lines=False,
        empty=_("Write the number of the account"),
        help_text=_("Two letters, two digits, then up to thirty signs. Spaces do no harm."),
    )
    bic = Typed(
        label=_("BIC of the bank (optional)"),
        most=20,
        lines=False,
        help_text=_("Eight or eleven letters and digits. Leave it empty if you do not know it."),
    )

    def __init__(
        self, data: dict[str, str] | None = None, refused: Iterable[str] = (), own: str = "", **rest: Any
    ) -> None:
        """`refused` are the countries whose banks the fund does not pay into, `own` is the IBAN of its own account."""
        super().__init__(data, **rest)
        self._own = own
        self._refused = frozenset(refused)

    def clean_iban(self) -> str:
        """The IBAN in capitals without spaces."""
        try:
            iban = parse_iban(self.cleaned_data["iban"])
        except BadIban as error:
            raise ValidationError(gettext(error.sentence)) from None
        if iban == self._own:
            raise ValidationError(
                gettext("This is the fund’s own account. Give the account that the money shall go to")
            )
        if iban[:2] in self._refused:
            raise ValidationError(
                gettext(
                    "We do not pay into banks of this country: they hand over lists of who was paid. "
                    "Give an account in another country, or write to us"
                )
            )
        return iban

    def clean_bic(self) -> str:
        """The BIC in capitals."""
        bic = "".join(str(self.cleaned_data["bic"]).split()).upper()
        if bic and not re.fullmatch("[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", bic):
            raise ValidationError(gettext("This is not a BIC; look for a mistyped letter, or leave it empty"))
        return bic


class CodeForm(PlainForm):
    """The door of a mailbox, or of slips."""

    code = Typed(
        label=_("Your receipt code"),
        most=1000,
        empty=_("Type the eight words or the digits of your code"),
        help_text=_("Eight words or 32 digits, in their order. Capitals and spaces do not matter."),
    )


def typed(data: QueryDict, names: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """The fields `names` of a POST in one spelling, and those from which hidden signs were taken out."""
    found: dict[str, str] = {}
    hidden: set[str] = set()
    for name in names:
        found[name], had_signs = clean(data.get(name) or "")
        if had_signs:
            hidden.add(name)
    return found, hidden
