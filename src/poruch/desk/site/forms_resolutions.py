"""The form for another address of the front, typed twice."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from poruch.desk.site.forms import Text
from poruch.desk.site.forms_council import ReasonForm
from poruch.errors import BadEvent
from poruch.journal.resolutions import MOST_ADDRESS, check_address


def _address(label: Any, help_text: Any = "") -> Text:
    return Text(
        label=label,
        help_text=help_text,
        max_length=MOST_ADDRESS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        error_messages={"required": _("Type the address."), "max_length": _("This is no address of a front.")},
    )


class MoveForm(ReasonForm):
    """Where the front is from now on."""

    address = _address(
        _("New address of the front"), _("For example https://front.example, or one that ends in .onion.")
    )
    again = _address(_("The same address once more"))
    field_order = ("address", "again", "reason")

    def clean_address(self) -> str:
        """An address that the journal takes."""
        typed: str = self.cleaned_data["address"].strip().rstrip("/")
        try:
            check_address(typed)
        except BadEvent:
            raise ValidationError(
                _("This is no address of a front: it begins with https:// (or http:// for an onion), in small letters.")
            ) from None
        return typed

    def clean_again(self) -> str:
        """The same as before: a typing error would send everybody somewhere else."""
        typed: str = self.cleaned_data["again"].strip().rstrip("/")
        if "address" in self.cleaned_data and typed != self.cleaned_data["address"]:
            raise ValidationError(_("The two addresses differ. Look at both, letter by letter."))
        return typed
