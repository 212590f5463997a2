"""Forms around freezes, suspensions and changes of the roster. What is wrong keeps what was typed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from poruch.cases.presence import MOST_HOURS, possible
from poruch.desk.council import MOST_REASON
from poruch.desk.site import words
from poruch.desk.site.forms import Form, Text
from poruch.errors import BadOfficers, BadReason, PoruchError
from poruch.events.charter import CIRCLES, LEAST_OFFICERS, MOST_OFFICERS

CHOSEN = tuple(circle for circle in CIRCLES if circle != "officers")
"""The circles that an officer may be in or not; all are in `officers`."""


class ReasonForm(Form):
    """Why, for all officers."""

    reason = Text(
        label=_("Reason, for all officers"),
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        error_messages={
            "required": _("Write something first."),
            "max_length": _("This is longer than 1 000 characters."),
        },
    )

    def refuse(self, error: PoruchError) -> None:
        """Show why the core refused it, at the field that is to blame."""
        if isinstance(error, BadOfficers):
            self.add_error("k" if "k" in self.fields else None, self._bad_officers(error))
        else:
            self.add_error("reason" if isinstance(error, BadReason) else None, words.sentence(error))

    def _bad_officers(self, error: BadOfficers) -> str:
        return words.sentence(error)


class ThawForm(Form):
    """A vote to thaw."""

    rest = forms.BooleanField(required=False)

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        """`name` is the freezer's."""
        super().__init__(*args, **kwargs)
        label = _("and let %s’s right to freeze rest for 30 days, if as many want that as it takes to thaw")
        self.fields["rest"].label = label % name


class HoursForm(Form):
    """After how many hours without appearing an officer asks to be suspended."""

    hours = forms.IntegerField(
        label=_("Suspend me after so many hours without me"),
        help_text=_("From 12 to 720, or 0 for never."),
        min_value=0,
        max_value=MOST_HOURS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value", "hours"), _("Type 0, or a number from 12 to 720.")
        ),
    )

    def clean_hours(self) -> int:
        """Hours that the core takes."""
        hours: int = self.cleaned_data["hours"]
        if not possible(hours):
            raise forms.ValidationError(self.fields["hours"].error_messages["hours"], code="hours")
        return hours


def _ticks(label: Any, numbers: Iterable[int]) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label,
        choices=[(str(number), str(number)) for number in numbers],
        coerce=int,
        required=False,
        error_messages={"invalid_choice": _("One of these is not on the roster; look at it again.")},
    )


class _KForm(ReasonForm):
    k = forms.IntegerField(
        label=_("k: how many must agree"),
        min_value=1,
        max_value=MOST_OFFICERS,
        widget=forms.NumberInput(attrs={"autocomplete": "off", "min": 2, "max": MOST_OFFICERS - 1}),
        error_messages={
            "required": _("Say how many must agree."),
            "invalid": _("This is not a number."),
            "min_value": _("This is not a number of officers."),
            "max_value": _("This is not a number of officers."),
        },
    )
    holders = 0

    def _bad_officers(self, error: BadOfficers) -> str:
        n, k = self.holders, self.cleaned_data.get("k", 0)
        if n < LEAST_OFFICERS:
            return gettext("At least three officers must hold shares, so that no two people alone can open a name.")
        if n > MOST_OFFICERS:
            return gettext("At most nine officers can hold shares; others can work cases without one.")
        said = gettext("Of %(n)s officers with a share at least %(least)s and at most %(most)s must agree, not %(k)s.")
        return said % {"n": n, "least": n // 2 + 1, "most": n - 1, "k": k}


class RemoveForm(_KForm):
    """Remove an officer; how many must agree afterwards."""

    field_order = ("k", "reason")

    def __init__(self, holders: int, *args: Any, **kwargs: Any) -> None:
        """`holders`: how many hold shares afterwards."""
        super().__init__(*args, **kwargs)
        self.holders = holders


class QuorumForm(_KForm):
    """Who holds shares, and how many of them must agree."""

    field_order = ("quorum", "k", "reason")

    def __init__(self, numbers: Sequence[int], *args: Any, **kwargs: Any) -> None:
        """`numbers` are the roster."""
        super().__init__(*args, **kwargs)
        self.fields["quorum"] = _ticks(_("Who holds a share"), numbers)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Counts the holders for the sentence about an impossible number."""
        typed = super().clean() or {}
        self.holders = len(typed.get("quorum", ()))
        return typed

    def ticked(self) -> set[int]:
        """Who is ticked on the screen."""
        return _ticked(self, "quorum")


class CirclesForm(ReasonForm):
    """Who is in which circle."""

    def __init__(self, numbers: Sequence[int], *args: Any, **kwargs: Any) -> None:
        """`numbers` are the roster."""
        super().__init__(*args, **kwargs)
        self._numbers = tuple(numbers)
        for circle in CHOSEN:
            self.fields[circle] = _ticks(words.CIRCLES[circle], numbers)
        self.order_fields((*CHOSEN, "reason"))

    def rows(self) -> list[tuple[int, list[tuple[str, bool]]]]:
        """Each officer with his ticks."""
        ticked = {circle: _ticked(self, circle) for circle in CHOSEN}
        return [(n, [(circle, n in ticked[circle]) for circle in CHOSEN]) for n in self._numbers]


class AdmitForm(_KForm):
    """A newcomer, whose keys came by an invitation: `hello` names exactly what was compared."""

    hello = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    compared = forms.BooleanField(
        label=_("I have compared this fingerprint with the newcomer, by voice or face to face"),
        error_messages={"required": _("Compare the fingerprint first: who swaps keys on the way becomes an officer.")},
    )
    circles = forms.MultipleChoiceField(
        label=_("Circles besides all officers"),
        choices=[(circle, words.CIRCLES[circle]) for circle in CHOSEN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    in_quorum = forms.BooleanField(label=_("holds a share of the quorum key"), required=False)
    history = forms.BooleanField(label=_("may read what was sealed before"), required=False)
    field_order = ("hello", "compared", "circles", "in_quorum", "k", "history", "reason")

    def __init__(self, holders_now: int, *args: Any, **kwargs: Any) -> None:
        """`holders_now`: how many hold shares today."""
        super().__init__(*args, **kwargs)
        self._holders_now = holders_now

    def clean(self) -> dict[str, Any]:
        """Counts the holders for the sentence about an impossible number."""
        typed = super().clean() or {}
        self.holders = self._holders_now + bool(typed.get("in_quorum"))
        return typed


def _ticked(form: Form, field: str) -> set[int]:
    raw = form.data.getlist(field) if form.is_bound else form.initial.get(field, ())  # type: ignore[attr-defined]
    return {int(one) for one in raw if str(one).isascii() and str(one).isdigit() and len(str(one)) < 8}
